package compile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// inScope is a condition that runs a function where a scope is at hand.
type inScope func(*engine.Scope)

func (f inScope) Holds(s *engine.Scope) bool          { f(s); return true }
func (f inScope) Why(s *engine.Scope) []engine.Clause { return nil }

func (f inScope) Misses(s *engine.Scope) []engine.Miss { return nil }

// withScope calls do with the condition and the scope of the cart.
func withScope(t testing.TB, expression string, cart engine.Cart, do func(engine.Condition, *engine.Scope)) {
	t.Helper()
	ruleset := compileAll(t, []string{"when: " + quoted(expression) + ", deal: {percent_off: {of: tvs, percent: 0}}"})
	p, _ := ruleset.Promotion("p0")
	condition := p.When
	spy, err := engine.NewRuleset(engine.RulesetConfig{
		Currency:   cart.Currency,
		Sets:       sets(ruleset),
		Promotions: []engine.Promotion{{ID: "spy", When: inScope(func(s *engine.Scope) { do(condition, s) }), Deals: p.Deals}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spy.Price(engine.Request{Cart: cart, At: friday}); err != nil {
		t.Fatal(err)
	}
}

// sets are stand-ins for the sets of the definitions, in their order.
func sets(*engine.Ruleset) []engine.ItemSet {
	all := func(*engine.Item, int64) bool { return true }
	return []engine.ItemSet{{Name: "cheap", Match: all}, {Name: "cheap_new", Match: all}, {Name: "nothing", Match: all}, {Name: "tvs", Match: all}}
}

func TestAConditionAllocatesNothing(t *testing.T) {
	for _, expression := range []string{
		"cart.quantity > 100",
		"cart.subtotal * 1.1 >= 5000.00 and vip",
		`cart.channel == "app" or shipping.country in ["US", "CA"]`,
		`customer.attributes.tier == "silver" and customer.attributes.points > 1000`,
		`"gold" in customer.groups or "summer" in coupons`,
		"tvs.quantity > 50 or min(customer.orders, 5) > 5",
		`now.weekday == "sat" or now.hour < 8`,
		`(customer.attributes.x ?? 0) > 5 or not rich`,
		"cart.quantity in 50..60 or cart.lines > 30",
		"any(cart.lines, .quantity > 10) or count(tvs.lines, .price > 5) > 10",
		`none(filter(cart.lines, .quantity > 0), true) or any(cart.lines, any(.tags, # == "x" and vip))`,
		"sum(cart.lines, .price * .quantity) > 1000000",
		`any(coupons, # == "nope") or all(customer.groups, len(#) > 10)`,
	} {
		withScope(t, expression, shopCart(), func(c engine.Condition, s *engine.Scope) {
			c.Holds(s) // finds the members of sets
			if got := testing.AllocsPerRun(100, func() { c.Holds(s) }); got != 0 {
				t.Errorf("%s: got %v allocations, want 0", expression, got)
			}
		})
	}
}

// TestTheDearestAcceptedExpressionIsFastEnough runs what just fits the bound
// of steps on the largest cart.
func TestTheDearestAcceptedExpressionIsFastEnough(t *testing.T) {
	expression := strings.TrimSuffix(strings.Repeat(`all(cart.lines, all(cart.lines, .price != 5 and .quantity + 1 > 0)) and `, 3), " and ")
	withScope(t, expression, largestCart(), func(c engine.Condition, s *engine.Scope) {
		started := time.Now()
		if !c.Holds(s) {
			t.Error("got false, want true")
		}
		took := time.Since(started)
		t.Logf("took %s", took)
		if took > 10*time.Second {
			t.Errorf("took %s, want under 10s", took)
		}
	})
}

func largestCart() engine.Cart {
	cart := shopCart()
	cart.Lines = nil
	for i := range engine.MaxLines {
		cart.Lines = append(cart.Lines, engine.Line{Quantity: 1, Item: &engine.Item{SKU: fmt.Sprintf("S%d", i), Name: "x", Price: 1000}})
	}
	return cart
}

var benchmarks = []struct{ name, expression string }{
	{"comparison", "cart.quantity > 100"},
	{"text", `cart.channel == "app"`},
	{"mixed", `cart.quantity > 3 and customer.id == "C2" or "gold" in customer.groups`},
	{"predicate", "any(cart.lines, .quantity > 10)"},
}

func BenchmarkConditionAsClosure(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			withScope(b, bench.expression, shopCart(), func(c engine.Condition, s *engine.Scope) {
				b.ReportAllocs()
				for b.Loop() {
					c.Holds(s)
				}
			})
		})
	}
}

func BenchmarkConditionInVM(b *testing.B) {
	shop := vmShop{
		Cart:     vmCart{Quantity: 6, Channel: "web", Lines: []vmLine{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 3}, {SKU: "C", Quantity: 2}}},
		Customer: vmCustomer{ID: "C1", Groups: []string{"vip", "staff"}},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			program, err := expr.Compile(bench.expression, expr.Env(vmShop{}), expr.AsBool())
			if err != nil {
				b.Fatal(err)
			}
			var machine vm.VM
			b.ReportAllocs()
			for b.Loop() {
				if _, err := machine.Run(program, shop); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// manyPromotions is a folder of n promotions as shops have them.
func manyPromotions(n int) []compile.File {
	var b strings.Builder
	b.WriteString(definitions + "promotions:\n")
	for i := range n {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "  - id: p%d\n    name: Television %d\n    deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}\n", i, i)
		case 1:
			fmt.Fprintf(&b, "  - id: p%d\n    when: cart.quantity > %d and (vip or customer.orders == 0)\n    deal: {percent_off: {of: category == \"c%d\", percent: 10}}\n", i, i%9, i)
		case 2:
			fmt.Fprintf(&b, "  - id: p%d\n    schedule: {from: 2026-11-20, until: 2026-12-01, timezone: Europe/London, days: [fri, sat]}\n    when: any(cart.lines, .quantity > 2)\n    deal: {amount_off: {of: 'sku in [\"A%d\", \"B%d\"]', amount: 5.50}}\n", i, i, i)
		default:
			fmt.Fprintf(&b, "  - id: p%d\n    coupon: CODE%d\n    when: cart.subtotal >= %d and shipping.country in [\"GB\", \"IE\"]\n    deal: {percent_off: {of: order, percent: \"min(5 * customer.orders, 25)\"}}\n", i, i, i)
		}
	}
	return []compile.File{{Name: "f.yaml", Data: []byte(b.String())}}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files := manyPromotions(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compile.Compile(files); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompileFaults has a misspelt name in every promotion, each of which
// is compared with a thousand sets.
func BenchmarkCompileFaults(b *testing.B) {
	var source strings.Builder
	source.WriteString("sets:\n")
	for i := range 1000 {
		fmt.Fprintf(&source, "  set_number_%d: price > %d\n", i, i)
	}
	source.WriteString("promotions:\n")
	for i := range 1000 {
		fmt.Fprintf(&source, "  - {id: p%d, when: sett_number_%d.quantity > 1, deal: {percent_off: {of: order, percent: 10}}}\n", i, i)
	}
	files := []compile.File{{Name: "f.yaml", Data: []byte(source.String())}}
	for b.Loop() {
		if _, err := compile.Compile(files); err == nil {
			b.Fatal("got no error")
		}
	}
}
