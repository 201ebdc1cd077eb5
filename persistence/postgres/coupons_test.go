package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// BenchmarkGenerateCodes makes a million codes.
func BenchmarkGenerateCodes(b *testing.B) {
	const codes = 1_000_000
	for b.Loop() {
		store := benchStore(b)
		newPool(b, store, "many", codes)
		_, err := store.GenerateCodes(b.Context(), "many", 0, nil)
		check(b, err)
	}
	b.ReportMetric(codes*float64(b.N)/b.Elapsed().Seconds(), "codes/s")
}

// BenchmarkLookupCode takes as long among a million codes as among a thousand.
func BenchmarkLookupCode(b *testing.B) {
	for _, codes := range []int64{1000, 1_000_000} {
		b.Run(fmt.Sprint(codes), func(b *testing.B) {
			store := benchStore(b)
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

func benchStore(b *testing.B) *persistence.Store {
	b.Helper()
	store, err := openStore(b.Context(), pgtest.CreateSchema(b))
	check(b, err)
	b.Cleanup(func() { check(b, store.Close()) })
	return store
}

func newPool(b *testing.B, store *persistence.Store, name string, codes int64) {
	b.Helper()
	_, err := store.CreatePool(b.Context(), name, coupon.Format{Length: 12, Group: 4}, codes)
	check(b, err)
}
