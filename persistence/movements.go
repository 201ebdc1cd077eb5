package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// Reason is why a stock changed.
type Reason = engine.StockReason

// The reasons.
const (
	ReasonSale         = engine.StockSale
	ReasonGift         = engine.StockGift
	ReasonCancellation = engine.StockCancellation
	ReasonReturn       = engine.StockReturn
	ReasonHold         = engine.StockHold
	ReasonRelease      = engine.StockRelease
	ReasonReceipt      = engine.StockReceipt
	ReasonCorrection   = engine.StockCorrection
	ReasonImport       = engine.StockImport
	ReasonInitial      = engine.StockInitial
)

// ManualReasons returns the reasons that a person can have to change a stock.
func ManualReasons() []Reason { return engine.ManualStockReasons() }

// MaxMovements is how many movements Movements returns at most.
const MaxMovements = 1000

// Movement is one change of an item's stock, recorded in the transaction that makes it.
// Pass the ID of the last one to Movements to go on.
type Movement = engine.Movement

// movement is a row of the table stock_movements; recordMovements sets At.
type movement struct {
	bun.BaseModel `bun:"table:stock_movements,alias:m"`

	ID         int64     `bun:"id,pk,autoincrement"`
	SKU        string    `bun:"sku"`
	Delta      int64     `bun:"delta"`
	StockAfter int64     `bun:"stock_after"`
	Reason     Reason    `bun:"reason"`
	Note       string    `bun:"note"`
	Order      string    `bun:"order_reference,nullzero"`
	At         time.Time `bun:"moved_at"`
}

// recordMovements stores the movements, in one statement as long as there are
// not hundreds; those that move nothing are left out. Whoever changes a stock
// calls it in the same transaction.
func (s *Store) recordMovements(ctx context.Context, tx bun.Tx, movements ...movement) error {
	movements = slices.DeleteFunc(movements, func(m movement) bool { return m.Delta == 0 })
	at := s.now()
	for i := range movements {
		movements[i].At = at
	}
	if err := insertMovements(ctx, tx, movements); err != nil {
		return failed("record stock movements", err)
	}
	if c := changesOf(ctx); c != nil {
		c.moved = append(c.moved, movements...)
	}
	return nil
}

func insertMovements(ctx context.Context, tx bun.Tx, movements []movement) error {
	if prepared(ctx) {
		for _, m := range movements {
			err := execute(ctx, tx, movementStatement, m.SKU, m.Delta, m.StockAfter, m.Reason, m.Note, orNull(m.Order), m.At)
			if err != nil {
				return err
			}
		}
		return nil
	}
	for part := range slices.Chunk(movements, batch) {
		if _, err := tx.NewInsert().Model(&part).ExcludeColumn("id").Returning("NULL").Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Movements returns the movements of the SKU, newest first: at most limit, of
// which MaxMovements are allowed, and only such as are older than the movement
// with the id from, 0 meaning the newest. A deleted item keeps its movements. A
// SKU that no item ever had is an *engine.UnknownItemError.
func (s *Store) Movements(ctx context.Context, sku string, from int64, limit int) ([]Movement, error) {
	if limit < 1 || limit > MaxMovements {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", limit, MaxMovements)}
	}
	if from <= 0 {
		from = math.MaxInt64
	}
	if textProblem(sku) != "" {
		return nil, &engine.UnknownItemError{Key: sku}
	}
	var rows []movement
	known := true
	err := s.read(ctx, "read stock movements", func(db bun.IDB) error {
		rows = nil
		err := db.NewSelect().Model(&rows).Where("sku = ? AND id < ?", sku, from).Order("id DESC").Limit(int64(limit)).Scan(ctx)
		if err != nil || len(rows) > 0 {
			return err
		}
		return db.NewRaw("SELECT EXISTS (SELECT 1 FROM items WHERE sku = ?)", sku).Scan(ctx, &known)
	})
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, &engine.UnknownItemError{Key: sku}
	}
	movements := make([]Movement, len(rows))
	for i, r := range rows {
		movements[i] = Movement{
			ID: r.ID, SKU: r.SKU, Delta: r.Delta, StockAfter: r.StockAfter, Reason: r.Reason,
			Note: r.Note, Order: r.Order, At: r.At.UTC(),
		}
	}
	return movements, nil
}

// AdjustStock adds delta units to the stock of the item, or takes them when it
// is negative, and returns the stock after that. The reason is one of
// ManualReasons; the note is for people. When fewer units are there than are to
// be taken, the error is an *engine.OutOfStockError and nothing changes; for an
// unknown or deleted item it is an *engine.UnknownItemError.
func (s *Store) AdjustStock(ctx context.Context, sku string, delta int64, reason Reason, note string) (int64, error) {
	switch {
	case delta == 0 || delta > engine.MaxQuantity || delta < -engine.MaxQuantity:
		return 0, &InvalidError{Field: "delta", Problem: fmt.Sprintf("is %d; want a number of units from 1 to %d, or its negative", delta, engine.MaxQuantity)}
	case textProblem(sku) != "":
		return 0, &engine.UnknownItemError{Key: sku}
	}
	m, err := s.changeStock(ctx, reason, note, func(ctx context.Context, tx bun.Tx) (movement, error) {
		after, err := addStock(ctx, tx, sku, delta)
		return movement{SKU: sku, Delta: delta, StockAfter: after}, err
	})
	return m.StockAfter, err
}

// SetStock makes the stock of the item what was counted, whatever it was, and
// returns by how many units that changed it. The rest is as in AdjustStock.
// Sales go on while somebody counts: prefer AdjustStock where the difference is
// known.
func (s *Store) SetStock(ctx context.Context, sku string, stock int64, reason Reason, note string) (delta int64, err error) {
	switch {
	case stock < 0:
		return 0, &InvalidError{Field: "stock", Problem: fmt.Sprintf("is %d; want 0 or more", stock)}
	case textProblem(sku) != "":
		return 0, &engine.UnknownItemError{Key: sku}
	}
	m, err := s.changeStock(ctx, reason, note, func(ctx context.Context, tx bun.Tx) (movement, error) {
		before, err := stockOf(ctx, tx, sku, s.db.ForUpdate)
		if err != nil || before == stock {
			return movement{}, err
		}
		_, err = tx.NewRaw("UPDATE items SET stock = ? WHERE sku = ? AND "+live, stock, sku).Exec(ctx)
		return movement{SKU: sku, Delta: stock - before, StockAfter: stock}, failed("set stock", err)
	})
	return m.Delta, err
}

// changeStock runs a change of one stock by a person and records it.
func (s *Store) changeStock(
	ctx context.Context, reason Reason, note string, change func(context.Context, bun.Tx) (movement, error),
) (movement, error) {
	if err := checkReason(reason, note); err != nil {
		return movement{}, err
	}
	var m movement
	err := once(ctx, s, "change stock", &m, func(ctx context.Context, tx bun.Tx) (err error) {
		if m, err = change(ctx, tx); err != nil {
			return err
		}
		m.Reason, m.Note = reason, note
		return s.recordMovements(ctx, tx, m)
	})
	if err != nil {
		return movement{}, err
	}
	return m, nil
}

// checkReason refuses reasons that people cannot have, and notes that could not
// be stored.
func checkReason(reason Reason, note string) error {
	if !slices.Contains(ManualReasons(), reason) {
		words := make([]string, len(ManualReasons()))
		for i, r := range ManualReasons() {
			words[i] = string(r)
		}
		last := len(words) - 1
		want := strings.Join(words[:last], ", ") + " or " + words[last]
		return &InvalidError{Field: "reason", Problem: fmt.Sprintf("is %.40q; want %s", string(reason), want)}
	}
	if problem := textProblem(note); problem != "" {
		return &InvalidError{Field: "note", Problem: problem}
	}
	return nil
}

// addStock adds delta units, or takes them, where that leaves a stock between 0
// and what an int64 holds, and returns the stock after that.
func addStock(ctx context.Context, tx bun.Tx, sku string, delta int64) (after int64, err error) {
	err = tx.NewRaw("UPDATE items SET stock = stock + ? WHERE sku = ? AND stock >= ? AND stock <= ? AND "+live+
		" RETURNING stock", delta, sku, max(0, -delta), math.MaxInt64-max(0, delta)).Scan(ctx, &after)
	if !errors.Is(err, sql.ErrNoRows) {
		return after, failed("change stock", err)
	}
	left, err := stockOf(ctx, tx, sku, "")
	switch {
	case err != nil:
		return 0, err
	case delta < 0:
		return 0, &engine.OutOfStockError{SKU: sku, Requested: -delta, Available: left}
	default:
		return 0, &InvalidError{Field: "delta", Problem: fmt.Sprintf("is %d, and the stock of %s is %d already: no stock can be more than %d", delta, sku, left, int64(math.MaxInt64))}
	}
}

// stockOf returns the stock of a live item; forUpdate is "" or Database.ForUpdate.
func stockOf(ctx context.Context, tx bun.Tx, sku, forUpdate string) (stock int64, err error) {
	err = tx.NewRaw("SELECT stock FROM items WHERE sku = ? AND "+live+" "+forUpdate, sku).Scan(ctx, &stock)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &engine.UnknownItemError{Key: sku}
	}
	return stock, failed("read stock", err)
}
