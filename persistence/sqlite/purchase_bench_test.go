package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// BenchmarkPurchaseSingle sells one unit a time, in turn through the store and
// by the same SQL in prepared statements, each on a file of its own that is
// synced at every commit. It reports both and their ratio.
func BenchmarkPurchaseSingle(b *testing.B) {
	ctx := b.Context()
	store, bare := newBenchStore(b), newBareLoop(b)
	if err := store.FollowCatalogue(ctx, func(err error) { b.Error(err) }); err != nil {
		b.Fatal(err)
	}
	var ofStore, ofBare time.Duration
	n := 0
	for b.Loop() {
		n++
		start := time.Now()
		order, err := store.Purchase(ctx, storetest.Sale([]string{"TV"}, []string{"PI"}, benchPrice))
		if err != nil {
			b.Fatal(err)
		}
		ofStore += time.Since(start)
		start = time.Now()
		if err := bare.purchase(context.WithoutCancel(ctx), order); err != nil {
			b.Fatal(err)
		}
		ofBare += time.Since(start)
	}
	b.ReportMetric(float64(ofStore.Nanoseconds())/float64(n), "store-ns/op")
	b.ReportMetric(float64(ofBare.Nanoseconds())/float64(n), "bare-ns/op")
	b.ReportMetric(float64(ofStore)/float64(ofBare), "store/bare")
}

// BenchmarkPurchaseTogether sells one unit a time from many goroutines, whose
// purchases are committed together, and reports how many times as many that are in
// the same time as by one.
func BenchmarkPurchaseTogether(b *testing.B) {
	store := newBenchStore(b)
	if err := store.FollowCatalogue(b.Context(), func(err error) { b.Error(err) }); err != nil {
		b.Fatal(err)
	}
	const each = 20 * time.Millisecond
	spent, sold := make(map[int]time.Duration), make(map[int]int64)
	clients := []int{1, 8, 32}
	for b.Loop() {
		for _, n := range clients {
			start := time.Now()
			sold[n] += sellFor(b, store, n, each)
			spent[n] += time.Since(start)
		}
	}
	alone := float64(sold[1]) / spent[1].Seconds()
	b.ReportMetric(alone, "purchases/s-by-1")
	for _, n := range clients[1:] {
		b.ReportMetric(float64(sold[n])/spent[n].Seconds()/alone, fmt.Sprintf("times-by-%d", n))
	}
}

// sellFor sells from n goroutines for a while and returns how often.
func sellFor(b *testing.B, store *persistence.Store, n int, d time.Duration) int64 {
	var sold atomic.Int64
	var sellers sync.WaitGroup
	end := time.Now().Add(d)
	for range n {
		sellers.Go(func() {
			for time.Now().Before(end) {
				if _, err := store.Purchase(b.Context(), storetest.Sale([]string{"TV"}, []string{"PI"}, benchPrice)); err != nil {
					b.Error(err)
					return
				}
				sold.Add(1)
			}
		})
	}
	sellers.Wait()
	return sold.Load()
}

func newBenchStore(b *testing.B) *persistence.Store {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	return fillBenchStore(b, db)
}

func fillBenchStore(b *testing.B, db persistence.Database) *persistence.Store {
	currency, err := engine.ParseCurrency("USD")
	if err != nil {
		b.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	items := []engine.Item{
		{SKU: "TV", Name: "Google TV", Price: 4999, Stock: 1e12, Categories: []string{"tv/oled"}, Tags: []string{"new"}},
		{SKU: "PI", Name: "Raspberry Pi", Price: 3000, Stock: 1e12},
	}
	if _, err := store.Upsert(b.Context(), items); err != nil {
		b.Fatal(err)
	}
	return store
}

// benchPrice prices without an engine, so that only the store is measured.
func benchPrice(items map[string]*engine.Item) (engine.Quote, error) {
	tv := items["TV"]
	currency, err := engine.ParseCurrency("USD")
	return engine.Quote{
		Ruleset: "0123456789abcdef0123456789abcdef", Currency: currency,
		Subtotal: tv.Price, Total: tv.Price,
		Lines: []engine.QuoteLine{{
			SKU: tv.SKU, Name: tv.Name, Quantity: 1, UnitPrice: tv.Price, Subtotal: tv.Price, Total: tv.Price,
			Units: []engine.Units{{Quantity: 1, Price: tv.Price}},
		}},
	}, err
}

// bareLoop is the least that a purchase can be: the store's statements with the
// same rows, prepared once, without a model, a check or a retry. Its context cannot
// end, since the driver runs a goroutine for each statement of one that can.
type bareLoop struct {
	db                                     *bun.DB
	take, movement, order, lineStmt, event *sql.Stmt
}

func newBareLoop(b *testing.B) *bareLoop {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bare.db"))
	if err != nil {
		b.Fatal(err)
	}
	fillBenchStore(b, db)
	prepare := func(query string) *sql.Stmt {
		stmt, err := db.Writer.DB.PrepareContext(b.Context(), query)
		if err != nil {
			b.Fatal(err)
		}
		return stmt
	}
	return &bareLoop{
		db:       db.Writer,
		take:     prepare("UPDATE items SET stock = stock - ? WHERE sku = ? AND stock >= ? AND revision = ? AND deleted_at IS NULL RETURNING stock"),
		movement: prepare("INSERT INTO stock_movements (sku, delta, stock_after, reason, note, order_reference, moved_at) VALUES (?, ?, ?, 'sale', '', ?, ?)"),
		order:    prepare("INSERT INTO orders (reference, currency, cost, ruleset, customer, quote, request, placed_at) VALUES (?, ?, ?, ?, '', ?, ?, ?) RETURNING id"),
		event: prepare("INSERT INTO events (uid, once, type, aggregate_type, aggregate_key, payload, created_at) VALUES (?, NULL, ?, ?, ?, ?, ?) " +
			"ON CONFLICT (once) WHERE once IS NOT NULL DO NOTHING RETURNING id"),
		lineStmt: prepare("INSERT INTO order_lines (order_id, position, sku, quantity, gift) VALUES (?, 0, ?, 1, 0)"),
	}
}

func (l *bareLoop) purchase(ctx context.Context, order engine.Order) error {
	tx, err := l.db.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	at := order.PlacedAt.Format("2006-01-02 15:04:05.999999-07:00")
	var left, id int64
	if err := tx.StmtContext(ctx, l.take).QueryRowContext(ctx, 1, "TV", 1, 1).Scan(&left); err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, l.movement).ExecContext(ctx, "TV", -1, left, order.Reference, at); err != nil {
		return err
	}
	quote, err := json.Marshal(order.Quote)
	if err != nil {
		return err
	}
	request, err := engine.EncodeRequest(engine.Request{})
	if err != nil {
		return err
	}
	err = tx.StmtContext(ctx, l.order).QueryRowContext(ctx, order.Reference, "USD", int64(order.Quote.Total),
		order.Quote.Ruleset, string(quote), string(request), at).Scan(&id)
	if err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, l.lineStmt).ExecContext(ctx, id, "TV"); err != nil {
		return err
	}
	placed := event.OrderPlaced(order)
	payload, err := placed.Body(order.Reference, order.PlacedAt)
	if err != nil {
		return err
	}
	err = tx.StmtContext(ctx, l.event).QueryRowContext(ctx, order.Reference, string(placed.Type), placed.Aggregate.Type, placed.Aggregate.Key,
		string(payload), at).Scan(&id)
	if err != nil {
		return err
	}
	return tx.Commit()
}
