package engine_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// TestADecoderReadsWhatDecodeRequestReads compares them on recorded requests, and
// on such that are damaged in one byte: also then both read the same, or nothing.
func TestADecoderReadsWhatDecodeRequestReads(t *testing.T) {
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
		text := recorded(t, s.request)
		decoder := engine.NewRequestDecoder()
		sold := s.request // the same items with another stock
		sold.Cart.Lines = slices.Clone(sold.Cart.Lines)
		for i, l := range sold.Cart.Lines {
			item := *l.Item
			item.Stock = rapid.Int64Range(-2, 2000).Draw(t, "stock")
			sold.Cart.Lines[i].Item = &item
		}
		later := recorded(t, sold)
		if req, n, ok := decoder.Prefix(append(bytes.Clone(text), `,"quote":{}}`...)); !ok || n != len(text) || !reflect.DeepEqual(req, replayed(t, text)) {
			t.Fatalf("got %d bytes, %v: %+v\nof %d: %s", n, ok, req, len(text), text)
		}
		damaged := bytes.Clone(text)
		damaged[rapid.IntRange(0, len(text)-1).Draw(t, "place")] = pickOf(d, "byte", []byte("\"{}[]:,0129-.eE\\atx \n\x00\xff")...)
		for range 2 { // the second time from what the first one remembered
			for _, text := range [][]byte{text, later, damaged} {
				got, gotErr := decoder.Decode(text)
				want, wantErr := engine.DecodeRequest(text)
				if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("got  %+v, %v\nwant %+v, %v\nof   %s", got, gotErr, want, wantErr, text)
				}
			}
		}
	})
}

func TestItemsThatAreWrittenAlikeAreOneItem(t *testing.T) {
	text := recorded(t, engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{Item: &engine.Item{SKU: "A", Price: 100}, Quantity: 2}}}})
	decoder := engine.NewRequestDecoder()
	other := recorded(t, engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{Item: &engine.Item{SKU: "A", Price: 100, Stock: 7}, Quantity: 2}}}})
	var items []*engine.Item
	for _, text := range [][]byte{text, other, text} {
		req, err := decoder.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, req.Cart.Lines[0].Item)
	}
	if items[0] != items[2] {
		t.Error("got two items, want one")
	}
	if items[1].Stock != 7 || items[0].Stock != 0 {
		t.Errorf("got stocks %d and %d, want 7 and 0", items[1].Stock, items[0].Stock)
	}
}
