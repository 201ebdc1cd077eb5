package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// The benchmark shop has 1,000 items in 50 categories. 70 % of its promotions
// are percentages off one item, 20 % percentages off a category from three units
// on, 10 % amounts off the order for a coupon. A cart has ten lines.

func benchmarkRules(tb testing.TB, n int) *engine.Ruleset {
	tb.Helper()
	var b strings.Builder
	b.WriteString("promotions:\n")
	for i := range n {
		switch kind := i % 10; {
		case kind < 7:
			fmt.Fprintf(&b, "  - {id: sku-%05d, deal: {percent_off: {of: 'sku == \"S%04d\"', percent: %d}}}\n", i, skuOfRule(i), percentOfRule(i))
		case kind < 9:
			fmt.Fprintf(&b, "  - {id: category-%05d, when: c%05d.quantity >= 3, deal: {percent_off: {of: c%05d, percent: %d}}}\n", i, i, i, percentOfRule(i))
		default:
			fmt.Fprintf(&b, "  - {id: code-%05d, coupon: CODE%05d, deal: {amount_off: {of: order, amount: 5}}}\n", i, i)
		}
	}
	b.WriteString("sets:\n")
	for i := range n {
		if kind := i % 10; kind == 7 || kind == 8 {
			fmt.Fprintf(&b, "  c%05d: category == \"cat%02d\"\n", i, categoryOfRule(i))
		}
	}
	rules, err := compile.Compile([]compile.File{{Name: "bench.yaml", Data: []byte(b.String())}})
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

func skuOfRule(i int) int      { return i * 7 % 1000 }
func categoryOfRule(i int) int { return i * 3 % 50 }
func percentOfRule(i int) int  { return 5 + i%10 }

func benchmarkCart(tb testing.TB) engine.Cart {
	tb.Helper()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		tb.Fatal(err)
	}
	cart := engine.Cart{Currency: usd, Coupons: []string{"CODE00009", "CODE00029"}}
	for i := range 10 {
		n := i * 7 * 5 % 1000
		cart.Lines = append(cart.Lines, engine.Line{Quantity: int64(1 + i%3), Item: &engine.Item{
			SKU: fmt.Sprintf("S%04d", n), Name: fmt.Sprintf("Item %d", n),
			Price: engine.Amount(499 + 130*i), Categories: []string{fmt.Sprintf("cat%02d", i*3%50)},
		}})
	}
	return cart
}

// handRules is what a programmer would write for the same promotions: an index
// by item, by category and by coupon.
type handRules struct {
	bySKU      map[string][]int64
	byCategory map[string][]int64
	byCoupon   map[string]int64
}

func newHandRules(n int) handRules {
	h := handRules{map[string][]int64{}, map[string][]int64{}, map[string]int64{}}
	for i := range n {
		switch kind := i % 10; {
		case kind < 7:
			sku := fmt.Sprintf("S%04d", skuOfRule(i))
			h.bySKU[sku] = append(h.bySKU[sku], int64(percentOfRule(i)))
		case kind < 9:
			category := fmt.Sprintf("cat%02d", categoryOfRule(i))
			h.byCategory[category] = append(h.byCategory[category], int64(percentOfRule(i)))
		default:
			h.byCoupon[fmt.Sprintf("CODE%05d", i)] += 500
		}
	}
	return h
}

type handLine struct {
	item           *engine.Item
	quantity, left int64
}

// price prices the cart like the rules do: categories, items, coupons.
func (h handRules) price(cart engine.Cart) (lines []handLine, total int64) {
	lines = make([]handLine, len(cart.Lines))
	quantities := make(map[string]int64, len(cart.Lines))
	for i, l := range cart.Lines {
		lines[i] = handLine{l.Item, l.Quantity, int64(l.Item.Price) * l.Quantity}
		quantities[l.Item.Category()] += l.Quantity
	}
	slices.SortFunc(lines, func(a, b handLine) int { return strings.Compare(a.item.SKU, b.item.SKU) })
	for i := range lines {
		category := lines[i].item.Category()
		if quantities[category] < 3 {
			continue
		}
		quantities[category] = 0
		for _, percent := range h.byCategory[category] {
			takePercent(lines, percent, func(l handLine) bool { return l.item.Category() == category })
		}
	}
	for i := range lines {
		for _, percent := range h.bySKU[lines[i].item.SKU] {
			lines[i].left -= (lines[i].left*percent + 50) / 100
		}
	}
	for _, code := range cart.Coupons {
		takeAmount(lines, h.byCoupon[code], func(handLine) bool { return true })
	}
	for _, l := range lines {
		total += l.left
	}
	return lines, total
}

func takePercent(lines []handLine, percent int64, in func(handLine) bool) {
	var sum int64
	for _, l := range lines {
		if in(l) {
			sum += l.left
		}
	}
	takeAmount(lines, (sum*percent+50)/100, in)
}

// takeAmount shares an amount by largest remainder.
func takeAmount(lines []handLine, amount int64, in func(handLine) bool) {
	var sum int64
	for _, l := range lines {
		if in(l) {
			sum += l.left
		}
	}
	if amount = min(amount, sum); amount == 0 {
		return
	}
	type part struct {
		line      int
		remainder int64
	}
	parts := make([]part, 0, len(lines))
	left := amount
	for i, l := range lines {
		if in(l) {
			share := amount * l.left / sum
			parts = append(parts, part{i, amount * l.left % sum})
			lines[i].left -= share
			left -= share
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return int(b.remainder - a.remainder) })
	for _, p := range parts[:left] {
		lines[p.line].left--
	}
}

func TestTheHandWrittenBenchmarkPricesTheSame(t *testing.T) {
	cart := benchmarkCart(t)
	for _, n := range []int{10, 100, 1000} {
		quote, err := benchmarkRules(t, n).Price(engine.Request{Cart: cart})
		if err != nil {
			t.Fatal(err)
		}
		if _, total := newHandRules(n).price(cart); int64(quote.Total) != total {
			t.Errorf("%d rules: the engine says %d, the hand-written code %d", n, quote.Total, total)
		}
		if n == 100 && len(quote.Promotions) < 5 {
			t.Errorf("only %d promotions apply; the benchmark measures too little", len(quote.Promotions))
		}
	}
}

// BenchmarkPrice compares the engine with the hand-written function: both run in
// turns, so that whatever else the machine does falls on both, and the process's
// CPU time is counted, garbage collection included.
func BenchmarkPrice(b *testing.B) {
	cart := benchmarkCart(b)
	for _, n := range []int{10, 100, 1000, 10000} {
		rules, hand := benchmarkRules(b, n), newHandRules(n)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			inTurns(b, "x-handwritten",
				func() {
					if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
						b.Fatal(err)
					}
				},
				func() { hand.price(cart) })
		})
	}
}
