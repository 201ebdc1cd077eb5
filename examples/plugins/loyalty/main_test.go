package main

import (
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/plugins/plugintest"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func cartOf(customer string) sdk.Cart {
	cart := sdk.Cart{Currency: sdk.Currency{Code: "USD", Digits: 2}, Lines: []sdk.Line{{SKU: "A", Quantity: 2, Price: 1050}}}
	if customer != "" {
		cart.Customer = &sdk.Customer{ID: customer}
	}
	return cart
}

func TestLoyalty(t *testing.T) {
	h := plugintest.New(t, &loyalty{})
	if err := h.Configure(`{"points": {"c-42": 1250, "rich": 1000000}}`); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, customer, kind, config string
		want                         sdk.Answer
	}{
		{"points are worth money", "c-42", "spend_points", `{"rate": 0.01}`, sdk.OffOrder(1250)},
		{"what is less than a cent is cut off", "c-42", "spend_points", `{"rate": 0.00125}`, sdk.OffOrder(156)},
		{"there is a most", "c-42", "spend_points", `{"rate": 0.01, "max": 5}`, sdk.OffOrder(500)},
		{"no more than the order costs", "rich", "spend_points", `{"rate": 0.01}`, sdk.OffOrder(2100)},
		{"a guest has no points", "", "spend_points", `{"rate": 0.01}`, sdk.Nothing("the customer has no points")},
		{"whole dollars earn points", "c-42", "earn_points", `{"points": 2}`, sdk.Award("points", "42")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.Answer(cartOf(tt.customer), tt.kind, tt.config); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	facts, err := h.Facts(sdk.FactsRequest{Cart: cartOf("c-42"), Names: []string{"points", "tier"}})
	if want := map[string]sdk.Value{"points": sdk.Int(1250), "tier": sdk.Text("gold")}; err != nil || !reflect.DeepEqual(facts, want) {
		t.Errorf("facts: got %v, %v; want %v", facts, err, want)
	}
}
