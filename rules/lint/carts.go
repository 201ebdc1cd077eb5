package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// Bounds on the search for a witness: how many ways through the alternatives of
// conditions are tried.
const maxModels = 6

// scales are the prices that made-up items have, as far as rules let them, in
// units of the currency. The first that shows what is looked for is taken.
func scales() []int64 { return []int64{10, 100, 1, 1000} }

// need is what a cart must have of an item set.
type need struct {
	units int64
	spend engine.Decimal
}

// draft is a cart in the making.
type draft struct {
	*linter
	model      *model
	promotions []*promotion
	scale      int64
	needs      map[int]need
	forbidden  []int
	request    engine.Request
	prefer     []*engine.Item // items that are taken before others
}

// carts makes carts for which the conditions of the promotions and the formula
// hold as far as can be told, with units for their deals. It calls yield with one
// after the other until that returns false.
func (l *linter) carts(promotions []*promotion, extra *formula, prefer []*engine.Item, yield func(engine.Request) bool) {
	parts := []*formula{extra}
	for _, p := range promotions {
		if !slices.Contains(p.holdsIn(l.config.Currency), l.config.Currency) {
			return // its carts have another currency than the items
		}
		parts = append(parts, p.meaning, l.during(p.Schedule))
	}
	models := 0
	l.solver().models(all(parts...), func(m *model) bool {
		models++
		for _, scale := range scales() {
			d := &draft{linter: l, model: m, promotions: promotions, scale: scale, prefer: prefer}
			if d.build() && !yield(d.request) {
				return false
			}
		}
		return models < maxModels
	})
}

// holdsIn are the currencies in which the promotion holds.
func (p *promotion) holdsIn(shop engine.Currency) []engine.Currency {
	if len(p.Currencies) == 0 {
		return []engine.Currency{shop}
	}
	return p.Currencies
}

// build makes the request, false where it cannot.
func (d *draft) build() bool {
	d.needs = make(map[int]need)
	d.request = engine.Request{At: d.options.At, Explain: true}
	d.request.Cart.Currency = d.config.Currency
	d.ofFacts()
	for _, p := range d.promotions {
		if !d.ofPromotion(p) {
			return false
		}
	}
	if !d.instant() || !d.goods() {
		return false
	}
	d.catalogue()
	return true
}

// setIndex is the item set of the ruleset by the name of a set, -1 for none. Sets of
// the same words are one.
func (f *folder) setIndex(name string) int {
	if f.setIndexes == nil {
		f.setIndexes = make(map[string]int)
		byWords := make(map[string]int)
		for i, s := range f.config.Sets {
			if d := f.definitions[s.Name]; d != nil && d.isSet {
				byWords[wordsIn(d.value)] = i
			}
		}
		for _, d := range f.definitions {
			if i, known := byWords[wordsIn(d.value)]; known && d.isSet {
				f.setIndexes[d.name] = i
			}
		}
	}
	if i, known := f.setIndexes[name]; known {
		return i
	}
	return -1
}

// ofFacts puts what the model says of the customer, the delivery and the sets
// into the request.
func (d *draft) ofFacts() {
	facts := slices.SortedFunc(maps.Keys(d.model.facts), func(a, b *fact) int { return cmp.Compare(a.key, b.key) })
	shipment := engine.Shipment{Method: "standard", Price: d.amount(engine.NewDecimal(5))}
	shipped := false
	cart := &d.request.Cart
	for _, f := range facts {
		v := d.model.facts[f]
		text, hasText := v.someText()
		switch base, rest, _ := strings.Cut(f.key, " has "); {
		case f.set != "":
			d.ofSet(f, v)
		case base == "customer.groups" && rest != "" && text == "yes":
			cart.Customer.Groups = append(cart.Customer.Groups, rest)
		case base == "customer.tags" && rest != "" && text == "yes":
			cart.Customer.Tags = append(cart.Customer.Tags, rest)
		case base == "coupons" && rest != "" && text == "yes":
			cart.Coupons = append(cart.Coupons, rest)
		case f.key == "cart.channel" && hasText:
			cart.Channel = text
		case f.key == "customer.id" && hasText:
			cart.Customer.ID = text
		case f.key == "customer.orders":
			n, _ := v.someNumber(engine.Decimal{}, 0)
			cart.Customer.Orders = n.Int()
		case f.key == "customer.lifetime_spend":
			n, _ := v.someNumber(engine.Decimal{}, d.config.Currency.Digits())
			cart.Customer.LifetimeSpend = d.amount(n)
		case f.key == "shipping.method" && hasText:
			shipment.Method, shipped = text, true
		case f.key == "shipping.price":
			n, _ := v.someNumber(engine.NewDecimal(5), d.config.Currency.Digits())
			shipment.Price, shipped = d.amount(n), n.Sign() > 0
		case f.key == "shipping.country" && hasText:
			cart.Shipping.Country = text
		case f.key == "shipping.region" && hasText:
			cart.Shipping.Region = text
		case f.key == "payment.method" && hasText:
			cart.Payment = text
		default:
			d.ofAttribute(f.key, v)
		}
	}
	if shipped {
		cart.Shipping.Shipments = []engine.Shipment{shipment}
	}
}

// ofAttribute sets an attribute, or a fact of a plugin.
func (d *draft) ofAttribute(key string, v values) {
	name, value, ok := attributeOf(key, v)
	if !ok {
		return
	}
	set := func(to *engine.Attributes, name string) {
		if *to == nil {
			*to = make(engine.Attributes)
		}
		(*to)[name] = value
	}
	switch base, rest, _ := strings.Cut(name, "."); {
	case strings.HasPrefix(name, "cart.attributes."):
		set(&d.request.Cart.Attributes, strings.TrimPrefix(name, "cart.attributes."))
	case strings.HasPrefix(name, "customer.attributes."):
		set(&d.request.Cart.Customer.Attributes, strings.TrimPrefix(name, "customer.attributes."))
	case d.isPlugin(base):
		i := slices.IndexFunc(d.lock.Names(), func(p string) bool { return strings.ReplaceAll(p, "-", "_") == base })
		plugin := d.lock.Names()[i]
		if d.request.Facts == nil {
			d.request.Facts = make(map[string]engine.Attributes)
		}
		facts := d.request.Facts[plugin]
		set(&facts, rest)
		d.request.Facts[plugin] = facts
	}
}

// attributeOf is the name and the value of a fact of which any type is possible.
func attributeOf(key string, v values) (name string, value engine.Value, ok bool) {
	if name, found := strings.CutSuffix(key, " as a text"); found {
		text, ok := v.someText()
		return name, engine.TextValue(text), ok
	}
	if name, found := strings.CutSuffix(key, " as a number"); found {
		n, ok := v.someNumber(engine.NewDecimal(1), 0)
		return name, engine.NumberValue(n), ok
	}
	if name, found := strings.CutSuffix(key, " is true"); found {
		text, _ := v.someText()
		return name, engine.BoolValue(true), text == "yes"
	}
	return "", engine.Value{}, false
}

// ofSet notes what the model wants of a set.
func (d *draft) ofSet(f *fact, v values) {
	index := d.setIndex(f.set)
	if index < 0 {
		return
	}
	least, most := v.least(), v.most()
	zero := numberPoint(engine.Decimal{})
	switch {
	case most.finite && most.at.compare(zero) <= 0:
		d.forbidden = append(d.forbidden, index)
	case (f.part == "quantity" || f.part == "lines") && least.finite && least.at.compare(zero) > 0:
		d.want(index, least.at.number.Int(), engine.Decimal{})
	case strings.HasSuffix(f.part, "_price") && !v.missing:
		d.want(index, 1, engine.Decimal{})
	case least.finite && least.at.compare(zero) >= 0 && (least.open || least.at.compare(zero) > 0):
		amount := least.at.number
		if least.open {
			amount, _ = amount.Add(cent(d.config.Currency))
		}
		d.want(index, 1, amount)
	}
}

// cent is the smallest unit of money.
func cent(c engine.Currency) engine.Decimal { return c.Decimal(1) }

func (d *draft) want(set int, units int64, spend engine.Decimal) {
	n := d.needs[set]
	n.units = max(n.units, units)
	if n.spend.Cmp(spend) < 0 {
		n.spend = spend
	}
	d.needs[set] = n
}

// everything the cart is to have of all goods together stands under set -1.
const order = -1

func (d *draft) select_(s engine.Selection, units int64, spend engine.Decimal) {
	if s.Order {
		d.want(order, units, spend)
		return
	}
	d.want(s.Set, units, spend)
}

// ofPromotion wants what the deals of a promotion need.
func (d *draft) ofPromotion(p *promotion) bool {
	cart := &d.request.Cart
	switch {
	case p.Coupon.Code != "":
		cart.Coupons = append(cart.Coupons, p.Coupon.Code)
	case p.Coupon.Pool != "":
		code := "CODE-" + strings.ToUpper(p.Coupon.Pool)
		if !slices.Contains(cart.Coupons, code) {
			cart.Coupons = append(cart.Coupons, code)
		}
		if d.request.Usage.Codes == nil {
			d.request.Usage.Codes = make(map[string]engine.CodeUsage)
		}
		d.request.Usage.Codes[engine.NormalizeCoupon(code)] = engine.CodeUsage{Pool: p.Coupon.Pool}
	}
	if p.Limits.PerCustomer != nil && cart.Customer.ID == "" {
		cart.Customer.ID = "ann"
	}
	for _, deal := range p.Deals {
		if !d.ofDeal(deal) {
			return false
		}
	}
	return true
}

// constantOr is a number that is written out.
func constantOr(n engine.Number, otherwise int64) engine.Decimal {
	if c, ok := n.(engine.Constant); ok {
		return engine.Decimal(c)
	}
	return engine.NewDecimal(otherwise)
}

func (d *draft) ofDeal(deal engine.Deal) bool {
	one, nothing := int64(1), engine.Decimal{}
	switch deal := deal.(type) {
	case *engine.PercentOff:
		d.select_(deal.Of, one, nothing)
	case *engine.AmountOff:
		d.select_(deal.Of, one, nothing)
	case *engine.FixedPrice:
		d.select_(deal.Of, one, nothing)
	case *engine.Multibuy:
		d.select_(deal.Of, constantOr(deal.Quantity, 3).Int(), nothing)
	case *engine.BuyGet:
		units, spend := int64(1), nothing
		if deal.Quantity != nil {
			units = constantOr(deal.Quantity, 1).Int()
		}
		if deal.Spend != nil {
			spend = constantOr(deal.Spend, 100)
		}
		got := constantOr(deal.Units, 1).Int()
		if deal.Get == deal.Buy {
			units, got = units+got, 0
		}
		d.select_(deal.Buy, units, spend)
		if got > 0 {
			d.select_(deal.Get, got, nothing)
		}
	case *engine.Bundle:
		for _, slot := range deal.Slots {
			d.select_(slot.Of, constantOr(slot.Quantity, 1).Int(), nothing)
		}
	case *engine.Tiers:
		from := constantOr(deal.Steps[0].From, 1)
		if deal.BySpend {
			d.select_(deal.Of, one, from)
		} else {
			d.select_(deal.Of, from.Int(), nothing)
		}
	case *engine.Giveaway:
		if deal.ForEach != nil {
			d.select_(deal.ForEach.Of, constantOr(deal.ForEach.Quantity, 1).Int(), nothing)
		}
	case *engine.ShippingOff:
		cart := &d.request.Cart
		if len(cart.Shipping.Shipments) == 0 {
			cart.Shipping.Shipments = []engine.Shipment{{Method: "standard", Price: d.amount(engine.NewDecimal(5))}}
		}
		if len(deal.Methods) > 0 && !slices.Contains(deal.Methods, cart.Shipping.Shipments[0].Method) {
			cart.Shipping.Shipments[0].Method = deal.Methods[0]
		}
	case *engine.PluginDeal:
		return false
	}
	return true
}

func (d *draft) amount(n engine.Decimal) engine.Amount {
	a, _, _ := d.config.Currency.Amount(n, engine.HalfUp) // at most a price beyond what is possible, which pricing refuses
	return a
}

// group is an item for several sets at once, with its units.
type group struct {
	sets    []int
	meaning *formula
	item    *engine.Item
	units   int64
}

// goods puts items into the cart: as few as can be for all that is needed.
func (d *draft) goods() bool {
	avoid := []*formula{}
	for _, set := range d.forbidden {
		avoid = append(avoid, not(d.selection(set)))
	}
	var groups []*group
	for _, set := range slices.Sorted(maps.Keys(d.needs)) {
		if set == order {
			continue
		}
		joined := false
		for _, g := range groups {
			if both := all(g.meaning, d.selection(set)); !joined && !d.solver().never(both) {
				g.sets, g.meaning, joined = append(g.sets, set), both, true
			}
		}
		if !joined {
			groups = append(groups, &group{sets: []int{set}, meaning: all(append(avoid, d.selection(set))...)})
		}
	}
	if len(groups) == 0 {
		groups = append(groups, &group{meaning: all(avoid...)})
	}
	for i, g := range groups {
		if !d.fill(g, i) {
			return false
		}
	}
	d.fillOrder(groups)
	for _, g := range groups {
		d.request.Cart.Lines = append(d.request.Cart.Lines, engine.Line{Item: g.item, Quantity: g.units})
	}
	return d.moreLines(len(groups))
}

// fill finds an item for the group and how many units of it are needed.
func (d *draft) fill(g *group, i int) bool {
	g.units = 1
	for _, set := range g.sets {
		g.units = max(g.units, d.needs[set].units)
	}
	if !d.fromInventory(g) && !d.makeUp(g, i) {
		return false
	}
	for _, set := range g.sets {
		g.units = max(g.units, unitsFor(d.amount(d.needs[set].spend), g.item.Price))
	}
	return g.units <= engine.MaxQuantity
}

// unitsFor is how many units at the price cost the amount, 0 where none do.
func unitsFor(amount, price engine.Amount) int64 {
	if price <= 0 {
		return 0
	}
	return int64((amount + price - 1) / price)
}

// fromInventory takes an item of the shop: the preferred ones first, then one of
// which the price is near the scale.
func (d *draft) fromInventory(g *group) bool {
	fits := func(item *engine.Item) bool {
		in := func(set int) bool { return d.config.Sets[set].Match(item, g.units) }
		return !slices.ContainsFunc(g.sets, func(set int) bool { return !in(set) }) && !slices.ContainsFunc(d.forbidden, in) &&
			!slices.ContainsFunc(d.request.Cart.Lines, func(l engine.Line) bool { return l.Item.SKU == item.SKU })
	}
	for _, item := range d.prefer {
		if fits(item) {
			g.item = item
			return true
		}
	}
	near := d.amount(engine.NewDecimal(d.scale))
	distance := func(item *engine.Item) engine.Amount { return max(item.Price-near, near-item.Price) }
	for i := range d.options.Inventory {
		item := &d.options.Inventory[i]
		if item.Price > 0 && fits(item) && (g.item == nil || distance(item) < distance(g.item)) {
			g.item = item
		}
	}
	return g.item != nil
}

// makeUp makes an item of what the sets require of it.
func (d *draft) makeUp(g *group, i int) bool {
	made := 0
	d.solver().models(g.meaning, func(m *model) bool {
		item, units := d.itemOf(m, i, g.units)
		in := func(set int) bool { return d.config.Sets[set].Match(item, units) }
		if !slices.ContainsFunc(g.sets, func(set int) bool { return !in(set) }) && !slices.ContainsFunc(d.forbidden, in) {
			g.item, g.units = item, units
			return false
		}
		made++
		return made < 4*maxModels
	})
	return g.item != nil
}

// itemOf makes an item that is as the model says.
func (d *draft) itemOf(m *model, i int, units int64) (*engine.Item, int64) {
	item := &engine.Item{SKU: fmt.Sprintf("ITEM-%d", i+1), Stock: 1_000_000, Price: d.amount(engine.NewDecimal(d.scale))}
	for _, path := range m.within {
		if len(item.Categories) == 0 || len(path) > len(item.Categories[0]) {
			item.Categories = []string{path}
		}
	}
	facts := slices.SortedFunc(maps.Keys(m.facts), func(a, b *fact) int { return cmp.Compare(a.key, b.key) })
	for _, f := range facts {
		v := m.facts[f]
		text, hasText := v.someText()
		switch base, rest, _ := strings.Cut(f.key, " has "); {
		case f.key == "sku" && hasText:
			if _, free := v.has(textPoint(item.SKU)); !free {
				item.SKU = text
			}
		case f.key == "name" && hasText:
			item.Name = text
		case f.key == "brand" && hasText:
			item.Brand = text
		case f.key == "price":
			n, _ := v.someNumber(engine.NewDecimal(d.scale), d.config.Currency.Digits())
			item.Price = d.amount(n)
		case f.key == "quantity":
			n, _ := v.someNumber(engine.NewDecimal(units), 0)
			units = max(1, n.Int())
		case base == "tags" && rest != "" && text == "yes":
			item.Tags = append(item.Tags, rest)
		case base == "categories" && rest != "" && text == "yes":
			item.Categories = append(item.Categories, rest)
		default:
			if name, value, ok := attributeOf(strings.TrimPrefix(f.key, "attributes."), v); ok && strings.HasPrefix(f.key, "attributes.") {
				if item.Attributes == nil {
					item.Attributes = make(engine.Attributes)
				}
				item.Attributes[name] = value
			}
		}
	}
	if item.Name == "" {
		item.Name = item.SKU
	}
	return item, units
}

// fillOrder adds units until the cart as a whole has what is needed.
func (d *draft) fillOrder(groups []*group) {
	wanted := d.needs[order]
	for f, v := range d.model.facts {
		least := v.least()
		switch {
		case f.set != "" || !least.finite:
		case f.part == "quantity":
			wanted.units = max(wanted.units, least.at.number.Int())
		case f.part == "subtotal" || f.part == "total":
			amount := least.at.number
			if least.open {
				amount, _ = amount.Add(cent(d.config.Currency))
			}
			if wanted.spend.Cmp(amount) < 0 {
				wanted.spend = amount
			}
		}
	}
	var units int64
	var spent engine.Amount
	for _, g := range groups {
		units += g.units
		spent += g.item.Price * engine.Amount(g.units)
	}
	last := groups[len(groups)-1]
	more := max(0, wanted.units-units)
	more = max(more, unitsFor(max(0, d.amount(wanted.spend)-spent), last.item.Price))
	last.units += more
}

// moreLines adds other items until there are as many different ones as needed.
func (d *draft) moreLines(have int) bool {
	wanted := int64(0)
	for f, v := range d.model.facts {
		if least := v.least(); f.key == "cart.lines" && least.finite {
			wanted = least.at.number.Int()
		}
	}
	if wanted > engine.MaxLines {
		return false
	}
	for i := have; i < int(wanted); i++ {
		sku := fmt.Sprintf("OTHER-%d", i)
		item := &engine.Item{SKU: sku, Name: sku, Stock: 1_000_000, Price: d.amount(engine.NewDecimal(1))}
		d.request.Cart.Lines = append(d.request.Cart.Lines, engine.Line{Item: item, Quantity: 1})
	}
	return true
}

// catalogue knows the items of the cart and the gifts.
func (d *draft) catalogue() {
	known := make(engine.CatalogMap)
	for _, line := range d.request.Cart.Lines {
		known[line.Item.SKU] = line.Item
	}
	for _, sku := range d.rules.GiftSKUs() {
		if known[sku] != nil {
			continue
		}
		i := slices.IndexFunc(d.options.Inventory, func(item engine.Item) bool { return item.SKU == sku })
		if i >= 0 {
			known[sku] = &d.options.Inventory[i]
			continue
		}
		known[sku] = &engine.Item{SKU: sku, Name: sku, Stock: 1_000_000, Price: d.amount(engine.NewDecimal(d.scale))}
	}
	d.request.Catalog = known
}

// maxDays is how far ahead an instant is looked for that suits schedules and
// conditions.
const maxDays = 800

// instant finds the instant of the cart.
func (d *draft) instant() bool {
	at, zone := d.options.At, time.UTC
	for _, p := range d.promotions {
		if p.Schedule.Location != nil {
			zone = p.Schedule.Location
		}
		if from := p.Schedule.From; at.Before(from) {
			at = from
		}
	}
	for _, p := range d.promotions {
		if until := p.Schedule.Until; !until.IsZero() && !at.Before(until) {
			at = until.Add(-time.Hour)
			if from := p.Schedule.From; !from.IsZero() && at.Before(from) {
				at = from
			}
		}
	}
	if d.suits(at, zone) {
		d.request.At = at
		return true
	}
	day := at.In(zone)
	for n := range maxDays {
		for hour := range 24 {
			for _, minute := range []int{0, 30} {
				t := time.Date(day.Year(), day.Month(), day.Day()+n, hour, minute, 0, 0, zone)
				if d.suits(t, zone) {
					d.request.At = t.UTC()
					return true
				}
			}
		}
	}
	return false
}

func (d *draft) suits(at time.Time, zone *time.Location) bool {
	for _, p := range d.promotions {
		if !p.Schedule.Runs(at) {
			return false
		}
	}
	local := at.In(zone)
	number := func(n int) point { return numberPoint(engine.NewDecimal(int64(n))) }
	now := map[string]point{
		"now.year": number(local.Year()), "now.month": number(int(local.Month())), "now.day": number(local.Day()),
		"now.hour": number(local.Hour()), "now.minute": number(local.Minute()),
		"now.weekday": textPoint(strings.ToLower(local.Weekday().String()[:3])), "now.date": textPoint(local.Format(time.DateOnly)),
	}
	for f, v := range d.model.facts {
		if p, isNow := now[f.key]; isNow {
			if _, ok := v.has(p); !ok {
				return false
			}
		}
	}
	return true
}

// has reports whether the point is among the values.
func (v values) has(p point) (at int, ok bool) {
	at = slices.IndexFunc(v.spans, func(s span) bool {
		one := values{spans: []span{s}}
		return !one.intersect(onlyPoints(p)).empty()
	})
	return at, at >= 0
}

// someText is a text among the values: one that is named, or else a plain one.
func (v values) someText() (string, bool) {
	for _, s := range v.spans {
		if s.low.finite && s.low.at.isText && !s.low.open && s.low.at.text != "" {
			return s.low.at.text, true
		}
	}
	for _, candidate := range []string{"any", "web", "x", "A1"} {
		if _, ok := v.has(textPoint(candidate)); ok && len(v.spans) > 0 && (v.least().at.isText || v.most().at.isText || !v.least().finite && !v.most().finite) {
			return candidate, true
		}
	}
	for _, s := range v.spans {
		if s.low.finite && s.low.at.isText {
			if longer := s.low.at.text + "a"; !(values{spans: []span{s}}).intersect(onlyPoints(textPoint(longer))).empty() {
				return longer, true
			}
		}
	}
	return "", false
}

// someNumber is a number among the values: the preferred one, or that nearest to
// it with the digits.
func (v values) someNumber(preferred engine.Decimal, digits int) (engine.Decimal, bool) {
	if len(v.spans) == 0 || v.least().finite && v.least().at.isText {
		return preferred, false
	}
	if _, ok := v.has(numberPoint(preferred)); ok {
		return preferred, true
	}
	step := engine.NewDecimal(1)
	for range digits {
		step, _ = step.Div(engine.NewDecimal(10))
	}
	for _, s := range v.spans {
		for _, b := range []bound{s.low, s.high} {
			if !b.finite {
				continue
			}
			for _, candidate := range []engine.Decimal{b.at.number, sum(b.at.number, step), sum(b.at.number, step.Neg())} {
				if _, ok := v.has(numberPoint(candidate)); ok {
					return candidate, true
				}
			}
		}
	}
	return preferred, false
}

func sum(a, b engine.Decimal) engine.Decimal {
	c, _ := a.Add(b)
	return c
}
