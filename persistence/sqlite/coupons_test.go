package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// TestSalesGoOnWhileCodesAreMade has two processes, as it were, on one file:
// each has its own handles.
func TestSalesGoOnWhileCodesAreMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	generator, shop := mustOpenStore(t, path), mustOpenStore(t, path)
	defer func() { check(t, generator.Close()); check(t, shop.Close()) }()
	items := []engine.Item{{SKU: "TV", Name: "Google TV", Price: 4999, Stock: 10}}
	newPool(t, generator, "many", 60_000)
	made := make(chan error)
	go func() {
		_, err := generator.GenerateCodes(t.Context(), "many", 0, nil)
		made <- err
	}()
	for writes := 0; ; writes++ {
		select {
		case err := <-made:
			check(t, err)
			if writes == 0 {
				t.Error("got no write while codes were made, want some")
			}
			return
		default:
			_, err := shop.UpsertBasics(t.Context(), items)
			check(t, err)
		}
	}
}

// BenchmarkGenerateCodes makes a million codes in a file.
func BenchmarkGenerateCodes(b *testing.B) {
	const codes = 1_000_000
	for b.Loop() {
		store := mustOpenStore(b, filepath.Join(b.TempDir(), "shop.db"))
		newPool(b, store, "many", codes)
		_, err := store.GenerateCodes(b.Context(), "many", 0, nil)
		check(b, err)
		check(b, store.Close())
	}
	b.ReportMetric(codes*float64(b.N)/b.Elapsed().Seconds(), "codes/s")
}

// BenchmarkLookupCode takes as long among a million codes as among a thousand.
func BenchmarkLookupCode(b *testing.B) {
	for _, codes := range []int64{1000, 1_000_000} {
		b.Run(fmt.Sprint(codes), func(b *testing.B) {
			store := mustOpenStore(b, filepath.Join(b.TempDir(), "shop.db"))
			defer func() { check(b, store.Close()) }()
			newPool(b, store, "many", codes)
			_, err := store.GenerateCodes(b.Context(), "many", 0, nil)
			check(b, err)
			newPool(b, store, "one", 0)
			_, err = store.ImportCodes(b.Context(), "one", strings.NewReader("code\nONE\n"), nil)
			check(b, err)
			for b.Loop() {
				_, err := store.LookupCode(b.Context(), "ONE")
				check(b, err)
			}
		})
	}
}

func newPool(t testing.TB, store *persistence.Store, name string, codes int64) {
	t.Helper()
	_, err := store.CreatePool(t.Context(), name, coupon.Format{Length: 12, Group: 4}, codes)
	check(t, err)
}
