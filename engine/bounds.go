package engine

// boundSteps works out the most that each step of the call can take off: what
// its deals would take off list prices if nothing stood in their way. Promotions
// only lower prices and use units up, so it can never be more.
func (p *pricing) boundSteps() {
	p.begin()
	bounds := p.choices.bounds[:0]
	for _, index := range p.steps {
		var most Amount
		if p.isCandidate(index) {
			most = p.mostOfStep(&p.rules.steps[index])
		}
		bounds = append(bounds, most)
	}
	p.choices.bounds = bounds
}

func (p *pricing) mostOfStep(s *step) Amount {
	p.current = p.rules.promotions[s.promotion]
	var most Amount
	for _, d := range s.deals {
		p.slotted = p.slotted[:0]
		most = capped(most + d.most(p))
	}
	for _, d := range s.claims {
		most = capped(most + p.mostOfClaim(d))
	}
	if limit, constant := p.current.Limits.MaxDiscount.(Constant); constant {
		worth := p.mostWorth(s)
		most = min(most, p.amount(limit)+worth)
	}
	return most
}

// mostWorth is what the gifts of a step are worth, which no limit on money cuts.
func (p *pricing) mostWorth(s *step) Amount {
	var worth Amount
	for _, d := range s.deals {
		if g, ok := d.(*Giveaway); ok {
			worth = capped(worth + g.most(p))
		}
	}
	return worth
}

func capped(a Amount) Amount { return min(a, MaxAmount) }

// constant reports whether all the numbers that are there are constants, so that
// they are the same whenever they are asked for.
func constant(numbers ...Number) bool {
	for _, n := range numbers {
		switch n.(type) {
		case nil, Constant, PerCurrency:
		default:
			return false
		}
	}
	return true
}

// roomOf is all that the units of the selection can give.
func (p *pricing) roomOf(sel Selection) Amount {
	p.slotted = p.slotted[:0]
	return room(p.slots(sel))
}

// room is what the units of the slots can give together.
func room(slots []slot) Amount {
	var sum Amount
	for i := range slots {
		sum += slots[i].room * Amount(slots[i].n)
	}
	return sum
}

// mostOfAll bounds what any way out of the conflicts can save.
func (p *pricing) mostOfAll() Amount {
	p.begin()
	p.at = 0
	return p.mostFrom(-1, false)
}

// hopeless reports whether the run cannot become better than the best, given
// the decision on the promotion at hand.
func (p *pricing) hopeless(promotion int32, taken bool) bool {
	return p.mostFrom(promotion, taken) < p.choices.best.saving
}

// mostFrom bounds the saving of the run: what it has saved, and the most that
// the steps still to come can. Of groups of which only one promotion may have an
// effect, the largest counts.
func (p *pricing) mostFrom(promotion int32, taken bool) Amount {
	most := p.saving()
	p.groupMost = zeroed(p.groupMost, len(p.rules.groups))
	for k := p.at; k < len(p.steps); k++ {
		s := &p.rules.steps[p.steps[k]]
		if s.promotion == promotion && !taken || s.promotion != promotion && !p.possible(s.promotion, promotion, taken) {
			continue
		}
		bound := p.choices.bounds[k]
		if g := &p.groupMost[s.group]; s.only && p.rules.groups[s.group].Combine.one() {
			bound = max(0, bound-*g)
			*g += bound
		}
		most = capped(most + bound)
	}
	return most
}

// possible reports whether a promotion can still have an effect beside those
// that had one, and beside the one at hand where that is taken.
func (p *pricing) possible(promotion, atHand int32, taken bool) bool {
	out := p.outcome(promotion)
	if out.state == barred || out.state == left || out.standing != Applied {
		return false
	}
	if taken && p.rules.clashOf(promotion, atHand).reason != 0 {
		return false
	}
	for _, winner := range p.applied {
		if winner != promotion && p.rules.clashOf(promotion, winner).reason != 0 {
			return false
		}
	}
	return true
}
