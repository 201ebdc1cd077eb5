package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
// store and by pgbench, each with a database of its own on one server that waits for
// the disk. Pgbench runs what a purchase is at least: one transaction that keeps the
// key of the request, takes each item from a stock that has it, and stores an order
// with three lines, in prepared statements. The store also stores movements, the
// quote, the request and the event. It reports both and their ratio.
func BenchmarkPurchase(b *testing.B) {
	server := pgtest.StartSyncing(b)
	for _, shop := range []struct {
		name string
		hot  int // SKUs that are in every purchase
	}{{"uniform", 0}, {"hot", 1}} {
		for _, clients := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/clients=%d", shop.name, clients), func(b *testing.B) {
				store, script := newBenchShop(b, server), newBenchScript(b, server, shop.hot)
				store.sell(b, clients, shop.hot, benchSlice/10)
				script.sell(b, clients, time.Second)
				b.ResetTimer()
				var ofStore, ofScript float64
				n := 0
				for b.Loop() {
					n++
					ofStore += store.sell(b, clients, shop.hot, benchSlice)
					ofScript += script.sell(b, clients, benchSlice)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(ofStore/float64(n), "store/s")
				b.ReportMetric(ofScript/float64(n), "pgbench/s")
				b.ReportMetric(ofStore/ofScript, "store/pgbench")
			})
		}
	}
}

// benchSKUs is the size of the catalogue.
const benchSKUs = 1000

func benchSKU(i int) string { return fmt.Sprintf("SKU-%04d", i) }

type benchShop struct{ *persistence.Store }

func newBenchShop(b *testing.B, server *pgtest.Server) benchShop {
	return newBenchShopOn(b, server.Create(b))
}

func newBenchShopOn(b *testing.B, dsn string) benchShop {
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
	check(b, store.FollowCatalogue(b.Context(), func(err error) { check(b, err) }))
	return benchShop{store}
}

func benchCurrency(b *testing.B) engine.Currency {
	currency, err := engine.ParseCurrency("USD")
	check(b, err)
	return currency
}

// sell sells from so many goroutines for a while and returns how many purchases there
// were in a second.
func (s benchShop) sell(b *testing.B, clients, hot int, d time.Duration) float64 {
	var sold atomic.Int64
	var sellers sync.WaitGroup
	start := time.Now()
	for range clients {
		sellers.Go(func() {
			for time.Since(start) < d {
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
func benchCart(hot int) []string {
	first := rand.IntN(benchSKUs - 2)
	if hot > 0 {
		first = 0
	}
	second := first + 1 + rand.IntN(benchSKUs-2-first)
	return []string{benchSKU(first), benchSKU(second), benchSKU(second + 1 + rand.IntN(benchSKUs-1-second))}
}

// benchPrice prices without an engine, so that only the store is measured.
func benchPrice(currency engine.Currency, skus []string) func(map[string]*engine.Item) (engine.Quote, error) {
	return func(items map[string]*engine.Item) (engine.Quote, error) {
		quote := engine.Quote{Ruleset: "0123456789abcdef0123456789abcdef", Currency: currency, Lines: make([]engine.QuoteLine, len(skus))}
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
	script   string
}

func newBenchScript(b *testing.B, server *pgtest.Server, hot int) benchScript {
	dsn := server.Create(b)
	newBenchShopOn(b, dsn)
	s := benchScript{server: server, database: strings.TrimPrefix(regexp.MustCompile(`/t[0-9a-f]+`).FindString(dsn), "/")}
	first := "random(0, 997)"
	if hot > 0 {
		first = "0"
	}
	s.script = `\set key random(1, 9000000000000000000)
\set a ` + first + `
\set b random(:a + 1, 998)
\set c random(:b + 1, 999)
BEGIN;
INSERT INTO idempotency_keys (scope, key, fingerprint, state, token, claimed_at, lease_until, expires_at) VALUES ('POST /v0/purchase', :key::bigint::text, '${DIGEST}', 'claimed', :key::bigint::text, now(), now(), now());
UPDATE items SET stock = stock - 1 WHERE sku = 'SKU-' || lpad((:a::bigint)::text, 4, '0') AND stock >= 1;
UPDATE items SET stock = stock - 1 WHERE sku = 'SKU-' || lpad((:b::bigint)::text, 4, '0') AND stock >= 1;
UPDATE items SET stock = stock - 1 WHERE sku = 'SKU-' || lpad((:c::bigint)::text, 4, '0') AND stock >= 1;
INSERT INTO orders (reference, currency, cost, ruleset, quote, request, placed_at) VALUES (:key::bigint::text, 'USD', 1000, '${DIGEST}', '${QUOTE}', '${REQUEST}', now()) RETURNING id \gset
INSERT INTO order_lines (order_id, position, sku, quantity, gift) VALUES (:id, 0, 'SKU-' || lpad((:a::bigint)::text, 4, '0'), 1, false), (:id, 1, 'SKU-' || lpad((:b::bigint)::text, 4, '0'), 1, false), (:id, 2, 'SKU-' || lpad((:c::bigint)::text, 4, '0'), 1, false);
COMMIT;
`
	s.script = strings.NewReplacer("${DIGEST}", strings.Repeat("0123456789abcdef", 2), "${QUOTE}", strings.Repeat("q", 900), "${REQUEST}", strings.Repeat("r", 60)).Replace(s.script)
	return s
}

func (s benchScript) sell(b *testing.B, clients int, d time.Duration) float64 {
	out := s.server.Run(b, "pgbench", s.database, []byte(s.script), "-n", "-M", "prepared", "-f", "-",
		"-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)), "-T", strconv.Itoa(int(d.Seconds())))
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		b.Fatalf("got no number of transactions from pgbench:\n%s", out)
	}
	tps, err := strconv.ParseFloat(found[1], 64)
	check(b, err)
	return tps
}

var _ = context.Background
