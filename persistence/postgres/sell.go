package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/checkout-promotions/checkout/persistence"
)

// attempts is how often a batch is tried, each time without the sales that stood in
// the way of the others.
const attempts = 3

// sell is Database.Sell: one statement, which is its own transaction, and one round
// trip as long as all sales are ordinary.
func sell(db *sql.DB) func(context.Context, persistence.Sales) (persistence.Sold, error) {
	return func(ctx context.Context, sales persistence.Sales) (sold persistence.Sold, err error) {
		err = withConn(ctx, db, func(conn *pgx.Conn) error {
			sold, err = sellOn(ctx, conn, &sales)
			return err
		})
		return sold, err
	}
}

// withConn uses a connection of the pool, and another one when the first turns out to
// be broken before anything was sent.
func withConn(ctx context.Context, db *sql.DB, use func(*pgx.Conn) error) error {
	for range attempts {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		err = conn.Raw(func(connection any) error {
			err := use(connection.(*stdlib.Conn).Conn())
			if pgconn.SafeToRetry(err) {
				return errors.Join(driver.ErrBadConn, err)
			}
			return err
		})
		_ = conn.Close() // ErrConnDone when the pool has dropped it
		if !errors.Is(err, driver.ErrBadConn) || ctx.Err() != nil {
			return err
		}
	}
	return driver.ErrBadConn
}

// sellOn tries the sales, until those that are left are ordinary.
func sellOn(ctx context.Context, conn *pgx.Conn, sales *persistence.Sales) (persistence.Sold, error) {
	sold := persistence.Sold{Orders: make([]bool, len(sales.Orders))}
	b := newBatch(sales)
	for range attempts {
		if len(b.sales) == 0 {
			break
		}
		refused, stocks, err := b.call(ctx, conn)
		if err != nil {
			return sold, err
		}
		if len(refused) == 0 {
			for _, n := range b.numbers {
				sold.Orders[n] = true
			}
			sold.Stocks = stocks
			break
		}
		b = b.without(refused)
	}
	return sold, nil
}

// batch is sales that are tried together.
type batch struct {
	*persistence.Sales
	numbers   []int // of the sales among Orders
	sales     []*persistence.SoldOrder
	items     []item         // of all sales, by SKU
	movements []movement     // sale by sale
	at        map[string]int // of items
	keys      map[string]bool
}

// item is what all sales together take of an item in one state.
type item struct {
	sku             string
	units, revision int64
}

// movement is one of a sale, whose number is from 1. What is in stock after it is
// later more than what all sales together leave.
type movement struct {
	sale         int64
	sku          string
	item         int // among those of the batch
	delta, later int64
	reason       persistence.Reason
}

// newBatch makes a batch of all orders, but those that contradict an earlier one.
func newBatch(sales *persistence.Sales) *batch {
	numbers := make([]int, len(sales.Orders))
	for i := range numbers {
		numbers[i] = i
	}
	return batchOf(sales, numbers)
}

// without returns the batch without the sales that are refused.
func (b *batch) without(refused []int64) *batch {
	var rest []int
	for i, n := range b.numbers {
		if !slices.Contains(refused, int64(i+1)) {
			rest = append(rest, n)
		}
	}
	return batchOf(b.Sales, rest)
}

func batchOf(sales *persistence.Sales, numbers []int) *batch {
	b := &batch{Sales: sales, at: make(map[string]int), keys: make(map[string]bool)}
	for _, n := range numbers {
		if sale := &sales.Orders[n]; b.agrees(sale) {
			b.numbers, b.sales = append(b.numbers, n), append(b.sales, sale)
			b.take(sale)
		}
	}
	slices.SortFunc(b.items, func(a, b item) int { return strings.Compare(a.sku, b.sku) })
	for i := range b.items {
		b.at[b.items[i].sku] = i
	}
	for i := range b.movements {
		m := &b.movements[i]
		m.item = b.at[m.sku]
		m.later += b.items[m.item].units
	}
	return b
}

// agrees tells whether the sale was priced on the same states of items as those
// before, and is of another key.
func (b *batch) agrees(sale *persistence.SoldOrder) bool {
	if sale.Key != nil && b.keys[sale.Key.Scope+"\x00"+sale.Key.Name] {
		return false
	}
	return !slices.ContainsFunc(sale.Takes, func(t persistence.SoldTake) bool {
		i, known := b.at[t.SKU]
		return known && b.items[i].revision != t.Revision
	})
}

// take adds what a sale takes.
func (b *batch) take(sale *persistence.SoldOrder) {
	if sale.Key != nil {
		b.keys[sale.Key.Scope+"\x00"+sale.Key.Name] = true
	}
	for _, t := range sale.Takes {
		i, known := b.at[t.SKU]
		if !known {
			i = len(b.items)
			b.at[t.SKU] = i
			b.items = append(b.items, item{sku: t.SKU, revision: t.Revision})
		}
		b.move(i, t.Units-t.Gifts, persistence.ReasonSale)
		b.move(i, t.Gifts, persistence.ReasonGift)
	}
}

// move adds a movement of the latest sale.
func (b *batch) move(i int, units int64, reason persistence.Reason) {
	if units == 0 {
		return
	}
	item := &b.items[i]
	item.units += units
	b.movements = append(b.movements, movement{
		sale: int64(len(b.sales)), sku: item.sku, delta: -units, later: -item.units, reason: reason,
	})
}

// call calls the function.
func (b *batch) call(ctx context.Context, conn *pgx.Conn) (refused []int64, stocks map[string]int64, err error) {
	result := b.arguments().call(ctx, conn.PgConn(), "SELECT refused, left_stocks FROM checkout_sell_unpaused")
	if result.Err != nil {
		return nil, nil, result.Err
	}
	var left []int64
	for i, into := range []any{&refused, &left} {
		field := result.FieldDescriptions[i]
		if err := conn.TypeMap().Scan(field.DataTypeOID, field.Format, result.Rows[0][i], into); err != nil {
			return nil, nil, fmt.Errorf("read what was sold: %w", err)
		}
	}
	stocks = make(map[string]int64, len(left))
	for i, stock := range left {
		stocks[b.items[i].sku] = stock
	}
	return refused, stocks, nil
}

// arguments returns those of checkout_sell_unpaused in their order.
func (b *batch) arguments() *arguments {
	a := &arguments{buffer: make([]byte, 0, b.size())}
	numbers(a, b.sales, func(s **persistence.SoldOrder) int64 { return (*s).Pauses })
	a.number(b.Low)
	texts(a, b.Endpoints, func(name *string) string { return *name })
	b.addOrders(a)
	b.addItems(a)
	b.addLines(a)
	b.addCounts(a)
	b.addUses(a)
	b.addKeys(a)
	return a
}

// size is about how many bytes the arguments have: a buffer that grows costs more than
// all the rest of them.
func (b *batch) size() int {
	const besides = 1 << 10
	size := besides
	for _, s := range b.sales {
		size += len(s.Quote) + len(s.Request) + len(s.EventBody) + besides
	}
	return size
}

func (b *batch) addOrders(a *arguments) {
	type sale = *persistence.SoldOrder
	for _, of := range []func(*sale) string{
		func(s *sale) string { return (*s).Reference }, func(s *sale) string { return (*s).Currency },
	} {
		texts(a, b.sales, of)
	}
	numbers(a, b.sales, func(s *sale) int64 { return (*s).Cost })
	for _, of := range []func(*sale) string{
		func(s *sale) string { return (*s).Ruleset }, func(s *sale) string { return (*s).Customer },
		func(s *sale) string { return (*s).Quote }, func(s *sale) string { return (*s).Request },
	} {
		texts(a, b.sales, of)
	}
	instants(a, b.sales, func(s *sale) time.Time { return (*s).At })
	texts(a, b.sales, func(s *sale) string { return (*s).EventUID })
	texts(a, b.sales, func(s *sale) string { return (*s).EventBody })
}

func (b *batch) addItems(a *arguments) {
	texts(a, b.items, func(i *item) string { return i.sku })
	numbers(a, b.items, func(i *item) int64 { return i.units })
	numbers(a, b.items, func(i *item) int64 { return i.revision })

	numbers(a, b.movements, func(m *movement) int64 { return m.sale })
	numbers(a, b.movements, func(m *movement) int64 { return int64(m.item) + 1 })
	numbers(a, b.movements, func(m *movement) int64 { return m.delta })
	numbers(a, b.movements, func(m *movement) int64 { return m.later })
	texts(a, b.movements, func(m *movement) string { return string(m.reason) })
}

func (b *batch) addLines(a *arguments) {
	type line = persistence.SoldLine
	owners, lines := flat(b.sales, func(s *persistence.SoldOrder) []line { return s.Lines })
	positions := make([]int64, len(lines))
	for i := range lines {
		if i > 0 && owners[i] == owners[i-1] {
			positions[i] = positions[i-1] + 1
		}
	}
	numbers(a, owners, itself)
	numbers(a, positions, itself)
	texts(a, lines, func(l *line) string { return l.SKU })
	numbers(a, lines, func(l *line) int64 { return l.Quantity })
	truths(a, lines, func(l *line) bool { return l.Gift })
}

func (b *batch) addCounts(a *arguments) {
	type count = persistence.SoldCount
	owners, counts := flat(b.sales, func(s *persistence.SoldOrder) []count { return s.Counts })
	numbers(a, owners, itself)
	texts(a, counts, func(c *count) string { return c.Scope })
	texts(a, counts, func(c *count) string { return c.Promotion })
	texts(a, counts, func(c *count) string { return c.Key })
	texts(a, counts, func(c *count) string { return c.Period })
	numbers(a, counts, func(c *count) int64 { return c.Spent })
	numbers(a, counts, func(c *count) int64 { return c.Most })
	numbers(a, counts, func(c *count) int64 { return c.Budget })
}

func (b *batch) addUses(a *arguments) {
	type use = persistence.SoldUse
	owners, uses := flat(b.sales, func(s *persistence.SoldOrder) []use { return s.Uses })
	numbers(a, owners, itself)
	texts(a, uses, func(u *use) string { return u.Promotion })
	texts(a, uses, func(u *use) string { return u.Period })
	texts(a, uses, func(u *use) string { return u.Code })
	numbers(a, uses, func(u *use) int64 { return u.Spent })
	truths(a, uses, func(u *use) bool { return u.ByAll })
	truths(a, uses, func(u *use) bool { return u.ByCustomer })
	truths(a, uses, func(u *use) bool { return u.ByCode })
}

func (b *batch) addKeys(a *arguments) {
	type key = persistence.SoldKey
	owners, keys := flat(b.sales, func(s *persistence.SoldOrder) []key {
		if s.Key == nil {
			return nil
		}
		return []key{*s.Key}
	})
	numbers(a, owners, itself)
	texts(a, keys, func(k *key) string { return k.Scope })
	texts(a, keys, func(k *key) string { return k.Name })
	texts(a, keys, func(k *key) string { return k.Token })
	texts(a, keys, func(k *key) string { return k.Outcome })
}

// flat returns what all sales have of something, and whose each is, from 1.
func flat[T any](sales []*persistence.SoldOrder, of func(*persistence.SoldOrder) []T) (owners []int64, all []T) {
	owners = []int64{}
	for i := range sales {
		for _, one := range of(sales[i]) {
			owners, all = append(owners, int64(i+1)), append(all, one)
		}
	}
	return owners, all
}
