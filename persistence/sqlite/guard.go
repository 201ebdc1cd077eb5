package sqlite

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/persistence"
)

// guard returns a persistence.Database.Guard. It opens one connection of its
// own, begins a transaction there that holds the write lock of the database, and
// lets the migrations run in it. So they, and the record of them, take effect
// together or not at all, and the lock goes with the process. Foreign keys are
// not enforced meanwhile, which is how SQLite wants tables to be rebuilt; they
// are checked at the end.
func guard(writerDSN string) func(context.Context, func(context.Context, *bun.DB) error) error {
	return func(ctx context.Context, migrate func(context.Context, *bun.DB) error) (err error) {
		db, err := pool(writerDSN, 1)
		if err != nil {
			return &persistence.Error{Op: "open database to migrate", Err: err}
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		for _, statement := range []string{"PRAGMA foreign_keys = OFF", "PRAGMA temp_store = DEFAULT", "BEGIN IMMEDIATE"} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return &persistence.Error{Op: "lock database to migrate", Err: err}
			}
		}
		if err := migrate(ctx, db); err != nil {
			return err // closing the connection rolls back
		}
		return commit(ctx, db)
	}
}

func commit(ctx context.Context, db *bun.DB) error {
	var broken int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil {
		return &persistence.Error{Op: "check foreign keys", Err: err}
	}
	if broken > 0 {
		return &persistence.Error{Op: "check foreign keys", Err: errors.New("a migration left rows that refer to nothing")}
	}
	if _, err := db.ExecContext(ctx, "COMMIT"); err != nil {
		return &persistence.Error{Op: "commit migrations", Err: err}
	}
	return nil
}
