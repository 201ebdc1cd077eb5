package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

func TestErrorsOfTheServerAreToldApart(t *testing.T) {
	db := open(t)
	check(t, db.Close())
	for _, c := range []struct {
		code               string
		reason             string
		unavailable, retry bool
		remedy             string
	}{
		{"40001", "others were changing the same", true, true, ""},
		{"40P01", "others were changing the same", true, true, ""},
		{"55P03", "another process has locked the database", true, false, ""},
		{"57P01", "the database server is stopping or starting", true, false, ""},
		{"57P03", "the database server is stopping or starting", true, false, ""},
		{"57014", "the database server took too long", true, false, ""},
		{"08006", "the connection to the database server is lost", true, false, ""},
		{"25006", "the database is read-only", true, false, "connect to the primary server if this is a standby, or else turn default_transaction_read_only off"},
		{"28P01", "the database server refuses the user or the password", true, false, ""},
		{"3D000", "the database is gone", true, false, ""},
		{"42501", "the user of the database may not do this", true, false, ""},
		{"53100", "the disk is full", true, false, ""},
		{"53200", "the database server has no memory left", true, false, ""},
		{"53300", "the database server has too many clients", true, false, ""},
		{"53400", "the database server is at its limits", true, false, ""},
		{"58030", "the disk of the database server does not work", true, false, ""},
		{"XX001", "the database is damaged", true, false, ""},
		{"23503", "", false, false, ""},
		{"42601", "", false, false, ""},
		{"", "", false, false, ""},
	} {
		t.Run(c.code, func(t *testing.T) {
			got := db.Diagnose(errors.Join(errors.New("exec"), &pgconn.PgError{Code: c.code}))
			if want := (persistence.Fault{Reason: c.reason, Unavailable: c.unavailable, Retry: c.retry, Remedy: c.remedy}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestReadOnlyDatabaseIsDiagnosed(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	newStore(t, openDSN(t, dsn), persistence.Options{})
	db := openDSN(t, dsn+"&default_transaction_read_only=on")
	store, err := persistence.New(db, persistence.Options{Currency: usd(t)})
	check(t, err)
	defer func() { check(t, store.Close()) }()
	_, err = store.Upsert(t.Context(), []engine.Item{{SKU: "A", Name: "a"}})
	const want = "read items: the database is read-only"
	if !errors.Is(err, persistence.ErrUnavailable) || err.Error() != want {
		t.Errorf("got error %v, want ErrUnavailable that says %q", err, want)
	}
	if n, err := store.CountItems(t.Context()); err != nil || n != 0 {
		t.Errorf("got %d items and error %v, want nothing stored", n, err)
	}
}

func TestAPingFindsOutThatNothingCanBeWritten(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	check(t, newStore(t, openDSN(t, dsn), persistence.Options{}).Ping(t.Context()))
	store, err := persistence.New(openDSN(t, dsn+"&default_transaction_read_only=on"), persistence.Options{Currency: usd(t)})
	check(t, err)
	defer func() { check(t, store.Close()) }()
	const want = "ping database: the database is read-only"
	if err := store.Ping(t.Context()); !errors.Is(err, persistence.ErrUnavailable) || err.Error() != want {
		t.Errorf("got error %v, want ErrUnavailable that says %q", err, want)
	}
}

func TestLostConnectionsAreReplaced(t *testing.T) {
	dsn := pgtest.Create(t)
	store := newStore(t, openDSN(t, dsn), persistence.Options{})
	check(t, storetest.AddForSale(t.Context(), store))
	other := openDSN(t, dsn+"&application_name=other")
	defer func() { check(t, other.Close()) }()
	for range 3 {
		ended := number(t, other, `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'checkout'`)
		if ended == 0 {
			t.Fatal("got no connection ended, want those of the store")
		}
		err := errors.New("never called")
		for range 4 { // an answer each for the connections that were in the pool
			if _, err = store.Purchase(t.Context(), storetest.SaleWithGift()); err == nil {
				break
			}
			if !errors.Is(err, persistence.ErrUnavailable) {
				t.Fatalf("got error %v, want ErrUnavailable", err)
			}
		}
		check(t, err)
	}
}

// TestServerIsRestartedUnderLoad stops the server as a crash does while eight
// customers buy, and starts it again.
func TestServerIsRestartedUnderLoad(t *testing.T) {
	server := pgtest.Start(t)
	store := newStore(t, openDSN(t, server.DSN("postgres")), persistence.Options{})
	check(t, storetest.AddForSale(t.Context(), store))
	var references sync.Map
	var sold, refused atomic.Int64
	var stop atomic.Bool
	var sellers sync.WaitGroup
	for range 8 {
		sellers.Go(func() {
			for !stop.Load() {
				order, err := store.Purchase(t.Context(), storetest.SaleWithGift())
				switch {
				case err == nil:
					references.Store(order.Reference, true)
					sold.Add(1)
				case errors.Is(err, persistence.ErrUnavailable):
					refused.Add(1)
				default:
					t.Errorf("got error %v, want ErrUnavailable", err)
					return
				}
			}
		})
	}
	rises(t, &sold)
	server.Stop(t)
	rises(t, &refused)
	server.Resume(t)
	rises(t, &sold)
	stop.Store(true)
	sellers.Wait()
	var acknowledged []string
	references.Range(func(reference, _ any) bool {
		acknowledged = append(acknowledged, reference.(string))
		return true
	})
	storetest.CheckSales(t, store, acknowledged)
}

// rises waits until the count is higher by ten.
func rises(t *testing.T, count *atomic.Int64) {
	t.Helper()
	deadline, goal := time.Now().Add(time.Minute), count.Load()+10
	for count.Load() < goal {
		if time.Now().After(deadline) {
			t.Fatalf("got %d after a minute, want %d", count.Load(), goal)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestInstantsAreReadInUTC(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	db := openDSN(t, dsn+"&timezone=Asia/Tokyo")
	newStore(t, db, persistence.Options{})
	var zone string
	var at time.Time
	err := db.Writer.QueryRowContext(t.Context(), "SELECT current_setting('timezone'), timestamptz '2026-03-29 02:30:00.123456+00'").Scan(&zone, &at)
	check(t, err)
	if want := time.Date(2026, 3, 29, 2, 30, 0, 123456000, time.UTC); zone != "UTC" || at != want {
		t.Errorf("got %v in a session of zone %s, want %v in one of UTC", at, zone, want)
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	dsn := pgtest.CreateSchema(t)
	for _, c := range []struct {
		name string
		o    postgres.Options
		want string
	}{
		{"two ways to say where", postgres.Options{DSN: dsn, Host: "db"}, "open Postgres database: a DSN and single settings are both given; keep one of them"},
		{"a DSN that is none", postgres.Options{DSN: "postgres://u:hunter2@db:port/x"}, "open Postgres database: the connection settings cannot be read; a DSN is postgres://user:password@host:5432/database"},
		{"no server", postgres.Options{Host: "127.0.0.1", Port: 1, Database: "x"}, `open Postgres database "x": no server answers there; start Postgres or check --db-host and --db-port`},
		{"no such database", postgres.Options{DSN: strings.Replace(dsn, "/postgres?", "/nowhere?", 1)}, `open Postgres database "nowhere": the server has no database of this name; create it with createdb, or check --db-name`},
		{"a wrong password", postgres.Options{DSN: strings.Replace(dsn, "user=checkout", "user=locked&password=hunter2", 1)}, `open Postgres database "postgres": the server refuses the user or the password; check --db-user and --db-password, or let the user in`},
		{"no right to create tables", postgres.Options{DSN: strings.Replace(dsn, "user=checkout", "user=locked&password=open%20sesame", 1)}, `open Postgres database "postgres": the user may not create tables in it; make the user its owner, or GRANT CREATE ON SCHEMA public to the user`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), c.o)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
