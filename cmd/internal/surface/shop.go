package surface

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// shop is a database in memory, in one currency.
type shop struct {
	store *persistence.Store
	kept  map[string]*engine.Item // what is in it, as the cases have it
}

// shop returns the one of the currency.
func (v *server) shop(ctx context.Context, currency engine.Currency) (*shop, error) {
	if known := v.shops[currency]; known != nil {
		return known, nil
	}
	db, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return nil, err
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	s := &shop{store: store, kept: make(map[string]*engine.Item)}
	v.shops[currency] = s
	return s, nil
}

// stock makes the items of the database those of the request. What no database takes
// is a *ruletest.NotCarriedError.
func (s *shop) stock(ctx context.Context, req *engine.Request) error {
	wanted := sold(req)
	var gone []string
	for sku := range s.kept {
		if wanted[sku] == nil {
			gone = append(gone, sku)
		}
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		if err := s.store.DeleteItems(ctx, gone); err != nil {
			return err
		}
		for _, sku := range gone {
			delete(s.kept, sku)
		}
	}
	var changed []engine.Item
	for sku, item := range wanted {
		if s.kept[sku] != item {
			changed = append(changed, priced(*item, req.Cart.Currency))
		}
	}
	slices.SortFunc(changed, func(a, b engine.Item) int { return strings.Compare(a.SKU, b.SKU) })
	_, err := s.store.Upsert(ctx, changed)
	if errors.As(err, new(*persistence.InvalidError)) || errors.As(err, new(*engine.NameTakenError)) {
		return &ruletest.NotCarriedError{Needs: []string{"a catalogue that no database takes (" + err.Error() + ")"}}
	}
	if err != nil {
		return err
	}
	for _, item := range changed {
		s.kept[item.SKU] = wanted[item.SKU]
	}
	return nil
}

// sold returns the items that have a price in the currency of the cart.
func sold(req *engine.Request) engine.CatalogMap {
	catalog, _ := req.Catalog.(engine.CatalogMap)
	items := make(engine.CatalogMap, len(catalog))
	for sku, item := range catalog {
		if _, priced := item.Prices[req.Cart.Currency]; priced || item.Prices == nil {
			items[sku] = item
		}
	}
	return items
}

// priced is the item as a shop of the currency has it.
func priced(item engine.Item, c engine.Currency) engine.Item {
	if item.Prices != nil {
		item.Price, item.MinPrice = item.Prices[c], item.MinPrices[c]
		item.Prices, item.MinPrices = nil, nil
	}
	return item
}
