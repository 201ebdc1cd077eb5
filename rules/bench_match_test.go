//go:build unix

package rules_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// The shop of the matching benchmark has 10,000 items in 500 categories. Of its
// promotions 70 % are about an item, 20 % about a category and 10 % about a code,
// and none has its quantity reached, so that finding them is all there is to do.

func matchRules(tb testing.TB, n int) *engine.Ruleset {
	tb.Helper()
	r := rand.New(rand.NewPCG(3, uint64(n)))
	var b, sets strings.Builder
	b.WriteString("promotions:\n")
	sets.WriteString("sets:\n")
	for i := range n {
		of, coupon := fmt.Sprintf("S%05d", r.IntN(10000)), ""
		set := fmt.Sprintf("sku == %q", of)
		switch kind := i % 10; {
		case kind == 9:
			coupon = fmt.Sprintf("coupon: CODE%05d, ", i)
		case kind >= 7:
			set = fmt.Sprintf("category == \"c%03d\"", r.IntN(500))
		}
		fmt.Fprintf(&sets, "  s%05d: '%s'\n", i, set)
		fmt.Fprintf(&b, "  - {id: p%05d, %swhen: s%05d.quantity >= 1000, deal: {percent_off: {of: s%05d, percent: 10}}}\n", i, coupon, i, i)
	}
	if n == 0 {
		b.WriteString("  - {id: none, enabled: false, deal: {percent_off: {of: order, percent: 1}}}\n")
		sets.WriteString("  nothing: sku == \"none\"\n")
	}
	b.WriteString(sets.String())
	rules, err := compile.Compile([]compile.File{{Name: "bench.yaml", Data: []byte(b.String())}})
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func matchCarts(tb testing.TB) []engine.Cart {
	tb.Helper()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 4))
	carts := make([]engine.Cart, 64)
	for i := range carts {
		carts[i] = engine.Cart{Currency: usd, Coupons: []string{fmt.Sprintf("CODE%05d", r.IntN(1000)*10+9)}}
		for range 10 {
			n := r.IntN(10000)
			carts[i].Lines = append(carts[i].Lines, engine.Line{Quantity: 1 + int64(r.IntN(3)), Item: &engine.Item{
				SKU: fmt.Sprintf("S%05d", n), Price: engine.Amount(99 + n), Categories: []string{fmt.Sprintf("c%03d", n%500)},
			}})
		}
	}
	return carts
}

// handIndex is what a programmer would write: the promotions by item, category
// and code, each with the quantity that it asks for.
type handIndex struct{ bySKU, byCategory, byCode map[string][]int64 }

func newHandIndex(n int) handIndex {
	h := handIndex{map[string][]int64{}, map[string][]int64{}, map[string][]int64{}}
	r := rand.New(rand.NewPCG(3, uint64(n)))
	for i := range n {
		sku := fmt.Sprintf("S%05d", r.IntN(10000))
		switch kind := i % 10; {
		case kind == 9:
			code := fmt.Sprintf("CODE%05d", i)
			h.byCode[code] = append(h.byCode[code], 1000)
		case kind >= 7:
			category := fmt.Sprintf("c%03d", r.IntN(500))
			h.byCategory[category] = append(h.byCategory[category], 1000)
		default:
			h.bySKU[sku] = append(h.bySKU[sku], 1000)
		}
	}
	return h
}

// match counts the promotions whose quantity the cart reaches.
func (h handIndex) match(cart engine.Cart) (reached int) {
	quantities := make(map[string]int64, len(cart.Lines))
	for _, line := range cart.Lines {
		quantities[line.Item.Category()] += line.Quantity
		reached += countReached(h.bySKU[line.Item.SKU], line.Quantity)
	}
	for category, quantity := range quantities {
		reached += countReached(h.byCategory[category], quantity)
	}
	for _, code := range cart.Coupons {
		reached += countReached(h.byCode[code], 1)
	}
	return reached
}

func countReached(wanted []int64, quantity int64) (n int) {
	for _, w := range wanted {
		if quantity >= w {
			n++
		}
	}
	return n
}

// BenchmarkMatch measures what finding the promotions costs: a quote with so many
// promotions, none of which applies, less a quote without any, against the
// hand-written index.
func BenchmarkMatch(b *testing.B) {
	carts, none := matchCarts(b), matchRules(b, 0)
	price := func(rules *engine.Ruleset, cart engine.Cart) {
		if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
			b.Fatal(err)
		}
	}
	for _, n := range []int{10, 100, 1000, 10000} {
		rules, hand := matchRules(b, n), newHandIndex(n)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			var i, j, k int
			spent := spentBy(b,
				func() { i++; price(rules, carts[i%len(carts)]) },
				func() { j++; price(none, carts[j%len(carts)]) },
				func() { k++; hand.match(carts[k%len(carts)]) })
			b.ReportMetric(spent[0], "quote-cpu-ns")
			b.ReportMetric(spent[0]-spent[1], "match-cpu-ns")
			b.ReportMetric(spent[2], "hand-cpu-ns")
			b.ReportMetric((spent[0]-spent[1])/spent[2], "x-handwritten")
		})
	}
}
