package syntax_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/diag"
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
		{"a mapping that the file ends before says where it began",
			"sets: {a: b\n",
			"f.yaml:1:7: R0001 this { is not closed: quote an expression inside { } that has a bracket, a comma or a #"},
		{"an expression that a flow mapping cannot hold says where it stops",
			"sets: {a: sku in [\"x\"]}\n",
			"f.yaml:1:18: R0001 a comma or } is missing here: quote an expression inside { } that has a bracket, a comma or a #"},
		{"a list that is not closed",
			"promotions: [a\n",
			"f.yaml:1:13: R0001 this [ is not closed: quote an expression inside [ ] that has a bracket, a comma or a #"},
		{"a colon in a plain expression gets advice",
			"sets:\n  a: b ? c : d\n",
			"f.yaml:2:12: R0001 a colon cannot stand here: check the indentation, and quote an expression that contains a colon"},
		{"an expression that begins with a quoted text",
			"when: 'vip' in customer.groups\n",
			"f.yaml:1:13: R0001 this does not belong to what stands before it: check the indentation; where a text begins with quotes, quote the whole: \"'vip' in customer.groups\""},
		{"a quote that is not closed",
			"sets:\n  a: \"b\n",
			"f.yaml:2:6: R0001 these quotes are not closed"},
		{"an unknown escape",
			"sets: \"\\q\"\n",
			"f.yaml:1:8: R0001 an unknown character after \\: use single quotes, in which \\ has no meaning"},
		{"a tab as indentation",
			"sets:\n\ta: b\n",
			"f.yaml:2:1: R0001 a tab cannot indent: indent with blanks"},
		{"a character that YAML keeps for itself",
			"sets: @b\n",
			"f.yaml:1:7: R0001 no value can begin with this character: quote the text"},
		{"a list on the line of its key",
			"sets: - b\n",
			"f.yaml:1:7: R0001 a list cannot begin here: begin it on a line of its own"},
		{"a key among the items of a list",
			"promotions:\n  - a\n  b: c\n",
			"f.yaml:3:3: R0001 an item of the list has to begin with - here: indent all items of a list alike"},
		{"a key without a colon",
			"sets:\n  a: b\npromotions\n",
			"f.yaml:3:1: R0001 a key without a colon: write key: value"},
		{"anchors are refused",
			"sets: &x {a: b}\n",
			"f.yaml:1:7: R0007 anchors and aliases cannot be used here: give the thing a name under sets or conditions, and quote a text that begins with * or &"},
		{"aliases are refused",
			"sets: *x\n",
			"f.yaml:1:7: R0001 * begins an alias, which cannot be used here: quote a text that begins with *"},
		{"an exclamation mark is a tag to YAML, which would lose it",
			"sets: {a: ! vip}\n",
			"f.yaml:1:11: R0007 YAML reads a ! here as a tag, which cannot be used: write not for the opposite of a condition, and quote a text that begins with !"},
		{"two documents in one file are refused",
			"# rules\n---\nsets: {}\n---\nsets: {}\n",
			"f.yaml:4:1: R0001 a second document begins here: remove the line ---, or make it a file of its own"},
		{"lines end where YAML says",
			"sets: {}\r\n# \u2028\nsets: {}\rsets: {}\n",
			"f.yaml:4:1: R0005 key \"sets\" is given twice\nf.yaml:5:1: R0005 key \"sets\" is given twice"},
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

func TestRangesAndWhatFollows(t *testing.T) {
	for _, c := range []struct {
		name, source string
		from, to     int
		want         string // of the range, then of Next
	}{
		{"an empty text has an empty range", `when: ""`, 0, 1, "1:8-1:8 none"},
		{"a range beyond the text ends with it", "when: abc", 1, 9, "1:8-1:10 none"},
		{"a range behind the text is its end", "when: abc", 9, 12, "1:10-1:10 none"},
		{"a comment follows", "when: any(tags, # == x)", 0, 3, "1:7-1:10 '#'"},
		{"a comma follows in a flow mapping", "x: {when: min(1, b: 2}", 0, 3, "1:11-1:14 ','"},
		{"a quoted text is never cut off", "when: 'abc' # x", 0, 1, "1:8-1:9 none"},
		{"an escape is as long as it is written", `when: "\u00e9\x41b"`, 1, 3, "1:14-1:19 none"},
		{"characters are counted, not bytes", "when: äöü", 1, 2, "1:8-1:9 none"},
		{"a non-breaking blank at the end of a line is text", "when: a\u00a0", 0, 2, "1:7-1:9 none"},
		{"a line that ends in one goes on", "when: |\n  a\u00a0\n  b\n", 3, 4, "3:3-3:4 none"},
		{"a range over lines ends on its first", "when: |\n  ab\n  cd\n", 0, 5, "2:3-3:5 none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := find(syntax.Parse("f.yaml", []byte(c.source)).Root())
			r, next := v.RangeOf(c.from, c.to), "none"
			if v.Next() != 0 {
				next = fmt.Sprintf("%q", v.Next())
			}
			got := fmt.Sprintf("%d:%d-%d:%d %s", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, next)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAFileOfOneLongLineIsReadInLinearTime takes seconds to minutes when each
// position or each fault walks the line again.
func TestAFileOfOneLongLineIsReadInLinearTime(t *testing.T) {
	const faults = 100_000
	doc := syntax.Parse("f.yaml", []byte("sets: ["+strings.Repeat("ä, ", faults)+"]\nwhen: "+strings.Repeat("x", 1<<20)))
	for _, item := range doc.Root().Map("sets").Get("sets").Items() {
		item.Report(diag.WrongValue, "", "no")
	}
	started := time.Now()
	find(doc.Root()).Report(diag.WrongValue, "", "too long")
	if got := len(doc.Faults().Render()); got > 1000*faults {
		t.Errorf("got %d bytes for %d faults, want excerpts of long lines only", got, faults)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("took %s, want under 20s", took)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: |\n  x\n"))
	f.Add([]byte("a: \"\\x41\\\n b\""))
	f.Add([]byte("- >\n x\n\n  y"))
	f.Add([]byte("RW\u2005"))
	f.Add([]byte("a: |\n  x\u2028y\u00a0\n  \u0085z"))
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

func TestValuesOfEveryKind(t *testing.T) {
	doc := syntax.Parse("f.yaml", []byte("\ufeffb: [true, false, 'true', maybe, [], ]\nt: [x, 'x', {}, ~, \"\"]\none: x\nempty:\nnil: ~\n"))
	root := doc.Root().Map("b", "t", "one", "empty", "nil", "gone")
	var got []string
	for _, v := range root.Get("b").Items() {
		got = append(got, fmt.Sprint(v.WantBool(true)))
	}
	for _, v := range root.Get("t").Texts() {
		got = append(got, fmt.Sprintf("%q %v %s", v.Text(), v.Quoted(), v.Location()))
	}
	for _, v := range append(root.Get("one").Texts(), root.Get("empty"), root.Get("nil"), root.Get("gone")) {
		text, ok := v.WantText()
		got = append(got, fmt.Sprintf("%q %v %v %v", text, ok, v.Present(), v.Kind()))
	}
	got = append(got, fmt.Sprint(root.Get("gone").WantBool(true)), root.Get("gone").Location(), doc.Name(), doc.Faults().Sorted().Error())
	want := `true
false
true
true
true
"x" false f.yaml:2:5
"x" true f.yaml:2:8
"" true f.yaml:2:20
"x" true true 2
"" false true 1
"" false true 1
"" false false 0
true

f.yaml
f.yaml:1:19: R0004 want true or false, got "true": without quotes
f.yaml:1:26: R0004 want true or false, got "maybe"
f.yaml:1:33: R0004 want true or false, got a list
f.yaml:2:13: R0004 want a text, got a mapping
f.yaml:2:17: R0004 want a text, got nothing
f.yaml:4:7: R0004 want a text, got nothing
f.yaml:5:6: R0004 want a text, got nothing`
	if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestADiagnosticCanBeMadeWithoutAFault(t *testing.T) {
	doc := syntax.Parse("f.yaml", []byte("a: x\n"))
	made := doc.Root().Map("a").Get("a").Diagnostic(diag.UnknownItem, "h", "no %d", 1)
	if got, want := made.String(), "f.yaml:1:4: R0201 no 1: h"; got != want || len(doc.Faults()) > 0 {
		t.Errorf("got %s and %d faults, want %s and none", got, len(doc.Faults()), want)
	}
}
