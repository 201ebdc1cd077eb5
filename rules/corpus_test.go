package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func corpus(t *testing.T) []ruletest.Suite {
	t.Helper()
	suites, err := ruletest.Load([]string{"corpus"})
	var faults diag.List
	if errors.As(err, &faults) {
		t.Fatalf("load the corpus:\n%s", faults.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return suites
}

// TestCorpus runs the rule tests below corpus: the behaviour of every part of
// the language, and the cases of other commerce systems.
func TestCorpus(t *testing.T) {
	result, err := ruletest.Run(corpus(t), ruletest.Filter{})
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

func TestCorpusHasEveryReason(t *testing.T) {
	given := map[engine.Reason]bool{engine.Applied: true}
	for _, suite := range corpus(t) {
		for _, c := range suite.Cases {
			for _, reason := range c.Refusals() {
				given[reason] = true
			}
		}
	}
	for _, reason := range engine.Reasons() {
		if !given[reason] {
			t.Errorf("no test of the corpus expects the reason %s", reason)
		}
	}
}
