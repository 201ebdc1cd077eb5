package compile

import (
	"regexp"
	"slices"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

// PluginNames returns the names of the plugins that rule files ask, sorted, before
// there is a lock file to compile them with: those that deals name, and of the
// installed ones those whose facts expressions read. Files with faults tell what
// they can.
func PluginNames(files []File, installed []string) []string {
	var names []string
	for _, f := range files {
		if isLock(f.Name) {
			continue
		}
		visit("", syntax.Parse(f.Name, f.Data).Root(), func(key string, v syntax.Value) {
			if deal := v.KeyOf("name"); key == "plugin" && v.Kind() == syntax.Mapping && deal.Present() {
				names = append(names, v.At([]string{"name"}).Text())
			}
			for _, name := range installed {
				if v.Kind() == syntax.Scalar && asksFacts(v.Text(), name) {
					names = append(names, name)
				}
			}
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// visit calls f for the value, which the key leads to, and all in it.
func visit(key string, v syntax.Value, f func(key string, v syntax.Value)) {
	f(key, v)
	switch v.Kind() {
	case syntax.Mapping:
		for _, e := range v.Entries() {
			visit(e.Name, e.Value, f)
		}
	case syntax.Sequence:
		for _, item := range v.Items() {
			visit("", item, f)
		}
	}
}

// asksFacts tells whether an expression reads a fact of the plugin.
func asksFacts(expression, plugin string) bool {
	return regexp.MustCompile(`(^|[^\w."'])` + variableOf(plugin) + `\s*\.\s*[a-z]`).MatchString(expression)
}
