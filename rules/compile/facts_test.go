package compile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// compiledWhen returns the promotion with the condition.
func compiledWhen(t testing.TB, expression string) engine.Promotion {
	t.Helper()
	p, _ := withPlugins(t, "when: "+quoted(expression)+", deal: {percent_off: {of: tvs, percent: 0}}").Promotion("p0")
	return p
}

// describeFacts writes facts as "items tvs, group vip".
func describeFacts(facts []engine.Fact) string {
	kinds := []string{"items", "group", "tag", "channel", "country", "method", "payment"}
	names := make([]string, len(facts))
	for i, f := range facts {
		name := f.Text
		if f.Kind == engine.HasItems {
			name = sets()[f.Set].Name
		}
		names[i] = kinds[f.Kind] + " " + name
	}
	return strings.Join(names, ", ")
}

func TestFactsThatAConditionRequires(t *testing.T) {
	for _, c := range []struct {
		name        string
		expressions []string
		want        string
	}{
		{"a number of a set that has to be above 0", []string{
			"tvs.quantity > 3", "tvs.quantity >= 1", "tvs.quantity == 2", "3 < tvs.quantity", "1 <= tvs.quantity", "2 == tvs.quantity", "tvs.quantity != 0",
			"tvs.quantity > 0.5", "tvs.subtotal > 0", "tvs.total > 10.5", "tvs.lines > 0", "tvs.lines == 1", "len(tvs.lines) > 0", "tvs.quantity in [1, 2]", "tvs.quantity in 1..3",
		}, "items tvs"},
		{"a price of a set, which is missing without it", []string{
			"tvs.min_price > 5", "tvs.min_price < 5", "tvs.max_price != 5", "tvs.max_price in [1]", "tvs.min_price != nil", "tvs.max_price > cart.quantity", "5 > tvs.min_price", "nil != tvs.min_price",
		}, "items tvs"},
		{"a number that may be 0 requires nothing", []string{
			"tvs.quantity >= 0", "tvs.quantity < 3", "tvs.quantity <= 0", "tvs.quantity == 0", "tvs.quantity != 1", "0 >= tvs.quantity", "tvs.quantity in [0, 1]", "tvs.quantity in 0..3",
			"tvs.quantity > -1", "tvs.min_price == nil", "nil == tvs.min_price", "(tvs.min_price ?? 9) > 5", "tvs.quantity not in [1]", "tvs.quantity + 1 > 0", "tvs.quantity > cart.quantity", "-tvs.quantity > -3",
		}, ""},
		{"a predicate over a set's lines, or that asks for a set", []string{
			"any(tvs.lines, true)", "any(tvs.lines, .price > 5)", "one(tvs.lines, .price > 5)", "any(cart.lines, .tvs)", "any(cart.lines, .tvs and .quantity > 2)",
			"count(tvs.lines, .price > 5) > 1", "count(cart.lines, .tvs) == 1", "len(filter(cart.lines, .tvs)) > 0", "filter(tvs.lines, .price > 5) > 0",
			"any(filter(cart.lines, .tvs), .price > 5)", "sum(tvs.lines, .quantity) > 2", "any(customer.groups, tvs.quantity > 1)",
		}, "items tvs"},
		{"a predicate that holds for no lines requires nothing", []string{
			"all(tvs.lines, .price > 5)", "none(tvs.lines, .price > 5)", "any(cart.lines, .price > 5)", "any(cart.lines, not .tvs)", "any(cart.lines, .tvs or .price > 5)",
			"sum(cart.lines, .tvs ? 1 : 0) >= 0", "count(tvs.lines, true) < 2", "not any(tvs.lines, true)",
		}, ""},
		{"texts of the customer and the cart", []string{`"vip" in customer.groups`, "vip", `vip == true`}, "group vip"},
		{"tags", []string{`"early" in customer.tags`}, "tag early"},
		{"the channel", []string{`cart.channel == "app"`, `"app" == cart.channel`, `cart.channel in ["app"]`}, "channel app"},
		{"where to", []string{`shipping.country == "GB"`}, "country GB"},
		{"how it is sent", []string{`shipping.method == "express"`}, "method express"},
		{"how it is paid", []string{`payment.method == "card"`}, "payment card"},
		{"a text that may be another requires nothing", []string{
			`cart.channel != "app"`, `cart.channel in ["app", "web"]`, `cart.channel in []`, `cart.channel == customer.id`, `cart.channel contains "a"`, `cart.channel not in ["app"]`,
			`"vip" not in customer.groups`, `"a" in filter(customer.groups, len(#) > 1)`, `customer.id in customer.groups`, `any(customer.groups, # == "vip")`, `lower(cart.channel) == "app"`,
			`cart.channel < "app"`, `"VIP" in coupons`, `customer.attributes.tier == "gold"`, `"app" in ["app"]`, `(cart.channel ?? "web") == "web"`,
		}, ""},
		{"and requires what both do", []string{`vip and tvs.quantity > 1`, `vip and tvs.quantity > 1 and vip`, `vip and (tvs.quantity > 1 and cart.quantity > 3)`}, "group vip, items tvs"},
		{"or requires what is common", []string{`vip and tvs.quantity > 1 or tvs.quantity > 5`, `tvs.quantity > 1 or tvs.subtotal > 5`, `(vip or rich) and tvs.lines > 0`}, "items tvs"},
		{"or of different facts requires nothing", []string{`vip or tvs.quantity > 1`, `tvs.quantity > 1 or cheap.quantity > 1`, `vip or true`}, ""},
		{"not requires nothing", []string{`not vip`, `not (tvs.quantity > 1)`, `not not vip`, `vip == false`, `vip ? true : false`}, ""},
		{"a name requires what its condition does", []string{"loyal"}, "group vip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, e := range c.expressions {
				if got := describeFacts(compiledWhen(t, e).Requires); got != c.want {
					t.Errorf("%s: got %q, want %q", e, got, c.want)
				}
			}
		})
	}
}

// has reports whether the fact is there.
func has(s *engine.Scope, f engine.Fact) bool {
	cart := s.Cart()
	switch f.Kind {
	case engine.HasItems:
		return s.Set(f.Set).Lines() > 0
	case engine.InCustomerGroup:
		return slices.Contains(cart.Customer.Groups, f.Text)
	case engine.HasCustomerTag:
		return slices.Contains(cart.Customer.Tags, f.Text)
	case engine.OnChannel:
		return cart.Channel == f.Text
	case engine.ShipsTo:
		return cart.Shipping.Country == f.Text
	case engine.ShipsBy:
		return cart.Shipping.Method() == f.Text
	default:
		return cart.Payment == f.Text
	}
}

// asking draws a condition that asks for facts.
func (g *grammar) asking(depth int) string {
	if depth == 0 {
		return g.any(
			func() string {
				return fmt.Sprintf("%s.%s %s %s", g.set(), g.draw("quantity", "lines", "subtotal"), g.compare(), g.small())
			},
			func() string {
				return fmt.Sprintf("%s %s %s.%s", g.small(), g.compare(), g.set(), g.draw("quantity", "lines", "subtotal"))
			},
			func() string {
				return fmt.Sprintf("%s.%s %s %s", g.set(), g.draw("min_price", "max_price"), g.compare(), g.small())
			},
			func() string { return fmt.Sprintf("%s.quantity in [%s, %s]", g.set(), g.small(), g.small()) },
			func() string {
				return fmt.Sprintf("%s(%s.lines, .price %s %s)", g.draw("any", "all", "one", "none"), g.set(), g.compare(), g.small())
			},
			func() string { return fmt.Sprintf("count(cart.lines, .%s) %s %s", g.set(), g.compare(), g.small()) },
			func() string { return fmt.Sprintf("any(cart.lines, .%s and .quantity > %s)", g.set(), g.small()) },
			func() string { return fmt.Sprintf("%s %sin customer.groups", g.word(), g.draw("", "not ")) },
			func() string { return fmt.Sprintf("cart.channel %s %s", g.compare(), g.word()) },
			func() string { return fmt.Sprintf("cart.channel in [%s]", g.word()) },
			func() string { return g.truth(1) },
		)
	}
	return g.any(
		func() string { return fmt.Sprintf("(%s) and (%s)", g.asking(depth-1), g.asking(0)) },
		func() string { return fmt.Sprintf("(%s) or (%s)", g.asking(depth-1), g.asking(0)) },
		func() string { return fmt.Sprintf("not (%s)", g.asking(depth-1)) },
		func() string { return fmt.Sprintf("(%s) == %s", g.asking(depth-1), g.draw("true", "false")) },
		func() string { return g.asking(0) },
	)
}

func (g *grammar) set() string { return g.draw("cheap", "cheap_new", "nothing", "tvs") }

// TestWhatHoldsHasTheFactsItRequires would find a promotion that is not looked
// at although its condition is true.
func TestWhatHoldsHasTheFactsItRequires(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cart := drawShop(rt).engineCart()
		for range 10 {
			expression := (&grammar{t: rt}).asking(3)
			required := compiledWhen(t, expression).Requires
			withScope(t, expression, cart, func(c engine.Condition, s *engine.Scope) {
				if !c.Holds(s) {
					return
				}
				for _, f := range required {
					if !has(s, f) {
						rt.Errorf("%s holds without %s", expression, describeFacts([]engine.Fact{f}))
					}
				}
			})
		}
	})
}
