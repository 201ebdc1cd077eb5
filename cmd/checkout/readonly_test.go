package main_test

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// wantUnavailable wants purchases to be refused for now, and the log to say
// why, while prices are answered from memory. Connections that the database has
// ended are refused for a reason of their own, each once.
func (s *server) wantUnavailable(reason string) {
	s.t.Helper()
	before := s.log.causes(reason)
	eventually(s.t, "a record of "+reason, patience, func() bool {
		status, answer := s.call("POST", "/v0/inventory/items/purchase", cart([]string{macbook, speaker}))
		if status != http.StatusServiceUnavailable || strings.TrimSpace(answer) != unavailable {
			s.t.Fatalf("purchase: got %d %s, want 503 %s", status, answer, unavailable)
		}
		return s.log.causes(reason) > before
	})
	s.wantThreeTVs("99.98")
}

// causes counts the requests that the log says were refused for the reason.
func (l *logbook) causes(reason string) int {
	return strings.Count(l.String(), ": "+reason+`","detail":`)
}

// becomesUnavailable waits for purchases to be refused.
func (s *server) becomesUnavailable(reason string) {
	s.t.Helper()
	eventually(s.t, reason, patience, func() bool {
		s.call("POST", "/v0/inventory/items/purchase", cart([]string{macbook, speaker}))
		return s.log.causes(reason) > 0
	})
	s.wantUnavailable(reason)
}

// becomesAvailable waits for a purchase to succeed.
func (s *server) becomesAvailable() {
	s.t.Helper()
	eventually(s.t, "a purchase", patience, func() bool {
		status, _ := s.call("POST", "/v0/inventory/items/purchase", cart([]string{macbook, speaker}))
		return status == http.StatusOK
	})
}

func TestPostgresThatBecomesReadOnly(t *testing.T) {
	const readOnly = "ALTER DATABASE shop SET default_transaction_read_only = on"
	postgres := pgtest.Start(t)
	admin := openPostgres(t, postgres.DSN("postgres"))
	admin("CREATE DATABASE shop")
	args := []string{"--db-dsn", postgres.DSN("shop")}
	s := start(t, args...)
	s.restock(1000)
	s.buy(macbook, speaker)

	admin(readOnly)
	for range 5 { // a session that was just beginning is not in the list the first time
		admin("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'shop'")
		s.call("POST", "/v0/inventory/items/purchase", cart([]string{macbook, speaker}))
	}
	s.becomesUnavailable("the database is read-only")
	wantNoStart(t, "checkout: remove old changes of the catalogue: the database is read-only; "+
		"connect to the primary server if this is a standby, or else turn default_transaction_read_only off\n", args...)

	admin("ALTER DATABASE shop RESET default_transaction_read_only")
	s.becomesAvailable()
	s.wantSold(1000)
}

// A file whose header asks for a later version of SQLite can be read and not
// written, by anybody.
func TestAFileThatIsReadOnlyKeepsTheProgramFromStarting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	s := start(t, "--sqlite", file)
	s.buy(macbook)
	s.stop()
	writeVersion(t, file, 3)
	wantNoStart(t, "checkout: remove old changes of the catalogue: the database is read-only; "+
		"let this process write to the file and its directory\n", "--sqlite", file)
	if list := tool(t, "orders", "list", "--sqlite", file); strings.Count(list, "\n") != 2 {
		t.Errorf("orders list: got\n%swant a heading and an order", list)
	}
	writeVersion(t, file, 2)
	start(t, "--sqlite", file).buy(macbook)
}

// writeVersion sets the version that a program must know to write the file.
func writeVersion(t *testing.T, file string, version byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{version}, 18); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantNoStart wants checkout run to end with the message and exit code 4.
func wantNoStart(t *testing.T, message string, args ...string) {
	t.Helper()
	s := launch(t, append(args, "--log-level", "error")...)
	if code := s.wait(); code != 4 || s.log.String() != message {
		t.Errorf("start: got exit code %d and\n%swant 4 and\n%s", code, s.log.String(), message)
	}
}

// openPostgres returns what runs a statement.
func openPostgres(t *testing.T, dsn string) func(statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
