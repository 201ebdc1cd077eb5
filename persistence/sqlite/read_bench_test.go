package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// The reads of a price request, in a catalogue of a thousand items.

func BenchmarkItemByKey(b *testing.B) {
	store, skus := newCatalogue(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := store.ItemByKey(b.Context(), skus[i%len(skus)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkItemsBySKU(b *testing.B) {
	store, skus := newCatalogue(b)
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				start := i % (len(skus) - n)
				items, err := store.ItemsBySKU(b.Context(), skus[start:start+n])
				if err != nil || len(items) != n {
					b.Fatalf("got %d items and error %v, want %d", len(items), err, n)
				}
			}
		})
	}
}

func newCatalogue(b *testing.B) (*persistence.Store, []string) {
	store, err := openStore(b.Context(), filepath.Join(b.TempDir(), "shop.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	items := make([]engine.Item, 1000)
	skus := make([]string, len(items))
	for i := range items {
		skus[i] = fmt.Sprintf("SKU-%04d", i)
		items[i] = engine.Item{SKU: skus[i], Name: "Item " + skus[i], Price: 4999, Stock: 10, Categories: []string{"tv/oled"}, Tags: []string{"new"}}
	}
	if _, err := store.Upsert(b.Context(), items); err != nil {
		b.Fatal(err)
	}
	return store, skus
}
