package record

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Recorded is a rule test.
type Recorded struct {
	// File is the text of a test file with the one test.
	File []byte
	// Kept are the facts about the customer, the cart and the delivery that the
	// price depends on, and that the test therefore still has.
	Kept []string
}

// Test makes a test file of a request that the rules have priced. The file stands
// beside their folder's files. The error is that of engine.Ruleset.Price.
func Test(rules *engine.Ruleset, request engine.Request, name string) (Recorded, error) {
	r := &reducer{rules: rules, request: request}
	r.request.Explain, r.request.Hints = false, false
	if _, err := rules.Price(r.request); err != nil {
		return Recorded{}, err
	}
	r.want, _ = r.outcome(r.request)
	kept := r.reduce()
	w, quote, err := newWriter(rules, r.request)
	if err != nil {
		return Recorded{}, err
	}
	w.catalogue()
	w.linef("")
	w.linef("tests:")
	w.test(name, &quote)
	return Recorded{File: w.text.Bytes(), Kept: kept}, nil
}

// Case makes one element of tests: of a request, with all that it says; only the
// catalogue is left to the file. The error is that of engine.Ruleset.Price.
func Case(rules *engine.Ruleset, request engine.Request, name string) ([]byte, error) {
	request.Explain, request.Hints = false, false
	w, quote, err := newWriter(rules, request)
	if err != nil {
		return nil, err
	}
	w.test(name, &quote)
	return w.text.Bytes(), nil
}

func newWriter(rules *engine.Ruleset, request engine.Request) (*writer, engine.Quote, error) {
	quote, err := rules.Price(request)
	return &writer{rules: rules, request: request, money: request.Cart.Currency.Format}, quote, err
}

func (w *writer) test(name string, quote *engine.Quote) {
	w.linef("  - name: %s", syntax.Word(name))
	w.given()
	w.stubs()
	w.expect(quote)
}

// Exact makes a test file of a request as it is, and expects of the named promotions
// why they are not applied. The error is that of engine.Ruleset.Price.
func Exact(rules *engine.Ruleset, request engine.Request, name string, notApplied []string) ([]byte, error) {
	request.Explain, request.Hints = true, false
	quote, err := rules.Price(request)
	if err != nil {
		return nil, err
	}
	w := &writer{rules: rules, request: request, money: request.Cart.Currency.Format}
	w.catalogue()
	w.linef("")
	w.linef("tests:")
	w.linef("  - name: %s", syntax.Word(name))
	w.given()
	w.stubs()
	w.expect(&quote)
	w.notApplied(&quote, notApplied)
	return w.text.Bytes(), nil
}

func (w *writer) notApplied(q *engine.Quote, ids []string) {
	var reasons []string
	for _, o := range q.Promotions {
		if slices.Contains(ids, o.Promotion) && o.Reason != engine.Applied {
			reasons = append(reasons, fmt.Sprintf("%s: %s", syntax.Word(o.Promotion), o.Reason))
		}
	}
	if len(reasons) > 0 {
		w.linef("      not_applied: {%s}", strings.Join(reasons, ", "))
	}
}

// writer writes YAML whose collections are in one line.
type writer struct {
	rules   *engine.Ruleset
	request engine.Request
	money   func(engine.Amount) string
	text    bytes.Buffer
}

func (w *writer) linef(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n", args...) }

// items returns what is sold and what is in the catalogue, by SKU.
func (w *writer) items() []engine.Item {
	items := make(map[string]engine.Item)
	if all, ok := w.request.Catalog.(engine.CatalogMap); ok {
		for sku, item := range all {
			items[sku] = *item
		}
	}
	for _, line := range w.request.Cart.Lines {
		if _, known := items[line.Item.SKU]; !known {
			items[line.Item.SKU] = *line.Item
		}
	}
	return slices.SortedFunc(maps.Values(items), func(a, b engine.Item) int { return cmp.Compare(a.SKU, b.SKU) })
}

// catalogue writes the items, with what rules can look at.
func (w *writer) catalogue() {
	w.linef("catalogue:")
	for _, item := range w.items() {
		parts := []string{"sku: " + syntax.Word(item.SKU)}
		if item.Name != item.SKU {
			parts = append(parts, "name: "+syntax.Word(item.Name))
		}
		parts = append(parts, "price: "+w.prices(item.Price, item.Prices))
		if item.MinPrice != 0 || len(item.MinPrices) > 0 {
			parts = append(parts, "min_price: "+w.prices(item.MinPrice, item.MinPrices))
		}
		parts = append(parts, fmt.Sprintf("stock: %d", item.Stock))
		if len(item.Categories) > 0 {
			parts = append(parts, "categories: "+words(item.Categories))
		}
		if item.Brand != "" {
			parts = append(parts, "brand: "+syntax.Word(item.Brand))
		}
		if len(item.Tags) > 0 {
			parts = append(parts, "tags: "+words(item.Tags))
		}
		if len(item.Attributes) > 0 {
			parts = append(parts, "attributes: "+attributes(item.Attributes))
		}
		w.linef("  - {%s}", strings.Join(parts, ", "))
	}
}

// prices writes a price in the shop's currency, or one for each currency.
func (w *writer) prices(price engine.Amount, by map[engine.Currency]engine.Amount) string {
	if len(by) == 0 {
		return w.rules.Currency().Format(price)
	}
	var parts []string
	for currency, price := range by {
		parts = append(parts, currency.Code()+": "+currency.Format(price))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

func (w *writer) given() {
	cart, usage := &w.request.Cart, &w.request.Usage
	w.linef("    given:")
	if len(w.rules.Timed()) > 0 {
		w.linef("      at: %s", w.request.At.UTC().Format(time.RFC3339Nano))
	}
	if cart.Currency != w.rules.Currency() {
		w.linef("      currency: %s", cart.Currency)
	}
	w.linef("      cart: %s", words(w.lines()))
	w.customer(&cart.Customer)
	if len(cart.Coupons) > 0 {
		w.linef("      coupons: %s", words(cart.Coupons))
	}
	w.shipping(&cart.Shipping)
	w.optional("channel", cart.Channel)
	w.optional("payment", cart.Payment)
	if len(cart.Attributes) > 0 {
		w.linef("      attributes: %s", attributes(cart.Attributes))
	}
	if len(usage.Promotions) > 0 {
		w.linef("      usage:")
		for _, id := range slices.Sorted(maps.Keys(usage.Promotions)) {
			u := usage.Promotions[id]
			w.linef("        %s: {redemptions: %d, by_customer: %d, spent: %s}", syntax.Word(id), u.Redemptions, u.ByCustomer, w.money(u.Spent))
		}
	}
	if paused := w.rules.PausesAt(w.request.At, w.request.Paused); len(paused) > 0 {
		w.linef("      paused: %s", words(slices.Sorted(maps.Keys(paused))))
	}
	if len(usage.Codes) > 0 {
		w.linef("      codes:")
		for _, code := range slices.Sorted(maps.Keys(usage.Codes)) {
			u := usage.Codes[code]
			w.linef("        %s: {pool: %s, redemptions: %d}", syntax.Word(code), syntax.Word(u.Pool), u.Redemptions)
		}
	}
}

func (w *writer) lines() []string {
	var lines []string
	for _, line := range w.request.Cart.Lines {
		lines = append(lines, units(line.Item.SKU, line.Quantity))
	}
	return lines
}

func (w *writer) optional(key, text string) {
	if text != "" {
		w.linef("      %s: %s", key, syntax.Word(text))
	}
}

func (w *writer) customer(c *engine.Customer) {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(c.ID != "", "id: %s", syntax.Word(c.ID))
	add(len(c.Groups) > 0, "groups: %s", words(c.Groups))
	add(len(c.Tags) > 0, "tags: %s", words(c.Tags))
	add(c.Orders != 0, "orders: %d", c.Orders)
	add(c.LifetimeSpend != 0, "lifetime_spend: %s", w.money(c.LifetimeSpend))
	add(len(c.Attributes) > 0, "attributes: %s", attributes(c.Attributes))
	if parts != nil {
		w.linef("      customer: {%s}", strings.Join(parts, ", "))
	}
}

func (w *writer) shipping(s *engine.Shipping) {
	var parts []string
	if s.Country != "" {
		parts = append(parts, "country: "+syntax.Word(s.Country))
	}
	if s.Region != "" {
		parts = append(parts, "region: "+syntax.Word(s.Region))
	}
	var shipments []string
	for _, one := range s.Shipments {
		shipments = append(shipments, fmt.Sprintf("{method: %s, price: %s}", syntax.Word(one.Method), w.money(one.Price)))
	}
	if shipments != nil {
		parts = append(parts, "shipments: ["+strings.Join(shipments, ", ")+"]")
	}
	if parts != nil {
		w.linef("      shipping: {%s}", strings.Join(parts, ", "))
	}
}

// expect writes what the quote is.
func (w *writer) expect(q *engine.Quote) {
	w.linef("    expect:")
	w.linef("      total: %s", w.money(q.Total))
	w.linef("      discount: %s", w.money(q.Discount))
	applied := []string{}
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			applied = append(applied, o.Promotion)
		}
	}
	w.linef("      applied: %s", words(applied))
	w.linef("      lines:")
	for _, l := range q.Lines {
		w.linef("        %s: %s", syntax.Word(l.SKU), w.money(l.Total))
	}
	gifts := []string{}
	for _, g := range q.Gifts {
		gifts = append(gifts, units(g.SKU, g.Quantity))
	}
	w.linef("      gifts: %s", words(gifts))
	if len(q.Shipments) > 0 {
		w.linef("      shipping_total: %s", w.money(q.ShippingTotal))
		w.linef("      payable: %s", w.money(q.Payable))
	}
	if len(q.Awards) > 0 {
		var awards []string
		for _, a := range q.Awards {
			awards = append(awards, fmt.Sprintf("{kind: %s, amount: %s}", syntax.Word(a.Kind), a.Amount))
		}
		w.linef("      awards: [%s]", strings.Join(awards, ", "))
	}
}

// units writes "SKU x2".
func units(sku string, n int64) string {
	if n == 1 {
		return sku
	}
	return fmt.Sprintf("%s x%d", sku, n)
}

// attributes writes a mapping in one line.
func attributes(all engine.Attributes) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, syntax.Word(name)+": "+value(all[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// value writes a value so that it is read as one of its kind.
func value(v engine.Value) string {
	if text, ok := v.Text(); ok {
		return syntax.Quoted(text)
	}
	if list, ok := v.Texts(); ok {
		var parts []string
		for _, text := range list {
			parts = append(parts, syntax.Quoted(text))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.String()
}

func words(list []string) string {
	parts := make([]string, len(list))
	for i, text := range list {
		parts[i] = syntax.Word(text)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
