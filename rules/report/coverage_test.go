package report_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
)

// halfCovered has a file that is covered and one that is in part.
func halfCovered() coverage.Result {
	at := func(line, from, to int) diag.Range {
		return diag.Range{Start: diag.Position{Line: line, Column: from}, End: diag.Position{Line: line, Column: to}}
	}
	promotion := func(id string) compile.Owner { return compile.Owner{Kind: compile.PromotionSymbol, Name: id} }
	return coverage.Result{
		Sources: map[string]string{
			"shop/a.yaml": "promotions:\n  - {id: a, deal: {percent_off: {of: order, percent: 10}}}\n",
			"shop/b.yaml": "# Two & more\npromotions:\n  - id: b\n    when: a < 1 and b\n    deal: {gift: {choose_from: [X, Y]}}\n",
		},
		Pairs: []coverage.Pair{{Folder: "shop", Promotions: [2]string{"a", "b"}, Cases: 2}},
		Points: []coverage.Point{
			{File: "shop/a.yaml", Range: at(2, 10, 11), Kind: coverage.Outcome, Owner: promotion("a"), Want: "applied", Cases: 3},
			{File: "shop/b.yaml", Range: at(3, 9, 10), Kind: coverage.Outcome, Owner: promotion("b"), Want: "applied"},
			{File: "shop/b.yaml", Range: at(3, 9, 10), Kind: coverage.Outcome, Owner: promotion("b"), Want: "condition_false", Cases: 2},
			{File: "shop/b.yaml", Range: at(4, 11, 16), Kind: coverage.Condition, Owner: promotion("b"), Text: "a < 1", Want: "true"},
			{File: "shop/b.yaml", Range: at(4, 11, 16), Kind: coverage.Condition, Owner: promotion("b"), Text: "a < 1", Want: "false", Cases: 1},
			{File: "shop/b.yaml", Range: at(5, 33, 34), Kind: coverage.Branch, Owner: promotion("b"), Want: "gift X"},
			{File: "shop/b.yaml", Range: at(5, 36, 37), Kind: coverage.Outcome, Owner: promotion("b"), Want: "out_of_stock"},
		},
	}
}

func TestCoverage(t *testing.T) {
	result := halfCovered()
	tests := []struct {
		golden string
		write  func(*strings.Builder) error
	}{
		{"coverage.golden.txt", func(b *strings.Builder) error { return report.CoveragePretty(b, result, false) }},
		{"coverage_colours.golden.txt", func(b *strings.Builder) error { return report.CoveragePretty(b, result, true) }},
		{"coverage.golden.json", func(b *strings.Builder) error { return report.CoverageJSON(b, result) }},
		{"coverage.golden.lcov", func(b *strings.Builder) error { return report.CoverageLCOV(b, result) }},
		{"coverage.golden.html", func(b *strings.Builder) error { return report.CoverageHTML(b, result) }},
		{"coverage_none.golden.json", func(b *strings.Builder) error { return report.CoverageJSON(b, coverage.Result{}) }},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			var b strings.Builder
			if err := tt.write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, "testdata/"+tt.golden, b.String())
		})
	}
}
