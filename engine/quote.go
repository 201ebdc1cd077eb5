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
	// ShippingDiscount is what promotions take off the shipments, and
	// ShippingTotal what these then cost.
	ShippingDiscount Amount `json:"shipping_discount,omitempty"`
	ShippingTotal    Amount `json:"shipping_total,omitempty"`
	// Payable is Total and ShippingTotal together.
	Payable Amount `json:"payable"`
	// Lines has one line per SKU, sorted by SKU.
	Lines []QuoteLine `json:"lines"`
	// Shipments are those of the cart, sorted by method and price.
	Shipments []QuoteShipment `json:"shipments,omitempty"`
	// Gifts are the units that promotions add at no charge, sorted by SKU.
	Gifts []Gift `json:"gifts,omitempty"`
	// Awards are the effects that are not prices, in the order of application.
	Awards []AwardGiven `json:"awards,omitempty"`
	// Promotions are the applied ones in the order they were applied, then those
	// for which a plugin failed, or all others where an explanation was asked for,
	// by id.
	Promotions []Outcome `json:"promotions,omitempty"`
	// Coupons tells of each code on the cart what became of it, by code.
	Coupons []CouponOutcome `json:"coupons,omitempty"`
	// Redemptions are the uses that the order makes when it is committed, in the
	// order of application.
	Redemptions []Redemption `json:"redemptions,omitempty"`
	// Optimal says that no other choice, wherever promotions competed for units
	// or excluded each other, saves the customer more. When it is false, Bound
	// is what no choice can save more than, unless the policy chooses by
	// priority, which has no bound.
	Optimal bool   `json:"optimal"`
	Bound   Amount `json:"bound,omitempty"`
	// Hints are what the customer could add to save more, where they were asked
	// for, the nearest first.
	Hints []Hint `json:"hints,omitempty"`
	// Trace is a digest of the whole quote, the reasons included, where an
	// explanation was asked for. Equal traces mean that two pricings came to
	// every decision alike.
	Trace string `json:"trace,omitempty"`
}

// Saving is what the quote saves the customer: the discounts on goods and on
// shipping, and what the gifts are worth. It is what choices between promotions
// are made by.
func (q Quote) Saving() Amount {
	saving := q.Discount + q.ShippingDiscount
	for _, g := range q.Gifts {
		saving += g.Worth * Amount(g.Quantity)
	}
	return saving
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

// QuoteShipment is a shipment of a quote.
type QuoteShipment struct {
	Method   string `json:"method"`
	Price    Amount `json:"price"` // before promotions
	Discount Amount `json:"discount"`
	Total    Amount `json:"total"` // Price less Discount
}

// AwardGiven is an effect that is not a price, such as loyalty points.
type AwardGiven struct {
	Kind      string `json:"kind"`
	Amount    string `json:"amount"` // an exact decimal number
	Promotion string `json:"promotion"`
}

// Outcome tells what became of one promotion.
type Outcome struct {
	Promotion string `json:"promotion"`
	Name      string `json:"name,omitempty"`
	// Reason is Applied, or why the promotion was not.
	Reason Reason `json:"reason"`
	// Discount is what the promotion took off, shipping included; gifts and
	// awards count nothing.
	Discount Amount `json:"discount"`
	// Applications is how often a deal fired: 2 for six units of a
	// three-for-two, 1 for a percentage.
	Applications int64 `json:"applications,omitempty"`
	// Coupon is the code that the promotion was applied with.
	Coupon string `json:"coupon,omitempty"`
	// Lines are the lines and shipments the promotion took something off.
	Lines []OutcomeLine `json:"lines,omitempty"`
	// Obstacle is what stood in the way, where an explanation was asked for and
	// there is more to say than the reason does; nil otherwise.
	Obstacle *Obstacle `json:"obstacle,omitempty"`
}

// Obstacle is what stood in a promotion's way.
type Obstacle struct {
	// By names the promotions that did, for Displaced and Excluded.
	By []string `json:"by,omitempty"`
	// Detail says in words what the reason leaves open, such as the gift that
	// is out of stock.
	Detail string `json:"detail,omitempty"`
	// Fault is what went wrong with a plugin, for PluginFailed.
	Fault PluginFault `json:"fault,omitempty"`
	// Why lists the parts of the condition that were false, for
	// ConditionFalse.
	Why []Clause `json:"why,omitempty"`
}

// OutcomeLine is a promotion's part of one line.
type OutcomeLine struct {
	// SKU is the line's item, Shipment the method of a shipment; one is empty.
	SKU      string `json:"sku,omitempty"`
	Shipment string `json:"shipment,omitempty"`
	Quantity int64  `json:"quantity"` // units that got cheaper
	Discount Amount `json:"discount"`
	// Change is there where an explanation was asked for.
	Change *LineChange `json:"change,omitempty"`
}

// LineChange is what a promotion does to a line: what the whole line costs
// before and after it, and which of its units get cheaper by how much.
type LineChange struct {
	Before Amount        `json:"before"`
	After  Amount        `json:"after"`
	Units  []UnitsChange `json:"units"`
}

// UnitsChange is a number of units that cost the same before a promotion and
// after it.
type UnitsChange struct {
	Quantity int64  `json:"quantity"`
	Before   Amount `json:"before"`
	After    Amount `json:"after"`
}

// CouponOutcome tells what became of a coupon code: Applied, with the
// promotions it unlocked, or why it did nothing.
type CouponOutcome struct {
	Code       string   `json:"code"`
	Reason     Reason   `json:"reason"`
	Promotions []string `json:"promotions,omitempty"`
}

// Hint is something to add to the cart that makes a further promotion apply. It
// has been verified by pricing the changed cart.
type Hint struct {
	Promotion string `json:"promotion"`
	// Add is what to add.
	Add []HintItem `json:"add"`
	// Missing is what the promotion lacks in general terms: units, or money to
	// spend, of Of, a set's name, "" for anything.
	Of    string `json:"of,omitempty"`
	Units int64  `json:"units,omitempty"`
	Spend Amount `json:"spend,omitempty"`
	// Saves is how much more the customer then saves, and Costs how much more
	// there is to pay, which is negative where the cart gets cheaper.
	Saves Amount `json:"saves"`
	Costs Amount `json:"costs"`
}

// HintItem is a number of units of an item.
type HintItem struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// Clause is a part of a condition that was false, with the values it saw.
type Clause struct {
	// Source is the text of the sub-expression.
	Source string `json:"source"`
	// Values is the sub-expression with its values in place: "2 > 3".
	Values string `json:"values"`
}
