package postgres_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

func TestMigrationsHaveTheSameNamesAsThoseOfSQLite(t *testing.T) {
	got, want := names(t, open(t)), names(t, openSQLite(t))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the files of migrations differ (-SQLite +Postgres):\n%s", diff)
	}
}

// names returns the names of a database's migrations, which it closes.
func names(t *testing.T, db persistence.Database) []string {
	t.Helper()
	check(t, db.Close())
	entries, err := fs.ReadDir(db.Migrations, ".")
	check(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestSchemaIsThatOfSQLite compares tables and columns, and which of them may be
// null. Types differ in name, so they are compared by what they hold.
func TestSchemaIsThatOfSQLite(t *testing.T) {
	ours := columns(t, open(t), `
		SELECT table_name, column_name, data_type, is_nullable = 'YES'
		FROM information_schema.columns WHERE table_schema = current_schema()`)
	theirs := columns(t, openSQLite(t), `
		SELECT t.name, c.name, c.type, c."notnull" = 0 AND c.pk = 0
		FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`)
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("tables differ (-SQLite +Postgres):\n%s", diff)
	}
}

// columns returns "table.column holds", sorted, of a database that it migrates
// and the end of the test closes. The tables of bun/migrate are not ours.
func columns(t *testing.T, db persistence.Database, query string) []string {
	t.Helper()
	newStore(t, db, persistence.Options{})
	rows, err := db.Writer.QueryContext(t.Context(), query)
	check(t, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var table, column, kind string
		var null bool
		check(t, rows.Scan(&table, &column, &kind, &null))
		if strings.HasPrefix(table, "bun_") {
			continue
		}
		text := table + "." + column + " " + family(t, kind, column)
		if null {
			text += " or null"
		}
		all = append(all, text)
	}
	check(t, rows.Err())
	slices.Sort(all)
	return all
}

// family returns what a column holds. SQLite has neither instants nor truth
// values; they are texts, called at, _at or _until, and integers there.
func family(t *testing.T, kind, column string) string {
	t.Helper()
	switch strings.ToLower(kind) {
	case "bigint", "integer", "boolean":
		return "integer"
	case "timestamp with time zone":
		return "instant"
	case "blob", "bytea":
		return "bytes"
	case "text":
		if column == "at" || strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_until") {
			return "instant"
		}
		return "text"
	default:
		t.Errorf("column %s is of type %s; want BIGINT, TEXT, TIMESTAMPTZ, BOOLEAN or BYTEA", column, kind)
		return kind
	}
}

func openSQLite(t *testing.T) persistence.Database {
	t.Helper()
	db, err := sqlite.OpenMemory(t.Context())
	check(t, err)
	return db
}
