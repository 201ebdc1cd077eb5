package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// TestAPairPricesAsItsRulesetsDo changes, adds and takes away promotions of a shop
// with all that there is, and prices by both: once they are a pair, once each alone.
func TestAPairPricesAsItsRulesetsDo(t *testing.T) {
	shared, apart, conditions := 0, 0, 0
	var memory [2]engine.QuoteMemory // of all carts
	baskets(t, 30, func(t *rapid.T) {
		d := draws{t}
		s := drawWholeShop(t)
		s.request.Explain = d.one(8, "explain")
		for i := range s.promotions {
			s.promotions[i].Meaning = fmt.Sprint("as ", i)
		}
		a, b := s.framed(t, s.promotions), s.framed(t, d.revised(s.promotions))
		if d.one(2, "swapped") {
			a, b = b, a
		}
		pair := engine.NewPair(a, b)
		for _, m := range []*[2]engine.QuoteMemory{nil, &memory} { // what is kept between calls changes nothing
			quotes, errs := pair.Price(s.request, m)
			for i, rules := range []*engine.Ruleset{a, b} {
				want, err := rules.Price(s.request)
				if err != nil || errs[i] != nil {
					t.Fatalf("got error %v, want %v\n%s", errs[i], err, s)
				}
				if diff := cmp.Diff(asJSON(t, want), asJSON(t, quotes[i])); diff != "" {
					t.Fatalf("ruleset %d: -alone +paired:\n%s\n%s\n%v", i, diff, s, b.PromotionIDs())
				}
			}
			switch oneQuote := len(quotes[0].Lines) > 0 && &quotes[0].Lines[0] == &quotes[1].Lines[0]; {
			case !oneQuote:
				apart++
			case slices.ContainsFunc(a.PromotionIDs(), func(id string) bool { return differentWithCondition(a, b, id) }):
				conditions++
				shared++
			default:
				shared++
			}
		}
	})
	if !testing.Short() && (shared < 100 || apart < 100 || conditions < 50) {
		t.Errorf("got %d carts priced once, %d twice, %d once beside a condition; want some of each", shared, apart, conditions)
	}
}

// differentWithCondition tells a promotion that the other ruleset has not, and that
// is asked of many carts.
func differentWithCondition(a, b *engine.Ruleset, id string) bool {
	p, _ := a.Promotion(id)
	other, _ := b.Promotion(id)
	return p.Meaning != other.Meaning && p.When != nil && len(p.Requires) == 0
}

// framed are the shop's rules with other promotions.
func (s *shop) framed(t *rapid.T, promotions []engine.Promotion) *engine.Ruleset {
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: fmt.Sprint(len(promotions)), Frame: "shop", Currency: usd(t), Policy: s.policy, Sets: s.sets(), Promotions: slices.Clone(promotions),
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return rules
}

// revised are the promotions of a candidate.
func (d draws) revised(promotions []engine.Promotion) []engine.Promotion {
	var revised []engine.Promotion
	for i, p := range promotions {
		switch d.number(0, 7, "revision") {
		case 0:
			continue
		case 1:
			p.Deals = []engine.Deal{d.plain()}
			p.Meaning = "another deal"
		case 2:
			p.Priority = d.number(-2, 2, "other priority")
			p.Meaning = ""
		case 3:
			p.When, p.Requires = threshold{amount: engine.Amount(d.number(1, 12000, "other threshold")), below: d.one(3, "below")}, nil
			p.Meaning = "another condition"
		case 4:
			p.When, p.Requires = holding{set: d.number(0, 3, "other set"), least: int64(d.number(1, 9, "other least"))}, nil
			p.Meaning = "another set"
		}
		revised = append(revised, p)
		if d.one(6, "added") {
			added := d.promotion(90 + i)
			added.Meaning, added.Group = "added", pickOf(d, "group of it", "", "g1", "g2", "a", "z")
			added.When = holding{set: d.number(0, 3, "set of it"), least: int64(d.number(1, 9, "least of it"))}
			revised = append(revised, added)
		}
	}
	if len(revised) == 0 {
		return promotions
	}
	return revised
}

func TestAPairOfRulesetsWithoutNamesPricesByBoth(t *testing.T) {
	for name, c := range map[string]struct {
		frames, meanings [2]string
		want             bool // one quote
	}{
		"the same":        {[2]string{"f", "f"}, [2]string{"m", "m"}, true},
		"other meanings":  {[2]string{"f", "f"}, [2]string{"m", "n"}, false},
		"no meanings":     {[2]string{"f", "f"}, [2]string{"", ""}, false},
		"other frames":    {[2]string{"f", "g"}, [2]string{"m", "m"}, false},
		"without a frame": {[2]string{"", ""}, [2]string{"m", "m"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var rules [2]*engine.Ruleset
			for i := range rules {
				var err error
				rules[i], err = engine.NewRuleset(engine.RulesetConfig{Frame: c.frames[i], Digest: fmt.Sprint(i), Promotions: []engine.Promotion{
					{ID: "p", Meaning: c.meanings[i], Deals: []engine.Deal{&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: whole(10)}}},
				}})
				if err != nil {
					t.Fatal(err)
				}
			}
			request := engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{Item: &engine.Item{SKU: "A", Price: 100}, Quantity: 1}}}}
			quotes, errs := engine.NewPair(rules[0], rules[1]).Price(request, nil)
			if errs != [2]error{} || quotes[0].Total != 90 || quotes[1].Total != 90 || quotes[1].Ruleset != "1" {
				t.Fatalf("got %+v, %v", quotes, errs)
			}
			if got := &quotes[0].Lines[0] == &quotes[1].Lines[0]; got != c.want {
				t.Errorf("got one quote: %v, want %v", got, c.want)
			}
		})
	}
}

func TestAPairRefusesACartTwice(t *testing.T) {
	rules, err := engine.NewRuleset(engine.RulesetConfig{Frame: "f"})
	if err != nil {
		t.Fatal(err)
	}
	_, errs := engine.NewPair(rules, rules).Price(engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{}}}}, nil)
	for i, err := range errs {
		if want := "price cart: lines[0]: no item"; err == nil || err.Error() != want {
			t.Errorf("ruleset %d: got error %v, want %s", i, err, want)
		}
	}
}

// TestWhatTouchesACartKeepsItFromBeingPricedOnce has a candidate with one promotion
// more, of which the first look at the cart does not tell all.
func TestWhatTouchesACartKeepsItFromBeingPricedOnce(t *testing.T) {
	order := engine.Selection{Order: true}
	half := engine.Promotion{ID: "half", Priority: 1, Meaning: "half", Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: whole(50)}}}
	for name, c := range map[string]struct {
		more    engine.Promotion
		coupons []string
		once    bool
	}{
		"a condition that promotions before make true": {more: engine.Promotion{When: threshold{amount: 80, below: true}}},
		"a condition that is true":                     {more: engine.Promotion{When: holding{set: 0, least: 1}}},
		"a condition that is false":                    {more: engine.Promotion{When: holding{set: 0, least: 2}}, once: true},
		"a condition that is false, of one currency":   {more: engine.Promotion{When: holding{set: 0, least: 2}, Currencies: []engine.Currency{usd(t)}}, once: true},
		"no condition":                                 {},
		"a coupon whose code is refused":               {more: engine.Promotion{Coupon: engine.Coupon{Code: "X"}, Disabled: true}, coupons: []string{"x"}},
		"a coupon that the cart has not":               {more: engine.Promotion{Coupon: engine.Coupon{Code: "X"}}, once: true},
		"a promotion that is switched off":             {more: engine.Promotion{Disabled: true}, once: true},
	} {
		t.Run(name, func(t *testing.T) {
			more := c.more
			more.ID, more.Meaning, more.Deals = "more", "more", []engine.Deal{&engine.AmountOff{Of: order, Amount: minor(7)}}
			s := &shop{promotions: []engine.Promotion{half}}
			s.request.Cart = engine.Cart{Currency: usd(t), Coupons: c.coupons, Lines: []engine.Line{{Item: &engine.Item{SKU: "A1", Price: 100}, Quantity: 1}}}
			rules := func(promotions ...engine.Promotion) *engine.Ruleset {
				r, err := engine.NewRuleset(engine.RulesetConfig{Frame: "f", Currency: usd(t), Sets: shopSets(), Promotions: promotions})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			a, b := rules(half), rules(half, more)
			quotes, errs := engine.NewPair(a, b).Price(s.request, nil)
			if errs != [2]error{} {
				t.Fatal(errs)
			}
			for i, r := range []*engine.Ruleset{a, b} {
				if diff := cmp.Diff(asJSON(t, priceRequest(t, r, s.request)), asJSON(t, quotes[i])); diff != "" {
					t.Errorf("ruleset %d: -alone +paired:\n%s", i, diff)
				}
			}
			if once := &quotes[0].Lines[0] == &quotes[1].Lines[0]; once != c.once {
				t.Errorf("got priced once: %v, want %v", once, c.once)
			}
		})
	}
}
