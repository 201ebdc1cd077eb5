package compile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// The facts as expr's own VM sees them.
type (
	vmShop struct {
		Cart     vmCart     `expr:"cart"`
		Customer vmCustomer `expr:"customer"`
		CheapNew vmSet      `expr:"cheap_new"`
		Loyalty  vmLoyalty  `expr:"loyalty"`
	}
	vmLoyalty struct {
		Points int    `expr:"points"`
		Tier   string `expr:"tier"`
		Gold   bool   `expr:"gold"`
	}
	vmSet struct {
		Quantity int      `expr:"quantity"`
		Subtotal int      `expr:"subtotal"`
		Lines    []vmLine `expr:"lines"`
	}
	vmCart struct {
		Quantity   int             `expr:"quantity"`
		Subtotal   int             `expr:"subtotal"`
		Channel    string          `expr:"channel"`
		Lines      []vmLine        `expr:"lines"`
		Attributes map[string]bool `expr:"attributes"`
	}
	vmCustomer struct {
		ID     string   `expr:"id"`
		Orders int      `expr:"orders"`
		Groups []string `expr:"groups"`
	}
	vmLine struct {
		SKU        string          `expr:"sku"`
		Brand      string          `expr:"brand"`
		Price      int             `expr:"price"`
		Quantity   int             `expr:"quantity"`
		Tags       []string        `expr:"tags"`
		Attributes map[string]bool `expr:"attributes"`
	}
)

// engineCart is the same cart as the engine sees it.
func (shop vmShop) engineCart() engine.Cart {
	usd, _ := engine.ParseCurrency("USD")
	flags := func(m map[string]bool) engine.Attributes {
		a := make(engine.Attributes)
		for name, flag := range m {
			a[name] = engine.BoolValue(flag)
		}
		return a
	}
	cart := engine.Cart{
		Currency: usd, Channel: shop.Cart.Channel, Attributes: flags(shop.Cart.Attributes),
		Customer: engine.Customer{ID: shop.Customer.ID, Orders: int64(shop.Customer.Orders), Groups: shop.Customer.Groups},
	}
	for _, l := range shop.Cart.Lines {
		cart.Lines = append(cart.Lines, engine.Line{Quantity: int64(l.Quantity), Item: &engine.Item{
			SKU: l.SKU, Name: l.SKU, Brand: l.Brand, Price: engine.Amount(100 * l.Price), Tags: l.Tags, Attributes: flags(l.Attributes),
		}})
	}
	return cart
}

// facts are what the plugin tells.
func (shop vmShop) facts() map[string]engine.Attributes {
	return map[string]engine.Attributes{"loyalty": {
		"points": engine.NumberValue(engine.NewDecimal(int64(shop.Loyalty.Points))),
		"tier":   engine.TextValue(shop.Loyalty.Tier),
		"gold":   engine.BoolValue(shop.Loyalty.Gold),
	}}
}

var words = []string{"web", "a", "größe", "Sony", "Bose", "new", "4k", "", "A1", "ab"}

func drawShop(t *rapid.T) vmShop {
	word := rapid.SampledFrom(words)
	flag := func(label string) map[string]bool { return map[string]bool{"flag": rapid.Bool().Draw(t, label)} }
	shop := vmShop{
		Cart: vmCart{Channel: rapid.SampledFrom(words[:4]).Draw(t, "channel"), Attributes: flag("cart flag")},
		Customer: vmCustomer{
			ID: rapid.SampledFrom(words[:4]).Draw(t, "id"), Orders: rapid.IntRange(0, 5).Draw(t, "orders"),
			Groups: rapid.SliceOfN(word, 0, 3).Draw(t, "groups"),
		},
		Loyalty: vmLoyalty{
			Points: rapid.IntRange(0, 9).Draw(t, "points"), Tier: word.Draw(t, "tier"), Gold: rapid.Bool().Draw(t, "gold"),
		},
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "lines") {
		line := vmLine{
			SKU: fmt.Sprintf("A%d", i), Brand: word.Draw(t, "brand"), Price: rapid.IntRange(0, 20).Draw(t, "price"),
			Quantity: rapid.IntRange(1, 4).Draw(t, "quantity"), Tags: rapid.SliceOfN(word, 0, 3).Draw(t, "tags"), Attributes: flag("line flag"),
		}
		shop.add(line)
	}
	return shop
}

// add puts the line into the cart, and into the set if it is new; all are cheap.
func (shop *vmShop) add(line vmLine) {
	shop.Cart.Quantity += line.Quantity
	shop.Cart.Subtotal += line.Price * line.Quantity
	shop.Cart.Lines = append(shop.Cart.Lines, line)
	if slices.Contains(line.Tags, "new") {
		shop.CheapNew.Quantity += line.Quantity
		shop.CheapNew.Subtotal += line.Price * line.Quantity
		shop.CheapNew.Lines = append(shop.CheapNew.Lines, line)
	}
}

// grammar draws expressions that both evaluators understand: whole numbers
// without / and **, texts, conditions, lists and predicates.
type grammar struct {
	t *rapid.T
	// element is what # stands for: "" outside a predicate, "line" or "text".
	element string
	nested  int // predicates around
}

func (g *grammar) any(of ...func() string) string {
	return of[rapid.IntRange(0, len(of)-1).Draw(g.t, "rule")]()
}

func (g *grammar) draw(of ...string) string { return rapid.SampledFrom(of).Draw(g.t, "word") }

func (g *grammar) word() string { return fmt.Sprintf("%q", rapid.SampledFrom(words).Draw(g.t, "text")) }

func (g *grammar) small() string { return fmt.Sprint(rapid.IntRange(0, 9).Draw(g.t, "number")) }

func (g *grammar) number(depth int) string {
	if depth <= 0 {
		return g.any(g.small, func() string {
			if g.element == "line" {
				return g.draw(".quantity", ".price", "#.quantity")
			}
			return g.draw("cart.quantity", "cart.subtotal", "customer.orders", "len(cart.lines)", "loyalty.points", "cheap_new.quantity", "cheap_new.subtotal", "len(cheap_new.lines)")
		})
	}
	d := depth - 1
	return g.any(
		func() string { return fmt.Sprintf("%s %s %s", g.number(0), g.draw("+", "-", "*"), g.number(0)) },
		func() string { return fmt.Sprintf("(%s %s %s)", g.number(d), g.draw("+", "-", "*"), g.number(d)) },
		func() string { return fmt.Sprintf("(%s %% %d)", g.number(d), rapid.IntRange(1, 5).Draw(g.t, "by")) },
		func() string { return "-" + g.number(0) },
		func() string { return fmt.Sprintf("abs(%s)", g.number(d)) },
		func() string {
			return fmt.Sprintf("%s(%s, %s, %s)", g.draw("min", "max"), g.number(d), g.number(0), g.number(0))
		},
		func() string { return fmt.Sprintf("len(%s)", g.text(d)) },
		func() string { return fmt.Sprintf("len(%s)", g.list(d)) },
		func() string { return fmt.Sprintf("(%s ? %s : %s)", g.truth(d), g.number(d), g.number(d)) },
		func() string {
			return g.overLines("count", func() string { return g.truth(d) })
		},
		func() string {
			return g.overLines("sum", func() string { return g.number(d) })
		},
	)
}

func (g *grammar) text(depth int) string {
	if depth <= 0 {
		return g.any(g.word, func() string {
			switch g.element {
			case "line":
				return g.draw(".sku", ".brand")
			case "text":
				return "#"
			default:
				return g.draw("cart.channel", "customer.id", "loyalty.tier")
			}
		})
	}
	return g.any(
		func() string { return fmt.Sprintf("%s(%s)", g.draw("lower", "upper", "trim"), g.text(depth-1)) },
		func() string {
			return fmt.Sprintf("(%s ? %s : %s)", g.truth(depth-1), g.text(depth-1), g.text(0))
		},
	)
}

func (g *grammar) list(depth int) string {
	base := "customer.groups"
	if g.element == "line" {
		base = g.draw("customer.groups", ".tags")
	}
	if depth <= 0 || g.nested == 2 {
		return base
	}
	return g.inside("text", func() string { return fmt.Sprintf("filter(%s, %s)", base, g.truth(depth-1)) })
}

// inside draws what is in a predicate. Its base has to be drawn before.
func (g *grammar) inside(element string, body func() string) string {
	inner := &grammar{t: g.t, element: element, nested: g.nested + 1}
	saved := *g
	*g = *inner
	defer func() { *g = saved }()
	return body()
}

func (g *grammar) overLines(function string, body func() string) string {
	if g.nested == 2 {
		return g.small()
	}
	lines := g.lines()
	return g.inside("line", func() string { return fmt.Sprintf("%s(%s, %s)", function, lines, body()) })
}

func (g *grammar) lines() string { return g.draw("cart.lines", "cheap_new.lines") }

func (g *grammar) truth(depth int) string {
	if depth <= 0 {
		return g.any(
			func() string {
				return g.draw("true", "false", "cart.attributes.flag == true", "loyalty.gold", "loyalty.gold == false")
			},
			func() string { return fmt.Sprintf("%s %s %s", g.number(0), g.compare(), g.number(0)) },
			func() string { return fmt.Sprintf("%s %s %s", g.text(0), g.compare(), g.text(0)) },
		)
	}
	d := depth - 1
	return g.any(
		func() string { return fmt.Sprintf("%s %s %s", g.truth(0), g.draw("and", "or", "&&", "||"), g.truth(0)) },
		func() string {
			return fmt.Sprintf("(%s) %s (%s)", g.truth(d), g.draw("and", "or", "==", "!="), g.truth(d))
		},
		func() string { return fmt.Sprintf("%s (%s)", g.draw("not", "!"), g.truth(d)) },
		func() string { return fmt.Sprintf("%s %s %s", g.number(d), g.compare(), g.number(d)) },
		func() string { // of float64 in expr, which its % refuses
			return fmt.Sprintf("%s(%s) %s %s", g.draw("floor", "ceil", "round"), g.number(d), g.compare(), g.number(0))
		},
		func() string { return fmt.Sprintf("%s < %s <= %s", g.number(d), g.number(d), g.number(0)) },
		func() string { return fmt.Sprintf("%s %s %s", g.text(d), g.compare(), g.text(d)) },
		func() string {
			return fmt.Sprintf("%s %s%s %s", g.text(d), g.draw("", "not "), g.draw("contains", "startsWith", "endsWith"), g.text(d))
		},
		func() string {
			return fmt.Sprintf("%s %smatches %s", g.text(d), g.draw("", "not "), g.draw(`"^a"`, `"[A-Z]"`, `"e$"`, `"."`))
		},
		func() string {
			return fmt.Sprintf("%s(%s, %s)", g.draw("hasPrefix", "hasSuffix"), g.text(d), g.text(0))
		},
		func() string { return fmt.Sprintf("%s %sin %s", g.text(d), g.draw("", "not "), g.list(d)) },
		func() string {
			return fmt.Sprintf("%s %sin [%s, %s, %s]", g.text(d), g.draw("", "not "), g.word(), g.word(), g.text(0))
		},
		func() string {
			return fmt.Sprintf("%s %sin [%s, %s]", g.number(d), g.draw("", "not "), g.number(0), g.small())
		},
		func() string {
			return fmt.Sprintf("cart.quantity %sin %s..%s", g.draw("", "not "), g.small(), g.small())
		},
		func() string { return fmt.Sprintf("(%s ? %s : %s)", g.truth(d), g.truth(d), g.truth(d)) },
		func() string { return g.quantified(d) },
		func() string { return g.quantified(d) },
	)
}

func (g *grammar) compare() string { return g.draw("==", "!=", "<", "<=", ">", ">=") }

// quantified is any, all, none and one over lines or texts.
func (g *grammar) quantified(depth int) string {
	if g.nested == 2 {
		return "true"
	}
	function := g.draw("any", "all", "none", "one")
	if g.draw("lines", "texts") == "lines" {
		return g.overLines(function, func() string { return g.truth(depth) })
	}
	list := g.list(0)
	return g.inside("text", func() string { return fmt.Sprintf("%s(%s, %s)", function, list, g.truth(depth)) })
}

// TestExpressionsMeanWhatTheyMeanToExpr evaluates random expressions by our
// closures and by expr's own VM.
func TestExpressionsMeanWhatTheyMeanToExpr(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shop := drawShop(rt)
		expressions := make([]string, 10)
		for i := range expressions {
			expressions[i] = (&grammar{t: rt}).truth(3)
		}
		got := conditionsWith(t, shop.facts(), shop.engineCart(), friday, expressions)
		for i, e := range expressions {
			if want := runInVM(rt, shop, e); got[i] != want {
				rt.Fatalf("%s\ngot %v, want %v for %+v", e, got[i], want, shop)
			}
		}
	})
}

func runInVM(t *rapid.T, shop vmShop, expression string) bool {
	program, err := expr.Compile(expression, expr.Env(vmShop{}), expr.AsBool())
	if err != nil {
		t.Fatalf("%s: %v", expression, strings.TrimSpace(err.Error()))
	}
	result, err := expr.Run(program, shop)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return result.(bool)
}
