package storetest

import (
	"fmt"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
)

func inventoryCases() []testCase {
	return []testCase{
		{"an empty catalogue lists nothing and counts zero", func(s *shop) {
			s.equal("items", s.items(), []engine.Item{})
			s.counts(0)
		}},
		{"the catalogue is listed by SKU, byte by byte, whatever the order of adding", func(s *shop) {
			s.add(engine.Item{SKU: "b", Name: "1"}, engine.Item{SKU: "B", Name: "2"}, engine.Item{SKU: "a-1", Name: "3"}, engine.Item{SKU: "a", Name: "4"}, engine.Item{SKU: "é", Name: "5"})
			var skus []string
			for _, item := range s.items() {
				skus = append(skus, item.SKU)
			}
			s.equal("SKUs", skus, []string{"B", "a", "a-1", "b", "é"})
			s.counts(5)
		}},
		{"an item is found by its SKU", func(s *shop) {
			stored := s.stock()
			s.equal("item", s.item("120P90"), stored[0])
		}},
		{"an item is found by its exact name", func(s *shop) {
			stored := s.stock()
			s.equal("item", s.item("Raspberry Pi B"), stored[3])
		}},
		{"a SKU wins over the same text as a name", func(s *shop) {
			s.add(engine.Item{SKU: "ABCDEF", Name: "one"}, engine.Item{SKU: "other", Name: "ABCDEF"})
			s.equal("name", s.item("ABCDEF").Name, "one")
		}},
		{"keys that match no item exactly are unknown", testUnknownKeys},
		{"items are read by SKU, unknown ones are absent, repeated ones there once", func(s *shop) {
			stored := s.stock()
			got, err := s.ItemsBySKU(s.ctx, []string{"43N23P", "nope", "120P90", "43N23P", "Google TV", "\x00", "\xff", ""})
			s.check(err)
			s.equal("items", got, map[string]*engine.Item{"43N23P": &stored[1], "120P90": &stored[0]})
		}},
		{"no SKUs are no items", func(s *shop) {
			s.stock()
			got, err := s.ItemsBySKU(s.ctx, nil)
			s.check(err)
			s.equal("items", got, map[string]*engine.Item{})
		}},
		{"forty thousand SKUs are read in one call", testManySKUs},
		{"every field of an item is read back as it was stored", testRoundTrip},
	}
}

func (s *shop) counts(want int64) {
	s.t.Helper()
	got, err := s.CountItems(s.ctx)
	s.check(err)
	s.equal("number of items", got, want)
}

func testUnknownKeys(s *shop) {
	s.stock()
	for _, key := range []string{
		"", "nope", "google tv", "Google TV ", "120p90", "120P90\x00", "120P90\xff", "%", "120P9_", "*",
		"' OR 1=1 --", "120P90' --", "?", "?0",
	} {
		_, err := s.ItemByKey(s.ctx, key)
		s.refused(err, &engine.UnknownItemError{Key: key})
	}
}

func testManySKUs(s *shop) {
	items := make([]engine.Item, 600)
	want := make(map[string]*engine.Item, len(items))
	for i := range items {
		items[i] = engine.Item{SKU: fmt.Sprintf("S%05d", i*60), Name: fmt.Sprint("item ", i), Price: engine.Amount(i), Stock: 1}
	}
	stored := s.add(items...)
	for i := range stored {
		want[stored[i].SKU] = &stored[i]
	}
	skus := make([]string, 40_000)
	for i := range skus {
		skus[i] = fmt.Sprintf("S%05d", i)
	}
	got, err := s.ItemsBySKU(s.ctx, skus)
	s.check(err)
	s.equal("items", got, want)
}

func testRoundTrip(s *shop) {
	item := engine.Item{
		SKU: "a.b_c-D", Name: ` <b>'; DROP TABLE items; --" ?0 ☃ `, Brand: "Müller & Söhne", Price: engine.MaxAmount, MinPrice: 1,
		Stock: 1 << 62, Categories: []string{"b/c", "a", "b/c"}, Tags: []string{"z", "", "it's ? \\u0000"},
		Attributes: engine.Attributes{
			"text": engine.TextValue("\"quoted\" \\ 'x'"), "number": engine.NumberValue(decimal(s.t, "0.1000000001")),
			"yes": engine.BoolValue(true), "no": engine.BoolValue(false),
			"list": engine.TextsValue([]string{"2", "1"}), "größe": engine.NumberValue(decimal(s.t, "-9007199254740993")),
		},
	}
	stored := s.add(item)
	item.ID = stored[0].ID
	s.equal("what Upsert returns", stored, []engine.Item{item})
	s.equal("what Items returns", s.items(), []engine.Item{item})
	s.equal("what ItemByKey returns for the name", s.item(item.Name), item)
	s.equal("categories in order", slices.Clone(stored[0].Categories), item.Categories)
}
