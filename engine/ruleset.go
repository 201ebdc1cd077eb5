package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Ruleset is a compiled, immutable set of promotions. It is safe for concurrent
// use. Compilers build it with NewRuleset; an empty one prices every cart at
// its list price.
type Ruleset struct {
	digest     string
	currency   Currency
	rounding   Rounding
	sets       []ItemSet
	promotions []*Promotion // in the order of application
	levels     [][]step     // per level, the promotions with a deal of it, in order
	giftSKUs   []string
	idle       sync.Pool // of *pricing
}

// RulesetConfig is what a compiler hands to NewRuleset.
type RulesetConfig struct {
	// Digest names the sources, so that a quote can say which rules made it.
	Digest string
	// Currency is what money literals in the rules mean.
	Currency Currency
	// Policy holds for all promotions.
	Policy Policy
	// Sets are the item sets that Selections and Scopes refer to by index.
	Sets []ItemSet
	// Promotions in any order.
	Promotions []Promotion
}

// ItemSet is a named selection of catalogue items.
type ItemSet struct {
	// Name is the set's name, or its source text where it has none.
	Name string
	// Match tells whether the item, of which the cart holds quantity units, is
	// in the set. It must be pure and safe for concurrent use.
	Match func(item *Item, quantity int64) bool
	// ReadsQuantity says that Match looks at the quantity. The answer of other
	// sets is kept for each item.
	ReadsQuantity bool
}

// NewRuleset checks what the pricing relies on and returns the ruleset. It
// takes over the slices of the config.
func NewRuleset(c RulesetConfig) (*Ruleset, error) {
	r := &Ruleset{digest: c.Digest, currency: c.Currency, rounding: c.Policy.Rounding, sets: c.Sets}
	seen := make(map[string]bool, len(c.Promotions))
	for i := range c.Promotions {
		p := &c.Promotions[i]
		if p.ID == "" || seen[p.ID] {
			return nil, fmt.Errorf("ruleset: promotion id %q is empty or used twice", p.ID)
		}
		seen[p.ID] = true
		for _, d := range p.Deals {
			for _, set := range d.sets() {
				if set < 0 || set >= len(c.Sets) {
					return nil, fmt.Errorf("ruleset: promotion %s refers to item set %d of %d", p.ID, set, len(c.Sets))
				}
			}
			if g, ok := d.(Giveaway); ok {
				r.giftSKUs = append(r.giftSKUs, g.Items...)
			}
		}
		r.promotions = append(r.promotions, p)
	}
	slices.SortFunc(r.promotions, func(a, b *Promotion) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	for _, level := range []Level{ItemLevel, OrderLevel} {
		r.levels = append(r.levels, r.steps(level))
	}
	slices.Sort(r.giftSKUs)
	r.giftSKUs = slices.Compact(r.giftSKUs)
	return r, nil
}

// step is a promotion's part of one level.
type step struct {
	index     int // of the promotion
	promotion *Promotion
	deals     []Deal
}

func (r *Ruleset) steps(level Level) []step {
	var steps []step
	for i, p := range r.promotions {
		var deals []Deal
		for _, d := range p.Deals {
			if d.Level() == level {
				deals = append(deals, d)
			}
		}
		if len(deals) > 0 {
			steps = append(steps, step{i, p, deals})
		}
	}
	return steps
}

// Digest names the sources of the ruleset.
func (r *Ruleset) Digest() string { return r.digest }

// Currency is the currency that amounts in the rules are in.
func (r *Ruleset) Currency() Currency { return r.currency }

// GiftSKUs returns the items that promotions may add to a cart, sorted. A
// catalogue for Price needs these besides the cart's own.
func (r *Ruleset) GiftSKUs() []string { return slices.Clone(r.giftSKUs) }

// Timed returns the ids of the promotions whose outcome depends on the instant
// of the quote, in the order of application.
func (r *Ruleset) Timed() []string {
	var ids []string
	for _, p := range r.promotions {
		if p.Timed {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Promotion returns the promotion with the id, or false. Its deals and
// conditions must not be changed.
func (r *Ruleset) Promotion(id string) (Promotion, bool) {
	for _, p := range r.promotions {
		if p.ID == id {
			return *p, true
		}
	}
	return Promotion{}, false
}

// PromotionIDs returns the ids in the order of application.
func (r *Ruleset) PromotionIDs() []string {
	ids := make([]string, len(r.promotions))
	for i, p := range r.promotions {
		ids[i] = p.ID
	}
	return ids
}
