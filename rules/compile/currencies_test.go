package compile_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func mustCurrency(t testing.TB, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// perCurrency is a number of a currency's code and an amount, in turn.
func perCurrency(t testing.TB, codesAndAmounts ...string) engine.PerCurrency {
	t.Helper()
	amounts := make(engine.PerCurrency)
	for i := 0; i < len(codesAndAmounts); i += 2 {
		amounts[mustCurrency(t, codesAndAmounts[i])] = mustDecimal(codesAndAmounts[i+1])
	}
	return amounts
}

func TestAmountsPerCurrency(t *testing.T) {
	p, _ := compileAll(t, []string{"deal: {amount_off: {of: order, amount: {USD: 10, JPY: 1500, BHD: 3.755, EUR: 3 * 3}}}"}).Promotion("p0")
	want := perCurrency(t, "USD", "10", "JPY", "1500", "BHD", "3.755", "EUR", "9")
	if got := p.Deals[0].(*engine.AmountOff).Amount; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTheCurrenciesInWhichAPromotionHolds: the shop's currency is USD.
func TestTheCurrenciesInWhichAPromotionHolds(t *testing.T) {
	const percent = "deal: {percent_off: {of: order, percent: 10}}"
	for _, c := range []struct{ name, promotion, want string }{
		{"a percentage holds in any", percent, ""},
		{"three for two holds in any", "deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}", ""},
		{"an amount in the shop's", "deal: {amount_off: {of: order, amount: 10}}", "USD"},
		{"an expression over money in the shop's", "when: cart.subtotal > 10, " + percent, "USD"},
		{"a table in those that it has", "deal: {amount_off: {of: order, amount: {JPY: 900, EUR: 9}}}", "EUR JPY"},
		{"two tables in what they have in common", "limits: {budget: {USD: 100, EUR: 90, GBP: 80}}, deal: {amount_off: {of: order, amount: {JPY: 900, EUR: 9, GBP: 8}}}", "EUR GBP"},
		{"a table beside an amount in the shop's", "limits: {max_discount: 100}, deal: {amount_off: {of: order, amount: {USD: 10, EUR: 9}}}", "USD"},
		{"a table beside a condition on money in the shop's", "when: rich, deal: {amount_off: {of: order, amount: {USD: 10, EUR: 9}}}", "USD"},
		{"a list holds", "currencies: [GBP, EUR], deal: {amount_off: {of: order, amount: 10}}", "GBP EUR"},
		{"a list of one as a text", "currencies: EUR, deal: {amount_off: {of: order, amount: 10}}", "EUR"},
		{"a list holds for a percentage too", "currencies: [GBP, EUR], " + percent, "GBP EUR"},
		{"a list of fewer than a table has", "currencies: [EUR], deal: {amount_off: {of: order, amount: {USD: 10, EUR: 9}}}", "EUR"},
		{"a list of currencies with other digits than the shop's", "currencies: [BHD], deal: {amount_off: {of: order, amount: 0.005}}", "BHD"},
		{"tiers by spend", "deal: {tiers: {of: order, by: spend, steps: [{from: {EUR: 90}, percent_off: 10}]}}", "EUR"},
		{"tiers by quantity hold in any", "deal: {tiers: {of: order, steps: [{from: 3, percent_off: 10}]}}", ""},
		{"free shipping holds in any", "deal: {shipping: {}}", ""},
		{"shipping at a price", "deal: {shipping: {price: 5}}", "USD"},
		{"points hold in any", "deal: {award: {kind: points, amount: 5}}", ""},
		{"points for money", "deal: {award: {kind: points, amount: floor(cart.total)}}", "USD"},
		{"a limit in money", "limits: {budget: 100}, " + percent, "USD"},
		{"a limit on uses", "limits: {per_customer: 1}, " + percent, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{c.promotion}).Promotion("p0")
			var got []string
			for _, currency := range p.Currencies {
				got = append(got, currency.Code())
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
