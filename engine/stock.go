package engine

import (
	"fmt"
	"time"
)

// StoredItem is an item as a store has it.
type StoredItem struct {
	Item
	// Revision counts the states of everything but the stock, which sales change.
	Revision int64
}

// ItemListing says which items to list, in the order of SKUs.
type ItemListing struct {
	// Prefix is how their SKUs begin.
	Prefix string
	// MaxStock, where it is given, leaves out those of which there are more units.
	MaxStock *int64
	// Deleted lists those that were deleted in place of those on sale.
	Deleted bool
	// After is the SKU that the page before ended with.
	After string
	// Limit is how many to list at most.
	Limit int
}

// ItemPut is an item that replaces the one with its SKU.
type ItemPut struct {
	Item Item
	// KeepStock leaves the stock as it is; a new item has none.
	KeepStock bool
	Condition Precondition
}

// Precondition says what an item, or a coupon pool, must be for a change to be made. The
// zero value wants nothing.
type Precondition struct {
	// Revision, where it is given, is the one that it must have.
	Revision *int64
	// Absent wants that there is none.
	Absent bool
}

// Holds reports whether what has the revision, or 0 when there is none, is as it must be.
func (c Precondition) Holds(revision int64) bool {
	return (!c.Absent || revision == 0) && (c.Revision == nil || *c.Revision == revision)
}

// Check returns an *ItemChangedError when the item, which has the revision, or 0 when
// there is none, is not as it must be.
func (c Precondition) Check(sku string, revision int64) error {
	if c.Holds(revision) {
		return nil
	}
	return &ItemChangedError{SKU: sku, Revision: revision}
}

// ItemChangedError says that an item is not as it must be for a change; nothing was
// changed.
type ItemChangedError struct {
	SKU string
	// Revision is that of the item, 0 where there is none.
	Revision int64
}

// Error implements error.
func (e *ItemChangedError) Error() string {
	if e.Revision == 0 {
		return fmt.Sprintf("there is no item %s: nothing was changed", e.SKU)
	}
	return fmt.Sprintf("item %s is at revision %d: nothing was changed", e.SKU, e.Revision)
}

// StockReason says why a stock changed.
type StockReason string

// The reasons. There are no others, so that a report can count on them. People
// give those that ManualStockReasons returns; the rest comes with what a store does.
const (
	StockSale         StockReason = "sale"         // sold to a customer
	StockGift         StockReason = "gift"         // given to a customer with an order
	StockCancellation StockReason = "cancellation" // back, because an order was cancelled
	StockReturn       StockReason = "return"       // back from a customer
	StockHold         StockReason = "hold"         // set aside for a customer
	StockRelease      StockReason = "release"      // no longer set aside
	StockReceipt      StockReason = "receipt"      // delivered to the shop
	StockCorrection   StockReason = "correction"   // counted, found, lost or broken
	StockImport       StockReason = "import"       // set by an import
	StockInitial      StockReason = "initial"      // what a new item began with
)

// ManualStockReasons returns the reasons that a person can have to change a stock.
func ManualStockReasons() []StockReason {
	return []StockReason{StockReceipt, StockCorrection, StockReturn, StockImport}
}

// Movement is one change of an item's stock. Movements are never changed or
// removed, and the deltas of a SKU add up to its stock.
type Movement struct {
	// ID grows with time.
	ID  int64  `json:"id"`
	SKU string `json:"sku"`
	// Delta is how many units came (positive) or went (negative), never 0.
	Delta int64 `json:"delta"`
	// StockAfter is the stock with the movement, 0 or more.
	StockAfter int64       `json:"stock_after"`
	Reason     StockReason `json:"reason"`
	// Note is what a person wrote, "" for nothing.
	Note string `json:"note,omitempty"`
	// Order is the reference of the order the movement belongs to, "" for none.
	Order string    `json:"order,omitempty"`
	At    time.Time `json:"at"`
}
