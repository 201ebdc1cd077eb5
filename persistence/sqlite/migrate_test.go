package sqlite_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun/migrate"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	errs := make([]error, 8)
	var starting sync.WaitGroup
	for i := range errs {
		starting.Go(func() {
			store, err := openStore(t.Context(), path)
			if err == nil {
				err = errors.Join(store.Ping(t.Context()), store.Close())
			}
			errs[i] = err
		})
	}
	starting.Wait()
	check(t, errors.Join(errs...))
	db, err := sqlite.Open(t.Context(), path)
	check(t, err)
	defer func() { check(t, db.Close()) }()
	if got, want := tables(t, db, "SELECT count(*) FROM bun_migrations"), len(known(t, db).Sorted()); got != want {
		t.Errorf("got %d records of migrations, want %d", got, want)
	}
}

func TestMigrationThatLeavesRowsWithoutTheirOrderIsRefused(t *testing.T) {
	db := openFile(t)
	defer func() { check(t, db.Close()) }()
	db.Migrations = with(t, db.Migrations, fstest.MapFS{"9999_orphan.up.sql": {Data: []byte("INSERT INTO order_lines VALUES (1, 0, 'A', 1, 0);\n")}})
	store, err := persistence.New(db, persistence.Options{Currency: usd(t)})
	check(t, err)
	err = store.Migrate(t.Context())
	if err == nil || err.Error() != "check foreign keys: database error" {
		t.Errorf("got error %v, want that of the foreign keys", err)
	}
}

func TestSchemaRefusesWhatNoShopHas(t *testing.T) {
	db := openFile(t)
	newStore(t, db, persistence.Options{})
	const item = "INSERT INTO items (sku, name, currency, price, min_price, stock, categories, brand, tags, attributes, created_at, updated_at) VALUES "
	for _, c := range []struct{ name, statement string }{
		{"a fraction of the smallest unit", item + "('A', 'a', 'USD', 0.5, 0, 1, '[]', '', '[]', '{}', '', '')"},
		{"a negative price", item + "('A', 'a', 'USD', -1, 0, 1, '[]', '', '[]', '{}', '', '')"},
		{"a negative stock", item + "('A', 'a', 'USD', 1, 0, -1, '[]', '', '[]', '{}', '', '')"},
		{"text for a stock", item + "('A', 'a', 'USD', 1, 0, 'many', '[]', '', '[]', '{}', '', '')"},
		{"a line without an order", "INSERT INTO order_lines VALUES (1, 0, 'A', 1, 0)"},
		{"a line of no units", "INSERT INTO order_lines VALUES (1, 0, 'A', 0, 0)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := db.Writer.ExecContext(t.Context(), c.statement); err == nil {
				t.Error("got no error, want the row refused")
			}
		})
	}
}

// known returns the migrations of the program.
func known(t *testing.T, db persistence.Database) *migrate.Migrations {
	t.Helper()
	all := migrate.NewMigrations()
	check(t, all.Discover(db.Migrations))
	return all
}

// with returns the folder with more files in it.
func with(t *testing.T, folder fs.FS, more fstest.MapFS) fs.FS {
	t.Helper()
	entries, err := fs.ReadDir(folder, ".")
	check(t, err)
	all := fstest.MapFS{}
	for _, entry := range entries {
		content, err := fs.ReadFile(folder, entry.Name())
		check(t, err)
		all[entry.Name()] = &fstest.MapFile{Data: content}
	}
	for name, file := range more {
		all[name] = file
	}
	return all
}

// tables returns the number that the query counts.
func tables(t *testing.T, db persistence.Database, query string) int {
	t.Helper()
	var n int
	check(t, db.Writer.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func usd(t *testing.T) engine.Currency {
	t.Helper()
	currency, err := engine.ParseCurrency("USD")
	check(t, err)
	return currency
}
