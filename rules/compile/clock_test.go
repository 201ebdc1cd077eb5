package compile_test

import (
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// TestTheClockIsReadInTheTimezoneOfThePromotion prices without an explanation, where
// the engine takes a short way: the condition is all that decides.
func TestTheClockIsReadInTheTimezoneOfThePromotion(t *testing.T) {
	ruleset, err := compile.Compile([]compile.File{{Name: "shop.yaml", Data: []byte(`promotions:
  - id: everywhere
    priority: 3
    when: now.hour == 12
    deal: {percent_off: {of: order, percent: 10}}
  - id: tokyo
    priority: 2
    schedule: {timezone: Asia/Tokyo}
    when: now.hour == 21
    deal: {percent_off: {of: order, percent: 20}}
  - id: after-tokyo
    priority: 1
    when: now.hour == 12
    deal: {percent_off: {of: order, percent: 50}}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, explain := range []bool{false, true} {
		quote, err := ruleset.Price(engine.Request{Cart: unitsOf("tv", 1), At: time.Date(2026, 11, 27, 12, 30, 0, 0, time.UTC), Explain: explain})
		if err != nil {
			t.Fatal(err)
		}
		if want := engine.Amount(360); quote.Total != want {
			t.Errorf("explained %v: got %d, want %d", explain, quote.Total, want)
		}
	}
}
