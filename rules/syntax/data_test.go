package syntax_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

func TestDataIsWhatJSONWouldBe(t *testing.T) {
	doc := syntax.Parse("f.yaml", []byte(`
numbers: [0, -1, 1.50, 1e3, 123456789012345678901234567890.5]
texts: ["1", '2', 2026-12-31, 1.2.3, yes, "", 01:30, "true"]
flags: [true, false]
nothing: [null, ~, ]
block: |
  5
mapping: {a: {b: []}, c: {}}
`))
	got, ok := doc.Root().Data()
	want := map[string]any{
		"numbers": []any{json.Number("0"), json.Number("-1"), json.Number("1.50"), json.Number("1e3"), json.Number("123456789012345678901234567890.5")},
		"texts":   []any{"1", "2", "2026-12-31", "1.2.3", "yes", "", "01:30", "true"},
		"flags":   []any{true, false},
		"nothing": []any{nil, nil},
		"block":   "5\n",
		"mapping": map[string]any{"a": map[string]any{"b": []any{}}, "c": map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok: %v, -want +got:\n%s", ok, diff)
	}
}

func TestDataRefusesWhatJSONCannotSay(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a: 0x10", `f.yaml:1:4: R0004 "0x10" is no number that can be kept exactly: write a number with digits alone, or a text in quotes`},
		{"a: .inf", `f.yaml:1:4: R0004 ".inf" is no number that can be kept exactly: write a number with digits alone, or a text in quotes`},
		{"a: 1e9999", `f.yaml:1:4: R0004 a number has at most 64 characters, and an exponent of at most 3 digits`},
		{"a: 1" + strings.Repeat("0", 64), `f.yaml:1:4: R0004 a number has at most 64 characters, and an exponent of at most 3 digits`},
		{"a: {b: 1, b: 2}", `f.yaml:1:11: R0005 key "b" is given twice`},
		{"[a]: 1", `f.yaml:1:1: R0004 want a text, got a list`},
		{"a: " + strings.Repeat("[", 65) + strings.Repeat("]", 65), `f.yaml:1:68: R0004 this nests deeper than 64 levels`},
	} {
		t.Run(c.text[:min(20, len(c.text))], func(t *testing.T) {
			doc := syntax.Parse("f.yaml", []byte(c.text))
			_, ok := doc.Root().Data()
			if got := doc.Faults().Error(); ok || got != c.want {
				t.Errorf("ok: %v\ngot  %s\nwant %s", ok, got, c.want)
			}
		})
	}
}

func TestAtFindsTheNearest(t *testing.T) {
	root := syntax.Parse("f.yaml", []byte("a:\n  - b\n  - {c: d}\nb: a\n")).Root()
	for _, c := range []struct {
		path []string
		want string
	}{
		{nil, "f.yaml:1:1"},
		{[]string{"a"}, "f.yaml:2:3"},
		{[]string{"a", "1", "c"}, "f.yaml:3:9"},
		{[]string{"a", "2"}, "f.yaml:2:3"},
		{[]string{"b"}, "f.yaml:4:4"},
		{[]string{"b", "x", "y"}, "f.yaml:4:4"},
	} {
		if got := root.At(c.path).Location(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.path, got, c.want)
		}
	}
	if got := root.KeyOf("b").Location(); got != "f.yaml:4:1" {
		t.Errorf("got %s, want the key and not the text of the list", got)
	}
	if root.KeyOf("c").Present() || root.At([]string{"b"}).KeyOf("a").Present() {
		t.Error("got a key where there is none")
	}
}
