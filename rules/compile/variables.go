package compile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// variables are the names that an expression may use: fixed ones and those that
// the rule files define.
type variables struct {
	fixed   map[string]operand
	defined func(name string) (operand, bool)
	listed  func() []string
	isSet   func(name string) bool
	// elsewhere explains a name that only other expressions may use, "" for one
	// that is none.
	elsewhere func(name string) string
	// suggest names one like it among the candidates.
	suggest func(name string, candidates func() []string) string
	budget  int64              // steps that one expression may take
	watch   *observer          // of the parts of conditions; nil for nobody
	met     func(syntax.Value) // told of each expression; nil for nobody
}

func (v variables) lookup(name string) (operand, bool) {
	if o, ok := v.fixed[name]; ok {
		return o, true
	}
	return v.defined(name)
}

func (v variables) names() []string {
	return append(slices.Sorted(maps.Keys(v.fixed)), v.listed()...)
}

// hint is the advice for a name that is unknown.
func (v variables) hint(name string) string {
	if hint := v.elsewhere(name); hint != "" {
		return hint
	}
	hint := v.suggest(name, v.names)
	switch {
	case strings.HasPrefix(hint, "did you mean"):
	case strings.Trim(name, "$0123456789") == "":
		return "write an amount without its currency"
	case strings.ToLower(name) != name:
		return fmt.Sprintf("write a text in quotes: %q", name)
	}
	return hint
}

// maxHints is how many unknown names are searched for others like them. It
// bounds the time that a large folder of faults takes.
const maxHints = 200

func (c *compiler) suggest(name string, candidates func() []string) string {
	if c.hints++; c.hints > maxHints {
		return ""
	}
	return diag.Suggest(name, candidates())
}

// itemScope are the variables of an item expression, which is evaluated for
// every line of a cart.
func (c *compiler) itemScope() variables {
	return variables{
		fixed:   itemVariables(c.currency),
		defined: c.setAsTest,
		listed:  c.setNames,
		isSet:   c.isSet,
		suggest: c.suggest,
		budget:  maxSteps / engine.MaxLines,
		met:     c.met,
		watch:   c.watch,
		elsewhere: func(name string) string {
			if d := c.names[name]; d != nil && d.kind == condition {
				return fmt.Sprintf("%s is a condition over the cart; use it in when", name)
			}
			if _, ok := c.cart.fixed[name]; ok {
				return fmt.Sprintf("an item does not know %s; use it in when", name)
			}
			return ""
		},
	}
}

// cartScope are the variables of conditions and amounts.
func (c *compiler) cartScope() variables {
	line := lineFields(c.currency, c.items)
	fixed := cartVariables(c.currency, line)
	c.plugins.addTo(fixed, c.items)
	return variables{
		fixed:   fixed,
		defined: func(name string) (operand, bool) { return c.nameInCart(name, line) },
		listed:  c.definedNames,
		isSet:   func(string) bool { return false },
		suggest: c.suggest,
		budget:  maxSteps,
		met:     c.met,
		watch:   c.watch,
		elsewhere: func(name string) string {
			if _, ok := c.items.fixed[name]; !ok {
				return ""
			}
			return fmt.Sprintf("%s belongs to an item; use it in a set, or as .%s in any(cart.lines, …)", name, name)
		},
	}
}

// The constructors below make operands of facts.

func textOf(get func(*engine.Scope, element) string) operand {
	return operand{kind: text, text: func(s *engine.Scope, e element) (string, bool) { return get(s, e), true }}
}

// optionalText is missing when it is empty.
func optionalText(get func(*engine.Scope) string) operand {
	return operand{kind: text, text: func(s *engine.Scope, _ element) (string, bool) {
		t := get(s)
		return t, t != ""
	}}
}

// telling says that the texts of the operand are facts of the kind.
func (o operand) telling(told engine.FactKind) operand {
	o.told = told
	return o
}

// growing says what more in the cart makes the number greater.
func (o operand) growing(of engine.Selection, by measure) operand {
	o.grows = growth{of: of, by: by}
	return o
}

// needing says without which facts the operand is empty.
func (o operand) needing(facts ...engine.Fact) operand {
	o.needs = facts
	return o
}

// countOf is a number of at most 18 digits.
func countOf(get wholeFunc) operand {
	return operand{kind: number, whole: get, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
		return engine.NewDecimal(get(s, e)), true
	}}
}

// moneyOf is an amount in smallest units.
func moneyOf(c engine.Currency, get wholeFunc) operand {
	return operand{kind: number, reads: readsMoney, whole: get, money: true, digits: c.Digits(),
		number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			return currencyIn(s, c).Decimal(engine.Amount(get(s, e))), true
		}}
}

// currencyIn is the currency of the cart at hand. An item expression has no
// cart; its prices are read in the shop's currency.
func currencyIn(s *engine.Scope, shop engine.Currency) engine.Currency {
	if s == nil {
		return shop
	}
	return s.Cart().Currency
}

func listOf(k kind, get func(*engine.Scope, element) []string) operand {
	return operand{kind: k, list: get}
}

// recordOf is a record with the given fields.
func recordOf(title, hint string, parts map[string]operand) operand {
	return operand{kind: record, fields: &fields{
		title: title, hint: hint, names: slices.Sorted(maps.Keys(parts)),
		get: func(name string) (operand, bool) {
			o, ok := parts[name]
			return o, ok
		},
	}}
}

// withAttributes says that the record has facts of the shop's own.
func withAttributes(o operand) operand {
	o.fields.attributes = o.fields.title + ".attributes"
	return o
}

// attributesOf is the shop's own facts, of which any name may be asked.
func attributesOf(title string, get func(*engine.Scope, element) engine.Attributes) operand {
	return operand{kind: record, fields: &fields{
		title: title, hint: fmt.Sprintf("name the attribute, such as %s.colour", title),
		get: func(name string) (operand, bool) {
			return operand{kind: fact, fact: func(s *engine.Scope, e element) engine.Value { return get(s, e)[name] }}, true
		},
	}}
}

// itemVariables are what an item expression may read of the item at hand.
func itemVariables(c engine.Currency) map[string]operand {
	return map[string]operand{
		"sku":      textOf(func(_ *engine.Scope, e element) string { return e.item.SKU }).from(itemSKU, 0),
		"name":     textOf(func(_ *engine.Scope, e element) string { return e.item.Name }),
		"brand":    textOf(func(_ *engine.Scope, e element) string { return e.item.Brand }),
		"price":    moneyOf(c, func(_ *engine.Scope, e element) int64 { return int64(e.item.Price) }).reading(readsPrice),
		"quantity": countOf(func(_ *engine.Scope, e element) int64 { return e.quantity }).reading(readsUnits),
		"category": {kind: category, source: itemCategory, text: func(_ *engine.Scope, e element) (string, bool) {
			return e.item.Category(), true
		}},
		"categories": listOf(categoryList, func(_ *engine.Scope, e element) []string { return e.item.Categories }),
		"tags":       listOf(textList, func(_ *engine.Scope, e element) []string { return e.item.Tags }).from(itemTags, 0),
		"attributes": attributesOf("attributes", func(_ *engine.Scope, e element) engine.Attributes { return e.item.Attributes }),
	}
}

// lineFields are the parts of a line of cart.lines: those of its item, and what
// the line costs.
func lineFields(c engine.Currency, items variables) *fields {
	own := map[string]operand{
		"subtotal": moneyOf(c, func(_ *engine.Scope, e element) int64 { return int64(e.item.Price) * e.quantity }).reading(readsUnits),
		"total":    moneyOf(c, func(s *engine.Scope, e element) int64 { return int64(s.LineTotal(e.line)) }).reading(readsUnits),
	}
	return &fields{
		title: "a line", hint: "name the part of the line, such as .quantity", attributes: ".attributes",
		names: append(slices.Sorted(maps.Keys(own)), items.names()...),
		get: func(name string) (operand, bool) {
			if o, ok := own[name]; ok {
				return o, true
			}
			return items.lookup(name)
		},
	}
}

func lineAt(s *engine.Scope, i int) element {
	item, quantity := s.Line(i)
	return element{item: item, quantity: quantity, line: i}
}

// allLines is cart.lines.
func allLines(f *fields) operand {
	o := countOf(func(s *engine.Scope, _ element) int64 { return int64(s.Lines()) }).growing(engine.Selection{Order: true}, byLines)
	o.kind, o.fields = lines, f
	o.line = func(s *engine.Scope, _ element, i int) (element, bool) { return lineAt(s, i), true }
	return o
}

// linesOf is the lines of a set.
func linesOf(index int, f *fields) operand {
	o := countOf(func(s *engine.Scope, _ element) int64 { return int64(s.Set(index).Lines()) }).growing(engine.Selection{Set: index}, byLines)
	o.kind, o.fields = lines, f
	o.line = func(s *engine.Scope, _ element, i int) (element, bool) { return lineAt(s, i), s.Set(index).Has(i) }
	return o
}

// cartVariables are what a condition or an amount may read.
func cartVariables(c engine.Currency, line *fields) map[string]operand {
	order := engine.Selection{Order: true}
	return map[string]operand{
		"cart": withAttributes(recordOf("cart", "name the fact, such as cart.subtotal", map[string]operand{
			"subtotal":   moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Subtotal()) }).growing(order, bySpend).from(cartSubtotal, 0),
			"total":      moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Total()) }).growing(order, bySpend),
			"quantity":   countOf(func(s *engine.Scope, _ element) int64 { return s.Quantity() }).growing(order, byUnits).from(cartQuantity, 0),
			"lines":      allLines(line),
			"currency":   textOf(func(s *engine.Scope, _ element) string { return s.Cart().Currency.Code() }),
			"channel":    optionalText(func(s *engine.Scope) string { return s.Cart().Channel }).telling(engine.OnChannel).from(cartChannel, 0),
			"attributes": attributesOf("cart.attributes", func(s *engine.Scope, _ element) engine.Attributes { return s.Cart().Attributes }),
		})),
		"customer": customerRecord(c),
		"shipping": recordOf("shipping", "name the fact, such as shipping.country", map[string]operand{
			"method":  optionalText(func(s *engine.Scope) string { return s.Cart().Shipping.Method() }).telling(engine.ShipsBy),
			"country": optionalText(func(s *engine.Scope) string { return s.Cart().Shipping.Country }).telling(engine.ShipsTo).from(shippingCountry, 0),
			"region":  optionalText(func(s *engine.Scope) string { return s.Cart().Shipping.Region }),
			"price":   moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Cart().Shipping.Price()) }),
		}),
		"payment": recordOf("payment", "write payment.method", map[string]operand{
			"method": optionalText(func(s *engine.Scope) string { return s.Cart().Payment }).telling(engine.PaidBy),
		}),
		"coupons": listOf(couponList, func(s *engine.Scope, _ element) []string { return s.Coupons() }),
		"now":     nowRecord(),
	}
}

func customerRecord(c engine.Currency) operand {
	return withAttributes(recordOf("customer", "name the fact, such as customer.groups", map[string]operand{
		"id":             optionalText(func(s *engine.Scope) string { return s.Cart().Customer.ID }),
		"groups":         listOf(textList, func(s *engine.Scope, _ element) []string { return s.Cart().Customer.Groups }).telling(engine.InCustomerGroup).from(customerGroups, 0),
		"tags":           listOf(textList, func(s *engine.Scope, _ element) []string { return s.Cart().Customer.Tags }).telling(engine.HasCustomerTag),
		"orders":         countOf(func(s *engine.Scope, _ element) int64 { return engine.NewDecimal(s.Cart().Customer.Orders).Int() }),
		"lifetime_spend": moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Cart().Customer.LifetimeSpend) }),
		"attributes":     attributesOf("customer.attributes", func(s *engine.Scope, _ element) engine.Attributes { return s.Cart().Customer.Attributes }),
	}))
}

func nowRecord() operand {
	part := func(get func(time.Time) int) operand {
		return countOf(func(s *engine.Scope, _ element) int64 { return int64(get(s.Now())) }).reading(readsClock)
	}
	return recordOf("now", `name the part, such as now.hour or now.weekday == "fri"`, map[string]operand{
		"year":   part(time.Time.Year),
		"month":  part(func(t time.Time) int { return int(t.Month()) }),
		"day":    part(time.Time.Day),
		"hour":   part(time.Time.Hour),
		"minute": part(time.Time.Minute),
		"weekday": {kind: weekday, reads: readsClock, text: func(s *engine.Scope, _ element) (string, bool) {
			return weekdayName(s.Now().Weekday()), true
		}},
		"date": {kind: date, reads: readsClock, text: func(s *engine.Scope, _ element) (string, bool) {
			return s.Now().Format(time.DateOnly), true
		}},
	})
}

// setRecord is an item set as conditions see it. Its facts depend on what the
// set itself reads.
func setRecord(name string, index int, c engine.Currency, line *fields, extra reads) operand {
	of := engine.Selection{Set: index}
	parts := map[string]operand{
		"quantity":  countOf(func(s *engine.Scope, _ element) int64 { return s.Set(index).Quantity() }).growing(of, byUnits).from(setQuantity, index),
		"subtotal":  moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Set(index).Subtotal()) }).growing(of, bySpend).from(setSubtotal, index),
		"total":     walking(moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(s.Set(index).Total()) })).growing(of, bySpend),
		"lines":     linesOf(index, line),
		"min_price": boundOf(index, c, false),
		"max_price": boundOf(index, c, true),
	}
	items := engine.Fact{Kind: engine.HasItems, Set: index}
	for part, o := range parts {
		parts[part] = o.reading(extra).needing(items)
	}
	return recordOf(name, fmt.Sprintf("name the fact, such as %s.quantity", name), parts)
}

// walking marks an operand that looks at every line of the cart.
func walking(o operand) operand {
	o.steps = engine.MaxLines
	return o
}

// boundOf is the lowest or the highest price in a set, missing when the cart
// holds nothing of it.
func boundOf(index int, c engine.Currency, highest bool) operand {
	return operand{kind: number, reads: readsMoney, optional: true, number: func(s *engine.Scope, _ element) (engine.Decimal, bool) {
		low, high, ok := s.Set(index).PriceRange()
		if highest {
			low = high
		}
		return currencyIn(s, c).Decimal(low), ok
	}}
}

// reading adds to what a variable depends on.
func (o operand) reading(extra reads) operand {
	o.reads |= extra
	return o
}

// weekdayName is the first three letters of the English name: mon.
func weekdayName(d time.Weekday) string {
	return [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[d]
}

// parseWeekday reads mon or Monday.
func parseWeekday(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(s, weekdayName(d)) || strings.EqualFold(s, d.String()) {
			return d, true
		}
	}
	return 0, false
}
