package persistence

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// open is what makes a delivery one that has still to be made. It is written as
// in the indexes of the schema, which databases use only then.
const open = "state IN ('pending', 'claimed')"

// Claim takes up to n deliveries to the endpoint that are due, the longest due
// first, for the length of the lease: until it ends no other caller, in any
// process, gets them, and then anybody may. So those of a process that has died
// come back by themselves.
//
// A delivery is due when its time has come and every earlier event of its
// aggregate is delivered to the endpoint or dead. Which event is earlier says
// its id, and never whether a later one has been seen: transactions commit in
// another order than they take their ids.
func (s *Store) Claim(ctx context.Context, endpoint string, n int, lease time.Duration) ([]Delivery, error) {
	var claimed []Delivery
	waiting, err := s.anyDue(ctx, endpoint)
	if err != nil || !waiting || n < 1 {
		return nil, err
	}
	// Claims are for one row each and check what they change, so they need no
	// more than this of a database that can tell transactions apart.
	committed := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	err = s.persist(ctx, func() error {
		return transact(ctx, "claim deliveries", s.db.Writer, committed, func(ctx context.Context, tx bun.Tx) (err error) {
			claimed, err = s.claim(ctx, tx, endpoint, n, lease)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// anyDue spares the writer the question of an endpoint that has nothing to do.
func (s *Store) anyDue(ctx context.Context, endpoint string) (any bool, err error) {
	err = s.read(ctx, "look for deliveries", func(db bun.IDB) error {
		return db.NewRaw("SELECT EXISTS (SELECT 1 FROM deliveries WHERE endpoint = ? AND "+open+" AND next_attempt_at <= ?)",
			endpoint, s.now()).Scan(ctx, &any)
	})
	return any, err
}

func (s *Store) claim(ctx context.Context, tx bun.Tx, endpoint string, n int, lease time.Duration) ([]Delivery, error) {
	var rows []struct {
		EventID  int64
		Attempts int
	}
	at, name := s.now(), newClaim()
	// The outer conditions repeat the inner ones for databases that lock rows:
	// there a row may have been claimed while this statement waited for it.
	err := tx.NewRaw("WITH picked AS MATERIALIZED (SELECT d.event_id FROM deliveries AS d "+
		"WHERE d.endpoint = ? AND d."+open+" AND d.next_attempt_at <= ? AND NOT EXISTS ("+
		"SELECT 1 FROM deliveries AS e WHERE e.endpoint = d.endpoint AND e.aggregate = d.aggregate "+
		"AND e.event_id < d.event_id AND e."+open+") "+
		"ORDER BY d.next_attempt_at, d.event_id LIMIT ? "+s.db.SkipLocked+") "+
		"UPDATE deliveries SET state = 'claimed', attempts = attempts + 1, next_attempt_at = ?, claimed_by = ? "+
		"WHERE endpoint = ? AND event_id IN (SELECT event_id FROM picked) AND "+open+" AND next_attempt_at <= ? "+
		"RETURNING event_id, attempts",
		endpoint, at, n, at.Add(lease), name, endpoint, at).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return nil, failed("claim deliveries", err)
	}
	attempts := make(map[int64]int, len(rows))
	ids := make([]int64, len(rows))
	for i, row := range rows {
		attempts[row.EventID], ids[i] = row.Attempts, row.EventID
	}
	var events []eventRow
	if err := tx.NewSelect().Model(&events).Where("id IN (?)", bun.List(ids)).Order("id").Scan(ctx); err != nil {
		return nil, failed("read events", err)
	}
	claimed := make([]Delivery, len(events))
	for i, e := range events {
		claimed[i] = Delivery{
			Endpoint: endpoint, EventID: e.ID, UID: e.UID, Type: e.Type, Body: []byte(e.Payload),
			Attempt: attempts[e.ID], CreatedAt: e.CreatedAt.UTC(), Claim: name,
		}
	}
	return claimed, nil
}

// Settle records what became of a claimed delivery; ErrClaimLost when the claim
// is somebody else's by now, and then nothing has changed.
func (s *Store) Settle(ctx context.Context, d Delivery, outcome Settlement) error {
	at := s.now()
	next, delivered := at, time.Time{}
	switch outcome.State {
	case DeliveryPending:
		next = outcome.Next.UTC().Truncate(time.Microsecond)
	case DeliveryDelivered:
		delivered = at
	case DeliveryDead:
	default:
		return &InvalidError{Field: "state", Problem: fmt.Sprintf("is %q; want pending, delivered or dead", outcome.State)}
	}
	begun := at.Add(-max(0, outcome.Took))
	attempt := attemptRow{
		EventID: d.EventID, Endpoint: d.Endpoint, At: begun.Truncate(time.Microsecond), TookUS: max(0, outcome.Took).Microseconds(),
		State: outcome.State, Status: outcome.Status, Error: storable(outcome.Error),
	}
	row := deliveryRow{
		State: outcome.State, NextAttemptAt: next, LastStatus: outcome.Status, DeliveredAt: delivered,
		LastError: attempt.Error,
	}
	return s.write(ctx, "settle delivery", func(ctx context.Context, tx bun.Tx) error {
		changed, err := tx.NewUpdate().Model(&row).
			Column("state", "next_attempt_at", "claimed_by", "last_status", "last_error", "delivered_at").
			Where("event_id = ? AND endpoint = ? AND state = 'claimed' AND claimed_by = ?", d.EventID, d.Endpoint, d.Claim).Exec(ctx)
		if err != nil {
			return failed("settle delivery", err)
		}
		n, err := changed.RowsAffected()
		switch {
		case err != nil:
			return failed("settle delivery", err)
		case n == 0:
			return ErrClaimLost
		}
		return attempt.insert(ctx, tx)
	})
}

// DeliveryRecord is a delivery for people to read.
type DeliveryRecord struct {
	UID         string        `json:"id" bun:"uid"`
	Type        string        `json:"type" bun:"type"`
	Aggregate   string        `json:"aggregate" bun:"aggregate"`
	CreatedAt   time.Time     `json:"created_at" bun:"created_at"`
	Endpoint    string        `json:"endpoint" bun:"endpoint"`
	State       DeliveryState `json:"state" bun:"state"`
	Attempts    int           `json:"attempts" bun:"attempts"`
	NextAttempt time.Time     `json:"next_attempt_at,omitzero" bun:"next_attempt_at"`
	LastStatus  int           `json:"last_status,omitempty" bun:"last_status"`
	LastError   string        `json:"last_error,omitempty" bun:"last_error"`
	DeliveredAt time.Time     `json:"delivered_at,omitzero" bun:"delivered_at,nullzero"`
	Body        string        `json:"-" bun:"payload"`
}

// DeliveryFilter selects deliveries; the zero value selects all.
type DeliveryFilter struct {
	State    DeliveryState
	Endpoint string
	UIDs     []string // of events
	Type     string   // of events
	// Since selects events of that instant and later.
	Since time.Time
	// After selects those of events before the one with this id; Resend does not ask.
	After string
	Limit int // 0 is no limit
}

// UnknownEventError says that there is no event with the id, or not any more.
type UnknownEventError struct{ UID string }

// Error implements error.
func (e *UnknownEventError) Error() string { return fmt.Sprintf("event %q not found", e.UID) }

func (f DeliveryFilter) apply(q *bun.SelectQuery) *bun.SelectQuery {
	if f.State != "" {
		q = q.Where("d.state = ?", string(f.State))
	}
	if f.Endpoint != "" {
		q = q.Where("d.endpoint = ?", f.Endpoint)
	}
	if len(f.UIDs) > 0 {
		q = q.Where("e.uid IN (?)", bun.List(f.UIDs))
	}
	if f.Type != "" {
		q = q.Where("e.type = ?", f.Type)
	}
	if !f.Since.IsZero() {
		q = q.Where("e.created_at >= ?", f.Since.UTC())
	}
	if f.Limit > 0 {
		q = q.Limit(int64(f.Limit))
	}
	return q
}

// Deliveries returns the deliveries that the filter selects, those of the newest
// event first, and of one event by endpoint. An After that no event has is an
// *UnknownEventError.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter) ([]DeliveryRecord, error) {
	var records []DeliveryRecord
	if f.textless() {
		return nil, nil // no event can have it
	}
	known := true
	err := s.read(ctx, "list deliveries", func(db bun.IDB) error {
		records = nil
		before, err := beforeEvent(ctx, db, f.After)
		if known = before > 0; err != nil || !known {
			return err
		}
		q := db.NewSelect().TableExpr("deliveries AS d").Join("JOIN events AS e ON e.id = d.event_id").
			ColumnExpr("e.uid, e.type, d.aggregate, e.created_at, d.endpoint, d.state, d.attempts, d.next_attempt_at, " +
				"d.last_status, d.last_error, d.delivered_at, e.payload")
		return f.apply(q).Where("d.event_id < ?", before).OrderExpr("d.event_id DESC, d.endpoint").Scan(ctx, &records)
	})
	if err == nil && !known {
		return nil, &UnknownEventError{f.After}
	}
	for i := range records {
		r := &records[i]
		r.CreatedAt, r.NextAttempt, r.DeliveredAt = r.CreatedAt.UTC(), r.NextAttempt.UTC(), r.DeliveredAt.UTC()
		if r.State == DeliveryDelivered || r.State == DeliveryDead {
			r.NextAttempt = time.Time{}
		}
	}
	return records, err
}

// textless tells that a text of the filter is none that can be stored.
func (f DeliveryFilter) textless() bool {
	return slices.ContainsFunc(append([]string{f.Endpoint, f.Type}, f.UIDs...), func(text string) bool { return textProblem(text) != "" })
}

// beforeEvent returns the id of an event, 0 when there is none, and for "" one that is
// after all.
func beforeEvent(ctx context.Context, db bun.IDB, uid string) (int64, error) {
	if uid == "" {
		return math.MaxInt64, nil
	}
	var ids []int64
	if textProblem(uid) == "" {
		if err := db.NewSelect().Model((*eventRow)(nil)).Column("id").Where("uid = ?", uid).Scan(ctx, &ids); err != nil {
			return 0, failed("read event", err)
		}
	}
	return append(ids, 0)[0], nil
}

// Resend makes deliveries pending again, as if they had not been tried, and
// returns how many. The filter names events, or the state DeliveryDead; those
// that are pending or being sent stay as they are. Receivers know a repetition
// by the event's id. An event that is sent again holds up the later ones of its
// aggregate.
func (s *Store) Resend(ctx context.Context, f DeliveryFilter) (int64, error) {
	if len(f.UIDs) == 0 && f.State != DeliveryDead {
		return 0, &InvalidError{Field: "filter", Problem: "names no events; name some, or ask for all that are dead"}
	}
	if f.textless() {
		return 0, nil
	}
	var n int64
	err := s.write(ctx, "resend deliveries", func(ctx context.Context, tx bun.Tx) error {
		chosen := f.apply(tx.NewSelect().TableExpr("deliveries AS d").Join("JOIN events AS e ON e.id = d.event_id").
			ColumnExpr("d.event_id, d.endpoint"))
		changed, err := tx.NewUpdate().Table("deliveries").
			Set("state = 'pending', attempts = 0, next_attempt_at = ?, claimed_by = '', delivered_at = NULL", s.now()).
			Where("state IN ('delivered', 'dead') AND (event_id, endpoint) IN (?)", chosen).Exec(ctx)
		if err != nil {
			return failed("resend deliveries", err)
		}
		if n, err = changed.RowsAffected(); err != nil || n == 0 {
			return failed("resend deliveries", err)
		}
		return s.recordAudit(ctx, tx)
	})
	return n, err
}

// Backlog is what an endpoint has still to get.
type Backlog struct {
	Endpoint string
	Pending  int64     // deliveries that are pending or being sent
	Oldest   time.Time // when the oldest event of those happened; zero when there are none
	Dead     int64     // deliveries that were given up
}

// Backlogs returns the backlog of every endpoint that has one, that the Store knows or
// that is a webhook of the database, by name.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	var names []string
	err := s.read(ctx, "read webhooks", func(db bun.IDB) error {
		names = nil
		return db.NewSelect().Model((*webhookRow)(nil)).Column("name").Scan(ctx, &names)
	})
	if err != nil {
		return nil, err
	}
	for _, endpoint := range s.options.Endpoints {
		names = append(names, endpoint.Name)
	}
	byName, err := s.backlogs(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if byName[name] == nil {
			byName[name] = &Backlog{Endpoint: name}
		}
	}
	return sortedBacklogs(byName), nil
}

// Backlog returns the backlog of one endpoint, whether there is such a one or not.
func (s *Store) Backlog(ctx context.Context, endpoint string) (Backlog, error) {
	none := Backlog{Endpoint: endpoint}
	if textProblem(endpoint) != "" {
		return none, nil
	}
	byName, err := s.backlogs(ctx, "AND endpoint = ?", endpoint)
	if err != nil || byName[endpoint] == nil {
		return none, err
	}
	return *byName[endpoint], nil
}

// Undelivered tells whether an endpoint has something still to get, or that was given up.
func (s *Store) Undelivered(ctx context.Context, endpoint string) (any bool, err error) {
	if textProblem(endpoint) != "" {
		return false, nil
	}
	err = s.read(ctx, "look for deliveries", func(db bun.IDB) error {
		return db.NewRaw("SELECT EXISTS (SELECT 1 FROM deliveries WHERE endpoint = ? AND "+open+") OR "+
			"EXISTS (SELECT 1 FROM deliveries WHERE endpoint = ? AND state = 'dead')", endpoint, endpoint).Scan(ctx, &any)
	})
	return any, err
}

// backlogs reads the backlogs of the endpoints that have one and that the condition on
// deliveries selects.
func (s *Store) backlogs(ctx context.Context, which string, args ...any) (map[string]*Backlog, error) {
	var opened []struct {
		Endpoint string
		N        int64
		Oldest   time.Time
	}
	var dead []struct {
		Endpoint string
		N        int64
	}
	err := s.snapshot(ctx, "count deliveries", func(ctx context.Context, tx bun.Tx) error {
		opened, dead = nil, nil
		err := tx.NewRaw("SELECT o.endpoint, o.n, e.created_at AS oldest FROM (SELECT endpoint, count(*) AS n, min(event_id) AS first "+
			"FROM deliveries WHERE "+open+" "+which+" GROUP BY endpoint) AS o JOIN events AS e ON e.id = o.first", args...).Scan(ctx, &opened)
		if err == nil {
			err = tx.NewRaw("SELECT endpoint, count(*) AS n FROM deliveries WHERE state = 'dead' "+which+" GROUP BY endpoint", args...).Scan(ctx, &dead)
		}
		return failed("count deliveries", err)
	})
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*Backlog)
	at := func(name string) *Backlog {
		if byName[name] == nil {
			byName[name] = &Backlog{Endpoint: name}
		}
		return byName[name]
	}
	for _, o := range opened {
		at(o.Endpoint).Pending, at(o.Endpoint).Oldest = o.N, o.Oldest.UTC()
	}
	for _, d := range dead {
		at(d.Endpoint).Dead = d.N
	}
	return byName, nil
}

func sortedBacklogs(byName map[string]*Backlog) []Backlog {
	all := make([]Backlog, 0, len(byName))
	for _, b := range byName {
		all = append(all, *b)
	}
	slices.SortFunc(all, func(a, b Backlog) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return all
}

// PurgeEvents removes the events from before the instant that no endpoint of the
// Store and no webhook of the database waits for, with their deliveries, and returns
// how many. What such an endpoint has not got, be it pending or dead, stays whatever
// its age; what belongs to endpoints that are not configured any more goes. It works in small
// transactions, so that sales need not wait; after an error or the end of ctx
// some may be gone already.
func (s *Store) PurgeEvents(ctx context.Context, before time.Time) (int64, error) {
	names := make([]string, len(s.options.Endpoints))
	for i, endpoint := range s.options.Endpoints {
		names[i] = endpoint.Name
	}
	var removed int64
	for {
		n, err := s.purge(ctx, before.UTC(), names)
		removed += n
		if err != nil || n < batch {
			return removed, err
		}
	}
}

// purge removes one batch. Ids stand for time, nearly, so that instants need no
// index: what a clock that was behind has stamped waits for its neighbours. The
// last event about a ruleset stays, since the next is compared with it.
func (s *Store) purge(ctx context.Context, before time.Time, names []string) (n int64, err error) {
	err = s.write(ctx, "purge events", func(ctx context.Context, tx bun.Tx) error {
		gone, err := tx.NewRaw("DELETE FROM events WHERE id IN (SELECT e.id FROM events AS e "+
			"WHERE e.id < coalesce((SELECT n.id FROM events AS n WHERE n.created_at >= ? ORDER BY n.id LIMIT 1), ?) "+
			"AND e.id <> coalesce((SELECT max(r.id) FROM events AS r WHERE r.type = 'ruleset.changed'), 0) "+
			"AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.event_id = e.id AND d.state <> 'delivered' "+
			"AND (d.endpoint IN (?) OR EXISTS (SELECT 1 FROM webhooks AS w WHERE w.name = d.endpoint))) "+
			"ORDER BY e.id LIMIT ?)", before, int64(math.MaxInt64), bun.List(names), batch).Exec(ctx)
		if err != nil {
			return failed("purge events", err)
		}
		n, err = gone.RowsAffected()
		return failed("purge events", err)
	})
	return n, err
}

// storable returns the text without what not every database can store.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
