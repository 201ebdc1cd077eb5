package persistence

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/publication"
)

// Ruleset is what a ruleset was compiled from, as it is kept for the orders that
// it priced.
type Ruleset struct {
	// Digest names it, as quotes do.
	Digest string
	// Files are its rule files in an archive; see package rules/archive.
	Files []byte
	// Version is that of the program that first put it in force.
	Version string
	// FirstUsedAt is when that was, in UTC.
	FirstUsedAt time.Time
}

// UnknownRulesetError says that no ruleset with the digest was kept.
type UnknownRulesetError = publication.UnknownError

// OlderSchemaError says that the database lacks migrations of this program, and
// so maybe what was asked for.
type OlderSchemaError struct {
	Pending string // the first migration that is missing
}

// Error implements error.
func (e *OlderSchemaError) Error() string {
	return fmt.Sprintf("the database is from an older version (migration %s is missing): "+
		"checkout db migrate, or checkout run of this version, brings it up to date", e.Pending)
}

// rulesetRow is a row of the table rulesets.
type rulesetRow struct {
	bun.BaseModel `bun:"table:rulesets,alias:r"`

	Digest      string    `bun:"digest,pk"`
	Files       []byte    `bun:"files"`
	Version     string    `bun:"program_version"`
	FirstUsedAt time.Time `bun:"first_used_at"`
	Author      string    `bun:"author"`
	Message     string    `bun:"message"`
	Tests       []byte    `bun:"tests"`
}

// KeepRuleset keeps the rule files of a ruleset for ever, by its digest. When it
// returns nil they are on the disk: only then may a quote name the digest. A
// ruleset that is kept already stays as it is, so that any number of processes
// may keep the same one at once.
func (s *Store) KeepRuleset(ctx context.Context, digest, version string, files []byte) error {
	if digest == "" || textProblem(digest) != "" {
		return &InvalidError{Field: "digest", Problem: fmt.Sprintf("%q names no ruleset", digest)}
	}
	row := rulesetRow{Digest: digest, Files: files, Version: version, FirstUsedAt: s.now(), Author: publication.Folder}
	kept, err := s.Archive().has(ctx, digest)
	if kept || err != nil {
		return err
	}
	return s.write(ctx, "keep ruleset", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (digest) DO NOTHING").Exec(ctx)
		return failed("keep ruleset", err)
	})
}

// Archive reads what a shop has sold and with which rules, whatever its currency
// and its catalogue are now. It changes nothing. Its methods are safe for
// concurrent use, also while a shop sells.
type Archive struct{ store *Store }

// OpenArchive returns the archive of a database, which it takes over: Close
// closes it. A database that is not of this version is an *OlderSchemaError or a
// *NewerSchemaError, and stays as it is. After an error the database is closed.
func OpenArchive(ctx context.Context, db Database) (*Archive, error) {
	store, err := newStore(db, Options{})
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	if err := store.checkSchema(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store.Archive(), nil
}

// Archive returns the archive of the store's database. It needs no Close.
func (s *Store) Archive() *Archive { return &Archive{store: s} }

// Close closes the database.
func (a *Archive) Close() error { return a.store.Close() }

// checkSchema demands that the database has the migrations that are known here.
func (s *Store) checkSchema(ctx context.Context) error {
	all, err := (&Schema{s}).Migrations(ctx)
	if err != nil {
		return err
	}
	known, err := s.knownMigrations()
	if err != nil {
		return err
	}
	sorted := known.Sorted()
	if newer := all[len(sorted):]; len(newer) > 0 {
		return &NewerSchemaError{Database: newer[len(newer)-1].Name, Program: lastName(sorted)}
	}
	for _, m := range all {
		if m.AppliedAt.IsZero() {
			return &OlderSchemaError{Pending: m.Name}
		}
	}
	return nil
}

func (a *Archive) has(ctx context.Context, digest string) (bool, error) {
	var kept bool
	err := a.store.read(ctx, "read ruleset", func(db bun.IDB) error {
		return db.NewRaw("SELECT EXISTS (SELECT 1 FROM rulesets WHERE digest = ?)", digest).Scan(ctx, &kept)
	})
	return kept, err
}

// Ruleset returns the ruleset with the digest; *UnknownRulesetError when it was
// not kept.
func (a *Archive) Ruleset(ctx context.Context, digest string) (Ruleset, error) {
	if textProblem(digest) != "" {
		return Ruleset{}, &UnknownRulesetError{Digest: digest}
	}
	var rows []rulesetRow
	err := a.store.read(ctx, "read ruleset", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Where("digest = ?", digest).Scan(ctx)
	})
	switch {
	case err != nil:
		return Ruleset{}, err
	case len(rows) == 0:
		return Ruleset{}, &UnknownRulesetError{Digest: digest}
	}
	r := rows[0]
	return Ruleset{Digest: r.Digest, Files: r.Files, Version: r.Version, FirstUsedAt: r.FirstUsedAt.UTC()}, nil
}

// Record is an order as it is stored, with all that its price depended on. The
// texts are those in the database, read by nobody yet.
type Record struct {
	Reference string
	PlacedAt  time.Time // UTC
	// Ruleset is the digest of the rules that priced it.
	Ruleset string
	// Request is what was priced, as engine.EncodeRequest has written it; "" for
	// an order from before requests were stored.
	Request string
	// Quote is JSON of the engine.Quote that it was sold at.
	Quote string
	// State is how far the order's life is, and Refunded what the customer got
	// back, in smallest units.
	State    engine.OrderState
	Refunded engine.Amount
}

// Span selects orders by when they were placed: from Since on, and before Until.
// A zero end is open.
type Span struct{ Since, Until time.Time }

// Listing says which orders to read, and in which order.
type Listing struct {
	Span
	// Newest has the newest orders come first instead of the oldest.
	Newest bool
	// After is the reference of the order after which the listing goes on, ""
	// for the first.
	After string
	// Limit is how many orders are read at most, 0 for all.
	Limit int
}

// Record returns the order with the reference; *UnknownOrderError when there is
// none.
func (a *Archive) Record(ctx context.Context, reference string) (Record, error) {
	row, err := a.row(ctx, reference)
	return row.record(), err
}

// Order is Store.Order.
func (a *Archive) Order(ctx context.Context, reference string) (engine.Order, error) {
	return a.store.Order(ctx, reference)
}

// Holds is Store.Holds.
func (a *Archive) Holds(ctx context.Context, l HoldListing) ([]Hold, error) {
	return a.store.Holds(ctx, l)
}

// HoldByReference is Store.HoldByReference.
func (a *Archive) HoldByReference(ctx context.Context, reference string) (Hold, error) {
	return a.store.HoldByReference(ctx, reference)
}

// Keys is Store.Keys.
func (a *Archive) Keys(ctx context.Context) ([]apikey.Key, error) { return a.store.Keys(ctx) }

// AuditLog is Store.AuditLog.
func (a *Archive) AuditLog(ctx context.Context, f audit.Filter) ([]audit.Entry, error) {
	return a.store.AuditLog(ctx, f)
}

// RulesetInForce is Store.RulesetInForce.
func (a *Archive) RulesetInForce(ctx context.Context) (string, error) {
	return a.store.RulesetInForce(ctx)
}

// PromotionPauses is Store.PromotionPauses.
func (a *Archive) PromotionPauses(ctx context.Context) ([]engine.PromotionPause, error) {
	return a.store.PromotionPauses(ctx)
}

// Usage returns what orders have used of promotions.
func (a *Archive) Usage(ctx context.Context, of []engine.UsageKey) (map[string]engine.PromotionUsage, error) {
	basis, err := a.store.Basis(ctx, engine.Inquiry{Limited: of})
	return basis.Usage.Promotions, err
}

func (a *Archive) row(ctx context.Context, reference string) (recordRow, error) {
	if textProblem(reference) != "" {
		return recordRow{}, &UnknownOrderError{Reference: reference}
	}
	var rows []recordRow
	err := a.store.read(ctx, "read order", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Where("reference = ?", reference).Scan(ctx)
	})
	switch {
	case err != nil:
		return recordRow{}, err
	case len(rows) == 0:
		return recordRow{}, &UnknownOrderError{Reference: reference}
	}
	return rows[0], nil
}

// Count returns how many orders were placed in the span.
func (a *Archive) Count(ctx context.Context, span Span) (int64, error) {
	var n int64
	err := a.store.read(ctx, "count orders", func(db bun.IDB) (err error) {
		n, err = span.of(db.NewSelect().Model((*recordRow)(nil))).Count(ctx)
		return err
	})
	return n, err
}

// recordsPage is how many orders are read at once.
const recordsPage = 200

// Records walks through orders. It holds a page of them in memory, however many
// there are, and nothing of the database between two pages, so that the shop may
// sell meanwhile; an order that is placed meanwhile may be among them or not. An
// error ends the walk. An After that no order has is an *UnknownOrderError.
func (a *Archive) Records(ctx context.Context, l Listing) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var last *recordRow
		if l.After != "" {
			row, err := a.row(ctx, l.After)
			if err != nil {
				yield(Record{}, err)
				return
			}
			last = &row
		}
		for left := l.Limit; l.Limit == 0 || left > 0; {
			size := recordsPage
			if l.Limit > 0 {
				size = min(size, left)
			}
			rows, err := a.page(ctx, l, last, size)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for i := range rows {
				if !yield(rows[i].record(), nil) {
					return
				}
			}
			if len(rows) < size {
				return
			}
			last, left = &rows[len(rows)-1], left-len(rows)
		}
	}
}

// page reads the orders that follow last in the listing.
func (a *Archive) page(ctx context.Context, l Listing, last *recordRow, size int) ([]recordRow, error) {
	var rows []recordRow
	err := a.store.read(ctx, "read orders", func(db bun.IDB) error {
		rows = nil
		q := l.of(db.NewSelect().Model(&rows))
		beyond, order := "(placed_at, id) > (?, ?)", []string{"placed_at", "id"}
		if l.Newest {
			beyond, order = "(placed_at, id) < (?, ?)", []string{"placed_at DESC", "id DESC"}
		}
		if last != nil {
			q = q.Where(beyond, last.PlacedAt, last.ID)
		}
		return q.Order(order...).Limit(int64(size)).Scan(ctx)
	})
	return rows, err
}

// of adds the span to a query of orders.
func (s Span) of(q *bun.SelectQuery) *bun.SelectQuery { return s.ofColumn(q, "placed_at") }

// ofColumn is of, for a column that has the instants of orders.
func (s Span) ofColumn(q *bun.SelectQuery, column string) *bun.SelectQuery {
	if !s.Since.IsZero() {
		q = q.Where("? >= ?", bun.Ident(column), s.Since.UTC())
	}
	if !s.Until.IsZero() {
		q = q.Where("? < ?", bun.Ident(column), s.Until.UTC())
	}
	return q
}

// recordRow is what the archive reads of the table orders.
type recordRow struct {
	bun.BaseModel `bun:"table:orders,alias:o"`

	ID        int64     `bun:"id,pk"`
	Reference string    `bun:"reference"`
	Ruleset   string    `bun:"ruleset"`
	Request   string    `bun:"request"`
	Quote     string    `bun:"quote"`
	PlacedAt  time.Time `bun:"placed_at"`

	State    engine.OrderState `bun:"state"`
	Refunded engine.Amount     `bun:"refunded"`
}

func (r *recordRow) record() Record {
	return Record{
		Reference: r.Reference, PlacedAt: r.PlacedAt.UTC(), Ruleset: r.Ruleset, Request: r.Request, Quote: r.Quote,
		State: r.State, Refunded: r.Refunded,
	}
}
