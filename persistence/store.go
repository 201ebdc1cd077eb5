package persistence

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/engine"
)

// DefaultLockWait is how long a call waits for others when Options does not say.
const DefaultLockWait = 5 * time.Second

// Options tunes a Store. Only Currency is required.
type Options struct {
	// Currency is the shop's currency: every amount of the catalogue is in its
	// smallest unit.
	Currency engine.Currency
	// Now is the clock; the default is time.Now. Instants are stored in UTC and
	// whole microseconds, which is what every supported database can hold.
	Now func() time.Time
	// NewReference names a new order; it must never answer the same twice. The
	// default is a UUID of version 7, whose order is that of time.
	NewReference func() string
	// LockWait is how long a call keeps trying when another process is in its
	// way, before it gives up with ErrUnavailable; the default is
	// DefaultLockWait. The context of the call may end the wait sooner.
	LockWait time.Duration
	// Tracer makes a span of each query and each commit of an order below the one in the
	// context of the call, where that is recorded; nil makes none.
	Tracer trace.Tracer
	// Endpoints are the receivers of events. An event is kept for those that the
	// Store which emits it knows, so one that is added later gets later events.
	Endpoints []Endpoint
	// LowStock is the number of units at which the stock of an item counts as
	// low; 0, the default, tells of items that are sold out.
	LowStock int64
	// CataloguePoll is how often FollowCatalogue looks for what other processes
	// have changed; the default is DefaultCataloguePoll.
	CataloguePoll time.Duration
	// PauseLease is how long a Store that follows the catalogue may price by what it
	// knows of paused promotions without asking, and how long PausePromotion and
	// ResumePromotion therefore take; the default is DefaultPauseLease. It must be the
	// same in all processes that share the database.
	PauseLease time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewReference == nil {
		o.NewReference = newReference
	}
	if o.LockWait <= 0 {
		o.LockWait = DefaultLockWait
	}
	if o.CataloguePoll <= 0 {
		o.CataloguePoll = DefaultCataloguePoll
	}
	if o.PauseLease <= 0 {
		o.PauseLease = DefaultPauseLease
	}
	return o
}

// newReference cannot panic: crypto/rand, the only source of errors, ends the
// process itself since Go 1.24.
func newReference() string { return uuid.Must(uuid.NewV7()).String() }

// Store keeps the catalogue and the orders of a shop. Its methods are safe for
// concurrent use, by any number of processes that share the database, and each
// returns soon after its context ends. A method either has its whole effect or,
// when it returns an error, none. Errors of the database are *Error; errors that
// tell the caller about the request have types of their own.
type Store struct {
	db      Database
	options Options
	closed  atomic.Bool

	committer committer
	prepared  map[string]*sql.Stmt // of sales; the committer's alone
	catalogue catalogue
	pauses    atomic.Pointer[pauses] // as this process knows them; nil before it follows the catalogue
	close     func() error
}

// New returns a store on the database, which it takes over: Close closes it.
// It does not touch the database; call Migrate before anything else.
func New(db Database, o Options) (*Store, error) {
	if o.Currency == (engine.Currency{}) {
		return nil, errors.New("new store: no currency; set Options.Currency to the shop's")
	}
	return newStore(db, o)
}

// newStore is New also for what needs no currency.
func newStore(db Database, o Options) (*Store, error) {
	if db.Writer == nil || db.Migrations == nil || db.Guard == nil || db.Diagnose == nil {
		return nil, errors.New("new store: the database lacks a writer, migrations, a guard or a diagnosis; open it with a package such as persistence/sqlite")
	}
	if db.Reader == nil {
		db.Reader = db.Writer
	}
	if o.Tracer != nil {
		db = traced(db, o.Tracer)
	}
	s := &Store{db: db, options: o.withDefaults(), close: sync.OnceValue(db.Close)}
	s.committer.arrived, s.committer.taken = make(chan struct{}, 1), make(map[string]int)
	return s, nil
}

// Currency returns the shop's currency.
func (s *Store) Currency() engine.Currency { return s.options.Currency }

// Ping reports whether the database answers, has the schema, and can be written. It
// writes nothing, so that a full disk is found by what does.
func (s *Store) Ping(ctx context.Context) error {
	err := s.read(ctx, "ping database", func(db bun.IDB) error {
		var any bool
		return db.NewRaw("SELECT EXISTS (SELECT 1 FROM items)").Scan(ctx, &any)
	})
	if err != nil {
		return err
	}
	return s.pingWriter(ctx)
}

// writerWait is how long a ping waits to write.
const writerWait = 200 * time.Millisecond

// pingWriter runs a statement that is refused where nothing can be written, and
// changes no row. Where it has to wait, somebody writes.
func (s *Store) pingWriter(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, writerWait)
	defer cancel()
	_, err := s.db.Writer.NewUpdate().Model((*itemRow)(nil)).Set("stock = stock").Where("id < 0").Exec(limited)
	if err == nil || s.db.Diagnose(err).Retry || limited.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return s.explain(ctx, failed("ping database", err))
}

// Connections returns the pools of connections by their use, writer and reader, for their
// statistics; they may be the same. Nobody else runs statements on them.
func (s *Store) Connections() map[string]*sql.DB {
	pools := map[string]*sql.DB{"writer": s.db.Writer.DB}
	if s.db.Reader != s.db.Writer {
		pools["reader"] = s.db.Reader.DB
	}
	return pools
}

// Close closes the database. A call under way either finishes or is
// ErrUnavailable, as later ones are. Calling Close again does nothing and
// returns the same.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.catalogue.unfollow()
	err := s.close()
	s.committer.running.Wait()
	return err
}

// now is the instant that is stored for what happens now.
func (s *Store) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// read runs one query; op names it.
func (s *Store) read(ctx context.Context, op string, query func(bun.IDB) error) error {
	return s.persist(ctx, func() error { return failed(op, query(s.db.Reader)) })
}

// snapshot runs queries that see the database at one instant.
func (s *Store) snapshot(ctx context.Context, op string, queries func(context.Context, bun.Tx) error) error {
	readOnly := &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	return s.persist(ctx, func() error { return transact(ctx, op, s.db.Reader, readOnly, queries) })
}

// write runs a transaction, which takes effect when change returns nil. What change
// reads stays true until then. Change must use the transaction for everything: the
// writer may have no second connection. It may be called again after it was rolled
// back.
func (s *Store) write(ctx context.Context, op string, change func(context.Context, bun.Tx) error) error {
	alone := &sql.TxOptions{Isolation: sql.LevelSerializable}
	return s.changing(ctx, func(ctx context.Context) error { return transact(ctx, op, s.db.Writer, alone, change) })
}

// guarded is write for a change that relies on nothing it has read, because each of
// its statements has its own condition. Others may change what it has not changed
// itself, so that it need not be run again for their sake.
func (s *Store) guarded(ctx context.Context, op string, change func(context.Context, bun.Tx) error) error {
	return s.changing(ctx, func(ctx context.Context) error { return transact(ctx, op, s.db.Writer, nil, change) })
}

// transact runs a transaction. An error of run comes back as it is; op names
// those of beginning and committing.
func transact(
	ctx context.Context, op string, db *bun.DB, o *sql.TxOptions, run func(context.Context, bun.Tx) error,
) error {
	var inner error
	err := db.RunInTx(ctx, o, func(ctx context.Context, tx bun.Tx) error {
		inner = run(ctx, tx)
		return inner
	})
	if inner == nil {
		return failed(op, err)
	}
	return inner
}

// failed makes an *Error of an error of the driver.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Err: err}
}

// persist makes a call on the database, again as long as others are in its way.
func (s *Store) persist(ctx context.Context, call func() error) error {
	err := call()
	if s.inTheWay(err) {
		err = s.insist(ctx, err, call)
	}
	return s.explain(ctx, err)
}

func (s *Store) insist(ctx context.Context, err error, call func() error) error {
	wait, cancel := context.WithTimeout(ctx, s.options.LockWait)
	defer cancel()
	for pause := time.Millisecond; s.inTheWay(err); pause = min(2*pause, 50*time.Millisecond) {
		select {
		case <-wait.Done():
			return err
		case <-time.After(pause):
			err = call()
		}
	}
	return err
}

func (s *Store) inTheWay(err error) bool {
	var e *Error
	return errors.As(err, &e) && s.db.Diagnose(e.Err).Retry
}
