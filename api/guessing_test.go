package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
)

// guessed is a shop in which a customer may send 3 codes a minute that nobody knows, and a
// key from one address 5. SAVE is a code that there is.
type guessed struct {
	*guarded
	t   *testing.T
	key string
}

func openGuessed(t *testing.T) *guessed {
	g := openGuarded(t, withRules(engine.New(limitedRules(t))), func(_ *shop, o *api.Options) { o.CustomerGuesses, o.CallerGuesses = 3, 5 })
	key, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	return &guessed{g, t, key}
}

func (g *guessed) post(path, key, address, body string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.RemoteAddr = address + ":1000"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	g.http.ServeHTTP(w, r)
	return w
}

func (g *guessed) quote(customer string, codes ...string) *httptest.ResponseRecorder {
	return g.post(quotesPath, g.key, "192.0.2.1", cartOf(customer, codes...))
}

func cartOf(customer string, codes ...string) string {
	return fmt.Sprintf(`{"lines":[],"customer":{"id":%q},"coupons":["%s"],"unknown":"report"}`, customer, strings.Join(codes, `","`))
}

func (g *guessed) throttled(w *httptest.ResponseRecorder, wait string) {
	g.t.Helper()
	text := want(g.t, w, 429)
	if !strings.Contains(text, `"code":"coupons_throttled"`) || w.Header().Get("Retry-After") != wait {
		g.t.Errorf("got %s, Retry-After %s; want coupons_throttled and %s", text, w.Header().Get("Retry-After"), wait)
	}
}

func TestACustomerWhoGuessesCodesWaits(t *testing.T) {
	g := openGuessed(t)
	want(t, g.quote("ann", "A", "SAVE"), 200)
	want(t, g.quote("ann", "SAVE"), 200) // which is known, and counts for nothing
	want(t, g.quote("ann", "B", "C", "B"), 200)
	g.throttled(g.quote("ann", "D"), "20")
	g.throttled(g.quote("ann", "SAVE"), "20") // a right code is not told from a wrong one
	want(t, g.post(quotesPath, g.key, "192.0.2.1", `{"lines":[],"customer":{"id":"ann"}}`), 200)
	want(t, g.quote("bob", "SAVE"), 200)
	g.pass(20 * time.Second)
	want(t, g.quote("ann", "SAVE"), 200)
	want(t, g.quote("ann", "E"), 200)
	g.throttled(g.quote("ann", "SAVE"), "20")
	if text := want(t, g.do("GET", "/metrics", ""), 200); !strings.Contains(text, "checkout_coupon_guesses_refused_total 3\n") {
		t.Errorf("the metrics do not tell of 3 carts")
	}
}

func TestACallerWhoMakesCustomersUpWaits(t *testing.T) {
	g := openGuessed(t)
	for i := range 5 {
		want(t, g.quote(fmt.Sprint("made up ", i), fmt.Sprint("X", i)), 200)
	}
	g.throttled(g.quote("another", "SAVE"), "12")
	g.throttled(g.quote("", "SAVE"), "12")
	want(t, g.post(quotesPath, g.key, "192.0.2.2", cartOf("another", "SAVE")), 200)
	other, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	want(t, g.post(quotesPath, other, "192.0.2.1", cartOf("another", "SAVE")), 200)
}

// Wherever codes are looked at they count, and are looked at no more.
func TestCodesAreGuessedNowhere(t *testing.T) {
	for _, x := range []struct {
		name, path, body string
		refused          func(*httptest.ResponseRecorder) bool
	}{
		{"offers", "/v1/offers", cartOf("ann", "A", "B", "C"), nil},
		{"a quote that refuses unknown codes", quotesPath, `{"lines":[],"customer":{"id":"ann"},"coupons":["A","B","C"]}`, nil},
		{"an order", "/v1/orders", `{"lines":[{"sku":"120P90","quantity":1}],"customer":{"id":"ann"},"coupons":["A","B","C"]}`, nil},
		{"a batch", "/v1/quotes:batch", `{"carts":[` + cartOf("ann", "A", "B", "C") + `]}`, func(w *httptest.ResponseRecorder) bool {
			return w.Code == 200 && strings.Contains(w.Body.String(), `"code":"coupons_throttled"`)
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := keyed(t, withRules(engine.New(limitedRules(t))), func(_ *shop, o *api.Options) { o.CustomerGuesses, o.CallerGuesses = 3, -1 })
			ask := func(key string) *httptest.ResponseRecorder {
				return s.do("POST", x.path, x.body, append(asJSON(), "Idempotency-Key", key)...)
			}
			if first := ask("one"); first.Code == 429 || strings.Contains(first.Body.String(), "coupons_throttled") {
				t.Fatalf("got %d %s, want the first to be looked at", first.Code, first.Body)
			}
			second := ask("two")
			refused := second.Code == 429 && strings.Contains(second.Body.String(), `"code":"coupons_throttled"`)
			if x.refused != nil {
				refused = x.refused(second)
			}
			if !refused {
				t.Errorf("got %d %s, want that codes are looked at no more", second.Code, second.Body)
			}
		})
	}
}

func TestABatchCountsAsItsCarts(t *testing.T) {
	g := rated(t, 2, 0) // four at once
	key, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	batch := func(carts int) *httptest.ResponseRecorder {
		return g.do("POST", "/v1/quotes:batch", `{"carts":[`+strings.Repeat(`{"lines":[]},`, carts-1)+`{"lines":[]}]}`,
			"Content-Type", "application/json", "Authorization", "Bearer "+key)
	}
	w := batch(3)
	want(t, w, 200)
	if got := fmt.Sprint(limits(w)); got != `["key";q=4;w=2 "key";r=1;t=2]` {
		t.Errorf("got %s, want one left", got)
	}
	w = batch(3) // of which one is left, and paid for the asking
	if text := want(t, w, 429); !strings.Contains(text, `"code":"rate_limited"`) || w.Header().Get("Retry-After") != "1" {
		t.Errorf("got %s, Retry-After %s", text, w.Header().Get("Retry-After"))
	}
	g.pass(2 * time.Second)
	want(t, batch(4), 200)
	g.pass(2 * time.Second)
	if text := want(t, batch(5), 400); !strings.Contains(text, `"code":"invalid_cart"`) || !strings.Contains(text, "this key may send 4 at once") {
		t.Errorf("got %s, want that it is too much for ever", text)
	}
}
