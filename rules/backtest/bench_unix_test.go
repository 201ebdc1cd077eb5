//go:build unix

package backtest_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// realOrders returns the source of the orders, which are in a file as those of a
// shop are: in memory they would let garbage grow as large.
func realOrders(b *testing.B, times int) func() backtest.Source {
	if *orders == "" {
		name, size := writeFile(b, shopOrders(b, 400*times))
		return func() backtest.Source { return backtest.NewLines(openFile(b, name), size) }
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
	name, size := writeFile(b, all.Bytes())
	return func() backtest.Source {
		s, err := backtest.NewCSV(openFile(b, name), size, backtest.CSV{Currency: pounds(b), Items: engine.NewCatalog(shopItems(b)),
			Columns: map[backtest.Field]string{backtest.FieldOrder: "invoice", backtest.FieldAt: "ordered_at", backtest.FieldName: "description", backtest.FieldPrice: "unit_price"}})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
}

func writeFile(b *testing.B, text []byte) (name string, size int64) {
	name = filepath.Join(b.TempDir(), "orders")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return name, int64(len(text))
}

func openFile(b *testing.B, name string) *os.File {
	file, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() }) // it was only read
	return file
}

// readAll reads the orders without decoding them.
func readAll(b *testing.B, s backtest.Source) []backtest.Entry {
	var entries []backtest.Entry
	var buf []byte
	for {
		e, all, err := s.Next(buf[len(buf):])
		if errors.Is(err, io.EOF) {
			return entries
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
	source := realOrders(b, 60)
	b.Run("backtest", func(b *testing.B) { // before the orders are in memory
		read := int64(0)
		measure(b, func() {
			// The program begins with rules that have not seen an item.
			r, err := backtest.Run(b.Context(), source(), backtest.Options{Old: twentyRules(b, 5), New: twentyRules(b, 6)})
			if err != nil {
				b.Fatal(err)
			}
			read = r.Orders.Read
		}, &read)
	})
	entries := readAll(b, source())
	n, lines := int64(len(entries)), int64(0)
	var decoded []engine.Request
	decoder := source().Decoder()
	for _, e := range entries {
		if o, err := decoder.Decode(e); err == nil {
			o.Request.Explain, o.Request.Hints = false, false
			decoded = append(decoded, o.Request)
			lines += int64(len(o.Request.Cart.Lines))
		}
	}
	before, after := twentyRules(b, 5), twentyRules(b, 6)
	price := func(rules ...*engine.Ruleset) {
		for _, req := range decoded {
			for _, r := range rules {
				if _, err := r.Price(req); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	for _, loop := range []struct {
		name string
		run  func()
	}{
		{"price-both", func() { price(before, after) }},
		{"price-pair", func() {
			pair := engine.NewPair(before, after)
			for _, req := range decoded {
				if _, errs := pair.Price(req, nil); errs != [2]error{} {
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
	} {
		b.Run(loop.name, func(b *testing.B) {
			measure(b, loop.run, &n)
			b.ReportMetric(float64(lines)/float64(len(decoded)), "lines/order")
		})
	}
}

// measure tells the CPU time of an order.
func measure(b *testing.B, run func(), orders *int64) {
	b.Helper()
	start := cpuTime(b)
	for b.Loop() {
		run()
	}
	spent := (cpuTime(b) - start).Seconds() / float64(b.N)
	b.ReportMetric(float64(*orders)/spent, "orders/cpu-s")
	b.ReportMetric(spent*1e6/float64(*orders), "cpu-us/order")
	b.ReportMetric(0, "ns/op")
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
