package engine

import (
	"cmp"
	"slices"
)

// Reward says what units of a multi-unit deal cost. Exactly one field is set.
type Reward struct {
	PayFor     Number // how many units of the group are paid; the cheapest are free
	Price      Number // what the group costs together (Multibuy) or a unit (BuyGet)
	PercentOff Number
	AmountOff  Number // off the group (Multibuy) or off a unit (BuyGet)
}

// Multibuy is n for the price of m, n for a price, or n with something off.
// Units of different items mix. They are grouped dearest first and the cheapest
// are left over, which gives the customer the most that any grouping can, unless
// floors or an AmountOff beyond a group's worth keep a group from giving all it
// should. Grouped units are claimed.
type Multibuy struct {
	Of       Selection
	Quantity Number
	Reward   Reward
	// Repeat is how many groups may form, nil for as many as there are.
	Repeat Number
}

// Level implements Deal.
func (d Multibuy) Level() Level { return ItemLevel }

func (d Multibuy) sets() []int { return d.Of.sets() }

func (d Multibuy) propose(p *pricing) proposal {
	all := p.slots(d.Of)
	if len(all) == 0 {
		return refused(NoMatchingItems)
	}
	quantity, free := p.count(d.Quantity), unclaimed(all)
	switch {
	case quantity < 1:
		return refused(NoEffect)
	case units(all) < quantity:
		return refused(BelowQuantity)
	case units(free) < quantity:
		return displaced(all)
	}
	slices.SortStableFunc(free, func(a, b slot) int { return cmp.Compare(b.price, a.price) })
	groups := grouped(free, quantity, p.repeat(d.Repeat))
	price, ok := d.pricer(p)
	if !ok {
		return refused(NoEffect)
	}
	takes, applications := price(groups)
	for i := range takes {
		takes[i].claim = true
	}
	return accepted(takes, applications)
}

// displaced is the answer of a deal whose units other deals have claimed.
func displaced(slots []slot) proposal {
	refusal := refused(Displaced)
	for _, s := range slots {
		if s.owner != 0 && !slices.Contains(refusal.by, s.owner) {
			refusal.by = append(refusal.by, s.owner)
		}
	}
	return refusal
}

// repeat evaluates how often a deal may fire; nil is without limit.
func (p *pricing) repeat(n Number) int64 {
	if n == nil {
		return MaxQuantity * MaxLines
	}
	return p.count(n)
}

// group is a number of equal groups of units: each has the units of parts.
type group struct {
	parts []slot
	times int64
}

// grouped cuts the slots, in their order, into groups of quantity units, at
// most limit of them. Runs of equal units make one group with many times.
func grouped(slots []slot, quantity, limit int64) []group {
	var groups []group
	var open []slot
	missing := quantity
	for _, s := range slots {
		left := s.n
		for left > 0 && limit > 0 {
			if missing == quantity && left >= quantity {
				times := min(left/quantity, limit)
				s.n = quantity
				groups = append(groups, group{parts: []slot{s}, times: times})
				left -= times * quantity
				limit -= times
				continue
			}
			s.n = min(left, missing)
			open = append(open, s)
			left -= s.n
			if missing -= s.n; missing == 0 {
				groups = append(groups, group{parts: open, times: 1})
				open, missing = nil, quantity
				limit--
			}
		}
	}
	return groups
}

// pricer returns the function that turns groups into takes, and false when a
// number it needs is missing.
func (d Multibuy) pricer(p *pricing) (func([]group) ([]take, int64), bool) {
	switch r := d.Reward; {
	case r.PayFor != nil:
		_, ok := r.PayFor.Value(p.scope)
		return freeCheapest(p.count(r.PayFor)), ok
	case r.Price != nil:
		price, ok := p.price(r.Price)
		return p.sharedOff(func(v Amount) Amount { return v - price }), ok
	case r.AmountOff != nil:
		amount := p.amount(r.AmountOff)
		return p.sharedOff(func(Amount) Amount { return amount }), true
	default:
		percent := p.percent(r.PercentOff)
		return func(groups []group) ([]take, int64) {
			var all []slot
			var n int64
			for _, g := range groups {
				all, n = append(all, g.slots()...), n+g.times
			}
			return p.percentOffUnits(percent, MaxAmount, inOrder(all)), n
		}, true
	}
}

// slots returns the units of all the groups together.
func (g group) slots() []slot {
	all := slices.Clone(g.parts)
	for i := range all {
		all[i].n *= g.times
	}
	return all
}

// freeCheapest makes all but paid units of each group free, as far as their
// floors allow. Groups that would gain nothing are left alone.
func freeCheapest(paid int64) func([]group) ([]take, int64) {
	return func(groups []group) (takes []take, applications int64) {
		for _, g := range groups {
			var off Amount
			var own []take
			left := paid
			for _, s := range g.parts {
				pay, free := s, s
				pay.n = min(s.n, left)
				free.n = s.n - pay.n
				left -= pay.n
				pay.n, free.n = pay.n*g.times, free.n*g.times
				off += free.room * Amount(free.n)
				own = append(own, take{slot: pay}, take{slot: free, off: free.room * Amount(free.n)})
			}
			if off > 0 {
				takes, applications = append(takes, own...), applications+g.times
			}
		}
		return takes, applications
	}
}

// sharedOff takes off(value) off each group and shares it over the group's
// units. Groups that would gain nothing are left alone.
func (p *pricing) sharedOff(off func(value Amount) Amount) func([]group) ([]take, int64) {
	return func(groups []group) (takes []take, applications int64) {
		for _, g := range groups {
			amount := off(value(g.parts)) * Amount(g.times)
			if amount > 0 {
				takes = append(takes, p.spread(amount, inOrder(g.slots()))...)
				applications += g.times
			}
		}
		return takes, applications
	}
}
