package ruletest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// outcome writes a result with a line for each case.
func outcome(r ruletest.Result) string {
	var b strings.Builder
	for _, c := range r.Cases {
		b.WriteString(c.Name)
		if c.Row != "" {
			b.WriteString(" [" + c.Row + "]")
		}
		switch {
		case c.Skipped != "":
			b.WriteString(" skipped: " + c.Skipped)
		case c.Passed:
			b.WriteString(" passed")
		default:
			b.WriteString(" failed")
		}
		for _, m := range c.Mismatches {
			b.WriteString("; " + m.Field + ": want " + m.Want + ", got " + m.Got)
		}
		for _, v := range c.Broken {
			b.WriteString("; " + v.Invariant + ": " + v.Values)
		}
		b.WriteString("\n")
	}
	return b.String()
}

const limited = `
promotions:
  - {id: welcome, coupon: HELLO, limits: {per_customer: 1}, deal: {amount_off: {of: order, amount: 2}}}
  - {id: first-two, limits: {redemptions: 2, per: day}, deal: {amount_off: {of: order, amount: 1}}}
  - {id: pot, limits: {budget: 5.00}, deal: {percent_off: {of: sku == "HIFI", percent: 50}}}
  - {id: cable, deal: {gift: {item: CABLE}}}
`

const limitedItems = "catalogue: [{sku: TV, price: 10}, {sku: HIFI, price: 5}, {sku: CABLE, price: 1, stock: 2}]\n"

func formatted(t *testing.T, rules, tests string) string {
	t.Helper()
	suites, err := ruletest.Load([]string{folder(t, rules, tests)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return outcome(result)
}

func TestStepsCountAsAShopDoes(t *testing.T) {
	got := formatted(t, limited, limitedItems+`
defaults: {at: 2026-11-27T10:00:00Z, customer: {id: ann}}
tests:
  - name: a coupon works once for each customer
    given: {cart: [TV], coupons: [HELLO]}
    steps:
      - {do: commit, expect: {applied: [cable, first-two, welcome], discount: 3}}
      - {do: price, expect: {not_applied: {welcome: limit_reached}}}
      - {do: price, given: {customer: {id: bob}}, expect: {includes: {applied: [welcome]}}}
      - {do: refund, ref: 1}
      - {do: price, expect: {includes: {applied: [welcome]}}}
  - name: two a day
    given: {cart: [TV]}
    steps:
      - {do: commit}
      - {do: commit}
      - {do: price, expect: {not_applied: {first-two: limit_reached}}}
      - {do: price, given: {at: 2026-11-28T00:00:00Z}, expect: {includes: {applied: [first-two]}}}
  - name: holds count, until they are released
    given: {cart: [TV], usage: {first-two: {redemptions: 1}}}
    steps:
      - {do: hold, expect: {gifts: [CABLE]}}
      - {do: price, expect: {not_applied: {first-two: limit_reached}}}
      - {do: release, ref: 1}
      - {do: hold, expect: {includes: {applied: [first-two]}}}
      - {do: commit, ref: 4}
      - {do: price, expect: {not_applied: {first-two: limit_reached}}}
      - {do: refund, ref: 5}
      - {do: price, expect: {includes: {applied: [first-two]}}}
  - name: a budget, and gifts as long as there are any
    given: {cart: [HIFI]}
    steps:
      - {do: commit, expect: {discount: 3.50, gifts: [CABLE]}}
      - {do: commit, expect: {discount: 3.50, gifts: [CABLE]}}
      - {do: price, expect: {not_applied: {pot: budget_spent, cable: out_of_stock}}}
      - {do: refund, ref: 2}
      - {do: price, expect: {applied: [pot, cable, first-two], total: 1.50}}
`)
	want := `a coupon works once for each customer passed
two a day passed
holds count, until they are released passed
a budget, and gifts as long as there are any passed
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMatrixTagsSkipFixturesAndRefusedRules(t *testing.T) {
	got := formatted(t, rules, catalogue+`
fixtures:
  carts: {three: ["TV x${n}"], one: [HIFI]}
  customers: {member: {id: ann, groups: [gold]}}
tests:
  - name: gold and many
    tags: [slow, gold]
    given: {cart: ["TV x${n}"], customer: {groups: ["${tier}"]}}
    matrix: {tier: [standard, gold], n: [1, 3]}
    expect:
      - {when: {tier: gold, n: 3}, applied: [three-for-two, gold]}
      - {when: {n: [3]}, applied: [three-for-two]}
      - {else: true, total: 10, applied: []}
  - name: by name
    given: {cart: three, customer: member}
    matrix: {n: [3]}
    expect: {includes: {applied: [gold]}}
  - name: not yet
    skip: waits for spring
    given: {cart: one}
    expect: {total: 1}
  - name: too much
    given: {rules: "promotions: [{id: a, deal: {percent_off: {of: order, percent: 120}}}]"}
    compile_error: {code: R0107, at: "1:63", text: percent must be between 0 and 100}
  - name: another fault
    given: {rules: {a.yaml: "promotions: []", b.yaml: "sets: {a: b}"}}
    compile_error: [{code: R0103, at: "b.yaml:1:10"}]
  - name: no fault
    given: {rules: "promotions: [{id: a, deal: {percent_off: {of: order, percent: 20}}}]"}
    compile_error: {code: R0107, at: "3:1"}
`)
	want := `gold and many [n=1 tier=standard] passed
gold and many [n=3 tier=standard] passed
gold and many [n=1 tier=gold] passed
gold and many [n=3 tier=gold] passed
by name [n=3] passed
not yet skipped: waits for spring
too much passed
another fault failed; compile_error: want R0103 at b.yaml:1:10, got R0103 at b.yaml:1:11: unknown name "b"
no fault failed; compile_error: want R0107 at 3:1, got rules that compile
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInvariantsAreCheckedAfterEachCase(t *testing.T) {
	got := formatted(t, rules, catalogue+`
always:
  - quote.total >= 10
  - {permute: cart.lines}
  - any(quote.lines, .discount == 10) or len(quote.applied) == 0
tests:
  - {name: dear, given: {cart: [TV x3]}, expect: {applied: [three-for-two]}}
  - {name: cheap, given: {cart: [HIFI, HIFI]}, expect: {applied: []}}
  - {name: gold, given: {cart: [TV x2, HIFI], customer: {groups: [gold]}}, expect: {discount: 2.5}}
`)
	want := `dear passed
cheap passed
gold failed; any(quote.lines, .discount == 10) or len(quote.applied) == 0: false, 1 == 0
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewPartsOfTestsThatWouldProveNothingAreFaults(t *testing.T) {
	for _, c := range []struct{ name, tests, want string }{
		{"a skip without a reason", "tests: [{name: a, skip: true, given: {cart: [TV]}, expect: {total: 10}}]", "rules_test.yaml:2:25: R0203 a test is skipped for a reason: write why, or take the key out to run it"},
		{"a cell without a row", "tests: [{name: a, given: {cart: ['TV x${n}']}, matrix: {n: [1, 2]}, expect: [{when: {n: 1}, total: 10}]}]", "rules_test.yaml:2:48: R0203 no row of expect is for n=2: add a row for it, or {else: true, …} as the last one"},
		{"a row without a cell, and a value that is none", "tests: [{name: a, given: {cart: ['TV x${n}']}, matrix: {n: [1]}, expect: [{else: true, total: 10}, {when: {n: 2}, total: 20}]}]", "rules_test.yaml:2:100: R0203 no cell of the matrix comes to this row: take it out\nrules_test.yaml:2:111: R0103 n is never \"2\" in the matrix: there is 1"},
		{"a variable that nothing uses", "tests: [{name: a, given: {cart: [TV]}, matrix: {n: [1]}, expect: {total: 10}}]", `rules_test.yaml:2:49: R0002 "n" is not used in given: write ${n} in given`},
		{"table and steps", "tests: [{name: a, given: {cart: [TV]}, table: [], steps: []}]", "rules_test.yaml:2:51: R0004 table and steps cannot stand together: make two tests of it"},
		{"steps that expect nothing", "tests: [{name: a, given: {cart: [TV]}, steps: [{do: price}]}]", "rules_test.yaml:2:40: R0203 the test expects nothing: add expect to a step"},
		{"a step that does nothing known, and a refund of what is no order", "tests: [{name: a, given: {cart: [TV]}, steps: [{do: sell}, {do: price, expect: {total: 10}}, {do: refund, ref: 2}]}]", "rules_test.yaml:2:53: R0004 \"sell\" is nothing that a step can do: there is commit, hold, price, refund, release\nrules_test.yaml:2:112: R0004 refund wants the number of a step before it that does commit, got \"2\": write the number of the step, from 1"},
		{"an order refunded twice", "tests: [{name: a, given: {cart: [TV]}, steps: [{do: commit, expect: {total: 10}}, {do: refund, ref: 1}, {do: refund, ref: 1}]}]", "rules_test.yaml:2:123: R0004 what step 1 made is over since step 2: refer to step 2 where it made an order"},
		{"a fixture that nothing uses, and one that there is not", "fixtures: {carts: {big: [TV x9]}}\ntests: [{name: a, given: {cart: bit}, expect: {total: 10}}]", "rules_test.yaml:2:20: R0203 no test uses the cart \"big\": take it out, or name it in given\nrules_test.yaml:3:33: R0103 fixtures have no cart called \"bit\": did you mean \"big\"?"},
		{"a fault that there is not", "tests: [{name: a, given: {rules: ''}, compile_error: {code: R9999}}]", `rules_test.yaml:2:61: R0004 there is no fault "R9999": checkout rules codes lists them`},
		{"invariants that are none", "always: [quote.totl > 0, {permute: cart.tags}, cart.subtotal]\ntests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]", "rules_test.yaml:2:16: R0103 quote has no \"totl\": did you mean \"total\"?\nrules_test.yaml:2:36: R0004 the order of \"cart.tags\" cannot be changed: write cart.lines or coupons\nrules_test.yaml:2:48: R0102 always has to be true or false, but is a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, faults(t, rules, catalogue+c.tests)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestViolationsNameTheirStep(t *testing.T) {
	suites, err := ruletest.Load([]string{folder(t, rules, catalogue+`
always: [quote.total < 10]
tests: [{name: a, given: {cart: [TV]}, steps: [{do: price, expect: {total: 10}}]}]
`)})
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	want := []invariant.Violation{{Invariant: "quote.total < 10", Values: "step 1 (price) 10.00 < 10"}}
	if diff := cmp.Diff(want, result.Cases[0].Broken); diff != "" {
		t.Error(diff)
	}
}
