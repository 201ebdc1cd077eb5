package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
)

func TestTextIsWrittenAsEncodingJSONReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()),
			func(b []byte) string { return string(b) })).Draw(t, "text")
		quoted := api.Quoted(text)
		var back string
		if err := json.Unmarshal([]byte(quoted), &back); err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if want := strings.ToValidUTF8(text, "\uFFFD"); utf8.ValidString(text) && back != want {
			t.Fatalf("got %q, want %q", back, want)
		}
		standard, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want string
		if err := json.Unmarshal(standard, &want); err != nil || back != want {
			t.Fatalf("got %q, encoding/json gives %q: %v", back, want, err)
		}
	})
}

func TestOnlyWhatMustBeIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"":             `""`,
		"<b>&amp;</b>": `"<b>&amp;</b>"`,
		"é☕😀\u2028":    "\"é☕😀\u2028\"",
		`a"b\c/d`:      `"a\"b\\c/d"`,
		"\n\r\t\x00\f": `"\n\r\t\u0000\u000c"`,
		"a\xffb":       `"a\ufffdb"`,
		"\uFFFD":       "\"\uFFFD\"",
	} {
		if got := api.Quoted(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTextIsReadAsEncodingJSONReadsItOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(rapid.StringMatching(`[a-zé☕ ]{1,4}`),
			rapid.SampledFrom([]string{`\n`, `\"`, `\\`, `\/`, `\u0000`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\uFFFD`, "\uFFFD"}))
		quoted := `"` + strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "") + `"`
		got, ok := api.Unquoted(quoted)
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		if ok && got != want {
			t.Fatalf("got %q for %s, want %q", got, quoted, want)
		}
		whole := strings.ReplaceAll(quoted, `\ud83d\ude00`, "")
		if halves := strings.Contains(whole, `\ud83d`) || strings.Contains(whole, `\ude00`); ok == halves {
			t.Fatalf("got ok %v for %s with half characters %v", ok, quoted, halves)
		}
	})
}

func TestMoneyIsWrittenAsTheCurrencyDoes(t *testing.T) {
	codes := []string{"USD", "JPY", "BHD", "CLF"}
	rapid.Check(t, func(t *rapid.T) {
		c, err := engine.ParseCurrency(rapid.SampledFrom(codes).Draw(t, "code"))
		if err != nil {
			t.Fatal(err)
		}
		limit := int64(engine.MaxAmount)
		amount := engine.Amount(rapid.OneOf(rapid.Int64Range(-20, 20000), rapid.Int64Range(-limit, limit)).Draw(t, "amount"))
		got := api.Money(c, amount)
		if want := c.Format(amount); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if back, err := c.Parse(got); err != nil || back != amount {
			t.Fatalf("got %d back from %s, want %d: %v", back, got, amount, err)
		}
	})
}

// FuzzWalk holds the walk over JSON to what encoding/json makes of it.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":1,"b":[1,2,{"c":"]}\\\""}],"a":null}`, ` { "a" : [ ] , "b" : -1.5e3 } `,
		`["\u0041",true,false,null,{"x":{}},[[[]]]]`, `{"":""}`, `7`, `"\""`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		text = strings.Trim(text, " \n\r\t")
		switch text[0] {
		case '{':
			walkObject(t, text)
		case '[':
			walkList(t, text)
		}
	})
}

func walkObject(t *testing.T, text string) {
	got := make(map[string]string)
	for key, value := range api.Members(text) {
		var name string
		if err := json.Unmarshal([]byte(key), &name); err != nil {
			t.Fatalf("key %s: %v", key, err)
		}
		got[name] = value
	}
	var want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	equal := maps.EqualFunc(got, want, func(a string, b json.RawMessage) bool { return a == string(b) })
	if !equal {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func walkList(t *testing.T, text string) {
	var got []string
	for i, value := range api.Elements(text) {
		if i != len(got) {
			t.Fatalf("got index %d, want %d", i, len(got))
		}
		got = append(got, value)
	}
	var want []json.RawMessage
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(a string, b json.RawMessage) bool { return a == string(b) }) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

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
