package persistence_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/coupon"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

func TestPurchasesKnowCodesThatAreNotRevoked(t *testing.T) {
	store := couponStore(t)
	for pool, file := range map[string]string{"a": "code\nA1\nA2\n", "b": "code\nB1\n"} {
		_, err := store.CreatePool(t.Context(), pool, coupon.Format{Length: 8}, 0)
		must(t, err)
		_, err = store.ImportCodes(t.Context(), pool, strings.NewReader(file), nil)
		must(t, err)
	}
	asked := []string{"B1", "A1", "A2", "A1", "NONE", "a1", "", "\x00"}
	knows := func(want map[string]string) {
		t.Helper()
		got, err := store.PoolsOf(t.Context(), asked)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pools (-want +got):\n%s", diff)
		}
	}
	knows(map[string]string{"A1": "a", "A2": "a", "B1": "b"})
	_, err := store.RevokeCodes(t.Context(), []string{"A2"})
	must(t, err)
	knows(map[string]string{"A1": "a", "B1": "b"})
	must(t, store.RevokePool(t.Context(), "b", nil))
	knows(map[string]string{"A1": "a"})
	must(t, store.RestorePool(t.Context(), "b", nil))
	knows(map[string]string{"A1": "a", "B1": "b"})
	asked = nil
	knows(map[string]string{})
}

func couponStore(t *testing.T) *persistence.Store {
	t.Helper()
	db, err := sqlite.OpenMemory(t.Context())
	must(t, err)
	usd, err := engine.ParseCurrency("USD")
	must(t, err)
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.Migrate(t.Context()))
	return store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
