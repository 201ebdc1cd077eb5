package ruletest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// givenKeys are the keys of given and defaults.
func givenKeys() []string {
	return []string{"cart", "customer", "coupons", "at", "now", "stock", "channel", "shipping", "payment", "attributes", "currency", "usage", "codes", "paused"}
}

func readDefaults(v syntax.Value) syntax.Map { return v.Map(givenKeys()...) }

// reader turns the tests of a file into cases.
type reader struct {
	rules    *engine.Ruleset
	items    engine.CatalogMap
	defaults syntax.Map
	lock     lock.Lock
	stubs    syntax.Value // of the file
	fixtures fixtures
	reasons  []string // why promotions are not applied
}

func (r *reader) cases(v syntax.Value) []Case {
	var cases []Case
	names := make(map[string]bool)
	for _, entry := range v.Items() {
		m := entry.Map(keysIn(ofTest)...)
		name, _ := m.Require("name").WantText()
		if names[name] {
			m.Get("name").Report(diag.Duplicate, "", "two tests are called %q", name)
		}
		names[name] = true
		cases = append(cases, r.test(m, name)...)
	}
	return cases
}

// test reads one test: a single case, one for each row of its table or for each
// cell of its matrix, one of several steps, or one of rules that do not compile.
func (r *reader) test(m syntax.Map, name string) []Case {
	c := Case{Name: name, Line: m.Position().Line, Tags: tags(m.Get("tags")), Skip: skipped(m.Get("skip"))}
	kind := ""
	for _, key := range []string{"table", "matrix", "steps", "compile_error"} {
		if m.Has(key) && kind != "" {
			m.Key(key).Report(diag.WrongValue, "make two tests of it", "%s and %s cannot stand together", kind, key)
			return nil
		} else if m.Has(key) {
			kind = key
		}
	}
	switch kind {
	case "compile_error":
		return r.refusedRules(m, c)
	case "steps":
		return r.stepsOf(m, c)
	case "matrix":
		return r.matrix(m, c)
	case "table":
		return r.table(m, c)
	default:
		given := m.Require("given").Map(givenKeys()...)
		r.fill(&c, given, m.Get("stubs"), scope{}, m.Get("expect").Map(expectKeys()...))
		r.check(m.Value, c)
		return []Case{c}
	}
}

// tags reads a list of words.
func tags(v syntax.Value) []string {
	var list []string
	for _, t := range v.Texts() {
		list = append(list, t.Text())
	}
	return list
}

// skipped reads why a test is not run.
func skipped(v syntax.Value) string {
	if !v.Present() {
		return ""
	}
	reason := strings.TrimSpace(v.Text())
	if reason == "" || !v.Quoted() && (reason == "true" || reason == "false") {
		v.Report(diag.TestIncomplete, "write why, or take the key out to run it", "a test is skipped for a reason")
	}
	return reason
}

// table reads a case for each row.
func (r *reader) table(m syntax.Map, test Case) []Case {
	given := m.Require("given").Map(givenKeys()...)
	common := m.Get("expect").Map(expectKeys()...)
	var cases []Case
	for _, row := range m.Get("table").Items() {
		s, own := readRow(row)
		c := test
		c.Row, c.vars, c.Line = s.label(), s.vars, row.Position().Line
		r.fill(&c, given, m.Get("stubs"), s, common, own)
		s.reportUnused(row)
		r.check(row, c)
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		m.Get("table").Report(diag.TestIncomplete, "", "the table has no rows")
	}
	return cases
}

// fill reads what the case is given, what plugins answer and what it expects.
func (r *reader) fill(c *Case, given syntax.Map, stubs syntax.Value, s scope, expect ...syntax.Map) {
	c.request = r.request(s, given)
	c.stubs = r.stubsOf(c.request.Cart.Currency, s, r.stubs, stubs)
	c.given = maps.Clone(s.used)
	c.expect = r.expectation(s, c.request.Cart.Currency, expect...)
	c.request.Hints = c.expect.hints != nil
}

// check reports a case that could not fail, or not the same way tomorrow.
func (r *reader) check(v syntax.Value, c Case) {
	if c.expect.empty() {
		v.Report(diag.TestIncomplete, "add expect with a total, or the promotions applied", "the test expects nothing")
	}
	r.checkTime(v, c.request)
}

func (r *reader) checkTime(v syntax.Value, req engine.Request) {
	if timed := r.rules.Timed(); len(timed) > 0 && req.At.IsZero() {
		v.Report(diag.TestIncomplete, "give the instant: given: {at: 2026-12-24T10:00:00Z}, or set it in defaults",
			"the outcome depends on the time, because of %s", strings.Join(timed, ", "))
	}
}

// scope holds the variables of a table's row, which stand as ${name} in given
// and expect.
type scope struct {
	vars map[string]string
	used map[string]bool
}

// readRow splits a row into variables and expectations.
func readRow(row syntax.Value) (scope, syntax.Map) {
	s := scope{vars: make(map[string]string), used: make(map[string]bool)}
	var keys []string
	for _, e := range row.Entries() {
		keys = append(keys, e.Name)
		if !slices.Contains(expectKeys(), e.Name) {
			s.vars[e.Name], _ = e.Value.WantText()
		}
	}
	return s, row.Map(keys...)
}

// label writes the variables as qty=4 vip=true.
func (s scope) label() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		parts = append(parts, name+"="+s.vars[name])
	}
	return strings.Join(parts, " ")
}

func (s scope) reportUnused(row syntax.Value) {
	for _, e := range row.Entries() {
		if _, isVar := s.vars[e.Name]; isVar && !s.used[e.Name] {
			e.Key.Report(diag.UnknownKey, "write ${"+e.Name+"} in given, or a key of expect, such as total",
				"%q is neither an expectation nor used in given", e.Name)
		}
	}
}

// text returns a scalar with the variables filled in.
func (s scope) text(v syntax.Value) string {
	text, _ := v.WantText()
	var filled strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		name, rest, closed := strings.Cut(after, "}")
		if !found || !closed {
			filled.WriteString(text)
			return filled.String()
		}
		filled.WriteString(before)
		filled.WriteString(s.variable(v, name))
		text = rest
	}
}

// variable returns the value of a variable, and what was written for one that there
// is not.
func (s scope) variable(v syntax.Value, name string) string {
	value, known := s.vars[name]
	if !known {
		v.Report(diag.UnknownName, diag.Suggest(name, slices.Collect(maps.Keys(s.vars))), "unknown variable %s", "${"+name+"}")
		return "${" + name + "}"
	}
	s.used[name] = true
	return value
}

func (s scope) texts(v syntax.Value) []string {
	var list []string
	for _, t := range v.Texts() {
		if text := s.text(t); text != "" {
			list = append(list, text)
		}
	}
	return list
}

// request reads given, in which a later mapping wins key by key, with what is not
// there taken from the defaults.
func (r *reader) request(s scope, given ...syntax.Map) engine.Request {
	layers := append([]syntax.Map{r.defaults}, given...)
	get := func(key string) syntax.Value { return topmost(layers, key) }
	currency := r.currency(get("currency"), s)
	cart := engine.Cart{
		Currency:   currency,
		Coupons:    s.texts(get("coupons")),
		Channel:    s.text(get("channel")),
		Payment:    paymentMethod(get("payment"), s),
		Customer:   customer(r.customers(layers, s), currency, s),
		Shipping:   shipping(get("shipping"), currency, s),
		Attributes: catalogue.Attributes(get("attributes")),
	}
	items := r.withStock(get("stock"), s)
	if kind := get("cart").Kind(); kind == syntax.Absent || kind == syntax.Null {
		given[0].Require("cart")
	}
	cart.Lines = lines(r.fixtures.resolve(get("cart"), "carts", s), items, s)
	usage := engine.Usage{Promotions: r.promotionUsage(get("usage"), currency, s), Codes: codeUsage(get("codes"), s)}
	return engine.Request{Cart: cart, Catalog: items, At: instant(layers, s), Usage: usage, Paused: r.paused(get("paused"), s), Explain: true}
}

// topmost returns the value of the key in the last mapping that has it.
func topmost(layers []syntax.Map, key string) syntax.Value {
	for _, m := range slices.Backward(layers) {
		if m.Has(key) {
			return m.Get(key)
		}
	}
	return syntax.Value{}
}

// customers returns what the mappings say of the customer.
func (r *reader) customers(layers []syntax.Map, s scope) []syntax.Map {
	var said []syntax.Map
	for _, m := range layers {
		if m.Has("customer") {
			said = append(said, r.fixtures.resolve(m.Get("customer"), "customers", s).Map(customerKeys()...))
		}
	}
	return said
}

func (r *reader) currency(v syntax.Value, s scope) engine.Currency {
	if !v.Present() {
		return r.rules.Currency()
	}
	currency, err := engine.ParseCurrency(s.text(v))
	if err != nil {
		v.Report(diag.WrongValue, "", "%v", err)
	}
	return currency
}

// withStock returns the catalogue with the stock that the test sets.
func (r *reader) withStock(v syntax.Value, s scope) engine.CatalogMap {
	if !v.Present() {
		return r.items
	}
	items := maps.Clone(r.items)
	for _, e := range v.Entries() {
		item, known := items[e.Name]
		n, err := strconv.ParseInt(s.text(e.Value), 10, 64)
		switch {
		case !known:
			unknownItem(e.Key, e.Name, items)
		case err != nil || n < 0:
			e.Value.Report(diag.WrongValue, "", "stock wants a whole number")
		default:
			changed := *item
			changed.Stock = n
			items[e.Name] = &changed
		}
	}
	return items
}

func unknownItem(v syntax.Value, sku string, items engine.CatalogMap) {
	v.Report(diag.UnknownItem, diag.Suggest(sku, slices.Collect(maps.Keys(items))), "the catalogue has no item %q", sku)
}

// checkItem reports a SKU that the catalogue does not have.
func checkItem(v syntax.Value, sku string, items engine.CatalogMap) {
	if _, known := items[sku]; !known && sku != "" {
		unknownItem(v, sku, items)
	}
}

// lines reads a cart: "SKU", "SKU x3" or {sku: SKU, quantity: 3}.
func lines(v syntax.Value, items engine.CatalogMap, s scope) []engine.Line {
	var cart []engine.Line
	for _, entry := range v.Items() {
		sku, quantity := lineParts(entry, s)
		n, err := strconv.ParseInt(quantity, 10, 64)
		item, known := items[sku]
		switch {
		case sku == "" || strings.Contains(quantity, "${"): // reported already
		case err != nil || n < 1:
			wrongQuantity(entry, quantity)
		case !known:
			unknownItem(entry, sku, items)
		default:
			cart = append(cart, engine.Line{Item: item, Quantity: n})
		}
	}
	return cart
}

func wrongQuantity(v syntax.Value, quantity string) {
	v.Report(diag.WrongValue, "", "quantity %q: want a whole number of at least 1", quantity)
}

func lineParts(v syntax.Value, s scope) (sku, quantity string) {
	if v.Kind() == syntax.Mapping {
		m := v.Map(keysIn(ofUnits)...)
		if quantity = "1"; m.Has("quantity") {
			quantity = s.text(m.Get("quantity"))
		}
		return s.text(m.Require("sku")), quantity
	}
	sku, quantity, ok := SplitLine(s.text(v))
	if !ok {
		v.Report(diag.WrongValue, `write "SKU x3"`, "want a SKU and a quantity, got %q", v.Text())
	}
	return sku, quantity
}

// SplitLine splits a line of a cart, such as "A304SD x4", into its SKU and its quantity as
// they are written; the quantity is "1" where there is none. Another text is not ok, and
// both are "".
func SplitLine(text string) (sku, quantity string, ok bool) {
	sku, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	quantity, times := strings.CutPrefix(strings.TrimSpace(rest), "x")
	quantity = strings.TrimSpace(quantity)
	switch {
	case sku == "" || strings.ContainsAny(sku+quantity, " \t") || times && quantity == "" || !times && quantity != "":
		return "", "", false
	case !times:
		return sku, "1", true
	default:
		return sku, quantity, true
	}
}

func customerKeys() []string {
	return []string{"id", "groups", "tags", "orders", "lifetime_spend", "attributes"}
}

// customer merges what is said of a customer, key by key; what is said later wins.
func customer(said []syntax.Map, currency engine.Currency, s scope) engine.Customer {
	get := func(key string) syntax.Value { return topmost(said, key) }
	c := engine.Customer{
		ID:     s.text(get("id")),
		Groups: s.texts(get("groups")),
		Tags:   s.texts(get("tags")),
		Orders: count(get("orders"), s),
	}
	c.LifetimeSpend = amount(get("lifetime_spend"), currency, s)
	c.Attributes = make(engine.Attributes)
	for _, m := range said {
		maps.Copy(c.Attributes, catalogue.Attributes(m.Get("attributes")))
		for _, e := range m.Get("attributes").Entries() {
			if strings.Contains(e.Value.Text(), "${") {
				c.Attributes[e.Name] = attributeOf(s.text(e.Value))
			}
		}
	}
	return c
}

// attributeOf reads the value of a variable as YAML would have.
func attributeOf(text string) engine.Value {
	if d, err := engine.ParseDecimal(text); err == nil {
		return engine.NumberValue(d)
	}
	if text == "true" || text == "false" {
		return engine.BoolValue(text == "true")
	}
	return engine.TextValue(text)
}

// shipping reads {method, price}, or shipments where the cart is sent in parts.
func shipping(v syntax.Value, currency engine.Currency, s scope) engine.Shipping {
	m := v.Map(keysIn(ofShipping)...)
	shipping := engine.Shipping{Country: s.text(m.Get("country")), Region: s.text(m.Get("region"))}
	one := m.Has("method") || m.Has("price")
	if one && m.Has("shipments") {
		m.Key("shipments").Report(diag.WrongValue, "give either shipments, or the method and price of the only one", "the shipping is given twice")
	}
	if one {
		shipping.Shipments = append(shipping.Shipments, shipment(m, currency, s))
	}
	for _, entry := range m.Get("shipments").Items() {
		shipping.Shipments = append(shipping.Shipments, shipment(entry.Map(keysIn(ofShipment)...), currency, s))
	}
	return shipping
}

func shipment(m syntax.Map, currency engine.Currency, s scope) engine.Shipment {
	return engine.Shipment{Method: s.text(m.Get("method")), Price: amount(m.Get("price"), currency, s)}
}

func paymentMethod(v syntax.Value, s scope) string {
	if v.Kind() == syntax.Mapping {
		return s.text(v.Map(keysIn(ofPayment)...).Require("method"))
	}
	return s.text(v)
}

func count(v syntax.Value, s scope) int64 {
	if !v.Present() {
		return 0
	}
	n, err := strconv.ParseInt(s.text(v), 10, 64)
	if err != nil || n < 0 {
		v.Report(diag.WrongValue, "", "want a whole number of at least 0")
	}
	return n
}

func amount(v syntax.Value, currency engine.Currency, s scope) engine.Amount {
	if !v.Present() {
		return 0
	}
	a, err := currency.Parse(s.text(v))
	if err != nil {
		v.Report(diag.WrongValue, "", "%v", err)
	}
	return a
}

// instant reads at, which may also be called now, of the last mapping that has it.
func instant(layers []syntax.Map, s scope) time.Time {
	var v syntax.Value
	for _, m := range slices.Backward(layers) {
		if m.Has("at") && m.Has("now") {
			m.Key("now").Report(diag.WrongValue, "keep one of the two", "at and now are the same instant")
		}
		if v = m.Get("at"); !v.Present() {
			v = m.Get("now")
		}
		if v.Present() {
			break
		}
	}
	if !v.Present() {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s.text(v))
	if err != nil {
		v.Report(diag.WrongValue, "write it with its offset: 2026-12-24T10:00:00Z", "%q is no instant", s.text(v))
	}
	return at
}
