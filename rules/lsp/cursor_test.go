package lsp

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCursorIsFoundInYAMLThatIsNotFinished(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file", "|", "either of  at "},
		{"the first word", "pro|", "either of  at pro"},
		{"a key that has no value yet", "promotions:|", "value of promotions at "},
		{"an element that has nothing yet", "promotions:\n  - |", "either of promotions/- at "},
		{"an element beside its key", "promotions:\n- id: a\n- |", "either of promotions/- at "},
		{"the next key of an element", "promotions:\n  - id: a\n    wh|", "either of promotions/- at wh, after id"},
		{"a blank line of an element", "promotions:\n  - id: a\n    name: b\n    |", "either of promotions/- at , after id name"},
		{"a blank line further in", "promotions:\n  - id: a\n    deal:\n      |", "either of promotions/-/deal at "},
		{"a blank line further out", "promotions:\n  - id: a\n|", "either of  at , after promotions"},
		{"a value", "promotions:\n  - when: ca|", "value of promotions/-/when at ca"},
		{"a value in double quotes", `promotions: [{when: "ca|`, `value of promotions/-/when at "ca`},
		{"a value in single quotes over lines", "a: 'x\n  y|", "value of a at 'x\n  y"},
		{"a value that goes on", "sets:\n  a: x or\n    y|", "value of sets/a at x or\n    y"},
		{"a block", "sets:\n  a: |\n    x or\n    y|", "value of sets/a at x or\n    y"},
		{"after a block", "sets:\n  a: >-\n    x or\n  b|", "either of sets at b, after a"},
		{"a key in brackets", "- {id: a, wh|", "key of - at wh, after id"},
		{"a key after a bracket", "promotions: [{id: a, deal: {|", "key of promotions/-/deal at "},
		{"a value in brackets", "- {id: a, deal: {percent_off: {of: x, percent: 1|", "value of -/deal/percent_off/percent at 1"},
		{"an element in brackets", "excludes: [a, b|", "value of excludes/- at b"},
		{"an element in quotes", `cart: ["A x2", "B|`, `value of cart/- at "B`},
		{"brackets over lines", "a: {b: [1, # c\n  2],\n  c: |", "value of a/c at "},
		{"after closed brackets", "a: {b: 1}\nc|", "either of  at c, after a"},
		{"a key in quotes", `"a": {'b': x|`, "value of a/b at x"},
		{"a comment", "a: 1 # x|", "comment"},
		{"a line of comment", "a: 1\n# x|", "comment"},
		{"a colon in a value", "a: b:c|", "value of a at b:c"},
		{"CRLF", "promotions:\r\n  - id: a\r\n    wh|", "either of promotions/- at wh, after id"},
		{"a byte order mark", "\uFEFFsets:\n  a: x|", "value of sets/a at x"},
		{"a document mark", "---\nse|", "either of  at se"},
		{"broken lines before", "sets: [}\npromotions:\n  - id: {a\n    when|", "key of promotions/-/id at when"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := strings.LastIndex(tt.text, "|")
			content := tt.text[:i] + tt.text[i+1:]
			c, ok := cursorAt(content, i)
			got := "comment"
			if ok {
				what := "value of "
				switch {
				case c.key:
					what = "key of "
				case c.either:
					what = "either of "
				}
				got = what + strings.Join(c.path, "/") + " at " + strings.Trim(string(c.quote), "\x00") + content[c.start:i]
				if len(c.seen) > 0 && (c.key || c.either) {
					got += ", after " + strings.Join(c.seen, " ")
				}
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestACursorIsFoundInAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"a", ": ", ":", "\n", "\r\n", "  ", "- ", "-", "{", "}", "[", "]", ",", "\"", "'", "#", " #", "|", ">", "ä", "\t", "---", "\\", "\uFEFF",
		})).Draw(t, "parts"), "")
		offset := rapid.IntRange(0, len(content)).Draw(t, "offset")
		if c, ok := cursorAt(content, offset); ok && (c.start < 0 || c.start > offset) {
			t.Fatalf("%q at %d: got the start %d", content, offset, c.start)
		}
	})
}
