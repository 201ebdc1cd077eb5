package engine

// Policy says what holds for all promotions of a ruleset. The zero value is one
// group that combines all, with conflicts resolved for the customer.
type Policy struct {
	// Rounding is how half of a smallest unit is rounded, and RoundPrice says
	// that it is the discounted price that is rounded instead of the discount.
	Rounding   Rounding
	RoundPrice bool
	// Groups run in this order inside each level. Groups that promotions name
	// and that are not listed run after these, by name; DefaultGroup, unless
	// listed, runs first.
	Groups []Group
	// Cap and CapPercent limit what all promotions together take off the goods
	// of one cart: an amount, and a part of the subtotal. nil, or an amount that
	// is missing for the cart's currency, is without limit.
	Cap, CapPercent Number
	// Resolution decides between promotions of which only one may have an
	// effect.
	Resolution Resolution
}

// DefaultGroup is the group of promotions that name none.
const DefaultGroup = "default"

// Group says how the promotions of a group combine.
type Group struct {
	ID      string
	Combine Combine
	// Excludes names groups none of whose promotions may have an effect beside
	// one of this group.
	Excludes []string
}

// Combine is the way in which the promotions of a group combine.
type Combine uint8

// The ways to combine. CombineAll lets each promotion see what the earlier left;
// CombineBest gives the cart the one that saves most; CombineBestPerLine gives
// each line the one that takes most off it; CombineFirst gives the cart the
// first, by priority, that has an effect.
const (
	CombineAll Combine = iota
	CombineBest
	CombineBestPerLine
	CombineFirst
)

// one reports whether only one promotion of the group may have an effect.
func (c Combine) one() bool { return c == CombineBest || c == CombineFirst }

// Resolution is how a choice between promotions is made.
type Resolution uint8

// ResolveBest chooses what saves the customer most, ties by priority and then
// id. ResolvePriority lets the higher priority win, whatever it saves.
const (
	ResolveBest Resolution = iota
	ResolvePriority
)
