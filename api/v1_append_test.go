package api

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// The text of a quote is the one of the library, whatever is in the quote. Members that
// the document gets later come in by themselves, and fail here.
func TestAQuoteIsWrittenAsTheLibraryWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var quote v1.Quote
		fill(t, reflect.ValueOf(&quote).Elem())
		want, err := json.Marshal(&quote, answerOptions())
		got, ours := appendQuote([]byte("before"), &quote)
		if (err != nil) != (ours != nil) {
			t.Fatalf("got the error %v, want %v", ours, err)
		}
		if err == nil && string(got) != "before"+string(want) {
			t.Fatalf("got  %s\nwant before%s", got, want)
		}
	})
}

// fill gives a value, and all that is in it, random contents.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 0), time.FixedZone("", 3600), time.FixedZone("", -5400), time.FixedZone("", 90*3600)}).Draw(t, "zone")
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "second"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).In(zone)))
		return
	case engine.Decimal:
		if rapid.Bool().Draw(t, "amount") {
			c, err := engine.ParseCurrency(rapid.SampledFrom([]string{"USD", "JPY", "KWD"}).Draw(t, "currency"))
			if err != nil {
				t.Fatal(err)
			}
			v.Set(reflect.ValueOf(c.Decimal(engine.Amount(rapid.Int64Range(-1e12, 1e12).Draw(t, "units")))))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.Just(""), rapid.SampledFrom([]string{"Google TV <&> \"é\"", `back\slash`, `"`, "\x7f", "\n"}), rapid.StringMatching("[ -~]{0,9}"),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case reflect.Int64, reflect.Int:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	case reflect.Slice:
		switch n := rapid.IntRange(-1, 2).Draw(t, "length"); n {
		case -1:
		default:
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Map:
	default:
		t.Fatalf("quotes have a %s now", v.Type())
	}
}
