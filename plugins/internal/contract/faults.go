package contract

import (
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// Effect returns what a kind of deal may do, and false for one that is not described.
func Effect(d *sdk.Description, kind string) (effect engine.Effect, known bool) {
	for _, k := range d.Deals {
		if k.Name == kind {
			return effect, effect.UnmarshalText([]byte(k.Effect)) == nil
		}
	}
	return effect, false
}

// Faults returns all that the engine would refuse in the answers to questions, in a shop whose catalogue has everything. That a deal
// failed is an answer.
func Faults(cart *engine.Cart, questions []engine.Question, given []engine.Answer) []error {
	var faults []error
	for i := range questions {
		q := &questions[i]
		found := 0
		for j := range given {
			a := &given[j]
			if a.Promotion != q.Promotion || a.Deal != q.Deal {
				continue
			}
			found++
			if fault, detail := q.Check(cart, anything{}, a); fault != "" && fault != engine.CallFailed {
				faults = append(faults, fmt.Errorf("deal %s: %s: %s", q.Promotion, fault, detail))
			}
		}
		if found != 1 {
			faults = append(faults, fmt.Errorf("deal %s has %d answers, want one", q.Promotion, found))
		}
	}
	for _, a := range given {
		if a.Deal == NotAsked {
			faults = append(faults, fmt.Errorf("an answer to %q, which was not asked", a.Promotion))
		}
	}
	return faults
}

// anything is a catalogue that has every item.
type anything struct{}

// Item implements engine.Catalog.
func (anything) Item(sku string) (*engine.Item, bool) {
	return &engine.Item{SKU: sku, Name: sku, Stock: engine.MaxQuantity}, true
}
