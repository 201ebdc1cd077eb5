package engine_test

import (
	"errors"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func TestItemsArePricedInTheCurrencyOfTheCart(t *testing.T) {
	dollars, euros, yen := currency(t, "USD"), currency(t, "EUR"), currency(t, "JPY")
	item := &engine.Item{
		SKU: "A", Price: 1000, MinPrice: 900,
		Prices:    map[engine.Currency]engine.Amount{dollars: 1000, euros: 800},
		MinPrices: map[engine.Currency]engine.Amount{dollars: 900, euros: 500},
	}
	half := &engine.PercentOff{Of: engine.Selection{Order: true}, Percent: engine.Constant(engine.NewDecimal(50))}
	rules := newRuleset(t, engine.Promotion{ID: "half", Deals: []engine.Deal{half}})
	for _, c := range []struct {
		currency engine.Currency
		subtotal engine.Amount
		total    engine.Amount
	}{{dollars, 1000, 900}, {euros, 800, 500}} {
		cart := engine.Cart{Currency: c.currency, Lines: []engine.Line{{Item: item, Quantity: 1}}}
		quote, err := rules.Price(engine.Request{Cart: cart})
		if err != nil {
			t.Fatal(err)
		}
		if quote.Subtotal != c.subtotal || quote.Total != c.total {
			t.Errorf("%s: got %d and %d, want %d and %d", c.currency, quote.Subtotal, quote.Total, c.subtotal, c.total)
		}
	}
	cart := engine.Cart{Currency: yen, Lines: []engine.Line{{Item: item, Quantity: 1}}}
	_, err := rules.Price(engine.Request{Cart: cart})
	var refused *engine.CartError
	if !errors.As(err, &refused) || refused.Error() != "price cart: lines[0]: A has no price in JPY" {
		t.Errorf("got %v, want that A has no price in JPY", err)
	}
}
