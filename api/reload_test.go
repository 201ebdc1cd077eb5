package api_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

// TestEveryAnswerIsWhollyOfOneRuleset swaps rulesets while prices are asked for
// and things are bought.
func TestEveryAnswerIsWhollyOfOneRuleset(t *testing.T) {
	s := open(t)
	rulesets := []*engine.Ruleset{percentRules(t, "ten", 10), percentRules(t, "forty", 40), originalRules(t)}
	costs := map[string]string{"ten": "134.97", "forty": "89.98", "digest-of-three": "99.98"}
	var done atomic.Bool
	var swapping, asking sync.WaitGroup
	swapping.Go(func() {
		for i := 0; !done.Load(); i++ {
			s.rules.Swap(rulesets[i%len(rulesets)])
		}
	})
	list := slices.Repeat([]string{tv}, 3)
	want := func(digest, cost string) {
		if costs[digest] != cost {
			t.Errorf("got %s under ruleset %q, want %q", cost, digest, costs[digest])
		}
	}
	for range 4 {
		asking.Go(func() {
			for range 300 {
				quote := s.price(t, list...)
				want(quote.Ruleset, quote.TotalWithDiscount.String())
				s.put(`{"items":[{"name":"Google TV","sku":"120P90","price":49.99,"inventory_quantity":1000}]}`)
				w := s.do("POST", purchasePath, skus(list...))
				order := decoded[struct {
					bought
					Ruleset string
				}](t, w.Body.String())
				want(order.Ruleset, order.Cost.String())
			}
		})
	}
	asking.Wait()
	done.Store(true)
	swapping.Wait()
	seen := make(map[string]int)
	for _, order := range s.orders {
		seen[order.Quote.Ruleset]++
	}
	t.Logf("orders by ruleset: %v", seen)
	if len(seen) < 2 {
		t.Errorf("got orders of %v, want several rulesets to have been used", seen)
	}
}

// TestTheRulesetIsReadOnce counts how often a request asks for the rules.
func TestTheRulesetIsReadOnce(t *testing.T) {
	rules := &countingRules{Engine: engine.New(originalRules(t))}
	s := open(t, withRules(rules))
	for _, request := range [][3]string{
		{"GET", itemPath + macbook, ""},
		{"POST", pricePath, skus(macbook, tv)},
		{"POST", purchasePath, skus(macbook, tv)},
	} {
		before := rules.reads.Load()
		want(t, s.do(request[0], request[1], request[2]), 200)
		if got := rules.reads.Load() - before; got != 1 {
			t.Errorf("%s %s: got %d reads of the ruleset, want 1", request[0], request[1], got)
		}
	}
}

type countingRules struct {
	*engine.Engine
	reads atomic.Int64
}

func (r *countingRules) Active() *engine.Ruleset {
	r.reads.Add(1)
	return r.Engine.Active()
}
