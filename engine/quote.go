package engine

import "time"

// Quote is a priced cart. It is a value: nothing in it is shared with the
// engine, and the same ruleset, cart and instant give an equal quote. Its JSON
// form keeps amounts as whole smallest units, so that it can be stored and read
// back without loss.
type Quote struct {
	// Ruleset is the digest of the rule files that priced the cart.
	Ruleset string `json:"ruleset"`
	// Currency is the currency of every amount below.
	Currency Currency `json:"currency"`
	// At is the instant the promotions' schedules were read against.
	At time.Time `json:"at"`
	// Subtotal is the list price of all lines; gifts count nothing.
	Subtotal Amount `json:"subtotal"`
	// Discount is what promotions take off the lines.
	Discount Amount `json:"discount"`
	// Total is Subtotal less Discount.
	Total Amount `json:"total"`
	// Lines has one line per SKU, sorted by SKU.
	Lines []QuoteLine `json:"lines"`
	// Gifts are the units that promotions add at no charge, sorted by SKU.
	Gifts []Gift `json:"gifts,omitempty"`
	// Promotions are the applied ones in the order they were applied, then,
	// where an explanation was asked for, the others by id.
	Promotions []Outcome `json:"promotions,omitempty"`
}

// QuoteLine is a line of a quote.
type QuoteLine struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int64  `json:"quantity"`
	UnitPrice Amount `json:"unit_price"` // list price
	Subtotal  Amount `json:"subtotal"`   // list price times quantity
	Discount  Amount `json:"discount"`
	Total     Amount `json:"total"` // Subtotal less Discount
	// Units says what the units really cost: runs of equal price that add up
	// to Quantity and Total.
	Units []Units `json:"units"`
}

// Units is a number of units of one line that cost the same.
type Units struct {
	Quantity int64  `json:"quantity"`
	Price    Amount `json:"price"`
}

// Gift is an item that a promotion adds at no charge.
type Gift struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	// Worth is the list price of one unit, for display.
	Worth     Amount `json:"worth"`
	Promotion string `json:"promotion"`
}

// Outcome tells what became of one promotion.
type Outcome struct {
	Promotion string `json:"promotion"`
	Name      string `json:"name,omitempty"`
	// Reason is Applied, or why the promotion was not.
	Reason Reason `json:"reason"`
	// Discount is what the promotion took off, 0 for gifts.
	Discount Amount `json:"discount"`
	// Applications is how often a deal fired: 2 for six units of a
	// three-for-two, 1 for a percentage.
	Applications int64 `json:"applications,omitempty"`
	// Lines are the lines the promotion took something off, by SKU.
	Lines []OutcomeLine `json:"lines,omitempty"`
	// By names the promotions that stood in the way, for Displaced.
	By []string `json:"by,omitempty"`
	// Detail says in words what the reason leaves open, such as the gift that
	// is out of stock.
	Detail string `json:"detail,omitempty"`
	// Why lists the parts of the condition that were false, for
	// ConditionFalse.
	Why []Clause `json:"why,omitempty"`
}

// OutcomeLine is a promotion's part of one line.
type OutcomeLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"` // units that got cheaper
	Discount Amount `json:"discount"`
}

// Clause is a part of a condition that was false, with the values it saw.
type Clause struct {
	// Source is the text of the sub-expression.
	Source string `json:"source"`
	// Values is the sub-expression with its values in place: "2 > 3".
	Values string `json:"values"`
}

// Reason says why a promotion was applied or not. The list is closed.
type Reason string

// The reasons. See the package documentation for when each one is given.
const (
	Applied          Reason = "applied"
	Disabled         Reason = "disabled"
	NotStarted       Reason = "not_started"
	Ended            Reason = "ended"
	OutsideHours     Reason = "outside_hours"
	CouponMissing    Reason = "coupon_missing"
	ConditionFalse   Reason = "condition_false"
	CurrencyMismatch Reason = "currency_mismatch"
	NoMatchingItems  Reason = "no_matching_items"
	BelowQuantity    Reason = "below_quantity"
	Displaced        Reason = "displaced"
	OutOfStock       Reason = "out_of_stock"
	NoEffect         Reason = "no_effect"
)

// Reasons returns every reason, sorted as they are checked.
func Reasons() []Reason {
	return []Reason{
		Applied, Disabled, NotStarted, Ended, OutsideHours, CouponMissing,
		CurrencyMismatch, ConditionFalse, NoMatchingItems, BelowQuantity,
		Displaced, OutOfStock, NoEffect,
	}
}
