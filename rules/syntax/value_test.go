package syntax_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

func TestFaultsAreCollectedWithTheirPlaces(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"an unknown key is named with the nearest known one",
			"promotoins: []\n",
			"f.yaml:1:1: R0002 unknown key \"promotoins\": did you mean \"promotions\"?"},
		{"a key given twice is a fault at the second",
			"sets: {a: x, a: y}\n",
			"f.yaml:1:14: R0005 key \"a\" is given twice"},
		{"a list where a mapping is due",
			"sets: [a]\n",
			"f.yaml:1:7: R0004 want a mapping, got a list"},
		{"a text where a list is due",
			"promotions: all\n",
			"f.yaml:1:13: R0004 want a list, got \"all\""},
		{"a broken file says where",
			"sets: {a: b\n",
			"f.yaml:2:1: R0001 did not find expected ',' or '}'"},
		{"a colon in a plain expression gets advice",
			"sets:\n  a: b ? c : d\n",
			"f.yaml:2:12: R0001 mapping values are not allowed in this context: quote an expression that contains a colon"},
		{"anchors are refused",
			"sets: &x {a: b}\n",
			"f.yaml:1:7: R0007 anchors and aliases cannot be used here: give the thing a name under sets or conditions"},
		{"two documents in one file are refused",
			"sets: {}\n---\nsets: {}\n",
			"f.yaml:1:1: R0001 expected single document, found multiple documents"},
		{"text that is not UTF-8 is refused",
			"sets: \xff\n",
			"f.yaml: R0001 the file is not UTF-8 text: save the file as UTF-8"},
		{"an empty file has no faults and no value", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := syntax.Parse("f.yaml", []byte(c.source))
			root := doc.Root().Map("sets", "promotions")
			root.Get("sets").Entries()
			root.Get("promotions").Items()
			if diff := cmp.Diff(c.want, doc.Faults().Sorted().Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMissingKeysAndAlternatives(t *testing.T) {
	doc := syntax.Parse("f.yaml", []byte("a: {x: 1}\nb: {x: 1, y: 2}\nc: {}\nd: {x: }\n"))
	root := doc.Root().Map("a", "b", "c", "d")
	root.Get("a").Map("x", "y").Require("y")
	root.Get("b").Map("x", "y").OneOf("x", "y")
	root.Get("c").Map("x", "y").OneOf("x", "y")
	root.Get("d").Map("x").Require("x")
	want := `f.yaml:1:4: R0003 key "y" is missing
f.yaml:2:11: R0004 x and y cannot stand together: keep one of the two
f.yaml:3:4: R0003 one of x, y is missing
f.yaml:4:5: R0003 key "x" has no value`
	if diff := cmp.Diff(want, doc.Faults().Sorted().Error()); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: |\n  x\n"))
	f.Add([]byte("a: \"\\x41\\\n b\""))
	f.Add([]byte("- >\n x\n\n  y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := syntax.Parse("f.yaml", data)
		walk(doc.Root())
	})
}

func walk(v syntax.Value) {
	v.Range()
	for _, e := range v.Entries() {
		e.Key.Range()
		walk(e.Value)
	}
	for _, item := range v.Items() {
		walk(item)
	}
}
