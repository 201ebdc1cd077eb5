package persistence_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// While a popular item is being sold, its other buyers wait and are then sold to
// together; those of other items do not wait.
func TestBuyersOfOneItemAreSoldToTogether(t *testing.T) {
	db, err := sqlite.OpenMemory(t.Context())
	must(t, err)
	db.Prepare = false // as of any Database that can Sell
	began, goOn := make(chan []string), make(chan struct{})
	db.Sell = func(_ context.Context, sales persistence.Sales) (persistence.Sold, error) {
		var skus []string
		for _, o := range sales.Orders {
			skus = append(skus, o.Takes[0].SKU)
		}
		began <- skus
		if skus[0] == "A" {
			<-goOn
		}
		return persistence.Sold{Orders: make([]bool, len(sales.Orders))}, nil // the statements sell
	}
	usd, err := engine.ParseCurrency("USD")
	must(t, err)
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.Migrate(t.Context()))
	_, err = store.Upsert(t.Context(), []engine.Item{{SKU: "A", Name: "A", Price: 100, Stock: 10}, {SKU: "B", Name: "B", Price: 100, Stock: 10}})
	must(t, err)
	var all sync.WaitGroup
	buy := func(sku string) {
		all.Go(func() {
			if _, err := store.Purchase(context.Background(), saleOf(usd, sku)); err != nil {
				t.Error(err)
			}
		})
	}
	buy("A")
	if got := <-began; len(got) != 1 {
		t.Fatalf("got %v, want the first alone", got)
	}
	for range 5 {
		buy("A")
	}
	buy("B")
	if got := <-began; len(got) != 1 || got[0] != "B" {
		t.Errorf("got %v at the same time, want the buyer of B", got)
	}
	for store.Waiting() < 5 {
		runtime.Gosched()
	}
	goOn <- struct{}{}
	if got := <-began; len(got) != 5 {
		t.Errorf("got %v, want the five of A together", got)
	}
	goOn <- struct{}{}
	all.Wait()
}

// saleOf sells a unit at its list price.
func saleOf(usd engine.Currency, sku string) engine.Sale {
	return engine.Sale{Units: []string{sku}, Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
		price := b.Items[sku].Price
		return engine.Request{}, engine.Quote{
			Ruleset: "test", Currency: usd, Subtotal: price, Total: price,
			Lines: []engine.QuoteLine{{SKU: sku, Quantity: 1, Subtotal: price, Total: price}},
		}, nil
	}}
}
