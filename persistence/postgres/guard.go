package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/checkout-promotions/checkout/persistence"
)

const (
	// guardKey is the advisory lock of migrations, "CHKT". Such locks belong to
	// one database of a server.
	guardKey = 1128811348
	// itemsKey is the advisory lock of those who add items or replace them.
	itemsKey = guardKey + 1
	// pausesKey is the advisory lock of those who pause promotions, which sales share;
	// checkout_sell_unpaused has it too.
	pausesKey = guardKey + 2
	// guardWait is how long a process waits for another one's migrations, and
	// its migrations for the locks of tables.
	guardWait = 30 * time.Second
)

// guard returns a persistence.Database.Guard. It opens one session of its own,
// takes the advisory lock there, and lets the migrations run in one transaction,
// so that they and the record of them take effect together or not at all. When
// the session ends, however it ends, the server frees the lock.
func guard(config *pgx.ConnConfig) func(context.Context, func(context.Context, *bun.DB) error) error {
	return func(ctx context.Context, migrate func(context.Context, *bun.DB) error) (err error) {
		db := session(config)
		defer func() { err = errors.Join(err, db.Close()) }()
		for _, statement := range []string{
			fmt.Sprintf("SET lock_timeout = %d", guardWait.Milliseconds()),
			fmt.Sprintf("SELECT pg_advisory_lock(%d)", guardKey),
			"BEGIN ISOLATION LEVEL READ COMMITTED",
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return &persistence.Error{Op: "lock database to migrate", Err: locked(err)}
			}
		}
		if err := migrate(ctx, db); err != nil {
			return err // closing the session rolls back
		}
		if _, err := db.ExecContext(ctx, "COMMIT"); err != nil {
			return &persistence.Error{Op: "commit migrations", Err: err}
		}
		return nil
	}
}

// session returns a handle on a single connection, whose transaction is begun
// and ended by statements.
func session(config *pgx.ConnConfig) *bun.DB {
	db := sql.OpenDB(&oneConnection{Connector: stdlib.GetConnector(*config, stdlib.OptionAfterConnect(readUTC))})
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return bun.NewDB(db, pgdialect.New())
}

// errSessionLost ends migrations whose connection broke: the rest of them must
// not run on another one, outside of the transaction.
var errSessionLost = errors.New("the session of the migrations was lost")

// oneConnection connects once.
type oneConnection struct {
	driver.Connector
	used atomic.Bool
}

// Connect implements driver.Connector.
func (o *oneConnection) Connect(ctx context.Context) (driver.Conn, error) {
	if o.used.Swap(true) {
		return nil, errSessionLost
	}
	conn, err := o.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return inTransaction{conn.(*stdlib.Conn)}, nil
}

// inTransaction is a connection that may be used again while a transaction is
// open on it, which the driver takes for one that was forgotten.
type inTransaction struct{ *stdlib.Conn }

// ResetSession implements driver.SessionResetter.
func (c inTransaction) ResetSession(context.Context) error {
	if c.Conn.Conn().IsClosed() {
		return driver.ErrBadConn
	}
	return nil
}
