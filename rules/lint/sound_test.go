package lint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
)

// atoms are the facts that random conditions read, each with constants near to
// which carts are drawn.
func drawAtom(t *rapid.T) string {
	number := func(facts ...string) string {
		fact := rapid.SampledFrom(facts).Draw(t, "fact")
		operator := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "operator")
		n := rapid.SampledFrom([]string{"0", "1", "2", "2.5", "3", "10", "15.5"}).Draw(t, "number")
		if rapid.Bool().Draw(t, "mirrored") {
			return n + " " + operator + " " + fact
		}
		return fact + " " + operator + " " + n
	}
	switch rapid.IntRange(0, 9).Draw(t, "atom") {
	case 0, 1:
		return number("cart.quantity", "cart.lines", "tvs.quantity", "tvs.lines")
	case 2, 3:
		return number("cart.subtotal", "cart.total", "tvs.subtotal", "tvs.total", "tvs.min_price", "tvs.max_price")
	case 4:
		return number("cart.attributes.a", "customer.orders", "customer.lifetime_spend", "now.hour", "gone.quantity", "cart.subtotal + 1")
	case 5:
		fact := rapid.SampledFrom([]string{"cart.channel", "customer.id", "cart.attributes.a", "now.weekday", "shipping.country"}).Draw(t, "text")
		operator := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "operator")
		return fact + " " + operator + " " + rapid.SampledFrom([]string{"'web'", "'ann'", "'sun'", "'GB'"}).Draw(t, "word")
	case 6:
		fact := rapid.SampledFrom([]string{"cart.channel", "customer.id", "cart.attributes.a"}).Draw(t, "text")
		operator := rapid.SampledFrom([]string{"in", "not in"}).Draw(t, "operator")
		return fact + " " + operator + " " + rapid.SampledFrom([]string{"['web', 'ann']", "['web']", "['app', 'bob']"}).Draw(t, "list")
	case 7:
		return rapid.SampledFrom([]string{"'vip' in customer.groups", "'vip' not in customer.groups", "customer.id == nil", "customer.id != nil",
			"cart.attributes.a == nil", "tvs.min_price == nil", "cart.attributes.b", "cart.quantity in 1..3", "cart.quantity not in 2..9", "cart.attributes.a in [1, 2]"}).Draw(t, "other")
	case 8:
		return rapid.SampledFrom([]string{"any(cart.lines, .price > 5 and .price < 3)", "all(cart.lines, .price > 5 or .price <= 5)", "any(cart.lines, .tvs)",
			"none(cart.lines, .gone)", "any(tvs.lines, .price >= 10)", "few", "not few", "1 < cart.quantity < 3"}).Draw(t, "predicate")
	default:
		return rapid.SampledFrom([]string{"true", "false", "2 > 1", "0.1 + 0.2 == 0.3"}).Draw(t, "constant")
	}
}

func drawCondition(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return drawAtom(t)
	}
	left, right := drawCondition(t, depth-1), drawCondition(t, depth-1)
	switch rapid.IntRange(0, 8).Draw(t, "joint") {
	case 0, 1, 2, 3:
		return "(" + left + ") and (" + right + ")"
	case 4, 5, 6:
		return "(" + left + ") or (" + right + ")"
	case 7:
		return "not (" + left + ")"
	default:
		return "(" + left + ") ? (" + right + ") : (" + drawAtom(t) + ")"
	}
}

func drawRequest(t *rapid.T) engine.Request {
	usd, _ := engine.ParseCurrency("USD")
	r := engine.Request{At: now(), Explain: true}
	c := &r.Cart
	c.Currency = usd
	for sku, category := range map[string]string{"TV": "tv/oled", "MUG": "kitchen", "BAR": "audio"} {
		n := rapid.Int64Range(0, 4).Draw(t, sku)
		price := rapid.SampledFrom([]engine.Amount{0, 100, 250, 300, 500, 1000, 1550}).Draw(t, "price of "+sku)
		if n > 0 {
			c.Lines = append(c.Lines, engine.Line{Quantity: n, Item: &engine.Item{SKU: sku, Name: sku, Price: price, Categories: []string{category}}})
		}
	}
	c.Channel = rapid.SampledFrom([]string{"", "web", "app"}).Draw(t, "channel")
	c.Customer.ID = rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(t, "customer")
	c.Customer.Orders = rapid.Int64Range(0, 4).Draw(t, "orders")
	c.Customer.LifetimeSpend = rapid.SampledFrom([]engine.Amount{0, 250, 1550}).Draw(t, "spend")
	c.Shipping.Country = rapid.SampledFrom([]string{"", "GB"}).Draw(t, "country")
	if rapid.Bool().Draw(t, "vip") {
		c.Customer.Groups = []string{"vip"}
	}
	two := engine.NewDecimal(2)
	a := rapid.SampledFrom([]engine.Value{{}, engine.TextValue("web"), engine.TextValue("ann"), engine.NumberValue(two), engine.NumberValue(engine.NewDecimal(10)),
		engine.BoolValue(true), engine.TextsValue([]string{"web"})}).Draw(t, "attribute")
	c.Attributes = engine.Attributes{"b": engine.BoolValue(rapid.Bool().Draw(t, "flag"))}
	if a.Kind() != engine.KindNone {
		c.Attributes["a"] = a
	}
	return r
}

func filesOf(condition string) []compile.File {
	return []compile.File{{Name: "a.yaml", Data: fmt.Appendf(nil, `sets:
  tvs: category == "tv"
  gone: category == "tv" and category == "audio"
conditions: {few: cart.quantity < 3}
promotions:
  - id: p
    when: %q
    deal: {award: {kind: points}}
  - {id: q, when: gone.quantity >= tvs.quantity and few, deal: {award: {kind: points}}}
`, condition)}}
}

// holds tells for each cart whether the condition does.
func holds(t *rapid.T, files []compile.File, requests []engine.Request) []bool {
	rules, err := compile.Compile(files)
	if err != nil {
		t.Fatalf("%v\n%s", err, files[0].Data)
	}
	var all []bool
	for _, r := range requests {
		q, err := rules.Price(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range q.Promotions {
			if o.Promotion == "p" {
				all = append(all, o.Reason == engine.Applied)
			}
		}
	}
	return all
}

// TestFindingsAboutConditionsAreTrue draws conditions and carts: what is said to be
// never or always true is so on every cart, and taking out the parts that --fix
// takes out changes none.
func TestFindingsAboutConditionsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		condition := drawCondition(t, 3)
		files := filesOf(condition)
		found, err := lint.Check(files, lint.Options{At: now()})
		if err != nil && !errors.As(err, new(diag.List)) {
			t.Fatal(err)
		}
		if err != nil { // no rule, so rapid draws another
			t.Skip("too long, or of two types")
		}
		requests := rapid.SliceOfN(rapid.Custom(drawRequest), 20, 20).Draw(t, "carts")
		before := holds(t, files, requests)
		for _, f := range found {
			for i, held := range before {
				never := strings.HasPrefix(f.Message, "the condition of p is never true")
				always := strings.HasPrefix(f.Message, "the condition of p is always true")
				if never && held || always && !held {
					t.Fatalf("%s, but it is %t on cart %d", f.Message, held, i)
				}
			}
		}
		fixed, done, err := lint.Fix(files, lint.Options{At: now()})
		if err != nil {
			t.Fatal(err)
		}
		for i, held := range holds(t, fixed, requests) {
			if held != before[i] {
				t.Fatalf("after %d fixes it is %t on cart %d:\n%s", len(done), held, i, fixed[0].Data)
			}
		}
	})
}
