package engine

import (
	"fmt"
	"time"
)

// HoldState is what became of a hold.
type HoldState string

// The states of a hold. All but the first are final.
const (
	HoldHeld      HoldState = "held"
	HoldCommitted HoldState = "committed" // it became an order
	HoldReleased  HoldState = "released"  // given up
	HoldExpired   HoldState = "expired"   // its time was over
)

// HoldStates returns every state there is.
func HoldStates() []HoldState {
	return []HoldState{HoldHeld, HoldCommitted, HoldReleased, HoldExpired}
}

// MaxHold is how long units can be held.
const MaxHold = 30 * 24 * time.Hour

// Hold is units set aside for a customer at a quoted price.
type Hold struct {
	// Reference is a UUID, which the order gets too.
	Reference string
	State     HoldState
	// Customer is whom the units are held for, "" for a guest.
	Customer string
	// SKUs lists every unit, gifts last.
	SKUs  []string
	Quote Quote
	// CreatedAt and ExpiresAt are in UTC and whole microseconds. From ExpiresAt
	// on the hold cannot be committed.
	CreatedAt, ExpiresAt time.Time
}

// HoldListing says which holds to read.
type HoldListing struct {
	// State selects holds that are in it now; "" selects all.
	State HoldState
	// After is the reference of the hold after which the listing goes on, "" for
	// the first page.
	After string
	// Limit is how many holds are read at most; 1 or more.
	Limit int
}

// HoldStateError says that a hold is over.
type HoldStateError struct {
	Reference string
	State     HoldState
}

// Error implements error.
func (e *HoldStateError) Error() string { return fmt.Sprintf("hold %s is %s", e.Reference, e.State) }

// UnknownHoldError says that no hold has the reference.
type UnknownHoldError struct{ Reference string }

// Error implements error.
func (e *UnknownHoldError) Error() string { return fmt.Sprintf("hold %q not found", e.Reference) }
