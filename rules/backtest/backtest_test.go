package backtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/ruletest"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cart is an order of so many units of a lamp at 10 pounds.
type cart struct {
	units    int64
	customer string
	coupon   string
	at       time.Time
}

func (c cart) request(t testing.TB) engine.Request {
	r := engine.Request{At: c.at, Cart: engine.Cart{Currency: pounds(t), Customer: engine.Customer{ID: c.customer}}}
	if r.At.IsZero() {
		r.At = noon(1)
	}
	if c.coupon != "" {
		r.Cart.Coupons = []string{c.coupon}
	}
	r.Cart.Lines = []engine.Line{{Item: &engine.Item{SKU: "LAMP", Name: "Lamp", Price: 1000, Stock: 1000}, Quantity: c.units}}
	return r
}

func noon(day int) time.Time { return time.Date(2026, 11, day, 12, 0, 0, 0, time.UTC) }

// export writes orders A, B, C …
func export(t testing.TB, carts ...cart) []byte {
	var text bytes.Buffer
	for i, c := range carts {
		writeOrder(t, &text, string(rune('A'+i)), c.request(t))
	}
	return text.Bytes()
}

const nothing = "  - {id: none, enabled: false, deal: {percent_off: {of: order, percent: 1}}}\n"

// in returns the part of the result in pounds.
func in(t testing.TB, r *backtest.Result) *backtest.Currency {
	t.Helper()
	if len(r.Currencies) != 1 {
		t.Fatalf("got %d currencies, want 1; failures: %+v", len(r.Currencies), r.Failures)
	}
	return &r.Currencies[0]
}

func spendOf(t testing.TB, r *backtest.Result, promotion string) *backtest.Spend {
	t.Helper()
	for _, p := range in(t, r).Promotions {
		if p.Promotion == promotion {
			return p.New
		}
	}
	t.Fatalf("there is no promotion %s", promotion)
	return nil
}

func TestResultIsThatOfPricingOneAfterTheOther(t *testing.T) {
	orders := shopOrders(t, 700)
	before := shopRules(t, "")
	after := shopRules(t, `
  - {id: fund,   priority: 5, when: cart.subtotal >= 150, limits: {budget: 120}, deal: {percent_off: {of: order, percent: 10}}}
  - {id: once,   priority: 4, limits: {per_customer: 1}, deal: {amount_off: {of: order, amount: 1}}}
  - {id: weekly, priority: 3, limits: {redemptions: 40, per: week}, deal: {percent_off: {of: order, percent: 1}}}
`)
	want := pricedInTurn(t, orders, after)
	var first []byte
	for _, workers := range []int{1, 2, 7} {
		result := run(t, orders, backtest.Options{Old: before, New: after, Workers: workers})
		for id, spent := range want {
			if got := spendOf(t, result, id).Discount; got != spent {
				t.Errorf("%d workers: %s took off %d, want %d", workers, id, got, spent)
			}
		}
		text, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if !bytes.Equal(text, first) {
			t.Errorf("%d workers: another result: %s", workers, cmp.Diff(string(first), string(text)))
		}
	}
}

// pricedInTurn prices the orders one by one, each against what the orders before
// have used, and returns what each promotion takes off.
func pricedInTurn(t *testing.T, orders []byte, rules *engine.Ruleset) map[string]engine.Amount {
	spent := make(map[string]engine.Amount)
	used := make(map[engine.UsageKey]engine.PromotionUsage)
	byCustomer := make(map[string]int64)
	for line := range bytes.Lines(orders) {
		var order struct{ Request json.RawMessage }
		if err := json.Unmarshal(line, &order); err != nil {
			t.Fatal(err)
		}
		req, err := engine.DecodeRequest(order.Request)
		if err != nil {
			t.Fatal(err)
		}
		customer := req.Cart.Customer.ID
		req.Usage.Promotions = make(map[string]engine.PromotionUsage)
		for _, key := range rules.UsageKeys(req.At) {
			u := used[key]
			u.ByCustomer = byCustomer[fmt.Sprint(key, customer)]
			req.Usage.Promotions[key.Promotion] = u
		}
		q, err := rules.Price(req)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range q.Promotions {
			spent[p.Promotion] += p.Discount
		}
		for _, r := range q.Redemptions {
			key := engine.UsageKey{Promotion: r.Promotion, Period: r.Period}
			u := used[key]
			u.Redemptions, u.Spent = u.Redemptions+1, u.Spent+r.Spent
			used[key] = u
			byCustomer[fmt.Sprint(key, customer)]++
		}
	}
	for _, id := range []string{"fund", "once", "weekly"} {
		if spent[id] == 0 {
			t.Fatalf("%s does nothing: the test proves too little", id)
		}
	}
	if spent["fund"] > 12000 {
		t.Fatal("the budget is exceeded by the test itself")
	}
	return spent
}

func TestLimitsAreCountedOverTheOrders(t *testing.T) {
	orders := export(t,
		cart{units: 1, customer: "ann", coupon: "X", at: noon(1)},
		cart{units: 1, customer: "ann", coupon: "X", at: noon(2)},
		cart{units: 2, customer: "bob", coupon: "Y", at: noon(3)},
		cart{units: 1, customer: "cy", coupon: "Y", at: noon(4)})
	for _, c := range []struct {
		name, limits string
		orders       int64
		discount     engine.Amount
		limitedSince time.Time
	}{
		{"no limit", "max_discount: 100", 4, 500, time.Time{}},
		{"a budget that ends", "budget: 2", 2, 200, noon(3)},
		{"a budget that what is left is too little for", "budget: 3.50", 3, 300, noon(3)},
		{"a budget for each day, too little for one order", "budget: 1, per: day", 3, 300, time.Time{}},
		{"so many orders", "redemptions: 1", 1, 100, noon(2)},
		{"so many for a customer", "per_customer: 1", 3, 400, noon(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := run(t, orders, backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, "  - {id: off, limits: {"+c.limits+"}, deal: {percent_off: {of: order, percent: 10}}}\n")})
			got := spendOf(t, result, "off")
			var since time.Time
			if got.LimitedSince != nil {
				since = *got.LimitedSince
			}
			if got.Orders != c.orders || got.Discount != c.discount || !since.Equal(c.limitedSince) {
				t.Errorf("got %d orders, %d off, limited since %v; want %d, %d, %v", got.Orders, got.Discount, since, c.orders, c.discount, c.limitedSince)
			}
		})
	}
	t.Run("so many for a code", func(t *testing.T) {
		result := run(t, orders, backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, "  - {id: off, coupon: X, limits: {per_code: 1}, deal: {percent_off: {of: order, percent: 10}}}\n")})
		if got := spendOf(t, result, "off"); got.Orders != 1 || got.Discount != 100 {
			t.Errorf("got %+v, want 1 order and 100 off", got)
		}
	})
}

func TestUsageOfTheRecordIsKeptWhereItIsAskedFor(t *testing.T) {
	req := cart{units: 1}.request(t)
	req.Usage.Promotions = map[string]engine.PromotionUsage{"off": {Redemptions: 5}}
	var text bytes.Buffer
	writeOrder(t, &text, "A", req)
	o := backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, "  - {id: off, limits: {redemptions: 5}, deal: {percent_off: {of: order, percent: 10}}}\n")}
	for recorded, want := range map[bool]int64{false: 1, true: 0} {
		o.Recorded = recorded
		if got := spendOf(t, run(t, text.Bytes(), o), "off").Orders; got != want {
			t.Errorf("recorded %v: got %d orders, want %d", recorded, got, want)
		}
	}
}

func TestSumsPairsDaysAndDistribution(t *testing.T) {
	result := run(t, export(t, cart{units: 1, at: noon(1)}, cart{units: 10, at: noon(1)}, cart{units: 20, at: noon(3)}), backtest.Options{
		Old: rulesOf(t, "  - {id: ten, name: Ten, when: cart.quantity >= 10, deal: {percent_off: {of: order, percent: 10}}}\n"),
		New: rulesOf(t, "  - {id: ten, name: Ten, when: cart.quantity >= 10, deal: {percent_off: {of: order, percent: 10}}}\n"+
			"  - {id: bulk, when: cart.quantity >= 20, priority: 1, deal: {amount_off: {of: order, amount: 5}}}\n"),
	})
	c := in(t, result)
	c.Worst = nil
	want := &backtest.Currency{
		Currency: pounds(t), Digits: 2, Orders: 3, Changed: 1, Cheaper: 1, Subtotal: 31000,
		Old: backtest.Sums{Discount: 3000, Revenue: 28000, Discounted: 2},
		New: backtest.Sums{Discount: 3450, Revenue: 27550, Discounted: 2},
		Measures: backtest.Measures{
			Orders: 3, Changed: 1, ChangedPct: 33.333333, Cheaper: 1, Discount: 34.5, DiscountDelta: 4.5, DiscountPct: 11.129032, DiscountDelPct: 15,
			Revenue: 275.5, RevenueDelta: -4.5, RevenueDeltaPct: -1.607143, LargestChange: 4.5,
		},
		Promotions: []backtest.Promotion{
			{Promotion: "bulk", New: &backtest.Spend{Orders: 1, Applications: 1, Discount: 500}},
			{Promotion: "ten", Name: "Ten", Old: &backtest.Spend{Orders: 2, Applications: 2, Discount: 3000}, New: &backtest.Spend{Orders: 2, Applications: 2, Discount: 2950}},
		},
		Pairs: []backtest.Pair{{Promotions: [2]string{"bulk", "ten"}, New: backtest.Stacked{Orders: 1, Discount: 2450}}},
		Days: []backtest.Day{
			{Day: "2026-11-01", Orders: 2, Old: backtest.Sums{Discount: 1000, Revenue: 10000, Discounted: 1}, New: backtest.Sums{Discount: 1000, Revenue: 10000, Discounted: 1},
				Promotions: []backtest.DaySpend{{Promotion: "ten", Old: 1000, New: 1000}}},
			{Day: "2026-11-03", Orders: 1, Old: backtest.Sums{Discount: 2000, Revenue: 18000, Discounted: 1}, New: backtest.Sums{Discount: 2450, Revenue: 17550, Discounted: 1},
				Promotions: []backtest.DaySpend{{Promotion: "bulk", New: 500}, {Promotion: "ten", Old: 2000, New: 1950}}},
		},
	}
	for i := range 21 {
		b := backtest.Bucket{From: max(0, i-1) * 5, To: i * 5}
		switch i {
		case 0:
			b.Old, b.New = 1, 1
		case 2:
			b.Old, b.New = 2, 1
		case 3:
			b.New = 1
		}
		want.Distribution = append(want.Distribution, b)
	}
	if diff := cmp.Diff(want, c, cmp.Comparer(func(a, b engine.Currency) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantOrders := backtest.Orders{Read: 3, Priced: 3, Changed: 1, First: at(noon(1)), Last: at(noon(3))}
	if diff := cmp.Diff(wantOrders, result.Orders); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func at(t time.Time) *time.Time { return &t }

// TestTheWorstOrdersCanBePricedAgain takes the orders of a result as the input of
// another backtest, and their tests as tests.
func TestTheWorstOrdersCanBePricedAgain(t *testing.T) {
	before, after := shopRules(t, ""), shopRules(t, "  - {id: large, when: cart.subtotal >= 100, deal: {percent_off: {of: order, percent: 7}}}\n")
	c := in(t, run(t, shopOrders(t, 200), backtest.Options{Old: before, New: after}))
	if len(c.Worst) != 20 {
		t.Fatalf("got %d orders, want 20", len(c.Worst))
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/online-shop/rules")); err != nil {
		t.Fatal(err)
	}
	more := "promotions:\n  - {id: large, when: cart.subtotal >= 100, deal: {percent_off: {of: order, percent: 7}}}\n"
	files := map[string]string{"more.yaml": more}
	var again bytes.Buffer
	for i, w := range c.Worst {
		again.Write(append(w.Order, '\n'))
		files[fmt.Sprintf("worst%d_test.yaml", i)] = w.Test
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "invoices_test.yaml")); err != nil {
		t.Fatal(err)
	}
	twice := in(t, run(t, again.Bytes(), backtest.Options{Old: before, New: after}))
	for i := range c.Worst {
		c.Worst[i].Place, twice.Worst[i].Place = "", ""
	}
	if diff := cmp.Diff(c.Worst, twice.Worst); diff != "" {
		t.Errorf("priced again, -want +got:\n%s", diff)
	}
	suites, err := ruletest.Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := ruletest.Run(suites, ruletest.Filter{}); err != nil || result.Passed != 20 || result.Failed != 0 {
		t.Errorf("got %d tests passed, %d failed, error %v; want 20 passed", result.Passed, result.Failed, err)
	}
}

func TestOrdersThatCannotBePricedAreReported(t *testing.T) {
	good := string(export(t, cart{units: 1}))
	lines := []string{
		strings.TrimSpace(good),
		good[:len(good)/2],
		"",
		`{"version":1,"reference":"B","placed_at":"2026-11-01T12:00:00Z","request":null,"quote":{}}`,
		`{"version":2,"reference":"C"}`,
		`{"reference":"D"}`,
		strings.Replace(strings.TrimSpace(good), `"quantity":1`, `"quantity":0`, 1),
		strings.Replace(strings.TrimSpace(good), `"item":0`, `"item":7`, 1),
		strings.Replace(strings.TrimSpace(good), `"format":3`, `"format":99`, 1),
		" " + strings.ReplaceAll(strings.TrimSpace(good), `":`, `" :`), // another form of the same
	}
	result := run(t, []byte(strings.Join(lines, "\r\n")), backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, nothing)})
	want := []backtest.Failure{
		{Kind: backtest.Unreadable, Orders: 5, Examples: []backtest.Example{
			{Place: "line 2", Problem: "it is no line of checkout orders export: unexpected end of JSON input"},
			{Reference: "C", Place: "line 5", Problem: "it is of version 2 of the export; this program knows version 1"},
			{Reference: "D", Place: "line 6", Problem: "it is no line of checkout orders export: version, reference or placed_at is missing"},
			{Reference: "A", Place: "line 8", Problem: "recorded request: line 0 is of item 7, there are 1"},
			{Reference: "A", Place: "line 9", Problem: "recorded request: it is of format 99, from a later version; this version knows up to 3: use that version"},
		}},
		{Kind: backtest.BadCart, Orders: 1, Examples: []backtest.Example{{Reference: "A", Place: "line 7", Problem: "old rules: price cart: lines[0]: quantity 0 of LAMP: want 1 to 1000000000"}}},
		{Kind: backtest.Unrecorded, Orders: 1, Examples: []backtest.Example{{Reference: "B", Place: "line 4", Problem: "the order is from before requests were kept"}}},
	}
	if diff := cmp.Diff(want, result.Failures); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if o := result.Orders; o.Read != 9 || o.Priced != 2 || o.Failed != 7 || o.Skipped != 0 {
		t.Errorf("got %+v, want 9 read, 2 priced, 7 failed", o)
	}
}

func TestOrdersAreSelected(t *testing.T) {
	var carts []cart
	for day := 1; day <= 20; day++ {
		carts = append(carts, cart{units: int64(day), at: noon(day)})
	}
	orders := export(t, carts...)
	rules := rulesOf(t, "  - {id: off, deal: {percent_off: {of: order, percent: 10}}}\n")
	priced := func(o backtest.Options) (units []int64, skipped int64) {
		o.Old, o.New = rulesOf(t, nothing), rules
		r := run(t, orders, o)
		for _, d := range in(t, r).Days {
			units = append(units, int64(d.New.Discount/100))
		}
		return units, r.Orders.Skipped
	}
	for _, c := range []struct {
		name    string
		options backtest.Options
		want    []int64
		skipped int64
	}{
		{"from an instant on", backtest.Options{Since: noon(18)}, []int64{18, 19, 20}, 17},
		{"before an instant", backtest.Options{Until: noon(3)}, []int64{1, 2}, 18},
		{"the first of a span", backtest.Options{Since: noon(5), Limit: 2}, []int64{5, 6}, 4},
		{"a sample as large as the span", backtest.Options{Since: noon(5), Until: noon(8), Sample: 9}, []int64{5, 6, 7}, 17},
	} {
		t.Run(c.name, func(t *testing.T) {
			units, skipped := priced(c.options)
			if diff := cmp.Diff(c.want, units); diff != "" || skipped != c.skipped {
				t.Errorf("got %v and %d skipped, want %v and %d", units, skipped, c.want, c.skipped)
			}
		})
	}
	chosen := make(map[string]bool)
	times := make(map[int64]int)
	for seed := range uint64(200) {
		units, skipped := priced(backtest.Options{Sample: 5, Seed: seed})
		again, _ := priced(backtest.Options{Sample: 5, Seed: seed, Workers: 1})
		if len(units) != 5 || skipped != 15 || !cmp.Equal(units, again) {
			t.Fatalf("got %v, then %v, %d skipped; want the same five, 15 skipped", units, again, skipped)
		}
		chosen[fmt.Sprint(units)] = true
		for _, n := range units {
			times[n]++
		}
	}
	if len(chosen) < 150 {
		t.Errorf("200 seeds chose only %d samples", len(chosen))
	}
	for day := int64(1); day <= 20; day++ {
		if n := times[day]; n < 25 || n > 80 {
			t.Errorf("order %d was chosen %d times of 200, want about 50", day, n)
		}
	}
}

// always reads invariants.
func always(t *testing.T, list string) []invariant.Invariant {
	t.Helper()
	doc := syntax.Parse("shop_test.yaml", []byte(list))
	all := invariant.Read(doc.Root(), pounds(t))
	if err := doc.Faults().Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBrokenInvariantsAreCounted(t *testing.T) {
	result := run(t, export(t, cart{units: 1}, cart{units: 2}, cart{units: 3}, cart{units: 4}), backtest.Options{
		Old: rulesOf(t, "  - {id: off, deal: {percent_off: {of: order, percent: 50}}}\n"), New: rulesOf(t, "  - {id: off, deal: {percent_off: {of: order, percent: 60}}}\n"),
		Invariants: always(t, "[{permute: cart.lines}, quote.total >= 0, quote.total >= 10, quote.discount != 6, quote.discount != 5]"), Permute: 3,
	})
	for i := range result.Invariants {
		for j := range result.Invariants[i].Examples {
			e := &result.Invariants[i].Examples[j]
			if has := e.Test != ""; has != (e.New != "") {
				t.Errorf("%s, %s: got a test: %v, want one where the new rules break it", result.Invariants[i].Invariant, e.Reference, has)
			}
			e.Test = ""
		}
	}
	want := []backtest.Checked{
		{Invariant: "quote.total >= 0", Place: "shop_test.yaml:1:25", Orders: 4, Examples: []backtest.Breach{}},
		{Invariant: "quote.total >= 10", Place: "shop_test.yaml:1:43", Orders: 4, Old: 1, New: 2, Both: 1, Examples: []backtest.Breach{
			{Reference: "A", Place: "line 1", Old: "5.00 >= 10", New: "4.00 >= 10"}, {Reference: "B", Place: "line 2", New: "8.00 >= 10"},
		}},
		{Invariant: "quote.discount != 6", Place: "shop_test.yaml:1:62", Orders: 4, New: 1, Examples: []backtest.Breach{
			{Reference: "A", Place: "line 1", New: "6.00 != 6"},
		}},
		{Invariant: "quote.discount != 5", Place: "shop_test.yaml:1:83", Orders: 4, Old: 1, Examples: []backtest.Breach{
			{Reference: "A", Place: "line 1", Old: "5.00 != 5"},
		}},
		{Invariant: "permute cart.lines", Place: "shop_test.yaml:1:2", Orders: 2, Examples: []backtest.Breach{}},
	}
	if diff := cmp.Diff(want, result.Invariants); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := in(t, result).Measures.Broken; got != 2 {
		t.Errorf("got a measure of %d orders that break something, want 2", got)
	}
}

func TestWhatAConditionReads(t *testing.T) {
	for text, want := range map[string]bool{"changed > 1 and not (invariants_broken > 3)": true, "changed > 1": false} {
		condition, err := backtest.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := condition.Names("invariants_broken"); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestConditions(t *testing.T) {
	result := run(t, export(t, cart{units: 10}), backtest.Options{Old: rulesOf(t, nothing), New: rulesOf(t, "  - {id: off, deal: {percent_off: {of: order, percent: 10}}}\n")})
	for text, want := range map[string]bool{
		"discount_delta > 9.99": true, "discount_delta > 10": false, "discount_delta_pct > 2": true,
		"changed == 1 and dearer == 0": true, "failed > 0 or invariants_broken > 0": false, "revenue_delta_pct < -9.9": true,
	} {
		condition, err := backtest.ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := condition.Judge(result); err != nil || got != want {
			t.Errorf("%s: got %v, error %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{"discount": "expected bool, but got float64", "discont > 2": "unknown name discont", "discount >": "unexpected token EOF"} {
		if _, err := backtest.ParseCondition(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the names are orders, failed, ") {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
}

// endless makes orders until somebody stops.
type endless struct {
	order []byte
	rest  []byte
	limit int64
	read  int64
	peak  uint64
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.read++; e.limit > 0 && e.read > e.limit {
			return 0, io.EOF
		}
		if e.rest = e.order; e.read%2000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			e.peak = max(e.peak, m.HeapInuse)
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestACanceledBacktestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rules := rulesOf(t, nothing)
	for _, sample := range []int{0, 3} {
		o := backtest.Options{Old: rules, New: rules, Sample: sample, Tick: func(int64, int64, int64) { cancel() }}
		if sample > 0 {
			cancel() // nothing is told while a sample is chosen
		}
		_, err := backtest.Run(ctx, backtest.NewLines(&endless{order: export(t, cart{units: 1})}, -1), o)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that it was canceled", err)
		}
	}
}

func TestMemoryIsFlat(t *testing.T) {
	rules := rulesOf(t, "  - {id: off, deal: {percent_off: {of: order, percent: 10}}}\n")
	order := export(t, cart{units: 3})
	peak := func(orders int64) uint64 {
		runtime.GC()
		in := &endless{order: order, limit: orders}
		if _, err := backtest.Run(t.Context(), backtest.NewLines(in, -1), backtest.Options{Old: rules, New: rules}); err != nil {
			t.Fatal(err)
		}
		return in.peak
	}
	few, many := peak(10_000), peak(100_000)
	if many > few+few/2+(8<<20) {
		t.Errorf("10,000 orders took %d MB, 100,000 orders %d MB", few>>20, many>>20)
	}
}

func TestAnInputThatBreaksIsAnError(t *testing.T) {
	broken := io.MultiReader(bytes.NewReader(export(t, cart{units: 1}, cart{units: 2})), errorReader{})
	rules := rulesOf(t, nothing)
	if _, err := backtest.Run(t.Context(), backtest.NewLines(broken, -1), backtest.Options{Old: rules, New: rules}); !errors.Is(err, errBroken) {
		t.Errorf("got error %v, want %v", err, errBroken)
	}
}

var errBroken = errors.New("the disk is gone")

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errBroken }
