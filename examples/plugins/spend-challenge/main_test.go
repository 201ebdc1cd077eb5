package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/plugins/plugintest"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func TestReward(t *testing.T) {
	dir := t.TempDir()
	h := plugintest.New(t, challenge{dir: dir})
	cart := sdk.Cart{
		Currency: sdk.Currency{Code: "USD", Digits: 2}, Customer: &sdk.Customer{ID: "c-42"},
		Lines: []sdk.Line{{SKU: "A", Quantity: 2, Price: 1050}},
	}
	tests := []struct {
		name, orders, config string
		want                 sdk.Answer
	}{
		{"nobody has bought anything", "", `{"spend": 90, "off": 10}`, sdk.Nothing("0 of 3 orders are placed")},
		{"an order is missing", `{"c-42": [5000, 5000]}`, `{"spend": 90, "off": 10}`, sdk.Nothing("2 of 3 orders are placed")},
		{"the last orders are worth too little", `{"c-42": [9000, 1000, 1000, 1000]}`, `{"spend": 90, "off": 10}`,
			sdk.Nothing("the last 3 orders were worth 30.00 USD, and 90.00 USD is wanted")},
		{"the challenge is met", `{"c-42": [3000, 3000, 3000]}`, `{"spend": 90, "off": 10}`, sdk.OffOrder(1000)},
		{"no more than the order costs", `{"c-42": [9000]}`, `{"orders": 1, "spend": 90, "off": 50}`, sdk.OffOrder(2100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.orders != "" {
				if err := os.WriteFile(filepath.Join(dir, ordersFile), []byte(tt.orders), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.Answer(cart, "reward", tt.config); !reflect.DeepEqual(got, tt.want) { // asks twice: pricing counts nothing
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
