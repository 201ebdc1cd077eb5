package engine

import "slices"

// Bundle sells units of several selections together: so many of each slot for a
// price, or with something off. An application has all its units or does not
// happen, and claims them.
type Bundle struct {
	Slots  []BundleSlot
	Reward Reward // PayFor has no meaning here
	// Repeat is how many bundles may form, nil for as many as there are.
	Repeat Number
}

// BundleSlot is a part of a bundle: so many units of a selection, which may mix.
type BundleSlot struct {
	Of       Selection
	Quantity Number
}

// Level implements Deal.
func (d *Bundle) Level() Level { return ItemLevel }

func (d *Bundle) sets() []int {
	var sets []int
	for _, slot := range d.Slots {
		sets = append(sets, slot.Of.sets()...)
	}
	return sets
}

func (d *Bundle) needs() int { return d.Slots[0].Of.set() }

func (d *Bundle) terms(p *pricing) (terms, bool) {
	reward, ok := d.Reward.terms(p)
	t := terms{reward: reward, times: p.repeat(d.Repeat)}
	for _, slot := range d.Slots {
		quantity := p.count(slot.Quantity)
		ok = ok && quantity > 0
		// Slots of one selection are one slot of more units.
		if i := slices.IndexFunc(t.parts, func(p part) bool { return p.of == slot.Of }); i >= 0 {
			t.parts[i].quantity += quantity
			continue
		}
		t.parts = append(t.parts, part{of: slot.Of, quantity: quantity, rewarded: true})
	}
	return t, ok
}
