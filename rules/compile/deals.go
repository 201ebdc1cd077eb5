package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// dealKind is a kind of deal: how its keys are read, and how it is written.
type dealKind struct {
	compile func(p *promotionCompiler, v syntax.Value) engine.Deal
	example string
}

func dealKinds() map[string]dealKind {
	return map[string]dealKind{
		"percent_off": {(*promotionCompiler).percentOff, "{of: order, percent: 10}"},
		"amount_off":  {(*promotionCompiler).amountOff, "{of: order, amount: 10}"},
		"fixed_price": {(*promotionCompiler).fixedPrice, "{of: tvs, price: 99}"},
		"multibuy":    {(*promotionCompiler).multibuy, "{of: tvs, quantity: 3, pay_for: 2}"},
		"buy_get":     {(*promotionCompiler).buyGet, "{buy: {of: tvs, quantity: 2}, get: {of: speakers}}"},
		"gift":        {(*promotionCompiler).gift, "{item: RPI001}"},
		"bundle":      {(*promotionCompiler).bundle, "{items: [{of: tvs}, {of: speakers, quantity: 2}], price: 899}"},
		"tiers":       {(*promotionCompiler).tiers, "{of: tvs, steps: [{from: 3, percent_off: 10}, {from: 5, percent_off: 20}]}"},
		"shipping":    {(*promotionCompiler).shipping, "{methods: standard, percent_off: 100}"},
		"award":       {(*promotionCompiler).award, "{kind: points, amount: 100}"},
		"plugin":      {(*promotionCompiler).plugin, "{name: loyalty, config: {rate: 0.01}}"},
	}
}

// dealsOf reads the deal, or the several deals, of a promotion.
func (p *promotionCompiler) dealsOf(m syntax.Map) []engine.Deal {
	key, v := m.OneOf("deal", "deals")
	var deals []engine.Deal
	switch key {
	case "deal":
		deals = append(deals, p.deal(v))
	case "deals":
		for _, item := range filled(v, "deals").Items() {
			deals = append(deals, p.deal(item))
		}
	}
	return slices.DeleteFunc(deals, func(d engine.Deal) bool { return d == nil })
}

func (p *promotionCompiler) deal(v syntax.Value) engine.Deal {
	m := v.Map(p.dealNames...)
	if len(m.Entries()) == 0 {
		if given(v, "the deal").Kind() == syntax.Mapping && len(v.Entries()) == 0 {
			v.Report(diag.MissingKey, "such as percent_off: {of: order, percent: 10}", "the deal is empty")
		}
		return nil // an unknown kind has been reported
	}
	kind, body := m.OneOf(p.dealNames...)
	as := p.deals[kind]
	if body.Kind() != syntax.Mapping {
		m.Key(kind).Report(diag.WrongValue, fmt.Sprintf("such as %s: %s", kind, as.example), "%s wants a mapping", kind)
		return nil
	}
	return as.compile(p, body)
}

func (p *promotionCompiler) percentOff(v syntax.Value) engine.Deal {
	m := v.Map("of", "percent", "base", "max_units", "pick", "max_discount")
	d := &engine.PercentOff{
		Of:          p.selection(m.Require("of")),
		Percent:     p.number(m.Require("percent"), percentage),
		MaxUnits:    p.number(m.Get("max_units"), wholeUnits),
		Pick:        pick(m.Get("pick")),
		MaxDiscount: p.number(m.Get("max_discount"), money),
	}
	d.OfList = ofList(m.Get("base"))
	return d
}

// ofList reads whether the list price counts, instead of what is left of it.
func ofList(v syntax.Value) bool {
	return choice(v, "base", false, map[string]bool{"current": false, "list": true})
}

func (p *promotionCompiler) amountOff(v syntax.Value) engine.Deal {
	m := v.Map("of", "amount", "per", "max_units", "pick")
	d := &engine.AmountOff{
		Of:       p.selection(m.Require("of")),
		Amount:   p.number(m.Require("amount"), money),
		MaxUnits: p.number(m.Get("max_units"), wholeUnits),
		Pick:     pick(m.Get("pick")),
	}
	whole := engine.PerUnit
	if d.Of.Order {
		whole = engine.PerSelection
	}
	d.Per = choice(m.Get("per"), "per", whole, map[string]engine.Per{"unit": engine.PerUnit, "line": engine.PerLine, "selection": engine.PerSelection})
	return d
}

func (p *promotionCompiler) fixedPrice(v syntax.Value) engine.Deal {
	m := v.Map("of", "price", "max_units", "pick")
	return &engine.FixedPrice{
		Of:       p.selection(m.Require("of")),
		Price:    p.number(m.Require("price"), money),
		MaxUnits: p.number(m.Get("max_units"), wholeUnits),
		Pick:     pick(m.Get("pick")),
	}
}

func (p *promotionCompiler) multibuy(v syntax.Value) engine.Deal {
	m := v.Map("of", "quantity", "pay_for", "price", "percent_off", "amount_off", "repeat")
	d := &engine.Multibuy{
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
	d := &engine.BuyGet{
		Buy:    p.selection(buy.Require("of")),
		Units:  p.numberOr(get.Get("quantity"), wholeUnits, 1),
		Pick:   pick(get.Get("pick")),
		Reward: p.rewardOrFree(get),
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
	return d
}

func (p *promotionCompiler) bundle(v syntax.Value) engine.Deal {
	m := v.Map("items", "price", "percent_off", "amount_off", "repeat")
	d := &engine.Bundle{
		Reward: p.reward(m, "price", "percent_off", "amount_off"),
		Repeat: p.repeat(m.Get("repeat")),
	}
	for _, item := range filled(m.Require("items"), "items").Items() {
		slot := given(item, "the item").Map("of", "quantity")
		d.Slots = append(d.Slots, engine.BundleSlot{
			Of:       p.selection(slot.Require("of")),
			Quantity: p.numberOr(slot.Get("quantity"), wholeUnits, 1),
		})
	}
	return d
}

func (p *promotionCompiler) shipping(v syntax.Value) engine.Deal {
	m := v.Map("methods", "percent_off", "amount_off", "price")
	d := &engine.ShippingOff{Reward: p.rewardOrFree(m)}
	for _, method := range distinct(m.Get("methods"), "methods") {
		if strings.TrimSpace(method.Text()) == "" {
			method.Report(diag.WrongValue, "", "a method of shipping cannot be blank")
		}
		d.Methods = append(d.Methods, method.Text())
	}
	return d
}

func (p *promotionCompiler) award(v syntax.Value) engine.Deal {
	m := v.Map("kind", "amount")
	return &engine.Award{
		Kind:   plainName(m.Require("kind"), "the kind of an award"),
		Amount: p.numberOr(m.Get("amount"), quantity, 1),
	}
}

// rewardOrFree reads the one key that says what something costs, which is
// nothing unless it says otherwise.
func (p *promotionCompiler) rewardOrFree(m syntax.Map) engine.Reward {
	if m.Has("percent_off") || m.Has("amount_off") || m.Has("price") {
		return p.reward(m, "percent_off", "amount_off", "price")
	}
	return engine.Reward{PercentOff: engine.Constant(engine.NewDecimal(100))}
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
	switch {
	case v.Text() == "true":
		return nil
	case v.Text() == "false":
		return engine.Constant(engine.NewDecimal(1))
	default:
		return p.number(v, wholeUnits)
	}
}

func (p *promotionCompiler) gift(v syntax.Value) engine.Deal {
	m := v.Map("item", "choose_from", "quantity", "for_each")
	d := &engine.Giveaway{Quantity: p.numberOr(m.Get("quantity"), wholeUnits, 1)}
	if key, items := m.OneOf("item", "choose_from"); key != "" {
		d.Items = skus(items, key)
	}
	if each := m.Get("for_each"); each.Present() {
		e := given(each, "for_each").Map("of", "quantity")
		d.ForEach = &engine.ForEach{
			Of:       p.selection(e.Require("of")),
			Quantity: p.numberOr(e.Get("quantity"), wholeUnits, 1),
		}
	}
	return d
}

func skus(v syntax.Value, key string) []string {
	var list []string
	for _, item := range some(v, key) {
		if !engine.ValidSKU(item.Text()) {
			item.Report(diag.WrongValue, "a SKU has 1 to 64 letters, digits, -, _ and .", "%.70q is no SKU", item.Text())
		}
		list = append(list, item.Text())
	}
	return list
}

func pick(v syntax.Value) engine.Pick {
	return choice(v, "pick", engine.Cheapest, map[string]engine.Pick{"cheapest": engine.Cheapest, "dearest": engine.Dearest})
}

// selection reads what a deal is about: order, the name of a set, or an item
// expression.
func (p *promotionCompiler) selection(v syntax.Value) engine.Selection {
	if v.Kind() != syntax.Scalar {
		v.Report(diag.WrongValue, "", "want order, a set or an expression over an item, got %s", v.Describe())
		return engine.Selection{}
	}
	source := v.Text()
	source = strings.TrimSpace(source)
	if source == "order" {
		return engine.Selection{Order: true}
	}
	if d := p.names[source]; d != nil && d.kind == itemSet {
		if p.met != nil {
			p.met(v)
		}
		p.resolve(d)
		p.reads |= d.compiled.reads
		return engine.Selection{Set: d.index}
	}
	o := p.wantCondition(v, compileExpression(v, p.items), "of")
	if o.kind == invalid {
		return engine.Selection{}
	}
	p.reads |= o.reads
	return engine.Selection{Set: p.addSet(source, source, o)}
}
