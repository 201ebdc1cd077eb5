package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxLines is the number of different items that one cart may hold. It bounds
// the work of an expression that walks the lines.
const MaxLines = 500

// MaxQuantity is the number of units that one line may hold.
const MaxQuantity int64 = 1_000_000_000

// Cart is what a customer wants to buy, before promotions.
type Cart struct {
	Currency   Currency
	Lines      []Line
	Coupons    []string
	Channel    string
	Customer   Customer
	Shipping   Shipping
	Payment    string
	Attributes Attributes
}

// Line is a number of units of one item.
type Line struct {
	Item     *Item
	Quantity int64
}

// Customer is what the shop knows about who buys. The zero value is a guest.
type Customer struct {
	ID            string
	Groups        []string
	Tags          []string
	Orders        int64
	LifetimeSpend Amount
	Attributes    Attributes
}

// Shipping is the chosen way of delivery, and where to.
type Shipping struct {
	// Shipments are usually one; a cart that is sent in parts has several.
	Shipments []Shipment
	Country   string
	Region    string
}

// Shipment is a delivery by one method at one price.
type Shipment struct {
	Method string
	Price  Amount
}

// Method is how the cart is sent: the method of its shipments, "" when there
// are none or when they differ.
func (s *Shipping) Method() string {
	method := ""
	for i, shipment := range s.Shipments {
		if i > 0 && shipment.Method != method {
			return ""
		}
		method = shipment.Method
	}
	return method
}

// Price is what all shipments cost before promotions.
func (s *Shipping) Price() Amount {
	var price Amount
	for _, shipment := range s.Shipments {
		price += shipment.Price
	}
	return price
}

// Request asks for a quote.
type Request struct {
	Cart Cart
	// Catalog finds gifts; it may be nil when no promotion gives any.
	Catalog Catalog
	// At is the instant that schedules and now are read against.
	At time.Time
	// Usage is what limits are checked against.
	Usage Usage
	// Paused are the promotions that do not act whatever their rules say.
	Paused Pauses
	// Facts are what plugins told of the cart, by plugin and name, and Answers
	// what they give; see Ruleset.Consult.
	Facts   map[string]Attributes
	Answers []Answer
	// Explain asks for the outcome of every promotion, with the reason why one
	// was not applied. Without it only applied promotions are reported, and those
	// for which a plugin failed.
	Explain bool
	// Hints asks what the customer could add to the cart to save more. Each hint
	// costs a few more pricings.
	Hints bool
}

// CartError says what is wrong with a cart. Field names it the way a caller
// wrote it, such as "lines[2].quantity".
type CartError struct {
	Field   string
	Problem string
}

// Error implements error.
func (e *CartError) Error() string { return "price cart: " + e.Field + ": " + e.Problem }

// canonicalLines returns the lines in the order that pricing uses, one per SKU,
// sorted by SKU, so that no quote depends on the order in which a customer
// filled the cart.
func (c *Cart) canonicalLines(lines []Line) ([]Line, error) {
	for i, line := range c.Lines {
		if line.Item != nil && line.Item.Prices != nil {
			priced, ok := line.Item.in(c.Currency)
			if !ok {
				return lines, &CartError{Field: fmt.Sprintf("lines[%d]", i), Problem: fmt.Sprintf("%s has no price in %s", line.Item.SKU, c.Currency)}
			}
			line.Item = priced
		}
		if problem := line.problem(); problem != "" {
			return lines, &CartError{Field: fmt.Sprintf("lines[%d]", i), Problem: problem}
		}
		lines = append(lines, line)
	}
	if increasing(lines) {
		return lines, checkSize(lines)
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(a.Item.SKU, b.Item.SKU) })
	merged := lines[:0]
	for _, line := range lines {
		if n := len(merged); n > 0 && merged[n-1].Item.SKU == line.Item.SKU {
			merged[n-1].Quantity += line.Quantity
			continue
		}
		merged = append(merged, line)
	}
	return merged, checkSize(merged)
}

// increasing reports whether the lines are in the order of SKUs, each of another.
func increasing(lines []Line) bool {
	for i := 1; i < len(lines); i++ {
		if lines[i-1].Item.SKU >= lines[i].Item.SKU {
			return false
		}
	}
	return true
}

// MaxShipments is the number of shipments that one cart may have.
const MaxShipments = 50

// canonical returns the shipments as items, in the order of methods and prices.
func (s *Shipping) canonical(shipments []Item) ([]Item, error) {
	if len(s.Shipments) > MaxShipments {
		return shipments, &CartError{Field: "shipping", Problem: fmt.Sprintf("%d shipments: a cart has at most %d", len(s.Shipments), MaxShipments)}
	}
	for i, shipment := range s.Shipments {
		if shipment.Price < 0 || shipment.Price > MaxAmount/MaxShipments {
			return shipments, &CartError{Field: fmt.Sprintf("shipping[%d]", i), Problem: "price out of range"}
		}
		shipments = append(shipments, Item{SKU: shipment.Method, Price: shipment.Price})
	}
	slices.SortStableFunc(shipments, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Price, b.Price))
	})
	return shipments, nil
}

func (l Line) problem() string {
	switch {
	case l.Item == nil:
		return "no item"
	case l.Quantity < 1 || l.Quantity > MaxQuantity:
		return fmt.Sprintf("quantity %d of %s: want 1 to %d", l.Quantity, l.Item.SKU, MaxQuantity)
	case l.Item.Price < 0 || l.Item.Price > MaxAmount:
		return fmt.Sprintf("price of %s out of range", l.Item.SKU)
	default:
		return ""
	}
}

func checkSize(lines []Line) error {
	if len(lines) > MaxLines {
		return &CartError{Field: "lines", Problem: fmt.Sprintf("%d different items: a cart holds at most %d", len(lines), MaxLines)}
	}
	var subtotal Amount
	for _, line := range lines {
		value, ok := mulAmount(line.Item.Price, line.Quantity)
		if subtotal += value; !ok || subtotal > MaxAmount {
			return &CartError{Field: "lines", Problem: "the cart is worth more than can be priced"}
		}
	}
	return nil
}

// NormalizeCoupon returns the code as promotions compare it: without
// surrounding blanks, in upper case.
func NormalizeCoupon(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

func normalizeCoupons(normalized, codes []string) []string {
	for _, code := range codes {
		if c := NormalizeCoupon(code); c != "" {
			normalized = append(normalized, c)
		}
	}
	slices.Sort(normalized)
	return slices.Compact(normalized)
}
