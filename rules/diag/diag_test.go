package diag_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/diag"
)

func at(line, from, to int) diag.Range {
	return diag.Range{Start: diag.Position{Line: line, Column: from}, End: diag.Position{Line: line, Column: to}}
}

func TestRender(t *testing.T) {
	for _, c := range []struct {
		name string
		in   diag.Diagnostic
		want string
	}{
		{"a finding with all its parts",
			diag.Diagnostic{Code: diag.UnknownName, File: "tv.yaml", Range: at(4, 11, 13), Message: `unknown name "tv"`,
				Hint: `did you mean "tvs"?`, Line: "    when: tv.quantity > 3"},
			"tv.yaml:4:11: R0103 unknown name \"tv\"\n   4 |     when: tv.quantity > 3\n     |           ^^\n     = did you mean \"tvs\"?\n"},
		{"a tab before the finding stays a tab",
			diag.Diagnostic{Code: diag.Syntax, File: "f", Range: at(1, 3, 5), Message: "m", Line: "a\tbc"},
			"f:1:3: R0001 m\n   1 | a\tbc\n     |  \t^^\n"},
		{"characters are counted, not bytes",
			diag.Diagnostic{Code: diag.Syntax, File: "f", Range: at(1, 3, 4), Message: "m", Line: "äöü"},
			"f:1:3: R0001 m\n   1 | äöü\n     |   ^\n"},
		{"an empty range has one caret",
			diag.Diagnostic{Code: diag.Syntax, File: "f", Range: at(1, 4, 4), Message: "m", Line: "abc"},
			"f:1:4: R0001 m\n   1 | abc\n     |    ^\n"},
		{"a range over lines goes to the end of the first",
			diag.Diagnostic{Code: diag.Syntax, File: "f", Message: "m", Line: "abcd",
				Range: diag.Range{Start: diag.Position{Line: 1, Column: 2}, End: diag.Position{Line: 3, Column: 1}}},
			"f:1:2: R0001 m\n   1 | abcd\n     |  ^^^\n"},
		{"a part of a long line begins at its own column",
			diag.Diagnostic{Code: diag.Syntax, File: "f", Range: at(1, 1003, 1005), Message: "m", Line: "…bcdef…", LineFrom: 1001},
			"f:1:1003: R0001 m\n   1 | …bcdef…\n     |   ^^\n"},
		{"a finding about a file has no excerpt",
			diag.Diagnostic{Code: diag.NothingToLoad, File: "f", Message: "m", Hint: "h"},
			"f: R0006 m\n     = h\n"},
		{"a finding about no file is about the rules",
			diag.Diagnostic{Code: diag.NothingToLoad, Message: "m"}, "rules: R0006 m\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.in.Render()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAListIsSortedAndHasEachFindingOnce(t *testing.T) {
	b := diag.Diagnostic{Code: diag.Syntax, File: "b.yaml", Range: at(1, 1, 2), Message: "m"}
	late := diag.Diagnostic{Code: diag.Syntax, File: "a.yaml", Range: at(10, 1, 2), Message: "m"}
	early := diag.Diagnostic{Code: diag.Syntax, File: "a.yaml", Range: at(9, 3, 4), Message: "m"}
	got := diag.List{b, late, early, b, late}.Err()
	want := "a.yaml:9:3: R0001 m\na.yaml:10:1: R0001 m\nb.yaml:1:1: R0001 m"
	if got.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := (diag.List{}).Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestFilesInAFolder(t *testing.T) {
	list := diag.List{{Code: diag.Syntax, File: "tv.yaml", Message: "m"}}
	if got := list.InFolder("rules").Error(); got != "rules/tv.yaml: R0001 m" {
		t.Errorf("got %s", got)
	}
	if got := list.Error(); got != "tv.yaml: R0001 m" {
		t.Errorf("got %s: InFolder changed the list itself", got)
	}
}

func TestSuggest(t *testing.T) {
	many := strings.Fields("a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11 l12 m13 quantity")
	for _, c := range []struct {
		name, word string
		candidates []string
		want       string
	}{
		{"the nearest", "quantaty", many, `did you mean "quantity"?`},
		{"case does not count", "QUANTITY", many, `did you mean "quantity"?`},
		{"of two as near the first by name", "tv", []string{"tvz", "tvs"}, `did you mean "tvs"?`},
		{"a letter in common is not near", "vip", []string{"i"}, "there is i"},
		{"two of three letters that differ are not near", "ten", []string{"tvs"}, "there is tvs"},
		{"two of three letters that changed places are", "tsv", []string{"tvs"}, `did you mean "tvs"?`},
		{"none near among few lists them", "zzz", []string{"to", "by"}, "there is by, to"},
		{"none near among many says nothing", "zzzzzz", many, ""},
		{"no candidates say nothing", "x", nil, ""},
		{"a name of quite another length is not near", "quantityquantity", many, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := diag.Suggest(c.word, c.candidates); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryCodeHasAPage(t *testing.T) {
	codes := []diag.Code{
		diag.Syntax, diag.UnknownKey, diag.MissingKey, diag.WrongValue, diag.Duplicate, diag.NothingToLoad,
		diag.NotSupported, diag.ReservedName, diag.UnknownPlugin, diag.PluginConfig, diag.PluginSchema, diag.BadExpression, diag.TypeMismatch, diag.UnknownName, diag.TooCostly,
		diag.NotAllowed, diag.Cycle, diag.OutOfRange, diag.AmountDigits, diag.UnknownItem, diag.UnknownTarget, diag.TestIncomplete,
		diag.NeverTrue, diag.AlwaysTrue, diag.Shadowed, diag.Overlapping, diag.Stacking, diag.BelowCost, diag.Unbounded, diag.Expired,
		diag.NotInCatalogue, diag.UnreachableTier, diag.Unused, diag.NotPinned, diag.GivesNothing, diag.Repeated, diag.UselessAllowance, diag.NoCodes, diag.NeverRuns,
	}
	pages := diag.Pages()
	for i, page := range pages {
		if i >= len(codes) || page.Code != codes[i] {
			t.Fatalf("page %d: got code %s, want the pages in the order of codes", i, page.Code)
		}
		if page.Title == "" || page.Avoid == "" || page.Prefer == "" || page.Why == "" {
			t.Errorf("the page of %s has an empty part", page.Code)
		}
	}
	if len(pages) != len(codes) {
		t.Errorf("got %d pages, want %d", len(pages), len(codes))
	}
}

// TestPages compares all pages with testdata/pages.txt, which UPDATE_GOLDEN=1
// rewrites.
func TestPages(t *testing.T) {
	var b strings.Builder
	for _, page := range diag.Pages() {
		b.WriteString(page.Render() + "\n")
	}
	for _, page := range diag.ReasonPages() {
		b.WriteString(page.Render() + "\n")
	}
	goldentest.Compare(t, "testdata/pages.txt", b.String())
}

func TestAnErrorOfManyFaultsStaysShort(t *testing.T) {
	var l diag.List
	for i := range 60 {
		l = append(l, diag.Diagnostic{Code: diag.UnknownName, File: "f.yaml", Message: fmt.Sprint("fault ", i)})
	}
	lines := strings.Split(l.Error(), "\n")
	if len(lines) != 51 || lines[49] != "f.yaml: R0103 fault 49" || lines[50] != "and 10 more" {
		t.Errorf("got %d lines, the last ones %q", len(lines), lines[len(lines)-2:])
	}
	if got := strings.Count(l.Render(), "R0103"); got != 60 {
		t.Errorf("Render shows %d of 60", got)
	}
}

func TestAFaultThatIsFoundTwiceIsToldOnce(t *testing.T) {
	one := func() diag.Diagnostic {
		return diag.Diagnostic{Code: diag.UnknownName, File: "f.yaml", Message: "unknown", Fix: &diag.Fix{Title: "Write it"}}
	}
	other := one()
	other.Hint = "there is another"
	if got := (diag.List{one(), other, one()}).Sorted(); len(got) != 2 {
		t.Errorf("got %d faults, want 2 of 3", len(got))
	}
}
