package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
)

// results are the reasons and the discounts of a quote's promotions, by id.
func results(quote engine.Quote) map[string]string {
	found := make(map[string]string)
	for _, o := range quote.Promotions {
		found[o.Promotion] = o.Reason.String()
		if o.Reason == engine.Applied {
			found[o.Promotion] = quote.Currency.Format(o.Discount)
		}
	}
	return found
}

func TestLimits(t *testing.T) {
	off := func(amount int) []engine.Deal {
		return []engine.Deal{&engine.AmountOff{Of: setA, Amount: minor(amount), Per: engine.PerSelection}}
	}
	pairs := []engine.Deal{&engine.Multibuy{Of: setA, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(1)}}}
	used := func(u engine.PromotionUsage) engine.Usage {
		return engine.Usage{Promotions: map[string]engine.PromotionUsage{"p": u}}
	}
	for _, c := range []struct {
		name      string
		promotion engine.Promotion
		customer  string
		coupons   []string
		usage     engine.Usage
		want      string
	}{
		{"a redemption is left", engine.Promotion{Limits: engine.Limits{Redemptions: whole(3)}, Deals: off(100)}, "", nil, used(engine.PromotionUsage{Redemptions: 2}), "1.00"},
		{"all redemptions are used", engine.Promotion{Limits: engine.Limits{Redemptions: whole(3)}, Deals: off(100)}, "", nil, used(engine.PromotionUsage{Redemptions: 3}), "limit_reached"},
		{"no redemptions at all", engine.Promotion{Limits: engine.Limits{Redemptions: whole(0)}, Deals: off(100)}, "", nil, engine.Usage{}, "limit_reached"},
		{"a limit per customer wants a customer", engine.Promotion{Limits: engine.Limits{PerCustomer: whole(1)}, Deals: off(100)}, "", nil, engine.Usage{}, "customer_required"},
		{"the customer's first", engine.Promotion{Limits: engine.Limits{PerCustomer: whole(1)}, Deals: off(100)}, "ann", nil, used(engine.PromotionUsage{Redemptions: 9}), "1.00"},
		{"the customer's second", engine.Promotion{Limits: engine.Limits{PerCustomer: whole(1)}, Deals: off(100)}, "ann", nil, used(engine.PromotionUsage{ByCustomer: 1}), "limit_reached"},
		{"a code is used up", engine.Promotion{Coupon: engine.Coupon{Code: "X"}, Limits: engine.Limits{PerCode: whole(1)}, Deals: off(100)}, "", []string{" x"},
			engine.Usage{Codes: map[string]engine.CodeUsage{"X": {Redemptions: 1}}}, "limit_reached"},
		{"another code of the pool is left", engine.Promotion{Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: whole(1)}, Deals: off(100)}, "", []string{"s1", "s2"},
			engine.Usage{Codes: map[string]engine.CodeUsage{"S1": {Pool: "spring", Redemptions: 1}, "S2": {Pool: "spring"}}}, "1.00"},
		{"a code of another pool", engine.Promotion{Coupon: engine.Coupon{Pool: "spring"}, Deals: off(100)}, "", []string{"a1"},
			engine.Usage{Codes: map[string]engine.CodeUsage{"A1": {Pool: "autumn"}}}, "coupon_missing"},
		{"the discount fits the budget to the cent", engine.Promotion{Limits: engine.Limits{Budget: minor(300)}, Deals: off(100)}, "", nil, used(engine.PromotionUsage{Spent: 200}), "1.00"},
		{"the discount is a cent more than the budget", engine.Promotion{Limits: engine.Limits{Budget: minor(300)}, Deals: off(100)}, "", nil, used(engine.PromotionUsage{Spent: 201}), "budget_spent"},
		{"nothing of the budget is left", engine.Promotion{Limits: engine.Limits{Budget: minor(300)}, Deals: off(100)}, "", nil, used(engine.PromotionUsage{Spent: 400}), "budget_spent"},
		{"as many applications as fit the budget", engine.Promotion{Limits: engine.Limits{Budget: minor(2999)}, Deals: pairs}, "", nil, engine.Usage{}, "20.00"},
		{"no application fits the budget", engine.Promotion{Limits: engine.Limits{Budget: minor(999)}, Deals: pairs}, "", nil, engine.Usage{}, "budget_spent"},
		{"as many applications as a cart may have", engine.Promotion{Limits: engine.Limits{PerCart: whole(1)}, Deals: pairs}, "", nil, engine.Usage{}, "10.00"},
		{"no application in any cart", engine.Promotion{Limits: engine.Limits{PerCart: whole(0)}, Deals: pairs}, "", nil, engine.Usage{}, "limit_reached"},
		{"the rest of the discount is cut", engine.Promotion{Limits: engine.Limits{MaxDiscount: minor(1234)}, Deals: pairs}, "", nil, engine.Usage{}, "12.34"},
		{"nothing may be taken off one cart", engine.Promotion{Limits: engine.Limits{MaxDiscount: minor(0)}, Deals: off(100)}, "", nil, engine.Usage{}, "cap_reached"},
		{"a promotion's deals share the most that it takes off", engine.Promotion{Limits: engine.Limits{MaxDiscount: minor(150)},
			Deals: []engine.Deal{off(100)[0], &engine.AmountOff{Of: order, Amount: minor(100), Per: engine.PerSelection}}}, "", nil, engine.Usage{}, "1.50"},
		{"a promotion's deals share its budget, and what does not fit is not given", engine.Promotion{Limits: engine.Limits{Budget: minor(150)},
			Deals: []engine.Deal{off(100)[0], &engine.AmountOff{Of: order, Amount: minor(100), Per: engine.PerSelection}}}, "", nil, engine.Usage{}, "1.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.promotion.ID = "p"
			rules := newRuleset(t, c.promotion)
			cart := engine.Cart{Currency: rules.Currency(), Lines: []engine.Line{line("A", 1000, 7)}, Coupons: c.coupons}
			cart.Customer.ID = c.customer
			quote := priceRequest(t, rules, engine.Request{Cart: cart, Usage: c.usage, Explain: true})
			if got := results(quote)["p"]; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestTheCapOfThePolicy(t *testing.T) {
	goods := func(id string, amount int) engine.Promotion {
		return engine.Promotion{ID: id, Deals: []engine.Deal{&engine.AmountOff{Of: order, Amount: minor(amount), Per: engine.PerSelection}}}
	}
	shipping := engine.Promotion{ID: "z-shipping", Deals: []engine.Deal{&engine.ShippingOff{Reward: engine.Reward{PercentOff: whole(100)}}}}
	for _, c := range []struct {
		name   string
		policy engine.Policy
		want   map[string]string
	}{
		{"the last discount within the cap is cut, and further ones are not given", engine.Policy{Cap: minor(500)},
			map[string]string{"a": "3.00", "b": "2.00", "c": "cap_reached", "z-shipping": "4.00"}},
		{"a part of the subtotal", engine.Policy{CapPercent: whole(7)},
			map[string]string{"a": "3.00", "b": "3.00", "c": "1.00", "z-shipping": "4.00"}},
		{"the lower of both", engine.Policy{Cap: minor(250), CapPercent: whole(7)},
			map[string]string{"a": "2.50", "b": "cap_reached", "c": "cap_reached", "z-shipping": "4.00"}},
		{"nothing may be taken off the goods", engine.Policy{Cap: minor(0)},
			map[string]string{"a": "cap_reached", "b": "cap_reached", "c": "cap_reached", "z-shipping": "4.00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shop{policy: c.policy, promotions: []engine.Promotion{goods("a", 300), goods("b", 300), goods("c", 300), shipping}}
			s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 10000, 1)}}}
			s.request.Cart.Shipping.Shipments = []engine.Shipment{{Method: "standard", Price: 400}}
			if diff := cmp.Diff(c.want, results(s.price(t))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShipping(t *testing.T) {
	for _, c := range []struct {
		name string
		deal *engine.ShippingOff
		want []engine.Amount // discounts: express 9.00, standard 4.00, standard 5.01
	}{
		{"a percentage of all shipments together, rounded once", &engine.ShippingOff{Reward: engine.Reward{PercentOff: whole(50)}}, []engine.Amount{450, 200, 251}},
		{"an amount is shared", &engine.ShippingOff{Reward: engine.Reward{AmountOff: minor(901)}}, []engine.Amount{450, 200, 251}},
		{"no more than shipping costs", &engine.ShippingOff{Reward: engine.Reward{AmountOff: minor(99999)}}, []engine.Amount{900, 400, 501}},
		{"each at a price", &engine.ShippingOff{Reward: engine.Reward{Price: minor(450)}}, []engine.Amount{450, 0, 51}},
		{"of one method", &engine.ShippingOff{Methods: []string{"express"}, Reward: engine.Reward{Price: minor(0)}}, []engine.Amount{900, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shop{promotions: []engine.Promotion{{ID: "p", Deals: []engine.Deal{c.deal}}}}
			s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 1)}}}
			s.request.Cart.Shipping.Shipments = []engine.Shipment{{Method: "standard", Price: 501}, {Method: "express", Price: 900}, {Method: "standard", Price: 400}}
			quote := s.price(t)
			checkQuote(t, s, quote)
			var got []engine.Amount
			for _, sh := range quote.Shipments {
				got = append(got, sh.Discount)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCurrencies(t *testing.T) {
	eur, err := engine.ParseCurrency("EUR")
	if err != nil {
		t.Fatal(err)
	}
	amounts := engine.PerCurrency{usd(t): engine.NewDecimal(10), eur: engine.NewDecimal(9)}
	promotions := []engine.Promotion{
		{ID: "dollars", Currencies: []engine.Currency{usd(t)}, Deals: []engine.Deal{&engine.AmountOff{Of: order, Amount: minor(100), Per: engine.PerSelection}}},
		{ID: "each", Currencies: []engine.Currency{usd(t), eur}, Deals: []engine.Deal{&engine.AmountOff{Of: order, Amount: amounts, Per: engine.PerSelection}}},
		{ID: "percent", Deals: []engine.Deal{&engine.PercentOff{Of: setA, Percent: whole(10)}}},
	}
	rules := newRuleset(t, promotions...)
	item := &engine.Item{SKU: "A", Name: "A", Price: 10000, Prices: map[engine.Currency]engine.Amount{usd(t): 10000, eur: 9000}}
	for currency, want := range map[engine.Currency]map[string]string{
		usd(t): {"dollars": "1.00", "each": "10.00", "percent": "10.00"},
		eur:    {"dollars": "currency_mismatch", "each": "9.00", "percent": "9.00"},
	} {
		quote := priceRequest(t, rules, engine.Request{Explain: true, Cart: engine.Cart{Currency: currency, Lines: []engine.Line{{Item: item, Quantity: 1}}}})
		if diff := cmp.Diff(want, results(quote)); diff != "" {
			t.Errorf("%s: %s", currency, diff)
		}
	}
}

func TestConflictsOverLevels(t *testing.T) {
	item := func(amount int) []engine.Deal {
		return []engine.Deal{&engine.AmountOff{Of: setA, Amount: minor(amount), Per: engine.PerSelection}}
	}
	ofOrder := func(amount int) []engine.Deal {
		return []engine.Deal{&engine.AmountOff{Of: order, Amount: minor(amount), Per: engine.PerSelection}}
	}
	both := []engine.Deal{item(100)[0], ofOrder(100)[0]}
	for _, c := range []struct {
		name       string
		policy     engine.Policy
		promotions []engine.Promotion
		want       map[string]string
	}{
		{"an order discount that saves more wins over an earlier item discount",
			engine.Policy{},
			[]engine.Promotion{{ID: "item", Deals: item(100)}, {ID: "order", Deals: ofOrder(101), Excludes: []string{"item"}}},
			map[string]string{"item": "excluded", "order": "1.01"}},
		{"of equal ones the higher priority wins, at whatever level",
			engine.Policy{},
			[]engine.Promotion{{ID: "item", Deals: item(100)}, {ID: "order", Priority: 1, Deals: ofOrder(100), Excludes: []string{"item"}}},
			map[string]string{"item": "excluded", "order": "1.00"}},
		{"by priority the higher one wins at a later level, though it saves less",
			engine.Policy{Resolution: engine.ResolvePriority},
			[]engine.Promotion{{ID: "item", Deals: item(500)}, {ID: "order", Priority: 1, Deals: ofOrder(1), Excludes: []string{"item"}}},
			map[string]string{"item": "excluded", "order": "0.01"}},
		{"by priority the higher one does not win where it has no effect",
			engine.Policy{Resolution: engine.ResolvePriority},
			[]engine.Promotion{{ID: "item", Deals: item(500)}, {ID: "order", Priority: 1, When: threshold{amount: 999999}, Deals: ofOrder(1), Excludes: []string{"item"}}},
			map[string]string{"item": "5.00", "order": "condition_false"}},
		{"by priority the higher one wins, though the lower one would take its condition away",
			engine.Policy{Resolution: engine.ResolvePriority},
			[]engine.Promotion{{ID: "item", Deals: item(500)}, {ID: "order", Priority: 1, When: threshold{amount: 10000}, Deals: ofOrder(1), Excludes: []string{"item"}}},
			map[string]string{"item": "excluded", "order": "0.01"}},
		{"a promotion that is exclusive in the cart leaves nothing beside it where it saves most",
			engine.Policy{},
			[]engine.Promotion{{ID: "a", Deals: item(100)}, {ID: "b", Deals: ofOrder(100)}, {ID: "x", Exclusive: engine.ExclusiveInCart, Deals: ofOrder(201)}},
			map[string]string{"a": "excluded", "b": "excluded", "x": "2.01"}},
		{"and gives way to several that save more together",
			engine.Policy{},
			[]engine.Promotion{{ID: "a", Deals: item(100)}, {ID: "b", Deals: ofOrder(100)}, {ID: "x", Exclusive: engine.ExclusiveInCart, Deals: ofOrder(199)}},
			map[string]string{"a": "1.00", "b": "1.00", "x": "excluded"}},
		{"exclusive in its level leaves other levels alone",
			engine.Policy{},
			[]engine.Promotion{{ID: "a", Deals: item(100)}, {ID: "b", Deals: ofOrder(100)}, {ID: "x", Exclusive: engine.ExclusiveInLevel, Deals: ofOrder(150)}},
			map[string]string{"a": "1.00", "b": "excluded", "x": "1.50"}},
		{"exclusive in its group leaves other groups alone",
			engine.Policy{Groups: []engine.Group{{ID: "g"}}},
			[]engine.Promotion{{ID: "a", Group: "g", Deals: item(100)}, {ID: "b", Deals: item(100)}, {ID: "x", Group: "g", Exclusive: engine.ExclusiveInGroup, Deals: item(150)}},
			map[string]string{"a": "excluded", "b": "1.00", "x": "1.50"}},
		{"a group excludes another, whichever runs first",
			engine.Policy{Groups: []engine.Group{{ID: "g"}, {ID: "h", Excludes: []string{"g"}}}},
			[]engine.Promotion{{ID: "a", Group: "g", Deals: item(100)}, {ID: "b", Group: "h", Deals: item(150)}},
			map[string]string{"a": "excluded", "b": "1.50"}},
		{"best counts what a promotion does at every level",
			engine.Policy{Groups: []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBest}}},
			[]engine.Promotion{{ID: "both", Deals: both}, {ID: "one", Priority: 1, Deals: item(199)}},
			map[string]string{"both": "2.00", "one": "displaced"}},
		{"first is the first by priority that has an effect",
			engine.Policy{Groups: []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineFirst}}},
			[]engine.Promotion{{ID: "a", Priority: 3, When: threshold{amount: 999999}, Deals: item(100)}, {ID: "b", Priority: 2, Deals: ofOrder(1)}, {ID: "c", Priority: 1, Deals: item(300)}},
			map[string]string{"a": "condition_false", "b": "0.01", "c": "displaced"}},
		{"a group that takes the first beside a conflict that is decided by what is saved",
			engine.Policy{Groups: []engine.Group{{ID: "f", Combine: engine.CombineFirst}}},
			[]engine.Promotion{
				{ID: "f1", Group: "f", When: threshold{amount: 999999}, Deals: ofOrder(100)}, {ID: "f2", Group: "f", Deals: item(100)},
				{ID: "small", Deals: item(1), Excludes: []string{"large"}}, {ID: "large-one", Deals: item(2)}, {ID: "large", Deals: item(200)},
			},
			map[string]string{"f1": "condition_false", "f2": "1.00", "small": "excluded", "large-one": "0.02", "large": "2.00"}},
		{"a best group chooses what saves most beside a conflict by priority with one that has no effect",
			engine.Policy{Resolution: engine.ResolvePriority, Groups: []engine.Group{{ID: "g", Combine: engine.CombineBest}}},
			[]engine.Promotion{
				{ID: "h", Priority: 1, When: threshold{amount: 999999}, Deals: ofOrder(1)},
				{ID: "x", Group: "g", Deals: item(10), Excludes: []string{"h"}}, {ID: "y", Group: "g", Deals: item(7)},
			},
			map[string]string{"h": "condition_false", "x": "0.10", "y": "displaced"}},
		{"a lower rank may not win by priority because the way in which it loses saves too little to be looked at",
			engine.Policy{Groups: []engine.Group{{ID: "f", Combine: engine.CombineFirst}}},
			[]engine.Promotion{
				{ID: "a", Deals: item(10), Excludes: []string{"b"}}, {ID: "b", Deals: item(5)},
				{ID: "high", Group: "f", Priority: 1, When: threshold{amount: 9950}, Deals: ofOrder(1)}, {ID: "low", Group: "f", Deals: item(100)},
			},
			map[string]string{"a": "0.10", "b": "excluded", "high": "0.01", "low": "displaced"}},
		{"a lower rank does not stand in the way of one that has to give way to another anyway",
			engine.Policy{Resolution: engine.ResolvePriority},
			[]engine.Promotion{
				{ID: "a", Priority: 3, Deals: item(1)}, {ID: "e", Priority: 2, Deals: ofOrder(1), Excludes: []string{"a", "d"}}, {ID: "d", Priority: 1, Deals: item(1)},
			},
			map[string]string{"a": "0.01", "e": "excluded", "d": "0.01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shop{policy: c.policy, promotions: c.promotions}
			s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 10000, 1)}}}
			if diff := cmp.Diff(c.want, results(s.price(t))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDealsOfOnePromotionInABestPerLineGroup(t *testing.T) {
	half := &engine.PercentOff{Of: setA, Percent: whole(60)}
	gift := &engine.Giveaway{Items: []string{"G1"}, Quantity: whole(1)}
	s := &shop{
		policy: engine.Policy{Groups: []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBestPerLine}}},
		promotions: []engine.Promotion{
			{ID: "twice", Deals: []engine.Deal{half, half}},
			{ID: "gift-a", Deals: []engine.Deal{gift}}, {ID: "gift-b", Deals: []engine.Deal{gift}},
		},
	}
	s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 2)}}}
	s.request.Catalog = engine.NewCatalog([]engine.Item{{SKU: "G1", Name: "Gift", Price: 500, Stock: 1}})
	quote := s.price(t)
	checkQuote(t, s, quote)
	if diff := cmp.Diff(map[string]string{"twice": "20.00", "gift-a": "0.00", "gift-b": "out_of_stock"}, results(quote)); diff != "" {
		t.Error(diff)
	}
}

// TestAPromotionGivesWayOnlyToOneThatHasAnEffect: the first could reward the
// dearer unit, but its pick wants the cheaper one, of which half a cent is
// nothing. So it has no effect, and may not keep the second from having one.
func TestAPromotionGivesWayOnlyToOneThatHasAnEffect(t *testing.T) {
	trade := func(pick engine.Pick) []engine.Deal {
		return []engine.Deal{&engine.BuyGet{
			Buy: setA, Quantity: whole(1), Get: setB, Units: whole(1), Pick: pick, Reward: engine.Reward{PercentOff: tenths(1)},
		}}
	}
	s := &shop{
		policy: engine.Policy{Groups: []engine.Group{{ID: "g", Combine: engine.CombineBest}, {ID: "h"}}},
		promotions: []engine.Promotion{
			{ID: "cheapest", Group: "g", Deals: trade(engine.Cheapest)}, {ID: "dearest", Group: "g", Deals: trade(engine.Dearest)},
			// It would save more if neither of them had one.
			{ID: "rest", Group: "h", When: threshold{amount: 501}, Deals: []engine.Deal{&engine.PercentOff{Of: setB, Percent: whole(100)}}},
		},
	}
	s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 0, 1), line("B1", 1, 1), line("B2", 500, 1)}}}
	want := map[string]string{"cheapest": "displaced", "dearest": "0.01", "rest": "condition_false"}
	if diff := cmp.Diff(want, results(s.price(t))); diff != "" {
		t.Error(diff)
	}
}

// TestPromotionsThatExcludeEachOtherAndHaveNoEffectBarNothing: what "low" and
// "high" would do alone comes to nothing beside "best", so that neither has to
// give way to the other.
func TestPromotionsThatExcludeEachOtherAndHaveNoEffectBarNothing(t *testing.T) {
	percent := func(n int) []engine.Deal { return []engine.Deal{&engine.PercentOff{Of: setA, Percent: whole(n)}} }
	s := &shop{
		policy: engine.Policy{Groups: []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBestPerLine}}},
		promotions: []engine.Promotion{
			{ID: "high", Priority: 1, Deals: percent(1), Excludes: []string{"low"}}, {ID: "low", Deals: percent(2)}, {ID: "best", Deals: percent(90)},
		},
	}
	s.request = engine.Request{Explain: true, Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 10000, 1)}}}
	quote := s.price(t)
	want := map[string]string{"high": "displaced", "low": "displaced", "best": "90.00"}
	if diff := cmp.Diff(want, results(quote)); diff != "" || !quote.Optimal {
		t.Errorf("optimal %t %s", quote.Optimal, diff)
	}
}
