package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Ruleset is a compiled, immutable set of promotions. It is safe for concurrent
// use. Compilers build it with NewRuleset; an empty one prices every cart at
// its list price.
type Ruleset struct {
	digest     string
	frame      string
	currency   Currency
	policy     Policy
	sets       []ItemSet
	promotions []*Promotion // by priority and id: the index is the rank
	groups     []Group      // in the order in which they run
	steps      []step       // in the order in which they run
	rivalries  []rivalry    // by promotion
	byCode     map[string][]int32
	byPool     map[string][]int32
	counted    []*Promotion    // those with limits that orders count against, by rank
	open       []bool          // by promotion: it needs nothing but its condition
	known      map[string]bool // ids
	giftSKUs   []string
	questions  []pluginQuestion
	facts      []FactKey

	postings atomic.Pointer[[]*postings]
	items    itemFacts
	idle     sync.Pool // of *pricing
}

// RulesetConfig is what a compiler hands to NewRuleset.
type RulesetConfig struct {
	// Digest names the sources, so that a quote can say which rules made it.
	Digest string
	// Frame names all that is not promotions: rulesets with the same one, that is
	// not empty, differ in nothing but these. See Pair.
	Frame string
	// Currency is what money literals in the rules mean.
	Currency Currency
	// Policy holds for all promotions.
	Policy Policy
	// Sets are the item sets that Selections and Scopes refer to by index.
	Sets []ItemSet
	// Promotions in any order.
	Promotions []Promotion
	// Facts are those of plugins that expressions read.
	Facts []FactKey
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
	// Within tells what an item must be for Match to be true of any quantity; nil
	// where that is not known. Of a set that reads the quantity its answer is kept
	// for each item, and Match is asked about the others no more. Leaving it out
	// costs time, never correctness.
	Within func(item *Item) bool
	// SKUs are items that the set names, which a hint may offer to a customer
	// who has none of it yet.
	SKUs []string
}

// step is a promotion's part of one level.
type step struct {
	promotion int32
	level     Level
	group     int32
	deals     []proposer
	claims    []claimer
	when      Condition // of the promotion
	timed     bool      // the promotion reads the clock
	simple    bool      // nothing but the condition decides whether it is run
	last      bool      // of the promotion's steps
	only      bool      // the promotion has no other
}

// NewRuleset checks what the pricing relies on and returns the ruleset. It
// takes over the slices of the config.
func NewRuleset(c RulesetConfig) (*Ruleset, error) {
	r := &Ruleset{digest: c.Digest, frame: c.Frame, currency: c.Currency, policy: c.Policy, sets: c.Sets}
	r.known = make(map[string]bool, len(c.Promotions))
	for i := range c.Promotions {
		p := &c.Promotions[i]
		if p.ID == "" || r.known[p.ID] {
			return nil, fmt.Errorf("ruleset: promotion id %q is empty or used twice", p.ID)
		}
		r.known[p.ID] = true
		for _, d := range p.Deals {
			for _, set := range d.sets() {
				if set < 0 || set >= len(c.Sets) {
					return nil, fmt.Errorf("ruleset: promotion %s refers to item set %d of %d", p.ID, set, len(c.Sets))
				}
			}
			switch d := d.(type) {
			case *Giveaway:
				r.giftSKUs = append(r.giftSKUs, d.Items...)
			case *PluginDeal:
				r.giftSKUs = append(r.giftSKUs, d.Gifts...)
			}
		}
		r.promotions = append(r.promotions, p)
	}
	slices.SortFunc(r.promotions, func(a, b *Promotion) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	r.questions, r.facts = r.pluginQuestions(), slices.Clone(c.Facts)
	r.groups = groupsInOrder(c.Policy.Groups, r.promotions)
	r.steps = r.stepsInOrder()
	r.rivalries = r.findRivalries()
	for i := range r.steps {
		s := &r.steps[i]
		s.simple = s.when != nil && s.only && r.promotions[s.promotion].open() && !r.rivalries[s.promotion].any
	}
	r.byCode, r.byPool = make(map[string][]int32), make(map[string][]int32)
	for i, p := range r.promotions {
		r.open = append(r.open, p.open())
		if p.Limits.counted() {
			r.counted = append(r.counted, p)
		}
		switch {
		case p.Coupon.Code != "":
			r.byCode[p.Coupon.Code] = append(r.byCode[p.Coupon.Code], int32(i))
		case p.Coupon.Pool != "":
			r.byPool[p.Coupon.Pool] = append(r.byPool[p.Coupon.Pool], int32(i))
		}
	}
	slices.Sort(r.giftSKUs)
	r.giftSKUs = slices.Compact(r.giftSKUs)
	return r, nil
}

// groupsInOrder returns the groups that are listed and those that promotions
// name.
func groupsInOrder(listed []Group, promotions []*Promotion) []Group {
	known := make(map[string]bool, len(listed))
	for _, g := range listed {
		known[g.ID] = true
	}
	groups := slices.Clone(listed)
	if !known[DefaultGroup] {
		groups = append([]Group{{ID: DefaultGroup}}, groups...)
		known[DefaultGroup] = true
	}
	first := len(groups)
	for _, p := range promotions {
		if p.Group != "" && !known[p.Group] {
			known[p.Group] = true
			groups = append(groups, Group{ID: p.Group})
		}
	}
	slices.SortFunc(groups[first:], func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	return groups
}

// groupOf returns the index of the promotion's group.
func (r *Ruleset) groupOf(p *Promotion) int32 {
	id := cmp.Or(p.Group, DefaultGroup)
	return int32(slices.IndexFunc(r.groups, func(g Group) bool { return g.ID == id }))
}

// stepsInOrder returns each promotion's part of each level: by level, then by
// group, then by rank.
func (r *Ruleset) stepsInOrder() []step {
	var steps []step
	for i, p := range r.promotions {
		group := r.groupOf(p)
		first := len(steps)
		for level := range Level(levels) {
			s := step{promotion: int32(i), level: level, group: group, when: p.When, timed: p.Timed}
			for _, d := range p.Deals {
				if d.Level() != level {
					continue
				}
				switch d := d.(type) {
				case claimer:
					s.claims = append(s.claims, d)
				case proposer:
					s.deals = append(s.deals, d)
				}
			}
			if len(s.claims)+len(s.deals) > 0 {
				steps = append(steps, s)
			}
		}
		if len(steps) > first {
			steps[len(steps)-1].last = true
			steps[len(steps)-1].only = len(steps) == first+1
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.group, b.group), cmp.Compare(a.promotion, b.promotion))
	})
	return steps
}

// wanting returns the promotions that the code, of the pool, unlocks, by rank.
func (r *Ruleset) wanting(code, pool string) []int32 {
	wanting := r.byCode[code]
	if pool == "" {
		return wanting
	}
	both := slices.Concat(wanting, r.byPool[pool])
	slices.Sort(both)
	return both
}

// Digest names the sources of the ruleset.
func (r *Ruleset) Digest() string { return r.digest }

// Currency is the currency that amounts in the rules are in.
func (r *Ruleset) Currency() Currency { return r.currency }

// GiftSKUs returns the items that promotions may add to a cart, sorted. A
// catalogue for Price needs these besides the cart's own.
func (r *Ruleset) GiftSKUs() []string { return slices.Clone(r.giftSKUs) }

// HintSKUs returns the items that item sets name, sorted. A catalogue for hints
// needs these besides the cart's own, so that they can be offered.
func (r *Ruleset) HintSKUs() []string {
	var skus []string
	for i := range r.sets {
		skus = append(skus, r.sets[i].SKUs...)
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

// Timed returns the ids of the promotions whose outcome depends on the instant
// of the quote, by rank.
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

// PromotionIDs returns the ids by rank: higher priority first, then by id.
func (r *Ruleset) PromotionIDs() []string {
	ids := make([]string, len(r.promotions))
	for i, p := range r.promotions {
		ids[i] = p.ID
	}
	return ids
}
