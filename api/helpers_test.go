package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

const (
	tv       = "120P90"
	macbook  = "43N23P"
	speaker  = "A304SD"
	pi       = "234234"
	password = "correct horse"

	pricePath    = "/v0/inventory/items/price"
	purchasePath = "/v0/inventory/items/purchase"
	itemPath     = "/v0/inventory/item/price/"
	itemsPath    = "/v0/inventory/items"
	ordersPath   = "/v0/orders"
)

// catalogue is the one of the original system's examples.
func catalogue() []engine.Item {
	return []engine.Item{
		{SKU: tv, Name: "Google TV", Price: 4999, Stock: 10},
		{SKU: macbook, Name: "MacBook Pro", Price: 539999, Stock: 5},
		{SKU: speaker, Name: "Alexa Speaker", Price: 10950, Stock: 10},
		{SKU: pi, Name: "Raspberry Pi B", Price: 3000, Stock: 2},
	}
}

func currency(t testing.TB, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func number(n int64) engine.Number { return engine.Constant(engine.NewDecimal(n)) }

// atLeast holds when the cart has n units of a set.
type atLeast struct {
	set int
	n   int64
}

func (c atLeast) Holds(s *engine.Scope) bool          { return s.Set(c.set).Quantity() >= c.n }
func (c atLeast) Why(s *engine.Scope) []engine.Clause { return nil }

func (c atLeast) Misses(s *engine.Scope) []engine.Miss { return nil }

func itemSet(sku string) engine.ItemSet {
	return engine.ItemSet{Name: sku, Match: func(item *engine.Item, _ int64) bool { return item.SKU == sku }}
}

// originalRules are the three promotions of the original system.
func originalRules(t testing.TB) *engine.Ruleset {
	t.Helper()
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest:   "digest-of-three",
		Currency: currency(t, "USD"),
		Sets:     []engine.ItemSet{itemSet(tv), itemSet(macbook), itemSet(speaker)},
		Promotions: []engine.Promotion{
			{ID: "macbook-pi", Name: "A free Raspberry Pi", Deals: []engine.Deal{&engine.Giveaway{
				Items: []string{pi}, Quantity: number(1),
				ForEach: &engine.ForEach{Of: engine.Selection{Set: 1}, Quantity: number(1)},
			}}},
			{ID: "tv-3-for-2", Name: "Three for two", Deals: []engine.Deal{&engine.Multibuy{
				Quantity: number(3), Reward: engine.Reward{PayFor: number(2)},
			}}},
			{ID: "speakers-10", Name: "10 % off speakers", When: atLeast{2, 4}, Deals: []engine.Deal{
				&engine.PercentOff{Of: engine.Selection{Set: 2}, Percent: number(10)},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// percentRules take percent off the order.
func percentRules(t testing.TB, digest string, percent int64) *engine.Ruleset {
	t.Helper()
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: digest, Currency: currency(t, "USD"),
		Promotions: []engine.Promotion{{ID: "all", Deals: []engine.Deal{
			&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: number(percent)},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// shop is a server under test with what is behind it.
type shop struct {
	*fake
	server *api.Server
	http   http.Handler // the server, held to the document
	rules  *engine.Engine
}

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// open returns a shop with the catalogue and the promotions of the original
// system; change adapts it before it is built.
func open(t testing.TB, change ...func(*shop, *api.Options)) *shop {
	t.Helper()
	s := &shop{fake: &fake{memory: newMemory(catalogue()...)}, rules: engine.New(originalRules(t))}
	options := api.Options{
		Inventory: s, Orders: s, Rules: s.rules, Currency: currency(t, "USD"),
		Password: password, Version: "v0-test", Now: noon,
		CustomerGuesses: -1, CallerGuesses: -1, // the clock rests
	}
	for _, c := range change {
		c(s, &options)
	}
	server, err := api.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.server, s.http = server, checked{t, server}
	return s
}

func withRules(rules api.Rules) func(*shop, *api.Options) {
	return func(_ *shop, o *api.Options) { o.Rules = rules }
}

// do sends a request with the headers given as name, value.
func (s *shop) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return send(s.http, method, path, strings.NewReader(body), headers...)
}

func send(h http.Handler, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// want fails the test unless the answer has the status, and returns its body.
func want(t testing.TB, w *httptest.ResponseRecorder, status int) string {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got status %d, want %d: %.500s", w.Code, status, w.Body)
	}
	return w.Body.String()
}

// wantError fails the test unless the answer is the error.
func wantError(t testing.TB, w *httptest.ResponseRecorder, status int, message string) {
	t.Helper()
	body := want(t, w, status)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("got %s, want an error in JSON: %v", body, err)
	}
	if len(answer) != 1 || answer["error"] != message {
		t.Fatalf("got %q, want {error: %q}", answer, message)
	}
}

// priced is what the tests read of a price.
type priced struct {
	Items             []item
	Total             json.Number
	TotalWithDiscount json.Number `json:"total_with_discount"`
	TotalGross        json.Number `json:"total_gross"`
	SKUList           string      `json:"sku_list"`
	Ruleset           string
	Gifts             []struct {
		SKU      string
		Quantity int64
	}
}

type item struct {
	ID       int64
	Name     string
	SKU      string
	Price    json.Number
	Quantity int64 `json:"inventory_quantity"`
}

// bought is what the tests read of an order.
type bought struct {
	Reference      string
	OrderReference string `json:"order_reference"`
	SKUs           []string
	Cost           json.Number
}

func decoded[T any](t testing.TB, body string) T {
	t.Helper()
	var value T
	d := json.NewDecoder(strings.NewReader(body))
	if err := d.Decode(&value); err != nil {
		t.Fatalf("decode %.500s: %v", body, err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("got text after the JSON value of %.500s", body)
	}
	return value
}

func skus(list ...string) string {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(map[string]any{"skus": list}); err != nil {
		return err.Error()
	}
	return body.String()
}

func (s *shop) price(t testing.TB, list ...string) priced {
	t.Helper()
	return decoded[priced](t, want(t, s.do("POST", pricePath, skus(list...)), 200))
}

func (s *shop) buy(t testing.TB, list ...string) bought {
	t.Helper()
	return decoded[bought](t, want(t, s.do("POST", purchasePath, skus(list...)), 200))
}

func (s *shop) orderList(t testing.TB) []bought {
	t.Helper()
	return decoded[[]bought](t, want(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 200))
}

func (s *shop) put(body string) *httptest.ResponseRecorder {
	return s.do("POST", itemsPath, body, "X-Auth-Password", password)
}
