package coverage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/coverage"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// shop is a folder of rules with one test file.
type shop map[string]string

func (s shop) ReadFile(name string) ([]byte, error) { return []byte(s[name]), nil }

func (s shop) RuleFiles(folder string) ([]compile.File, error) {
	var files []compile.File
	for name, text := range s {
		if compile.IsRuleFile(name) {
			files = append(files, compile.File{Name: name, Data: []byte(text)})
		}
	}
	return files, nil
}

const items = "catalogue:\n  - {sku: TV, price: 50, category: tv, stock: 100}\n  - {sku: MUG, price: 10, category: mugs, stock: 100}\n"

// cover runs the tests, written below tests:, over the rules, which policy.yaml may
// follow.
func cover(t *testing.T, rules, tests string) coverage.Result {
	t.Helper()
	rules, policy, hasPolicy := strings.Cut(rules, "-- policy.yaml --\n")
	s := shop{"shop.yaml": rules, "shop_test.yaml": items + "tests:\n" + tests}
	if hasPolicy {
		s["policy.yaml"] = policy
	}
	suites, err := ruletest.LoadFrom(s, []string{"shop_test.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	run := coverage.New(s.RuleFiles)
	if _, err := ruletest.RunWith(context.Background(), suites, ruletest.Filter{}, ruletest.Options{Priced: run.Priced}); err != nil {
		t.Fatal(err)
	}
	result, err := run.Result()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// list writes the points as line:column kind what: cases.
func list(r coverage.Result) string {
	var b strings.Builder
	for _, p := range r.Points {
		what := p.Want
		if p.Kind == coverage.Condition {
			what = p.Text + " " + p.Want
		}
		fmt.Fprintf(&b, "%d:%d %s %s %s: %d\n", p.Range.Start.Line, p.Range.Start.Column, p.Kind, p.Owner.Name, what, p.Cases)
	}
	return b.String()
}

func TestWhatCounts(t *testing.T) {
	const nothing = "  - {name: a, given: {cart: [MUG], at: 2026-11-27T10:00:00Z}, expect: {applied: []}}\n"
	tests := []struct{ name, rules, tests, want string }{
		{"a plain promotion of a set", `promotions:
  - id: a
    deal: {percent_off: {of: category == "tv", percent: 10}}
`, "  - {name: a, given: {cart: [TV]}, expect: {applied: [a]}}\n  - {name: b, given: {cart: [MUG, TV]}, expect: {applied: [a]}}\n", `2:9 outcome a applied: 2
2:9 outcome a no_matching_items: 0
3:30 condition a category == "tv" true: 2
3:30 condition a category == "tv" false: 1
`},
		{"what the condition rules out", `sets:
  tvs: category == "tv"
promotions:
  - id: a
    when: tvs.quantity >= 3
    deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}
`, nothing, `2:8 condition tvs category == "tv" true: 0
2:8 condition tvs category == "tv" false: 1
4:9 outcome a applied: 0
4:9 outcome a condition_false: 1
5:11 condition a tvs.quantity >= 3 true: 0
5:11 condition a tvs.quantity >= 3 false: 1
`},
		{"schedule, coupon and limits", `promotions:
  - id: a
    schedule: {from: 2026-12-01, until: 2026-12-02, days: [tue]}
    coupon: A
    limits: {per_customer: 1, budget: 100, max_discount: 3}
    deal: {percent_off: {of: order, percent: 10}}
`, nothing, `2:9 outcome a applied: 0
2:9 outcome a not_started: 1
2:9 outcome a ended: 0
2:9 outcome a outside_hours: 0
2:9 outcome a coupon_missing: 0
2:9 outcome a customer_required: 0
2:9 outcome a limit_reached: 0
2:9 outcome a budget_spent: 0
5:58 branch a max_discount: 0
`},
		{"a promotion that is disabled does not count", `promotions:
  - {id: a, enabled: false, when: cart.quantity > 1, deal: {percent_off: {of: order, percent: 10}}}
  - {id: b, deal: {gift: {item: MUG}}}
`, "  - {name: a, given: {cart: [TV]}, expect: {applied: [b]}}\n", `3:10 outcome b applied: 1
3:10 outcome b out_of_stock: 0
`},
		{"steps that made a difference", `promotions:
  - id: a
    deal: {tiers: {of: order, steps: [{from: 2, percent_off: 10}, {from: 4, percent_off: 20}]}}
`, "  - {name: a, given: {cart: [TV x1]}, expect: {applied: []}}\n  - {name: b, given: {cart: [TV x5]}, expect: {applied: [a]}}\n", `2:9 outcome a applied: 1
2:9 outcome a below_quantity: 1
3:46 branch a step 1 of 2: 0
3:74 branch a step 2 of 2: 1
`},
		{"a choice that was made", `promotions:
  - {id: a, exclusive: true, deal: {percent_off: {of: order, percent: 10}}}
  - {id: b, coupon: B, deal: {percent_off: {of: order, percent: 20}}}
`, "  - {name: a, given: {cart: [TV], coupons: [b]}, expect: {applied: [b]}}\n  - {name: b, given: {cart: [TV]}, expect: {applied: [a]}}\n", `2:10 outcome a applied: 1
2:10 outcome a excluded: 1
2:24 branch a exclusive: 0
3:10 outcome b applied: 1
3:10 outcome b coupon_missing: 1
`},
		{"promotions that can get into each other's way", `promotions:
  - {id: a, exclusive: true, deal: {percent_off: {of: order, percent: 10}}}
  - {id: b, deal: {amount_off: {of: order, amount: 2}}}
  - {id: c, when: cart.quantity >= 9 and cart.quantity < 9, deal: {amount_off: {of: order, amount: 90}}}
`, "  - {name: a, given: {cart: [TV]}, expect: {applied: [a]}}\n", `2:10 outcome a applied: 1
2:10 outcome a excluded: 0
2:24 branch a exclusive: 1
3:10 outcome b applied: 0
3:10 outcome b excluded: 1
4:10 outcome c applied: 0
4:10 outcome c condition_false: 1
4:19 condition c cart.quantity >= 9 and cart.quantity < 9 true: 0
4:19 condition c cart.quantity >= 9 and cart.quantity < 9 false: 1
4:19 condition c cart.quantity >= 9 true: 0
4:19 condition c cart.quantity >= 9 false: 1
4:42 condition c cart.quantity < 9 true: 0
4:42 condition c cart.quantity < 9 false: 0
`},
		{"what always wins is never refused for the other", `promotions:
  - {id: a, group: one, deal: {percent_off: {of: order, percent: 20}}}
  - {id: b, group: one, deal: {percent_off: {of: order, percent: 10}}}
-- policy.yaml --
groups: [{id: one, combine: best}]
`, "  - {name: a, given: {cart: [TV]}, expect: {applied: [a]}}\n", `1:29 branch  combine best: 1
2:10 outcome a applied: 1
3:10 outcome b applied: 0
3:10 outcome b displaced: 1
`},
		{"a cap that another promotion can use up", `promotions:
  - {id: a, priority: 1, deal: {amount_off: {of: order, amount: 10}}}
  - {id: b, deal: {percent_off: {of: order, percent: 10}}}
-- policy.yaml --
cap: {amount: 10}
`, "  - {name: a, given: {cart: [MUG]}, expect: {applied: [a]}}\n", `1:1 branch  cap: 0
2:10 outcome a applied: 1
3:10 outcome b applied: 0
3:10 outcome b cap_reached: 0
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, list(cover(t, tt.rules, tt.tests))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPairsThatStack(t *testing.T) {
	const rules = `promotions:
  - {id: b, deal: {percent_off: {of: order, percent: 10}}}
  - {id: a, deal: {percent_off: {of: category == "tv", percent: 10}}}
  - {id: m, deal: {percent_off: {of: category == "mugs", percent: 10}}}
`
	one := cover(t, rules, "  - {name: a, given: {cart: [TV x2, MUG]}, expect: {applied: [a, b, m]}}\n  - {name: b, given: {cart: [TV]}, expect: {applied: [a, b]}}\n")
	want := []coverage.Pair{{Folder: ".", Promotions: [2]string{"a", "b"}, Cases: 2}, {Folder: ".", Promotions: [2]string{"b", "m"}, Cases: 1}}
	if diff := cmp.Diff(want, one.Pairs); diff != "" {
		t.Error(diff)
	}
	if got := coverage.Merge(one, one).Pairs; len(got) != 2 || got[0].Cases != 4 || got[1].Cases != 2 {
		t.Errorf("of twice the same: got %v", got)
	}
}

func TestHintsReachNothing(t *testing.T) {
	const rules = "promotions:\n  - {id: a, when: cart.quantity >= 2, deal: {percent_off: {of: order, percent: 10}}}\n"
	got := list(cover(t, rules, "  - {name: a, given: {cart: [TV]}, expect: {applied: [], hints: []}}\n"))
	got += list(cover(t, rules, "  - {name: a, given: {cart: [TV]}, expect: {applied: []}}\n"))
	const one = "2:10 outcome a applied: 0\n2:10 outcome a condition_false: 1\n2:19 condition a cart.quantity >= 2 true: 0\n2:19 condition a cart.quantity >= 2 false: 1\n"
	if diff := cmp.Diff(one+one, got); diff != "" {
		t.Error(diff)
	}
}

func TestResultsAddUp(t *testing.T) {
	const rules = "promotions:\n  - {id: a, when: cart.quantity >= 2, deal: {percent_off: {of: order, percent: 10}}}\n"
	one := cover(t, rules, "  - {name: a, given: {cart: [TV]}, expect: {applied: []}}\n")
	two := cover(t, rules, "  - {name: a, given: {cart: [TV x2]}, expect: {applied: [a]}}\n")
	if got, want := one.Share(), (coverage.Share{Reached: 2, Points: 4}); got != want {
		t.Errorf("one: got %v, want %v", got, want)
	}
	merged := coverage.Merge(one, two, two)
	want := "2:10 outcome a applied: 2\n2:10 outcome a condition_false: 1\n2:19 condition a cart.quantity >= 2 true: 2\n2:19 condition a cart.quantity >= 2 false: 1\n"
	if diff := cmp.Diff(want, list(merged)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(merged, coverage.Merge(two, one, two)); diff != "" {
		t.Errorf("in another order:\n%s", diff)
	}
	if got := merged.Only(func(_ string, line int) bool { return line == 1 }).Share().Percent(); got != 100 {
		t.Errorf("of lines without points: got %v, want 100", got)
	}
}

func TestRulesThatCannotBeReadAreToldInTheEnd(t *testing.T) {
	gone := errors.New("gone")
	run := coverage.New(func(string) ([]compile.File, error) { return nil, gone })
	run.Add(ruletest.Suite{File: "shop_test.yaml"})
	if _, err := run.Result(); !errors.Is(err, gone) {
		t.Errorf("got %v, want one for %v", err, gone)
	}
}
