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
				"rules_test.yaml:2:57: R0002 \"m\" is neither an expectation nor used in given: write ${m} in given, or a key of expect, such as total"},
		{"a gift of no whole number", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {gifts: ['TV xlots']}}]",
			`rules_test.yaml:2:58: R0004 quantity "lots": want a whole number of at least 1`},
		{"two names for one instant", rules, "tests: [{name: a, given: {cart: [TV], at: 2026-11-27T10:00:00Z, now: 2026-11-27T10:00:00Z}, expect: {total: 10}}]",
			"rules_test.yaml:2:65: R0004 at and now are the same instant: keep one of the two"},
		{"a version that there is not", rules, "version: 2\ntests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]",
			`rules_test.yaml:2:10: R0004 this program reads version 1 of rule tests, got "2": write version: 1`},
		{"a table without rows", rules, "tests: [{name: a, given: {cart: [TV]}, table: []}]",
			"rules_test.yaml:2:47: R0203 the table has no rows"},
		{"the outcome depends on the time", timed, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}]",
			"rules_test.yaml:2:9: R0203 the outcome depends on the time, because of december: give the instant: given: {at: 2026-12-24T10:00:00Z}, or set it in defaults"},
		{"two tests of one name", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10}}, {name: a, given: {cart: [TV]}, expect: {total: 10}}]",
			`rules_test.yaml:2:69: R0005 two tests are called "a"`},
		{"an amount with too many digits", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {total: 10.005}}]",
			"rules_test.yaml:2:56: R0004 amount 10.005: USD has 2 decimal digits"},
		{"usage of a promotion that does not exist", rules, "tests: [{name: a, given: {cart: [TV], usage: {golf: {redemptions: 1}}}, expect: {total: 10}}]",
			`rules_test.yaml:2:47: R0202 no promotion has the id "golf": did you mean "gold"?`},
		{"usage that is no count", rules, "tests: [{name: a, given: {cart: [TV], usage: {gold: {redemptions: -1, used: 1}}}, expect: {total: 10}}]",
			"rules_test.yaml:2:67: R0004 want a whole number of at least 0\n" +
				`rules_test.yaml:2:71: R0002 unknown key "used": there is by_customer, redemptions, spent`},
		{"shipping given twice", rules, "tests: [{name: a, given: {cart: [TV], shipping: {method: post, shipments: []}}, expect: {total: 10}}]",
			"rules_test.yaml:2:64: R0004 the shipping is given twice: give either shipments, or the method and price of the only one"},
		{"a reason that no coupon has", rules, "tests: [{name: a, given: {cart: [TV], coupons: [A]}, expect: {coupons: {A: unknown_cod}}}]",
			`rules_test.yaml:2:76: R0004 "unknown_cod" is no reason: did you mean "unknown_code"?`},
		{"an award without a number", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {awards: [points]}}]",
			`rules_test.yaml:2:58: R0004 want a kind and a number, got "points": write "points 12.5"`},
		{"a hint about a promotion and an item that do not exist", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {hints: [{promotion: silver, add: [TVS]}]}}]",
			"rules_test.yaml:2:69: R0202 no promotion has the id \"silver\": there is gold, three-for-two\n" +
				`rules_test.yaml:2:83: R0201 the catalogue has no item "TVS": did you mean "TV"?`},
		{"a hint without what to add", rules, "tests: [{name: a, given: {cart: [TV]}, expect: {hints: [{promotion: gold}]}}]",
			`rules_test.yaml:2:57: R0003 key "add" is missing`},
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
	return runWith(t, rules, tests, filter)
}

// runWith runs tests of other rules.
func runWith(t *testing.T, rules, tests, filter string) ruletest.Result {
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

const parcels = `
promotions:
  - id: post-half
    coupon: {pool: spring}
    limits: {redemptions: 10, per_customer: 2, per_code: 3, budget: 50}
    deal: {shipping: {methods: [post], percent_off: 50}}
  - id: points
    deals:
      - award: {kind: points, amount: cart.total / 4}
      - award: {kind: sticker}
  - id: hifi-pair
    deal: {multibuy: {of: sku == "HIFI", quantity: 2, pay_for: 1}}
`

const parcelTests = `
defaults:
  customer: {id: c1}
  coupons: [Spring-1]
  codes: {" spring-1 ": {pool: spring, redemptions: 2}}
  shipping: {shipments: [{method: post, price: 4}, {method: post, price: 2}, {method: van, price: 9}]}
  usage: {post-half: {redemptions: 9, by_customer: 1, spent: 47.00}}
tests:
  - name: everything that a quote says about a whole cart
    given: {cart: [HIFI]}
    expect:
      subtotal: 5
      total: 5
      shipping_discount: 3
      shipping_total: 12
      payable: 17
      shipments: {post: {discount: 3, total: 3}, van: 9}
      awards: [points 1.250, {kind: sticker, amount: 1}]
      coupons: {spring-1: applied}
      applied: [post-half, points]
      optimal: true
      hints: [{promotion: hifi-pair, add: [HIFI], saves: 5}]
  - name: a cart without goods is sent
    given: {cart: []}
    expect: {subtotal: 0, payable: 12, awards: [sticker 1], hints: [{promotion: hifi-pair, add: [HIFI x2]}]}
  - name: a limit, in a table
    given:
      cart: [TV]
      usage: {post-half: {redemptions: "${all}", by_customer: "${own}", spent: "${spent}"}}
      codes: {SPRING-1: {pool: "${pool}", redemptions: "${code}"}}
    table:
      - {all: 9, own: 1, spent: 46.99, pool: spring, code: 2, shipping_total: 12, coupons: {SPRING-1: applied}}
      - {all: 10, own: 1, spent: 0, pool: spring, code: 0, payable: 25, coupons: {SPRING-1: limit_reached}, not_applied: {post-half: limit_reached}}
      - {all: 0, own: 2, spent: 0, pool: spring, code: 0, shipments: {post: 6}, optimal: true, not_applied: {post-half: limit_reached}}
      - {all: 0, own: 0, spent: 0, pool: spring, code: 3, awards: [points 2.5, sticker 1], not_applied: {post-half: limit_reached}}
      - {all: 0, own: 0, spent: 47.01, pool: spring, code: 0, hints: [{promotion: hifi-pair, add: [HIFI x2], saves: 5}], not_applied: {post-half: budget_spent}}
      - {all: 0, own: 0, spent: 0, pool: autumn, code: 0, coupons: {SPRING-1: unknown_code}, not_applied: {post-half: coupon_missing}}
`

func TestUsageShippingAwardsCouponsAndHints(t *testing.T) {
	result := runWith(t, parcels, parcelTests, "")
	if result.Passed != 8 || result.Failed != 0 {
		t.Errorf("got %d passed, %d failed: %+v", result.Passed, result.Failed, result.Cases)
	}
}

func TestFailuresAboutShippingAwardsCouponsAndHints(t *testing.T) {
	result := runWith(t, parcels, `
tests:
  - name: wrong in every way
    given: {cart: [HIFI], coupons: [AUTUMN], shipping: {method: van, price: 9}}
    expect:
      shipping_discount: 1
      shipping_total: 8
      payable: 13
      shipments: {post: 1, van: {discount: 1, total: 8}}
      awards: []
      coupons: {AUTUMN: applied, SPRING: applied}
      optimal: false
      hints: [{promotion: hifi-pair, add: [HIFI x2]}, {promotion: points, add: [TV]}]
`, "")
	want := []ruletest.Mismatch{
		{Field: "shipping_discount", Want: "1.00", Got: "0.00"},
		{Field: "shipping_total", Want: "8.00", Got: "9.00"},
		{Field: "payable", Want: "13.00", Got: "14.00"},
		{Field: "shipment post", Want: "a shipment", Got: "nothing"},
		{Field: "shipment van discount", Want: "1.00", Got: "0.00"},
		{Field: "shipment van total", Want: "8.00", Got: "9.00"},
		{Field: "awards", Want: "nothing", Got: "points 1.25, sticker 1"},
		{Field: "coupon AUTUMN", Want: "applied", Got: "unknown_code"},
		{Field: "coupon SPRING", Want: "applied", Got: "nothing"},
		{Field: "optimal", Want: "false", Got: "true"},
		{Field: "hints", Want: "hifi-pair: add HIFI x2; points: add TV x1", Got: "hifi-pair: add HIFI x1"},
	}
	if diff := cmp.Diff(want, result.Cases[0].Mismatches); diff != "" {
		t.Error(diff)
	}
}

const rivals = `
promotions:
  - {id: third, priority: 1, excludes: [tenth], deal: {multibuy: {of: sku == "TV", quantity: 3, pay_for: 2}}}
  - {id: tenth, deal: {percent_off: {of: order, percent: 10}}}
  - {id: half, group: one, deal: {percent_off: {of: sku == "HIFI", percent: 50}}}
  - {id: fifth, group: one, deal: {percent_off: {of: sku == "HIFI", percent: 20}}}
`

func TestARivalOtherThanExpectedIsExplained(t *testing.T) {
	result := runWith(t, rivals, `
tests:
  - name: excluded by another
    given: {cart: [TV x3]}
    expect: {not_applied: {tenth: {reason: excluded, by: half}}}
  - name: excluded as expected
    given: {cart: [TV x3]}
    expect: {total: 1, not_applied: {tenth: {reason: excluded, by: third}}}
`, "")
	var why []string
	for _, c := range result.Cases {
		for _, w := range c.WhyNot {
			why = append(why, c.Name+": "+w.Reason.String()+" by "+strings.Join(w.By, ", "))
		}
	}
	if diff := cmp.Diff([]string{"excluded by another: excluded by third"}, why); diff != "" {
		t.Error(diff)
	}
}

func TestTheInstantOfATestIsThatOfTheTestByEitherName(t *testing.T) {
	dir := folder(t, timed, catalogue+`defaults: {at: 2026-11-01T00:00:00Z}
tests:
  - {name: by default, given: {cart: [TV]}, expect: {total: 10}}
  - {name: of its own, given: {cart: [TV], now: 2026-12-01T00:00:00Z}, expect: {total: 9}}
`)
	suites, err := ruletest.Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := ruletest.Run(suites, ruletest.Filter{}); err != nil || result.Passed != 2 {
		t.Errorf("got %+v and %v, want both to pass", result.Cases, err)
	}
}
