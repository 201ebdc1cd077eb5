package surface_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/cmd/internal/surface"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a surface that was started.
type running interface {
	ruletest.Surface
	Close() error
}

// run runs the tests at the paths on version 0.
func run(t *testing.T, paths ...string) ruletest.Result {
	t.Helper()
	v0, err := surface.NewV0(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return runOn(t, v0, paths...)
}

// runOn runs the tests at the paths on the surface, and closes it.
func runOn(t *testing.T, on running, paths ...string) ruletest.Result {
	t.Helper()
	defer func() {
		if err := on.Close(); err != nil {
			t.Error(err)
		}
	}()
	suites, err := ruletest.Load(paths)
	if err != nil {
		t.Fatal(err)
	}
	result, err := ruletest.RunWith(t.Context(), suites, ruletest.Filter{}, ruletest.Options{Surfaces: []ruletest.Surface{on}})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// outcomes writes what came of each case on version 0.
func outcomes(r ruletest.Result) string {
	var b strings.Builder
	for _, c := range r.Cases {
		switch {
		case c.Surface != "v0":
		case c.Passed:
			fmt.Fprintf(&b, "%s: passed\n", c.Name)
		case c.Skipped != "":
			fmt.Fprintf(&b, "%s: %s\n", c.Name, c.Skipped)
		default:
			fmt.Fprintf(&b, "%s: %v\n", c.Name, c.Mismatches)
		}
	}
	return b.String()
}

// everyRuleTest are those of the repository.
func everyRuleTest() []string { return []string{"../../../examples", "../../../rules/corpus"} }

// TestRulesCostTheSameOverHTTP runs every rule test of the repository.
func TestRulesCostTheSameOverHTTP(t *testing.T) {
	result := run(t, everyRuleTest()...)
	priced := 0
	for _, c := range result.Cases {
		if c.Failed() {
			t.Errorf("%s:%d %s on %s: %v", c.File, c.Line, c.Name, c.Surface, c.Mismatches)
		}
		if c.Surface == "v0" && c.Passed {
			priced++
		}
	}
	if priced < 150 {
		t.Errorf("got %d carts priced over HTTP, want those of the repository that it can carry", priced)
	}
}

func TestACaseThatVersion0CannotCarryIsSkippedAndSaysWhy(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "shop.yaml", `
promotions:
  - {id: tenth, deal: {percent_off: {of: order, percent: 10}}}
  - {id: few, limits: {redemptions: 5}, deal: {percent_off: {of: sku == "MUG", percent: 10}}}
  - {id: free, when: cart.quantity > 2, deal: {gift: {item: MUG}}}
  - {id: bulk, schedule: {from: 2026-12-01, timezone: Europe/London}, deal: {percent_off: {of: order, percent: 1}}}
`)
	write(t, folder, "shop_test.yaml", `
catalogue: [{sku: TV, price: 10, stock: 9}, {sku: MUG, price: 3, stock: 1}, {sku: GONE, price: 3, stock: 0}]
defaults: {at: 2026-11-30T23:59:59Z}
tests:
  - {name: a line, given: {cart: [TV]}, expect: {total: 9}}
  - {name: another instant, given: {cart: [TV], at: 2026-12-01T00:00:00Z}, expect: {total: 8.91}}
  - {name: a gift, given: {cart: [TV x3]}, expect: {gifts: [MUG]}}
  - {name: a gift that is not there, given: {cart: [TV x3], stock: {MUG: 0}}, expect: {gifts: []}}
  - {name: the gift is there again, given: {cart: [TV x3]}, expect: {gifts: [MUG]}}
  - {name: nothing, given: {cart: []}, expect: {total: 0}}
  - {name: too much, given: {cart: [TV x100001]}, expect: {applied: [tenth, free]}}
  - {name: nothing left, given: {cart: [GONE]}, expect: {total: 2.70}}
  - {name: somebody, given: {cart: [TV], customer: {id: ann}}, expect: {total: 9}}
  - {name: a group, given: {cart: [TV], customer: {groups: [gold]}}, expect: {total: 9}}
  - {name: a spender, given: {cart: [TV], customer: {lifetime_spend: 1}}, expect: {total: 9}}
  - {name: everything, given: {cart: [TV], coupons: [X], shipping: {country: GB}, channel: web, payment: card, attributes: {a: 1}}, expect: {total: 9}}
  - {name: parcels, given: {cart: [TV], shipping: {method: post, price: 1}}, expect: {total: 9}}
  - {name: used, given: {cart: [MUG], usage: {few: {redemptions: 5}}}, expect: {total: 2.70}}
  - {name: not used yet, given: {cart: [MUG], usage: {few: {redemptions: 0}}}, expect: {applied: [few, tenth]}}
  - {name: a code, given: {cart: [TV], codes: {X: {redemptions: 1}}}, expect: {total: 9}}
  - {name: paused, given: {cart: [TV], paused: tenth}, expect: {total: 10}}
  - name: steps
    given: {cart: [MUG]}
    steps: [{do: commit, expect: {applied: [few, tenth]}}, {do: price, expect: {applied: [few, tenth]}}]
`)
	want := `a line: passed
another instant: passed
a gift: passed
a gift that is not there: passed
the gift is there again: passed
nothing: not on this surface, because it cannot carry a cart without goods
too much: not on this surface, because it cannot carry more than 100000 units
nothing left: not on this surface, because it cannot carry goods that are sold out
somebody: not on this surface, because it cannot carry a customer
a group: not on this surface, because it cannot carry a customer
a spender: not on this surface, because it cannot carry a customer
everything: not on this surface, because it cannot carry a channel, a payment, attributes of the cart, coupons, shipping
parcels: not on this surface, because it cannot carry shipping
used: not on this surface, because it cannot carry usage
not used yet: passed
a code: not on this surface, because it cannot carry codes
paused: not on this surface, because it cannot carry pauses
steps: not on this surface, because it cannot carry goods that are sold out, usage
`
	if diff := cmp.Diff(want, outcomes(run(t, folder))); diff != "" {
		t.Error(diff)
	}
}

func TestShopsWithOtherItemsFollowEachOther(t *testing.T) {
	folder := t.TempDir()
	for _, shop := range []struct{ name, currency, items, expect string }{
		{"a", "USD", "[{sku: TV, name: Set, price: {USD: 10, JPY: 900}}, {sku: HIFI, price: 5}]", "{total: 9.00}"},
		{"b", "JPY", "[{sku: TV, price: {USD: 10, JPY: 900}}, {sku: ONLY, price: {USD: 3}}]", "{total: 810}"},
		{"c", "USD", "[{sku: TV, name: TV, price: 20, category: set}, {sku: OTHER, name: HIFI, price: 1}]", "{total: 18.00}"},
	} {
		dir := filepath.Join(folder, shop.name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, dir, "shop.yaml", "promotions: [{id: tenth, deal: {percent_off: {of: order, percent: 10}}}]\n")
		write(t, dir, "shop_test.yaml", "catalogue: "+shop.items+"\ntests: [{name: "+shop.name+", given: {cart: [TV], currency: "+shop.currency+"}, expect: "+shop.expect+"}]\n")
	}
	if diff := cmp.Diff("a: passed\nb: passed\nc: passed\n", outcomes(run(t, folder))); diff != "" {
		t.Error(diff)
	}
}

// TestWhatARequestIsToldIsWhatTheEngineSays holds the parts of a price against each
// other: one that version 0 left out would be missed.
func TestWhatARequestIsToldIsWhatTheEngineSays(t *testing.T) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	quote := engine.Quote{
		Ruleset: "d1", Currency: usd, Subtotal: 1000, Discount: 100, Total: 900,
		Lines: []engine.QuoteLine{{SKU: "TV", Quantity: 2, UnitPrice: 500, Subtotal: 1000, Discount: 100, Total: 900}},
		Gifts: []engine.Gift{{SKU: "MUG", Quantity: 1, Worth: 300, Promotion: "free"}},
		Promotions: []engine.Outcome{
			{Promotion: "tenth", Reason: engine.Applied, Discount: 100, Applications: 2},
			{Promotion: "off", Reason: engine.ConditionFalse},
			{Promotion: "points", Reason: engine.PluginFailed, Obstacle: &engine.Obstacle{Fault: engine.TimedOut}},
		},
	}
	var b strings.Builder
	for _, told := range new(surface.V0).Tells(quote) {
		fmt.Fprintf(&b, "%s: %s\n", told.Field, told.Value)
	}
	want := `ruleset: d1
currency: USD
subtotal: 10.00
total: 9.00
line TV quantity: 2
line TV unit_price: 5.00
line TV discount: 1.00
line TV total: 9.00
applied[0]: tenth x2, 1.00
gift MUG of free: x1 worth 3.00
plugin_failed points: timeout
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
