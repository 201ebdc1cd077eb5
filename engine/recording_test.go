package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

func recorded(t interface{ Fatalf(string, ...any) }, req engine.Request) []byte {
	text, err := engine.EncodeRequest(req)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return text
}

func replayed(t interface{ Fatalf(string, ...any) }, text []byte) engine.Request {
	req, err := engine.DecodeRequest(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return req
}

func TestARecordedRequestIsPricedToTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draws{t}
		s := drawWholeShop(t)
		s.request.Explain, s.request.Hints = d.one(2, "explain"), d.one(3, "hints")
		catalog := s.request.Catalog.(engine.CatalogMap)
		for _, l := range s.request.Cart.Lines {
			if d.one(2, "in the catalogue") {
				catalog[l.Item.SKU] = l.Item
			}
		}
		if d.one(3, "prices") {
			catalog["G1"].Prices = pickOf(d, "price list", nil, map[engine.Currency]engine.Amount{}, map[engine.Currency]engine.Amount{usd(t): 650})
		}
		text := recorded(t, s.request)
		again := replayed(t, text)
		want := asJSON(t, s.price(t))
		if got := asJSON(t, priceRequest(t, s.rules(t), again)); got != want {
			t.Fatalf("%s\n%s", cmp.Diff(want, got), s)
		}
		if twice := recorded(t, again); string(twice) != string(text) {
			t.Fatalf("recorded again: %s", cmp.Diff(string(text), string(twice)))
		}
	})
}

// filled returns a value of the type in which nothing is zero.
func filled(t *testing.T, typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ {
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.UTC))
	case reflect.TypeFor[engine.Currency]():
		return reflect.ValueOf(usd(t))
	case reflect.TypeFor[engine.Value]():
		return reflect.ValueOf(engine.TextsValue([]string{"a"}))
	case reflect.TypeFor[engine.Catalog]():
		item := filled(t, reflect.TypeFor[engine.Item]()).Interface().(engine.Item)
		v.Set(reflect.ValueOf(engine.CatalogMap{item.SKU: &item}))
		return v
	}
	switch typ.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t, typ.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		v.SetMapIndex(filled(t, typ.Key()), filled(t, typ.Elem()))
	case reflect.Pointer:
		v.Set(reflect.New(typ.Elem()))
		v.Elem().Set(filled(t, typ.Elem()))
	case reflect.Struct:
		for i := range typ.NumField() {
			v.Field(i).Set(filled(t, typ.Field(i).Type))
		}
	default:
		t.Fatalf("this test cannot fill a %v", typ)
	}
	return v
}

func TestNothingOfARequestIsForgotten(t *testing.T) {
	want := filled(t, reflect.TypeFor[engine.Request]()).Interface().(engine.Request)
	got := replayed(t, recorded(t, want))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %+v", recorded(t, got), want)
	}
	empty := replayed(t, recorded(t, engine.Request{}))
	if !reflect.DeepEqual(empty, engine.Request{}) {
		t.Errorf("got %+v, want nothing", empty)
	}
}

func TestWhatIsThereAndEmptyIsNotWhatIsNotThere(t *testing.T) {
	item := &engine.Item{
		SKU: "A", Prices: map[engine.Currency]engine.Amount{}, Categories: []string{}, Tags: []string{},
		Attributes: engine.Attributes{"none": {}, "texts": engine.TextsValue(nil), "number": engine.NumberValue(decimal(t, "1.50")), "text": engine.TextValue("<&>\u2028\ufffd\x00\\ufffd")},
	}
	req := engine.Request{Catalog: engine.CatalogMap{}, Cart: engine.Cart{Coupons: []string{}, Lines: []engine.Line{{Item: item, Quantity: 1}, {Item: item, Quantity: 2}}}}
	text := recorded(t, req)
	const want = `{"format":3,"cart":{"currency":"","lines":[{"item":0,"quantity":1},{"item":0,"quantity":2}],"coupons":[]},` +
		`"items":[{"sku":"A","prices":{},"categories":[],"tags":[],"attributes":{"none":null,"number":1.50,"text":"\u003c\u0026\u003e\u2028` + "\ufffd" + `\u0000\\ufffd","texts":[]}}],"catalog":[]}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	again := replayed(t, text)
	if a, b := again.Cart.Lines[0].Item, again.Cart.Lines[1].Item; a != b || a.Prices == nil || a.Attributes["texts"].Kind() != engine.KindTexts {
		t.Errorf("got %+v and %+v, want one item with an empty price list and an empty list of texts", a, b)
	}
	if twice := recorded(t, again); string(twice) != want {
		t.Errorf("got  %s\nwant %s", twice, want)
	}
}

type noMap struct{}

func (noMap) Item(string) (*engine.Item, bool) { return nil, false }

func TestWhatCannotBeRecordedIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		req  engine.Request
		want string
	}{
		{"a line without an item", engine.Request{Cart: engine.Cart{Lines: []engine.Line{{}}}}, "a line has no item"},
		{"a catalogue that cannot be listed", engine.Request{Catalog: noMap{}}, "a catalogue of type engine_test.noMap cannot be listed; use a CatalogMap"},
		{"a catalogue under other SKUs", engine.Request{Catalog: engine.CatalogMap{"A": {SKU: "B"}}}, "the catalogue has another item, or none, under the SKU A"},
		{"a catalogue with nothing under a SKU", engine.Request{Catalog: engine.CatalogMap{"A": nil}}, "the catalogue has another item, or none, under the SKU A"},
		{"bytes that are no text", engine.Request{Cart: engine.Cart{Channel: `\\` + "\xff"}}, "a text is not UTF-8"},
		{"bytes that are no text after a backslash", engine.Request{Cart: engine.Cart{Channel: `\ufffd` + "\xff"}}, "a text is not UTF-8"},
		{"an instant beyond all calendars", engine.Request{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
			"json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := engine.EncodeRequest(c.req)
			refusedRecord(t, err, c.want)
		})
	}
}

func TestARecordThatIsNotWhollyUnderstoodIsRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "it is cut off"},
		{"the first half", `{"format":1,"cart":{`, "it is cut off"},
		{"two records", `{"format":1} {}`, "something follows it"},
		{"no format", `{}`, "format 0: want 1 to 3"},
		{"a later format", `{"format":99,"mood":"good"}`, "it is of format 99, from a later version; this version knows up to 3: use that version"},
		{"a field that nobody has ever written", `{"format":1,"cart":{"mood":"good"}}`, `json: unknown field "mood"`},
		{"a line of an item that is not there", `{"format":1,"cart":{"lines":[{"item":1,"quantity":1}]},"items":[{"sku":"A"}]}`, "line 0 is of item 1, there are 1"},
		{"a catalogue of items that are not there", `{"format":1,"catalog":[-1]}`, "the catalogue names item -1, there are 0"},
		{"an amount that is no amount", `{"format":1,"items":[{"price":1.5}]}`, "json: cannot unmarshal number 1.5 into Go struct field recordedItem.items.price of type engine.Amount"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := engine.DecodeRequest([]byte(c.text))
			refusedRecord(t, err, c.want)
		})
	}
}

func refusedRecord(t *testing.T, err error, want string) {
	t.Helper()
	var refused *engine.RecordError
	if !errors.As(err, &refused) || refused.Problem != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// TestTheFieldsOfAQuoteAreKnown holds that nobody adds a field to quotes without
// saying since which format it is there.
func TestTheFieldsOfAQuoteAreKnown(t *testing.T) {
	path := filepath.Join("testdata", "quote_fields.golden.txt")
	since := engine.QuoteFieldsSince()
	var got strings.Builder
	fields := make(map[string]bool)
	quoteFields(reflect.TypeFor[engine.Quote](), "", fields)
	of := make(map[string]int) // by field, as since says of it or of what it is in
	for added, format := range since {
		known := false
		for field := range fields {
			if rest, in := strings.CutPrefix(field, added); in && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				known, of[field] = true, format
			}
		}
		if !known || format < 2 || format > engine.RecordFormat {
			t.Errorf("%s: got format %d of a field that is there: %t, want one of 2 to %d of one that is", added, format, known, engine.RecordFormat)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintln(&got, max(1, of[field]), field)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the fields of quotes have changed: raise RecordFormat once a release, enter the field in QuoteFieldsSince, then UPDATE_GOLDEN=1 (-want +got):\n%s", diff)
	}
}

// quoteFields collects the paths of the JSON fields of a type.
func quoteFields(typ reflect.Type, path string, into map[string]bool) {
	switch {
	case typ.Kind() == reflect.Pointer:
		quoteFields(typ.Elem(), path, into)
	case typ.Kind() == reflect.Slice:
		quoteFields(typ.Elem(), path+"[]", into)
	case typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || typ == reflect.TypeFor[engine.Currency]():
		into[path] = true
	default:
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			quoteFields(typ.Field(i).Type, strings.TrimPrefix(path+"."+name, "."), into)
		}
	}
}

// tenLines is a request for a cart of ten lines with ordinary facts.
func tenLines(t testing.TB) engine.Request {
	catalog := make(engine.CatalogMap)
	var lines []engine.Line
	for i := range 12 {
		item := &engine.Item{
			ID: int64(1000 + i), SKU: fmt.Sprintf("SKU-%05d", i), Name: fmt.Sprintf("An ordinary article, number %d", i), Price: 4999, MinPrice: 2500, Stock: 120,
			Categories: []string{"home/kitchen", "sale"}, Brand: "Ordinary", Tags: []string{"new", "green"},
			Attributes: engine.Attributes{"colour": engine.TextValue("blue"), "watts": engine.NumberValue(decimal(t, "12.50"))},
		}
		catalog[item.SKU] = item
		if i < 10 {
			lines = append(lines, engine.Line{Item: item, Quantity: 2})
		}
	}
	return engine.Request{
		Cart: engine.Cart{
			Currency: usd(t), Lines: lines, Coupons: []string{"WELCOME"}, Channel: "web",
			Customer: engine.Customer{ID: "c-123", Groups: []string{"vip"}, Orders: 3, LifetimeSpend: 123456},
			Shipping: engine.Shipping{Shipments: []engine.Shipment{{Method: "standard", Price: 599}}, Country: "US"},
		},
		Catalog: catalog, At: time.Date(2026, 11, 22, 1, 2, 3, 456789000, time.UTC),
	}
}

func BenchmarkRecord(b *testing.B) {
	req := tenLines(b)
	text := recorded(b, req)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			recorded(b, req)
		}
		b.ReportMetric(float64(len(text)), "bytes/record")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			replayed(b, text)
		}
	})
}

func decimal(t testing.TB, text string) engine.Decimal {
	d, err := engine.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
