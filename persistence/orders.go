package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// orderRow is a row of the table orders.
type orderRow struct {
	bun.BaseModel `bun:"table:orders,alias:o"`

	ID        int64     `bun:"id,pk,autoincrement"`
	Reference string    `bun:"reference"`
	Currency  string    `bun:"currency"`
	Cost      int64     `bun:"cost"`
	Ruleset   string    `bun:"ruleset"`
	Customer  string    `bun:"customer"`
	Quote     string    `bun:"quote"`
	Request   string    `bun:"request"` // only written here; see Archive
	PlacedAt  time.Time `bun:"placed_at"`

	State    engine.OrderState `bun:"state"`
	Refunded int64             `bun:"refunded"`
}

// lineRow is a row of the table order_lines: a run of units of one SKU, at its
// position among the runs of the order.
type lineRow struct {
	bun.BaseModel `bun:"table:order_lines,alias:l"`

	OrderID  int64  `bun:"order_id"`
	Position int    `bun:"position"`
	SKU      string `bun:"sku"`
	Quantity int64  `bun:"quantity"`
	Gift     bool   `bun:"gift"`
}

// Orders returns all orders, the newest first; of orders placed in the same
// microsecond, the one stored last comes first.
func (s *Store) Orders(ctx context.Context) ([]engine.Order, error) {
	return s.orders(ctx, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

// Order returns the order with the reference; *UnknownOrderError when there is
// none.
func (s *Store) Order(ctx context.Context, reference string) (engine.Order, error) {
	if textProblem(reference) != "" {
		return engine.Order{}, &UnknownOrderError{Reference: reference}
	}
	orders, err := s.orders(ctx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("reference = ?", reference)
	})
	switch {
	case err != nil:
		return engine.Order{}, err
	case len(orders) == 0:
		return engine.Order{}, &UnknownOrderError{Reference: reference}
	}
	return orders[0], nil
}

// MaxOrders is how many orders OrderPage returns at most.
const MaxOrders = 1000

// OrderPage returns orders, the newest first; of orders placed in the same
// microsecond, the one stored last comes first. A limit that is not 1 to MaxOrders
// is an *InvalidError, an After that no order has an *UnknownOrderError.
//
// The orders of a customer have an index, and so have instants, promotions and codes; what
// else is asked for is looked for among them.
func (s *Store) OrderPage(ctx context.Context, l engine.OrderListing) ([]engine.Order, error) {
	if l.Limit < 1 || l.Limit > MaxOrders {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", l.Limit, MaxOrders)}
	}
	if textProblem(l.After) != "" {
		return nil, &UnknownOrderError{Reference: l.After}
	}
	l.Coupon = engine.NormalizeCoupon(l.Coupon)
	if textProblem(l.Customer) != "" || textProblem(l.Promotion) != "" || textProblem(l.Coupon) != "" {
		return nil, nil // no order can have it
	}
	var stored []storedOrder
	err := s.snapshot(ctx, "read orders", func(ctx context.Context, tx bun.Tx) error {
		ids, err := pageOfOrders(ctx, tx, l)
		if err != nil || len(ids) == 0 {
			return err
		}
		stored, err = readOrders(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id IN (?)", bun.List(ids)) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return ordersOf(stored), nil
}

// The kinds of marks of orders, by which they are found.
const (
	markPromotion = "promotion" // of one that applied
	markCoupon    = "coupon"    // of a code that did
)

// pageOfOrders returns the ids of the orders of a page. What has the order of the
// page is the first mark that is asked for, else the orders themselves.
func pageOfOrders(ctx context.Context, tx bun.Tx, l engine.OrderListing) ([]int64, error) {
	q, at, id := tx.NewSelect().Model((*orderRow)(nil)).Column("o.id"), "o.placed_at", "o.id"
	for _, mark := range []struct{ kind, key string }{{markCoupon, l.Coupon}, {markPromotion, l.Promotion}} {
		switch {
		case mark.key == "":
		case at == "o.placed_at":
			q = q.Join("JOIN order_marks AS m ON m.order_id = o.id").Where("m.kind = ? AND m.key = ?", mark.kind, mark.key)
			at, id = "m.placed_at", "m.order_id"
		default:
			q = q.Where("EXISTS (SELECT 1 FROM order_marks AS n WHERE n.kind = ? AND n.key = ? AND n.placed_at = m.placed_at AND n.order_id = o.id)",
				mark.kind, mark.key)
		}
	}
	q = Span{l.Since, l.Until}.ofColumn(q, at)
	if l.Customer != "" { // the second condition is that of the index
		q = q.Where("customer = ?", l.Customer).Where("customer <> ''")
	}
	if l.State != "" {
		q = q.Where("state = ?", l.State)
	}
	if l.After != "" {
		var last orderRow
		err := tx.NewSelect().Model(&last).Column("id", "placed_at").Where("reference = ?", l.After).Scan(ctx)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, &UnknownOrderError{Reference: l.After}
		case err != nil:
			return nil, failed("read order", err)
		}
		q = q.Where("(?, ?) < (?, ?)", bun.Ident(at), bun.Ident(id), last.PlacedAt.UTC(), last.ID)
	}
	var ids []int64
	err := q.OrderExpr("? DESC, ? DESC", bun.Ident(at), bun.Ident(id)).Limit(int64(l.Limit)).Scan(ctx, &ids)
	return ids, failed("read orders", err)
}

// orders returns the orders that which selects, the newest first.
func (s *Store) orders(ctx context.Context, which func(*bun.SelectQuery) *bun.SelectQuery) ([]engine.Order, error) {
	var stored []storedOrder
	err := s.snapshot(ctx, "read orders", func(ctx context.Context, tx bun.Tx) (err error) {
		stored, err = readOrders(ctx, tx, which)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ordersOf(stored), nil
}

func ordersOf(stored []storedOrder) []engine.Order {
	orders := make([]engine.Order, len(stored))
	for i := range stored {
		orders[i] = stored[i].Order
	}
	return orders
}

// storedOrder is an order with what only a Store has to know of it.
type storedOrder struct {
	engine.Order
	id       int64
	customer string
}

// readOrders is orders within a transaction.
func readOrders(ctx context.Context, tx bun.Tx, which func(*bun.SelectQuery) *bun.SelectQuery) ([]storedOrder, error) {
	var rows []orderRow
	newest := which(tx.NewSelect().Model(&rows).ExcludeColumn("request")).Order("placed_at DESC", "id DESC")
	if err := newest.Scan(ctx); err != nil {
		return nil, failed("read orders", err)
	}
	chosen := which(tx.NewSelect().Model((*orderRow)(nil)).Column("id"))
	var lines []lineRow
	err := tx.NewSelect().Model(&lines).
		Where("order_id IN (?)", chosen).Order("order_id", "position").Scan(ctx)
	if err != nil {
		return nil, failed("read order lines", err)
	}
	returns, err := readReturns(ctx, tx, chosen)
	if err != nil {
		return nil, err
	}
	return assemble(rows, lines, returns)
}

// assemble puts the lines, which are sorted, and the returns to their orders.
func assemble(rows []orderRow, lines []lineRow, returns map[int64][]engine.Return) ([]storedOrder, error) {
	skus := make(map[int64][]string, len(rows))
	for _, line := range lines {
		run := slices.Repeat([]string{line.SKU}, int(line.Quantity))
		skus[line.OrderID] = append(skus[line.OrderID], run...)
	}
	orders := make([]storedOrder, len(rows))
	for i, row := range rows {
		orders[i] = storedOrder{id: row.ID, customer: row.Customer, Order: engine.Order{
			Reference: row.Reference, Customer: row.Customer, SKUs: skus[row.ID], PlacedAt: row.PlacedAt.UTC(),
			State: row.State, Refunded: engine.Amount(row.Refunded), Returns: returns[row.ID],
		}}
		if err := json.Unmarshal([]byte(row.Quote), &orders[i].Quote); err != nil {
			return nil, fmt.Errorf("read order %s: quote: %w", row.Reference, err)
		}
	}
	return orders, nil
}

// orderLines turns the units of an order, of which the first bought are not
// gifts, into runs, which lack the order's id.
func orderLines(skus []string, bought int) []lineRow {
	var lines []lineRow
	for i, sku := range skus {
		gift := i >= bought
		if n := len(lines); n > 0 && lines[n-1].SKU == sku && lines[n-1].Gift == gift {
			lines[n-1].Quantity++
			continue
		}
		lines = append(lines, lineRow{Position: len(lines), SKU: sku, Quantity: 1, Gift: gift})
	}
	return lines
}
