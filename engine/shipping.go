package engine

import "slices"

// ShippingOff makes shipments cheaper: by a percentage or an amount of all that
// it is about together, or each to a price.
type ShippingOff struct {
	// Methods are those it is about, none for all.
	Methods []string
	Reward  Reward // PayFor has no meaning here
}

// Level implements Deal.
func (d *ShippingOff) Level() Level { return ShippingLevel }

func (d *ShippingOff) sets() []int { return nil }

func (d *ShippingOff) needs() int { return -1 }

func (d *ShippingOff) propose(p *pricing) proposal {
	slots := d.slots(p)
	reward, ok := d.Reward.terms(p)
	switch {
	case len(slots) == 0:
		return refused(NoMatchingItems)
	case !ok:
		return refused(NoEffect)
	case reward.kind == atPrice:
		return accepted(offEach(slots, func(s slot) Amount { return s.price - reward.amount }), 1)
	default:
		return accepted(p.spread(p.gainOf(&reward, slots), slots), 1)
	}
}

// slots returns the shipments that the deal is about.
func (d *ShippingOff) slots(p *pricing) []slot {
	first := len(p.slotted)
	for i := p.goods; i < len(p.lines); i++ {
		if len(d.Methods) == 0 || slices.Contains(d.Methods, p.lines[i].item.SKU) {
			p.slotted = p.lineSlots(p.slotted, i)
		}
	}
	return p.slotted[first:len(p.slotted):len(p.slotted)]
}

func (d *ShippingOff) most(p *pricing) Amount {
	return value(d.slots(p))
}
