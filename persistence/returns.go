package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// ReturnOptions say what a return does besides.
type ReturnOptions = engine.ReturnOptions

// returnRow is a row of the table returns.
type returnRow struct {
	bun.BaseModel `bun:"table:returns,alias:r"`

	ID        int64               `bun:"id,pk,autoincrement"`
	Reference string              `bun:"reference"`
	OrderID   int64               `bun:"order_id"`
	Policy    engine.ReturnPolicy `bun:"policy"`
	Refund    int64               `bun:"refund"`
	CreatedAt time.Time           `bun:"created_at"`
}

// returnLineRow is a row of the table return_lines.
type returnLineRow struct {
	bun.BaseModel `bun:"table:return_lines,alias:l"`

	ReturnID int64  `bun:"return_id"`
	SKU      string `bun:"sku"`
	Gift     bool   `bun:"gift"`
	Quantity int64  `bun:"quantity"`
	Refund   int64  `bun:"refund"`
}

// CancelOrder undoes an order of which nothing has come back: all units and gifts
// go back into the stock, also of items that were deleted meanwhile, the uses of
// promotions and codes are given back, and the customer gets back the whole Total
// of the quote; what becomes of a shipping price is not decided here. The reason
// is for people, "" for none. It returns the order as it is then.
//
// Of any number of cancels and returns at once each sees what the ones before it
// did: an order that is not placed, or of which something has come back, is an
// *engine.OrderStateError, and no order at all an *UnknownOrderError.
func (s *Store) CancelOrder(ctx context.Context, reference, reason string) (engine.Order, error) {
	if problem := textProblem(reason); problem != "" {
		return engine.Order{}, &InvalidError{Field: "reason", Problem: problem}
	}
	var cancelled engine.Order
	err := once(ctx, s, "cancel order", &cancelled, func(ctx context.Context, tx bun.Tx) error {
		order, err := s.lockedOrder(ctx, tx, reference)
		if err != nil {
			return err
		}
		units, err := order.Cancellation()
		if err != nil {
			return err
		}
		order.State, order.Refunded = engine.OrderCancelled, order.Quote.Total
		if err := updateOrder(ctx, tx, order); err != nil {
			return err
		}
		if err := s.giveBack(ctx, tx, units, movement{Reason: ReasonCancellation, Note: reason, Order: reference}); err != nil {
			return err
		}
		if err := unredeem(ctx, tx, order.id, order.customer); err != nil {
			return err
		}
		cancelled = order.Order
		return s.emit(ctx, tx, event.OrderCancelled(reversal(&order.Order, s.now(), order.Refunded, reason, units)))
	})
	if err != nil {
		return engine.Order{}, err
	}
	return cancelled, nil
}

// ReturnItems takes back units of an order and returns the order as it is then,
// with the return as the last of its Returns. What the customer gets and which
// requests are refused says engine.Order.Return; an unknown reference is an
// *UnknownOrderError. The units go into the stock again. When nothing of the order
// is left with the customer the order is returned, and the uses of promotions and
// codes are given back; before that they are not.
//
// KeptPrice of the request is called within the transaction.
func (s *Store) ReturnItems(ctx context.Context, reference string, request engine.ReturnRequest, o ReturnOptions) (engine.Order, error) {
	var returned engine.Order
	err := once(ctx, s, "return items", &returned, func(ctx context.Context, tx bun.Tx) error {
		order, err := s.lockedOrder(ctx, tx, reference)
		if err != nil {
			return err
		}
		made, state, err := order.Return(request)
		if err != nil {
			return err
		}
		made.Reference, made.At = newReference(), s.now()
		order.State, order.Refunded, order.Returns = state, order.Refunded+made.Refund, append(order.Returns, made)
		if err := updateOrder(ctx, tx, order); err != nil {
			return err
		}
		if err := insertReturn(ctx, tx, order.id, made); err != nil {
			return err
		}
		if !o.NoRestock {
			if err := s.giveBack(ctx, tx, made.Units, movement{Reason: ReasonReturn, Order: reference}); err != nil {
				return err
			}
		}
		if state == engine.OrderReturned {
			if err := unredeem(ctx, tx, order.id, order.customer); err != nil {
				return err
			}
		}
		returned = order.Order
		return s.emit(ctx, tx, event.OrderReturned(reversal(&order.Order, made.At, made.Refund, "", made.Units)))
	})
	if err != nil {
		return engine.Order{}, err
	}
	return returned, nil
}

// reversal is what the event of a cancel or a return tells.
func reversal(order *engine.Order, at time.Time, refund engine.Amount, reason string, units []engine.ReturnedUnits) event.Reversal {
	r := event.Reversal{Order: order.Reference, At: at, Currency: order.Quote.Currency, Refund: refund, Reason: reason}
	for _, u := range units {
		r.Units = append(r.Units, event.ReversedUnits{SKU: u.SKU, Quantity: u.Quantity, Gift: u.Gift, Refund: u.Refund})
	}
	return r
}

// lockedOrder reads an order that nobody else changes until the transaction ends.
func (s *Store) lockedOrder(ctx context.Context, tx bun.Tx, reference string) (*storedOrder, error) {
	if textProblem(reference) != "" {
		return nil, &UnknownOrderError{Reference: reference}
	}
	var id int64
	err := tx.NewRaw("SELECT id FROM orders WHERE reference = ? "+s.db.ForUpdate, reference).Scan(ctx, &id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, &UnknownOrderError{Reference: reference}
	case err != nil:
		return nil, failed("lock order", err)
	}
	orders, err := readOrders(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id = ?", id) })
	if err != nil {
		return nil, err
	}
	return &orders[0], nil
}

// updateOrder stores the new state of an order that was placed.
func updateOrder(ctx context.Context, tx bun.Tx, order *storedOrder) error {
	var id int64
	err := tx.NewRaw("UPDATE orders SET state = ?, refunded = ? WHERE id = ? AND state = ? RETURNING id",
		order.State, int64(order.Refunded), order.id, engine.OrderPlaced).Scan(ctx, &id)
	return failed("update order", err)
}

func insertReturn(ctx context.Context, tx bun.Tx, orderID int64, r engine.Return) error {
	row := returnRow{Reference: r.Reference, OrderID: orderID, Policy: r.Policy, Refund: int64(r.Refund), CreatedAt: r.At}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed("insert return", err)
	}
	lines := make([]returnLineRow, len(r.Units))
	for i, u := range r.Units {
		lines[i] = returnLineRow{ReturnID: row.ID, SKU: u.SKU, Gift: u.Gift, Quantity: u.Quantity, Refund: int64(u.Refund)}
	}
	_, err := tx.NewInsert().Model(&lines).Exec(ctx)
	return failed("insert return lines", err)
}

// giveBack puts units, which are sorted by SKU, into the stock of their items,
// deleted ones too, and records movements like the given one.
func (s *Store) giveBack(ctx context.Context, tx bun.Tx, units []engine.ReturnedUnits, like movement) error {
	var moved []movement
	for _, u := range units {
		var after int64
		err := tx.NewRaw("UPDATE items SET stock = stock + ? WHERE sku = ? AND stock <= ? RETURNING stock",
			u.Quantity, u.SKU, math.MaxInt64-u.Quantity).Scan(ctx, &after)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return &InvalidError{Field: "stock", Problem: fmt.Sprintf("of %s cannot take %d units more", u.SKU, u.Quantity)}
		case err != nil:
			return failed("give back stock", err)
		}
		m := like
		m.SKU, m.Delta, m.StockAfter = u.SKU, u.Quantity, after
		moved = append(moved, m)
	}
	return s.recordMovements(ctx, tx, moved...)
}

// readReturns returns the returns of the orders, the oldest first, by their ids.
func readReturns(ctx context.Context, tx bun.Tx, orders *bun.SelectQuery) (map[int64][]engine.Return, error) {
	var rows []returnRow
	if err := tx.NewSelect().Model(&rows).Where("order_id IN (?)", orders).Order("id").Scan(ctx); err != nil {
		return nil, failed("read returns", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var lines []returnLineRow
	err := tx.NewSelect().Model(&lines).
		Where("return_id IN (?)", tx.NewSelect().Model((*returnRow)(nil)).Column("id").Where("order_id IN (?)", orders)).
		Order("return_id", "sku", "gift").Scan(ctx)
	if err != nil {
		return nil, failed("read return lines", err)
	}
	units := make(map[int64][]engine.ReturnedUnits, len(rows))
	for _, l := range lines {
		units[l.ReturnID] = append(units[l.ReturnID], engine.ReturnedUnits{SKU: l.SKU, Quantity: l.Quantity, Gift: l.Gift, Refund: engine.Amount(l.Refund)})
	}
	returns := make(map[int64][]engine.Return)
	for _, r := range rows {
		returns[r.OrderID] = append(returns[r.OrderID], engine.Return{
			Reference: r.Reference, Policy: r.Policy, Refund: engine.Amount(r.Refund), Units: units[r.ID], At: r.CreatedAt.UTC(),
		})
	}
	return returns, nil
}
