package postgres

import (
	"cmp"
	"context"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/checkout-promotions/checkout/persistence"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// DefaultMaxConnections is how many connections a database opens at most
	// when Options does not say. A server serves 100 unless it is told otherwise.
	DefaultMaxConnections = 16

	oldestVersion = 150000
	// openWait bounds how long Open waits for a server that is just starting.
	openWait = 5 * time.Second
	// dialWait bounds how long making one connection may take.
	dialWait = 5 * time.Second
	// Connections are renewed, so that after a failover or a change of a
	// server's address the old ones are given up in time.
	connectionLifetime = 30 * time.Minute
	connectionIdle     = 5 * time.Minute
)

// Options says which database to open. What is left empty is what psql would
// take: the PG environment variables, ~/.pgpass, and then libpq's defaults.
type Options struct {
	// DSN is a whole connection string, postgres://user:password@host:5432/name
	// or key=value pairs; with one, the fields up to SSLMode must be empty.
	DSN string
	// Host is a host name, an IP address, or the absolute path of the folder in
	// which the server keeps its Unix socket.
	Host     string
	Port     int
	User     string
	Password string
	Database string
	// SSLMode is disable, prefer, require or verify-full, with the meaning that
	// libpq gives them.
	SSLMode string
	// MaxConnections limits the connections of the pool; 0 means
	// DefaultMaxConnections.
	MaxConnections int
	// ApplicationName is how the server's lists name the connections; "" means
	// "checkout".
	ApplicationName string
}

// Open connects to the database, which must exist. It does not migrate: hand
// the result to persistence.New and call Migrate. Errors are *persistence.Error
// and say what to do; their texts name neither host nor password. Connections
// that break later are replaced by new ones, so that a restart of the server
// needs none of the program.
func Open(ctx context.Context, o Options) (persistence.Database, error) {
	op := "open Postgres database"
	config, err := configure(o)
	if err != nil {
		return persistence.Database{}, refused(op, err)
	}
	op = fmt.Sprintf("%s %q", op, config.Database)
	db, err := connect(ctx, config, cmp.Or(o.MaxConnections, DefaultMaxConnections))
	if err != nil {
		return persistence.Database{}, refused(op, err)
	}
	return db, nil
}

// configure turns the options into those of the driver.
func configure(o Options) (*pgx.ConnConfig, error) {
	dsn := o.DSN
	switch {
	case dsn == "":
		dsn = o.dsn()
	case o.Host != "" || o.Port != 0 || o.User != "" || o.Password != "" || o.Database != "" || o.SSLMode != "":
		return nil, &advice{"a DSN and single settings are both given; keep one of them", nil}
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, &advice{"the connection settings cannot be read; a DSN is postgres://user:password@host:5432/database", err}
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	if _, given := config.RuntimeParams["application_name"]; !given || o.ApplicationName != "" {
		config.RuntimeParams["application_name"] = cmp.Or(o.ApplicationName, "checkout")
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["standard_conforming_strings"] = "on" // as bun writes texts
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = dialWait
	}
	return config, nil
}

// dsn returns the single settings as one connection string.
func (o Options) dsn() string {
	u := url.URL{Scheme: "postgres", Path: "/" + o.Database}
	values := url.Values{}
	for key, value := range map[string]string{"host": o.Host, "user": o.User, "password": o.Password, "sslmode": o.SSLMode} {
		if value != "" {
			values.Set(key, value)
		}
	}
	if o.Port != 0 {
		values.Set("port", strconv.Itoa(o.Port))
	}
	u.RawQuery = values.Encode()
	return u.String()
}

// connect opens the pool and checks the database.
func connect(ctx context.Context, config *pgx.ConnConfig, connections int) (persistence.Database, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return persistence.Database{}, err
	}
	writer := pool(config, connections)
	db := persistence.Database{
		Writer: writer, Migrations: folder, Guard: guard(config), Locks: locks{writer}, Diagnose: diagnose,
		SkipLocked: "FOR UPDATE SKIP LOCKED", ForUpdate: "FOR UPDATE",
		LockItems:  fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", itemsKey),
		LockPauses: fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", pausesKey), SharePauses: fmt.Sprintf("SELECT pg_advisory_xact_lock_shared(%d)", pausesKey),
		Sell:     sell(writer.DB),
		Announce: "NOTIFY " + channel, Listen: listen(config),
	}
	if err := check(ctx, db.Writer); err != nil {
		return persistence.Database{}, errors.Join(err, db.Close())
	}
	return db, nil
}

// pool opens no connection yet.
func pool(config *pgx.ConnConfig, connections int) *bun.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(readUTC), stdlib.OptionResetSession(dropReadOnly))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(connectionLifetime)
	db.SetConnMaxIdleTime(connectionIdle)
	return bun.NewDB(db, pgdialect.New())
}

// readUTC makes a connection return instants in UTC and not in the zone of this
// machine.
func readUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// dropReadOnly gives up a connection that can only read. A server that became
// the primary, a name that now leads to another one, or a database that may be
// written again shows itself to new connections only, and the old ones would be
// refused for as long as they live.
func dropReadOnly(_ context.Context, conn *pgx.Conn) error {
	for _, setting := range []string{"default_transaction_read_only", "in_hot_standby"} {
		if conn.PgConn().ParameterStatus(setting) == "on" { // the server reports changes by itself
			return driver.ErrBadConn
		}
	}
	return nil
}

// check makes the first connection and refuses what would not work later.
func check(ctx context.Context, db *bun.DB) error {
	wait, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	err := db.PingContext(wait)
	for err != nil && isStarting(err) && wait.Err() == nil {
		select {
		case <-wait.Done():
		case <-time.After(50 * time.Millisecond):
			err = db.PingContext(wait)
		}
	}
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return checkServer(ctx, db)
}

// checkServer refuses servers that are too old or hold other text than UTF-8,
// and users who could not migrate.
func checkServer(ctx context.Context, db *bun.DB) error {
	var version int
	var number, encoding string
	var create, readOnly bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		current_setting('server_encoding'), current_setting('transaction_read_only')::bool,
		coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)`).
		Scan(&version, &number, &encoding, &readOnly, &create)
	switch {
	case err != nil:
		return err
	case version < oldestVersion:
		return &advice{fmt.Sprintf("the server is Postgres %s; version 15 or later is needed", number), nil}
	case encoding != "UTF8":
		return &advice{fmt.Sprintf("its encoding is %s; create it with ENCODING 'UTF8' TEMPLATE template0", encoding), nil}
	case !create && !readOnly:
		return &advice{"the user may not create tables in it; make the user its owner, or GRANT CREATE ON SCHEMA public to the user", nil}
	default:
		return nil
	}
}
