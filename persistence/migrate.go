package persistence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

// Migration is one step of the schema.
type Migration struct {
	// Name is its number and what it is about, such as
	// "0001_catalogue_and_orders".
	Name string
	// AppliedAt is when this database got it, in UTC; zero while it is pending.
	AppliedAt time.Time
}

// Pending tells whether the database does not have the migration yet.
func (m Migration) Pending() bool { return m.AppliedAt.IsZero() }

// Holder is a session that holds the guard of migrations.
type Holder struct {
	// ID is what the database calls the session.
	ID int64
	// Since is when the session began, in UTC.
	Since time.Time
	// Client says in words where its process runs and what it calls itself.
	Client string
}

// Locks is the guard of migrations of a database that keeps it in sessions,
// which could outlive the use of them.
type Locks interface {
	// Holders returns the sessions that hold the guard; none when it is free.
	Holders(ctx context.Context) ([]Holder, error)
	// End ends the session, which frees the guard and undoes the migrations that
	// it was running. It reports whether there still was such a holder.
	End(ctx context.Context, id int64) (bool, error)
}

// Schema is the schema of a database apart from any shop: it needs no currency.
// Its methods are safe for concurrent use, by any number of processes.
type Schema struct{ store *Store }

// NewSchema returns the schema of the database, which it takes over: Close
// closes it.
func NewSchema(db Database) (*Schema, error) {
	store, err := newStore(db, Options{})
	if err != nil {
		return nil, fmt.Errorf("new schema: %w", err)
	}
	return &Schema{store}, nil
}

// Migrate is Migrate of a Store, and returns the names of the migrations that it
// applied, in their order.
func (s *Schema) Migrate(ctx context.Context) ([]string, error) { return s.store.migrate(ctx) }

// Migrations returns every migration that this program knows, in their order,
// and then those that only the database knows because a newer program has
// applied them. It changes nothing.
func (s *Schema) Migrations(ctx context.Context) ([]Migration, error) {
	known, err := s.store.knownMigrations()
	if err != nil {
		return nil, err
	}
	var applied migrate.MigrationSlice
	err = s.store.read(ctx, "read applied migrations", func(bun.IDB) error {
		applied, err = migrate.NewMigrator(s.store.db.Reader, known).AppliedMigrations(ctx)
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Fault.MissingTable {
		err = nil // not a single one is
	}
	if err != nil {
		return nil, err
	}
	return overview(known.Sorted(), applied), nil
}

// Locks returns the sessions that can hold the guard of migrations; nil for a
// database whose guard ends with its process, whatever happens.
func (s *Schema) Locks() Locks { return s.store.db.Locks }

// Close closes the database.
func (s *Schema) Close() error { return s.store.Close() }

// overview joins what is known and what is applied. The database has the numbers
// alone, which the names begin with.
func overview(known, applied migrate.MigrationSlice) []Migration {
	at := make(map[string]time.Time, len(applied))
	for _, m := range applied {
		at[m.Name] = m.MigratedAt.UTC()
	}
	all := make([]Migration, 0, len(known))
	for _, m := range known {
		all = append(all, Migration{Name: m.String(), AppliedAt: at[m.Name]})
		delete(at, m.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		all = append(all, Migration{Name: name, AppliedAt: at[name]})
	}
	return all
}

// Migrate brings the schema up to what this program knows, all of it or, after
// an error, nothing. Several processes may call it at once: one migrates and the
// others find nothing left to do. A database that a newer program has migrated
// is left alone and the error is a *NewerSchemaError. Call it before any other
// method.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := s.migrate(ctx)
	return err
}

func (s *Store) migrate(ctx context.Context) (applied []string, err error) {
	known, err := s.knownMigrations()
	if err != nil {
		return nil, err
	}
	if s.upToDate(ctx) {
		return nil, nil
	}
	err = s.persist(ctx, func() error {
		if err := s.db.Writer.PingContext(ctx); err != nil {
			return failed("connect to database", err)
		}
		return s.db.Guard(ctx, func(ctx context.Context, db *bun.DB) error {
			done, err := migrateUp(ctx, db, known)
			applied = nil // of a run that was rolled back
			for _, m := range done {
				applied = append(applied, m.String())
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return applied, nil
}

// upToDate tells whether the database has just the migrations of this program.
// When it does, nobody needs the guard, nor the right to write.
func (s *Store) upToDate(ctx context.Context) bool {
	all, err := (&Schema{s}).Migrations(ctx)
	known, cause := s.knownMigrations()
	return err == nil && cause == nil && len(all) == len(known.Sorted()) && !slices.ContainsFunc(all, Migration.Pending)
}

func (s *Store) knownMigrations() (*migrate.Migrations, error) {
	known := migrate.NewMigrations()
	if err := known.Discover(s.db.Migrations); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return known, nil
}

// migrateUp applies what is pending, and returns it.
func migrateUp(ctx context.Context, db *bun.DB, known *migrate.Migrations) (migrate.MigrationSlice, error) {
	m := migrate.NewMigrator(db, known, migrate.WithMarkAppliedOnSuccess(true))
	if err := m.Init(ctx); err != nil {
		return nil, failed("create migration tables", err)
	}
	applied, err := m.AppliedMigrations(ctx)
	if err != nil {
		return nil, failed("read applied migrations", err)
	}
	have, newest := lastName(applied), lastName(known.Sorted())
	if have > newest {
		return nil, &NewerSchemaError{Database: have, Program: newest}
	}
	group, err := m.Migrate(ctx)
	if err != nil {
		return nil, failed("migrate schema", err)
	}
	return group.Migrations, nil
}

// lastName is the name of the newest migration, which is a number in text of
// one width.
func lastName(ms migrate.MigrationSlice) string {
	var last string
	for _, m := range ms {
		last = max(last, m.Name)
	}
	return last
}
