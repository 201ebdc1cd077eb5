package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

// FuzzBodies sends anything to everything that takes a body: the caller may be
// wrong, the server never, every answer is JSON, and what is priced is what
// encoding/json reads.
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
			if path == pricePath && w.Code == 200 {
				pricedWhatWasAsked(t, body, decoded[priced](t, w.Body.String()))
			}
		}
	})
}

func pricedWhatWasAsked(t *testing.T, body []byte, answer priced) {
	t.Helper()
	var asked map[string]any // of which, unlike of a struct, names are exact
	if err := json.Unmarshal(body, &asked); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asked["skus"], decoded[any](t, answer.SKUList)); diff != "" {
		t.Fatalf("-asked +priced\n%s", diff)
	}
}

// TestBrokenBodiesAreRefused cuts a good body at every byte, and breaks it.
func TestBrokenBodiesAreRefused(t *testing.T) {
	s := open(t)
	good := ` {"skus" : ["120P90", "\u0034\u0033N23P"], "note": {"a": [1e5, "\ud83d\ude00"]}}`
	want(t, s.do("POST", pricePath, good), 200)
	for n := range len(good) {
		want(t, s.do("POST", pricePath, good[:n]), 400)
	}
	for _, c := range []struct{ body, message string }{
		{`{"skus":["120P90"],"note":"` + "\xff" + `"}`, "note: not valid JSON after byte 27: invalid UTF-8"},
		{`{"skus":["\ude00"]}`, "skus[0]: not valid JSON after byte 10: invalid surrogate pair `\\ude00\"]}` in string"},
		{`{"note":{"a":[{"b":1,"b":2}]},"skus":["120P90"]}`, "note.a[0].b: given twice"},
		{`{"skus":["120P90"],"sku\u0073":[]}`, "skus: given twice"},
		{`{"skus":["120P90",]}`, "skus: not valid JSON after byte 17: invalid character ',' at start of value"},
		{`{"skus":["120P90"]`, "body: ended before it was complete"},
		{`{"skus":` + strings.Repeat("[", 20_000), "exceeded max depth"},
		{`{"note":` + strings.Repeat(`{"a":`, 20_000), "exceeded max depth"},
		{strings.Repeat("[", 20_000), "exceeded max depth"},
	} {
		got := decoded[map[string]string](t, want(t, s.do("POST", pricePath, c.body), 400))["error"]
		if !strings.HasSuffix(got, c.message) || len(got) > 300 {
			t.Errorf("%.60s: got %q, want %q", c.body, got, c.message)
		}
	}
}

func TestListsAreNotReadWithoutEnd(t *testing.T) {
	s := open(t)
	many := "[" + strings.Repeat("1,", 100_000) + "1]}"
	wantError(t, s.put(`{"items":`+many), 400, "items: more than 100000 entries")
	wantError(t, s.do("POST", pricePath, `{"skus":`+many), 400, "skus: more than 100000 entries")
}

// TestTextsComeBackAsSent stores names of all kinds; only what JSON demands is
// escaped.
func TestTextsComeBackAsSent(t *testing.T) {
	s := open(t)
	for sent, want := range map[string]string{
		`<b>&amp;</b>`: `"<b>&amp;</b>"`,
		"é☕😀\u2028":    "\"é☕😀\u2028\"",
		`a\"b\\c\/d`:   `"a\"b\\c/d"`,
		`\u00e9`:       `"é"`,
		`\ufffd`:       "\"\uFFFD\"",
	} {
		w := s.put(`{"items":[{"name":"` + sent + `","sku":"A","price":1,"inventory_quantity":1}]}`)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"name":`+want+`,`) {
			t.Errorf("%s: got %d %s, want %s", sent, w.Code, w.Body, want)
		}
	}
}

// TestTextsThatAreNotUTF8GoOut because the store may be filled by others.
func TestTextsThatAreNotUTF8GoOut(t *testing.T) {
	s := open(t, func(s *shop, _ *api.Options) {
		s.memory = newMemory(engine.Item{SKU: "A", Name: "a\xffb", Price: 1, Stock: 1})
	})
	body := want(t, s.do("GET", itemPath+"A", ""), 200)
	if got := decoded[priced](t, body).Items[0].Name; got != "a\uFFFDb" {
		t.Errorf("got the name %q", got)
	}
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
