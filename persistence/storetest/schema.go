package storetest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// testSchema holds what a database does with its migrations.
func testSchema(t *testing.T, open func(t *testing.T) persistence.Database) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, db persistence.Database)
	}{
		{"a migration that fails leaves nothing, nor do those before it", testFailedMigration},
		{"a database of a newer version is left alone", testNewerVersion},
		{"every migration can be undone", testUndo},
		{"a database that is up to date need not be written", testUpToDate},
		{"what the driver says is for the log only", testDriverText},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func testFailedMigration(t *testing.T, db persistence.Database) {
	good := db.Migrations
	db.Migrations = withMigration(t, db, "9999_broken.up.sql", "CREATE TABLE extra (id BIGINT);\nCREATE TABLE items (id BIGINT);\n")
	store, err := persistence.New(db, persistence.Options{Currency: currency(t, "USD")})
	must(t, err)
	defer func() { must(t, store.Close()) }()
	if err := store.Migrate(t.Context()); err == nil || err.Error() != "migrate schema: database error" {
		t.Errorf("got error %v, want that of the broken migration", err)
	}
	for _, table := range []string{"extra", "items", "bun_migrations"} {
		if _, err := db.Writer.ExecContext(t.Context(), "SELECT 1 FROM "+table); !db.Diagnose(err).MissingTable {
			t.Errorf("table %s: got error %v, want that there is none", table, err)
		}
	}
	db.Migrations = good
	newShop(t, db, persistence.Options{})
}

func testNewerVersion(t *testing.T, db persistence.Database) {
	current := db.Migrations
	known := migrations(t, db).Sorted()
	newest := known[len(known)-1].Name
	db.Migrations = withMigration(t, db, "9999_later.up.sql", "CREATE TABLE later (id BIGINT);\n")
	newShop(t, db, persistence.Options{})
	db.Migrations = current
	schema, err := persistence.NewSchema(db)
	must(t, err)
	_, err = schema.Migrate(t.Context())
	newer, ok := errors.AsType[*persistence.NewerSchemaError](err)
	if !ok || *newer != (persistence.NewerSchemaError{Database: "9999", Program: newest}) {
		t.Errorf("got error %v, want that the database is newer", err)
	}
	want := "the database is from a newer version (migration 9999, this program knows up to " + newest + "): " +
		"start that version or a later one, or restore a backup from before the upgrade"
	if err != nil && err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	all, err := schema.Migrations(t.Context())
	must(t, err)
	if last := all[len(all)-1]; last.Name != "9999" || last.Pending() {
		t.Errorf("got %v as the last migration, want 9999, applied", last)
	}
}

// testUndo migrates again afterwards, which a table that is left would prevent.
func testUndo(t *testing.T, db persistence.Database) {
	s := newShop(t, db, persistence.Options{})
	_, err := migrate.NewMigrator(db.Writer, migrations(t, db)).Rollback(t.Context())
	must(t, err)
	if _, err := s.Items(s.ctx); err == nil {
		t.Error("got no error, want the items gone")
	}
	must(t, s.Migrate(s.ctx))
	s.equal("items", s.items(), []engine.Item(nil))
}

func testUpToDate(t *testing.T, db persistence.Database) {
	newShop(t, db, persistence.Options{})
	db.Guard = func(context.Context, func(context.Context, *bun.DB) error) error {
		return errors.New("the guard was taken")
	}
	schema, err := persistence.NewSchema(db)
	must(t, err)
	if applied, err := schema.Migrate(t.Context()); err != nil || len(applied) != 0 {
		t.Errorf("got %v and error %v, want nothing to do", applied, err)
	}
}

func testDriverText(t *testing.T, db persistence.Database) {
	s := newShop(t, db, persistence.Options{})
	_, err := db.Writer.ExecContext(s.ctx, "ALTER TABLE items RENAME TO secret_items")
	must(t, err)
	_, err = s.Items(s.ctx)
	if err == nil || err.Error() != "list items: database error" || errors.Is(err, persistence.ErrUnavailable) {
		t.Errorf("got error %v, want one without the driver's words", err)
	}
	failure, ok := errors.AsType[*persistence.Error](err)
	if !ok {
		t.Fatalf("got error %v, want a *persistence.Error", err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Error("request failed", "err", err)
	for _, want := range []string{`err.msg="list items: database error"`, "err.cause="} {
		if !strings.Contains(log.String(), want) || !strings.Contains(failure.Err.Error(), "items") {
			t.Errorf("got log %s, want it to hold %s and the table's name", log.String(), want)
		}
	}
}

// migrations are those of the program.
func migrations(t *testing.T, db persistence.Database) *migrate.Migrations {
	t.Helper()
	all := migrate.NewMigrations()
	must(t, all.Discover(db.Migrations))
	return all
}

// withMigration returns the database's migrations and one more.
func withMigration(t *testing.T, db persistence.Database, name, text string) fs.FS {
	t.Helper()
	all := fstest.MapFS{name: {Data: []byte(text)}}
	entries, err := fs.ReadDir(db.Migrations, ".")
	must(t, err)
	for _, entry := range entries {
		content, err := fs.ReadFile(db.Migrations, entry.Name())
		must(t, err)
		all[entry.Name()] = &fstest.MapFile{Data: content}
	}
	return all
}
