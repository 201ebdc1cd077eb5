package compile_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// drawAmount draws a number around zero, or one at the end of its range.
func drawAmount(t *rapid.T, label string, greatest int64) int64 {
	return rapid.OneOf(
		rapid.Int64Range(0, min(greatest, 300)), rapid.Int64Range(0, greatest), rapid.SampledFrom([]int64{0, 1, greatest - 1, greatest}),
	).Draw(t, label)
}

// drawAnyInteger draws what only callers can state, without any bound.
func drawAnyInteger(t *rapid.T, label string) int64 {
	return rapid.OneOf(
		rapid.Int64Range(-300, 300), rapid.Int64(),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 999_999_999_999_999_999, -999_999_999_999_999_999, 1_000_000_000_000_000_000}),
	).Draw(t, label)
}

// drawCart draws a cart of two lines in some currency.
func drawCart(t *rapid.T) engine.Cart {
	code := rapid.SampledFrom([]string{"USD", "USD", "JPY", "BHD", "CLF"}).Draw(t, "currency")
	currency, _ := engine.ParseCurrency(code)
	cart := engine.Cart{Currency: currency, Customer: engine.Customer{
		Orders: drawAnyInteger(t, "orders"), LifetimeSpend: engine.Amount(drawAnyInteger(t, "spend")),
	}}
	for i, category := range []string{"tv", "audio"} {
		cart.Lines = append(cart.Lines, engine.Line{Quantity: rapid.Int64Range(1, 300).Draw(t, "quantity"), Item: &engine.Item{
			SKU: fmt.Sprint("S", i), Name: "x", Categories: []string{category}, Price: engine.Amount(drawAmount(t, "price", int64(engine.MaxAmount)/1000)),
		}})
	}
	return cart
}

// drawLiteral draws a constant with up to 18 digits.
func drawLiteral(t *rapid.T) string {
	return rapid.OneOf(
		rapid.StringMatching(`-?[0-9]{1,3}`),
		rapid.StringMatching(`-?[0-9]{1,3}\.[0-9]{1,5}`),
		rapid.StringMatching(`-?[0-9]{1,14}\.[0-9]{1,4}`),
		rapid.StringMatching(`-?[1-9][0-9]{0,17}`),
		rapid.StringMatching(`-?0\.[0-9]{18}`),
		rapid.SampledFrom([]string{"999999999999999999", "-999999999999999999", "9999999999999999.99", "99999999999999999.9"}),
	).Draw(t, "literal")
}

// TestWholeNumbersCompareAsDecimalsDo compares every count and amount as a whole
// number and, as the only argument of max, as a decimal.
func TestWholeNumbersCompareAsDecimalsDo(t *testing.T) {
	counts := []string{"cart.quantity", "cart.lines", "tvs.quantity", "tvs.lines", "customer.orders", "len(cart.lines)", "count(cart.lines, .quantity > 5)"}
	amounts := []string{"cart.subtotal", "cart.total", "tvs.subtotal", "tvs.total", "customer.lifetime_spend", "shipping.price"}
	lineNumbers := []string{".quantity", ".price", ".subtotal", ".total"}
	operator := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="})
	rapid.Check(t, func(rt *rapid.T) {
		cart := drawCart(rt)
		for range 8 {
			number := rapid.SampledFrom(append(counts, amounts...)).Draw(rt, "number")
			other, op, form := drawLiteral(rt), operator.Draw(rt, "operator"), "%s %s %s"
			switch rapid.IntRange(0, 3).Draw(rt, "form") {
			case 1:
				other = rapid.SampledFrom(append(counts, amounts...)).Draw(rt, "other")
			case 2:
				number, form = rapid.SampledFrom(lineNumbers).Draw(rt, "number of a line"), "any(cart.lines, %s %s %s)"
			case 3: // near the number itself
				other = near(rt, number, cart)
			}
			whole := fmt.Sprintf(form, number, op, other)
			decimal := fmt.Sprintf(form, "max("+number+")", op, "max("+other+")")
			if rapid.Bool().Draw(rt, "mirrored") {
				whole, decimal = fmt.Sprintf(form, other, op, number), fmt.Sprintf(form, "max("+other+")", op, "max("+number+")")
			}
			if got, want := holds(t, whole, cart), holds(t, decimal, cart); got != want {
				rt.Errorf("%s: got %v, want %v", whole, got, want)
			}
		}
	})
}

// near returns a constant that is the number's value or close to it.
func near(t *rapid.T, number string, cart engine.Cart) string {
	value := engine.NewDecimal(7)
	switch number {
	case "cart.quantity":
		value = engine.NewDecimal(cart.Lines[0].Quantity + cart.Lines[1].Quantity)
	case "customer.orders":
		value = engine.NewDecimal(cart.Customer.Orders)
	case "tvs.subtotal", "tvs.total":
		value = cart.Currency.Decimal(cart.Lines[0].Item.Price * engine.Amount(cart.Lines[0].Quantity))
	}
	step := mustDecimal(rapid.SampledFrom([]string{"0", "0.001", "-0.001", "0.01", "-0.01", "1", "-1"}).Draw(t, "step"))
	if moved, ok := value.Add(step); ok {
		value = moved
	}
	return value.String()
}

func holds(t *testing.T, expression string, cart engine.Cart) bool {
	t.Helper()
	var answer bool
	withScope(t, expression, cart, func(c engine.Condition, s *engine.Scope) { answer = c.Holds(s) })
	return answer
}

// TestANumberOfOrdersEndsAt18Digits, as every number of the language does.
func TestANumberOfOrdersEndsAt18Digits(t *testing.T) {
	for _, orders := range []int64{math.MaxInt64, math.MinInt64} {
		cart := shopCart()
		cart.Customer.Orders = orders
		if e := fmt.Sprintf("customer.orders == %d", max(-999_999_999_999_999_999, min(orders, 999_999_999_999_999_999))); !holds(t, e, cart) {
			t.Errorf("%s: got false, want true", e)
		}
	}
}

func TestAmountsAreInTheCartsCurrency(t *testing.T) {
	for _, c := range []struct{ currency, holds string }{
		{"USD", "tvs.subtotal == 1999.98 and cart.subtotal >= 2158.48 and tvs.min_price == 999.99 and any(cart.lines, .price == 49.5)"},
		{"JPY", "tvs.subtotal == 199998 and cart.subtotal >= 215848 and tvs.min_price == 99999 and any(cart.lines, .price == 4950)"},
		{"BHD", "tvs.subtotal == 199.998 and cart.subtotal < 215.849 and tvs.max_price == 99.999 and any(cart.lines, .price == 4.95)"},
	} {
		cart := shopCart()
		cart.Currency, _ = engine.ParseCurrency(c.currency)
		if !holds(t, c.holds, cart) {
			t.Errorf("%s: got false, want true", c.currency)
		}
	}
}
