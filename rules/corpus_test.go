package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestCorpus runs the rule tests below corpus: the behaviour of every deal, and
// the cases of other commerce systems.
func TestCorpus(t *testing.T) {
	suites, err := ruletest.Load([]string{"corpus"})
	var faults diag.List
	if errors.As(err, &faults) {
		t.Fatalf("load the corpus:\n%s", faults.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed > 0 {
		var b strings.Builder
		if err := report.TestsPretty(&b, result, "checkout rules test rules/corpus"); err != nil {
			t.Fatal(err)
		}
		t.Errorf("corpus:\n%s", b.String())
	}
}
