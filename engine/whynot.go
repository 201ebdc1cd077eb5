package engine

import "slices"

// explainClaims says why a member's claiming deals had no effect.
func (p *pricing) explainClaims(m *member, out *outcome) {
	p.current = p.rules.promotions[m.step.promotion]
	if !p.explains() || out.state != eligible || out.reason == CapReached || out.reason == BudgetSpent {
		return
	}
	for i := m.first; i < m.end; i++ {
		o := &p.block.offers[i]
		switch least := p.block.leastGain(o); {
		case !o.valid:
		case p.current.Limits.Budget != nil && least > p.budgetLeft(p.current):
			p.refuse(out, p.overBudget(least, 0))
		default:
			p.refuse(out, p.whyNot(o, m.step.promotion))
		}
	}
}

// leastGain is what the smallest application of an offer takes off, 0 for none.
func (b *block) leastGain(o *offer) Amount {
	var least Amount
	for i := o.first; i < o.end; i++ {
		if gain := b.columns[i].gain; least == 0 || gain < least {
			least = gain
		}
	}
	return least
}

// whyNot finds out what kept an offer from being applied: nothing to use, too
// little, nothing to take off, or other deals.
func (p *pricing) whyNot(o *offer, promotion int32) proposal {
	var owners []int32
	for _, part := range o.terms.parts {
		p.slotted = p.slotted[:0]
		slots := p.slots(part.of)
		if len(slots) == 0 {
			return refused(NoMatchingItems)
		}
		for _, s := range slots {
			if s.owner != 0 && s.owner-1 != promotion && !slices.Contains(owners, s.owner-1) {
				owners = append(owners, s.owner-1)
			}
		}
	}
	switch {
	case !p.couldApply(o):
		return refused(BelowQuantity)
	case owners == nil || o.possible && o.end == o.first:
		return refused(NoEffect)
	default:
		slices.Sort(owners)
		return proposal{reason: Displaced, obstacle: &obstacle{by: owners}}
	}
}

// couldApply reports whether there would be units for an application, whatever
// it gains, if none were claimed.
func (p *pricing) couldApply(o *offer) bool {
	kept := p.block
	defer func() { p.block = kept }()
	p.block = block{offers: []offer{{terms: o.terms, valid: true}}}
	p.sortUnits(func(*slot) bool { return true })
	return p.enoughUnits(0)
}
