package compile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// sets are the definitions that the expressions of the tests may use.
const definitions = `
sets:
  tvs: category == "tv"
  cheap: price < 50
  cheap_new: cheap and "new" in tags
  nothing: sku == "NOPE"
conditions:
  vip: "'vip' in customer.groups"
  rich: customer.lifetime_spend >= 1000
  loyal: vip and rich and customer.orders > 2
  many: cart.quantity > 100
`

// mustDecimal reads a number of a test.
func mustDecimal(text string) engine.Decimal {
	d, err := engine.ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return d
}

func numberValue(text string) engine.Value { return engine.NumberValue(mustDecimal(text)) }

// shopCart is a cart with every fact that an expression can read.
func shopCart() engine.Cart {
	usd, _ := engine.ParseCurrency("USD")
	tv := &engine.Item{
		SKU: "TV1", Name: "Größe OLED", Price: 99999, Stock: 9, Categories: []string{"tv/oled", "sale/autumn"}, Brand: "Sony",
		Tags: []string{"new", "4k"}, Attributes: engine.Attributes{
			"colour": engine.TextValue("black"), "size": numberValue("55.5"), "smart": engine.BoolValue(true),
			"ports": engine.TextsValue([]string{"hdmi", "usb"}), "line": engine.TextValue("tv/oled"), "free form": engine.TextValue("x"),
		},
	}
	speaker := &engine.Item{SKU: "SPK1", Name: "Speaker", Price: 4950, Stock: 9, Categories: []string{"speakers"}, Brand: "Bose"}
	book := &engine.Item{SKU: "BOOK", Name: "A book", Price: 1000, Stock: 9, Tags: []string{"new"}, Attributes: engine.Attributes{"colour": engine.TextValue("red")}}
	return engine.Cart{
		Currency: usd,
		Lines:    []engine.Line{{Item: tv, Quantity: 2}, {Item: speaker, Quantity: 3}, {Item: book, Quantity: 1}},
		Coupons:  []string{" welcome10 ", "VIP"},
		Channel:  "web",
		Customer: engine.Customer{
			ID: "C1", Groups: []string{"vip", "staff"}, Tags: []string{"early"}, Orders: 3, LifetimeSpend: 123456,
			Attributes: engine.Attributes{
				"tier": engine.TextValue("gold"), "points": numberValue("150"), "newsletter": engine.BoolValue(true),
				"interests": engine.TextsValue([]string{"tv", "audio"}), "favourite": engine.TextValue("tv"), "code": engine.TextValue("vip "),
			},
		},
		Shipping:   engine.Shipping{Shipments: []engine.Shipment{{Method: "express", Price: 500}}, Country: "GB", Region: "ENG"},
		Payment:    "card",
		Attributes: engine.Attributes{"gift": engine.BoolValue(true), "store": numberValue("7"), "count": numberValue("3"), "yes": engine.TextValue("true")},
	}
}

// friday is 2026-11-20, 21:30 in London.
var friday = time.Date(2026, 11, 20, 21, 30, 0, 0, time.UTC)

func quoted(source string) string {
	text, _ := json.Marshal(source)
	return string(text)
}

// compileAll compiles one promotion for each line of YAML, with ids p0, p1, ….
func compileAll(t testing.TB, promotions []string) *engine.Ruleset {
	t.Helper()
	var b strings.Builder
	b.WriteString(definitions + "promotions:\n")
	for i, p := range promotions {
		fmt.Fprintf(&b, "  - {id: p%d, %s}\n", i, p)
	}
	return compileFiles(t, "f.yaml", b.String())
}

// compileFiles compiles files, given as names and texts.
func compileFiles(t testing.TB, namesAndTexts ...string) *engine.Ruleset {
	t.Helper()
	var files []compile.File
	for i := 0; i < len(namesAndTexts); i += 2 {
		files = append(files, compile.File{Name: namesAndTexts[i], Data: []byte(namesAndTexts[i+1])})
	}
	ruleset, err := compile.Compile(files)
	var faults diag.List
	if errors.As(err, &faults) {
		t.Fatal(faults.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return ruleset
}

// outcomes prices the cart and returns what became of each promotion.
func outcomes(t testing.TB, ruleset *engine.Ruleset, cart engine.Cart, at time.Time) map[string]engine.Outcome {
	t.Helper()
	return outcomesOf(t, ruleset, engine.Request{Cart: cart, At: at, Explain: true})
}

func outcomesOf(t testing.TB, ruleset *engine.Ruleset, request engine.Request) map[string]engine.Outcome {
	t.Helper()
	quote, err := ruleset.Price(request)
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]engine.Outcome)
	for _, o := range quote.Promotions {
		byID[o.Promotion] = o
	}
	return byID
}

// conditions returns which of the expressions over the cart hold.
func conditions(t testing.TB, cart engine.Cart, at time.Time, expressions []string) []bool {
	t.Helper()
	return conditionsWith(t, nil, cart, at, expressions)
}

// conditionsWith is conditions where plugins tell facts.
func conditionsWith(t testing.TB, facts map[string]engine.Attributes, cart engine.Cart, at time.Time, expressions []string) []bool {
	t.Helper()
	promotions := make([]string, len(expressions))
	for i, e := range expressions {
		promotions[i] = "when: " + quoted(e) + ", deal: {percent_off: {of: order, percent: 0}}"
	}
	compiled := func() *engine.Ruleset { return compileAll(t, promotions) }
	if facts != nil {
		compiled = func() *engine.Ruleset { return withPlugins(t, promotions...) }
	}
	byID := outcomesOf(t, compiled(), engine.Request{Cart: cart, At: at, Explain: true, Facts: facts})
	holds := make([]bool, len(expressions))
	for i := range expressions {
		holds[i] = byID[fmt.Sprintf("p%d", i)].Reason != engine.ConditionFalse
	}
	return holds
}

// matches returns which of the expressions over an item hold for it.
func matches(t testing.TB, line engine.Line, expressions []string) []bool {
	t.Helper()
	promotions := make([]string, len(expressions))
	for i, e := range expressions {
		promotions[i] = "deal: {percent_off: {of: " + quoted(e) + ", percent: 0}}"
	}
	cart := shopCart()
	cart.Lines = []engine.Line{line}
	byID := outcomes(t, compileAll(t, promotions), cart, friday)
	holds := make([]bool, len(expressions))
	for i := range expressions {
		holds[i] = byID[fmt.Sprintf("p%d", i)].Reason != engine.NoMatchingItems
	}
	return holds
}
