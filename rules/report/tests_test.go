package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func TestFailedTestsSayWhoStoodInTheWayAndWhatWasLeft(t *testing.T) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	result := ruletest.Result{Failed: 1, Passed: 2, Cases: []ruletest.CaseResult{{
		File: "shop_test.yaml", Line: 7, Name: "three pans", Filter: "test=three pans",
		Mismatches: []ruletest.Mismatch{{Field: "payable", Want: "1.00", Got: "2.00"}},
		WhyNot: []ruletest.WhyNot{
			{Source: "shop.yaml:1:5", Promotion: "pair", Reason: engine.Displaced, Obstacle: engine.Obstacle{By: []string{"trio", "set"}}},
			{Source: "shop.yaml:2:5", Promotion: "tenth", Reason: engine.Excluded, Obstacle: engine.Obstacle{By: []string{"trio"}}},
			{Source: "shop.yaml:3:5", Promotion: "autumn", Reason: engine.BudgetSpent, Obstacle: engine.Obstacle{Detail: "8.00 wanted, 5.00 left"}},
			{Source: "shop.yaml:4:5", Promotion: "last", Reason: engine.CapReached},
			{Source: "shop.yaml:4:9", Promotion: "fourth", Reason: engine.BelowQuantity, Currency: usd,
				Nearest: &engine.Hint{Add: []engine.HintItem{{SKU: "PAN", Quantity: 2}}, Saves: 500, Costs: -100}},
			{Source: "shop.yaml:5:5", Promotion: "points", Reason: engine.PluginFailed, Obstacle: engine.Obstacle{Fault: engine.TimedOut, Detail: "after 100ms"}},
			{Source: "shop.yaml:6:5", Promotion: "wrap", Reason: engine.PluginFailed, Obstacle: engine.Obstacle{Fault: engine.Crashed}},
		},
	}}}
	var b strings.Builder
	if err := report.TestsPretty(&b, result, "checkout rules test"); err != nil {
		t.Fatal(err)
	}
	want := `FAIL shop_test.yaml:7  three pans
  payable      want 1.00, got 2.00
  why not pair  (shop.yaml:1:5, displaced)
    displaced by trio, set
  why not tenth  (shop.yaml:2:5, excluded)
    excluded by trio
  why not autumn  (shop.yaml:3:5, budget_spent)
    8.00 wanted, 5.00 left
  why not last  (shop.yaml:4:5, cap_reached)
  why not fourth  (shop.yaml:4:9, below_quantity)
    nearest: 2 x PAN more saves 5.00 and makes the cart 1.00 cheaper
  why not points  (shop.yaml:5:5, plugin_failed)
    timeout: after 100ms
  why not wrap  (shop.yaml:6:5, plugin_failed)
    crashed
  run it again: checkout rules test --run 'test=three pans'

1 failed, 2 passed
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatChangedIsShownBeforeWhatGoesOnFailing(t *testing.T) {
	file := func(line int, name string, passed bool) ruletest.CaseResult {
		c := ruletest.CaseResult{File: "shop_test.yaml", Line: line, Name: name, Passed: passed, Filter: "test=" + name}
		if !passed {
			c.Mismatches = []ruletest.Mismatch{{Field: "total", Want: "1.00", Got: "2.00"}}
		}
		return c
	}
	fixed, broken, still, skipped := file(3, "fixed", true), file(4, "broken", false), file(5, "still", false), ruletest.CaseResult{File: "shop_test.yaml", Line: 6, Name: "later", Skipped: "not yet"}
	u := ruletest.Refreshed{
		Result:  ruletest.Result{Passed: 1, Failed: 2, Skipped: 1, Cases: []ruletest.CaseResult{fixed, broken, still, skipped}},
		Changed: []ruletest.CaseResult{fixed, broken, skipped},
	}
	const changed = `ok   shop_test.yaml:3  fixed
FAIL shop_test.yaml:4  broken
  total        want 1.00, got 2.00
  run it again: checkout rules test --run 'test=broken'

skipped shop_test.yaml:6  later: not yet
`
	for others, want := range map[bool]string{
		false: changed + "2 failed, 1 passed, 1 skipped\n",
		true:  changed + "still failing shop_test.yaml:5  still\n2 failed, 1 passed, 1 skipped\n",
	} {
		var b strings.Builder
		if err := report.TestsChangedPretty(&b, u, "checkout rules test", others); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Error(diff)
		}
	}
	want := `shop_test.yaml:4:1: test-failed broken: total: want 1.00, got 2.00
shop_test.yaml:6: skipped later: not yet
shop_test.yaml:3: passed fixed
2 failed, 1 passed, 1 skipped
`
	var b strings.Builder
	if err := report.TestsChangedReport(u, "checkout rules test").Write(&b, report.Compact); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
