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

// basketClass is a kind of basket. Half of the units of realistic ones are in a
// promoted range of 60 out of 300 products, and an offer covers ten of these; of
// stressful ones all units are promoted, in a range of 40.
type basketClass struct {
	name               string
	products, promoted int
	units              int
}

// covered is how many products an offer is about.
const covered = 10

func basketPrice(product int) engine.Amount { return engine.Amount(50 + product*7919%1300) }

// offers writes ten offers over overlapping ranges: three for two, any three and
// any two for a price, a meal deal, the second at half price.
func (c basketClass) offers(r *rand.Rand, policy string) []compile.File {
	var b strings.Builder
	b.WriteString("promotions:\n")
	for i := range 10 {
		products := r.Perm(c.promoted)[:covered]
		var mean engine.Amount
		for _, n := range products {
			mean += basketPrice(n) / covered
		}
		all, deal := setOf(products), ""
		switch i % 5 {
		case 0:
			deal = fmt.Sprintf("multibuy: {of: %s, quantity: 3, pay_for: 2}", all)
		case 1:
			deal = fmt.Sprintf("multibuy: {of: %s, quantity: 3, price: %s}", all, cents(2*mean))
		case 2:
			deal = fmt.Sprintf("multibuy: {of: %s, quantity: 2, price: %s}", all, cents(mean*3/2))
		case 3:
			deal = fmt.Sprintf("bundle: {items: [{of: %s}, {of: %s}, {of: %s}], price: %s}",
				setOf(products[:4]), setOf(products[4:7]), setOf(products[7:]), cents(2*mean))
		default:
			deal = fmt.Sprintf("buy_get: {buy: {of: %s, quantity: 1}, get: {percent_off: 50}}", all)
		}
		fmt.Fprintf(&b, "  - {id: offer-%d, deal: {%s}}\n", i, deal)
	}
	return []compile.File{{Name: "offers.yaml", Data: []byte(b.String())}, {Name: "policy.yaml", Data: []byte(policy)}}
}

// setOf writes the set of the products.
func setOf(products []int) string {
	skus := make([]string, len(products))
	for i, n := range products {
		skus[i] = fmt.Sprintf("\"S%03d\"", n)
	}
	return "'sku in [" + strings.Join(skus, ", ") + "]'"
}

func cents(a engine.Amount) string { return fmt.Sprintf("%d.%02d", a/100, a%100) }

func (c basketClass) basket(r *rand.Rand, usd engine.Currency) engine.Cart {
	units := make([]int64, c.products)
	for range c.units {
		if c.promoted < c.products && r.IntN(2) == 0 {
			units[c.promoted+r.IntN(c.products-c.promoted)]++
		} else {
			units[r.IntN(c.promoted)]++
		}
	}
	cart := engine.Cart{Currency: usd}
	for product, n := range units {
		if n > 0 {
			item := &engine.Item{SKU: fmt.Sprintf("S%03d", product), Price: basketPrice(product)}
			cart.Lines = append(cart.Lines, engine.Line{Item: item, Quantity: n})
		}
	}
	return cart
}

// BenchmarkBaskets prices baskets in which offers compete for units, and
// measures the CPU time of whole quotes, how often the optimum is proven, and
// what taking the offers one after the other would have lost of the saving.
func BenchmarkBaskets(b *testing.B) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []basketClass{
		{"realistic", 300, 60, 20}, {"realistic", 300, 60, 30}, {"realistic", 300, 60, 50},
		{"stress", 40, 40, 30}, {"stress", 40, 40, 50},
	} {
		b.Run(fmt.Sprintf("%s/units=%d", c.name, c.units), func(b *testing.B) {
			defer runtime.KeepAlive(serverHeap())
			r := rand.New(rand.NewPCG(7, uint64(c.units)))
			var m basketMeasure
			for b.Loop() {
				seed := r.Uint64()
				files := func(policy string) []compile.File { return c.offers(rand.New(rand.NewPCG(seed, 1)), policy) }
				m.price(b, files("resolution: best\n"), files("resolution: priority\n"), c.basket(r, usd))
			}
			m.report(b)
		})
	}
}

// basketMeasure collects what the benchmark found.
type basketMeasure struct {
	times               []time.Duration
	proven, fast, loses int
	lost, most          float64
}

func (m *basketMeasure) price(b *testing.B, best, inTurn []compile.File, cart engine.Cart) {
	b.Helper()
	quote, spent := m.quote(b, best, cart)
	greedy, _ := m.quote(b, inTurn, cart)
	m.times = append(m.times, spent)
	if quote.Optimal {
		m.proven++
		if spent <= time.Millisecond {
			m.fast++
		}
	}
	switch saving, in := quote.Saving(), greedy.Saving(); {
	case saving < in:
		b.Fatalf("the optimum saves %d, one offer after the other %d", saving, in)
	case saving > in:
		m.loses++
		lost := float64(saving-in) / float64(saving)
		m.lost, m.most = m.lost+lost, max(m.most, lost)
	}
}

// quote prices the cart, the second time with warm buffers and facts.
func (m *basketMeasure) quote(b *testing.B, files []compile.File, cart engine.Cart) (engine.Quote, time.Duration) {
	b.Helper()
	rules, err := compile.Compile(files)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := rules.Price(engine.Request{Cart: cart}); err != nil {
		b.Fatal(err)
	}
	start := cpuTime(b)
	quote, err := rules.Price(engine.Request{Cart: cart})
	if err != nil {
		b.Fatal(err)
	}
	return quote, cpuTime(b) - start
}

func (m *basketMeasure) report(b *testing.B) {
	slices.Sort(m.times)
	n := len(m.times)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(m.times[n/2].Microseconds()), "p50-cpu-µs")
	b.ReportMetric(float64(m.times[n*9/10].Microseconds()), "p90-cpu-µs")
	b.ReportMetric(float64(m.times[n*99/100].Microseconds()), "p99-cpu-µs")
	b.ReportMetric(100*float64(m.proven)/float64(n), "%proven")
	b.ReportMetric(100*float64(m.fast)/float64(n), "%proven<1ms")
	b.ReportMetric(100*float64(m.loses)/float64(n), "%greedy-loses")
	b.ReportMetric(100*m.lost/float64(max(1, m.loses)), "%mean-loss")
	b.ReportMetric(100*m.most, "%max-loss")
}
