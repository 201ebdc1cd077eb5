package persistence

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// DeliveryAttempt is one attempt to deliver an event.
type DeliveryAttempt struct {
	// At is when it began, and Took how long it took.
	At   time.Time
	Took time.Duration
	// State is that of the delivery after it: delivered, dead, or pending for another
	// attempt.
	State  DeliveryState
	Status int    // of the answer; 0 when there was none
	Error  string // "" when nothing went wrong
}

// attemptRow is a row of the table delivery_attempts.
type attemptRow struct {
	bun.BaseModel `bun:"table:delivery_attempts,alias:a"`

	EventID  int64         `bun:"event_id,pk"`
	Endpoint string        `bun:"endpoint,pk"`
	Number   int64         `bun:"number,pk"`
	At       time.Time     `bun:"at"`
	TookUS   int64         `bun:"took_us"`
	State    DeliveryState `bun:"state"`
	Status   int           `bun:"status"`
	Error    string        `bun:"error"`
}

// insert keeps the attempt as the last of its delivery, whose row the transaction holds.
func (r *attemptRow) insert(ctx context.Context, tx bun.Tx) error {
	err := tx.NewSelect().Model((*attemptRow)(nil)).ColumnExpr("coalesce(max(number), 0) + 1").
		Where("event_id = ? AND endpoint = ?", r.EventID, r.Endpoint).Scan(ctx, &r.Number)
	if err == nil {
		_, err = tx.NewInsert().Model(r).Exec(ctx)
	}
	return failed("record attempt", err)
}

// DeliveryAttempts returns the attempts to deliver the event to the endpoint, the first
// one first, those before it was sent again by hand included; none when there is no
// such delivery.
func (s *Store) DeliveryAttempts(ctx context.Context, endpoint, uid string) ([]DeliveryAttempt, error) {
	if textsProblem([]string{endpoint, uid}) != "" {
		return nil, nil // no delivery has such a text
	}
	var rows []attemptRow
	err := s.read(ctx, "read attempts", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Join("JOIN events AS e ON e.id = a.event_id").
			Where("e.uid = ? AND a.endpoint = ?", uid, endpoint).Order("a.number").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	all := make([]DeliveryAttempt, len(rows))
	for i, r := range rows {
		all[i] = DeliveryAttempt{
			At: r.At.UTC(), Took: time.Duration(r.TookUS) * time.Microsecond, State: r.State, Status: r.Status, Error: r.Error,
		}
	}
	return all, nil
}
