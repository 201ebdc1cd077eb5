package persistence

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// What holds are, as the engine knows them.
type (
	Hold             = engine.Hold
	HoldState        = engine.HoldState
	HoldListing      = engine.HoldListing
	HoldStateError   = engine.HoldStateError
	UnknownHoldError = engine.UnknownHoldError
)

// The states of a hold, as the engine knows them.
const (
	HoldHeld      = engine.HoldHeld
	HoldCommitted = engine.HoldCommitted
	HoldReleased  = engine.HoldReleased
	HoldExpired   = engine.HoldExpired
)

// HoldStates returns every state there is.
func HoldStates() []HoldState { return engine.HoldStates() }

// MaxHold is how long units can be held.
const MaxHold = engine.MaxHold

// holdRow is a row of the table holds.
type holdRow struct {
	bun.BaseModel `bun:"table:holds,alias:h"`

	ID        int64     `bun:"id,pk,autoincrement"`
	Reference string    `bun:"reference"`
	State     HoldState `bun:"state"`
	Customer  string    `bun:"customer"`
	Quote     string    `bun:"quote"`
	Request   string    `bun:"request"`
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// holdLineRow is a row of the table hold_lines; see lineRow.
type holdLineRow struct {
	bun.BaseModel `bun:"table:hold_lines,alias:l"`

	HoldID   int64  `bun:"hold_id"`
	Position int    `bun:"position"`
	SKU      string `bun:"sku"`
	Quantity int64  `bun:"quantity"`
	Gift     bool   `bun:"gift"`
}

// Hold is Purchase without an order: it takes the units from the stock and counts
// the uses of promotions and codes, at the price that the sale asks for, until the
// hold is committed or released or ttl is over. Ttl is at most MaxHold; another one
// is an *InvalidError.
func (s *Store) Hold(ctx context.Context, sale engine.Sale, ttl time.Duration) (Hold, error) {
	if ttl < time.Microsecond || ttl > MaxHold {
		return Hold{}, &InvalidError{Field: "ttl", Problem: fmt.Sprintf("is %s; want more than 0s and at most %s", ttl, MaxHold)}
	}
	p, err := s.sell(ctx, &sale, ttl)
	if err != nil {
		return Hold{}, err
	}
	return p.hold, nil
}

// MaxHolds is how many holds Holds returns at most.
const MaxHolds = 1000

// Holds returns holds, the one made last first. A hold whose time is over is
// expired in it, whether or not that has been noticed. A limit or a state that
// there is not is an *InvalidError, an After that no hold has an
// *UnknownHoldError.
func (s *Store) Holds(ctx context.Context, l HoldListing) ([]Hold, error) {
	if l.Limit < 1 || l.Limit > MaxHolds {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", l.Limit, MaxHolds)}
	}
	if l.State != "" && !slices.Contains(HoldStates(), l.State) {
		return nil, &InvalidError{Field: "state", Problem: fmt.Sprintf("is %.40q; want held, committed, released or expired", string(l.State))}
	}
	if textProblem(l.After) != "" {
		return nil, &UnknownHoldError{Reference: l.After}
	}
	var holds []Hold
	err := s.snapshot(ctx, "read holds", func(ctx context.Context, tx bun.Tx) (err error) {
		var before int64 = math.MaxInt64
		if l.After != "" {
			err := tx.NewRaw("SELECT id FROM holds WHERE reference = ?", l.After).Scan(ctx, &before)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return &UnknownHoldError{Reference: l.After}
			case err != nil:
				return failed("read hold", err)
			}
		}
		now := s.now()
		holds, err = readHolds(ctx, tx, now, func(q *bun.SelectQuery) *bun.SelectQuery {
			return inState(l.State, q.Where("id < ?", before), now).Order("id DESC").Limit(int64(l.Limit))
		})
		return err
	})
	return holds, err
}

// HoldByReference returns the hold; *UnknownHoldError when there is none. It is
// expired as in Holds.
func (s *Store) HoldByReference(ctx context.Context, reference string) (Hold, error) {
	if textProblem(reference) != "" {
		return Hold{}, &UnknownHoldError{Reference: reference}
	}
	var holds []Hold
	err := s.snapshot(ctx, "read hold", func(ctx context.Context, tx bun.Tx) (err error) {
		holds, err = readHolds(ctx, tx, s.now(), func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("reference = ?", reference)
		})
		return err
	})
	switch {
	case err != nil:
		return Hold{}, err
	case len(holds) == 0:
		return Hold{}, &UnknownHoldError{Reference: reference}
	}
	return holds[0], nil
}

// inState adds to a query of holds that they are in the state at an instant.
func inState(state HoldState, q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	switch state {
	case "":
		return q
	case HoldHeld:
		return q.Where("state = ? AND expires_at > ?", HoldHeld, now)
	case HoldExpired:
		return q.Where("(state = ? OR state = ? AND expires_at <= ?)", HoldExpired, HoldHeld, now)
	default:
		return q.Where("state = ?", state)
	}
}

// readHolds reads the holds that which selects, as they are at an instant.
func readHolds(ctx context.Context, tx bun.Tx, now time.Time, which func(*bun.SelectQuery) *bun.SelectQuery) ([]Hold, error) {
	var rows []holdRow
	if err := which(tx.NewSelect().Model(&rows).ExcludeColumn("request")).Scan(ctx); err != nil {
		return nil, failed("read holds", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	var lines []holdLineRow
	err := tx.NewSelect().Model(&lines).Where("hold_id IN (?)", bun.List(ids)).Order("hold_id", "position").Scan(ctx)
	if err != nil {
		return nil, failed("read hold lines", err)
	}
	units := make(map[int64][]string, len(rows))
	for _, l := range lines {
		units[l.HoldID] = append(units[l.HoldID], slices.Repeat([]string{l.SKU}, int(l.Quantity))...)
	}
	holds := make([]Hold, len(rows))
	for i := range rows {
		if holds[i], err = rows[i].hold(units[rows[i].ID], now); err != nil {
			return nil, err
		}
	}
	return holds, nil
}

// hold returns the hold of a row, as it is at an instant.
func (r *holdRow) hold(units []string, now time.Time) (Hold, error) {
	h := Hold{Reference: r.Reference, State: r.State, Customer: r.Customer, SKUs: units, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC()}
	if h.State == HoldHeld && !now.Before(h.ExpiresAt) {
		h.State = HoldExpired
	}
	if err := json.Unmarshal([]byte(r.Quote), &h.Quote); err != nil {
		return Hold{}, fmt.Errorf("read hold %s: quote: %w", r.Reference, err)
	}
	return h, nil
}

// holdOf returns the hold that a plan makes.
func holdOf(p *plan) Hold {
	at := p.order.PlacedAt
	return Hold{
		Reference: p.order.Reference, State: HoldHeld, Customer: p.customer, SKUs: p.order.SKUs, Quote: p.order.Quote,
		CreatedAt: at, ExpiresAt: at.Add(p.ttl).Truncate(time.Microsecond),
	}
}

// insertHold stores the hold of a plan.
func insertHold(ctx context.Context, tx bun.Tx, p *plan) error {
	row := holdRow{
		Reference: p.hold.Reference, State: HoldHeld, Customer: p.customer, Quote: p.quote, Request: string(p.request),
		CreatedAt: p.hold.CreatedAt, ExpiresAt: p.hold.ExpiresAt,
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed("insert hold", err)
	}
	for part := range slices.Chunk(p.lines, batch) {
		rows := make([]holdLineRow, len(part))
		for i, l := range part {
			rows[i] = holdLineRow{HoldID: row.ID, Position: l.Position, SKU: l.SKU, Quantity: l.Quantity, Gift: l.Gift}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return failed("insert hold lines", err)
		}
	}
	return nil
}

// CommitHold makes the order of a hold, at the price it was quoted, and returns
// it. Its reference is that of the hold. The units and uses are those that the
// hold has taken; where a limit of all orders is used up by then, that is told
// now, and not when the hold was made. A hold that is over, also one whose time is over and that nobody
// has ended yet, is a *HoldStateError, an unknown one an *UnknownHoldError. Of
// commits, releases and expiries at once exactly one succeeds.
func (s *Store) CommitHold(ctx context.Context, reference string) (engine.Order, error) {
	var order engine.Order
	err := once(ctx, s, "commit hold", &order, func(ctx context.Context, tx bun.Tx) error {
		row, p, err := s.lockedHold(ctx, tx, reference)
		if err != nil {
			return err
		}
		p.order.PlacedAt = s.now()
		if !p.order.PlacedAt.Before(row.ExpiresAt) {
			return &HoldStateError{Reference: reference, State: HoldExpired}
		}
		if err := updateHold(ctx, tx, row, HoldCommitted); err != nil {
			return err
		}
		if err := s.sellHeld(ctx, tx, p); err != nil {
			return err
		}
		if err := p.encode(); err != nil {
			return err
		}
		if err := insertOrder(ctx, tx, p); err != nil {
			return err
		}
		counted, err := standing(ctx, tx, p.order.Quote.Redemptions)
		if err != nil {
			return err
		}
		order = p.order
		events, err := eventRows(usedUp(counted, p), p.order.PlacedAt)
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, append([]eventRow{p.placed}, events...)...)
	})
	if err != nil {
		return engine.Order{}, err
	}
	return order, nil
}

// sellHeld records that held units are released and sold in the same instant, so
// that the stock stays what it is and its movements tell of sales.
func (s *Store) sellHeld(ctx context.Context, tx bun.Tx, p *plan) error {
	var moved []movement
	for _, t := range p.takes {
		var stock int64
		if err := tx.NewRaw("UPDATE items SET stock = stock WHERE sku = ? RETURNING stock", t.sku).Scan(ctx, &stock); err != nil {
			return failed("sell held units", err)
		}
		moved = append(moved,
			movement{SKU: t.sku, Delta: t.n, StockAfter: stock + t.n, Reason: ReasonRelease, Order: p.order.Reference},
			movement{SKU: t.sku, Delta: t.gifts - t.n, StockAfter: stock + t.gifts, Reason: ReasonSale, Order: p.order.Reference},
			movement{SKU: t.sku, Delta: -t.gifts, StockAfter: stock, Reason: ReasonGift, Order: p.order.Reference})
	}
	return s.recordMovements(ctx, tx, moved...)
}

// ReleaseHold gives back the units and uses of a hold. One that is over is a
// *HoldStateError, an unknown one an *UnknownHoldError.
func (s *Store) ReleaseHold(ctx context.Context, reference string) error {
	return once(ctx, s, "release hold", new(struct{}), func(ctx context.Context, tx bun.Tx) error {
		row, p, err := s.lockedHold(ctx, tx, reference)
		if err != nil {
			return err
		}
		return s.endHold(ctx, tx, row, p, HoldReleased)
	})
}

// ExpireHolds gives back the units and uses of holds whose time is over, the
// oldest first, at most limit, and returns of how many. Each is a transaction, so
// sales wait for one of them at most. Several processes share the work.
func (s *Store) ExpireHolds(ctx context.Context, limit int) (int, error) {
	for n := range limit {
		done := false
		err := s.guarded(ctx, "expire holds", func(ctx context.Context, tx bun.Tx) error {
			var references []string
			err := tx.NewRaw("SELECT reference FROM holds WHERE state = 'held' AND expires_at <= ? ORDER BY expires_at, id LIMIT 1 "+s.db.SkipLocked,
				s.now()).Scan(ctx, &references)
			if done = len(references) == 0; done || err != nil {
				return failed("find expired holds", err)
			}
			row, p, err := s.lockedHold(ctx, tx, references[0])
			if err != nil {
				return err
			}
			return s.endHold(ctx, tx, row, p, HoldExpired)
		})
		if err != nil || done {
			return n, err
		}
	}
	return limit, nil
}

// endHold gives back what a hold has taken.
func (s *Store) endHold(ctx context.Context, tx bun.Tx, row *holdRow, p *plan, state HoldState) error {
	if err := updateHold(ctx, tx, row, state); err != nil {
		return err
	}
	units := make([]engine.ReturnedUnits, len(p.takes))
	for i, t := range p.takes {
		units[i] = engine.ReturnedUnits{SKU: t.sku, Quantity: t.n}
	}
	if err := s.giveBack(ctx, tx, units, movement{Reason: ReasonRelease, Order: row.Reference}); err != nil {
		return err
	}
	return uncount(ctx, tx, p.order.Quote.Redemptions, p.customer)
}

// lockedHold reads a hold that is not over, which nobody else changes until the
// transaction ends.
func (s *Store) lockedHold(ctx context.Context, tx bun.Tx, reference string) (*holdRow, *plan, error) {
	if textProblem(reference) != "" {
		return nil, nil, &UnknownHoldError{Reference: reference}
	}
	var id int64
	err := tx.NewRaw("SELECT id FROM holds WHERE reference = ? "+s.db.ForUpdate, reference).Scan(ctx, &id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil, &UnknownHoldError{Reference: reference}
	case err != nil:
		return nil, nil, failed("lock hold", err)
	}
	var row holdRow
	if err := tx.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, nil, failed("read hold", err)
	}
	if row.State != HoldHeld {
		return nil, nil, &HoldStateError{Reference: reference, State: row.State}
	}
	row.ExpiresAt = row.ExpiresAt.UTC()
	var lines []holdLineRow
	if err := tx.NewSelect().Model(&lines).Where("hold_id = ?", id).Order("position").Scan(ctx); err != nil {
		return nil, nil, failed("read hold lines", err)
	}
	p, err := row.plan(lines)
	return &row, p, err
}

// plan returns the plan that a hold was made by.
func (r *holdRow) plan(lines []holdLineRow) (*plan, error) {
	p := &plan{request: []byte(r.Request), customer: r.Customer}
	p.order = engine.Order{Reference: r.Reference, Customer: r.Customer, State: engine.OrderPlaced}
	if err := json.Unmarshal([]byte(r.Quote), &p.order.Quote); err != nil {
		return nil, fmt.Errorf("read hold %s: quote: %w", r.Reference, err)
	}
	at := make(map[string]*take)
	for _, l := range lines {
		p.order.SKUs = append(p.order.SKUs, slices.Repeat([]string{l.SKU}, int(l.Quantity))...)
		t := at[l.SKU]
		if t == nil {
			t = &take{sku: l.SKU}
			at[l.SKU] = t
		}
		t.n += l.Quantity
		if l.Gift {
			t.gifts += l.Quantity
		} else {
			p.bought += int(l.Quantity)
		}
	}
	for _, sku := range distinct(p.order.SKUs) {
		p.takes = append(p.takes, *at[sku])
	}
	slices.SortFunc(p.takes, func(a, b take) int { return cmp.Compare(a.sku, b.sku) })
	return p, nil
}

// updateHold ends a hold.
func updateHold(ctx context.Context, tx bun.Tx, row *holdRow, state HoldState) error {
	var id int64
	err := tx.NewRaw("UPDATE holds SET state = ? WHERE id = ? AND state = ? RETURNING id", state, row.ID, HoldHeld).Scan(ctx, &id)
	return failed("update hold", err)
}
