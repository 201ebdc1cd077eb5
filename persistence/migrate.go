package persistence

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

// Migrate brings the schema up to what this program knows, all of it or, after
// an error, nothing. Several processes may call it at once: one migrates and the
// others find nothing left to do. A database that a newer program has migrated
// is left alone and the error is a *NewerSchemaError. Call it before any other
// method.
func (s *Store) Migrate(ctx context.Context) error {
	known := migrate.NewMigrations()
	if err := known.Discover(s.db.Migrations); err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return s.persist(ctx, func() error {
		if err := s.db.Writer.PingContext(ctx); err != nil {
			return failed("connect to database", err)
		}
		return s.db.Guard(ctx, func(ctx context.Context, db *bun.DB) error {
			return migrateUp(ctx, db, known)
		})
	})
}

func migrateUp(ctx context.Context, db *bun.DB, known *migrate.Migrations) error {
	m := migrate.NewMigrator(db, known, migrate.WithMarkAppliedOnSuccess(true))
	if err := m.Init(ctx); err != nil {
		return failed("create migration tables", err)
	}
	applied, err := m.AppliedMigrations(ctx)
	if err != nil {
		return failed("read applied migrations", err)
	}
	have, newest := lastName(applied), lastName(known.Sorted())
	if have > newest {
		return &NewerSchemaError{Database: have, Program: newest}
	}
	_, err = m.Migrate(ctx)
	return failed("migrate schema", err)
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
