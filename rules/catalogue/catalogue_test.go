package catalogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/catalogue"
)

func currency(t *testing.T, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestItemsAreReadWithAllTheirFacts(t *testing.T) {
	items, err := catalogue.Parse("items.yaml", []byte(`
items:
  - sku: 43N23P
    name: MacBook Pro
    price: 5399.99
    min_price: 4999
    stock: 5
    category: computers/laptops/
    categories: [apple]
    brand: Apple
    tags: [new, light]
    attributes: {screen: 14.20, refurbished: false, ports: [usb, hdmi], code: "007", none: }
  - {sku: "234234", price: 30}
  - {sku: PI, price: {USD: 30, EUR: 27.50, JPY: 4500}, min_price: {USD: 20, EUR: 19}}
`), currency(t, "USD"))
	if err != nil {
		t.Fatal(err)
	}
	screen, err := engine.ParseDecimal("14.20")
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.Item{
		{
			SKU: "43N23P", Name: "MacBook Pro", Price: 539999, MinPrice: 499900, Stock: 5,
			Categories: []string{"computers/laptops", "apple"}, Brand: "Apple", Tags: []string{"new", "light"},
			Attributes: engine.Attributes{
				"screen": engine.NumberValue(screen), "refurbished": engine.BoolValue(false),
				"ports": engine.TextsValue([]string{"usb", "hdmi"}), "code": engine.TextValue("007"), "none": {},
			},
		},
		{SKU: "234234", Name: "234234", Price: 3000, Stock: catalogue.Plenty, Attributes: engine.Attributes{}},
		{SKU: "PI", Name: "PI", Price: 3000, MinPrice: 2000, Stock: catalogue.Plenty, Attributes: engine.Attributes{},
			MinPrices: map[engine.Currency]engine.Amount{currency(t, "USD"): 2000, currency(t, "EUR"): 1900},
			Prices:    map[engine.Currency]engine.Amount{currency(t, "USD"): 3000, currency(t, "EUR"): 2750, currency(t, "JPY"): 4500}},
	}
	if diff := cmp.Diff(want, items, cmp.Comparer(func(a, b engine.Value) bool { return a.String() == b.String() })); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultOfAFileIsReported(t *testing.T) {
	for _, c := range []struct{ name, currency, text, want string }{
		{"many faults at once", "USD", `items:
  - {sku: "A B", price: 1}
  - {sku: C, price: 0.005}
  - {sku: D, price: -1}
  - {sku: E}
  - {sku: F, price: 1, stock: -1}
  - {sku: G, price: 1, colour: red}
  - {sku: F, price: 1}
  - {sku: H, name: G, price: 1}
  - {sku: I, price: 1, attributes: {size: {w: 1}}}
`, `items.yaml:2:12: R0004 "A B" is no SKU: a SKU has 1 to 64 letters, digits, -, _ and .
items.yaml:3:21: R0004 amount 0.005: USD has 2 decimal digits
items.yaml:4:21: R0107 an amount cannot be negative
items.yaml:5:5: R0003 key "price" is missing
items.yaml:6:31: R0004 stock wants a whole number from 0 to 1000000000, got "-1"
items.yaml:7:24: R0002 unknown key "colour": there is attributes, brand, categories, category, min_price, name, price, sku, stock, tags
items.yaml:8:11: R0005 the SKU F is given twice
items.yaml:9:5: R0005 the name "G" is given twice
items.yaml:10:43: R0004 want a text, a number, true, false or a list of texts`},
		{"the digits are those of the currency", "JPY", "items: [{sku: A, price: 1.5}]",
			"items.yaml:1:25: R0004 amount 1.5: JPY has 0 decimal digits"},
		{"prices per currency", "USD", `items:
  - {sku: A, price: {EUR: 9}}
  - {sku: B, price: {usd: 1, USD: 1}}
  - {sku: C, price: {USD: 1, JPY: 1.5, EUR: -1, GBP: , CHF: [1]}}
  - {sku: D, price: {}}
  - {sku: E, price: [1]}
`, `items.yaml:2:21: R0003 the price in USD, the shop's currency, is missing
items.yaml:3:22: R0004 "usd" is no currency: use an ISO 4217 code of three capital letters, such as USD
items.yaml:4:35: R0004 amount 1.5: JPY has 0 decimal digits
items.yaml:4:45: R0107 an amount cannot be negative
items.yaml:4:54: R0004 want a text, got nothing
items.yaml:4:61: R0004 want a text, got a list
items.yaml:5:21: R0003 the price in USD, the shop's currency, is missing
items.yaml:6:21: R0004 want a text, got a list`},
		{"no items", "USD", "items: []", "items.yaml: R0006 no items: list them under the key items"},
		{"no key", "USD", "{}", `items.yaml:1:1: R0003 key "items" is missing`},
		{"an empty file", "USD", "", "items.yaml: R0006 no items: list them under the key items"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := catalogue.Parse("items.yaml", []byte(c.text), currency(t, c.currency))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
