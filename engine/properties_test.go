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
		o.By, o.Detail, o.Why = nil, "", nil
		o.Lines = slices.Clone(o.Lines)
		for j := range o.Lines {
			o.Lines[j].Change = nil
		}
	}
	if len(quote.Promotions) == 0 {
		quote.Promotions = nil
	}
	// Why a coupon did nothing is told more closely where an explanation is asked for.
	quote.Coupons = slices.Clone(quote.Coupons)
	for i := range quote.Coupons {
		if c := &quote.Coupons[i]; c.Reason != engine.Applied {
			c.Reason = ""
		}
	}
	return quote
}
