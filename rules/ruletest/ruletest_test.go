package ruletest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

const rules = `
promotions:
  - id: three-for-two
    deal: {multibuy: {of: sku == "TV", quantity: 3, pay_for: 2}}
  - id: gold
    when: cart.quantity > 1 and 'gold' in customer.groups
    deal: {percent_off: {of: order, percent: 10}}
`

const timed = `
promotions:
  - id: december
    schedule: {from: 2026-12-01}
    deal: {percent_off: {of: order, percent: 10}}
`

const catalogue = "catalogue: [{sku: TV, price: 10}, {sku: HIFI, price: 5}]\n"

// folder writes a rule folder with one test file and returns its path.
func folder(t *testing.T, rules, tests string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"rules.yaml": rules, "rules_test.yaml": tests} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// faults loads the test file and returns its faults, with the folder cut off.
func faults(t *testing.T, rules, tests string) string {
	t.Helper()
	dir := folder(t, rules, tests)
	_, err := ruletest.Load([]string{dir})
	if err == nil {
		return ""
	}
	var list diag.List
	if !errors.As(err, &list) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(list.Error(), filepath.ToSlash(dir)+"/", "")
}

func TestTestsThatWouldProveNothingAreFaults(t *testing.T) {
	for _, c := range []struct{ name, rules, tests, want string }{
		{"nothing expected", rules, "tests: [{name: a, given: {cart: [TV]}}]",
			"rules_test.yaml:2:9: R0203 the test expects nothing: add expect with a total, or the promotions applied"},
		{"a promotion that does not exist", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {applied: [three-for-tow]}}]",
			`rules_test.yaml:2:59: R0202 no promotion has the id "three-for-tow": did you mean "three-for-two"?`},
		{"a refused promotion that does not exist", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {not_applied: {golden: no_effect}}}]",
			`rules_test.yaml:2:63: R0202 no promotion has the id "golden": did you mean "gold"?`},
		{"a reason that does not exist", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {not_applied: {gold: no_efect}}}]",
			`rules_test.yaml:2:69: R0004 "no_efect" is no reason: did you mean "no_effect"?`},
		{"an item that the catalogue does not have", rules, "tests: [{name: a, given: {cart: [TVS x2]}, expect: {total: 1}}]",
			`rules_test.yaml:2:34: R0201 the catalogue has no item "TVS": did you mean "TV"?`},
		{"an expected line and gift of no item", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {lines: {TVX: 1}, gifts: [HIF]}}]",
			"rules_test.yaml:2:57: R0201 the catalogue has no item \"TVX\": did you mean \"TV\"?\n" +
				`rules_test.yaml:2:74: R0201 the catalogue has no item "HIF": did you mean "HIFI"?`},
		{"a variable that the row does not have", rules, "tests: [{name: a, given: {cart: ['TV x${n}']}, table: [{m: 1, total: 10}]}]",
			"rules_test.yaml:2:35: R0103 unknown variable ${n}: there is m\n" +
				"rules_test.yaml:2:57: R0002 \"m\" is neither an expectation nor used in given: write ${m} in given, or use one of subtotal, discount, total, applied, not_applied, lines, gifts"},
		{"a table without rows", rules, "tests: [{name: a, given: {cart: [TV]}, table: []}]",
			"rules_test.yaml:2:47: R0203 the table has no rows"},
		{"the outcome depends on the time", timed, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]",
			"rules_test.yaml:2:9: R0203 the outcome depends on the time, because of december: give the instant: given: {at: 2026-12-24T10:00:00Z}, or set it in defaults"},
		{"two tests of one name", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}, {name: a, given: {cart: [TV]}, expect: {total: 10}}]",
			`rules_test.yaml:2:69: R0005 two tests are called "a"`},
		{"an amount with too many digits", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10.005}}]",
			"rules_test.yaml:2:56: R0004 amount 10.005: USD has 2 decimal digits"},
		{"rules with faults are named with their folder", "promotions: [{id: a, deal: {percent_of: {}}}]", "tests: []",
			`rules.yaml:1:29: R0002 unknown key "percent_of": did you mean "percent_off"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, faults(t, c.rules, catalogue+c.tests)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func run(t *testing.T, tests, filter string) ruletest.Result {
	t.Helper()
	suites, err := ruletest.Load([]string{folder(t, rules, catalogue+tests)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := ruletest.ParseFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.Run(suites, f)
	if err != nil && !errors.Is(err, ruletest.ErrNoTests) {
		t.Fatal(err)
	}
	return result
}

const table = `
defaults: {customer: {groups: [gold], orders: 3}}
tests:
  - name: televisions
    given: {cart: ["TV x${qty}"], customer: {groups: ["${group}"]}}
    table:
      - {qty: 1, group: gold,   total: 10.00}
      - {qty: 3, group: silver, total: 20.00, applied: [three-for-two]}
      - {qty: 3, group: gold,   total: 18.00, applied: [three-for-two, gold], lines: {TV: {discount: 12, unit_prices: [9, 9, 0]}}}
  - name: the default customer is gold
    given: {cart: [{sku: HIFI, quantity: 2}]}
    expect: {subtotal: 10, discount: 1, total: 9.00}
`

func TestRowsAndDefaults(t *testing.T) {
	result := run(t, table, "")
	if result.Passed != 4 || result.Failed != 0 {
		t.Errorf("got %d passed, %d failed: %+v", result.Passed, result.Failed, result.Cases)
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   int
	}{
		{"", 4}, {"test=televisions", 3}, {"test=tele*", 3}, {"test=*i*i*", 3}, {"test=*gold", 1}, {"qty=3", 2},
		{"qty=3;group=s*", 1}, {"file=rules_test.yaml", 4}, {"file=ules_test.yaml", 0}, {"file=other_test.yaml", 0},
		{"test=telev", 0}, {"nothing=1", 0}, {"test=televisions;", 3},
	} {
		if got := len(run(t, table, c.filter).Cases); got != c.want {
			t.Errorf("%q: got %d cases, want %d", c.filter, got, c.want)
		}
	}
	if _, err := ruletest.ParseFilter("televisions"); err == nil || err.Error() != `filter "televisions": want KEY=PATTERN, such as test=third*` {
		t.Errorf("a filter without key: got %v", err)
	}
}

func TestAFailureSaysWhatWasWantedWhatCameAndWhyNot(t *testing.T) {
	result := run(t, `
tests:
  - name: wrong in every way
    given: {cart: [TV, HIFI], customer: {groups: [silver]}}
    expect:
      total: 1
      applied: [gold]
      not_applied: {three-for-two: displaced}
      lines: {TV: {quantity: 2, discount: 1}, HIFI: 0}
      gifts: [TV]
`, "")
	got := result.Cases[0]
	want := []ruletest.Mismatch{
		{Field: "total", Want: "1.00", Got: "15.00"},
		{Field: "applied", Want: "gold", Got: "nothing"},
		{Field: "not_applied three-for-two", Want: "displaced", Got: "below_quantity"},
		{Field: "line HIFI total", Want: "0.00", Got: "5.00"},
		{Field: "line TV quantity", Want: "2", Got: "1"},
		{Field: "line TV discount", Want: "1.00", Got: "0.00"},
		{Field: "gifts", Want: "TV x1", Got: "nothing"},
	}
	if diff := cmp.Diff(want, got.Mismatches); diff != "" {
		t.Error(diff)
	}
	if len(got.WhyNot) != 2 || got.WhyNot[0].Promotion != "gold" || got.WhyNot[0].Why[0].Source != "'gold' in customer.groups" {
		t.Errorf("why not: got %+v", got.WhyNot)
	}
	again := run(t, table, "")
	for _, c := range again.Cases {
		if n := len(run(t, table, strings.SplitN(c.Filter, ";", 2)[1]).Cases); n != 1 {
			t.Errorf("the filter %q selects %d cases", c.Filter, n)
		}
	}
}
