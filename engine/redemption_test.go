package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
)

func TestAQuoteSaysWhatTheOrderWillUse(t *testing.T) {
	limit := func(n int64) *int64 { return &n }
	budget := engine.Amount(1000)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{promotions: []engine.Promotion{
		{ID: "daily", Priority: 4, Limits: engine.Limits{Redemptions: whole(5), Per: engine.DayPeriod}, Schedule: engine.Schedule{Location: berlin}, Deals: off(100)},
		{ID: "code", Priority: 3, Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: whole(1), PerCustomer: whole(2)}, Deals: off(200)},
		{ID: "fund", Priority: 2, Limits: engine.Limits{Budget: minor(1000), Per: engine.WeekPeriod}, Deals: off(50)},
		{ID: "plain", Priority: 1, Limits: engine.Limits{MaxDiscount: minor(10)}, Deals: off(50)},
		{ID: "spent", Limits: engine.Limits{Redemptions: whole(1)}, Deals: off(50)},
	}}
	s.request = engine.Request{
		Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{line("A", 1000, 1)}, Coupons: []string{"s-1"}, Customer: engine.Customer{ID: "ann"}},
		At:   time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC), // in Berlin it is next year
		Usage: engine.Usage{
			Codes:      map[string]engine.CodeUsage{"S-1": {Pool: "spring"}},
			Promotions: map[string]engine.PromotionUsage{"spent": {Redemptions: 1}},
		},
	}
	want := []engine.Redemption{
		{Promotion: "daily", Period: "2027-01-01", Spent: 100, Redemptions: limit(5)},
		{Promotion: "code", Code: "S-1", Spent: 200, PerCustomer: limit(2), PerCode: limit(1)},
		{Promotion: "fund", Period: "2026-W53", Spent: 50, Budget: &budget},
	}
	if diff := cmp.Diff(want, s.price(t).Redemptions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestUsageKeysNameThePeriodAtHand(t *testing.T) {
	rules := newRuleset(t,
		engine.Promotion{ID: "day", Limits: engine.Limits{Redemptions: whole(5), Per: engine.DayPeriod}, Deals: off(1)},
		engine.Promotion{ID: "ever", Limits: engine.Limits{PerCode: whole(5)}, Coupon: engine.Coupon{Code: "X"}, Deals: off(1)},
		engine.Promotion{ID: "month", Limits: engine.Limits{Budget: whole(5), Per: engine.MonthPeriod}, Deals: off(1)},
		engine.Promotion{ID: "none", Limits: engine.Limits{PerCart: whole(5)}, Deals: off(1)},
		engine.Promotion{ID: "year", Limits: engine.Limits{PerCustomer: whole(5), Per: engine.YearPeriod}, Deals: off(1)},
	)
	want := []engine.UsageKey{{Promotion: "day", Period: "2026-11-22"}, {Promotion: "ever"}, {Promotion: "month", Period: "2026-11"}, {Promotion: "year", Period: "2026"}}
	if diff := cmp.Diff(want, rules.UsageKeys(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func off(amount int) []engine.Deal {
	return []engine.Deal{&engine.AmountOff{Of: order, Amount: minor(amount), Per: engine.PerSelection}}
}

// setTotal is a number: what is left of the set, in cents.
type setTotal int

func (n setTotal) Value(s *engine.Scope) (engine.Decimal, bool) {
	return engine.NewDecimal(int64(s.Set(int(n)).Total())), true
}

func TestLimitsSeeTheCartAsItWasBeforePromotions(t *testing.T) {
	half := func(id string, limits engine.Limits) engine.Promotion {
		return engine.Promotion{ID: id, Limits: limits, Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: whole(50)}}}
	}
	rules := newRuleset(t, half("a", engine.Limits{Redemptions: setTotal(0)}), half("b", engine.Limits{}), half("c", engine.Limits{Redemptions: setTotal(2)}))
	quote := priceRequest(t, rules, engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{
		{Item: &engine.Item{SKU: "A1", Price: 1000, Stock: 9}, Quantity: 2}, {Item: &engine.Item{SKU: "B1", Price: 300, Stock: 9}, Quantity: 1},
	}}})
	var got []int64
	for _, r := range quote.Redemptions {
		got = append(got, *r.Redemptions)
	}
	if want := []int64{2000, 2300}; !slices.Equal(got, want) {
		t.Errorf("got the limits %v, want %v", got, want)
	}
}
