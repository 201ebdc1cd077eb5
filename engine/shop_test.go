package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// shop is a set of promotions of every kind with a cart to price, for the
// properties that hold for all of them.
type shop struct {
	policy     engine.Policy
	promotions []engine.Promotion
	request    engine.Request
	met        bool // sets that read the quantity are found with the lines
}

func usd(t interface{ Fatalf(string, ...any) }) engine.Currency {
	currency, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatalf("%v", err)
	}
	return currency
}

// manySet is set 3: lines of at least three units. It reads the quantity.
var manySet = engine.Selection{Set: 3}

func shopSets() []engine.ItemSet {
	sets := prefixSets()
	for i := range sets {
		sets[i].SKUs = []string{"A9", "B9"}[min(i, 1) : min(i, 1)+1]
	}
	return append(sets, engine.ItemSet{
		Name: "many", ReadsQuantity: true, Match: func(_ *engine.Item, quantity int64) bool { return quantity >= 3 },
	})
}

// sets are those of the shop. What is said of the third one's items makes no
// difference.
func (s *shop) sets() []engine.ItemSet {
	sets := shopSets()
	if s.met {
		sets[3].Within = func(*engine.Item) bool { return true }
	}
	return sets
}

func (s *shop) rules(t interface{ Fatalf(string, ...any) }) *engine.Ruleset {
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: "test", Currency: usd(t), Policy: s.policy, Sets: s.sets(), Promotions: slices.Clone(s.promotions),
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return rules
}

func (s *shop) price(t interface{ Fatalf(string, ...any) }) engine.Quote {
	return priceRequest(t, s.rules(t), s.request)
}

func priceRequest(t interface{ Fatalf(string, ...any) }, rules *engine.Ruleset, request engine.Request) engine.Quote {
	quote, err := rules.Price(request)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return quote
}

func asJSON(t interface{ Fatalf(string, ...any) }, quote engine.Quote) string {
	text, err := json.Marshal(quote)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(text)
}

// String writes the shop so that a person can read it.
func (s *shop) String() string {
	text := fmt.Sprintf("policy %+v\n", s.policy)
	for _, l := range s.request.Cart.Lines {
		text += fmt.Sprintf("  %d x %s at %d, floor %d\n", l.Quantity, l.Item.SKU, l.Item.Price, l.Item.MinPrice)
	}
	text += fmt.Sprintf("  shipments %+v coupons %q\n", s.request.Cart.Shipping.Shipments, s.request.Cart.Coupons)
	for i := range s.promotions {
		p := &s.promotions[i]
		text += fmt.Sprintf("  %s: group %q, priority %d, exclusive %d, excludes %q, when %+v, requires %+v, coupon %+v, limits %+v, disabled %t, schedule %v\n",
			p.ID, p.Group, p.Priority, p.Exclusive, p.Excludes, p.When, p.Requires, p.Coupon, p.Limits, p.Disabled, p.Schedule.Until)
		for _, d := range p.Deals {
			text += fmt.Sprintf("    %T%+v\n", d, d)
		}
	}
	return text
}

// threshold is a condition on the cart's total: at least so much, or less.
type threshold struct {
	amount engine.Amount
	below  bool
}

func (c threshold) Holds(s *engine.Scope) bool { return (s.Total() < c.amount) == c.below }

func (c threshold) Why(s *engine.Scope) []engine.Clause {
	return []engine.Clause{{Source: "cart.total", Values: fmt.Sprint(s.Total())}}
}

func (c threshold) Misses(s *engine.Scope) []engine.Miss {
	if c.below {
		return nil
	}
	return []engine.Miss{{Of: order, Spend: c.amount - s.Total()}}
}

// holding is a condition on the number of units of a set.
type holding struct {
	set   int
	least int64
}

func (c holding) Holds(s *engine.Scope) bool { return s.Set(c.set).Quantity() >= c.least }

func (c holding) Why(s *engine.Scope) []engine.Clause {
	return []engine.Clause{{Source: "quantity", Values: fmt.Sprint(s.Set(c.set).Quantity())}}
}

func (c holding) Misses(s *engine.Scope) []engine.Miss {
	return []engine.Miss{{Of: engine.Selection{Set: c.set}, Units: c.least - s.Set(c.set).Quantity()}}
}

// belonging is a condition on the customer's groups or the cart's channel.
type belonging struct{ group, channel string }

func (c belonging) Holds(s *engine.Scope) bool {
	if c.group != "" {
		return slices.Contains(s.Cart().Customer.Groups, c.group)
	}
	return s.Cart().Channel == c.channel
}

func (c belonging) Why(*engine.Scope) []engine.Clause { return nil }

func (c belonging) Misses(*engine.Scope) []engine.Miss { return nil }

// byTotal is a number that depends on what earlier promotions left: low up to an
// amount, high beyond it.
type byTotal struct {
	above     engine.Amount
	low, high engine.Number
}

func (n byTotal) Value(s *engine.Scope) (engine.Decimal, bool) {
	if s.Total() > n.above {
		return n.high.Value(s)
	}
	return n.low.Value(s)
}

// draws draws what a shop is made of.
type draws struct{ t *rapid.T }

func (d draws) number(low, high int, label string) int {
	return rapid.IntRange(low, high).Draw(d.t, label)
}

// expression draws a number that is now and then a matter of the cart's total.
func (d draws) expression(low, high int, number func(int) engine.Number, label string) engine.Number {
	if !d.one(8, label+" by total") {
		return number(d.number(low, high, label))
	}
	return byTotal{engine.Amount(d.number(1, 9000, "above")), number(d.number(0, high, label)), number(d.number(0, high, label))}
}

// one says yes once in n times.
func (d draws) one(n int, label string) bool { return d.number(1, n, label) == n }

func pickOf[T any](d draws, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(d.t, label)
}

func (d draws) selection() engine.Selection {
	return pickOf(d, "of", setA, setB, setAB, order, manySet)
}

func (d draws) lines() []engine.Line {
	var lines []engine.Line
	for i := range d.number(1, 4, "lines") {
		l := line(pickOf(d, "set", "A", "B", "C")+fmt.Sprint(i), engine.Amount(d.number(0, 3000, "price")), int64(d.number(1, 4, "quantity")))
		if d.one(4, "floor") {
			l.Item.MinPrice = engine.Amount(d.number(0, int(l.Item.Price), "min_price"))
		}
		l.Item.Stock = 3
		lines = append(lines, l)
	}
	return lines
}

// reward is any but pay_for.
func (d draws) reward(highest int) engine.Reward {
	return pickOf(d, "reward",
		engine.Reward{PercentOff: d.expression(0, 1000, tenths, "percent")},
		engine.Reward{AmountOff: d.expression(0, highest, minor, "amount")},
		engine.Reward{Price: minor(d.number(0, highest, "price"))},
	)
}

// claims draws a multi-unit deal.
func (d draws) claims() engine.Deal {
	switch of := d.selection(); d.number(0, 3, "multi-unit deal") {
	case 0:
		return &engine.Multibuy{Of: of, Quantity: d.expression(2, 3, whole, "quantity"), Reward: engine.Reward{PayFor: whole(d.number(0, 2, "pay_for"))}}
	case 1:
		return &engine.Multibuy{Of: of, Quantity: whole(d.number(1, 3, "quantity")), Reward: d.reward(3000), Repeat: limit(d.number(-1, 2, "repeat"), whole)}
	case 2:
		return &engine.Bundle{Slots: []engine.BundleSlot{{Of: of, Quantity: whole(1)}, {Of: d.selection(), Quantity: whole(d.number(1, 2, "quantity"))}}, Reward: d.reward(4000)}
	default:
		return &engine.BuyGet{
			Buy: of, Quantity: d.expression(1, 2, whole, "buy"), Get: d.selection(), Units: whole(1), Reward: d.reward(3000),
			Pick: pickOf(d, "pick", engine.Cheapest, engine.Dearest),
		}
	}
}

// plain draws a deal that claims nothing.
func (d draws) plain() engine.Deal {
	of := d.selection()
	var units engine.Number
	if d.one(4, "limited") {
		units = whole(d.number(1, 4, "max_units"))
	}
	switch d.number(0, 6, "deal") {
	case 6:
		return &engine.Award{Kind: "points", Amount: whole(d.number(0, 9, "points"))}
	case 0:
		return &engine.PercentOff{Of: of, Percent: d.expression(1, 1000, tenths, "percent"), OfList: d.one(3, "of list"), MaxUnits: units}
	case 1:
		return &engine.AmountOff{Of: of, Amount: d.expression(1, 2000, minor, "amount"), MaxUnits: units,
			Per: pickOf(d, "per", engine.PerSelection, engine.PerLine, engine.PerUnit)}
	case 2:
		return &engine.FixedPrice{Of: of, Price: minor(d.number(0, 2000, "price")), MaxUnits: units}
	case 3:
		return &engine.ShippingOff{Methods: pickOf(d, "methods", nil, []string{"express"}), Reward: d.reward(900)}
	case 4:
		g := &engine.Giveaway{Items: pickOf(d, "gift", []string{"G1"}, []string{"G2", "G1"}, []string{"A1"}), Quantity: whole(d.number(1, 2, "quantity"))}
		if d.one(2, "for each") {
			g.ForEach = &engine.ForEach{Of: of, Quantity: whole(d.number(1, 3, "for each"))}
		}
		return g
	default:
		return &engine.Tiers{Of: of, Graduated: d.one(2, "graduated"), Steps: []engine.TierStep{
			{From: whole(d.number(1, 3, "from")), Reward: engine.Reward{PercentOff: whole(d.number(1, 20, "percent"))}},
			{From: whole(d.number(4, 6, "from")), Reward: engine.Reward{PercentOff: whole(d.number(20, 90, "percent"))}},
		}}
	}
}

// promotion draws one with deals of either kind.
func (d draws) promotion(i int) engine.Promotion {
	p := engine.Promotion{ID: fmt.Sprint("p", i), Priority: d.number(-1, 1, "priority")}
	for n := 1 + d.number(1, 6, "deals")/6; n > 0; n-- {
		if d.one(3, "claims") {
			p.Deals = append(p.Deals, d.claims())
		} else {
			p.Deals = append(p.Deals, d.plain())
		}
	}
	if d.one(4, "when") {
		p.When = threshold{amount: engine.Amount(d.number(1, 12000, "threshold")), below: d.one(3, "below")}
	}
	return p
}

// conflicts adds what sets the promotions against each other.
func (d draws) conflicts(s *shop, combines ...engine.Combine) {
	for _, name := range []string{"g1", "g2"} {
		g := engine.Group{ID: name, Combine: pickOf(d, "combine", combines...)}
		if d.one(6, "group excludes") {
			g.Excludes = []string{pickOf(d, "excluded group", "g1", "g2", engine.DefaultGroup)}
		}
		s.policy.Groups = append(s.policy.Groups, g)
	}
	for i := range s.promotions {
		p := &s.promotions[i]
		p.Group = pickOf(d, "group", "", "g1", "g2", "g1")
		if d.one(6, "exclusive") {
			p.Exclusive = pickOf(d, "exclusivity", engine.ExclusiveInGroup, engine.ExclusiveInLevel, engine.ExclusiveInCart)
		}
		if d.one(5, "excludes") {
			p.Excludes = []string{pickOf(d, "excluded", "p0", "p1", "p2", "g1", "g2", engine.DefaultGroup)}
		}
	}
}

// drawShop draws a shop of up to so many promotions, without conflicts.
func (d draws) shop(promotions int) *shop {
	s := &shop{met: d.one(2, "met")}
	for i := range d.number(1, promotions, "promotions") {
		s.promotions = append(s.promotions, d.promotion(i))
	}
	s.request = engine.Request{
		Explain: true, At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Catalog: engine.NewCatalog([]engine.Item{
			{SKU: "G1", Name: "Gift one", Price: 700, Stock: 2}, {SKU: "G2", Name: "Gift two", Price: 900, Stock: 1},
			{SKU: "A1", Name: "An item of the cart", Price: 500, Stock: 3}, {SKU: "A9", Name: "To add", Price: 450, Stock: 9},
			{SKU: "B9", Name: "To add too", Price: 333, Stock: 9},
		}),
		Cart: engine.Cart{Currency: usd(d.t), Lines: d.lines()},
	}
	for range d.number(0, 2, "shipments") {
		s.request.Cart.Shipping.Shipments = append(s.request.Cart.Shipping.Shipments, engine.Shipment{
			Method: pickOf(d, "method", "standard", "express"), Price: engine.Amount(d.number(0, 900, "shipping price")),
		})
	}
	return s
}

// inShop adds the shop to what is told of a failure.
type inShop struct {
	t interface{ Fatalf(string, ...any) }
	s *shop
}

func (i inShop) Fatalf(format string, args ...any) {
	i.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), i.s)
}

// checkQuote demands what holds for every quote.
func checkQuote(t interface{ Fatalf(string, ...any) }, s *shop, quote engine.Quote) {
	t = inShop{t, s}
	floors := make(map[string]engine.Amount)
	for _, l := range s.request.Cart.Lines {
		floors[l.Item.SKU] = min(l.Item.MinPrice, l.Item.Price)
	}
	var subtotal, discount, shipping, shipped engine.Amount
	for _, l := range quote.Lines {
		checkLine(t, l, floors[l.SKU])
		subtotal, discount = subtotal+l.Subtotal, discount+l.Discount
	}
	for _, sh := range quote.Shipments {
		if sh.Total < 0 || sh.Discount < 0 || sh.Price-sh.Discount != sh.Total {
			t.Fatalf("shipment %+v", sh)
		}
		shipping, shipped = shipping+sh.Total, shipped+sh.Discount
	}
	if quote.Subtotal != subtotal || quote.Discount != discount || quote.Total != subtotal-discount ||
		quote.ShippingTotal != shipping || quote.ShippingDiscount != shipped || quote.Payable != quote.Total+shipping {
		t.Fatalf("lines add up to %d less %d, shipments to %d less %d, the quote says %+v", subtotal, discount, shipping, shipped, quote)
	}
	byLine := make(map[string]engine.Amount)
	var off engine.Amount
	for _, o := range quote.Promotions {
		if o.Reason != engine.Applied && o.Discount > 0 {
			t.Fatalf("%+v is not applied", o)
		}
		off += o.Discount
		for _, l := range o.Lines {
			byLine[l.SKU] += l.Discount
		}
	}
	if off != discount+shipped {
		t.Fatalf("promotions add up to %d, the quote says %d and %d", off, discount, shipped)
	}
	for _, l := range quote.Lines {
		if byLine[l.SKU] != l.Discount {
			t.Fatalf("promotions take %d off %s, its line says %d", byLine[l.SKU], l.SKU, l.Discount)
		}
	}
	if !quote.Optimal && quote.Bound > 0 && quote.Bound < quote.Saving() {
		t.Fatalf("saves %d, more than the bound %d", quote.Saving(), quote.Bound)
	}
}

func TestQuotesOfShopsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draws{t}
		s := d.shop(5)
		d.conflicts(s, engine.CombineAll, engine.CombineBest, engine.CombineBestPerLine, engine.CombineFirst)
		checkQuote(t, s, s.price(t))
	})
}

func TestCartsWithMoreApplicationsThanCanBeLookedAtAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draws{t}
		s := new(shop)
		for i := range d.number(1, 4, "promotions") {
			s.promotions = append(s.promotions, engine.Promotion{ID: fmt.Sprint("p", i), Limits: pickOf(d, "limits", engine.Limits{}, d.limits()), Deals: []engine.Deal{
				&engine.Multibuy{Of: d.selection(), Quantity: whole(d.number(2, 9, "quantity")), Reward: d.reward(9000)},
			}})
			if d.one(2, "buy and get") {
				s.promotions[i].Deals = []engine.Deal{d.claims()}
			}
		}
		var lines []engine.Line
		for i := range d.number(20, 60, "lines") {
			quantity := int64(d.number(1, 9, "quantity"))
			if d.one(5, "many") {
				quantity = int64(d.number(1, 1_000_000, "many"))
			}
			lines = append(lines, line(fmt.Sprintf("%s%02d", pickOf(d, "set", "A", "B"), i), engine.Amount(d.number(0, 3000, "price")), quantity))
		}
		s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: lines}}
		quote := s.price(t)
		checkQuote(t, s, quote)
		if !quote.Optimal && quote.Bound <= quote.Saving() {
			t.Fatalf("not proven, but saves %d with a bound of %d\n%s", quote.Saving(), quote.Bound, s)
		}
	})
}
