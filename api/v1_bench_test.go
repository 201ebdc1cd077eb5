package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

const quotesPath = "/v1/quotes"

// The benchmarks of quotes have a cart of 10 lines and 1,000 promotions on as many
// items, of which two are on the cart, without an explanation. Beside it are the same
// server without promotions, and a bare chi handler that decodes and encodes the same
// bytes with encoding/json. For the rest see BenchmarkPriceInProcess.

func quoteItems() (items []engine.Item, body string) {
	var lines bytes.Buffer
	for i := range 1000 {
		items = append(items, engine.Item{SKU: fmt.Sprintf("ITEM-%04d", i), Name: fmt.Sprintf("An item of the shop %04d", i), Price: engine.Amount(1999 + 100*i), Stock: 1000})
	}
	for i := range 10 {
		if i > 0 {
			lines.WriteByte(',')
		}
		fmt.Fprintf(&lines, `{"sku":"ITEM-%04d","quantity":%d}`, i*100, 1+i%3)
	}
	return items, `{"lines":[` + lines.String() + `],"customer":{"id":"c-42","groups":["gold"]}}`
}

// manyRules are 1,000 promotions, each on an item; those of two items of the cart apply.
func manyRules(b testing.TB, items []engine.Item, n int) *engine.Ruleset {
	b.Helper()
	c := engine.RulesetConfig{Digest: "digest-of-many", Currency: currency(b, "USD")}
	for i := range n {
		at := (i*7 + 3) % len(items)
		if at%100 == 0 { // the cart's
			at++
		}
		if i < 2 {
			at = i * 100
		}
		sku := items[at].SKU
		c.Sets = append(c.Sets, engine.ItemSet{Name: sku, SKUs: []string{sku}, Match: func(item *engine.Item, _ int64) bool { return item.SKU == sku }})
		c.Promotions = append(c.Promotions, engine.Promotion{
			ID: fmt.Sprintf("promotion-%04d", i), Name: fmt.Sprintf("Ten percent off item %04d", i),
			When: atLeast{i, 1}, Requires: []engine.Fact{{Kind: engine.HasItems, Set: i}}, // as the compiler finds it
			Deals: []engine.Deal{&engine.PercentOff{Of: engine.Selection{Set: i}, Percent: number(10)}},
		})
	}
	rules, err := engine.NewRuleset(c)
	if err != nil {
		b.Fatal(err)
	}
	return rules
}

// quoteVariants returns the priced one first.
func quoteVariants(b testing.TB) (all []*variant, body string) {
	b.Helper()
	items, body := quoteItems()
	with := func(n int) http.Handler {
		return open(b, withRules(engine.New(manyRules(b, items, n))), func(s *shop, _ *api.Options) {
			known := engine.NewCatalog(items) // items that stay the same, as those of a followed catalogue
			s.basis = func(_ context.Context, of engine.Inquiry) (engine.Basis, error) {
				basis := engine.Basis{Items: of.Room()}
				for _, sku := range of.SKUs {
					basis.Items[sku] = known[sku]
				}
				return basis, nil
			}
		}).server
	}
	priced := with(1000)
	answer := want(b, send(priced, "POST", quotesPath, bytes.NewBufferString(body), asJSON()...), 200)
	return []*variant{
		{name: "rules", handler: priced},
		{name: "no-rules", handler: with(0)},
		{name: "bare-json", handler: bareQuotes(b, answer)},
	}, body
}

// quoteJSON is the whole of a quote for encoding/json.
type quoteJSON struct {
	At       string `json:"at"`
	Currency string `json:"currency"`
	Discount string `json:"discount"`
	Lines    []struct {
		Discount  string `json:"discount"`
		Name      string `json:"name"`
		Quantity  int64  `json:"quantity"`
		SKU       string `json:"sku"`
		Subtotal  string `json:"subtotal"`
		Total     string `json:"total"`
		UnitPrice string `json:"unit_price"`
		Units     []struct {
			Price    string `json:"price"`
			Quantity int64  `json:"quantity"`
		} `json:"units"`
	} `json:"lines"`
	Optimal    bool   `json:"optimal"`
	Payable    string `json:"payable"`
	Promotions []struct {
		Applications int64  `json:"applications"`
		Discount     string `json:"discount"`
		ID           string `json:"id"`
		Lines        []struct {
			Discount string `json:"discount"`
			Quantity int64  `json:"quantity"`
			SKU      string `json:"sku"`
		} `json:"lines"`
		Name string `json:"name"`
	} `json:"promotions"`
	Ruleset          string `json:"ruleset"`
	ShippingDiscount string `json:"shipping_discount"`
	ShippingTotal    string `json:"shipping_total"`
	Subtotal         string `json:"subtotal"`
	Total            string `json:"total"`
}

// bareQuotes decodes the request and encodes the given answer, byte for byte.
func bareQuotes(b testing.TB, text string) http.Handler {
	b.Helper()
	answer := decoded[quoteJSON](b, text)
	if again, err := json.Marshal(answer); err != nil || string(again)+"\n" != text {
		b.Fatalf("got %s, want %s: %v", again, text, err)
	}
	router := chi.NewRouter()
	router.Post(quotesPath, func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Lines []struct {
				SKU      string `json:"sku"`
				Quantity int64  `json:"quantity"`
			} `json:"lines"`
			Customer struct {
				ID     string   `json:"id"`
				Groups []string `json:"groups"`
			} `json:"customer"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(&answer)
	})
	return router
}

func BenchmarkQuoteInProcess(b *testing.B) {
	all, body := quoteVariants(b)
	b.Logf("request %d bytes", len(body))
	inProcess(b, all, quotesPath, body)
}

func BenchmarkQuoteOverLoopback(b *testing.B) {
	all, body := quoteVariants(b)
	overLoopback(b, all, quotesPath, body)
}
