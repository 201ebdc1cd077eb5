package engine_test

import (
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func TestThePlaceOfABlockDoesNotDependOnWhatHasNoEffect(t *testing.T) {
	multibuy := func(of engine.Selection) []engine.Deal {
		return []engine.Deal{&engine.Multibuy{Of: of, Quantity: whole(2), Reward: engine.Reward{Price: minor(1000)}}}
	}
	percent := engine.Promotion{ID: "b-percent", Deals: []engine.Deal{&engine.PercentOff{Of: setA, Percent: whole(10)}}}
	last := engine.Promotion{ID: "c-multibuy", Deals: multibuy(setA)}
	// 2 x 10.00 less 10 % are 18.00, less 8.00 are 10.00. The other way round it
	// would be 9.00.
	for _, c := range []struct {
		name  string
		first engine.Promotion
	}{
		{"an earlier multibuy whose coupon is missing", engine.Promotion{ID: "a", Coupon: engine.Coupon{Code: "X"}, Deals: multibuy(setA)}},
		{"an earlier multibuy that is disabled", engine.Promotion{ID: "a", Disabled: true, Deals: multibuy(setA)}},
		{"an earlier multibuy whose condition is false", engine.Promotion{ID: "a", When: threshold{amount: 99999}, Deals: multibuy(setA)}},
		{"an earlier multibuy of items that the cart does not have", engine.Promotion{ID: "a", Deals: multibuy(setB)}},
		{"an earlier multibuy that wants more units", engine.Promotion{ID: "a", Deals: []engine.Deal{
			&engine.Multibuy{Of: setA, Quantity: whole(3), Reward: engine.Reward{PayFor: whole(1)}},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := newRuleset(t, c.first, percent, last)
			for _, explain := range []bool{false, true} {
				quote := priceRequest(t, rules, engine.Request{Cart: engine.Cart{Currency: rules.Currency(), Lines: []engine.Line{line("A", 1000, 2)}}, Explain: explain})
				if quote.Total != 1000 {
					t.Errorf("explain %t: got a total of %d, want 1000", explain, quote.Total)
				}
			}
		})
	}
}

func TestABudgetHoldsBesideAPromotionThatMayNotAct(t *testing.T) {
	pairs := []engine.Deal{&engine.Multibuy{Of: setA, Quantity: whole(2), Reward: engine.Reward{PayFor: whole(0)}}}
	rules := newRuleset(t,
		engine.Promotion{ID: "a", Limits: engine.Limits{Budget: minor(300)}, Deals: pairs},
		engine.Promotion{ID: "b", Coupon: engine.Coupon{Code: "X"}, Deals: pairs},
	)
	quote := price(t, rules, line("A1", 62, 4), line("A3", 27, 3))
	if want := engine.Amount(3*62 + 3*27); quote.Discount != want {
		t.Errorf("got %d off, want %d: the most that three pairs can take off within 3.00", quote.Discount, want)
	}
}
