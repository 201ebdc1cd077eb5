package backtest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/backtest"
	"github.com/checkout-promotions/checkout/rules/catalogue"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// shopRules returns the rules of the example shop, with more promotions.
func shopRules(t testing.TB, more string) *engine.Ruleset {
	t.Helper()
	files, err := compile.Read(os.DirFS("../../examples/online-shop/rules"))
	if err != nil {
		t.Fatal(err)
	}
	if more != "" {
		files = append(files, compile.File{Name: "more.yaml", Data: []byte("promotions:\n" + more)})
	}
	rules, err := compile.Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// rulesOf compiles promotions in pounds.
func rulesOf(t testing.TB, promotions string) *engine.Ruleset {
	t.Helper()
	rules, err := compile.Compile([]compile.File{
		{Name: "policy.yaml", Data: []byte("currency: GBP\n")},
		{Name: "rules.yaml", Data: []byte("promotions:\n" + promotions)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func pounds(t testing.TB) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency("GBP")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shopItems are the items of the example shop.
func shopItems(t testing.TB) []engine.Item {
	t.Helper()
	data, err := os.ReadFile("../../examples/online-shop/inventory.yaml")
	if err != nil {
		t.Fatal(err)
	}
	items, err := catalogue.Parse("inventory.yaml", data, pounds(t))
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// shopOrders makes orders of the example shop in the form of an export: as large
// as real invoices, 23 lines on average, of several days.
func shopOrders(t testing.TB, n int) []byte {
	t.Helper()
	items := shopItems(t)
	random := rand.New(rand.NewPCG(1, 2))
	gifts := engine.CatalogMap{}
	for i := range items {
		if sku := items[i].SKU; sku == "22585" || sku == "22952" || sku == "21212" {
			gifts[sku] = &items[i]
		}
	}
	var text bytes.Buffer
	for i := range n {
		at := time.Date(2010, 12, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 10 * time.Minute)
		req := engine.Request{At: at, Catalog: gifts, Cart: engine.Cart{
			Currency: pounds(t), Channel: "web", Customer: engine.Customer{ID: fmt.Sprint(17000 + random.IntN(500))},
			Shipping: engine.Shipping{Shipments: []engine.Shipment{{Method: "standard", Price: 495}}, Country: "GB"},
		}}
		for range 1 + random.IntN(45) {
			item := items[random.IntN(len(items))]
			item.Stock += random.Int64N(500) // as orders find it
			req.Cart.Lines = append(req.Cart.Lines, engine.Line{Item: &item, Quantity: 1 + random.Int64N(12)})
		}
		writeOrder(t, &text, fmt.Sprintf("order-%d", i), req)
	}
	return text.Bytes()
}

// writeOrder writes a line of an export. The quote is as long as one that the old
// rules make, because that is what is read past.
func writeOrder(t testing.TB, text *bytes.Buffer, reference string, req engine.Request) {
	t.Helper()
	request, err := engine.EncodeRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	quote := fmt.Sprintf(`{"ruleset":"x","lines":["%s"]}`, strings.Repeat("x", 170*len(req.Cart.Lines)))
	fmt.Fprintf(text, `{"version":1,"reference":%q,"placed_at":%q,"ruleset":"0123","request":%s,"quote":%s,"state":"placed","refunded":0}`+"\n",
		reference, req.At.Format(time.RFC3339Nano), request, quote)
}

func run(t testing.TB, orders []byte, o backtest.Options) *backtest.Result {
	t.Helper()
	result, err := backtest.Run(t.Context(), backtest.NewLines(bytes.NewReader(orders), -1), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
