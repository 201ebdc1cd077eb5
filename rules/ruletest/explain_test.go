package ruletest_test

import (
	"slices"
	"strings"
	"testing"
)

const explainedRules = `
promotions:
  - {id: three, priority: 2, deal: {multibuy: {of: sku == "HAT", quantity: 3, pay_for: 2}}}
  - {id: five, coupon: FIVE, deal: {amount_off: {of: order, amount: 5, per: selection}}}
  - {id: big, when: cart.subtotal >= 90, deal: {percent_off: {of: order, percent: 10}}}
`

// explanation is what is told of three hats.
const explanation = `three  applied, takes 9.00 off
  HAT  27.00 -> 18.00  1 at 9.00 now 0.00

big  condition_false
  The condition does not hold.
  cart.subtotal >= 90          27.00 >= 90 is false

five  coupon_missing
  No code on the cart unlocks the promotion.

  subtotal  27.00
  discount   9.00
     total  18.00
No other choice between these promotions saves more.`

// explaining is a test with the explanation.
func explaining(text string) string {
	indented := "        " + strings.ReplaceAll(text, "\n", "\n        ")
	return "catalogue: [{sku: HAT, price: 9, stock: 99}]\ntests:\n  - name: a\n    given: {cart: [HAT x3]}\n    expect:\n      total: 18\n      applied: [three]\n      explain: |2\n" + indented + "\n"
}

// TestAnExplanationIsComparedToTheLetter takes the text apart, and wants every change
// of it to be noticed.
func TestAnExplanationIsComparedToTheLetter(t *testing.T) {
	if got := formatted(t, explainedRules, explaining(explanation)); got != "a passed\n" {
		t.Fatalf("the explanation is another one:\n%s", got)
	}
	lines := strings.Split(explanation, "\n")
	for i, line := range lines {
		if line == "" {
			continue
		}
		for name, changed := range map[string][]string{
			"left out":  slices.Delete(slices.Clone(lines), i, i+1),
			"otherwise": slices.Concat(lines[:i], []string{line + "!"}, lines[i+1:]),
			"twice":     slices.Insert(slices.Clone(lines), i, line),
		} {
			if got := formatted(t, explainedRules, explaining(strings.Join(changed, "\n"))); !strings.Contains(got, "explain") {
				t.Errorf("line %d %s: %q is not noticed:\n%s", i+1, name, line, got)
			}
		}
	}
}
