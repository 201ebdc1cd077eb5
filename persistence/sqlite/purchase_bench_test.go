package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// BenchmarkPurchaseSingle sells one unit a time, in turn through the store and
// by the same SQL in prepared statements, each on a file of its own that is
// synced at every commit. It reports both and their ratio.
func BenchmarkPurchaseSingle(b *testing.B) {
	ctx := b.Context()
	store, bare := newBenchStore(b), newBareLoop(b)
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
		if err := bare.purchase(ctx, order); err != nil {
			b.Fatal(err)
		}
		ofBare += time.Since(start)
	}
	b.ReportMetric(float64(ofStore.Nanoseconds())/float64(n), "store-ns/op")
	b.ReportMetric(float64(ofBare.Nanoseconds())/float64(n), "bare-ns/op")
	b.ReportMetric(float64(ofStore)/float64(ofBare), "store/bare")
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

// bareLoop is the least that a purchase can be: the store's statements,
// prepared once, without a model, a check or a retry.
type bareLoop struct {
	db                          *bun.DB
	read, take, order, lineStmt *sql.Stmt
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
		read:     prepare("SELECT id, sku, name, currency, price, min_price, stock, categories, brand, tags, attributes FROM items WHERE sku IN (?, ?)"),
		take:     prepare("UPDATE items SET stock = stock - ? WHERE sku = ? AND stock >= ?"),
		order:    prepare("INSERT INTO orders (reference, currency, cost, ruleset, quote, placed_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"),
		lineStmt: prepare("INSERT INTO order_lines (order_id, position, sku, quantity, gift) VALUES (?, 0, ?, 1, 0)"),
	}
}

func (l *bareLoop) purchase(ctx context.Context, order engine.Order) error {
	tx, err := l.db.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := l.readItems(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, l.take).ExecContext(ctx, 1, "TV", 1); err != nil {
		return err
	}
	quote, err := json.Marshal(order.Quote)
	if err != nil {
		return err
	}
	var id int64
	err = tx.StmtContext(ctx, l.order).QueryRowContext(ctx, order.Reference, "USD", int64(order.Quote.Total),
		order.Quote.Ruleset, string(quote), order.PlacedAt.Format("2006-01-02 15:04:05.999999-07:00")).Scan(&id)
	if err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, l.lineStmt).ExecContext(ctx, id, "TV"); err != nil {
		return err
	}
	return tx.Commit()
}

func (l *bareLoop) readItems(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.StmtContext(ctx, l.read).QueryContext(ctx, "PI", "TV")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, price, floor, stock int64
		var sku, name, currency, categories, brand, tags, attributes string
		if err := rows.Scan(&id, &sku, &name, &currency, &price, &floor, &stock, &categories, &brand, &tags, &attributes); err != nil {
			return err
		}
	}
	return rows.Err()
}
