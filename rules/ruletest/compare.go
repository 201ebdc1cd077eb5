package ruletest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/explain"
)

// Mismatch is a part of a quote that is not as expected.
type Mismatch struct {
	Field string `json:"field"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// compare returns what of the quote is not as expected.
func (x expectation) compare(q engine.Quote) []Mismatch {
	c := comparison{currency: q.Currency}
	for _, sum := range sums(q) {
		if want, checked := x.sums[sum.key]; checked {
			c.amount(sum.key, &want, sum.amount)
		}
	}
	c.list("applied", x.applied, appliedIn(q))
	for _, id := range slices.Sorted(maps.Keys(x.notApplied)) {
		c.refusal(id, x.notApplied[id], q)
	}
	for _, sku := range slices.Sorted(maps.Keys(x.lines)) {
		c.line(sku, x.lines[sku], q)
	}
	c.list("gifts", x.gifts, giftsIn(q))
	for _, method := range slices.Sorted(maps.Keys(x.shipments)) {
		c.shipment(method, x.shipments[method], q)
	}
	c.list("awards", x.awards, awardsIn(q))
	for _, code := range slices.Sorted(maps.Keys(x.coupons)) {
		c.text("coupon "+code, x.coupons[code].String(), couponReasonIn(code, q))
	}
	if x.optimal != nil {
		c.text("optimal", strconv.FormatBool(*x.optimal), strconv.FormatBool(q.Optimal))
	}
	if x.hints != nil {
		c.hints(*x.hints, q.Hints)
	}
	c.includes("applied", x.includes.applied, appliedIn(q))
	c.includes("gifts", x.includes.gifts, giftsIn(q))
	c.includes("awards", x.includes.awards, awardsIn(q))
	if x.explain != nil {
		c.text("explain", strings.TrimSpace(*x.explain), Explain(q))
	}
	return c.mismatches
}

// sum is one of the amounts of a whole quote, with its key in expect.
type sum struct {
	key    string
	amount engine.Amount
}

func sums(q engine.Quote) []sum {
	return []sum{
		{"subtotal", q.Subtotal}, {"discount", q.Discount}, {"total", q.Total},
		{"shipping_discount", q.ShippingDiscount}, {"shipping_total", q.ShippingTotal}, {"payable", q.Payable},
	}
}

func sumKeys() []string {
	var keys []string
	for _, s := range sums(engine.Quote{}) {
		keys = append(keys, s.key)
	}
	return keys
}

func appliedIn(q engine.Quote) []string {
	var ids []string
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			ids = append(ids, o.Promotion)
		}
	}
	return ids
}

// giftsIn lists what is given as "SKU x2", sorted.
func giftsIn(q engine.Quote) []string {
	var list []string
	for _, g := range q.Gifts {
		list = append(list, fmt.Sprintf("%s x%d", g.SKU, g.Quantity))
	}
	slices.Sort(list)
	return list
}

func awardsIn(q engine.Quote) []string {
	var list []string
	for _, a := range q.Awards {
		list = append(list, a.Kind+" "+plainNumber(a.Amount))
	}
	return list
}

// plainNumber writes a decimal number without zeros at its end, so that equal
// ones are the same text.
func plainNumber(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func couponReasonIn(code string, q engine.Quote) string {
	i := slices.IndexFunc(q.Coupons, func(c engine.CouponOutcome) bool { return c.Code == code })
	if i < 0 {
		return "nothing"
	}
	return q.Coupons[i].Reason.String()
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

func (c *comparison) list(field string, want *[]string, got []string) {
	if want != nil {
		c.text(field, words(*want), words(got))
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
	c.text("not_applied "+id, want.reason.String(), got.Reason.String())
	if len(want.by) > 0 {
		c.text("not_applied "+id+" by", words(want.by), words(blockers(got)))
	}
	if want.fault != "" {
		c.text("not_applied "+id+" fault", string(want.fault), cmp.Or(string(faultOf(got)), "nothing"))
	}
}

// met reports whether the promotion was refused as expected.
func (r refusal) met(o engine.Outcome) bool {
	return r.reason == o.Reason && (len(r.by) == 0 || words(r.by) == words(blockers(o))) && (r.fault == "" || r.fault == faultOf(o))
}

// faultOf is what went wrong with the plugin of a promotion.
func faultOf(o engine.Outcome) engine.PluginFault {
	if o.Obstacle == nil {
		return ""
	}
	return o.Obstacle.Fault
}

// compareRejection returns how the end of a pricing differs from the rejection
// that is expected, or from a price.
func (x expectation) compareRejection(err error) []Mismatch {
	var rejected *engine.PluginError
	switch {
	case x.rejected == nil && err != nil:
		return []Mismatch{{Field: "quote", Want: "a price", Got: err.Error()}}
	case x.rejected == nil:
		return nil
	case err == nil:
		return []Mismatch{{Field: "rejected", Want: x.rejected.promotion, Got: "a price"}}
	case !errors.As(err, &rejected):
		return []Mismatch{{Field: "rejected", Want: x.rejected.promotion, Got: err.Error()}}
	}
	var c comparison
	c.text("rejected", x.rejected.promotion, rejected.Promotion)
	if x.rejected.fault != "" {
		c.text("rejected fault", string(x.rejected.fault), string(rejected.Fault))
	}
	return c.mismatches
}

// blockers are the promotions that stood in another's way.
func blockers(o engine.Outcome) []string {
	if o.Obstacle == nil {
		return nil
	}
	return o.Obstacle.By
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

// shipment compares all shipments of the method together.
func (c *comparison) shipment(method string, want shipmentExpectation, q engine.Quote) {
	got, found := shipmentIn(method, q)
	if !found {
		c.text("shipment "+method, "a shipment", "nothing")
		return
	}
	c.amount("shipment "+method+" discount", want.discount, got.Discount)
	c.amount("shipment "+method+" total", want.total, got.Total)
}

// shipmentIn adds up the shipments of the method.
func shipmentIn(method string, q engine.Quote) (got engine.QuoteShipment, found bool) {
	for _, s := range q.Shipments {
		if s.Method == method {
			found = true
			got.Discount, got.Total = got.Discount+s.Discount, got.Total+s.Total
		}
	}
	return got, found
}

// hints compares what each hint promises only where that is expected.
func (c *comparison) hints(want []hintExpectation, got []engine.Hint) {
	var wanted, given []string
	for _, h := range want {
		wanted = append(wanted, c.hint(h))
	}
	for i, h := range got {
		x := hintOf(h)
		if i < len(want) && want[i].saves == nil {
			x.saves = nil
		}
		given = append(given, c.hint(x))
	}
	c.text("hints", hintList(wanted), hintList(given))
}

// hintOf is what can be expected of a hint.
func hintOf(h engine.Hint) hintExpectation {
	x := hintExpectation{promotion: h.Promotion, saves: &h.Saves}
	for _, item := range h.Add {
		x.add = append(x.add, fmt.Sprintf("%s x%d", item.SKU, item.Quantity))
	}
	return x
}

// hint writes a hint as "three-for-two: add TV x1, saves 10.00".
func (c *comparison) hint(h hintExpectation) string {
	text := h.promotion + ": add " + words(h.add)
	if h.saves != nil {
		text += ", saves " + c.currency.Format(*h.saves)
	}
	return text
}

func hintList(hints []string) string {
	if len(hints) == 0 {
		return "nothing"
	}
	return strings.Join(hints, "; ")
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

// includes compares what must be there among others.
func (c *comparison) includes(field string, want, got []string) {
	missing := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(got, s) })
	if len(missing) > 0 {
		c.text("includes "+field, words(missing), words(got))
	}
}

// Explain returns the text with which explain is compared: what is told of the
// quote, without the places of promotions.
func Explain(q engine.Quote) string {
	var b strings.Builder
	e := explain.Explanation{Quote: q, Source: func(string) string { return "" }}
	_ = e.Pretty(&b) // a Builder has no errors
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
