package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/checkout-promotions/checkout/engine"
)

// ErrUnavailable is what every error Is whose cause is the state of the
// database and not the request: the disk is full, the file is read-only or
// locked by another process, the store is closed. The same request may succeed
// later, so an HTTP API answers 503.
var ErrUnavailable = errors.New("the database is not available")

// Fault is what an error of the driver means.
type Fault struct {
	// Reason says in words that anybody may read what is wrong, such as "the
	// disk is full"; "" when that is not known.
	Reason string
	// Remedy tells whoever runs the program what to do about it, "" when that is
	// not known or is part of Reason. It is no part of the error's text.
	Remedy string
	// Unavailable says that the database cannot serve now, whatever is asked.
	Unavailable bool
	// Retry says that the transaction had no effect and may succeed at once
	// when it is run again, because another one was in its way.
	Retry bool
	// MissingTable says that the statement names a table that the database does
	// not have, as before the first migration.
	MissingTable bool
}

// Error is a call that the database did not serve. Its text names the operation
// and, where that is known, the reason, both in words of this package. What the
// driver said, which may name constraints, hosts and files, is only behind
// Unwrap and LogValue: it belongs in a log, not in an answer to a customer.
type Error struct {
	// Op is the operation, such as "insert order".
	Op string
	// Fault is what Err means.
	Fault Fault
	// Err is the driver's error. When the context of the call has ended, it
	// also is the context's error.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Fault.Reason == "" {
		return e.Op + ": database error"
	}
	return e.Op + ": " + e.Fault.Reason
}

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is ErrUnavailable and the database is not.
func (e *Error) Is(target error) bool { return target == ErrUnavailable && e.Fault.Unavailable }

// LogValue implements slog.LogValuer with the driver's own text.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("msg", e.Error())}
	if e.Fault.Remedy != "" {
		attrs = append(attrs, slog.String("remedy", e.Fault.Remedy))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

// InvalidError says what is wrong with an argument that the caller can mend.
// Field names it as in "items[3].sku".
type InvalidError struct {
	Field   string
	Problem string
}

// Error implements error.
func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

// UnknownOrderError says that no order has the reference.
type UnknownOrderError = engine.UnknownOrderError

// CurrencyError says that a stored item's amounts are in another currency than
// the shop's. Amounts carry no currency of their own, so such an item is never
// handed out: 1000 would be ten dollars or a thousand yen.
type CurrencyError struct {
	SKU  string
	Item string // the ISO 4217 code the item is stored with
	Shop engine.Currency
}

// Error implements error.
func (e *CurrencyError) Error() string {
	return fmt.Sprintf("item %s is priced in %s, the shop's currency is %s", e.SKU, e.Item, e.Shop)
}

// UnknownPoolError says that there is no coupon pool of the name.
type UnknownPoolError = engine.UnknownPoolError

// PoolTakenError says that there is a coupon pool of the name already.
type PoolTakenError struct{ Name string }

// Error implements error.
func (e *PoolTakenError) Error() string {
	return fmt.Sprintf("there is a coupon pool %s already", e.Name)
}

// UnknownCodesError lists coupon codes that no pool has, as they were given.
type UnknownCodesError = engine.UnknownCodesError

// NewerSchemaError says that a later version of this program has changed the
// database in a way that this version does not know.
type NewerSchemaError struct {
	Database string // the newest migration the database has
	Program  string // the newest migration this program knows
}

// Error implements error.
func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the database is from a newer version (migration %s, this program knows up to %s): "+
		"start that version or a later one, or restore a backup from before the upgrade", e.Database, e.Program)
}

// explain completes an *Error with what it means; other errors pass unchanged.
func (s *Store) explain(ctx context.Context, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch ended := ctx.Err(); {
	case ended != nil:
		e.Fault, e.Err = Fault{Reason: ended.Error()}, errors.Join(ended, e.Err)
	case s.closed.Load():
		e.Fault = Fault{Reason: "the store is closed", Unavailable: true}
	default:
		e.Fault = s.db.Diagnose(e.Err)
	}
	return err
}
