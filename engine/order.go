package engine

import (
	"fmt"
	"time"
)

// Order is a purchase that was committed, with the quote it was sold at.
type Order struct {
	// Reference is a UUID that names the order to customers.
	Reference string
	// SKUs lists every unit that left the stock, gifts included, in the order
	// the customer asked for them, gifts last.
	SKUs []string
	// Quote is the price as it was when the order was committed.
	Quote Quote
	// PlacedAt is the instant of the commit, in UTC and whole microseconds.
	PlacedAt time.Time
}

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
