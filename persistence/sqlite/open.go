package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	driver "modernc.org/sqlite"

	"github.com/checkout-promotions/checkout/persistence"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks our files; the first migration sets it.
const applicationID = 1128811348

// openWait bounds how long Open waits for another process that is creating or
// recovering the same file.
const openWait = 5 * time.Second

// Open opens the database file, which it creates, with its directory, when it
// is not there. It does not migrate: hand the result to persistence.New and
// call Migrate. An order that was acknowledged survives a crash of the process
// and a power cut. Errors are *persistence.Error and say what to do.
func Open(ctx context.Context, path string) (persistence.Database, error) {
	op := fmt.Sprintf("open database %q", path)
	if err := prepare(path); err != nil {
		return persistence.Database{}, refused(op, err)
	}
	dsn := fileDSN(path)
	db, err := connect(ctx, dsn.writer(), dsn.reader())
	if err != nil {
		return persistence.Database{}, refused(op, err)
	}
	return db, nil
}

// OpenMemory opens a new database in memory. It belongs to the result alone
// and is gone when that is closed. One connection serves all calls in turn, so
// it suits tests and trials, not load.
func OpenMemory(ctx context.Context) (persistence.Database, error) {
	db, err := connect(ctx, memoryDSN(uuid.NewString()).writer(), "")
	if err != nil {
		return persistence.Database{}, refused("open database in memory", err)
	}
	return db, nil
}

// prepare makes the directory of the file.
func prepare(path string) error {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return &advice{"this is not the path of a file; name one, such as data/checkout.db", nil}
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return &advice{"this is a directory; name a file in it, such as checkout.db", nil}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return &advice{"its directory cannot be made; make it and let this process write to it, or choose another path", err}
	}
	return nil
}

// connect opens the writer, checks the database, and opens the reader. Without
// a DSN for readers the writer serves them too.
func connect(ctx context.Context, writerDSN, readerDSN string) (persistence.Database, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return persistence.Database{}, err
	}
	writer, err := pool(writerDSN, 1)
	if err != nil {
		return persistence.Database{}, err
	}
	db := persistence.Database{
		Writer: writer, Migrations: folder, Guard: guard(writerDSN), Diagnose: diagnose, Prepare: true,
	}
	err = check(ctx, writer, readerDSN != "")
	if err == nil && readerDSN != "" {
		db.Reader, err = pool(readerDSN, max(2, runtime.GOMAXPROCS(0)))
	}
	if err != nil {
		return persistence.Database{}, errors.Join(err, db.Close())
	}
	return db, nil
}

// pool opens no connection yet. Connections are kept for ever: closing the last
// one of a database in memory would lose it.
func pool(dsn string, connections int) (*bun.DB, error) {
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(0)
	db.SetConnMaxIdleTime(0)
	return bun.NewDB(db, sqlitedialect.New()), nil
}

// check makes the first connection, which may have to wait for another process,
// and refuses what would not work later.
func check(ctx context.Context, db *bun.DB, isFile bool) error {
	wait, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	err := db.PingContext(wait)
	for ; err != nil && diagnose(err).Retry && wait.Err() == nil; err = db.PingContext(wait) {
		time.Sleep(time.Millisecond)
	}
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	if err := checkOwner(ctx, db); err != nil || !isFile {
		return err
	}
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &advice{"its file system has no shared memory, as network folders have none; put the file on a local disk", nil}
	}
	return nil
}

// checkOwner refuses a file that another program made.
func checkOwner(ctx context.Context, db *bun.DB) error {
	var id, tables int64
	err := db.QueryRowContext(ctx, "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id").
		Scan(&id, &tables)
	switch {
	case err != nil:
		return err
	case id != applicationID && (id != 0 || tables > 0):
		return &advice{"this is the database of another program; choose another path", nil}
	default:
		return nil
	}
}

// dsn builds data source names: where the database is, and its settings.
type dsn struct {
	location string
	settings url.Values
}

func fileDSN(path string) dsn {
	location := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		location = "/" + location // C:/data is /C:/data in a URI
	}
	return dsn{
		location: "file:" + (&url.URL{Path: location}).EscapedPath(),
		settings: url.Values{"_pragma": {"journal_mode(WAL)"}},
	}
}

func memoryDSN(name string) dsn {
	return dsn{"file:" + name, url.Values{"mode": {"memory"}, "cache": {"shared"}}}
}

// writer is for connections whose transactions take the write lock when they
// begin, so that what they read stays true until they commit. synchronous(FULL)
// makes a commit wait for the disk; in WAL mode NORMAL would lose the last
// orders in a power cut, although they had been acknowledged.
func (d dsn) writer() string {
	return d.with(url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"foreign_keys(1)", "synchronous(FULL)", "temp_store(MEMORY)"},
	})
}

func (d dsn) reader() string {
	return d.with(url.Values{"_pragma": {"query_only(1)"}})
}

// with adds settings. SQLite waits for a lock only briefly, because it cannot
// be interrupted while it does; the store tries again until its own patience or
// the context ends.
func (d dsn) with(settings url.Values) string {
	settings.Add("_pragma", "busy_timeout(100)")
	for key, values := range d.settings {
		settings[key] = append(settings[key], values...)
	}
	return d.location + "?" + settings.Encode()
}
