package compile

import (
	"fmt"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Branch is something that a deal, a limit or the policy can do to a quote beyond
// being applied: a step of tiers, one of several deals, a bound that cuts. It does it
// where the quote is another one without it.
type Branch struct {
	Place
	// Promotion is the id, "" for a branch of the policy.
	Promotion string
	// Name says what it is: "deal 2 of 3", "step 1 of 2", "max_discount", "exclusive",
	// "combine best".
	Name string

	without func(*engine.RulesetConfig, int)
	index   int
}

// Without returns the ruleset that lacks the branch and is otherwise the observed
// one. It is made anew for each call. Its digest is the same.
func (o *Observed) Without(b Branch) (*engine.Ruleset, error) {
	config := cloned(o.config)
	b.without(&config, b.index)
	return engine.NewRuleset(config)
}

// branchesOf finds the branches of files without faults, whose promotions are those
// of the config in the same order.
func branchesOf(c *compiler, config engine.RulesetConfig) []Branch {
	var all []Branch
	for i := range config.Promotions {
		p, m := &config.Promotions[i], c.promotions[i]
		f := branchFinder{promotion: p.ID, index: i}
		f.ofDeals(p, m)
		if limit := m.Get("limits").At([]string{"max_discount"}); p.Limits.MaxDiscount != nil {
			f.add(limit, "max_discount", func(p *engine.Promotion) { p.Limits.MaxDiscount = nil })
		}
		if p.Exclusive != engine.NotExclusive {
			f.add(m.Get("exclusive"), "exclusive", func(p *engine.Promotion) { p.Exclusive = engine.NotExclusive })
		}
		if excludes := m.Get("excludes"); len(p.Excludes) > 0 {
			f.add(excludes, "excludes", func(p *engine.Promotion) { p.Excludes = nil })
		}
		all = append(all, f.found...)
	}
	all = append(all, ofGroups(c, config)...)
	if config.Policy.Cap != nil || config.Policy.CapPercent != nil {
		all = append(all, Branch{
			Place: keyPlace(c.policy.Get("cap"), c.policy.Key("cap")), Name: "cap",
			without: func(config *engine.RulesetConfig, _ int) { config.Policy.Cap, config.Policy.CapPercent = nil, nil },
		})
	}
	return all
}

// ofGroups finds the groups that let not everything have an effect.
func ofGroups(c *compiler, config engine.RulesetConfig) []Branch {
	var all []Branch
	for i, entry := range c.policy.Get("groups").Items() {
		if i >= len(config.Policy.Groups) || config.Policy.Groups[i].Combine == engine.CombineAll {
			continue
		}
		at := entry.At([]string{"combine"})
		all = append(all, Branch{
			Place: placeOf(at, at.Range()), Name: "combine " + at.Text(), index: i,
			without: func(config *engine.RulesetConfig, i int) {
				config.Policy.Groups = slices.Clone(config.Policy.Groups)
				config.Policy.Groups[i].Combine = engine.CombineAll
			},
		})
	}
	return all
}

// branchFinder finds the branches of one promotion.
type branchFinder struct {
	promotion string
	index     int
	found     []Branch
}

// add adds a branch that the change takes away.
func (f *branchFinder) add(at syntax.Value, name string, change func(*engine.Promotion)) {
	f.found = append(f.found, Branch{
		Place: placeOf(at, at.Range()), Promotion: f.promotion, Name: name, index: f.index,
		without: func(config *engine.RulesetConfig, i int) { change(&config.Promotions[i]) },
	})
}

func keyPlace(v, key syntax.Value) Place {
	if v.Kind() == syntax.Scalar || !key.Present() {
		return placeOf(v, v.Range())
	}
	return placeOf(key, key.Range())
}

func (f *branchFinder) ofDeals(p *engine.Promotion, m syntax.Map) {
	deals := m.Get("deals").Items()
	if m.Has("deal") {
		deals = []syntax.Value{m.Get("deal")}
	}
	for i, d := range p.Deals {
		if i >= len(deals) || len(deals[i].Entries()) == 0 {
			return
		}
		kind := deals[i].Entries()[0]
		if len(p.Deals) > 1 {
			f.add(kind.Key, fmt.Sprintf("deal %d of %d", i+1, len(p.Deals)), func(p *engine.Promotion) {
				p.Deals = slices.Delete(slices.Clone(p.Deals), i, i+1)
			})
		}
		f.ofDeal(i, d, kind.Value)
	}
}

// ofDeal finds what the deal at the index can do. With says what the deal is without
// a branch, which must be another value.
func (f *branchFinder) ofDeal(i int, d engine.Deal, v syntax.Value) {
	with := func(at syntax.Value, name string, other engine.Deal) {
		f.add(at, name, func(p *engine.Promotion) {
			p.Deals = slices.Clone(p.Deals)
			p.Deals[i] = other
		})
	}
	key := func(name string) syntax.Value { return v.At([]string{name}) }
	switch d := d.(type) {
	case *engine.Tiers:
		f.ofSteps(d, key("steps").Items(), with)
	case *engine.PercentOff:
		if d.MaxDiscount != nil {
			with(key("max_discount"), "max_discount", without(d, func(d *engine.PercentOff) { d.MaxDiscount = nil }))
		}
		if d.MaxUnits != nil {
			with(key("max_units"), "max_units", without(d, func(d *engine.PercentOff) { d.MaxUnits = nil }))
		}
	case *engine.AmountOff:
		if d.MaxUnits != nil {
			with(key("max_units"), "max_units", without(d, func(d *engine.AmountOff) { d.MaxUnits = nil }))
		}
	case *engine.FixedPrice:
		if d.MaxUnits != nil {
			with(key("max_units"), "max_units", without(d, func(d *engine.FixedPrice) { d.MaxUnits = nil }))
		}
	case *engine.Multibuy:
		if d.Repeat != nil {
			with(key("repeat"), "repeat", without(d, func(d *engine.Multibuy) { d.Repeat = nil }))
		}
	case *engine.BuyGet:
		if d.Repeat != nil {
			with(key("repeat"), "repeat", without(d, func(d *engine.BuyGet) { d.Repeat = nil }))
		}
	case *engine.Bundle:
		if d.Repeat != nil {
			with(key("repeat"), "repeat", without(d, func(d *engine.Bundle) { d.Repeat = nil }))
		}
	case *engine.Giveaway:
		f.ofGifts(d, key("choose_from").Texts(), with)
	}
}

// without returns a copy of a deal that the change has been made to.
func without[T any](d *T, change func(*T)) *T {
	other := *d
	change(&other)
	return &other
}

func (f *branchFinder) ofSteps(d *engine.Tiers, steps []syntax.Value, with func(syntax.Value, string, engine.Deal)) {
	if len(d.Steps) < 2 || len(steps) != len(d.Steps) {
		return // a single step is reached where the promotion is applied
	}
	for i := range d.Steps {
		other := without(d, func(d *engine.Tiers) { d.Steps = slices.Delete(slices.Clone(d.Steps), i, i+1) })
		with(steps[i].At([]string{"from"}), fmt.Sprintf("step %d of %d", i+1, len(d.Steps)), other)
	}
}

func (f *branchFinder) ofGifts(d *engine.Giveaway, items []syntax.Value, with func(syntax.Value, string, engine.Deal)) {
	if len(d.Items) < 2 || len(items) != len(d.Items) {
		return
	}
	for i, sku := range d.Items {
		with(items[i], "gift "+sku, without(d, func(d *engine.Giveaway) { d.Items = slices.Delete(slices.Clone(d.Items), i, i+1) }))
	}
}
