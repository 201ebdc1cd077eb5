package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestFile(t *testing.T) { storetest.Run(t, openFile) }

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) persistence.Database {
		db, err := sqlite.OpenMemory(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}

func openFile(t *testing.T) persistence.Database {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// openStore opens and migrates the file.
func openStore(ctx context.Context, path string) (*persistence.Store, error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	currency, err := engine.ParseCurrency("USD")
	if err != nil {
		return nil, err
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency})
	if err != nil {
		return nil, err
	}
	return store, store.Migrate(ctx)
}
