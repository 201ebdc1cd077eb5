package persistence_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

func TestNewSaysWhatIsMissing(t *testing.T) {
	whole, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = whole.Close() }()
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	const incomplete = "new store: the database lacks a writer, migrations, a guard or a diagnosis; open it with a package such as persistence/sqlite"
	for _, c := range []struct {
		name   string
		change func(*persistence.Database, *persistence.Options)
		want   string
	}{
		{"the currency", func(_ *persistence.Database, o *persistence.Options) { o.Currency = engine.Currency{} }, "new store: no currency; set Options.Currency to the shop's"},
		{"the writer", func(db *persistence.Database, _ *persistence.Options) { db.Writer = nil }, incomplete},
		{"the migrations", func(db *persistence.Database, _ *persistence.Options) { db.Migrations = nil }, incomplete},
		{"the guard", func(db *persistence.Database, _ *persistence.Options) { db.Guard = nil }, incomplete},
		{"the diagnosis", func(db *persistence.Database, _ *persistence.Options) { db.Diagnose = nil }, incomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, o := whole, persistence.Options{Currency: usd}
			c.change(&db, &o)
			if _, err := persistence.New(db, o); err == nil || err.Error() != c.want {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
}

func TestMigrateNeedsMigrations(t *testing.T) {
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	db.Migrations = fstest.MapFS{"misnamed.up.sql": {}}
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := store.Migrate(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "read migrations: ") {
		t.Errorf("got error %v, want that of the name", err)
	}
}

func TestErrorsSayWhatIsSafeAndKeepTheCause(t *testing.T) {
	cause := errors.New("driver text")
	for _, c := range []struct {
		name        string
		err         *persistence.Error
		text        string
		unavailable bool
	}{
		{"a known fault", &persistence.Error{Op: "insert order", Fault: persistence.Fault{Reason: "the disk is full", Unavailable: true}, Err: cause}, "insert order: the disk is full", true},
		{"an unknown fault", &persistence.Error{Op: "insert order", Err: cause}, "insert order: database error", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.err.Error(); got != c.text {
				t.Errorf("got text %q, want %q", got, c.text)
			}
			if !errors.Is(c.err, cause) {
				t.Errorf("got an error that hides its cause from errors.Is, want %v", cause)
			}
			if got := errors.Is(c.err, persistence.ErrUnavailable); got != c.unavailable {
				t.Errorf("got unavailable %v, want %v", got, c.unavailable)
			}
		})
	}
}

func TestErrorsAboutTheRequestNameWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&persistence.InvalidError{Field: "items[3].sku", Problem: "is empty"}, "items[3].sku: is empty"},
		{&persistence.UnknownOrderError{Reference: "R"}, `order "R" not found`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got text %q, want %q", got, c.want)
		}
	}
}
