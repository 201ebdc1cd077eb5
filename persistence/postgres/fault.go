package postgres

import (
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/checkout-promotions/checkout/persistence"
)

// diagnose says what an error of the driver means to somebody who has never
// heard of SQLSTATE.
func diagnose(err error) persistence.Fault {
	var known *advice
	var failure *pgconn.PgError
	switch {
	case errors.As(err, &known):
		return unavailable(known.text)
	case errors.As(err, &failure):
		return diagnoseState(failure)
	case isLost(err):
		return unavailable("the connection to the database server is lost")
	default:
		return persistence.Fault{}
	}
}

// diagnoseState reads the code of an error that the server sent; its first two
// digits are a class.
func diagnoseState(failure *pgconn.PgError) persistence.Fault {
	switch failure.Code {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return inTheWay()
	case "23505": // unique_violation
		if failure.TableName == "items" {
			return inTheWay() // the keys were free when the transaction looked
		}
		return persistence.Fault{}
	case "55P03": // lock_not_available
		return unavailable("another process has locked the database")
	case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return unavailable("the database server is stopping or starting")
	case "57014": // query_canceled, by a timeout of the server
		return unavailable("the database server took too long")
	case "57P04", "3D000": // database_dropped, invalid_catalog_name
		return unavailable("the database is gone")
	case "57P05", "25P03", "25P04": // timeouts that end sessions
		return unavailable("the connection to the database server is lost")
	case "25006": // read_only_sql_transaction
		fault := unavailable("the database is read-only")
		fault.Remedy = "connect to the primary server if this is a standby, or else turn default_transaction_read_only off"
		return fault
	case "42501": // insufficient_privilege
		return unavailable("the user of the database may not do this")
	case "42P01": // undefined_table
		return persistence.Fault{MissingTable: true}
	case "53100":
		return unavailable("the disk is full")
	case "53200":
		return unavailable("the database server has no memory left")
	case "53300":
		return unavailable("the database server has too many clients")
	}
	return diagnoseClass(failure.Code)
}

func diagnoseClass(code string) persistence.Fault {
	class := code
	if len(code) > 2 {
		class = code[:2]
	}
	switch {
	case class == "08":
		return unavailable("the connection to the database server is lost")
	case class == "28":
		return unavailable("the database server refuses the user or the password")
	case class == "53":
		return unavailable("the database server is at its limits")
	case class == "58":
		return unavailable("the disk of the database server does not work")
	case code == "XX001", code == "XX002":
		return unavailable("the database is damaged")
	default:
		return persistence.Fault{}
	}
}

func inTheWay() persistence.Fault {
	return persistence.Fault{Reason: "others were changing the same", Unavailable: true, Retry: true}
}

func unavailable(reason string) persistence.Fault {
	return persistence.Fault{Reason: reason, Unavailable: true}
}

// isLost tells whether the error is of a connection that broke or could not be
// made, as far as the server has not said why.
func isLost(err error) bool {
	for _, lost := range []error{
		errSessionLost, driver.ErrBadConn, pgconn.ErrConnClosed, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgx.ErrTxClosed,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network)
}

// isStarting tells whether the server is there and will serve soon.
func isStarting(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == "57P03"
}

// advice is an error that says what to do about it.
type advice struct {
	text  string
	cause error
}

func (a *advice) Error() string { return a.text }
func (a *advice) Unwrap() error { return a.cause }

// locked words the end of waiting for another process that migrates.
func locked(err error) error {
	var failure *pgconn.PgError
	if errors.As(err, &failure) && failure.Code == "55P03" {
		return &advice{"another process has been migrating it for long; wait for it, or end it with checkout db unlock", err}
	}
	return err
}

// refused makes of err an error of Open that says what to do.
func refused(op string, err error) error {
	refusal := &persistence.Error{Op: op, Fault: diagnose(err), Err: err}
	if text := remedy(err); text != "" {
		refusal.Fault.Reason = text
	}
	return refusal
}

// remedy says what to do about a connection that could not be made; "" when
// that is not known.
func remedy(err error) string {
	var known *advice
	var failure *pgconn.PgError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var dial *net.OpError
	switch {
	case errors.As(err, &known):
		return known.text
	case errors.As(err, &failure):
		return remedyState(failure)
	case errors.As(err, &certificate):
		return "the server's certificate cannot be verified; name the server as its certificate does, install its authority's certificate, or lower --db-sslmode"
	case strings.Contains(err.Error(), "server refused TLS connection"): // the driver has no type for it
		return "the server does not speak TLS; turn it on there, or lower --db-sslmode"
	case errors.As(err, &name):
		return "there is no such host; check --db-host"
	case errors.As(err, &dial):
		return "no server answers there; start Postgres or check --db-host and --db-port"
	default:
		return ""
	}
}

func remedyState(failure *pgconn.PgError) string {
	switch failure.Code {
	case "28P01", "28000":
		return "the server refuses the user or the password; check --db-user and --db-password, or let the user in"
	case "3D000":
		return "the server has no database of this name; create it with createdb, or check --db-name"
	case "42501":
		return "the user may not connect to it; GRANT CONNECT ON DATABASE to the user"
	case "53300":
		return "the server has too many clients; end some, or raise its max_connections"
	case "57P03":
		return "the server is starting; try again soon"
	default:
		return ""
	}
}
