package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

// describeMisses writes misses as "3 of tvs; 10.00 of the order".
func describeMisses(misses []engine.Miss, c engine.Currency) string {
	texts := make([]string, len(misses))
	for i, m := range misses {
		of := "the order"
		if !m.Of.Order {
			of = sets()[m.Of.Set].Name
		}
		texts[i] = fmt.Sprintf("%d of %s", m.Units, of)
		if m.Spend > 0 {
			texts[i] = fmt.Sprintf("%s of %s", c.Format(m.Spend), of)
		}
	}
	return strings.Join(texts, "; ")
}

// TestMisses asks what the shop's cart lacks: it holds 2 televisions at 999.99,
// 3 speakers at 49.50 and a book at 10.00, 2158.48 together.
func TestMisses(t *testing.T) {
	for _, c := range []struct{ name, expression, want string }{
		{"units of a set", "tvs.quantity >= 5", "3 of tvs"},
		{"more than so many units", "tvs.quantity > 5", "4 of tvs"},
		{"exactly so many units", "tvs.quantity == 5", "3 of tvs"},
		{"a number of units that is not whole", "tvs.quantity >= 2.5", "1 of tvs"},
		{"more than a number that is not whole", "tvs.quantity > 2.5", "1 of tvs"},
		{"the other way round", "5 <= tvs.quantity", "3 of tvs"},
		{"the other way round, more than", "5 < tvs.quantity", "4 of tvs"},
		{"the other way round, exactly", "5 == tvs.quantity", "3 of tvs"},
		{"units that depend on the cart", "tvs.quantity >= 2 * customer.orders", "4 of tvs"},
		{"too many units already", "tvs.quantity == 1", ""},
		{"fewer units do not come by buying", "tvs.quantity < 2", ""},
		{"nor others than so many", "tvs.quantity != 2", ""},
		{"a number that is missing", "tvs.quantity >= customer.attributes.x", ""},
		{"units of the order", "cart.quantity >= 10", "4 of the order"},
		{"spend on a set", "tvs.subtotal >= 2000", "0.02 of tvs"},
		{"spend more than", "tvs.subtotal > 2000", "0.03 of tvs"},
		{"spend to a part of a cent", "tvs.subtotal >= 1999.981", "0.01 of tvs"},
		{"spend more than a part of a cent", "tvs.subtotal > 1999.981", "0.01 of tvs"},
		{"spend after discounts", "tvs.total >= 2000", "0.02 of tvs"},
		{"spend on the order", "cart.subtotal >= 2200", "41.52 of the order"},
		{"spend on the order after discounts", "2200 < cart.total", "41.53 of the order"},
		{"a subtotal to the cent is luck", "cart.subtotal == 2200", ""},
		{"items of a set", "nothing.lines >= 1", "1 of nothing"},
		{"items of a set, otherwise put", "nothing.lines > 0", "1 of nothing"},
		{"several different items", "nothing.lines >= 2", ""},
		{"any of a set", "any(nothing.lines, true)", "1 of nothing"},
		{"any of a set that is something", "any(nothing.lines, .price > 5)", "1 of nothing"},
		{"any line of a set", "any(cart.lines, .nothing)", "1 of nothing"},
		{"any of a set in a number", "any(nothing.lines, .quantity > 3)", ""},
		{"any line", "any(cart.lines, .price > 5000)", ""},
		{"of and the side that is false", "vip and tvs.quantity >= 5", "3 of tvs"},
		{"of and the other side", "tvs.quantity >= 5 and vip", "3 of tvs"},
		{"of and a side that buying does not help", "many == true and tvs.quantity >= 5", ""},
		{"of and two different things", "cart.quantity >= 10 and tvs.quantity >= 5", ""},
		{"of and twice the same", "tvs.quantity >= 5 and tvs.quantity > 5", "4 of tvs"},
		{"of and units and money of the same", "tvs.quantity >= 5 and tvs.subtotal >= 5000", ""},
		{"of or both", "tvs.quantity >= 5 or cart.subtotal >= 2200", "3 of tvs; 41.52 of the order"},
		{"of or each once", "tvs.quantity >= 5 or many or tvs.quantity >= 5", "3 of tvs; 95 of the order"},
		{"of or inside and", "(tvs.quantity >= 5 or cart.quantity >= 10) and vip", "3 of tvs; 4 of the order"},
		{"of not nothing", "not (tvs.quantity <= 5)", ""},
		{"of a name what its condition lacks", "many", "95 of the order"},
		{"of a name beside what holds", "vip and many", "95 of the order"},
		{"of what buying does not help", `cart.channel == "app"`, ""},
		{"of a choice nothing", "vip ? tvs.quantity >= 5 : true", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			withScope(t, c.expression, shopCart(), func(when engine.Condition, s *engine.Scope) {
				if when.Holds(s) {
					t.Fatal("got true, want false")
				}
				if got := describeMisses(when.Misses(s), s.Cart().Currency); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestMissesAreInTheCartsCurrency(t *testing.T) {
	cart := shopCart()
	cart.Currency, _ = engine.ParseCurrency("JPY") // 1999.98 dollars are now 199998 yen
	withScope(t, "tvs.subtotal > 200000", cart, func(when engine.Condition, s *engine.Scope) {
		if got, want := describeMisses(when.Misses(s), cart.Currency), "3 of tvs"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestMissesAreBounded has more alternatives than anybody wants to read.
func TestMissesAreBounded(t *testing.T) {
	parts := make([]string, 60)
	for i := range parts {
		parts[i] = fmt.Sprintf("cart.quantity >= %d", 100+i)
	}
	withScope(t, strings.Join(parts, " or "), shopCart(), func(when engine.Condition, s *engine.Scope) {
		if got := len(when.Misses(s)); got != 16 {
			t.Errorf("got %d misses, want 16", got)
		}
	})
}
