package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestOpenMakesTheFileAndItsDirectory(t *testing.T) {
	for _, name := range []string{
		"shop.db", "a/b/c/shop.db", "with space/shöp.db", "odd?mode=memory&x#y%41+.db", "'quoted\".db",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			for range 2 {
				store := mustOpenStore(t, path)
				check(t, store.Close())
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("got %v, want a file of exactly that name", err)
			}
			entries, err := os.ReadDir(filepath.Dir(path))
			check(t, err)
			if len(entries) != 1 {
				t.Errorf("got files %v after closing, want the database alone", entries)
			}
		})
	}
}

func TestOpenTakesARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	check(t, mustOpenStore(t, "data/shop.db").Close())
	if _, err := os.Stat("data/shop.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		check(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	for _, c := range []struct{ name, path, want string }{
		{"no path", "", "this is not the path of a file; name one, such as data/checkout.db"},
		{"the name for a database in memory", ":memory:", "this is not the path of a file; name one, such as data/checkout.db"},
		{"a directory", folder, "this is a directory; name a file in it, such as checkout.db"},
		{"a file where the directory should be", filepath.Join(file("plain", ""), "shop.db"), "its directory cannot be made; make it and let this process write to it, or choose another path"},
		{"a directory that nobody can write to", "/proc/shop.db", "the file cannot be written; let this process write to it and its directory, or choose another path"},
		{"a file that is no database", file("text", strings.Repeat("not a database\n", 100)), "the file is not a SQLite database; move it away or choose another path"},
		{"the database of another program", foreignDatabase(t, filepath.Join(folder, "foreign"), "CREATE TABLE items (id INTEGER)"), "this is the database of another program; choose another path"},
		{"an empty database of another program", foreignDatabase(t, filepath.Join(folder, "marked"), "PRAGMA application_id = 7"), "this is the database of another program; choose another path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sqlite.Open(t.Context(), c.path)
			want := fmt.Sprintf("open database %q: %s", c.path, c.want)
			if err == nil || err.Error() != want {
				t.Errorf("got error %v, want %s", err, want)
			}
			var typed *persistence.Error
			if !errors.As(err, &typed) {
				t.Errorf("got error of type %T, want *persistence.Error", err)
			}
		})
	}
}

func foreignDatabase(t *testing.T, path, statement string) string {
	db, err := sql.Open("sqlite", path)
	check(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	check(t, errors.Join(err, db.Close()))
	return path
}

func TestOpenStopsWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "shop.db"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

func TestConnectionsAreSetUpForSafety(t *testing.T) {
	db := openFile(t)
	defer func() { check(t, db.Close()) }()
	for _, c := range []struct {
		name   string
		handle *bun.DB
		pragma string
		want   string
	}{
		{"the log is written ahead", db.Writer, "journal_mode", "wal"},
		{"a commit waits for the disk", db.Writer, "synchronous", "2"},
		{"what undoes a part of a transaction is in memory", db.Writer, "temp_store", "2"},
		{"rows that others refer to stay", db.Writer, "foreign_keys", "1"},
		{"waits for locks are short, the store repeats them", db.Writer, "busy_timeout", "100"},
		{"readers cannot write", db.Reader, "query_only", "1"},
		{"readers read the log", db.Reader, "journal_mode", "wal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			check(t, c.handle.QueryRowContext(t.Context(), "PRAGMA "+c.pragma).Scan(&got))
			if got != c.want {
				t.Errorf("got %s %s, want %s", c.pragma, got, c.want)
			}
		})
	}
}

func TestDatabasesInMemoryShareNothing(t *testing.T) {
	one, two := mustOpenMemory(t), mustOpenMemory(t)
	_, err := one.Upsert(t.Context(), []engine.Item{{SKU: "A", Name: "a"}})
	check(t, err)
	for store, want := range map[*persistence.Store]int64{one: 1, two: 0} {
		got, err := store.CountItems(t.Context())
		check(t, err)
		if got != want {
			t.Errorf("got %d items, want %d", got, want)
		}
	}
}

func TestDatabaseInMemorySurvivesInterruptedCalls(t *testing.T) {
	store := mustOpenMemory(t)
	_, err := store.Upsert(t.Context(), []engine.Item{{SKU: "TV", Name: "tv", Stock: 100_000}, {SKU: "PI", Name: "pi", Stock: 100_000}})
	check(t, err)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				_, _ = store.Purchase(ctx, storetest.SaleWithGift())
			}
		})
	}
	callers.Wait()
	orders, err := store.Orders(t.Context())
	check(t, err)
	tv, err := store.ItemByKey(t.Context(), "TV")
	check(t, err)
	if got := tv.Stock + 2*int64(len(orders)); got != 100_000 {
		t.Errorf("got %d units in stock and orders, want 100000", got)
	}
}

func TestCloseBesideSalesLosesNoAcknowledgedOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	store := mustOpenStore(t, path)
	_, err := store.Upsert(t.Context(), []engine.Item{{SKU: "TV", Name: "tv", Stock: 1_000_000}, {SKU: "PI", Name: "pi", Stock: 1_000_000}})
	check(t, err)
	var acknowledged atomic.Int64
	var sellers sync.WaitGroup
	for range 8 {
		sellers.Go(func() {
			for {
				_, err := store.Purchase(t.Context(), storetest.SaleWithGift())
				if err == nil {
					acknowledged.Add(1)
					continue
				}
				if !errors.Is(err, persistence.ErrUnavailable) {
					t.Errorf("got error %v, want ErrUnavailable", err)
				}
				return
			}
		})
	}
	for acknowledged.Load() < 20 {
		runtime.Gosched()
	}
	check(t, store.Close())
	sellers.Wait()
	store = mustOpenStore(t, path)
	orders, err := store.Orders(t.Context())
	check(t, err)
	tv, err := store.ItemByKey(t.Context(), "TV")
	check(t, err)
	if int64(len(orders)) != acknowledged.Load() || tv.Stock != 1_000_000-2*int64(len(orders)) {
		t.Errorf("got %d orders and a stock of %d, want %d orders and all units", len(orders), tv.Stock, acknowledged.Load())
	}
}

func TestTwoProcessesNeverSellAUnitTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	stores := []*persistence.Store{mustOpenStore(t, path), mustOpenStore(t, path)}
	_, err := stores[0].Upsert(t.Context(), []engine.Item{{SKU: "TV", Name: "tv", Stock: 20}, {SKU: "PI", Name: "pi", Stock: 100}})
	check(t, err)
	var sold atomic.Int64
	var buyers sync.WaitGroup
	for i := range 50 {
		buyers.Go(func() {
			_, err := stores[i%2].Purchase(t.Context(), storetest.SaleWithGift())
			var out *engine.OutOfStockError
			switch {
			case err == nil:
				sold.Add(1)
			case !errors.As(err, &out):
				t.Errorf("got error %v, want that TV is out of stock", err)
			}
		})
	}
	buyers.Wait()
	items, err := stores[1].Items(t.Context())
	check(t, err)
	orders, err := stores[0].Orders(t.Context())
	check(t, err)
	if sold.Load() != 10 || len(orders) != 10 || items[0].Stock != 90 || items[1].Stock != 0 {
		t.Errorf("got %d purchases, %d orders and stock %d of PI, %d of TV, want 10, 10, 90, 0", sold.Load(), len(orders), items[0].Stock, items[1].Stock)
	}
}

func mustOpenStore(t testing.TB, path string) *persistence.Store {
	t.Helper()
	store, err := openStore(t.Context(), path)
	check(t, err)
	t.Cleanup(func() { check(t, store.Close()) })
	return store
}

func mustOpenMemory(t *testing.T) *persistence.Store {
	t.Helper()
	db, err := sqlite.OpenMemory(t.Context())
	check(t, err)
	return newStore(t, db, persistence.Options{})
}

// newStore migrates the database; the test closes it in the end.
func newStore(t *testing.T, db persistence.Database, o persistence.Options) *persistence.Store {
	t.Helper()
	var err error
	o.Currency, err = engine.ParseCurrency("USD")
	check(t, err)
	store, err := persistence.New(db, o)
	check(t, err)
	t.Cleanup(func() { check(t, store.Close()) })
	check(t, store.Migrate(t.Context()))
	return store
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}
