package compile

import (
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// policyOf compiles the text of a policy.yaml, which must have no faults.
func policyOf(t *testing.T, text string) engine.Policy {
	t.Helper()
	c := newCompiler()
	c.read(syntax.Parse("policy.yaml", []byte(text)))
	c.compileNames()
	policy := c.compilePolicy()
	if err := c.faults().Err(); err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestPolicy(t *testing.T) {
	fifty := engine.Constant(engine.NewDecimal(50))
	usd, _ := engine.ParseCurrency("USD")
	yen, _ := engine.ParseCurrency("JPY")
	for _, c := range []struct {
		name, text string
		want       engine.Policy
	}{
		{"nothing", "", engine.Policy{}},
		{"rounding as a word", "rounding: half_even", engine.Policy{Rounding: engine.HalfEven}},
		{"rounding of the price", "rounding: {mode: half_even, target: price}", engine.Policy{Rounding: engine.HalfEven, RoundPrice: true}},
		{"rounding with its defaults written out", "rounding: {mode: half_up, target: discount}", engine.Policy{}},
		{"rounding of the price alone", "rounding: {target: price}", engine.Policy{RoundPrice: true}},
		{"groups in their order", "groups: [seasonal, clearance, default]",
			engine.Policy{Groups: []engine.Group{{ID: "seasonal"}, {ID: "clearance"}, {ID: "default"}}}},
		{"every way to combine", "groups: [{id: a, combine: all}, {id: b, combine: best}, {id: c, combine: best_per_line}, {id: d, combine: first}]",
			engine.Policy{Groups: []engine.Group{{ID: "a"}, {ID: "b", Combine: engine.CombineBest}, {ID: "c", Combine: engine.CombineBestPerLine}, {ID: "d", Combine: engine.CombineFirst}}}},
		{"groups that exclude later ones and the default", "groups: [{id: a, excludes: [b, default]}, {id: b, excludes: a}]",
			engine.Policy{Groups: []engine.Group{{ID: "a", Excludes: []string{"b", "default"}}, {ID: "b", Excludes: []string{"a"}}}}},
		{"a cap in percent", "cap: {percent: 50}", engine.Policy{CapPercent: fifty}},
		{"a cap of an amount and in percent", "cap: {percent: 50, amount: 50}", engine.Policy{CapPercent: fifty, Cap: engine.PerCurrency{usd: engine.NewDecimal(50)}}},
		{"a cap per currency", "cap: {amount: {USD: 50, JPY: 9000}}",
			engine.Policy{Cap: engine.PerCurrency{usd: engine.NewDecimal(50), yen: engine.NewDecimal(9000)}}},
		{"the best resolution", "resolution: best", engine.Policy{}},
		{"resolution by priority", "resolution: priority", engine.Policy{Resolution: engine.ResolvePriority}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := policyOf(t, c.text); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestACapMayDependOnTheCart(t *testing.T) {
	policy := policyOf(t, `cap: {percent: "'staff' in customer.groups ? 60 : 30", amount: cart.subtotal / 2}`)
	for name, n := range map[string]engine.Number{"percent": policy.CapPercent, "amount": policy.Cap} {
		if _, ok := n.(compiledNumber); !ok {
			t.Errorf("%s: got %v, want an expression", name, n)
		}
	}
}
