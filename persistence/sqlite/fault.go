package sqlite

import (
	"errors"
	"strings"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/checkout-promotions/checkout/persistence"
)

// primary masks the part of an extended result code that names the class.
const primary = 0xff

// diagnose says what an error of the driver means to somebody who has never
// heard of its result codes.
func diagnose(err error) persistence.Fault {
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return persistence.Fault{}
	}
	switch failure.Code() & primary {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return persistence.Fault{Reason: "another process has locked the database", Unavailable: true, Retry: true}
	case sqlite3.SQLITE_FULL:
		return unavailable("the disk is full")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		fault := unavailable("the database is read-only")
		fault.Remedy = "let this process write to the file and its directory"
		return fault
	case sqlite3.SQLITE_CANTOPEN:
		return unavailable("the database file cannot be opened")
	case sqlite3.SQLITE_IOERR:
		return unavailable("the disk does not work")
	case sqlite3.SQLITE_NOMEM:
		return unavailable("there is no memory left")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return unavailable("the database file is damaged")
	case sqlite3.SQLITE_ERROR: // also for faults of statements, which only the text tells apart
		return persistence.Fault{MissingTable: strings.Contains(failure.Error(), "no such table")}
	default:
		return persistence.Fault{}
	}
}

func unavailable(reason string) persistence.Fault {
	return persistence.Fault{Reason: reason, Unavailable: true}
}

// advice is a reason not to open a database, with what to do about it.
type advice struct {
	text  string
	cause error
}

func (a *advice) Error() string { return a.text }
func (a *advice) Unwrap() error { return a.cause }

// refused makes of err an error of Open that says what to do.
func refused(op string, err error) error {
	refusal := &persistence.Error{Op: op, Fault: diagnose(err), Err: err}
	var known *advice
	if errors.As(err, &known) {
		refusal.Fault.Reason = known.text
		return refusal
	}
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return refusal
	}
	switch failure.Code() & primary {
	case sqlite3.SQLITE_NOTADB:
		refusal.Fault.Reason = "the file is not a SQLite database; move it away or choose another path"
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		refusal.Fault.Reason = "the file cannot be written; let this process write to it and its directory, or choose another path"
	}
	return refusal
}
