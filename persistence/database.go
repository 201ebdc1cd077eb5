package persistence

import (
	"context"
	"errors"
	"io/fs"

	"github.com/uptrace/bun"
)

// Database is an open database together with everything in which its dialect
// goes its own way. Packages such as persistence/sqlite open one; New takes it
// over. All fields but Reader, Locks and the texts are required.
type Database struct {
	// Writer runs the transactions that write. A transaction that it begins
	// must see the stock as it is and keep others from changing it.
	Writer *bun.DB
	// Reader runs all other queries; without one, Writer does.
	Reader *bun.DB
	// Migrations holds the schema as NNNN_name.up.sql and .down.sql files, in
	// the form that bun/migrate reads.
	Migrations fs.FS
	// Guard calls migrate once, with a handle to run migrations on, and keeps
	// every other process from migrating the same database meanwhile. The
	// guard must not outlive a crash of the process.
	Guard func(ctx context.Context, migrate func(context.Context, *bun.DB) error) error
	// Locks ends sessions that hold the guard; nil where nothing can stay locked.
	Locks Locks
	// Diagnose says what an error of the driver means; the zero Fault when it
	// means nothing in particular.
	Diagnose func(error) Fault
	// SkipLocked is what a SELECT ends in that takes rows which others hold for
	// no rows at all, as in FOR UPDATE SKIP LOCKED; "" where one transaction
	// writes at a time. Without it callers only wait longer for each other.
	SkipLocked string
	// ForUpdate is what a SELECT ends in that keeps others from changing what it
	// has read until the end of the transaction; "" where one transaction writes
	// at a time.
	ForUpdate string
	// LockItems is a statement that lets one transaction at a time add items or
	// replace them, while sales go on; "" where one transaction writes at a time.
	LockItems string
	// LockPauses is a statement that keeps transactions that sell from running beside
	// the one that pauses promotions, and SharePauses one that lets those sell beside
	// each other; "" where one transaction writes at a time. Both are the first of
	// their transactions.
	LockPauses, SharePauses string
	// Prepare says that the statements of sales are best prepared, once, on the
	// Writer, whose placeholders must be question marks and which writes one
	// transaction at a time. It does not go with Sell.
	Prepare bool
	// Sell commits orders in one transaction and one round trip, all of them that are
	// ordinary, each whole and as the statements of this package would write it. Of
	// the others, in doubt also of an ordinary one, it writes nothing: those statements
	// commit them, and find out what is wrong with them or what else they have to tell.
	// An order is ordinary when no guard refuses it and it tells of nothing but itself.
	// Sell locks in the order of this package: the pauses, keys, then items by SKU, then
	// counters, each over all orders. An error means that nothing is committed, unless
	// it is of a lost connection or ctx has ended. Nil leaves all to the statements.
	Sell func(ctx context.Context, sales Sales) (Sold, error)
	// Announce is a statement that tells, when its transaction commits, those who
	// Listen; "" where nobody can.
	Announce string
	// Listen calls hint when it has begun to listen and at each announcement,
	// until ctx ends or it fails. It is nil where nobody can be told.
	Listen func(ctx context.Context, hint func()) error
}

// Close closes both handles, the writer last, so that it can tidy up. Calling
// it again does nothing.
func (d Database) Close() error {
	var errs []error
	for _, handle := range []*bun.DB{d.Reader, d.Writer} {
		if handle != nil {
			errs = append(errs, handle.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &Error{Op: "close database", Err: err}
	}
	return nil
}
