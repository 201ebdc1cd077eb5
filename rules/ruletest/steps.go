package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// What a step does.
const (
	doPrice   = "price"
	doCommit  = "commit"  // an order, of the cart or of a hold
	doHold    = "hold"    // set aside: counts as an order does
	doRelease = "release" // gives a hold up
	doRefund  = "refund"  // takes all of an order back
)

// step is one thing that a case does.
type step struct {
	do      string
	ref     int // the number of the step that made the order or the hold, 0 for none
	request engine.Request
	expect  expectation
	sets    bool // usage and codes are said anew
}

// prices reports whether the step prices the cart.
func (st step) prices() bool { return st.ref == 0 }

// label says which step it is.
func (st step) label(i int) string { return fmt.Sprintf("step %d (%s) ", i+1, st.do) }

// stepsOf reads a case of several steps.
func (r *reader) stepsOf(m syntax.Map, c Case) []Case {
	given := m.Require("given").Map(givenKeys()...)
	c.stubs = r.stubsOf(r.rules.Currency(), scope{}, r.stubs, m.Get("stubs"))
	if m.Has("expect") {
		m.Key("expect").Report(diag.WrongValue, "put it into a step", "each step has its own expect")
	}
	expecting := false
	for i, item := range m.Get("steps").Items() {
		sm := item.Map(keysIn(ofStep)...)
		st := r.step(sm, given, c.steps, i)
		expecting = expecting || !st.expect.empty()
		c.steps = append(c.steps, st)
	}
	if !expecting {
		m.Key("steps").Report(diag.TestIncomplete, "add expect to a step", "the test expects nothing")
	}
	if len(c.steps) > 0 {
		c.request = c.steps[0].request
	}
	return []Case{c}
}

// step reads the step with the number, after those before it.
func (r *reader) step(m syntax.Map, given syntax.Map, before []step, i int) step {
	st := step{sets: i == 0}
	st.do, _ = m.Require("do").WantText()
	known := StepsDo()
	if !slices.Contains(known, st.do) {
		m.Get("do").Report(diag.WrongValue, diag.Suggest(st.do, known), "%.40q is nothing that a step can do", st.do)
		return st
	}
	own := m.Get("given").Map(givenKeys()...)
	st.request = r.request(scope{}, given, own)
	st.sets = st.sets || own.Has("usage") || own.Has("codes")
	st.expect = r.expectation(scope{}, st.request.Cart.Currency, m.Get("expect").Map(expectKeys()...))
	st.request.Hints = st.expect.hints != nil
	needs := st.do == doRelease || st.do == doRefund
	if m.Has("ref") || needs {
		st.ref = r.reference(m, st.do, before)
	}
	if st.prices() {
		r.checkTime(m.Value, st.request)
	} else if m.Has("expect") || m.Has("given") {
		m.Report(diag.WrongValue, "add a step that prices", "%s with ref prices nothing", st.do)
	}
	return st
}

// reference reads the number of a step whose order or hold still stands.
func (r *reader) reference(m syntax.Map, do string, before []step) int {
	v := m.Require("ref")
	n, err := strconv.Atoi(v.Text())
	wanted := map[string][]string{doCommit: {doHold}, doRelease: {doHold}, doRefund: {doCommit}}[do]
	if err != nil || n < 1 || n > len(before) || !slices.Contains(wanted, before[n-1].do) {
		v.Report(diag.WrongValue, "write the number of the step, from 1", "%s wants the number of a step before it that does %s, got %s", do, words(wanted), v.Describe())
		return 1
	}
	if i := slices.IndexFunc(before, func(s step) bool { return s.ref == n }); i >= 0 {
		v.Report(diag.WrongValue, fmt.Sprintf("refer to step %d where it made an order", i+1), "what step %d made is over since step %d", n, i+1)
	}
	return n
}

// ledger is what the orders of a case have used. It counts as a database does.
type ledger struct {
	counters map[engine.Counter]used
	taken    map[string]int64   // units of the stock, by SKU
	orders   map[int]commitment // orders and holds that stand, by the number of the step
}

type used struct {
	redemptions int64
	spent       engine.Amount
}

// commitment is what an order, or a hold, has used.
type commitment struct {
	counts []engine.Count
	taken  map[string]int64
}

func newLedger() *ledger {
	return &ledger{counters: make(map[engine.Counter]used), taken: make(map[string]int64), orders: make(map[int]commitment)}
}

// begin takes over what a step says of usage and codes.
func (l *ledger) begin(rules *engine.Ruleset, req engine.Request) {
	for _, key := range rules.UsageKeys(req.At) {
		if u, said := req.Usage.Promotions[key.Promotion]; said {
			l.counters[engine.Counter{Scope: engine.CountsAll, Promotion: key.Promotion, Period: key.Period}] = used{u.Redemptions, u.Spent}
			l.counters[engine.Counter{Scope: engine.CountsCustomer, Promotion: key.Promotion, Key: req.Cart.Customer.ID, Period: key.Period}] = used{redemptions: u.ByCustomer}
		}
	}
	for code, u := range req.Usage.Codes {
		l.counters[engine.Counter{Scope: engine.CountsCode, Key: code}] = used{redemptions: u.Redemptions}
	}
}

// basis returns the request with what has been used so far, and the stock there is.
func (l *ledger) basis(rules *engine.Ruleset, req engine.Request) engine.Request {
	usage := engine.Usage{Promotions: make(map[string]engine.PromotionUsage), Codes: make(map[string]engine.CodeUsage)}
	for _, key := range rules.UsageKeys(req.At) {
		all := l.counters[engine.Counter{Scope: engine.CountsAll, Promotion: key.Promotion, Period: key.Period}]
		u := engine.PromotionUsage{Redemptions: all.redemptions, Spent: all.spent}
		if id := req.Cart.Customer.ID; id != "" {
			u.ByCustomer = l.counters[engine.Counter{Scope: engine.CountsCustomer, Promotion: key.Promotion, Key: id, Period: key.Period}].redemptions
		}
		usage.Promotions[key.Promotion] = u
	}
	maps.Copy(usage.Codes, req.Usage.Codes)
	for _, code := range req.Cart.Coupons {
		code = engine.NormalizeCoupon(code)
		u := usage.Codes[code]
		if u.Redemptions = l.counters[engine.Counter{Scope: engine.CountsCode, Key: code}].redemptions; u != (engine.CodeUsage{}) {
			usage.Codes[code] = u
		}
	}
	req.Usage = usage
	if catalog, ok := req.Catalog.(engine.CatalogMap); ok && len(l.taken) > 0 {
		req.Catalog, req.Cart.Lines = l.left(catalog, req.Cart.Lines)
	}
	return req
}

// left returns the catalogue and the lines with the stock that is left.
func (l *ledger) left(catalog engine.CatalogMap, lines []engine.Line) (engine.CatalogMap, []engine.Line) {
	catalog, lines = maps.Clone(catalog), slices.Clone(lines)
	for sku, n := range l.taken {
		if item := catalog[sku]; item != nil {
			changed := *item
			changed.Stock -= n
			catalog[sku] = &changed
		}
	}
	for i, line := range lines {
		lines[i].Item = catalog[line.Item.SKU]
	}
	return catalog, lines
}

// commit counts what the quote uses, for an order or a hold of the step with the
// number. A limit that would be exceeded is returned, and nothing is counted.
func (l *ledger) commit(n int, req engine.Request, q engine.Quote) (over *engine.Count) {
	counts := engine.Counts(q.Redemptions, req.Cart.Customer.ID)
	for i, c := range counts {
		if u := l.counters[c.Counter]; !c.Fits(u.redemptions, u.spent) {
			return &counts[i]
		}
	}
	for _, c := range counts {
		u := l.counters[c.Counter]
		l.counters[c.Counter] = used{u.redemptions + 1, u.spent + c.Spent}
	}
	l.orders[n] = commitment{counts, l.take(req, q)}
	return nil
}

// take takes the units of a quote from the stock, as far as there are any: whether
// there are enough of what is bought is not a matter of rules.
func (l *ledger) take(req engine.Request, q engine.Quote) map[string]int64 {
	wanted, taken := make(map[string]int64), make(map[string]int64)
	for _, line := range q.Lines {
		wanted[line.SKU] += line.Quantity
	}
	for _, g := range q.Gifts {
		wanted[g.SKU] += g.Quantity
	}
	catalog, _ := req.Catalog.(engine.CatalogMap)
	for sku, n := range wanted {
		if item := catalog[sku]; item != nil && item.Stock > 0 {
			taken[sku] = min(n, item.Stock)
			l.taken[sku] += taken[sku]
		}
	}
	return taken
}

// undo gives back what the step with the number has used.
func (l *ledger) undo(n int) {
	order := l.orders[n]
	for _, c := range order.counts {
		u := l.counters[c.Counter]
		l.counters[c.Counter] = used{max(0, u.redemptions-1), max(0, u.spent-c.Spent)}
	}
	for sku, units := range order.taken {
		l.taken[sku] -= units
	}
	delete(l.orders, n)
}
