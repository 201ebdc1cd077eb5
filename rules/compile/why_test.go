package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
)

// why returns the clauses of an expression that does not hold, one a line.
func why(t *testing.T, expression string) string {
	t.Helper()
	ruleset := compileAll(t, []string{"when: " + quoted(expression) + ", deal: {percent_off: {of: order, percent: 0}}"})
	o := outcomes(t, ruleset, shopCart(), friday)["p0"]
	if o.Reason != engine.ConditionFalse {
		t.Fatalf("got %s, want %s", o.Reason, engine.ConditionFalse)
	}
	lines := make([]string, len(o.Obstacle.Why))
	for i, c := range o.Obstacle.Why {
		lines[i] = fmt.Sprintf("%s | %s", c.Source, c.Values)
	}
	return strings.Join(lines, "\n")
}

func TestWhy(t *testing.T) {
	for _, c := range []struct{ name, expression, want string }{
		{"a comparison shows what it compares", "cart.quantity > 10", "cart.quantity > 10 | 6 > 10"},
		{"brackets belong to the comparison", "(cart.quantity + 1) * 2 > 100", "(cart.quantity + 1) * 2 > 100 | 14 > 100"},
		{"brackets around the whole do not", "(cart.quantity > 10)", "cart.quantity > 10 | 6 > 10"},
		{"money has the digits of its currency", "tvs.subtotal >= 5000", "tvs.subtotal >= 5000 | 1999.98 >= 5000"},
		{"texts are quoted", `cart.channel == "app"`, `cart.channel == "app" | "web" == "app"`},
		{"lists are lists", `"gold" in customer.groups`, `"gold" in customer.groups | "gold" in ["vip" "staff"]`},
		{"literal lists too", `cart.channel in ["app", "shop"]`, `cart.channel in ["app", "shop"] | "web" in ["app", "shop"]`},
		{"ranges too", "cart.quantity in 10..20", "cart.quantity in 10..20 | 6 in 10..20"},
		{"a missing fact is missing", "customer.attributes.age >= 18", "customer.attributes.age >= 18 | missing >= 18"},
		{"nil is nil", "customer.attributes.tier == nil", `customer.attributes.tier == nil | "gold" == nil`},
		{"of and only what is false", "vip and cart.quantity > 10", "cart.quantity > 10 | 6 > 10"},
		{"of and the first of two that are false", "cart.quantity > 10 and cart.subtotal > 5000", "cart.quantity > 10 | 6 > 10"},
		{"of or both", `cart.quantity > 10 or cart.channel == "app"`, "cart.quantity > 10 | 6 > 10\ncart.channel == \"app\" | \"web\" == \"app\""},
		{"of or inside and", "rich and (cart.quantity > 10 or tvs.quantity > 5)", "cart.quantity > 10 | 6 > 10\ntvs.quantity > 5 | 2 > 5"},
		{"of and inside or", "(rich and cart.quantity > 10) or tvs.quantity > 5", "cart.quantity > 10 | 6 > 10\ntvs.quantity > 5 | 2 > 5"},
		{"a named condition gives its own account", "many", "cart.quantity > 100 | 6 > 100"},
		{"also among others", "vip and many", "cart.quantity > 100 | 6 > 100"},
		{"a not that holds is left out", "not many and cart.quantity > 10", "cart.quantity > 10 | 6 > 10"},
		{"a not in that holds too", `cart.channel not in ["app"] and cart.quantity > 10`, "cart.quantity > 10 | 6 > 10"},
		{"not tells what holds", "not (cart.quantity > 3)", "not (cart.quantity > 3) | not (6 > 3)"},
		{"not of a name tells what holds of it", "not vip", `not ('vip' in customer.groups) | not ("vip" in ["vip" "staff"])`},
		{"not of and tells both", "not (vip and rich)",
			"not ('vip' in customer.groups) | not (\"vip\" in [\"vip\" \"staff\"])\nnot (customer.lifetime_spend >= 1000) | not (1234.56 >= 1000)"},
		{"not of or tells the first that holds", "not (rich or vip)", "not (customer.lifetime_spend >= 1000) | not (1234.56 >= 1000)"},
		{"not of not", "not not many", "not (not (cart.quantity > 100)) | not (not (6 > 100))"},
		{"not of a fact", "not cart.attributes.gift", "not cart.attributes.gift | not true"},
		{"not in", `cart.channel not in ["web"]`, `cart.channel not in ["web"] | "web" not in ["web"]`},
		{"not contains", `cart.channel not contains "e"`, `cart.channel not contains "e" | "web" not contains "e"`},
		{"a fact by itself", "customer.attributes.vip", "customer.attributes.vip | missing"},
		{"a predicate by itself", "any(cart.lines, .quantity > 5)", "any(cart.lines, .quantity > 5) | false"},
		{"a number of a predicate", "count(cart.lines, .quantity > 1) > 2", "count(cart.lines, .quantity > 1) > 2 | 2 > 2"},
		{"lines are their number", "cart.lines > 10", "cart.lines > 10 | 3 > 10"},
		{"a function of texts", `hasPrefix(customer.id, "X")`, `hasPrefix(customer.id, "X") | "C1" startsWith "X"`},
		{"a choice by what was chosen", "vip ? cart.quantity > 10 : cart.quantity > 20", "cart.quantity > 10 | 6 > 10"},
		{"a comparison in a row", "10 < cart.quantity < 20", "10 < cart.quantity | 10 < 6"},
		{"a constant", "false", "false | false"},
		{"weekdays and dates", `now.weekday == "sat" or now.date > "2026-12-01"`, "now.weekday == \"sat\" | \"fri\" == \"sat\"\nnow.date > \"2026-12-01\" | \"2026-11-20\" > \"2026-12-01\""},
		{"over lines", "cart.quantity > 10 or\n  cart.quantity\n  > 20", "cart.quantity > 10 | 6 > 10\ncart.quantity\n  > 20 | 6 > 20"},
		{"an account is given once for each time it is asked", "many or many", "cart.quantity > 100 | 6 > 100\ncart.quantity > 100 | 6 > 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, why(t, c.expression)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhyOfADeepExpressionTakesLinearTime would not end if each level of and
// and or evaluated all levels below it twice.
func TestWhyOfADeepExpressionTakesLinearTime(t *testing.T) {
	expression := "cart.quantity > 100"
	for i := range 50 {
		expression = fmt.Sprintf("(many %s (%s))", []string{"or", "or not not"}[i%2], expression)
	}
	if got := strings.Count(why(t, expression), "\n"); got != 50 {
		t.Errorf("got %d clauses, want 51", got+1)
	}
}
