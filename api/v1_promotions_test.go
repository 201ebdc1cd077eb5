package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// limitedRules have a promotion in each state, with limits of each kind.
func limitedRules(t testing.TB) *engine.Ruleset {
	t.Helper()
	off := []engine.Deal{&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: number(1)}}
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: "digest-of-limited", Currency: currency(t, "USD"),
		Promotions: []engine.Promotion{
			{ID: "active", Name: "Active", Source: "rules.yaml:3", Priority: 5, Deals: off, Limits: engine.Limits{Redemptions: number(100), Budget: number(500), Per: engine.MonthPeriod}},
			{ID: "budget-spent", Deals: off, Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{Budget: number(500)}},
			{ID: "closed", Deals: off, Schedule: engine.Schedule{Hours: []engine.Hours{{From: 8 * 60, Until: 24*60 - 1}}, Days: engine.Weekdays(0).With(noon().Add(24 * time.Hour).Weekday())}},
			{ID: "disabled", Deals: off, Disabled: true},
			{ID: "ended", Deals: off, Schedule: engine.Schedule{From: noon().Add(-2 * time.Hour), Until: noon()}, Coupon: engine.Coupon{Code: "SAVE"}},
			{ID: "orders-used", Deals: off, Limits: engine.Limits{Redemptions: number(7), PerCustomer: number(1)}},
			{ID: "scheduled", Deals: off, Schedule: engine.Schedule{From: noon().Add(time.Hour)}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func promotionSteps() []step {
	return []step{
		{"promotions", "GET", "promotions", ""},
		{"promotions_page", "GET", "promotions?limit=2&after=active", ""},
		{"promotions_exhausted", "GET", "promotions?state=exhausted", ""},
		{"promotions_state", "GET", "promotions?state=lost", ""},
		{"promotions_text", "GET", "promotions?text=SPR", ""},
		{"promotions_text_empty", "GET", "promotions?text=", ""},
		{"promotions_none", "GET", "promotions?after=z", ""},
		{"promotion", "GET", "promotions/active", ""},
		{"promotion_unknown", "GET", "promotions/no%2Fthing", ""},
	}
}

func promotionGoldens() []string {
	var names []string
	for _, s := range promotionSteps() {
		names = append(names, s.name)
	}
	return names
}

// TestPromotionsAreToldWithTheirUse tells promotions in each state.
func TestPromotionsAreToldWithTheirUse(t *testing.T) {
	s := open(t, withRules(engine.New(limitedRules(t))), func(s *shop, _ *api.Options) {
		s.basis = func(_ context.Context, of engine.Inquiry) (engine.Basis, error) {
			if len(of.Limited) != 3 {
				t.Errorf("asked for the use of %v, want three promotions", of.Limited)
			}
			return engine.Basis{Usage: engine.Usage{Promotions: map[string]engine.PromotionUsage{
				"active": {Redemptions: 99, Spent: 49999}, "budget-spent": {Redemptions: 3, Spent: 50000}, "orders-used": {Redemptions: 8},
			}}}, nil
		}
	})
	for _, x := range promotionSteps() {
		golden(t, x.name, s.do(x.method, "/v1/"+x.path, x.body, append(asJSON(), "X-Request-Id", "golden")...))
	}
}
