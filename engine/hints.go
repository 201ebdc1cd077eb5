package engine

import (
	"cmp"
	"slices"
)

// maxHints is how many hints a quote has at most, and maxTries how many additions
// are tried out to find them.
const (
	maxHints = 5
	maxTries = 50
)

// hints finds what the customer could add so that a further promotion applies,
// the cheapest additions first. Each is tried out: only what the changed cart
// really saves is told.
func (r *Ruleset) hints(req Request, quote Quote) []Hint {
	req.Explain, req.Hints = false, false
	var hints []Hint
	hinted := make(map[int32]bool)
	tries := 0
	for _, m := range r.misses(req) {
		if hinted[m.promotion] || tries == maxTries || len(hints) == maxHints {
			continue
		}
		tries++
		if hint, ok := r.tryOut(req, quote, m); ok {
			hints = append(hints, hint)
			hinted[m.promotion] = true
		}
	}
	slices.SortStableFunc(hints, func(a, b Hint) int {
		return cmp.Or(cmp.Compare(a.Costs, b.Costs), cmp.Compare(a.Promotion, b.Promotion))
	})
	return hints
}

// promotionMiss is what the cart lacks for a promotion, and what could be added.
type promotionMiss struct {
	promotion int32
	miss      Miss
	add       Line
	cost      Amount // list price of what is added
}

// misses lists what the cart lacks for each promotion that may act and has had
// no effect, the cheapest addition first.
func (r *Ruleset) misses(req Request) []promotionMiss {
	p := r.pricing()
	defer p.release()
	req.Explain = true // every promotion is looked at
	if p.open(req) != nil {
		return nil // it has just been priced
	}
	p.search()
	var missing []promotionMiss
	for _, index := range p.steps {
		s := &r.steps[index]
		out := p.outcome(s.promotion)
		if out.state == effective || out.standing != Applied {
			continue
		}
		p.current = r.promotions[s.promotion]
		p.start(s)
		for _, miss := range p.missesOf(s, out) {
			if add, cost := p.cheapestAddition(miss, p.suitable(miss)); add.Item != nil {
				missing = append(missing, promotionMiss{s.promotion, miss, add, cost})
			}
		}
	}
	slices.SortStableFunc(missing, func(a, b promotionMiss) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.promotion, b.promotion))
	})
	return missing
}

// missesOf asks the condition, where that is what failed, or the deals.
func (p *pricing) missesOf(s *step, out *outcome) []Miss {
	switch out.reason {
	case ConditionFalse:
		return p.current.When.Misses(p.scope)
	case BelowQuantity, NoMatchingItems:
	default:
		return nil
	}
	var misses []Miss
	for _, d := range s.claims {
		if t, ok := d.terms(p); ok {
			misses = append(misses, p.missesOfTerms(&t)...)
		}
	}
	for _, d := range s.deals {
		if t, ok := d.(*Tiers); ok {
			misses = append(misses, t.misses(p)...)
		}
	}
	return misses
}

// missesOfTerms is what one application lacks, where it is one part only. A deal
// over one selection for both sides needs units for both.
func (p *pricing) missesOfTerms(t *terms) []Miss {
	var misses []Miss
	used := make(map[Selection]int64)
	for _, part := range t.parts {
		p.slotted = p.slotted[:0]
		slots := p.slots(part.of)
		used[part.of] += part.quantity
		switch {
		case part.spend > 0:
			if spent := value(slots); spent < part.spend {
				misses = append(misses, Miss{Of: part.of, Spend: part.spend - spent})
			}
		case units(slots) < used[part.of]:
			misses = append(misses, Miss{Of: part.of, Units: used[part.of] - units(slots)})
		}
	}
	if len(misses) > 1 {
		return nil
	}
	return misses
}

// misses is what the first step lacks.
func (d *Tiers) misses(p *pricing) []Miss {
	p.slotted = p.slotted[:0]
	steps, ok := d.steps(p)
	measured := d.measure(p.slots(d.Of))
	if !ok || measured >= steps[0].from {
		return nil
	}
	if d.BySpend {
		return []Miss{{Of: d.Of, Spend: Amount(steps[0].from - measured)}}
	}
	return []Miss{{Of: d.Of, Units: steps[0].from - measured}}
}

// suitable are the items that would count for the miss: those of the cart, or
// where it has none, those that the catalogue and the set agree on.
func (p *pricing) suitable(miss Miss) []*Item {
	var items []*Item
	for i := range p.goods {
		if p.selects(miss.Of, i) {
			items = append(items, p.lines[i].item)
		}
	}
	if len(items) > 0 || miss.Of.Order || p.req.Catalog == nil {
		return items
	}
	set := &p.rules.sets[miss.Of.Set]
	for _, sku := range set.SKUs {
		item, ok := p.req.Catalog.Item(sku)
		if !ok || !set.Match(item, max(1, miss.Units)) {
			continue
		}
		if priced, ok := item.in(p.cart.Currency); ok {
			items = append(items, priced)
		}
	}
	return items
}

// tryOut prices the cart with the addition.
func (r *Ruleset) tryOut(req Request, before Quote, m promotionMiss) (Hint, bool) {
	req.Cart.Lines = append(slices.Clone(req.Cart.Lines), m.add)
	after, err := r.Price(req)
	if err != nil {
		return Hint{}, false // such as a cart that is too large
	}
	id := r.promotions[m.promotion].ID
	applied := slices.ContainsFunc(after.Promotions, func(o Outcome) bool { return o.Promotion == id && o.Reason == Applied })
	hint := Hint{
		Promotion: id, Add: []HintItem{{SKU: m.add.Item.SKU, Quantity: m.add.Quantity}},
		Units: m.miss.Units, Spend: m.miss.Spend,
		Saves: after.Saving() - before.Saving(), Costs: after.Payable - before.Payable,
	}
	if !m.miss.Of.Order {
		hint.Of = r.sets[m.miss.Of.Set].Name
	}
	return hint, applied && hint.Saves > 0
}

// cheapestAddition is the line that makes up for the miss at the lowest list
// price, and that price. Where there is a catalogue, the stock must allow it.
func (p *pricing) cheapestAddition(miss Miss, items []*Item) (best Line, least Amount) {
	for _, item := range items {
		n := miss.Units
		if miss.Spend > 0 {
			if item.Price <= 0 {
				continue
			}
			n = int64((miss.Spend + item.Price - 1) / item.Price)
		}
		cost, ok := mulAmount(item.Price, n)
		if !ok || n < 1 || n > MaxQuantity {
			continue
		}
		if known, left := p.giftStock(item.SKU); known != nil && left < n {
			continue
		}
		if best.Item == nil || cmp.Or(cmp.Compare(cost, least), cmp.Compare(item.SKU, best.Item.SKU)) < 0 {
			best, least = Line{Item: item, Quantity: n}, cost
		}
	}
	return best, least
}
