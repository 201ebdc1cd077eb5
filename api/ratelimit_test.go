package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine/apikey"
)

// rated is a shop with rates; its clock rests.
func rated(t *testing.T, key, address int) *guarded {
	return openGuarded(t, func(_ *shop, o *api.Options) { o.KeyRate, o.AddressRate = key, address })
}

// limits are the headers about rates of an answer.
func limits(w *httptest.ResponseRecorder) []string {
	return append(append(append([]string{}, w.Header().Values("RateLimit-Policy")...), w.Header().Values("RateLimit")...), w.Header().Values("Retry-After")...)
}

func (g *guarded) quoteOf(key, address string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", quotesPath, strings.NewReader(`{"lines":[]}`))
	r.RemoteAddr = address
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	g.http.ServeHTTP(w, r)
	return w
}

func TestAKeyIsHeldToItsRate(t *testing.T) {
	g := rated(t, 2, 0)
	one, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	other, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	for i, left := range []string{`r=3;t=1`, `r=2;t=1`, `r=1;t=2`, `r=0;t=2`} {
		w := g.quoteOf(one, fmt.Sprintf("192.0.2.%d:1000", i))
		want(t, w, 200)
		if diff := cmp.Diff([]string{`"key";q=4;w=2`, `"key";` + left}, limits(w)); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
	w := g.quoteOf(one, "192.0.2.1:1000")
	if text := want(t, w, 429); !strings.Contains(text, `"code":"rate_limited"`) || !strings.Contains(text, "too many requests with this key: wait a second") {
		t.Errorf("got %s", text)
	}
	if diff := cmp.Diff([]string{`"key";q=4;w=2`, `"key";r=0;t=2`, "1"}, limits(w)); diff != "" {
		t.Errorf("too many (-want +got):\n%s", diff)
	}
	want(t, g.quoteOf(other, "192.0.2.1:1000"), 200)
	g.pass(time.Second)
	want(t, g.quoteOf(one, "192.0.2.1:1000"), 200)
	want(t, g.quoteOf(one, "192.0.2.1:1000"), 200)
	want(t, g.quoteOf(one, "192.0.2.1:1000"), 429)
}

// TestThePasswordHasARate looks at both versions, which share it.
func TestThePasswordHasARate(t *testing.T) {
	g := rated(t, 1, 0)
	want(t, g.do("GET", ordersPath, "", "X-Auth-Password", password), 200)
	want(t, g.quoteOf(password, "192.0.2.1:1000"), 200)
	wantError(t, g.do("GET", ordersPath, "", "X-Auth-Password", password), 429, "too many requests with this key: wait a second")
	want(t, g.do("GET", ordersPath, "", "X-Auth-Password", "guess"), 401)
	want(t, g.do("GET", itemPath+tv, ""), 200) // which has no key
}

func TestAnAddressIsHeldToItsRate(t *testing.T) {
	const v4, v6, same, other = "192.0.2.1:1000", "[2001:db8::1]:1000", "[2001:db8::ffff]:1000", "[2001:db8:0:1::1]:1000"
	g := rated(t, 0, 1)
	send := func(method, path, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, http.NoBody)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		g.http.ServeHTTP(w, r)
		return w
	}
	want(t, send("GET", itemPath+tv, v4), 200)
	want(t, send("GET", "/v1/promotions", v4), 401)
	for _, x := range []struct{ method, path string }{
		{"GET", itemPath + tv}, {"POST", pricePath}, {"POST", purchasePath}, {"GET", ordersPath}, {"POST", itemsPath},
		{"POST", quotesPath}, {"GET", "/v1/promotions"}, {"GET", "/openapi.json"}, {"GET", "/docs/problems/rate_limited"},
	} {
		w := send(x.method, x.path, v4)
		if w.Code != 429 || !strings.Contains(w.Body.String(), "too many requests from this address: wait a second") {
			t.Errorf("%s %s: got %d %s", x.method, x.path, w.Code, w.Body)
		}
		if diff := cmp.Diff([]string{`"address";q=2;w=2`, `"address";r=0;t=2`, "1"}, limits(w)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", x.method, x.path, diff)
		}
	}
	for _, path := range []string{"/status", "/health", "/livez", "/readyz", "/metrics"} {
		want(t, send("GET", path, v4), 200)
	}
	want(t, send("GET", itemPath+tv, v6), 200)
	want(t, send("GET", itemPath+tv, same), 200)
	want(t, send("GET", itemPath+tv, v6), 429) // both are of one network
	want(t, send("GET", itemPath+tv, other), 200)
}

// TestARateOutlivesItsTurns keeps an address busy while the memory of others is dropped.
func TestARateOutlivesItsTurns(t *testing.T) {
	g := rated(t, 0, 5)
	served := 0
	for range 100 { // ten seconds
		for range 5 {
			if g.quoteOf("guess", "192.0.2.1:1000").Code != 429 {
				served++
			}
		}
		g.pass(100 * time.Millisecond)
	}
	if served < 59 || served > 60 {
		t.Errorf("served %d requests, want the 10 at once and 5 a second for ten seconds", served)
	}
}

func TestNoRateIsToldWhereThereIsNone(t *testing.T) {
	g := rated(t, 0, 0)
	key, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	for range 100 {
		w := g.quoteOf(key, "192.0.2.1:1000")
		want(t, w, 200)
		if got := limits(w); len(got) != 0 {
			t.Fatalf("got %q, want no headers about rates", got)
		}
	}
}
