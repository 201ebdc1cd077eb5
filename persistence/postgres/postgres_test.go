package postgres_test

import (
	"context"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestStore(t *testing.T) { storetest.Run(t, open) }

// open opens a new, empty database: a schema that nobody else uses.
func open(t *testing.T) persistence.Database {
	t.Helper()
	return openDSN(t, pgtest.CreateSchema(t))
}

func openDSN(t *testing.T, dsn string) persistence.Database {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
	check(t, err)
	return db
}

// newStore migrates the database; the test closes it in the end.
func newStore(t *testing.T, db persistence.Database, o persistence.Options) *persistence.Store {
	t.Helper()
	o.Currency = usd(t)
	store, err := persistence.New(db, o)
	check(t, err)
	t.Cleanup(func() { check(t, store.Close()) })
	check(t, store.Migrate(t.Context()))
	return store
}

// openStore opens and migrates a database.
func openStore(ctx context.Context, dsn string) (*persistence.Store, error) {
	db, err := postgres.Open(ctx, postgres.Options{DSN: dsn})
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

func usd(t *testing.T) engine.Currency {
	t.Helper()
	currency, err := engine.ParseCurrency("USD")
	check(t, err)
	return currency
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}
