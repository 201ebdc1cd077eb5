package engine

import (
	"cmp"
	"slices"
)

// Tiers gives more the more a cart has of a selection. Reached, the highest step
// that the cart reaches holds for the whole selection. Graduated, each step
// holds for the units, or for the money, from its own start to that of the next,
// as tax brackets do.
type Tiers struct {
	Of Selection
	// BySpend measures money instead of units: what the selection costs now, or
	// with OfList its list price.
	BySpend bool
	OfList  bool
	// Steps in ascending order.
	Steps     []TierStep
	Graduated bool
	// PerSelection takes an amount off once, instead of off each unit.
	PerSelection bool
	// Pick says which units count last, and so fall into the highest step, when
	// Graduated by units.
	Pick Pick
}

// TierStep is what holds from a number of units, or an amount of money, on.
// From 1 is the first unit.
type TierStep struct {
	From Number
	// Reward is a percentage, an amount or, for each unit, a price.
	Reward Reward
}

// Level implements Deal.
func (d *Tiers) Level() Level { return d.Of.Level() }

func (d *Tiers) sets() []int { return d.Of.sets() }

func (d *Tiers) needs() int { return d.Of.set() }

func (d *Tiers) most(p *pricing) Amount { return p.roomOf(d.Of) }

func (d *Tiers) propose(p *pricing) proposal {
	slots := p.slots(d.Of)
	if len(slots) == 0 {
		return refused(NoMatchingItems)
	}
	steps, ok := d.steps(p)
	if !ok {
		return refused(NoEffect)
	}
	measured := d.measure(slots)
	reached := 0
	for reached < len(steps) && steps[reached].from <= measured {
		reached++
	}
	switch {
	case reached == 0:
		return refused(BelowQuantity)
	case !d.Graduated:
		return accepted(d.give(p, &steps[reached-1].reward, slots), 1)
	case d.BySpend:
		return accepted(p.spread(d.brackets(p, steps[:reached], measured), d.based(slots)), 1)
	default:
		return accepted(d.graduate(p, steps[:reached], slots), 1)
	}
}

// tierStep is an evaluated step.
type tierStep struct {
	from   int64 // units or smallest money units
	reward rewardTerms
}

// steps evaluates the steps; false when a number is missing.
func (d *Tiers) steps(p *pricing) ([]tierStep, bool) {
	steps := make([]tierStep, 0, len(d.Steps))
	for _, s := range d.Steps {
		from := p.count(s.From)
		if d.BySpend {
			from = int64(p.amount(s.From))
		}
		reward, ok := s.Reward.terms(p)
		if _, there := s.From.Value(p.scope); !ok || !there {
			return nil, false
		}
		steps = append(steps, tierStep{from, reward})
	}
	slices.SortStableFunc(steps, func(a, b tierStep) int { return cmp.Compare(a.from, b.from) })
	return steps, true
}

// measure is what the steps are reached by.
func (d *Tiers) measure(slots []slot) int64 {
	if !d.BySpend {
		return units(slots)
	}
	return int64(value(d.based(slots)))
}

// based returns the slots with the prices that the tiers are computed from.
func (d *Tiers) based(slots []slot) []slot {
	if d.OfList {
		slots = slices.Clone(slots)
		for i := range slots {
			slots[i].price = slots[i].list
		}
	}
	return slots
}

// give takes a step's reward off the slots.
func (d *Tiers) give(p *pricing, r *rewardTerms, slots []slot) []take {
	switch {
	case r.kind == atPrice:
		return offEach(slots, func(s slot) Amount { return s.price - r.amount })
	case r.kind == amountOff && d.PerSelection:
		return p.spread(r.amount, slots)
	case r.kind == amountOff:
		return offEach(slots, func(slot) Amount { return r.amount })
	case d.Of.Order:
		slots = d.based(slots)
		return p.spread(p.part(r.percent, value(slots)), slots)
	default:
		return p.percentOffUnits(r.percent, MaxAmount, d.based(slots))
	}
}

// brackets is the sum of each step's percentage of the money that falls into it,
// rounded once.
func (d *Tiers) brackets(p *pricing, steps []tierStep, measured int64) Amount {
	var exact uint128
	for i, s := range steps {
		end := measured
		if i+1 < len(steps) {
			end = steps[i+1].from
		}
		exact = exact.add(mul64(uint64(end-s.from), uint64(s.reward.percent)))
	}
	mode := p.rules.policy.Rounding
	if p.rules.policy.RoundPrice {
		left := mul64(uint64(measured), uint64(wholePercent)).sub(exact)
		return Amount(measured) - Amount(left.divRound(uint64(wholePercent), mode))
	}
	return Amount(exact.divRound(uint64(wholePercent), mode))
}

// graduate gives each step's reward to the units that fall into it. Units are
// counted the dearest first, or by the pick the other way round.
func (d *Tiers) graduate(p *pricing, steps []tierStep, slots []slot) []take {
	order := Dearest
	if d.Pick == Dearest {
		order = Cheapest
	}
	rest := order.sorted(slices.Clone(slots))
	counted := int64(0)
	next := func(n int64) []slot {
		var within []slot
		for n > 0 && len(rest) > 0 {
			s := rest[0].of(min(n, rest[0].n))
			within = append(within, s)
			n, counted = n-s.n, counted+s.n
			if rest[0].n -= s.n; rest[0].n == 0 {
				rest = rest[1:]
			}
		}
		return within
	}
	next(steps[0].from - 1)
	var takes []take
	for i := range steps {
		n := units(rest)
		if i+1 < len(steps) {
			n = steps[i+1].from - steps[i].from
		}
		takes = append(takes, d.give(p, &steps[i].reward, inOrder(next(n)))...)
	}
	return takes
}
