//go:build unix

package rules_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// largeRules are n promotions of all kinds, every one of which can act on a cart
// of the benchmark shop: its items are S0000 to S0999 in 50 categories. So many
// of each twenty are multi-unit deals, which compete for units.
func largeRules(tb testing.TB, n, competing int) *engine.Ruleset {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var b strings.Builder
	b.WriteString("promotions:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: p%04d, priority: %d, %s}\n", i, r.IntN(5), largePromotion(r, i, competing))
	}
	rules, err := compile.Compile([]compile.File{{Name: "bench.yaml", Data: []byte(b.String())}})
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func largePromotion(r *rand.Rand, i, competing int) string {
	category := func() string { return fmt.Sprintf(`'category == "cat%02d"'`, r.IntN(50)) }
	if i%20 < competing {
		switch i % 4 {
		case 0:
			return fmt.Sprintf("deal: {bundle: {items: [{of: %s}, {of: %s}], percent_off: 20}}", category(), category())
		case 1:
			return fmt.Sprintf("deal: {buy_get: {buy: {of: %s, quantity: 2}, get: {of: %s, percent_off: 50}}}", category(), category())
		default:
			return fmt.Sprintf("deal: {multibuy: {of: %s, quantity: 3, pay_for: 2}}", category())
		}
	}
	switch kind := i % 10; {
	case kind < 5:
		return fmt.Sprintf("deal: {percent_off: {of: 'sku == \"S%04d\"', percent: %d}}", r.IntN(1000), 5+r.IntN(10))
	case kind < 7:
		return fmt.Sprintf("when: 'cart.quantity > %d', deal: {percent_off: {of: %s, percent: %d}}", r.IntN(60), category(), 5+r.IntN(10))
	case kind < 8:
		return fmt.Sprintf("deal: {tiers: {of: %s, steps: [{from: 2, percent_off: 5}, {from: 4, percent_off: 10}]}}", category())
	case kind < 9:
		return fmt.Sprintf("deal: {amount_off: {of: %s, amount: 1}}", category())
	default:
		return fmt.Sprintf("when: 'cart.total >= %d', deal: {percent_off: {of: order, percent: 1}}", r.IntN(500))
	}
}

// largeCarts are carts with so many lines of the shop.
func largeCarts(tb testing.TB, lines int) []engine.Cart {
	tb.Helper()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		tb.Fatal(err)
	}
	items := make([]engine.Item, 1000)
	for i := range items {
		items[i] = engine.Item{
			SKU: fmt.Sprintf("S%04d", i), Name: fmt.Sprintf("Item %d", i),
			Price: engine.Amount(199 + i*37%4000), Categories: []string{fmt.Sprintf("cat%02d", i%50)},
		}
	}
	r := rand.New(rand.NewPCG(2, uint64(lines)))
	carts := make([]engine.Cart, 16)
	for i := range carts {
		carts[i].Currency = usd
		for _, n := range r.Perm(len(items))[:lines] {
			carts[i].Lines = append(carts[i].Lines, engine.Line{Item: &items[n], Quantity: 1 + int64(r.IntN(4))})
		}
	}
	return carts
}

// BenchmarkLargeCarts measures the CPU time of single quotes, of which the
// slowest hundredth matters. Where others use the machine, that says more about
// them; the slowest of the carts, each by its fastest quote, does not.
func BenchmarkLargeCarts(b *testing.B) {
	for _, c := range []struct{ lines, promotions, competing int }{
		{50, 200, 0}, {50, 200, 1}, {50, 200, 4}, {500, 500, 0}, {500, 500, 1}, {500, 500, 4},
	} {
		name := fmt.Sprintf("lines=%d/promotions=%d/competing=%d%%", c.lines, c.promotions, 5*c.competing)
		b.Run(name, func(b *testing.B) {
			defer runtime.KeepAlive(serverHeap())
			rules, carts := largeRules(b, c.promotions, c.competing), largeCarts(b, c.lines)
			var times []time.Duration
			fastest := slices.Repeat([]time.Duration{time.Hour}, len(carts))
			proven, applied := 0, 0
			for _, cart := range carts { // what the engine keeps of items is kept
				if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
					b.Fatal(err)
				}
			}
			for i := 0; b.Loop(); i++ {
				start := cpuTime(b)
				quote, err := rules.Price(engine.Request{Cart: carts[i%len(carts)]})
				if err != nil {
					b.Fatal(err)
				}
				times = append(times, cpuTime(b)-start)
				fastest[i%len(carts)] = min(fastest[i%len(carts)], times[i])
				if quote.Optimal {
					proven++
				}
				applied += len(quote.Promotions)
			}
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-cpu-µs")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-cpu-µs")
			b.ReportMetric(float64(slices.Max(fastest).Microseconds()), "slowest-cart-cpu-µs")
			b.ReportMetric(float64(proven)/float64(len(times)), "proven")
			b.ReportMetric(float64(applied)/float64(len(times)), "applied")
		})
	}
}
