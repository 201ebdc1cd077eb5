package persistence

import (
	"context"
	"encoding/json"
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

// orders returns the orders that which selects, the newest first.
func (s *Store) orders(ctx context.Context, which func(*bun.SelectQuery) *bun.SelectQuery) ([]engine.Order, error) {
	var rows []orderRow
	var lines []lineRow
	err := s.snapshot(ctx, "read orders", func(ctx context.Context, tx bun.Tx) error {
		rows, lines = nil, nil
		newest := which(tx.NewSelect().Model(&rows).ExcludeColumn("request")).Order("placed_at DESC", "id DESC")
		if err := newest.Scan(ctx); err != nil {
			return failed("read orders", err)
		}
		chosen := which(tx.NewSelect().Model((*orderRow)(nil)).Column("id"))
		err := tx.NewSelect().Model(&lines).
			Where("order_id IN (?)", chosen).Order("order_id", "position").Scan(ctx)
		return failed("read order lines", err)
	})
	if err != nil {
		return nil, err
	}
	return assemble(rows, lines)
}

// assemble puts the lines, which are sorted, to their orders.
func assemble(rows []orderRow, lines []lineRow) ([]engine.Order, error) {
	skus := make(map[int64][]string, len(rows))
	for _, line := range lines {
		run := slices.Repeat([]string{line.SKU}, int(line.Quantity))
		skus[line.OrderID] = append(skus[line.OrderID], run...)
	}
	orders := make([]engine.Order, len(rows))
	for i, row := range rows {
		orders[i] = engine.Order{Reference: row.Reference, SKUs: skus[row.ID], PlacedAt: row.PlacedAt.UTC()}
		if err := json.Unmarshal([]byte(row.Quote), &orders[i].Quote); err != nil {
			return nil, fmt.Errorf("read order %s: quote: %w", row.Reference, err)
		}
	}
	return orders, nil
}

// orderLines turns the units of an order, of which the first bought are not
// gifts, into runs.
func orderLines(orderID int64, skus []string, bought int) []lineRow {
	var lines []lineRow
	for i, sku := range skus {
		gift := i >= bought
		if n := len(lines); n > 0 && lines[n-1].SKU == sku && lines[n-1].Gift == gift {
			lines[n-1].Quantity++
			continue
		}
		lines = append(lines, lineRow{OrderID: orderID, Position: len(lines), SKU: sku, Quantity: 1, Gift: gift})
	}
	return lines
}
