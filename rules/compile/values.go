package compile

import (
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// given reports a key without a value, because a schedule that is empty by
// mistake would otherwise mean always.
func given(v syntax.Value, what string) syntax.Value {
	if v.Kind() == syntax.Null {
		v.Report(diag.MissingKey, "give it a value, or leave it out", "%s is empty", what)
	}
	return v
}

// filled is given for a list or a mapping, which must have an element.
func filled(v syntax.Value, what string) syntax.Value {
	if v.Kind() == syntax.Sequence && len(v.Items()) == 0 || v.Kind() == syntax.Mapping && len(v.Entries()) == 0 {
		v.Report(diag.MissingKey, "give it a value, or leave it out", "%s is empty", what)
	}
	return given(v, what)
}

// some returns the texts of a list that must have one.
func some(v syntax.Value, what string) []syntax.Value { return filled(v, what).Texts() }

// choice reads one word out of a few; an absent value is fallback.
func choice[T any](v syntax.Value, what string, fallback T, words map[string]T) T {
	text, ok := v.WantText()
	if !ok {
		return fallback
	}
	chosen, known := words[text]
	if !known {
		v.Report(diag.WrongValue, "write "+alternatives(slices.Sorted(maps.Keys(words))), "unknown %s %.40q", what, text)
	}
	return chosen
}

// alternatives writes a, b or c.
func alternatives(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// distinct is some for a list in which every text stands once.
func distinct(v syntax.Value, what string) []syntax.Value {
	var list []syntax.Value
	seen := make(map[string]bool)
	for _, t := range some(v, what) {
		if seen[t.Text()] {
			t.Report(diag.Duplicate, "", "%.70q stands in the list already", t.Text())
			continue
		}
		seen[t.Text()] = true
		list = append(list, t)
	}
	return list
}

// plainName reads a name that is no part of an expression, such as that of a
// group; "" when it cannot be one.
func plainName(v syntax.Value, what string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	name, ok := v.WantText()
	if ok && (name == "" || len(name) > 64 || strings.Trim(name, letters) != "") {
		v.Report(diag.WrongValue, "use 1 to 64 letters, digits, - and _", "%.70q cannot be %s", name, what)
		return ""
	}
	return name
}
