package ruletest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// expectKeys are the keys of expect, which may also stand in a row of a table.
func expectKeys() []string {
	return []string{"subtotal", "discount", "total", "applied", "not_applied", "lines", "gifts"}
}

// expectation is what a quote must be. Nil parts are not checked.
type expectation struct {
	subtotal, discount, total *engine.Amount
	applied                   *[]string
	notApplied                map[string]refusal
	lines                     map[string]lineExpectation
	gifts                     *[]string
}

type refusal struct {
	reason engine.Reason
	by     []string
}

type lineExpectation struct {
	quantity        *int64
	discount, total *engine.Amount
	unitPrices      []engine.Amount
}

func (x expectation) empty() bool {
	return x.subtotal == nil && x.discount == nil && x.total == nil && x.applied == nil &&
		len(x.notApplied) == 0 && len(x.lines) == 0 && x.gifts == nil
}

// expectation reads the mappings, of which a later one wins key by key.
func (r *reader) expectation(s scope, currency engine.Currency, from ...syntax.Map) expectation {
	get := func(key string) syntax.Value {
		for _, m := range slices.Backward(from) {
			if m.Has(key) {
				return m.Get(key)
			}
		}
		return syntax.Value{}
	}
	x := expectation{
		subtotal: expectAmount(get("subtotal"), currency, s),
		discount: expectAmount(get("discount"), currency, s),
		total:    expectAmount(get("total"), currency, s),
	}
	if v := get("applied"); v.Present() {
		ids := s.texts(v)
		for i, item := range v.Texts() {
			if i < len(ids) {
				r.checkPromotion(item, ids[i])
			}
		}
		x.applied = &ids
	}
	x.notApplied = r.refusals(get("not_applied"), s)
	x.lines = lineExpectations(get("lines"), r.items, currency, s)
	x.gifts = gifts(get("gifts"), r.items, s)
	return x
}

func (r *reader) checkPromotion(v syntax.Value, id string) {
	if ids := r.rules.PromotionIDs(); !slices.Contains(ids, id) {
		v.Report(diag.UnknownTarget, diag.Suggest(id, ids), "no promotion has the id %q", id)
	}
}

func expectAmount(v syntax.Value, currency engine.Currency, s scope) *engine.Amount {
	if !v.Present() {
		return nil
	}
	a := amount(v, currency, s)
	return &a
}

// refusals reads {promotion: reason} or {promotion: {reason, by}}.
func (r *reader) refusals(v syntax.Value, s scope) map[string]refusal {
	refusals := make(map[string]refusal)
	for _, e := range v.Entries() {
		r.checkPromotion(e.Key, e.Name)
		reason := e.Value
		var want refusal
		if e.Value.Kind() == syntax.Mapping {
			m := e.Value.Map("reason", "by")
			reason = m.Require("reason")
			want.by = s.texts(m.Get("by"))
		}
		want.reason = engine.Reason(s.text(reason))
		if known := reasons(); !slices.Contains(known, string(want.reason)) {
			reason.Report(diag.WrongValue, diag.Suggest(string(want.reason), known), "%q is no reason", want.reason)
		}
		refusals[e.Name] = want
	}
	return refusals
}

func reasons() []string {
	var list []string
	for _, reason := range engine.Reasons() {
		if reason != engine.Applied {
			list = append(list, string(reason))
		}
	}
	return list
}

// lineExpectations reads {SKU: total} or {SKU: {quantity discount total
// unit_prices}}.
func lineExpectations(v syntax.Value, items engine.CatalogMap, currency engine.Currency, s scope) map[string]lineExpectation {
	expected := make(map[string]lineExpectation)
	for _, e := range v.Entries() {
		checkItem(e.Key, e.Name, items)
		if e.Value.Kind() != syntax.Mapping {
			expected[e.Name] = lineExpectation{total: expectAmount(e.Value, currency, s)}
			continue
		}
		m := e.Value.Map("quantity", "discount", "total", "unit_prices")
		x := lineExpectation{discount: expectAmount(m.Get("discount"), currency, s), total: expectAmount(m.Get("total"), currency, s)}
		if q := m.Get("quantity"); q.Present() {
			n := count(q, s)
			x.quantity = &n
		}
		for _, price := range m.Get("unit_prices").Texts() {
			x.unitPrices = append(x.unitPrices, amount(price, currency, s))
		}
		expected[e.Name] = x
	}
	return expected
}

// gifts reads a list of "SKU x2", in any order.
func gifts(v syntax.Value, items engine.CatalogMap, s scope) *[]string {
	if !v.Present() {
		return nil
	}
	list := []string{}
	for _, item := range v.Items() {
		sku, quantity := lineParts(item, s)
		checkItem(item, sku, items)
		list = append(list, sku+" x"+quantity)
	}
	slices.Sort(list)
	return &list
}

// Mismatch is a part of a quote that is not as expected.
type Mismatch struct {
	Field string `json:"field"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// compare returns what of the quote is not as expected.
func (x expectation) compare(q engine.Quote) []Mismatch {
	c := comparison{currency: q.Currency}
	c.amount("subtotal", x.subtotal, q.Subtotal)
	c.amount("discount", x.discount, q.Discount)
	c.amount("total", x.total, q.Total)
	if x.applied != nil {
		c.text("applied", words(*x.applied), words(applied(q)))
	}
	for _, id := range slices.Sorted(maps.Keys(x.notApplied)) {
		c.refusal(id, x.notApplied[id], q)
	}
	for _, sku := range slices.Sorted(maps.Keys(x.lines)) {
		c.line(sku, x.lines[sku], q)
	}
	if x.gifts != nil {
		var got []string
		for _, g := range q.Gifts {
			got = append(got, fmt.Sprintf("%s x%d", g.SKU, g.Quantity))
		}
		slices.Sort(got)
		c.text("gifts", words(*x.gifts), words(got))
	}
	return c.mismatches
}

func applied(q engine.Quote) []string {
	var ids []string
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			ids = append(ids, o.Promotion)
		}
	}
	return ids
}

func words(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// comparison collects mismatches.
type comparison struct {
	currency   engine.Currency
	mismatches []Mismatch
}

func (c *comparison) text(field, want, got string) {
	if want != got {
		c.mismatches = append(c.mismatches, Mismatch{Field: field, Want: want, Got: got})
	}
}

func (c *comparison) amount(field string, want *engine.Amount, got engine.Amount) {
	if want != nil {
		c.text(field, c.currency.Format(*want), c.currency.Format(got))
	}
}

func (c *comparison) refusal(id string, want refusal, q engine.Quote) {
	i := slices.IndexFunc(q.Promotions, func(o engine.Outcome) bool { return o.Promotion == id })
	if i < 0 {
		return
	}
	got := q.Promotions[i]
	c.text("not_applied "+id, string(want.reason), string(got.Reason))
	if len(want.by) > 0 {
		c.text("not_applied "+id+" by", words(want.by), words(got.By))
	}
}

func (c *comparison) line(sku string, want lineExpectation, q engine.Quote) {
	i := slices.IndexFunc(q.Lines, func(l engine.QuoteLine) bool { return l.SKU == sku })
	if i < 0 {
		c.text("line "+sku, "a line", "nothing")
		return
	}
	got := q.Lines[i]
	if want.quantity != nil {
		c.text("line "+sku+" quantity", strconv.FormatInt(*want.quantity, 10), strconv.FormatInt(got.Quantity, 10))
	}
	c.amount("line "+sku+" discount", want.discount, got.Discount)
	c.amount("line "+sku+" total", want.total, got.Total)
	if want.unitPrices != nil {
		c.text("line "+sku+" unit_prices", c.prices(want.unitPrices), c.prices(unitPrices(got, len(want.unitPrices))))
	}
}

// unitPrices returns what each unit of the line costs, or as many as are needed
// to tell that there are more than limit.
func unitPrices(l engine.QuoteLine, limit int) []engine.Amount {
	var prices []engine.Amount
	for _, u := range l.Units {
		for n := u.Quantity; n > 0 && len(prices) <= limit; n-- {
			prices = append(prices, u.Price)
		}
	}
	return prices
}

// prices writes amounts from the lowest to the highest.
func (c *comparison) prices(amounts []engine.Amount) string {
	var texts []string
	for _, a := range slices.Sorted(slices.Values(amounts)) {
		texts = append(texts, c.currency.Format(a))
	}
	return words(texts)
}
