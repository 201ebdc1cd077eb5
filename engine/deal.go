package engine

import (
	"cmp"
	"slices"
)

// Level is the stage of pricing at which a deal takes effect. Levels run in
// order: what a later one sees is what the earlier ones left.
type Level uint8

// The levels in their order.
const (
	ItemLevel Level = iota
	OrderLevel
	ShippingLevel
	AwardLevel

	levels = 4
)

// Deal is the effect inside a promotion. The deals of this package are the only
// ones, as pointers: PercentOff, AmountOff, FixedPrice, Tiers, Multibuy, BuyGet,
// Bundle, Giveaway, ShippingOff, Award and PluginDeal.
type Deal interface {
	// Level tells when the deal takes effect.
	Level() Level
	// sets lists the item sets the deal refers to.
	sets() []int
	// needs is an item set of which the cart must have something for the deal
	// to have an effect, -1 where there is none.
	needs() int
}

// proposer is a deal that acts alone: what it does depends on prices only.
type proposer interface {
	Deal
	// propose works out what the deal would do, without doing it.
	propose(p *pricing) proposal
	// most is the most that the deal can take off list prices, or give.
	most(p *pricing) Amount
}

// proposal is what one deal would do to the cart.
type proposal struct {
	takes        []take
	applications int64
	given        *given // nil where only prices change
	// The rest says why there is no effect.
	reason   Reason
	obstacle *obstacle // nil where the reason says it all
}

// given is what a proposal adds to the cart: one of both.
type given struct {
	gift  *Gift
	award *AwardGiven
}

// obstacle is an Obstacle while it is being found.
type obstacle struct {
	by     []int32 // promotions
	detail string
	fault  PluginFault
	why    []Clause
}

// blocked reports whether promotions stand in the way.
func (p *proposal) blocked() bool { return p.obstacle != nil && len(p.obstacle.by) > 0 }

func refused(reason Reason) proposal { return proposal{reason: reason} }

// accepted returns the proposal of takes, or NoEffect when they neither give
// nor claim anything.
func accepted(takes []take, applications int64) proposal {
	for i := range takes {
		if takes[i].off > 0 {
			return proposal{takes: takes, applications: applications, reason: Applied}
		}
	}
	return refused(NoEffect)
}

// Selection says which units a deal is about: the whole order, or those of an
// item set.
type Selection struct {
	Order bool
	Set   int // index into the ruleset's sets, when not Order
}

// Level is the level of a deal over the selection.
func (s Selection) Level() Level {
	if s.Order {
		return OrderLevel
	}
	return ItemLevel
}

// set is the selection's item set, -1 for the order.
func (s Selection) set() int {
	if s.Order {
		return -1
	}
	return s.Set
}

func (s Selection) sets() []int {
	if s.Order {
		return nil
	}
	return []int{s.Set}
}

// Pick says which units come first where a deal is limited to some.
type Pick uint8

// Cheapest takes the units with the lowest price first, which is what shops
// mean unless they say otherwise; Dearest the highest.
const (
	Cheapest Pick = iota
	Dearest
)

// sorted orders the slots by list price as the pick says; among equal ones the
// unit that has been reduced least comes first, then the earlier line. So two
// promotions with one free unit each free two different units.
func (k Pick) sorted(slots []slot) []slot {
	slices.SortStableFunc(slots, func(a, b slot) int {
		byList := cmp.Compare(a.list, b.list)
		if k == Dearest {
			byList = -byList
		}
		return cmp.Or(byList, cmp.Compare(b.price, a.price))
	})
	return slots
}

// inOrder puts slots back into the order of lines, which sharing needs.
func inOrder(slots []slot) []slot {
	slices.SortStableFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.lot, b.lot))
	})
	return slots
}

// limited returns at most limit of the units that have room, by pick; nil
// limits nothing: units without room count in what a percentage is taken of.
func (p *pricing) limited(slots []slot, limit Number, pick Pick) []slot {
	if limit == nil {
		return slots
	}
	n, ok := limit.Value(p.scope)
	if !ok || n.Sign() <= 0 {
		return nil
	}
	return inOrder(firstUnits(pick.sorted(withRoom(slots)), n.Int()))
}

// amount evaluates a number of money; a negative or missing one is 0.
func (p *pricing) amount(n Number) Amount {
	d, ok := n.Value(p.scope)
	if !ok || d.Sign() <= 0 {
		return 0
	}
	a, _, err := p.cart.Currency.Amount(d, p.rules.policy.Rounding)
	if err != nil {
		return MaxAmount
	}
	return a
}

// price evaluates a price; unlike an amount off, it is not 0 but unknown when
// the number is missing or negative.
func (p *pricing) price(n Number) (Amount, bool) {
	d, ok := n.Value(p.scope)
	if !ok || d.Sign() < 0 {
		return 0, false
	}
	return p.amount(n), true
}

// percent evaluates a percentage; a missing one is 0.
func (p *pricing) percent(n Number) Percent {
	d, ok := n.Value(p.scope)
	if !ok {
		return 0
	}
	return PercentOf(d)
}

// count evaluates a whole number of units; fractions are cut, a missing or
// negative number is 0.
func (p *pricing) count(n Number) int64 {
	d, ok := n.Value(p.scope)
	if !ok {
		return 0
	}
	return max(0, d.Int())
}
