package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestFaultsOfTheDatabaseAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name, pragma, want string
	}{
		{"a full disk", "max_page_count = 1", "store items: the disk is full"},
		{"a database that is read-only", "query_only = 1", "store items: the database is read-only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := openFile(t)
			store := newStore(t, db, persistence.Options{})
			_, err := db.Writer.ExecContext(t.Context(), "PRAGMA "+c.pragma)
			check(t, err)
			_, err = store.Upsert(t.Context(), []engine.Item{{SKU: "A", Name: strings.Repeat("long", 100_000)}})
			if !errors.Is(err, persistence.ErrUnavailable) || err.Error() != c.want {
				t.Errorf("got error %v, want ErrUnavailable that says %q", err, c.want)
			}
			if n, err := store.CountItems(t.Context()); err != nil || n != 0 {
				t.Errorf("got %d items and error %v, want nothing stored", n, err)
			}
		})
	}
}

func TestAPingFindsOutThatNothingCanBeWritten(t *testing.T) {
	db := openFile(t)
	store := newStore(t, db, persistence.Options{})
	_, err := db.Writer.ExecContext(t.Context(), "PRAGMA query_only = 1")
	check(t, err)
	const want = "ping database: the database is read-only"
	if err := store.Ping(t.Context()); !errors.Is(err, persistence.ErrUnavailable) || err.Error() != want {
		t.Errorf("got error %v, want ErrUnavailable that says %q", err, want)
	}
	_, err = db.Writer.ExecContext(t.Context(), "PRAGMA query_only = 0")
	check(t, err)
	check(t, store.Ping(t.Context()))
}

// Who writes for long, such as an import, is no fault.
func TestAPingDoesNotWaitForWhoWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	mine, err := sqlite.Open(t.Context(), path)
	check(t, err)
	store := newStore(t, mine, persistence.Options{})
	other, err := sqlite.Open(t.Context(), path)
	check(t, err)
	defer func() { check(t, other.Close()) }()
	for _, writer := range []persistence.Database{mine, other} {
		tx, err := writer.Writer.BeginTx(t.Context(), nil)
		check(t, err)
		check(t, store.Ping(t.Context()))
		check(t, tx.Rollback())
	}
}

func TestDamagedRowsAreNamed(t *testing.T) {
	for _, c := range []struct{ name, damage, want string }{
		{"the categories of an item", "UPDATE items SET categories = '{'", "read item TV: column categories: unexpected end of JSON input"},
		{"the attributes of an item", "UPDATE items SET attributes = '{\"a\": {}}'", "read item TV: column attributes: attribute value {}: want a text, a number, true, false or a list of texts"},
		{"the quote of an order", "UPDATE orders SET quote = 'x', reference = 'R'", "read order R: quote: invalid character 'x' looking for beginning of value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := openFile(t)
			store := newStore(t, db, persistence.Options{})
			_, err := store.Upsert(t.Context(), []engine.Item{{SKU: "TV", Name: "tv", Stock: 2}, {SKU: "PI", Name: "pi", Stock: 1}})
			check(t, err)
			_, err = store.Purchase(t.Context(), storetest.SaleWithGift())
			check(t, err)
			_, err = db.Writer.ExecContext(t.Context(), c.damage)
			check(t, err)
			_, ofItem := store.ItemByKey(t.Context(), "TV")
			_, ofOrders := store.Orders(t.Context())
			if err := errors.Join(ofItem, ofOrders); err == nil || err.Error() != c.want {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
}

// lockedStore returns a store and a function that frees its database, which
// another process has locked.
func lockedStore(t *testing.T, o persistence.Options) (*persistence.Store, func()) {
	path := filepath.Join(t.TempDir(), "shop.db")
	db, err := sqlite.Open(t.Context(), path)
	check(t, err)
	store := newStore(t, db, o)
	other, err := sqlite.Open(t.Context(), path)
	check(t, err)
	t.Cleanup(func() { check(t, other.Close()) })
	tx, err := other.Writer.BeginTx(t.Context(), nil)
	check(t, err)
	return store, func() { _ = tx.Rollback() }
}

func addOne(ctx context.Context, store *persistence.Store) error {
	_, err := store.Upsert(ctx, []engine.Item{{SKU: "A", Name: "a"}})
	return err
}

func TestCallWaitsUntilAnotherProcessIsDone(t *testing.T) {
	store, free := lockedStore(t, persistence.Options{})
	timer := time.AfterFunc(250*time.Millisecond, free)
	defer timer.Stop()
	check(t, addOne(t.Context(), store))
}

func TestCallGivesUpWhenAnotherProcessIsNeverDone(t *testing.T) {
	store, free := lockedStore(t, persistence.Options{LockWait: 150 * time.Millisecond})
	defer free()
	err := addOne(t.Context(), store)
	const want = "store items: another process has locked the database"
	if !errors.Is(err, persistence.ErrUnavailable) || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if _, err := store.Items(t.Context()); err != nil {
		t.Errorf("got error %v, want readers to go on", err)
	}
}

func TestCallStopsWaitingForAnotherProcessWhenItsContextEnds(t *testing.T) {
	store, free := lockedStore(t, persistence.Options{LockWait: time.Minute})
	defer free()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := addOne(ctx, store)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("got an answer after %v, want one soon after the deadline", took)
	}
}
