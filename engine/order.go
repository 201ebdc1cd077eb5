package engine

import (
	"fmt"
	"time"
)

// Order is a purchase that was committed, with the quote it was sold at.
type Order struct {
	// Reference is a UUID that names the order to customers.
	Reference string
	// Customer is who bought, "" for a guest.
	Customer string
	// SKUs lists every unit that left the stock, gifts included, in the order
	// the customer asked for them, gifts last.
	SKUs []string
	// Quote is the price as it was when the order was committed.
	Quote Quote
	// PlacedAt is the instant of the commit, in UTC and whole microseconds.
	PlacedAt time.Time
	// State is how far its life is.
	State OrderState
	// Refunded is what the customer got back, of the Total of the quote.
	Refunded Amount
	// Returns are what came back, the oldest first.
	Returns []Return
}

// MaxOrderUnits is the number of units, gifts included, that one order may hold.
const MaxOrderUnits = 100_000

// OrderListing says which orders to read. What is left zero selects all.
type OrderListing struct {
	// Customer selects the orders of a customer.
	Customer string
	State    OrderState
	// Promotion selects the orders in which the promotion with this id applied, and
	// Coupon those in which the code did, in any case and with blanks around it.
	Promotion, Coupon string
	// Since and Until select orders that were placed from the one instant on, and
	// before the other.
	Since, Until time.Time
	// After is the reference of the order after which the listing goes on, "" for
	// the first page.
	After string
	// Limit is how many orders are read at most; 1 or more.
	Limit int
}

// UnknownOrderError says that no order has the reference.
type UnknownOrderError struct{ Reference string }

// Error implements error.
func (e *UnknownOrderError) Error() string { return fmt.Sprintf("order %q not found", e.Reference) }

// UnknownItemError says that no item has the key (a SKU, or where names are
// allowed a name).
type UnknownItemError struct{ Key string }

// Error implements error.
func (e *UnknownItemError) Error() string { return fmt.Sprintf("item %q not found", e.Key) }

// OutOfStockError says that fewer units are left than were asked for.
type OutOfStockError struct {
	SKU       string
	Requested int64
	Available int64
}

// Error implements error.
func (e *OutOfStockError) Error() string {
	return fmt.Sprintf("insufficient stock for item %s: requested %d, available %d", e.SKU, e.Requested, e.Available)
}

// NameTakenError says that another item already has the name. Names are unique
// because items can be looked up by name.
type NameTakenError struct {
	Name string
	SKU  string // the item that was to get the name
	By   string // the SKU of the item that has it
}

// Error implements error.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("item %s: the name %q belongs to item %s", e.SKU, e.Name, e.By)
}

// Inquiry names what pricing needs to know about a cart: items, and what orders
// have used so far.
type Inquiry struct {
	// SKUs are the items of the cart and those that promotions may add; one that
	// no item has is left out of the answer.
	SKUs []string
	// Customer is who buys, "" for a guest.
	Customer string
	// Codes are the normalised coupon codes on the cart.
	Codes []string
	// Limited are the promotions whose use matters; see Ruleset.UsageKeys.
	Limited []UsageKey
	// Into is emptied and becomes the Items of the answer; nil has a new map made. It may
	// be used again once nobody needs those Items any more.
	Into map[string]*Item
}

// Room returns Into, emptied, or a new map.
func (q *Inquiry) Room() map[string]*Item {
	if q.Into == nil {
		return make(map[string]*Item, len(q.SKUs))
	}
	clear(q.Into)
	return q.Into
}

// Basis answers an Inquiry.
type Basis struct {
	// Items are by SKU.
	Items map[string]*Item
	Usage Usage
	// Paused are the promotions that are paused, also those that the rules do not have.
	// The map is not to be changed. PausedRevision tells which state of all pauses that
	// is: what is priced on one is not sold on another.
	Paused         Pauses
	PausedRevision int64
	// Revision tells which state of one of the Items is meant, by its SKU: what is priced
	// on one revision of an item is not sold on another.
	Revision func(sku string) int64
}

// Sale is a purchase to be made.
type Sale struct {
	// Units lists every unit to buy by its SKU: a repeated one is a further unit.
	Units []string
	// Inquiry is what Price is to be told. Its SKUs need not repeat the Units.
	Inquiry Inquiry
	// Expected is the total that the customer has been shown, nil to buy at
	// whatever the units cost.
	Expected *Amount
	// Price prices the units on the basis. It changes nothing, and may be called
	// several times: where something that it has relied on changes before the order
	// is committed, the order is priced anew. It may wait for plugins, so it is
	// never called inside a transaction. It returns what it has asked the engine,
	// for the record, and the answer.
	Price func(Basis) (Request, Quote, error)
}

// PriceChangedError says that the units no longer cost what the customer has
// been shown.
type PriceChangedError struct {
	Expected Amount
	// Quote is what they cost now.
	Quote Quote
}

// Error implements error.
func (e *PriceChangedError) Error() string {
	c := e.Quote.Currency
	return fmt.Sprintf("the price has changed: %s was expected, it is %s now", c.Format(e.Expected), c.Format(e.Quote.Total))
}
