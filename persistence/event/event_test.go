package event_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/persistence/event"
)

const (
	eventID = "01997c2e-7f00-7000-8000-000000000001"
	orderID = "01997c2e-7f00-7000-8000-0000000000aa"
)

func TestBodies(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 54, 25, 123456000, time.FixedZone("", 3600))
	usd, bhd := currency(t, "USD"), currency(t, "BHD")
	reversal := event.Reversal{
		Order: orderID, At: at, Currency: usd, Refund: 4999, Reason: "changed <my> mind",
		Units: []event.ReversedUnits{{SKU: "120P90", Quantity: 1, Refund: 4999}, {SKU: "234234", Quantity: 1, Gift: true}},
	}
	examples := map[event.Type]event.Event{
		event.TypeOrderPlaced:    event.OrderPlaced(order(usd, at)),
		event.TypeOrderCancelled: event.OrderCancelled(reversal),
		event.TypeOrderReturned:  event.OrderReturned(reversal),
		event.TypeStockLow:       event.StockLow(engine.Item{SKU: "120P90", Name: "Google TV", Stock: 2}, 3),
		event.TypePromotionExhausted: event.PromotionExhausted(event.Limit{
			Promotion: "spring", Kind: "budget", Allowed: "500.000", Used: "499.500", Currency: bhd, Order: orderID, Ruleset: "9f3c",
		}),
		event.TypePromotionPaused:  event.PromotionPaused("spring", "k3m9x2p4qz", "priced too low", at, at.Add(12*time.Hour)),
		event.TypePromotionResumed: event.PromotionResumed("spring", "cli", at),
		event.TypeRulesetChanged:   event.RulesetChanged("9f3c", "77ab", "01997c2e-7f00-7000-8000-000000000000"),
	}
	for _, kind := range event.Types() {
		t.Run(string(kind), func(t *testing.T) {
			e, known := examples[kind]
			if !known || e.Type != kind {
				t.Fatalf("got an example of %q, want one of %q", e.Type, kind)
			}
			body, err := e.Body(eventID, at)
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", string(kind)+".golden.json"), indented(t, body))
		})
	}
}

func TestEventsOfOneThingShareItsAggregate(t *testing.T) {
	usd := currency(t, "USD")
	reversal := event.Reversal{Order: orderID, Currency: usd}
	for _, tt := range []struct {
		name string
		got  event.Aggregate
		want event.Aggregate
	}{
		{"a placed order", event.OrderPlaced(order(usd, time.Time{})).Aggregate, event.Aggregate{Type: "order", Key: orderID}},
		{"a cancelled order", event.OrderCancelled(reversal).Aggregate, event.Aggregate{Type: "order", Key: orderID}},
		{"a returned order", event.OrderReturned(reversal).Aggregate, event.Aggregate{Type: "order", Key: orderID}},
		{"an item", event.StockLow(engine.Item{SKU: "A"}, 0).Aggregate, event.Aggregate{Type: "item", Key: "A"}},
		{"a promotion", event.PromotionExhausted(event.Limit{Promotion: "p"}).Aggregate, event.Aggregate{Type: "promotion", Key: "p"}},
		{"a paused promotion", event.PromotionPaused("p", "a", "b", time.Time{}, time.Time{}).Aggregate, event.Aggregate{Type: "promotion", Key: "p"}},
		{"a resumed promotion", event.PromotionResumed("p", "a", time.Time{}).Aggregate, event.Aggregate{Type: "promotion", Key: "p"}},
		{"the ruleset", event.RulesetChanged("a", "b", "c").Aggregate, event.Aggregate{Type: "ruleset"}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestAPromotionIsExhaustedOnceForEachLimit(t *testing.T) {
	limit := event.Limit{Promotion: "p", Kind: "redemptions", Allowed: "10", Used: "10", Order: "one"}
	again, raised, other := limit, limit, limit
	again.Order, raised.Allowed, other.Kind = "another", "20", "budget"
	first := event.PromotionExhausted(limit).Once
	if got := event.PromotionExhausted(again).Once; got != first {
		t.Errorf("the same limit: got %s, want %s", got, first)
	}
	for _, l := range []event.Limit{raised, other} {
		if event.PromotionExhausted(l).Once == first {
			t.Errorf("limit %v: got the text of %v, want one of its own", l, limit)
		}
	}
}

// order has everything that an order can have.
func order(usd engine.Currency, at time.Time) engine.Order {
	return engine.Order{
		Reference: orderID, PlacedAt: at,
		Quote: engine.Quote{
			Ruleset: "9f3c", Currency: usd, Subtotal: 554996, Discount: 4999, Total: 549997, ShippingTotal: 495,
			Lines: []engine.QuoteLine{
				{SKU: "120P90", Name: "Google TV", Quantity: 3, UnitPrice: 4999, Subtotal: 14997, Discount: 4999, Total: 9998},
				{SKU: "43N23P", Name: "MacBook Pro", Quantity: 1, UnitPrice: 539999, Subtotal: 539999, Total: 539999},
			},
			Gifts: []engine.Gift{{SKU: "234234", Name: "Raspberry Pi B", Quantity: 1, Worth: 3000, Promotion: "macbook-pi"}},
			Promotions: []engine.Outcome{
				{Promotion: "tv-3-for-2", Name: "Google TV, three for two", Reason: engine.Applied, Discount: 4999, Coupon: "TV"},
				{Promotion: "macbook-pi", Name: "A Pi for every MacBook", Reason: engine.Applied},
				{Promotion: "speakers-10", Reason: engine.ConditionFalse},
			},
		},
	}
}

func currency(t *testing.T, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// indented sets JSON in lines, without changing it otherwise.
func indented(t *testing.T, body []byte) string {
	t.Helper()
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(json.RawMessage(body)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
