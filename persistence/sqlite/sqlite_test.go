package sqlite_test

import (
	"path/filepath"
	"testing"

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
