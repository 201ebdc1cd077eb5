package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/postgres"
	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// benchSlice is how long the store, and then pgbench, sells before it is the
// other's turn.
const benchSlice = 2 * time.Second

// BenchmarkPurchase sells three units of different items a time, in turn through a
// store and by pgbench, each on a database of its own with the store's schema, on one
// server that waits for the disk. Pgbench runs two scripts of prepared statements. The
// plain one is what a purchase is at least: a transaction that keeps the key of the
// request, takes each item from a stock that has it, and stores an order of the same
// size with its lines. The full one writes the rows that a purchase of the store
// writes: no key, but a movement for each item, and the event, as well. Reported are
// all three, and the ratios to both scripts, in uniform with all SKUs of a thousand
// alike, in hot with one in every purchase.
func BenchmarkPurchase(b *testing.B) {
	server := pgtest.StartSyncing(b)
	for _, shop := range []struct {
		name string
		hot  bool
	}{{"uniform", false}, {"hot", true}} {
		for _, clients := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/clients=%d", shop.name, clients), func(b *testing.B) {
				store := newBenchShop(b, server.Create(b))
				plain := newBenchScript(b, server, shop.hot, benchTransaction)
				full := newBenchScript(b, server, shop.hot, benchFull())
				store.sell(b, clients, shop.hot, benchSlice/4)
				plain.sell(b, clients, benchSlice/2)
				full.sell(b, clients, benchSlice/2)
				b.ResetTimer()
				var ofStore, ofPlain, ofFull float64
				n := 0
				for b.Loop() {
					n++
					ofPlain += plain.sell(b, clients, benchSlice)
					ofStore += store.sell(b, clients, shop.hot, benchSlice)
					ofFull += full.sell(b, clients, benchSlice)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(ofStore/float64(n), "store/s")
				b.ReportMetric(ofPlain/float64(n), "plain/s")
				b.ReportMetric(ofFull/float64(n), "full/s")
				b.ReportMetric(ofStore/ofPlain, "store/plain")
				b.ReportMetric(ofStore/ofFull, "store/full")
			})
		}
	}
}

// benchSKUs is the size of the catalogue.
const benchSKUs = 1000

// benchDigest stands for the ruleset.
const benchDigest = "0123456789abcdef0123456789abcdef"

func benchSKU(i int) string { return fmt.Sprintf("SKU-%04d", i) }

type benchShop struct {
	*persistence.Store
	db persistence.Database
}

func newBenchShop(b *testing.B, dsn string) benchShop {
	db, err := postgres.Open(b.Context(), postgres.Options{DSN: dsn})
	check(b, err)
	store, err := persistence.New(db, persistence.Options{Currency: benchCurrency(b)})
	check(b, err)
	b.Cleanup(func() { check(b, store.Close()) })
	check(b, store.Migrate(b.Context()))
	items := make([]engine.Item, benchSKUs)
	for i := range items {
		items[i] = engine.Item{SKU: benchSKU(i), Name: fmt.Sprint("Item ", i), Price: engine.Amount(100 + i), Stock: 1e12}
	}
	_, err = store.Upsert(b.Context(), items)
	check(b, err)
	check(b, store.FollowCatalogue(b.Context(), func(err error) { b.Error(err) }))
	return benchShop{store, db}
}

func benchCurrency(b *testing.B) engine.Currency {
	currency, err := engine.ParseCurrency("USD")
	check(b, err)
	return currency
}

// sell sells from so many goroutines for a while, once at least, and returns how many
// purchases there were in a second.
func (s benchShop) sell(b *testing.B, clients int, hot bool, d time.Duration) float64 {
	var sold atomic.Int64
	var sellers sync.WaitGroup
	start := time.Now()
	for range clients {
		sellers.Go(func() {
			for again := true; again; again = time.Since(start) < d {
				skus := benchCart(hot)
				if _, err := s.Purchase(b.Context(), storetest.Sale(skus, nil, benchPrice(s.Currency(), skus))); err != nil {
					b.Error(err)
					return
				}
				sold.Add(1)
			}
		})
	}
	sellers.Wait()
	return float64(sold.Load()) / time.Since(start).Seconds()
}

// benchCart is three different SKUs, the first of them always the same where it is
// hot.
func benchCart(hot bool) []string {
	first := rand.IntN(benchSKUs - 2)
	if hot {
		first = 0
	}
	second := first + 1 + rand.IntN(benchSKUs-2-first)
	return []string{benchSKU(first), benchSKU(second), benchSKU(second + 1 + rand.IntN(benchSKUs-1-second))}
}

// benchPrice prices without an engine, so that only the store is measured.
func benchPrice(currency engine.Currency, skus []string) func(map[string]*engine.Item) (engine.Quote, error) {
	return func(items map[string]*engine.Item) (engine.Quote, error) {
		quote := engine.Quote{Ruleset: benchDigest, Currency: currency, Lines: make([]engine.QuoteLine, len(skus))}
		for i, sku := range skus {
			price := items[sku].Price
			quote.Lines[i] = engine.QuoteLine{
				SKU: sku, Name: items[sku].Name, Quantity: 1, UnitPrice: price, Subtotal: price, Total: price,
				Units: []engine.Units{{Quantity: 1, Price: price}},
			}
			quote.Subtotal += price
			quote.Total += price
		}
		return quote, nil
	}
}

// benchScript sells by pgbench.
type benchScript struct {
	server   *pgtest.Server
	database string
	script   []byte
}

// newBenchScript makes a shop, and of the transaction a script for it.
func newBenchScript(b *testing.B, server *pgtest.Server, hot bool, transaction string) benchScript {
	dsn := server.Create(b)
	config, err := pgx.ParseConfig(dsn)
	check(b, err)
	shop := newBenchShop(b, dsn)
	shop.sell(b, 1, hot, 0)
	var first string
	if first = fmt.Sprintf("random(0, %d)", benchSKUs-3); hot {
		first = "0"
	}
	var quote, request, payload string
	err = shop.db.Writer.QueryRowContext(b.Context(), "SELECT quote, request, payload FROM orders, events LIMIT 1").Scan(&quote, &request, &payload)
	check(b, err)
	script := strings.NewReplacer(
		"{first}", first, "{second}", strconv.Itoa(benchSKUs-2), "{third}", strconv.Itoa(benchSKUs-1),
		"{digest}", benchDigest, "{quote}", noVariables(quote), "{request}", noVariables(request),
		"{payload}", noVariables(payload),
		"{a}", "'SKU-' || lpad((:a::bigint)::text, 4, '0')",
		"{b}", "'SKU-' || lpad((:b::bigint)::text, 4, '0')",
		"{c}", "'SKU-' || lpad((:c::bigint)::text, 4, '0')",
	).Replace(transaction)
	return benchScript{server: server, database: config.Database, script: []byte(script)}
}

// noVariables is the JSON text as a script may have it, in which a colon before a letter
// begins a variable. It stays JSON, which the trigger of orders reads.
func noVariables(text string) string { return strings.ReplaceAll(text, ":", ": ") }

// benchTransaction is the script of pgbench. Its SKUs are sorted, so that no two
// transactions wait for each other.
const benchTransaction = `\set key random(1, 9000000000000000000)
\set a {first}
\set b random(:a + 1, {second})
\set c random(:b + 1, {third})
BEGIN;
INSERT INTO idempotency_keys (scope, key, fingerprint, state, token, claimed_at, lease_until, expires_at)
VALUES ('POST /v0/inventory/items/purchase', (:key::bigint)::text, '{digest}', 'claimed', (:key::bigint)::text, now(), now(), now());
UPDATE items SET stock = stock - 1 WHERE sku = {a} AND stock >= 1;
UPDATE items SET stock = stock - 1 WHERE sku = {b} AND stock >= 1;
UPDATE items SET stock = stock - 1 WHERE sku = {c} AND stock >= 1;
INSERT INTO orders (reference, currency, cost, ruleset, quote, request, placed_at)
VALUES ((:key::bigint)::text, 'USD', 1000, '{digest}', '{quote}', '{request}', now()) RETURNING id \gset
INSERT INTO order_lines (order_id, position, sku, quantity, gift)
VALUES (:id, 0, {a}, 1, false), (:id, 1, {b}, 1, false), (:id, 2, {c}, 1, false);
COMMIT;
`

// benchFull returns the script that writes the rows of a purchase of the store.
func benchFull() string {
	key := regexp.MustCompile(`(?s)INSERT INTO idempotency_keys.*?;\n`).FindString(benchTransaction)
	return strings.NewReplacer(
		key, "",
		"{a} AND stock >= 1;", `{a} AND stock >= 1 RETURNING stock AS left_a \gset`,
		"{b} AND stock >= 1;", `{b} AND stock >= 1 RETURNING stock AS left_b \gset`,
		"{c} AND stock >= 1;", `{c} AND stock >= 1 RETURNING stock AS left_c \gset`,
		"COMMIT;", benchTrail+"COMMIT;",
	).Replace(benchTransaction)
}

// benchTrail is what the store writes besides the order.
const benchTrail = `INSERT INTO stock_movements (sku, delta, stock_after, reason, note, order_reference, moved_at)
VALUES ({a}, -1, :left_a, 'sale', '', (:key::bigint)::text, now()), ({b}, -1, :left_b, 'sale', '', (:key::bigint)::text, now()),
	({c}, -1, :left_c, 'sale', '', (:key::bigint)::text, now());
INSERT INTO events (uid, type, aggregate_type, aggregate_key, payload, created_at)
VALUES ((:key::bigint)::text, 'order.placed', 'order', (:key::bigint)::text, '{payload}', now());
`

// sell sells for a while and returns how many transactions there were in a second.
func (s benchScript) sell(b *testing.B, clients int, d time.Duration) float64 {
	out := s.server.Run(b, "pgbench", s.database, s.script, "-n", "-M", "prepared", "-f", "-",
		"-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)), "-T", strconv.Itoa(int(d.Seconds())))
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		b.Fatalf("got no number of transactions from pgbench:\n%s", out)
	}
	tps, err := strconv.ParseFloat(found[1], 64)
	check(b, err)
	return tps
}
