package compile

import (
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// groups reads the groups of policy.yaml in the order in which they run.
func (c *compiler) groups(v syntax.Value) []engine.Group {
	var groups []engine.Group
	var excludes []syntax.Value // of each group
	listed := make(map[string]syntax.Value)
	for _, entry := range filled(v, "groups").Items() {
		id, m := groupEntry(given(entry, "the group"))
		group := engine.Group{ID: plainName(id, "the name of a group"), Combine: combine(m.Get("combine"))}
		first, taken := listed[group.ID]
		switch {
		case group.ID == "": // reported
		case taken:
			id.Report(diag.Duplicate, "", "the group %q is listed at %s already", group.ID, first.Location())
		default:
			listed[group.ID] = id
			groups, excludes = append(groups, group), append(excludes, m.Get("excludes"))
		}
	}
	known := groupNames(groups)
	for i := range groups {
		groups[i].Excludes = c.groupExcludes(excludes[i], groups[i].ID, known)
	}
	return groups
}

// groupEntry reads an entry of groups: a name, or a mapping with more keys.
func groupEntry(v syntax.Value) (id syntax.Value, m syntax.Map) {
	if v.Kind() == syntax.Scalar {
		return v, syntax.Map{}
	}
	m = v.Map("id", "combine", "excludes")
	return m.Require("id"), m
}

func combine(v syntax.Value) engine.Combine {
	return choice(v, "combine", engine.CombineAll, map[string]engine.Combine{
		"all": engine.CombineAll, "best": engine.CombineBest, "best_per_line": engine.CombineBestPerLine, "first": engine.CombineFirst,
	})
}

// groupNames are the names of the listed groups and of that which is always
// there.
func groupNames(listed []engine.Group) []string {
	names := []string{engine.DefaultGroup}
	for _, g := range listed {
		names = append(names, g.ID)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *compiler) groupExcludes(v syntax.Value, own string, known []string) []string {
	var excluded []string
	for _, name := range distinct(v, "excludes") {
		switch {
		case name.Text() == own:
			name.Report(diag.WrongValue, "combine: best or combine: first lets one promotion of a group have an effect", "the group excludes itself")
		case !slices.Contains(known, name.Text()):
			c.reportUnlisted(name, known)
		}
		excluded = append(excluded, name.Text())
	}
	return excluded
}

// reportUnlisted reports the name of a group that policy.yaml does not list.
func (c *compiler) reportUnlisted(v syntax.Value, known []string) {
	hint := c.suggest(v.Text(), func() []string { return known })
	v.Report(diag.UnknownName, hint, "%s lists no group %.70q", c.policyFile, v.Text())
}

// peers are the names by which promotions refer to each other: their ids, and
// those of their groups.
type peers struct {
	ids    map[string]bool
	groups []string // sorted
	// closed says that policy.yaml lists the groups, so that there are no others.
	closed bool
}

func peersOf(promotions []syntax.Map, listed []engine.Group) peers {
	known := peers{ids: make(map[string]bool), groups: groupNames(listed), closed: len(listed) > 0}
	for _, m := range promotions {
		if id := m.Get("id").Text(); id != "" {
			known.ids[id] = true
		}
		if group := m.Get("group").Text(); group != "" && !known.closed {
			known.groups = append(known.groups, group)
		}
	}
	slices.Sort(known.groups)
	known.groups = slices.Compact(known.groups)
	return known
}

func (k peers) isGroup(name string) bool {
	_, found := slices.BinarySearch(k.groups, name)
	return found
}

// names are all that a promotion may exclude.
func (k peers) names() []string {
	return append(slices.Sorted(maps.Keys(k.ids)), k.groups...)
}

// group reads the group of a promotion, "" for the default one.
func (p *promotionCompiler) group(v syntax.Value) string {
	if !v.Present() {
		return ""
	}
	name := plainName(v, "the name of a group")
	if p.peers.closed && name != "" && !p.peers.isGroup(name) {
		p.reportUnlisted(v, p.peers.groups)
	}
	if name == engine.DefaultGroup {
		return ""
	}
	return name
}

// exclusive reads the scope in which a promotion tolerates no other; true is the
// whole cart.
func exclusive(v syntax.Value) engine.Exclusivity {
	return choice(v, "exclusive", engine.NotExclusive, map[string]engine.Exclusivity{
		"group": engine.ExclusiveInGroup, "level": engine.ExclusiveInLevel, "cart": engine.ExclusiveInCart,
		"true": engine.ExclusiveInCart, "false": engine.NotExclusive,
	})
}

// excludes reads the promotions and groups that may have no effect beside the
// promotion.
func (p *promotionCompiler) excludes(m syntax.Map) []string {
	own := engine.DefaultGroup
	if group := m.Get("group").Text(); group != "" {
		own = group
	}
	var excluded []string
	for _, v := range distinct(m.Get("excludes"), "excludes") {
		name := v.Text()
		isPromotion, isGroup := p.peers.ids[name], p.peers.isGroup(name)
		switch {
		case !isPromotion && !isGroup:
			v.Report(diag.UnknownName, p.suggest(name, p.peers.names), "no promotion and no group is called %.70q", name)
		case isPromotion && isGroup:
			v.Report(diag.WrongValue, "rename one of the two", "%q is the id of a promotion and the name of a group", name)
		case isPromotion && name == m.Get("id").Text():
			v.Report(diag.WrongValue, "leave it out", "the promotion excludes itself")
		case isGroup && name == own:
			v.Report(diag.WrongValue, "write exclusive: group", "the promotion excludes its own group")
		}
		excluded = append(excluded, name)
	}
	return excluded
}
