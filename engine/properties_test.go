package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// facts adds what promotions are found by: coupons, schedules, facts that their
// conditions require, limits, and promotions that are switched off.
func (d draws) facts(s *shop) {
	at := s.request.At
	for i := range s.promotions {
		p := &s.promotions[i]
		switch d.number(0, 9, "fact") {
		case 0:
			p.Coupon.Code = pickOf(d, "code", "X", "Y", "Z")
		case 1:
			p.Coupon.Pool = pickOf(d, "pool", "spring", "autumn")
		case 2:
			p.Schedule.From = at.Add(time.Duration(d.number(-1, 1, "from")) * time.Hour)
		case 3:
			p.Schedule.Until = at.Add(time.Duration(d.number(-1, 1, "until")) * time.Hour)
		case 4:
			p.Schedule.Days = engine.Weekdays(0).With(pickOf(d, "day", time.Friday, time.Monday))
		case 5:
			set := d.number(0, 3, "required set")
			p.When = holding{set: set, least: int64(d.number(1, 4, "least"))}
			p.Requires = []engine.Fact{{Kind: engine.HasItems, Set: set}}
		case 6:
			p.When = belonging{group: pickOf(d, "customer group", "vip", "staff")}
			p.Requires = []engine.Fact{{Kind: engine.InCustomerGroup, Text: p.When.(belonging).group}}
		case 7:
			p.When = belonging{channel: pickOf(d, "channel", "web", "shop")}
			p.Requires = []engine.Fact{{Kind: engine.OnChannel, Text: p.When.(belonging).channel}}
		case 8:
			p.Disabled = true
		}
		if d.one(4, "limited") {
			p.Limits = d.limits()
		}
	}
	s.request.Cart.Coupons = pickOf(d, "coupons", nil, []string{"x"}, []string{"Y ", "z"}, []string{"spring-1", "y"})
	s.request.Cart.Channel = pickOf(d, "channel", "", "web")
	s.request.Cart.Customer.Groups = pickOf(d, "groups", nil, []string{"vip"})
	s.request.Cart.Customer.ID = pickOf(d, "customer", "", "someone")
	s.request.Usage = engine.Usage{
		Promotions: map[string]engine.PromotionUsage{"p0": {Redemptions: 2, ByCustomer: 1, Spent: 500}, "p1": {Spent: 100}},
		Codes:      map[string]engine.CodeUsage{"SPRING-1": {Pool: "spring", Redemptions: 1}, "X": {Redemptions: 1}},
	}
	if d.one(4, "capped") {
		s.policy.Cap = minor(d.number(0, 3000, "cap"))
	}
	if d.one(4, "cap percent") {
		s.policy.CapPercent = whole(d.number(0, 100, "cap percent"))
	}
	s.policy.Resolution = pickOf(d, "resolution", engine.ResolveBest, engine.ResolveBest, engine.ResolvePriority)
}

func (d draws) limits() engine.Limits {
	n := d.number(1, 3, "limit")
	return pickOf(d, "limits",
		engine.Limits{Redemptions: whole(n)}, engine.Limits{PerCustomer: whole(n)}, engine.Limits{PerCode: whole(n)},
		engine.Limits{PerCart: whole(n)}, engine.Limits{Budget: minor(400 * n)}, engine.Limits{MaxDiscount: minor(300 * n)},
	)
}

// drawWholeShop draws a shop with all that there is.
func drawWholeShop(t *rapid.T) *shop {
	d := draws{t}
	s := d.shop(6)
	d.conflicts(s, engine.CombineAll, engine.CombineBest, engine.CombineBestPerLine, engine.CombineFirst)
	d.facts(s)
	return s
}

func TestTheOrderOfWhatIsGivenChangesNothing(t *testing.T) {
	baskets(t, 5, func(t *rapid.T) {
		s := drawWholeShop(t)
		s.request.Hints = true
		first := asJSON(t, s.price(t))
		checkQuote(t, s, s.price(t))
		other := *s
		other.promotions = rapid.Permutation(s.promotions).Draw(t, "promotions")
		cart := &other.request.Cart
		cart.Lines = rapid.Permutation(cart.Lines).Draw(t, "cart lines")
		cart.Coupons = rapid.Permutation(cart.Coupons).Draw(t, "cart coupons")
		cart.Shipping.Shipments = rapid.Permutation(cart.Shipping.Shipments).Draw(t, "cart shipments")
		if diff := cmp.Diff(first, asJSON(t, other.price(t))); diff != "" {
			t.Fatalf("%s\n%s", diff, s)
		}
		rules := s.rules(t)
		for range 2 { // what a ruleset keeps between calls changes nothing
			if diff := cmp.Diff(first, asJSON(t, priceRequest(t, rules, s.request))); diff != "" {
				t.Fatalf("the same ruleset again:\n%s\n%s", diff, s)
			}
		}
	})
}

func TestAnExplanationChangesNothing(t *testing.T) {
	baskets(t, 20, func(t *rapid.T) {
		s := drawWholeShop(t)
		rules := s.rules(t)
		explained := priceRequest(t, rules, s.request)
		s.request.Explain = false
		plain := priceRequest(t, rules, s.request)
		if diff := cmp.Diff(asJSON(t, withoutExplanation(plain)), asJSON(t, withoutExplanation(explained))); diff != "" {
			t.Fatalf("%s\n%s", diff, s)
		}
	})
}

// withoutExplanation is the quote as it is when no explanation is asked for.
func withoutExplanation(quote engine.Quote) engine.Quote {
	quote.Trace = ""
	quote.Promotions = slices.DeleteFunc(slices.Clone(quote.Promotions), func(o engine.Outcome) bool { return o.Reason != engine.Applied })
	for i := range quote.Promotions {
		o := &quote.Promotions[i]
		o.Obstacle = nil
		o.Lines = slices.Clone(o.Lines)
		for j := range o.Lines {
			o.Lines[j].Change = nil
		}
	}
	if len(quote.Promotions) == 0 {
		quote.Promotions = nil
	}
	return quote
}

func TestHintsAreTrue(t *testing.T) {
	hints := 0
	baskets(t, 10, func(t *rapid.T) {
		s := drawWholeShop(t)
		for i := range s.promotions {
			if d := (draws{t}); s.promotions[i].When == nil && d.one(3, "threshold") {
				s.promotions[i].When = threshold{amount: engine.Amount(d.number(1, 20000, "threshold"))}
			}
		}
		s.request.Hints = true
		before := s.price(t)
		for _, h := range before.Hints {
			hints++
			more := *s
			more.request.Cart.Lines = slices.Clone(s.request.Cart.Lines)
			for _, add := range h.Add {
				more.request.Cart.Lines = append(more.request.Cart.Lines, engine.Line{Item: s.item(add.SKU), Quantity: add.Quantity})
			}
			after := more.price(t)
			if !slices.ContainsFunc(after.Promotions, func(o engine.Outcome) bool { return o.Promotion == h.Promotion && o.Reason == engine.Applied }) {
				t.Fatalf("%+v does not make the promotion apply:\n%s", h, s)
			}
			if slices.ContainsFunc(before.Promotions, func(o engine.Outcome) bool { return o.Promotion == h.Promotion && o.Reason == engine.Applied }) {
				t.Fatalf("%+v is of a promotion that applies anyway:\n%s", h, s)
			}
			if saves, costs := after.Saving()-before.Saving(), after.Payable-before.Payable; saves != h.Saves || costs != h.Costs || saves <= 0 {
				t.Fatalf("%+v saves %d and costs %d:\n%s", h, saves, costs, s)
			}
		}
	})
	t.Logf("%d hints", hints)
}

// item finds an item in the cart or in the catalogue.
func (s *shop) item(sku string) *engine.Item {
	for _, l := range s.request.Cart.Lines {
		if l.Item.SKU == sku {
			return l.Item
		}
	}
	item, _ := s.request.Catalog.Item(sku)
	return item
}

func TestAFurtherPromotionOfABestGroupNeverCostsMore(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		d := draws{t}
		s := d.shop(5)
		s.policy.Groups = []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBest}}
		var saved, alone engine.Amount
		for n := range s.promotions {
			only := &shop{policy: s.policy, request: s.request, promotions: s.promotions[n : n+1]}
			some := &shop{policy: s.policy, request: s.request, promotions: s.promotions[:n+1]}
			quote := some.price(t)
			single := only.price(t)
			alone = max(alone, single.Saving())
			if saving := quote.Saving(); saving < saved || quote.Optimal && saving != alone {
				t.Fatalf("with %s: saves %d, before %d, the best alone %d:\n%s", s.promotions[n].ID, saving, saved, alone, s)
			}
			saved = quote.Saving()
		}
	})
}

func TestAFurtherCompetingDealNeverCostsMore(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		c := drawClaimCart(t, 14, 4)
		all := c.promotions
		var saved engine.Amount
		for n := range all {
			c.promotions = all[:n+1]
			quote := c.quote(t)
			if quote.Discount < saved && quote.Optimal {
				t.Fatalf("with p%d: %d off, before %d:\n%s", n, quote.Discount, saved, c)
			}
			saved = quote.Discount
		}
	})
}

// TestEachLineGetsThePromotionThatTakesMostOffIt works out best_per_line by
// pricing each promotion alone.
func TestEachLineGetsThePromotionThatTakesMostOffIt(t *testing.T) {
	baskets(t, 10, func(t *rapid.T) {
		d := draws{t}
		s := d.shop(5)
		for i := range s.promotions {
			p := &s.promotions[i]
			p.When = nil // a condition may look at what another level leaves
			p.Deals = slices.DeleteFunc(p.Deals, func(deal engine.Deal) bool { return deal.Level() != engine.ItemLevel })
			if len(p.Deals) == 0 {
				p.Deals = []engine.Deal{&engine.PercentOff{Of: setA, Percent: whole(10 + i)}}
			}
		}
		s.policy.Groups = []engine.Group{{ID: engine.DefaultGroup, Combine: engine.CombineBestPerLine}}
		want := make(map[string]engine.Amount)
		for n := range s.promotions {
			only := &shop{request: s.request, promotions: s.promotions[n : n+1]}
			for _, l := range only.price(t).Lines {
				want[l.SKU] = max(want[l.SKU], l.Discount)
			}
		}
		for _, l := range s.price(t).Lines {
			if l.Discount != want[l.SKU] {
				t.Fatalf("%s: got %d off, want %d:\n%s", l.SKU, l.Discount, want[l.SKU], s)
			}
		}
	})
}
