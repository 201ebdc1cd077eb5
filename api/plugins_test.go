package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// loyaltyRules take 10 % off the order and what the plugin loyalty says.
func loyaltyRules(t testing.TB, reject bool) *engine.Engine {
	t.Helper()
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: "loyalty", Currency: currency(t, "USD"), Facts: []engine.FactKey{{Plugin: "loyalty", Name: "points"}},
		Promotions: []engine.Promotion{
			{ID: "all", Deals: []engine.Deal{&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: number(10)}}},
			{ID: "points", Name: "Points", Deals: []engine.Deal{&engine.PluginDeal{
				Plugin: "loyalty", Kind: "spend_points", Config: "{}", Effect: engine.OrderEffect, Reject: reject,
			}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine.New(rules)
}

func withPlugins(rules *engine.Engine, plugins engine.Plugins) func(*shop, *api.Options) {
	return func(s *shop, o *api.Options) { s.rules, o.Rules, o.Plugins = rules, rules, plugins }
}

// loyalty takes 5.00 off and tells 500 points.
type loyalty struct{ engine.NoPlugins }

func (loyalty) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	return map[engine.FactKey]engine.Value{wanted[0]: engine.NumberValue(engine.NewDecimal(500))}
}

func (loyalty) Evaluate(_ context.Context, _ *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	return []engine.Answer{{Promotion: questions[0].Promotion, Off: 500}}
}

// pluginPrice is what a price says of promotions.
type pluginPrice struct {
	Total      json.Number `json:"total_with_discount"`
	Promotions []struct{ ID string }
	Failures   *[]struct{ ID, Name, Fault string } `json:"plugin_failures"`
}

func TestPluginsTakePartInPricesAndPurchases(t *testing.T) {
	s := open(t, withPlugins(loyaltyRules(t, true), loyalty{}))
	got := decoded[pluginPrice](t, want(t, s.do("POST", pricePath, skus(tv, tv)), http.StatusOK))
	// 99.98 less 10 %, less 5.00
	if got.Total != "84.98" || len(got.Promotions) != 2 || got.Failures != nil {
		t.Errorf("got %+v, want 84.98 by both promotions", got)
	}
	if cost := s.buy(t, tv, tv).Cost.String(); cost != "84.98" {
		t.Errorf("bought at %s, want 84.98", cost)
	}
	recorded := s.requests[0]
	if diff := cmp.Diff([]engine.Answer{{Promotion: "points", Off: 500}}, recorded.Answers); diff != "" {
		t.Errorf("the recorded answers (-want +got):\n%s", diff)
	}
	if points, ok := recorded.Facts["loyalty"]["points"].Number(); !ok || points.String() != "500" {
		t.Errorf("got the recorded facts %v, want 500 points", recorded.Facts)
	}
}

func TestWithoutPluginsEverythingElseIsPriced(t *testing.T) {
	s := open(t, withPlugins(loyaltyRules(t, false), nil))
	got := decoded[pluginPrice](t, want(t, s.do("POST", pricePath, skus(tv, tv)), http.StatusOK))
	if got.Total != "89.98" || len(got.Promotions) != 1 || got.Promotions[0].ID != "all" {
		t.Errorf("got %+v, want 89.98 by the other promotion", got)
	}
	failures := fmt.Sprint(*got.Failures)
	if failures != "[{points Points not_running}]" {
		t.Errorf("got the failures %s, want that of points", failures)
	}
	if cost := s.buy(t, tv, tv).Cost.String(); cost != "89.98" {
		t.Errorf("bought at %s, want 89.98", cost)
	}
}

func TestACartThatAPluginHasToPriceIsRefusedWithoutIt(t *testing.T) {
	s := open(t, withPlugins(loyaltyRules(t, true), nil))
	const message = "the cart cannot be priced: plugin loyalty of promotion points failed (not_running): try again later"
	wantError(t, s.do("POST", pricePath, skus(tv)), http.StatusServiceUnavailable, message)
	wantError(t, s.do("GET", itemPath+tv, ""), http.StatusServiceUnavailable, message)
	wantError(t, s.do("POST", purchasePath, skus(tv)), http.StatusServiceUnavailable, message)
	if len(s.orders) > 0 {
		t.Errorf("got %d orders, want none", len(s.orders))
	}
}
