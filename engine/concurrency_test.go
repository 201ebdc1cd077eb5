package engine_test

import (
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// TestARulesetIsUsedByManyAtOnce prices two carts of one shop side by side, which
// the race detector watches, and compares with what each gave alone.
func TestARulesetIsUsedByManyAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawWholeShop(t)
		rules := s.rules(t)
		other := s.request
		other.Cart.Lines = draws{t}.lines()
		requests := []engine.Request{s.request, other}
		want := []string{asJSON(t, priceRequest(t, s.rules(t), s.request)), asJSON(t, priceRequest(t, s.rules(t), other))}
		got, errs := make([]engine.Quote, 8), make([]error, 8)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				got[i], errs[i] = rules.Price(requests[i%2])
			})
		}
		all.Wait()
		for i, quote := range got {
			if errs[i] != nil {
				t.Fatalf("%v\n%s", errs[i], s)
			}
			if text := asJSON(t, quote); text != want[i%2] {
				t.Fatalf("alone %s, beside others %s\n%s", want[i%2], text, s)
			}
		}
	})
}
