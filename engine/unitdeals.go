package engine

// PercentOff takes a percentage off units or off the order. The discount is
// computed exactly over all units, rounded once, and shared; off units, a floor
// limits each unit and nothing moves to others, off the order, the others give
// what a line cannot.
type PercentOff struct {
	Of      Selection
	Percent Number
	// OfList computes the percentage of the list price instead of what earlier
	// promotions left, so that percentages add up instead of compounding.
	OfList bool
	// MaxUnits limits the units, nil not; Pick says which come first.
	MaxUnits Number
	Pick     Pick
	// MaxDiscount limits the discount, nil not.
	MaxDiscount Number
}

func (d *PercentOff) needs() int { return d.Of.set() }

func (d *PercentOff) most(p *pricing) Amount {
	if d.MaxUnits != nil || !constant(d.Percent, d.MaxDiscount) {
		return p.roomOf(d.Of)
	}
	return offOf(d.propose(p).takes)
}

// Level implements Deal.
func (d *PercentOff) Level() Level { return d.Of.Level() }

func (d *PercentOff) sets() []int { return d.Of.sets() }

func (d *PercentOff) propose(p *pricing) proposal {
	all := p.slots(d.Of)
	if len(all) == 0 {
		return refused(NoMatchingItems)
	}
	chosen := p.limited(all, d.MaxUnits, d.Pick)
	percent := p.percent(d.Percent)
	limit := MaxAmount
	if d.MaxDiscount != nil {
		limit = p.amount(d.MaxDiscount)
	}
	if d.OfList {
		for i := range chosen {
			chosen[i].price = chosen[i].list
		}
	}
	if d.Of.Order {
		return accepted(p.spread(min(limit, p.part(percent, value(chosen))), chosen), 1)
	}
	return accepted(p.percentOffUnits(percent, limit, chosen), 1)
}

// percentOffUnits takes percent off every unit, at most limit together.
func (p *pricing) percentOffUnits(percent Percent, limit Amount, slots []slot) []take {
	open, full := slots, []take(nil)
	var given Amount // by units that the percentage brings to their floor
	if bounded(slots, percent) {
		open = nil
		for _, s := range slots {
			if !s.bounds(percent) {
				open = append(open, s)
				continue
			}
			given += s.room * Amount(s.n)
			full = append(full, s.give(s.room*Amount(s.n)))
		}
	}
	off := p.part(percent, value(open))
	if given+off > limit {
		return p.spread(limit, slots)
	}
	if full == nil {
		return p.spread(off, open)
	}
	return append(full, p.spread(off, open)...)
}

// bounded reports whether some unit cannot give the percentage.
func bounded(slots []slot, percent Percent) bool {
	for i := range slots {
		if slots[i].bounds(percent) {
			return true
		}
	}
	return false
}

// part is the percentage of an amount, rounded as the policy says: the discount
// itself, or the price that is left of the amount.
func (p *pricing) part(percent Percent, of Amount) Amount {
	mode := p.rules.policy.Rounding
	if p.rules.policy.RoundPrice {
		return of - (wholePercent-percent).of(of, mode)
	}
	return percent.of(of, mode)
}

// value is what the units of the slots cost.
func value(slots []slot) Amount {
	var v Amount
	for i := range slots {
		v += slots[i].price * Amount(slots[i].n)
	}
	return v
}

// Per says what an amount off is counted by.
type Per uint8

// PerUnit takes the amount off each unit, PerLine off each line, PerSelection
// once off all selected units together.
const (
	PerUnit Per = iota
	PerLine
	PerSelection
)

// AmountOff takes an amount of money off. Per unit and per line, what a unit or
// a line cannot give is not given; off a selection, the other lines give it.
type AmountOff struct {
	Of       Selection
	Amount   Number
	Per      Per
	MaxUnits Number // nil: no limit
	Pick     Pick
}

func (d *AmountOff) needs() int { return d.Of.set() }

func (d *AmountOff) most(p *pricing) Amount {
	if d.MaxUnits != nil || !constant(d.Amount) {
		return p.roomOf(d.Of)
	}
	return offOf(d.propose(p).takes)
}

// Level implements Deal.
func (d *AmountOff) Level() Level { return d.Of.Level() }

func (d *AmountOff) sets() []int { return d.Of.sets() }

func (d *AmountOff) propose(p *pricing) proposal {
	all := p.slots(d.Of)
	if len(all) == 0 {
		return refused(NoMatchingItems)
	}
	chosen, amount := p.limited(all, d.MaxUnits, d.Pick), p.amount(d.Amount)
	switch d.Per {
	case PerUnit:
		return accepted(offEach(chosen, func(s slot) Amount { return amount }), 1)
	case PerLine:
		takes := p.newTakes(len(chosen))
		for first, end := 0, 0; first < len(chosen); first = end {
			end = lineEnd(chosen, first)
			takes = p.spreadInLine(takes, amount, chosen[first:end])
		}
		return accepted(takes, 1)
	default:
		return accepted(p.spread(amount, chosen), 1)
	}
}

// offEach takes what off says off every unit, as far as the unit can give it.
func offEach(slots []slot, off func(slot) Amount) []take {
	takes := make([]take, len(slots))
	for i, s := range slots {
		takes[i] = s.give(max(0, min(off(s), s.room)) * Amount(s.n))
	}
	return takes
}

// FixedPrice sells units at a price. Units that cost less already keep their
// price, and no unit goes below its floor.
type FixedPrice struct {
	Of       Selection
	Price    Number
	MaxUnits Number // nil: no limit
	Pick     Pick
}

func (d *FixedPrice) needs() int { return d.Of.set() }

func (d *FixedPrice) most(p *pricing) Amount {
	if d.MaxUnits != nil || !constant(d.Price) {
		return p.roomOf(d.Of)
	}
	return offOf(d.propose(p).takes)
}

// Level implements Deal.
func (d *FixedPrice) Level() Level { return d.Of.Level() }

func (d *FixedPrice) sets() []int { return d.Of.sets() }

func (d *FixedPrice) propose(p *pricing) proposal {
	all := p.slots(d.Of)
	if len(all) == 0 {
		return refused(NoMatchingItems)
	}
	price, ok := p.price(d.Price)
	if !ok {
		return refused(NoEffect)
	}
	chosen := p.limited(dearerThan(all, price), d.MaxUnits, d.Pick)
	return accepted(offEach(chosen, func(s slot) Amount { return s.price - price }), 1)
}

func dearerThan(slots []slot, price Amount) []slot {
	var dearer []slot
	for _, s := range slots {
		if s.price > price {
			dearer = append(dearer, s)
		}
	}
	return dearer
}
