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
	bySKU      map[string][]handPercent
	byCategory map[string][]handPercent
	byCoupon   map[string][]handAmount
}

type handPercent struct {
	id      string
	percent int64
}

type handAmount struct {
	id     string
	amount int64
}

func newHandRules(n int) handRules {
	h := handRules{map[string][]handPercent{}, map[string][]handPercent{}, map[string][]handAmount{}}
	for i := range n {
		switch kind := i % 10; {
		case kind < 7:
			sku := fmt.Sprintf("S%04d", skuOfRule(i))
			h.bySKU[sku] = append(h.bySKU[sku], handPercent{fmt.Sprintf("sku-%05d", i), int64(percentOfRule(i))})
		case kind < 9:
			category := fmt.Sprintf("cat%02d", categoryOfRule(i))
			h.byCategory[category] = append(h.byCategory[category], handPercent{fmt.Sprintf("category-%05d", i), int64(percentOfRule(i))})
		default:
			code := fmt.Sprintf("CODE%05d", i)
			h.byCoupon[code] = append(h.byCoupon[code], handAmount{fmt.Sprintf("code-%05d", i), 500})
		}
	}
	return h
}

type handLine struct {
	item           *engine.Item
	quantity, left int64
}

// handShare is what a promotion took off a line.
type handShare struct {
	promotion string
	line      int
	off       int64
}

// handQuote is a cart being priced. With account it also says which promotion
// took how much off which line, as a quote does.
type handQuote struct {
	lines   []handLine
	account bool
	shares  []handShare
}

// price prices the cart like the rules do: categories, items, coupons.
func (h handRules) price(cart engine.Cart, account bool) (q handQuote, total int64) {
	q = handQuote{lines: make([]handLine, len(cart.Lines)), account: account}
	quantities := make(map[string]int64, len(cart.Lines))
	for i, l := range cart.Lines {
		q.lines[i] = handLine{l.Item, l.Quantity, int64(l.Item.Price) * l.Quantity}
		quantities[l.Item.Category()] += l.Quantity
	}
	slices.SortFunc(q.lines, func(a, b handLine) int { return strings.Compare(a.item.SKU, b.item.SKU) })
	for i := range q.lines {
		category := q.lines[i].item.Category()
		if quantities[category] < 3 {
			continue
		}
		quantities[category] = 0
		for _, p := range h.byCategory[category] {
			q.takePercent(p, func(l handLine) bool { return l.item.Category() == category })
		}
	}
	for i := range q.lines {
		for _, p := range h.bySKU[q.lines[i].item.SKU] {
			q.take(p.id, i, (q.lines[i].left*p.percent+50)/100)
		}
	}
	for _, code := range cart.Coupons {
		for _, a := range h.byCoupon[code] {
			q.takeAmount(a.id, a.amount, func(handLine) bool { return true })
		}
	}
	for _, l := range q.lines {
		total += l.left
	}
	return q, total
}

func (q *handQuote) take(promotion string, line int, off int64) {
	q.lines[line].left -= off
	if q.account {
		q.shares = append(q.shares, handShare{promotion, line, off})
	}
}

func (q *handQuote) takePercent(p handPercent, in func(handLine) bool) {
	var sum int64
	for _, l := range q.lines {
		if in(l) {
			sum += l.left
		}
	}
	q.takeAmount(p.id, (sum*p.percent+50)/100, in)
}

// takeAmount shares an amount by largest remainder.
func (q *handQuote) takeAmount(promotion string, amount int64, in func(handLine) bool) {
	var sum int64
	for _, l := range q.lines {
		if in(l) {
			sum += l.left
		}
	}
	if amount = min(amount, sum); amount == 0 {
		return
	}
	type part struct {
		line             int
		share, remainder int64
	}
	parts := make([]part, 0, len(q.lines))
	left := amount
	for i, l := range q.lines {
		if in(l) {
			share := amount * l.left / sum
			parts = append(parts, part{i, share, amount * l.left % sum})
			left -= share
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return int(b.remainder - a.remainder) })
	for i := range parts[:left] {
		parts[i].share++
	}
	for _, p := range parts {
		q.take(promotion, p.line, p.share)
	}
}

func TestTheHandWrittenBenchmarkPricesTheSame(t *testing.T) {
	cart := benchmarkCart(t)
	for _, n := range []int{10, 100, 1000} {
		quote, err := benchmarkRules(t, n).Price(engine.Request{Cart: cart})
		if err != nil {
			t.Fatal(err)
		}
		hand, total := newHandRules(n).price(cart, true)
		if int64(quote.Total) != total {
			t.Errorf("%d rules: the engine says %d, the hand-written code %d", n, quote.Total, total)
		}
		off := make(map[string]engine.Amount)
		for _, share := range hand.shares {
			off[share.promotion] += engine.Amount(share.off)
		}
		for _, o := range quote.Promotions {
			if off[o.Promotion] != o.Discount {
				t.Errorf("%d rules, %s: the engine says %d, the hand-written code %d", n, o.Promotion, o.Discount, off[o.Promotion])
			}
		}
		if n == 100 && len(quote.Promotions) < 5 {
			t.Errorf("only %d promotions apply; the benchmark measures too little", len(quote.Promotions))
		}
	}
}

// BenchmarkPrice compares the engine with the hand-written function, which gives
// the total only, or also says who took how much off which line: all run in
// turns, so that whatever else the machine does falls on all, and the process's
// CPU time is counted, garbage collection included.
func BenchmarkPrice(b *testing.B) {
	cart := benchmarkCart(b)
	for _, n := range []int{10, 100, 1000, 10000} {
		rules, hand := benchmarkRules(b, n), newHandRules(n)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			spent := spentBy(b,
				func() {
					if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
						b.Fatal(err)
					}
				},
				func() { hand.price(cart, false) },
				func() { hand.price(cart, true) })
			b.ReportMetric(spent[0], "cpu-ns")
			b.ReportMetric(spent[1], "total-cpu-ns")
			b.ReportMetric(spent[2], "account-cpu-ns")
			b.ReportMetric(spent[0]/spent[1], "x-total")
			b.ReportMetric(spent[0]/spent[2], "x-account")
		})
	}
}

// BenchmarkQuoteAllocations counts what one quote allocates.
func BenchmarkQuoteAllocations(b *testing.B) {
	cart := benchmarkCart(b)
	for _, n := range []int{10, 100, 1000, 10000} {
		rules := benchmarkRules(b, n)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBestGroup prices a cart for which so many promotions of a group could
// apply, of which the best one does.
func BenchmarkBestGroup(b *testing.B) {
	cart := benchmarkCart(b)
	for _, n := range []int{5, 20, 100, 300} {
		var rules strings.Builder
		rules.WriteString("promotions:\n")
		for i := range n {
			fmt.Fprintf(&rules, "  - {id: p%04d, group: g, deal: {percent_off: {of: order, percent: %d.%02d}}}\n", i, 1+i*7%40, i%100)
		}
		ruleset, err := compile.Compile([]compile.File{
			{Name: "best.yaml", Data: []byte(rules.String())}, {Name: "policy.yaml", Data: []byte("groups: [{id: g, combine: best}]\n")},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("promotions=%d", n), func(b *testing.B) {
			for b.Loop() {
				if quote, err := ruleset.Price(engine.Request{Cart: cart}); err != nil || !quote.Optimal {
					b.Fatal(err, quote.Optimal)
				}
			}
		})
	}
}
