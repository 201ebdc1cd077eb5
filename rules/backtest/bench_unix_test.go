//go:build unix

package backtest_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
)

// -orders names a table of real orders with the columns of the data set "Online
// Retail", to be measured in place of made ones.
var orders = flag.String("orders", "", "a table of orders (invoice, sku, description, quantity, ordered_at, unit_price, customer, country)")

// twentyRules are those of the example shop and eight more: most for one item, a
// category, a coupon, and one for large orders.
func twentyRules(t testing.TB, percent int) *engine.Ruleset {
	rules := shopRules(t, fmt.Sprintf(`
  - {id: hearts,  deal: {percent_off: {of: sku == "85123A", percent: 10}}}
  - {id: bunting, deal: {percent_off: {of: sku == "47566", percent: 10}}}
  - {id: shopper, deal: {fixed_price: {of: sku == "20725", price: 1.50}}}
  - {id: bank,    deal: {amount_off: {of: sku == "22498", amount: 0.50}}}
  - {id: frames,  deal: {multibuy: {of: sku == "82482", quantity: 3, pay_for: 2}}}
  - {id: kitchen, deal: {percent_off: {of: category == "kitchen", percent: 5}}}
  - {id: friend,  coupon: FRIEND, deal: {percent_off: {of: order, percent: 5}}}
  - {id: large, when: cart.subtotal >= 500, deal: {percent_off: {of: order, percent: %d}}}
`, percent))
	if n := len(rules.PromotionIDs()); n != 20 {
		t.Fatalf("got %d promotions, want 20", n)
	}
	return rules
}

// realOrders returns the source of the orders and how many there are.
func realOrders(b *testing.B, times int) (source func() backtest.Source, n int) {
	if *orders == "" {
		text := shopOrders(b, 400*times)
		return func() backtest.Source { return backtest.NewLines(bytes.NewReader(text), int64(len(text))) }, 400 * times
	}
	table, err := os.ReadFile(*orders)
	if err != nil {
		b.Fatal(err)
	}
	header, rows, _ := bytes.Cut(table, []byte("\n"))
	var all bytes.Buffer
	all.Write(append(header, '\n'))
	for i := range times { // each time other invoices
		for line := range bytes.Lines(rows) {
			fmt.Fprintf(&all, "%d-%s", i, line)
		}
	}
	text := all.Bytes()
	source = func() backtest.Source {
		s, err := backtest.NewCSV(bytes.NewReader(text), int64(len(text)), backtest.CSV{Currency: pounds(b), Items: engine.NewCatalog(shopItems(b)),
			Columns: map[backtest.Field]string{backtest.FieldOrder: "invoice", backtest.FieldAt: "ordered_at", backtest.FieldName: "description", backtest.FieldPrice: "unit_price"}})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	entries, _ := readAll(b, source())
	return source, len(entries)
}

// readAll reads the orders without decoding them.
func readAll(b *testing.B, s backtest.Source) ([]backtest.Entry, []byte) {
	var entries []backtest.Entry
	var buf []byte
	for {
		e, all, err := s.Next(buf[len(buf):])
		if errors.Is(err, io.EOF) {
			return entries, buf
		}
		if err != nil {
			b.Fatal(err)
		}
		e.Text, buf = bytes.Clone(e.Text), all[:0]
		entries = append(entries, e)
	}
}

// BenchmarkBacktest measures orders a second of CPU time, which is that of one core,
// the collector's included, which is as lazy as that of the program. An order counts once, though it is two carts: it is
// priced by both rulesets, of 20 promotions each. Beside it stands what it is made
// of: to price them in memory by both rulesets, each for itself, and as a pair, which
// prices once where the one promotion that differs is not due; to price by one; to
// read and to decode them.
func BenchmarkBacktest(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	source, n := realOrders(b, 60)
	before, after := twentyRules(b, 5), twentyRules(b, 6)
	var decoded []engine.Request
	entries, _ := readAll(b, source())
	decoder := source().Decoder()
	lines := 0
	for _, e := range entries {
		if o, err := decoder.Decode(e); err == nil {
			o.Request.Explain, o.Request.Hints = false, false
			decoded = append(decoded, o.Request)
			lines += len(o.Request.Cart.Lines)
		}
	}
	price := func(rules ...*engine.Ruleset) {
		for _, req := range decoded {
			for _, r := range rules {
				if _, err := r.Price(req); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	loops := []struct {
		name string
		run  func()
	}{
		{"backtest", func() {
			// The program begins with rules that have not seen an item.
			if r, err := backtest.Run(b.Context(), source(), backtest.Options{Old: twentyRules(b, 5), New: twentyRules(b, 6)}); err != nil || r.Orders.Read != int64(n) {
				b.Fatal(r, err)
			}
		}},
		{"price-both", func() { price(before, after) }},
		{"price-pair", func() {
			pair := engine.NewPair(before, after)
			for _, req := range decoded {
				if _, errs := pair.Price(req); errs != [2]error{} {
					b.Fatal(errs)
				}
			}
		}},
		{"price-one", func() { price(after) }},
		{"read", func() { readAll(b, source()) }},
		{"decode", func() {
			decoder := source().Decoder()
			for _, e := range entries {
				_, _ = decoder.Decode(e)
			}
		}},
	}
	for _, loop := range loops {
		b.Run(loop.name, func(b *testing.B) {
			start := cpuTime(b)
			for b.Loop() {
				loop.run()
			}
			spent := (cpuTime(b) - start).Seconds() / float64(b.N)
			b.ReportMetric(float64(n)/spent, "orders/cpu-s")
			b.ReportMetric(spent*1e6/float64(n), "cpu-us/order")
			b.ReportMetric(float64(lines)/float64(len(decoded)), "lines/order")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpuTime is the time that the process has had of the machine's processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
