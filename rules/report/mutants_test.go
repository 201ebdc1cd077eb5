package report_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/mutate"
	"github.com/checkout-promotions/checkout/rules/report"
)

// mutated has a mutant that was killed and two that survived.
func mutated() mutate.Result {
	mutant := func(what, after string) mutate.Mutant {
		return mutate.Mutant{
			File: "b.yaml", New: ">=", At: diag.Position{Line: 4, Column: 13}, What: what,
			Owner:  compile.Owner{Kind: compile.PromotionSymbol, Name: "b"},
			Before: []string{"    when: a > 1 and b"}, After: []string{after},
		}
	}
	policy := mutant("combine best becomes all", "")
	policy.Owner, policy.After = compile.Owner{}, nil
	return mutate.Result{Killed: 1, Findings: []mutate.Finding{
		{Mutant: mutant("a > 1 is left out of and", "    when: true and b"), Folder: "shop", Path: "shop/b.yaml", Killed: true, By: "shop/b_test.yaml:3 one"},
		{Mutant: mutant("> becomes >=", "    when: a >= 1 and b"), Folder: "shop", Path: "shop/b.yaml",
			Test: "  - name: b\n    given:\n      cart: [TV]\n", TestFile: "shop/b_test.yaml"},
		{Mutant: policy, Folder: "shop", Path: "shop/policy.yaml"},
	}}
}

func TestMutants(t *testing.T) {
	result := mutated()
	seed := uint64(7)
	tests := []struct {
		golden string
		write  func(*strings.Builder) error
	}{
		{"mutants.golden.txt", func(b *strings.Builder) error { return report.MutantsPretty(b, result) }},
		{"mutants.golden.json", func(b *strings.Builder) error { return report.MutantsJSON(b, result, &seed) }},
		{"mutants_none.golden.txt", func(b *strings.Builder) error { return report.MutantsPretty(b, mutate.Result{}) }},
		{"mutants_none.golden.json", func(b *strings.Builder) error { return report.MutantsJSON(b, mutate.Result{}, nil) }},
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
