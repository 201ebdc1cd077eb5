package persistence

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// Endpoint is a receiver of events, as far as a Store has to know it: those
// emitted from now on are kept for it until they are delivered.
type Endpoint struct {
	// Name identifies it. Its deliveries belong to the name, whatever becomes of
	// the address behind it.
	Name string
	// Types are the events it wants; none means all.
	Types []event.Type
}

func (e Endpoint) wants(t event.Type) bool { return len(e.Types) == 0 || slices.Contains(e.Types, t) }

// DeliveryState is how far the delivery of an event to an endpoint is.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"   // waits for its turn, or for its next attempt
	DeliveryClaimed   DeliveryState = "claimed"   // a process is sending it, until its lease ends
	DeliveryDelivered DeliveryState = "delivered" // the endpoint took it
	DeliveryDead      DeliveryState = "dead"      // given up; only Resend tries it again
)

// Delivery is an event that its caller, and nobody else, may send to an endpoint
// until the lease ends.
type Delivery struct {
	Endpoint string
	// EventID orders the events of one aggregate.
	EventID int64
	// UID names the event to receivers, who tell a repetition by it.
	UID string
	// Type is that of the event.
	Type string
	// Body is the JSON to send, the same bytes in every attempt.
	Body []byte
	// Attempt counts the claims of this delivery, from 1, since it was emitted
	// or sent again by hand.
	Attempt int
	// CreatedAt is when the event happened.
	CreatedAt time.Time
	// Claim names this claim, for Settle.
	Claim string
}

// Settlement is what became of a claimed delivery.
type Settlement struct {
	// State is DeliveryDelivered, DeliveryDead, or DeliveryPending for another
	// attempt at Next.
	State DeliveryState
	Next  time.Time
	// Status is the HTTP status of the answer; 0 when there was none.
	Status int
	// Error says what went wrong; "" when nothing did.
	Error string
	// Took is how long the attempt has taken, which ends with the settlement.
	Took time.Duration
}

// ErrClaimLost says that the lease of a claim had ended, and that since then
// another process has claimed the delivery or it was sent again by hand.
var ErrClaimLost = errors.New("the lease of this delivery has ended and it is not this claim's any more")

// eventRow is a row of the table events.
type eventRow struct {
	bun.BaseModel `bun:"table:events,alias:e"`

	ID            int64     `bun:"id,pk,autoincrement"`
	UID           string    `bun:"uid"`
	Once          string    `bun:"once,nullzero"`
	Type          string    `bun:"type"`
	AggregateType string    `bun:"aggregate_type"`
	AggregateKey  string    `bun:"aggregate_key"`
	Payload       string    `bun:"payload"`
	CreatedAt     time.Time `bun:"created_at"`
}

// deliveryRow is a row of the table deliveries.
type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	EventID       int64         `bun:"event_id"`
	Endpoint      string        `bun:"endpoint"`
	Aggregate     string        `bun:"aggregate"`
	State         DeliveryState `bun:"state"`
	Attempts      int           `bun:"attempts"`
	NextAttemptAt time.Time     `bun:"next_attempt_at"`
	ClaimedBy     string        `bun:"claimed_by"`
	LastStatus    int           `bun:"last_status"`
	LastError     string        `bun:"last_error"`
	DeliveredAt   time.Time     `bun:"delivered_at,nullzero"`
}

// emit stores events, and a delivery of each for every endpoint that wants it,
// in the transaction that makes them true. The transaction must have written the
// row of each event's aggregate before, so that another one's events of the same
// aggregate come later in both commit and id.
func (s *Store) emit(ctx context.Context, tx bun.Tx, events ...event.Event) error {
	rows, err := eventRows(events, s.now())
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, rows...)
}

// eventRows returns the rows of events that happen at the instant.
func eventRows(events []event.Event, at time.Time) (rows []eventRow, err error) {
	rows = make([]eventRow, len(events))
	for i, e := range events {
		if rows[i], err = newEventRow(e, at); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// newEventRow returns the row of an event that happens at the instant, under a new
// uid.
func newEventRow(e event.Event, at time.Time) (eventRow, error) {
	uid := newReference()
	body, err := e.Body(uid, at)
	return eventRow{
		UID: uid, Once: e.Once, Type: string(e.Type), AggregateType: e.Aggregate.Type, AggregateKey: e.Aggregate.Key,
		Payload: string(body), CreatedAt: at,
	}, err
}

// tell is emit of rows.
func (s *Store) tell(ctx context.Context, tx bun.Tx, rows ...eventRow) error {
	var deliveries []deliveryRow
	for _, row := range rows {
		id, err := insertEvent(ctx, tx, row)
		if err != nil {
			return err
		}
		if id == 0 {
			continue // it was told before
		}
		for _, endpoint := range s.options.Endpoints {
			if endpoint.wants(event.Type(row.Type)) {
				deliveries = append(deliveries, deliveryRow{
					EventID: id, Endpoint: endpoint.Name, Aggregate: row.AggregateType + ":" + row.AggregateKey,
					State: DeliveryPending, NextAttemptAt: row.CreatedAt,
				})
			}
		}
	}
	for part := range slices.Chunk(deliveries, batch) {
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return failed("insert deliveries", err)
		}
	}
	return nil
}

// insertEvent stores the event and returns its id; 0 when it may be told only
// once and was.
func insertEvent(ctx context.Context, tx bun.Tx, e eventRow) (id int64, err error) {
	err = scan(ctx, tx, &id, eventStatement, e.UID, orNull(e.Once), e.Type, e.AggregateType, e.AggregateKey, e.Payload, e.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, failed("insert event", err)
}

// fallen tells of the items whose stock a plan brought down to the threshold.
func (s *Store) fallen(p *plan) []event.Event {
	var events []event.Event
	for _, t := range p.takes {
		if low := s.options.LowStock; t.left <= low && t.left+t.n > low {
			events = append(events, event.StockLow(engine.Item{SKU: t.sku, Name: t.name, Stock: t.left}, low))
		}
	}
	return events
}

// RulesetChanged tells the endpoints that the ruleset with the digest is in
// force, unless that is what was told last. Of several processes that load the
// same rule files only the first tells; processes that go to and fro between
// different ones tell of each turn.
func (s *Store) RulesetChanged(ctx context.Context, digest string) error {
	if problem := textProblem(digest); problem != "" || digest == "" {
		return &InvalidError{Field: "digest", Problem: "is not a digest"}
	}
	return s.write(ctx, "tell of a ruleset", func(ctx context.Context, tx bun.Tx) error {
		last, err := lastRuleset(ctx, tx)
		if err != nil || last.digest == digest {
			return err
		}
		return s.emit(ctx, tx, event.RulesetChanged(digest, last.digest, last.uid))
	})
}

// RulesetInForce returns the digest of the ruleset that RulesetChanged has told of last;
// "" when none was told of.
func (s *Store) RulesetInForce(ctx context.Context) (string, error) {
	var last toldRuleset
	err := s.persist(ctx, func() (err error) {
		last, err = lastRuleset(ctx, s.db.Reader)
		return err
	})
	return last.digest, err
}

// toldRuleset is the ruleset that the last event about one told of.
type toldRuleset struct{ uid, digest string }

// lastRuleset writes the type as the index of the schema does, which databases
// use only then.
func lastRuleset(ctx context.Context, db bun.IDB) (toldRuleset, error) {
	var rows []eventRow
	err := db.NewSelect().Model(&rows).Column("uid", "payload").
		Where("type = 'ruleset.changed'").Order("id DESC").Limit(1).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return toldRuleset{}, failed("read the last ruleset", err)
	}
	digest, err := event.Ruleset([]byte(rows[0].Payload))
	return toldRuleset{rows[0].UID, digest}, err
}

// newClaim cannot panic, as newReference cannot.
func newClaim() string { return uuid.NewString() }
