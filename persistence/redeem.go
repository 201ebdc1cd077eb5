package persistence

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// redemptionRow is a row of the table order_redemptions: a use that an order made
// of a promotion, and which counters have counted it.
type redemptionRow struct {
	bun.BaseModel `bun:"table:order_redemptions,alias:r"`

	OrderID    int64  `bun:"order_id"`
	Promotion  string `bun:"promotion"`
	Period     string `bun:"period"`
	Code       string `bun:"code"`
	Spent      int64  `bun:"spent"`
	ByAll      bool   `bun:"by_all"`
	ByCustomer bool   `bun:"by_customer"`
	ByCode     bool   `bun:"by_code"`
}

// count is a use to be counted, and how far it may be counted.
type count struct {
	counterRow
	most   int64 // uses, this one included
	budget int64 // what all of them together may have taken off
}

// counts returns what an order's redemptions count as rows; see engine.Counts.
func counts(redemptions []engine.Redemption, customer string) []count {
	counted := engine.Counts(redemptions, customer)
	all := make([]count, len(counted))
	for i, c := range counted {
		row := counterRow{Scope: c.Scope, Promotion: c.Promotion, Key: c.Key, Period: c.Period, Spent: int64(c.Spent)}
		all[i] = count{row, c.Most, int64(c.Budget)}
	}
	return all
}

// redeem counts an order's redemptions and returns the counters as they are then. A
// limit that others have used up since the order was priced is errStale.
func redeem(ctx context.Context, tx bun.IDB, redemptions []engine.Redemption, customer string) ([]count, error) {
	counted := counts(redemptions, customer)
	for i := range counted {
		c := &counted[i]
		if c.most < 1 || c.Spent > c.budget {
			return nil, errStale
		}
		err := tx.NewRaw(`INSERT INTO redemption_counters AS c (scope, promotion, key, period, redemptions, spent)
			VALUES (?, ?, ?, ?, 1, ?)
			ON CONFLICT (scope, promotion, key, period) DO UPDATE
			SET redemptions = c.redemptions + 1, spent = c.spent + EXCLUDED.spent
			WHERE c.redemptions < ? AND c.spent <= ?
			RETURNING redemptions, spent`,
			c.Scope, c.Promotion, c.Key, c.Period, c.Spent, c.most, c.budget-c.Spent).Scan(ctx, &c.Redemptions, &c.Spent)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, errStale
		case err != nil:
			return nil, failed("count redemptions", err)
		}
	}
	return counted, nil
}

// standing returns the counters of all orders that have counted the redemptions,
// as they are now, and keeps others from changing them until the transaction ends.
func standing(ctx context.Context, tx bun.IDB, redemptions []engine.Redemption) ([]count, error) {
	counted := counts(redemptions, "")
	counted = slices.DeleteFunc(counted, func(c count) bool { return c.Scope != engine.CountsAll })
	for i := range counted {
		c := &counted[i]
		err := tx.NewRaw(`UPDATE redemption_counters SET redemptions = redemptions
			WHERE scope = ? AND promotion = ? AND key = ? AND period = ? RETURNING redemptions, spent`,
			c.Scope, c.Promotion, c.Key, c.Period).Scan(ctx, &c.Redemptions, &c.Spent)
		if err != nil {
			return nil, failed("read redemptions of hold", err)
		}
	}
	return counted, nil
}

// usedUp tells of the limits of promotions that the order of a plan has used up.
func usedUp(counted []count, p *plan) []event.Event {
	var events []event.Event
	quote := &p.order.Quote
	for _, c := range counted {
		used := event.Limit{Promotion: c.Promotion, Period: c.Period, Order: p.order.Reference, Ruleset: quote.Ruleset}
		if c.Scope == engine.CountsAll && c.Redemptions == c.most {
			used.Kind, used.Allowed, used.Used = "redemptions", strconv.FormatInt(c.most, 10), strconv.FormatInt(c.Redemptions, 10)
			events = append(events, event.PromotionExhausted(used))
		}
		if c.Scope == engine.CountsAll && c.Spent == c.budget {
			used.Kind, used.Currency = "budget", quote.Currency
			used.Allowed, used.Used = quote.Currency.Format(engine.Amount(c.budget)), quote.Currency.Format(engine.Amount(c.Spent))
			events = append(events, event.PromotionExhausted(used))
		}
	}
	return events
}

// insertRedemptions notes which uses an order made, so that they can be given
// back.
func insertRedemptions(ctx context.Context, tx bun.IDB, orderID int64, redemptions []engine.Redemption) error {
	if len(redemptions) == 0 {
		return nil
	}
	rows := redemptionRows(orderID, redemptions)
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return failed("insert redemptions", err)
}

func redemptionRows(orderID int64, redemptions []engine.Redemption) []redemptionRow {
	rows := make([]redemptionRow, len(redemptions))
	for i, r := range redemptions {
		rows[i] = redemptionRow{
			OrderID: orderID, Promotion: r.Promotion, Period: r.Period, Code: r.Code, Spent: int64(r.Spent),
			ByAll: r.Redemptions != nil || r.Budget != nil, ByCustomer: r.PerCustomer != nil, ByCode: r.PerCode != nil,
		}
	}
	return rows
}

// unredeem gives back what an order used, to the counters that counted it. A code
// that several promotions of the order used was used once.
func unredeem(ctx context.Context, tx bun.IDB, orderID int64, customer string) error {
	var rows []redemptionRow
	if err := tx.NewSelect().Model(&rows).Where("order_id = ?", orderID).Scan(ctx); err != nil {
		return failed("read redemptions of order", err)
	}
	used := make([]engine.Redemption, len(rows))
	for i, r := range rows {
		used[i] = engine.Redemption{Promotion: r.Promotion, Period: r.Period, Code: r.Code, Spent: engine.Amount(r.Spent)}
		limit := func(counted bool) *int64 { // counts looks only whether there is a limit
			if !counted {
				return nil
			}
			return new(int64)
		}
		used[i].Redemptions, used[i].PerCustomer, used[i].PerCode = limit(r.ByAll), limit(r.ByCustomer), limit(r.ByCode)
	}
	return uncount(ctx, tx, used, customer)
}

// uncount takes uses off the counters, in the order in which redeem adds them.
func uncount(ctx context.Context, tx bun.IDB, used []engine.Redemption, customer string) error {
	for _, c := range counts(used, customer) {
		_, err := tx.NewRaw(`UPDATE redemption_counters
			SET redemptions = CASE WHEN redemptions > 1 THEN redemptions - 1 ELSE 0 END,
				spent = CASE WHEN spent > ? THEN spent - ? ELSE 0 END
			WHERE scope = ? AND promotion = ? AND key = ? AND period = ?`,
			c.Spent, c.Spent, c.Scope, c.Promotion, c.Key, c.Period).Exec(ctx)
		if err != nil {
			return failed("give back redemptions", err)
		}
	}
	return nil
}
