package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// TestQuotesUnderReloadComeFromOneRuleset prices a cart of 100.00 from many
// goroutines while the watcher swaps rulesets. Each quote must name a ruleset
// that was published, and cost what that ruleset says.
func TestQuotesUnderReloadComeFromOneRuleset(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(0)})
	s.opts.Debounce = time.Millisecond
	live := engine.New(nil)
	var totals sync.Map // digest of a published ruleset to the total of a quote
	s.opts.Compile = func(files []compile.File) (*engine.Ruleset, error) {
		var off engine.Amount
		if _, err := fmt.Sscanf(amount(files[0]), "%d", &off); err != nil {
			return nil, err
		}
		totals.Store("compiled "+compile.Digest(files), 10_000-100*off)
		return s.compile(files)
	}
	s.opts.Publish = func(_ context.Context, r *engine.Ruleset, _ []compile.File) error {
		total, _ := totals.Load("compiled " + r.Digest())
		totals.Store(r.Digest(), total)
		live.Swap(r)
		return nil
	}
	s.run()

	stop := make(chan struct{})
	var pricing sync.WaitGroup
	seen := make([]map[string]bool, 4)
	for i := range seen {
		seen[i] = make(map[string]bool)
		pricing.Go(func() { priceUntil(t, stop, live, &totals, seen[i]) })
	}
	for p := 1; p <= 40; p++ {
		save := write // may be seen half written, which must not matter
		if p%2 == 0 {
			save = replace
		}
		save(t, s.path("promos.yaml"), percent(p))
		s.good(strings.TrimSpace(fmt.Sprint(p)))
	}
	close(stop)
	pricing.Wait()
	for i := range seen {
		if len(seen[i]) < 2 {
			t.Errorf("goroutine %d saw %d rulesets, want several", i, len(seen[i]))
		}
	}
}

func priceUntil(t *testing.T, stop chan struct{}, live *engine.Engine, totals *sync.Map, seen map[string]bool) {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Error(err)
		return
	}
	request := engine.Request{Cart: engine.Cart{
		Currency: usd, Lines: []engine.Line{{Item: &engine.Item{SKU: "TV1", Price: 5_000}, Quantity: 2}},
	}}
	for {
		select {
		case <-stop:
			return
		default:
		}
		quote, err := live.Active().Price(request)
		if err != nil {
			t.Error(err)
			return
		}
		want, published := totals.Load(quote.Ruleset)
		if !published || quote.Total != want.(engine.Amount) {
			t.Errorf("ruleset %s: got total %v, want %v, published %v", quote.Ruleset, quote.Total, want, published)
			return
		}
		seen[quote.Ruleset] = true
	}
}
