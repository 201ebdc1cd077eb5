package engine

import "slices"

// settle carries a proposal out, or notes why there is none.
func (p *pricing) settle(promotion int32, proposed *proposal) {
	p.apply(p.accept(promotion, proposed))
}

// accept brings a proposal within the limits, notes it in the promotion's
// account and returns what is to be taken, in the order of lines. A promotion is
// applied as soon as one of its deals is.
func (p *pricing) accept(promotion int32, proposed *proposal) []take {
	out := p.outcome(promotion)
	if proposed.reason == Applied {
		p.fit(p.takenBy(out), proposed)
	}
	if proposed.reason != Applied {
		if out.state != effective {
			p.refuse(out, *proposed)
		}
		return nil
	}
	if out.state != effective {
		if out.state != chosen && !p.take(promotion, out) {
			return nil
		}
		out.state, out.reason = effective, Applied
		p.openAccount(out)
		p.applied = append(p.applied, promotion)
	}
	takes := inLineOrder(proposed.takes)
	p.accountOf(out).add(takes, promotion, proposed.applications)
	if p.telling {
		p.recordChanges(p.accountOf(out), takes)
	}
	if proposed.given != nil {
		p.giveAway(promotion, proposed.given)
	}
	return takes
}

// giveAway adds the gifts and awards of a proposal.
func (p *pricing) giveAway(promotion int32, given *given) {
	id := p.rules.promotions[promotion].ID
	if gift := given.gift; gift != nil {
		gift.Promotion = id
		p.gifts = append(p.gifts, *gift)
		p.worth += gift.Worth * Amount(gift.Quantity)
	}
	if award := given.award; award != nil {
		award.Promotion = id
		p.awards = append(p.awards, *award)
	}
}

// fit brings a proposal within the promotion's limits and the cart's cap. Before
// is what the promotion has taken off already.
func (p *pricing) fit(before Amount, proposed *proposal) {
	limits := &p.current.Limits
	if limits.Budget == nil && limits.MaxDiscount == nil && p.cap == MaxAmount {
		return
	}
	off := offOf(proposed.takes)
	if off == 0 {
		return
	}
	if limits.Budget != nil && off > p.budgetLeft(p.current)-before {
		*proposed = p.overBudget(off, before)
		return
	}
	allowed := off
	if limits.MaxDiscount != nil {
		allowed = min(allowed, max(0, p.amount(limits.MaxDiscount)-before))
	}
	if int(proposed.takes[0].line) < p.goods {
		allowed = min(allowed, max(0, p.cap-(p.subtotal-p.total)-p.pledged))
	}
	switch allowed {
	case off:
	case 0:
		*proposed = p.capped(before)
	default:
		proposed.takes = p.trim(proposed.takes, allowed)
	}
}

// capped says what leaves nothing to take off.
func (p *pricing) capped(before Amount) proposal {
	if !p.telling {
		return refused(CapReached)
	}
	detail := ""
	c := p.cart.Currency
	if limit := p.current.Limits.MaxDiscount; limit != nil && p.amount(limit) <= before {
		detail = "max_discount is " + c.Format(p.amount(limit))
	} else {
		detail = "all promotions together may take " + c.Format(p.cap) + " off the goods"
	}
	return proposal{reason: CapReached, obstacle: &obstacle{detail: detail}}
}

// budgetLeft is what the promotion may still take off.
func (p *pricing) budgetLeft(promotion *Promotion) Amount {
	return max(0, p.amount(promotion.Limits.Budget)-p.req.Usage.Promotions[promotion.ID].Spent)
}

func (p *pricing) overBudget(off, before Amount) proposal {
	if !p.telling {
		return refused(BudgetSpent)
	}
	c := p.cart.Currency
	detail := c.Format(off) + " wanted, " + c.Format(p.budgetLeft(p.current)-before) + " left"
	return proposal{reason: BudgetSpent, obstacle: &obstacle{detail: detail}}
}

// trim cuts takes down to a total, in proportion to what each takes.
func (p *pricing) trim(takes []take, allowed Amount) []take {
	takes = inLineOrder(slices.Clone(takes))
	p.sharing.reset()
	for i := range takes {
		off := takes[i].off
		p.sharing.part(off, off)
	}
	for i, share := range p.sharing.share(allowed) {
		takes[i].off = share
	}
	return takes
}

func offOf(takes []take) Amount {
	var off Amount
	for i := range takes {
		off += takes[i].off
	}
	return off
}
