package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	errs := make([]error, 8)
	var starting sync.WaitGroup
	for i := range errs {
		starting.Go(func() {
			store, err := openStore(t.Context(), dsn)
			if err == nil {
				err = errors.Join(store.Ping(t.Context()), store.Close())
			}
			errs[i] = err
		})
	}
	starting.Wait()
	check(t, errors.Join(errs...))
	db := openDSN(t, dsn)
	defer func() { check(t, db.Close()) }()
	if got := number(t, db, "SELECT count(*) - count(DISTINCT name) FROM bun_migrations"); got != 0 {
		t.Errorf("got %d migrations that were recorded twice, want none", got)
	}
}

const ourTables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"

// A session that is lost while migrations run must not be replaced by another
// one, on which the rest of them would run outside of the transaction.
func TestMigrationsWhoseSessionIsLostLeaveNothing(t *testing.T) {
	db := open(t)
	defer func() { check(t, db.Close()) }()
	err := db.Guard(t.Context(), func(ctx context.Context, session *bun.DB) error {
		var pid int64
		check(t, session.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid))
		_, err := db.Writer.ExecContext(ctx, "SELECT pg_terminate_backend(?, 5000)", pid)
		check(t, err)
		_, first := session.ExecContext(ctx, "CREATE TABLE half (id BIGINT)")
		_, second := session.ExecContext(ctx, "CREATE TABLE rest (id BIGINT)")
		if first == nil || second == nil {
			t.Errorf("got errors %v and %v after the session was lost, want two", first, second)
		}
		return second
	})
	if fault := db.Diagnose(err); !fault.Unavailable {
		t.Errorf("got error %v, want one that says that the database is not available", err)
	}
	if got := number(t, db, ourTables); got != 0 {
		t.Errorf("got %d tables, want none", got)
	}
}

func TestSessionThatHangsIsListedAndEnded(t *testing.T) {
	dsn := pgtest.Create(t) // the lock is that of a whole database
	db := openDSN(t, dsn)
	schema, err := persistence.NewSchema(db)
	check(t, err)
	defer func() { check(t, schema.Close()) }()
	hanging := openDSN(t, dsn+"&application_name=hanging")
	defer func() { check(t, hanging.Close()) }()
	conn, err := hanging.Writer.Conn(t.Context())
	check(t, err)
	_, err = conn.ExecContext(t.Context(), "SELECT pg_advisory_lock(1128811348)")
	check(t, err)
	migrated := make(chan error, 1)
	go func() { _, err := schema.Migrate(t.Context()); migrated <- err }()

	held, err := schema.Locks().Holders(t.Context())
	check(t, err)
	if len(held) != 1 || held[0].Client != "hanging of user checkout on the same machine" || time.Since(held[0].Since) > time.Minute {
		t.Fatalf("got holders %v, want the one that hangs", held)
	}
	ended, err := schema.Locks().End(t.Context(), held[0].ID)
	check(t, err)
	if !ended {
		t.Error("got no session ended, want the one that hangs")
	}
	check(t, <-migrated)
	ended, err = schema.Locks().End(t.Context(), held[0].ID)
	check(t, err)
	if ended {
		t.Error("got the session ended again, want that it holds nothing any more")
	}
	_ = conn.Close() // it is broken
}

func TestSchemaRefusesWhatNoShopHas(t *testing.T) {
	db := open(t)
	newStore(t, db, persistence.Options{})
	const item = "INSERT INTO items (sku, name, currency, price, min_price, stock, categories, brand, tags, attributes, created_at, updated_at) VALUES "
	for _, c := range []struct{ name, statement string }{
		{"a negative price", item + "('A', 'a', 'USD', -1, 0, 1, '[]', '', '[]', '{}', now(), now())"},
		{"a negative stock", item + "('A', 'a', 'USD', 1, 0, -1, '[]', '', '[]', '{}', now(), now())"},
		{"text for a stock", item + "('A', 'a', 'USD', 1, 0, 'many', '[]', '', '[]', '{}', now(), now())"},
		{"an item without a SKU", item + "('', 'a', 'USD', 1, 0, 1, '[]', '', '[]', '{}', now(), now())"},
		{"a line without an order", "INSERT INTO order_lines VALUES (1, 0, 'A', 1, false)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := db.Writer.ExecContext(t.Context(), c.statement); err == nil {
				t.Error("got no error, want the row refused")
			}
		})
	}
}

// number returns the number that the query counts.
func number(t *testing.T, db persistence.Database, query string) int {
	t.Helper()
	var n int
	check(t, db.Writer.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}
