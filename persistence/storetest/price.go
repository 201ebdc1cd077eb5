package storetest

import (
	"context"
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
)

// pricing is what Purchase asks for a quote.
type pricing = func(items map[string]*engine.Item) (engine.Quote, error)

// Sale is a sale of the units, for which promotions may add the extra items, at
// what price says.
func Sale(units, extra []string, price func(map[string]*engine.Item) (engine.Quote, error)) engine.Sale {
	return engine.Sale{
		Units: units, Inquiry: engine.Inquiry{SKUs: extra},
		Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
			quote, err := price(b.Items)
			return engine.Request{}, quote, err
		},
	}
}

func (s *shop) purchase(ctx context.Context, skus, extra []string, price pricing) (engine.Order, error) {
	return s.Purchase(ctx, Sale(skus, extra, price))
}

// listPrice prices the units without any promotion.
func listPrice(currency engine.Currency, skus []string) pricing {
	return withGifts(currency, skus, nil)
}

// withGifts prices the units and gives, for each unit of a SKU in gifts, a unit
// of the item named there, as long as the stock has them all.
func withGifts(currency engine.Currency, skus []string, gifts map[string]string) pricing {
	return func(items map[string]*engine.Item) (engine.Quote, error) {
		quote := engine.Quote{Ruleset: "test", Currency: currency}
		units := count(skus)
		for _, sku := range slices.Sorted(maps.Keys(units)) {
			line := quoteLine(items[sku], units[sku])
			quote.Lines = append(quote.Lines, line)
			quote.Subtotal += line.Subtotal
			quote.Total += line.Total
			gift, left := items[gifts[sku]], int64(0)
			if gift != nil {
				left = gift.Stock - units[gift.SKU]
			}
			if gift != nil && left >= units[sku] {
				quote.Gifts = append(quote.Gifts, engine.Gift{
					SKU: gift.SKU, Name: gift.Name, Quantity: units[sku], Worth: gift.Price, Promotion: "gift",
				})
			}
		}
		return quote, nil
	}
}

func quoteLine(item *engine.Item, n int64) engine.QuoteLine {
	total := item.Price * engine.Amount(n)
	return engine.QuoteLine{
		SKU: item.SKU, Name: item.Name, Quantity: n, UnitPrice: item.Price,
		Subtotal: total, Total: total, Units: []engine.Units{{Quantity: n, Price: item.Price}},
	}
}

func count(skus []string) map[string]int64 {
	units := make(map[string]int64)
	for _, sku := range skus {
		units[sku]++
	}
	return units
}
