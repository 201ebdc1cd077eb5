package difference

import (
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// Kind says what became of a promotion, or of a policy or plugin.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Difference is what differs, promotions by id, and then policy.yaml and the plugins.
type Difference struct {
	Promotions []Change `json:"promotions"`
	Policy     []Field  `json:"policy"`
	Plugins    []Field  `json:"plugins"`
}

// Change is what became of a promotion.
type Change struct {
	Kind      Kind   `json:"kind"`
	Promotion string `json:"promotion"`
	// Source is where it is written, as file:line:column: in the new rules, or in
	// the old ones where it was removed.
	Source string `json:"source"`
	// Fields are there when it was changed.
	Fields []Field `json:"fields,omitempty"`
}

// Field is a key with another meaning.
type Field struct {
	// Name is the path of the key: deal.percent_off.percent.
	Name string `json:"name"`
	// Old and New are what is written, "" where the key is not.
	Old string `json:"old"`
	New string `json:"new"`
	// Through are the sets and conditions whose change it is, where the same is
	// written in both.
	Through []string `json:"through,omitempty"`
}

// Empty reports whether nothing differs.
func (d Difference) Empty() bool {
	return len(d.Promotions)+len(d.Policy)+len(d.Plugins) == 0
}

// Between compares the rule files of two folders, which compile.
func Between(before, after []compile.File) Difference {
	old, now := read(before), read(after)
	d := Difference{
		Promotions: []Change{},
		Policy:     fields(old.policy, now.policy, nil),
		Plugins:    fields(old.plugins, now.plugins, nil),
	}
	ids := make(map[string]bool)
	for id := range old.promotions {
		ids[id] = true
	}
	for id := range now.promotions {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if change, differs := between(id, old, now); differs {
			d.Promotions = append(d.Promotions, change)
		}
	}
	return d
}

func between(id string, old, now *source) (Change, bool) {
	was, had := old.promotions[id]
	is, has := now.promotions[id]
	switch {
	case !had:
		return Change{Kind: Added, Promotion: id, Source: is.source}, true
	case !has:
		return Change{Kind: Removed, Promotion: id, Source: was.source}, true
	}
	changed := fields(was.fields, is.fields, func(text string) []string { return through(text, old, now) })
	return Change{Kind: Changed, Promotion: id, Source: is.source, Fields: changed}, len(changed) > 0
}

// fields compares two sets of keys. Through says by which names the same words mean
// something else.
func fields(old, now map[string]meaning, through func(text string) []string) []Field {
	names := maps.Clone(old)
	maps.Copy(names, now)
	changed := []Field{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := old[name], now[name]
		if was.means == is.means {
			continue
		}
		f := Field{Name: name, Old: was.written, New: is.written}
		if was.written == is.written && through != nil {
			f.Through = through(is.written)
		}
		changed = append(changed, f)
	}
	return changed
}
