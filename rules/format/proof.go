package format

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

// changed says what the new text says otherwise than the old one, "" for nothing.
func changed(name string, before, after []byte) string {
	old, now := syntax.Parse(name, before), syntax.Parse(name, after)
	if err := now.Faults().Err(); err != nil {
		return fmt.Sprintf("it would no longer be read: %v", err)
	}
	if place := different(old.Root(), now.Root()); place != "" {
		return place + " would say something else"
	}
	if bare(string(before)) != bare(string(after)) {
		return "a comment or a sign would get lost"
	}
	return ""
}

// bare is a text without blanks and line ends, which are all that formatting changes.
func bare(text string) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(text, "\uFEFF")), "")
}

// different returns the place of a value that is not the same, "" when both are
// alike.
func different(a, b syntax.Value) string {
	if a.Kind() != b.Kind() || a.Quoted() != b.Quoted() || a.Text() != b.Text() {
		return strings.TrimPrefix(a.Location(), a.File()+":")
	}
	switch a.Kind() {
	case syntax.Mapping:
		return differentEntries(a, b)
	case syntax.Sequence:
		x, y := a.Items(), b.Items()
		if len(x) != len(y) {
			return a.Location()
		}
		for i := range x {
			if place := different(x[i], y[i]); place != "" {
				return place
			}
		}
	}
	return ""
}

func differentEntries(a, b syntax.Value) string {
	x, y := a.Entries(), b.Entries()
	if len(x) != len(y) {
		return a.Location()
	}
	for i := range x {
		if place := different(x[i].Key, y[i].Key); place != "" {
			return place
		}
		if place := different(x[i].Value, y[i].Value); place != "" {
			return place
		}
	}
	return ""
}
