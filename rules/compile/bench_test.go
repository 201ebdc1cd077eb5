package compile_test

import (
	"fmt"
	"runtime"
	"slices"
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
	condition := compiledWhen(t, expression).When
	inScopeOf(t, cart, func(s *engine.Scope) { do(condition, s) })
}

// inScopeOf calls do with the scope of the cart.
func inScopeOf(t testing.TB, cart engine.Cart, do func(*engine.Scope)) {
	t.Helper()
	spy, err := engine.NewRuleset(engine.RulesetConfig{
		Currency:   cart.Currency,
		Sets:       sets(),
		Promotions: []engine.Promotion{{ID: "spy", When: inScope(do), Deals: []engine.Deal{&engine.AmountOff{Of: engine.Selection{Order: true}, Amount: engine.Constant{}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spy.Price(engine.Request{Cart: cart, At: friday}); err != nil {
		t.Fatal(err)
	}
}

// sets are the sets of the definitions, in the order in which they are
// compiled.
func sets() []engine.ItemSet {
	cheap := func(i *engine.Item, _ int64) bool { return i.Price < 5000 }
	return []engine.ItemSet{
		{Name: "cheap", Match: cheap},
		{Name: "cheap_new", Match: func(i *engine.Item, n int64) bool { return cheap(i, n) && slices.Contains(i.Tags, "new") }},
		{Name: "nothing", Match: func(*engine.Item, int64) bool { return false }},
		{Name: "tvs", Match: func(i *engine.Item, _ int64) bool { return engine.InCategory(i.Category(), "tv") }},
	}
}

func TestAConditionAllocatesNothing(t *testing.T) {
	for _, expression := range []string{
		`cart.subtotal >= 100 and "vip" in customer.groups and tvs.quantity >= 3`,
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

// The facts of a cart as expr's VM reads them fastest: records behind pointers,
// aggregates as fields, and a function of a known type.
type (
	vmFacts struct {
		Cart     *vmCartFacts      `expr:"cart"`
		Customer *vmCustomerFacts  `expr:"customer"`
		Tvs      *vmSetFacts       `expr:"tvs"`
		Items    []*vmItemFacts    `expr:"items"`
		InGroup  func(string) bool `expr:"in_group"`
	}
	vmCartFacts struct {
		Subtotal int    `expr:"subtotal"`
		Quantity int    `expr:"quantity"`
		Channel  string `expr:"channel"`
	}
	vmCustomerFacts struct {
		ID     string   `expr:"id"`
		Group  string   `expr:"group"`
		Groups []string `expr:"groups"`
	}
	vmSetFacts struct {
		Quantity int `expr:"quantity"`
	}
	vmItemFacts struct {
		SKU      string   `expr:"sku"`
		Category string   `expr:"category"`
		Price    int      `expr:"price"`
		Tags     []string `expr:"tags"`
		Quantity int      `expr:"quantity"`
	}
)

// tenLines is a cart of ten lines, four of them televisions.
func tenLines() engine.Cart {
	cart := shopCart()
	cart.Lines = nil
	for i := range 10 {
		item := &engine.Item{SKU: fmt.Sprintf("S%d", i), Name: "x", Price: 5000, Categories: []string{"audio"}}
		if i%3 == 0 {
			item.Categories = []string{"tv"}
		}
		cart.Lines = append(cart.Lines, engine.Line{Quantity: 1, Item: item})
	}
	return cart
}

// factsOf is the cart as the VM sees it.
func factsOf(cart engine.Cart) vmFacts {
	facts := vmFacts{
		Cart:     &vmCartFacts{Channel: cart.Channel},
		Customer: &vmCustomerFacts{ID: cart.Customer.ID, Group: cart.Customer.Groups[0], Groups: cart.Customer.Groups},
		Tvs:      &vmSetFacts{},
		InGroup:  func(group string) bool { return slices.Contains(cart.Customer.Groups, group) },
	}
	for _, l := range cart.Lines {
		facts.Cart.Quantity += int(l.Quantity)
		facts.Cart.Subtotal += int(l.Item.Price) / 100 * int(l.Quantity)
		facts.Items = append(facts.Items, &vmItemFacts{Category: l.Item.Category(), Quantity: int(l.Quantity)})
		if l.Item.Category() == "tv" {
			facts.Tvs.Quantity += int(l.Quantity)
		}
	}
	return facts
}

// predicate is a condition as promotions have them, true for tenLines, with the
// ways to ask expr's VM the same.
type predicate struct {
	name, expression string
	inVM             []string
	byHand           func(*engine.Scope) bool // nil for none
}

func predicates() []predicate {
	return []predicate{
		{name: "comparison", expression: "cart.quantity > 3", inVM: []string{"cart.quantity > 3"}},
		{name: "text", expression: `cart.channel == "web"`, inVM: []string{`cart.channel == "web"`}},
		{name: "list", expression: `cart.channel in ["app", "shop", "web"]`, inVM: []string{`cart.channel in ["app", "shop", "web"]`}},
		{
			name: "money, group and set", expression: `cart.subtotal >= 100 and "vip" in customer.groups and tvs.quantity >= 3`,
			inVM: []string{
				`cart.subtotal >= 100 and "vip" in customer.groups and tvs.quantity >= 3`,
				`cart.subtotal >= 100 and "vip" in customer.groups and count(items, .category == "tv") >= 3`,
				`cart.subtotal >= 100 and customer.group == "vip" and tvs.quantity >= 3`,
				`cart.subtotal >= 100 and in_group("vip") and tvs.quantity >= 3`,
			},
			byHand: func(s *engine.Scope) bool {
				return s.Subtotal() >= 10000 && slices.Contains(s.Cart().Customer.Groups, "vip") && s.Set(3).Quantity() >= 3
			},
		},
		{
			name: "lines", expression: `any(cart.lines, .category == "tv" and .quantity > 1) or cart.quantity > 3`,
			inVM: []string{`any(items, .category == "tv" and .quantity > 1) or cart.quantity > 3`},
		},
	}
}

// contestant is a way to evaluate a condition n times, with the times it took.
type contestant struct {
	name string
	run  func(n int)
	took []float64
}

// BenchmarkPredicate compares the closures with expr's VM. All are run in turn
// in every round, so that what else the machine does falls on all alike. The
// metrics are medians over the rounds: nanoseconds, and how many times longer
// the VM takes in the same round.
func BenchmarkPredicate(b *testing.B) {
	for _, p := range predicates() {
		b.Run(p.name, func(b *testing.B) {
			withScope(b, p.expression, tenLines(), func(c engine.Condition, s *engine.Scope) {
				contestants := []*contestant{{name: "closures", run: func(n int) {
					for range n {
						if !c.Holds(s) {
							b.Fatal("got false, want true")
						}
					}
				}}}
				for i, expression := range p.inVM {
					contestants = append(contestants, &contestant{name: fmt.Sprintf("vm%d", i+1), run: vmRunner(b, expression, factsOf(tenLines()))})
				}
				if p.byHand != nil {
					contestants = append(contestants, &contestant{name: "go", run: func(n int) {
						for range n {
							if !p.byHand(s) {
								b.Fatal("got false, want true")
							}
						}
					}})
				}
				compete(b, contestants)
			})
		})
	}
}

// BenchmarkItemSet compares the tests of sets with expr's VM as
// BenchmarkPredicate does.
func BenchmarkItemSet(b *testing.B) {
	item := &engine.Item{SKU: "SKU9", Name: "x", Price: 5000, Categories: []string{"tv/oled"}, Tags: []string{"new", "4k"}}
	facts := &vmItemFacts{SKU: item.SKU, Category: item.Categories[0], Price: 50, Tags: item.Tags}
	for _, e := range []struct{ name, expression, inVM string }{
		{"sku", `sku == "SKU9"`, `sku == "SKU9"`},
		{"skus", `sku in ["SKU1", "SKU5", "SKU9"]`, `sku in ["SKU1", "SKU5", "SKU9"]`},
		{"category", `category == "tv"`, `category == "tv" or category startsWith "tv/"`},
		{"tag", `"4k" in tags`, `"4k" in tags`},
		{"category and price", `category == "tv" and price >= 20`, `(category == "tv" or category startsWith "tv/") and price >= 20`},
	} {
		b.Run(e.name, func(b *testing.B) {
			set := compile.ItemSets(compile.File{Name: "f.yaml", Data: []byte("sets: {a: " + quoted(e.expression) + "}\n")})[0]
			compete(b, []*contestant{
				{name: "closures", run: func(n int) {
					for range n {
						if !set.Match(item, 1) {
							b.Fatal("got false, want true")
						}
					}
				}},
				{name: "vm", run: vmRunner(b, e.inVM, facts)},
			})
		})
	}
}

// vmRunner compiles the expression for a VM, and for facts boxed once, that are
// used again.
func vmRunner(b *testing.B, expression string, facts any) func(n int) {
	b.Helper()
	program, err := expr.Compile(expression, expr.Env(facts), expr.AsBool())
	if err != nil {
		b.Fatal(err)
	}
	var machine vm.VM
	return func(n int) {
		for range n {
			if result, err := machine.Run(program, facts); err != nil || result != true {
				b.Fatalf("got %v, %v, want true", result, err)
			}
		}
	}
}

// compete runs rounds of a thousand evaluations each. The first contestant is
// what the others are measured by.
func compete(b *testing.B, contestants []*contestant) {
	b.Helper()
	const evaluations = 1000
	for b.Loop() {
		for _, c := range contestants {
			started := time.Now()
			c.run(evaluations)
			c.took = append(c.took, float64(time.Since(started).Nanoseconds())/evaluations)
		}
	}
	base := contestants[0]
	b.ReportMetric(median(base.took), base.name+"-ns")
	for _, c := range contestants[1:] {
		ratios := make([]float64, len(c.took))
		for i := range ratios {
			ratios[i] = c.took[i] / base.took[i]
		}
		b.ReportMetric(median(c.took), c.name+"-ns")
		b.ReportMetric(median(ratios), c.name+"-ratio")
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
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

// BenchmarkCompile also tells how much memory a promotion takes as long as the
// ruleset is in use.
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
			b.ReportMetric(float64(resident(b, files))/float64(n), "resident-B/rule")
		})
	}
}

// resident returns how many bytes the ruleset of the files holds.
func resident(b *testing.B, files []compile.File) uint64 {
	b.Helper()
	before := heap()
	ruleset, err := compile.Compile(files)
	if err != nil {
		b.Fatal(err)
	}
	after := heap()
	runtime.KeepAlive(ruleset)
	return after - before
}

// heap returns how many bytes are in use.
func heap() uint64 {
	var stats runtime.MemStats
	for range 2 { // the first one empties pools
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
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
