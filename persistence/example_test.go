package persistence_test

import (
	"context"
	"fmt"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// A shop sells two televisions, and cannot sell two more.
func Example() {
	if err := sellTelevisions(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// sold [TV TV] for 99.98, 1 left
	// insufficient stock for item TV: requested 2, available 1
}

func sellTelevisions(ctx context.Context) error {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		return err
	}
	rules, err := engine.NewRuleset(engine.RulesetConfig{Currency: usd})
	if err != nil {
		return err
	}
	db, err := sqlite.OpenMemory(ctx) // or sqlite.Open(ctx, "data/checkout.db")
	if err != nil {
		return err
	}
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	if _, err := store.Upsert(ctx, []engine.Item{{SKU: "TV", Name: "Google TV", Price: 4999, Stock: 3}}); err != nil {
		return err
	}

	now := time.Now()
	sale := engine.Sale{
		Units:   []string{"TV", "TV"},
		Inquiry: engine.Inquiry{SKUs: rules.GiftSKUs(), Limited: rules.UsageKeys(now)},
		Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
			cart := engine.Cart{Currency: usd, Lines: []engine.Line{{Item: b.Items["TV"], Quantity: 2}}}
			request := engine.Request{Cart: cart, Catalog: engine.CatalogMap(b.Items), Usage: b.Usage, At: now}
			quote, err := rules.Price(request)
			return request, quote, err
		},
	}
	order, err := store.Purchase(ctx, sale)
	if err != nil {
		return err
	}
	tv, err := store.ItemByKey(ctx, "Google TV")
	if err != nil {
		return err
	}
	fmt.Printf("sold %v for %s, %d left\n", order.SKUs, usd.Format(order.Quote.Total), tv.Stock)

	_, err = store.Purchase(ctx, sale)
	return err
}
