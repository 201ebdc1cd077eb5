package api_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// FuzzBodies sends anything to everything that takes a body: the caller may be
// wrong, the server never, and every answer is JSON.
func FuzzBodies(f *testing.F) {
	for _, x := range exchanges() {
		if len(x.body) < 1000 {
			f.Add([]byte(x.body))
		}
	}
	f.Add([]byte(`{"items":[{"name":"a","sku":"A","price":1e0,"inventory_quantity":1}]}`))
	s := open(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{pricePath, purchasePath, itemsPath} {
			w := send(s.server, "POST", path, bytes.NewReader(body), "X-Auth-Password", password)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || w.Code >= 400 && w.Body.Len() > 2000 {
				t.Fatalf("%s: got %d: %s", path, w.Code, w.Body)
			}
		}
	})
}

// FuzzKeys asks for the price of anything.
func FuzzKeys(f *testing.F) {
	for _, key := range []string{tv, "Google TV", "a/b", "%2F", "\xff", "\x00", "..", "//"} {
		f.Add(key)
	}
	s := open(f)
	f.Fuzz(func(t *testing.T, key string) {
		w := s.do("GET", itemPath+percentAll(key), "")
		if w.Code != 200 && w.Code != 404 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: got %d: %s", key, w.Code, w.Body)
		}
	})
}

// TestQuoteAndPurchaseAgree buys what was quoted just before, whatever it is.
func TestQuoteAndPurchaseAgree(t *testing.T) {
	known := []string{tv, macbook, speaker, pi}
	rapid.Check(t, func(r *rapid.T) {
		s := open(t)
		for range rapid.IntRange(1, 4).Draw(r, "orders") {
			list := rapid.SliceOfN(rapid.SampledFrom(known), 1, 6).Draw(r, "skus")
			w := s.do("POST", pricePath, skus(list...))
			if w.Code != 200 {
				continue
			}
			quote := decoded[map[string]any](t, w.Body.String())
			w = s.do("POST", purchasePath, skus(list...))
			if w.Code == 409 {
				continue
			}
			order := decoded[map[string]any](t, w.Body.String())
			if diff := cmp.Diff([]any{quote["total_with_discount"], quote["gifts"], quote["ruleset"]},
				[]any{order["cost"], order["gifts"], order["ruleset"]}); diff != "" {
				r.Fatalf("%q: -quote +purchase\n%s", list, diff)
			}
		}
	})
}
