package compile

import (
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// dealCompiler reads the keys of one kind of deal.
type dealCompiler func(p *promotionCompiler, v syntax.Value) engine.Deal

// dealCompilers lists the kinds of deals by key. A nil one is a kind of the
// language that this version does not run.
func dealCompilers() map[string]dealCompiler {
	return map[string]dealCompiler{
		"percent_off": (*promotionCompiler).percentOff,
		"amount_off":  (*promotionCompiler).amountOff,
		"fixed_price": (*promotionCompiler).fixedPrice,
		"multibuy":    (*promotionCompiler).multibuy,
		"buy_get":     (*promotionCompiler).buyGet,
		"gift":        (*promotionCompiler).gift,
		"bundle":      nil,
		"tiers":       nil,
		"shipping":    nil,
		"award":       nil,
		"plugin":      nil,
	}
}

func dealNames() []string {
	var names []string
	for name := range dealCompilers() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// deals reads the deal, or the several deals, of a promotion.
func (p *promotionCompiler) deals(m syntax.Map) []engine.Deal {
	key, v := m.OneOf("deal", "deals")
	var deals []engine.Deal
	switch key {
	case "deal":
		deals = append(deals, p.deal(v))
	case "deals":
		for _, item := range v.Items() {
			deals = append(deals, p.deal(item))
		}
		if v.Kind() == syntax.Sequence && len(deals) == 0 {
			v.Report(diag.MissingKey, "", "deals has no deal")
		}
	}
	return slices.DeleteFunc(deals, func(d engine.Deal) bool { return d == nil })
}

func (p *promotionCompiler) deal(v syntax.Value) engine.Deal {
	m := v.Map(dealNames()...)
	if m.Kind() == syntax.Mapping && len(m.Entries()) == 0 && len(v.Entries()) > 0 {
		return nil // the unknown kind has been reported
	}
	kind, body := m.OneOf(dealNames()...)
	if kind == "" {
		if m.Kind() != syntax.Mapping {
			v.Report(diag.WrongValue, "such as percent_off: {of: order, percent: 10}", "want a deal")
		}
		return nil
	}
	compile := dealCompilers()[kind]
	if compile == nil {
		notSupported(m, kind)
		return nil
	}
	if body.Kind() != syntax.Mapping {
		m.Key(kind).Report(diag.WrongValue, "", "%s wants its keys as a mapping", kind)
		return nil
	}
	return compile(p, body)
}

func (p *promotionCompiler) percentOff(v syntax.Value) engine.Deal {
	m := v.Map("of", "percent", "base", "max_units", "pick", "max_discount")
	d := engine.PercentOff{
		Of:          p.selection(m.Require("of")),
		Percent:     p.number(m.Require("percent"), percentage),
		MaxUnits:    p.number(m.Get("max_units"), wholeUnits),
		Pick:        pick(m.Get("pick")),
		MaxDiscount: p.number(m.Get("max_discount"), money),
	}
	switch base := m.Get("base"); base.Text() {
	case "list":
		d.OfList = true
	case "current", "":
	default:
		base.Report(diag.WrongValue, "write current or list", "unknown base %q", base.Text())
	}
	return d
}

func (p *promotionCompiler) amountOff(v syntax.Value) engine.Deal {
	m := v.Map("of", "amount", "per", "max_units", "pick")
	d := engine.AmountOff{
		Of:       p.selection(m.Require("of")),
		Amount:   p.number(m.Require("amount"), money),
		MaxUnits: p.number(m.Get("max_units"), wholeUnits),
		Pick:     pick(m.Get("pick")),
	}
	if d.Of.Order {
		d.Per = engine.PerSelection
	}
	switch per := m.Get("per"); per.Text() {
	case "unit":
		d.Per = engine.PerUnit
	case "line":
		d.Per = engine.PerLine
	case "selection":
		d.Per = engine.PerSelection
	default:
		if per.Present() {
			per.Report(diag.WrongValue, "write unit, line or selection", "unknown per %q", per.Text())
		}
	}
	return d
}

func (p *promotionCompiler) fixedPrice(v syntax.Value) engine.Deal {
	m := v.Map("of", "price", "max_units", "pick")
	return engine.FixedPrice{
		Of:       p.selection(m.Require("of")),
		Price:    p.number(m.Require("price"), money),
		MaxUnits: p.number(m.Get("max_units"), wholeUnits),
		Pick:     pick(m.Get("pick")),
	}
}

func (p *promotionCompiler) multibuy(v syntax.Value) engine.Deal {
	m := v.Map("of", "quantity", "pay_for", "price", "percent_off", "amount_off", "repeat")
	d := engine.Multibuy{
		Of:       p.selection(m.Require("of")),
		Quantity: p.number(m.Require("quantity"), wholeUnits),
		Reward:   p.reward(m, "pay_for", "price", "percent_off", "amount_off"),
		Repeat:   p.repeat(m.Get("repeat")),
	}
	quantity, isConstant := d.Quantity.(engine.Constant)
	paid, alsoConstant := d.Reward.PayFor.(engine.Constant)
	if isConstant && alsoConstant && engine.Decimal(paid).Cmp(engine.Decimal(quantity)) >= 0 {
		m.Get("pay_for").Report(diag.OutOfRange, "", "pay_for must be less than quantity")
	}
	return d
}

func (p *promotionCompiler) buyGet(v syntax.Value) engine.Deal {
	m := v.Map("buy", "get", "repeat")
	buy := m.Require("buy").Map("of", "quantity", "spend")
	get := m.Require("get").Map("of", "quantity", "pick", "percent_off", "amount_off", "price")
	d := engine.BuyGet{
		Buy:    p.selection(buy.Require("of")),
		Units:  p.numberOr(get.Get("quantity"), wholeUnits, 1),
		Pick:   pick(get.Get("pick")),
		Reward: engine.Reward{PercentOff: engine.Constant(engine.NewDecimal(100))},
		Repeat: p.repeat(m.Get("repeat")),
	}
	switch key, amount := buy.OneOf("quantity", "spend"); key {
	case "quantity":
		d.Quantity = p.number(amount, wholeUnits)
	case "spend":
		d.Spend = p.number(amount, money)
	}
	d.Get = d.Buy
	if get.Has("of") {
		d.Get = p.selection(get.Get("of"))
	}
	if get.Has("percent_off") || get.Has("amount_off") || get.Has("price") {
		d.Reward = p.reward(get, "percent_off", "amount_off", "price")
	}
	return d
}

// reward reads the one key that says what the units cost.
func (p *promotionCompiler) reward(m syntax.Map, keys ...string) engine.Reward {
	switch key, v := m.OneOf(keys...); key {
	case "pay_for":
		return engine.Reward{PayFor: p.number(v, wholeOrNone)}
	case "price":
		return engine.Reward{Price: p.number(v, money)}
	case "amount_off":
		return engine.Reward{AmountOff: p.number(v, money)}
	case "percent_off":
		return engine.Reward{PercentOff: p.number(v, percentage)}
	default:
		return engine.Reward{}
	}
}

// repeat reads true (as often as possible, the default), false (once) or a
// number.
func (p *promotionCompiler) repeat(v syntax.Value) engine.Number {
	switch v.Text() {
	case "true", "":
		return nil
	case "false":
		return engine.Constant(engine.NewDecimal(1))
	default:
		return p.number(v, wholeUnits)
	}
}

func (p *promotionCompiler) gift(v syntax.Value) engine.Deal {
	m := v.Map("item", "choose_from", "quantity", "for_each")
	d := engine.Giveaway{Quantity: p.numberOr(m.Get("quantity"), wholeUnits, 1)}
	if key, items := m.OneOf("item", "choose_from"); key != "" {
		d.Items = skus(items)
	}
	if each := m.Get("for_each"); each.Present() {
		e := each.Map("of", "quantity")
		d.ForEach = &engine.ForEach{
			Of:       p.selection(e.Require("of")),
			Quantity: p.numberOr(e.Get("quantity"), wholeUnits, 1),
		}
	}
	return d
}

func skus(v syntax.Value) []string {
	var list []string
	for _, item := range v.Texts() {
		if !isCode(item.Text()) {
			item.Report(diag.WrongValue, "a SKU has 1 to 64 letters, digits, -, _ and .", "%.70q is no SKU", item.Text())
		}
		list = append(list, item.Text())
	}
	if v.Kind() == syntax.Sequence && len(list) == 0 {
		v.Report(diag.MissingKey, "", "choose_from has no item")
	}
	return list
}

// isCode reports whether s can name an item or a promotion: 1 to 64 letters,
// digits, dots, dashes and underscores.
func isCode(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return len(s) >= 1 && len(s) <= 64 && strings.Trim(s, letters) == ""
}

func pick(v syntax.Value) engine.Pick {
	switch v.Text() {
	case "dearest":
		return engine.Dearest
	case "cheapest", "":
		return engine.Cheapest
	default:
		v.Report(diag.WrongValue, "write cheapest or dearest", "unknown pick %q", v.Text())
		return engine.Cheapest
	}
}

// selection reads what a deal is about: order, the name of a set, or an item
// expression.
func (p *promotionCompiler) selection(v syntax.Value) engine.Selection {
	source, ok := v.WantText()
	if !ok {
		return engine.Selection{}
	}
	source = strings.TrimSpace(source)
	if source == "order" {
		return engine.Selection{Order: true}
	}
	if d := p.names[source]; d != nil && d.kind == itemSet {
		p.resolve(d)
		p.reads |= d.compiled.reads
		return engine.Selection{Set: d.index}
	}
	o := p.wantCondition(v, compileExpression(v, p.items), "of")
	if o.kind == invalid {
		return engine.Selection{}
	}
	p.reads |= o.reads
	index, known := p.inline[source]
	if !known {
		index = p.addSet(source, o)
		p.inline[source] = index
	}
	return engine.Selection{Set: index}
}
