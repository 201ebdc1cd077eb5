package api

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// What is read as plain, the library reads with the same result, whatever was done to
// the body.
func TestPlainQuotesAreReadAsTheLibraryReadsThem(t *testing.T) {
	bodies := []string{
		`{"lines":[{"sku":"ITEM-1","quantity":3},{"quantity":0,"sku":"B"}],"customer":{"id":"c-42","groups":["gold",""],"tags":[],"orders":12}}`,
		` { "lines" : [ ] , "coupons":["A","B"],"channel":"web","payment":"card","currency":"USD","explain":"full","unknown":"report"}` + "\n",
		`{"lines":[{"sku":"ITEM-1"}],"customer":{}}`,
	}
	for _, body := range bodies {
		if !readPlainQuote([]byte(body), new(v1.QuoteRequest)) {
			t.Errorf("%s is not read as plain", body)
		}
	}
	for _, body := range []string{
		`{"lines":[],"lines":[]}`, `{"lines":[{"sku":"A","sku":"A"}]}`, `{"customer":{"id":"a","id":"a"}}`, `{"lines":[]}x`, `{"lines":[],}`,
		`{"coupons":["a\\b"]}`, `{"channel":"é"}`, `{"lines":[{"quantity":01}]}`, `{"lines":[{"quantity":1e3}]}`, `{"extra":1}`, `[]`, ``,
	} {
		if readPlainQuote([]byte(body), new(v1.QuoteRequest)) {
			t.Errorf("%s is read as plain", body)
		}
	}
	taken, other := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SampledFrom(bodies).Draw(t, "body")
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			at := rapid.IntRange(0, len(body)).Draw(t, "at")
			until := min(len(body), at+rapid.IntRange(0, 3).Draw(t, "less"))
			insert := rapid.SampledFrom([]string{
				"", " ", "\x00", "\x7f", "\xff", "é", `\n`, `\u0041`, `"`, ",", ":", "{", "}", "[", "]", "0", "-", "1", "00", ".5", "e3", "null", "true", "x",
				`"id":"x",`, `"lines":[],`, `"sku":"B",`, `"at":"2026-11-27T10:00:00Z",`, "999999999999999", "9999999999999999", "9223372036854775808",
			}).Draw(t, "insert")
			body = body[:at] + insert + body[until:]
		}
		var got, want v1.QuoteRequest
		if !readPlainQuote([]byte(body), &got) {
			other++
			return
		}
		taken++
		if err := json.Unmarshal([]byte(body), &want, json.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("%s is read as plain, and the library says %v", body, err)
		}
		if strings.Contains(body, "null") && refuseNull([]byte(body)) != nil {
			t.Fatalf("%s is read as plain, and has null", body)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s is read as\n%+v, want\n%+v", body, got, want)
		}
	})
	if taken < 10 || other < 10 {
		t.Errorf("%d bodies were plain and %d were not, want many of both", taken, other)
	}
}

func TestNULIsRefusedWhereverItIs(t *testing.T) {
	for _, body := range []string{`{"lines":[],"coupons":["\u0000"]}`, `{"lines":[],"attributes":{"a\u0000":"b"}}`} {
		if err := refuseNull([]byte(body)); err == nil || !strings.HasSuffix(err.Error(), ": has the character NUL") {
			t.Errorf("%s: got %v, want a fault", body, err)
		}
	}
	if err := refuseNull([]byte(`{"channel":"\\u0000"}`)); err != nil {
		t.Errorf("a backslash before u0000: got %v, want none", err)
	}
}
