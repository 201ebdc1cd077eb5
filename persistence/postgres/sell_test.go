package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
	"github.com/checkout-promotions/checkout/persistence/storetest"
)

// TestStorePlain is TestStore, as far as it is about sales, for a database whose sales
// are committed by statements alone, as those are that are not ordinary.
func TestStorePlain(t *testing.T) {
	storetest.RunSales(t, func(t *testing.T) persistence.Database {
		db := open(t)
		db.Sell = nil
		return db
	})
}

// sellShop is a store whose calls of Sell are recorded.
type sellShop struct {
	*persistence.Store
	t     *testing.T
	db    persistence.Database
	sell  func(context.Context, persistence.Sales) (persistence.Sold, error)
	plain bool // leaves everything to the statements
	asked []persistence.Sales
	sold  []bool
	clock time.Time
	next  int
}

func newSellShop(t *testing.T) *sellShop {
	t.Helper()
	s := &sellShop{t: t, db: open(t), clock: time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)}
	s.sell = s.db.Sell
	s.db.Sell = func(ctx context.Context, sales persistence.Sales) (persistence.Sold, error) {
		s.asked = append(s.asked, sales)
		if s.plain {
			return persistence.Sold{Orders: make([]bool, len(sales.Orders))}, nil
		}
		sold, err := s.sell(ctx, sales)
		s.sold = append(s.sold, sold.Orders...)
		return sold, err
	}
	s.Store = newStore(t, s.db, persistence.Options{
		LowStock: 3, Now: func() time.Time { return s.clock },
		NewReference: func() string { s.next++; return fmt.Sprintf("order-%04d", s.next) },
		Endpoints: []persistence.Endpoint{
			{Name: "all"}, {Name: "orders", Types: []event.Type{event.TypeOrderPlaced}}, {Name: "stores", Types: []event.Type{event.TypeStockLow}},
		},
	})
	items := make([]engine.Item, 6)
	for i := range items {
		items[i] = engine.Item{SKU: sellSKU(i), Name: fmt.Sprint("Item ", i), Price: engine.Amount(100 * (i + 1)), Stock: 1000}
	}
	_, err := s.Upsert(t.Context(), items)
	check(t, err)
	return s
}

func sellSKU(i int) string { return string(rune('A' + i)) }

// sale sells a unit of each SKU for one unit of money.
func (s *sellShop) sale(skus ...string) engine.Sale {
	return engine.Sale{Units: skus, Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
		quote := engine.Quote{Ruleset: "test", Currency: s.Currency()}
		for _, sku := range slices.Compact(slices.Sorted(slices.Values(skus))) {
			n := int64(len(slices.DeleteFunc(slices.Clone(skus), func(one string) bool { return one != sku })))
			total := b.Items[sku].Price * engine.Amount(n)
			quote.Lines = append(quote.Lines, engine.QuoteLine{SKU: sku, Quantity: n, Name: "\"<é> \\", Subtotal: total, Total: total})
			quote.Subtotal, quote.Total = quote.Subtotal+total, quote.Total+total
		}
		return engine.Request{}, quote, nil
	}}
}

// quoting is the sale with more in its quote.
func quoting(sale engine.Sale, more func(*engine.Quote)) engine.Sale {
	price := sale.Price
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		request, quote, err := price(b)
		more(&quote)
		return request, quote, err
	}
	return sale
}

// limited is the sale with a use of a promotion.
func limited(sale engine.Sale, r engine.Redemption) engine.Sale {
	return quoting(sale, func(q *engine.Quote) { q.Redemptions = append(q.Redemptions, r) })
}

// randomSale is ordinary as long as there are not hundreds of them.
func (s *sellShop) randomSale(r *rand.Rand) engine.Sale {
	var skus []string
	for range 1 + r.IntN(5) {
		skus = append(skus, sellSKU(r.IntN(5)))
	}
	sale := s.sale(skus...)
	sale.Inquiry.Customer = []string{"", "ann", "bob"}[r.IntN(3)]
	plenty, budget := int64(1000), engine.Amount(1e6)
	for i := range r.IntN(4) {
		use := engine.Redemption{Promotion: fmt.Sprint("p", i), Spent: engine.Amount(r.IntN(3)), Period: []string{"", "2026-11"}[r.IntN(2)]}
		if r.IntN(2) == 0 {
			use.Redemptions = &plenty
		}
		if r.IntN(2) == 0 {
			use.Budget = &budget
		}
		if r.IntN(2) == 0 {
			use.PerCustomer = &plenty
		}
		if r.IntN(2) == 0 {
			use.Code, use.PerCode = []string{"X", "Y"}[r.IntN(2)], &plenty
		}
		sale = limited(sale, use)
	}
	if r.IntN(3) == 0 {
		gift := sellSKU(r.IntN(6))
		sale.Inquiry.SKUs = []string{gift}
		sale = quoting(sale, func(q *engine.Quote) {
			q.Gifts = append(q.Gifts, engine.Gift{SKU: gift, Name: "gift", Quantity: 2, Promotion: "g"})
		})
	}
	return sale
}

// claimed is a context of a claim of the key with the number.
func (s *sellShop) claimed(n int) (context.Context, idempotency.Claim) {
	s.t.Helper()
	key := idempotency.Key{Scope: "POST /buy", Name: fmt.Sprint("K", n), Fingerprint: "fingerprint"}
	claim, _, err := s.ClaimKey(s.t.Context(), key, time.Minute)
	check(s.t, err)
	return idempotency.WithClaim(s.t.Context(), claim), claim
}

// tables returns all rows of all tables that a sale writes, as text; the tokens of
// claims are random.
func (s *sellShop) tables() map[string][]string {
	s.t.Helper()
	all := make(map[string][]string)
	for table, order := range map[string]string{
		"items": "id", "orders": "id", "order_marks": "kind, key, order_id", "order_lines": "order_id, position", "order_redemptions": "order_id, promotion", "stock_movements": "id",
		"redemption_counters": "scope, promotion, key, period", "events": "id", "deliveries": "event_id, endpoint", "idempotency_keys": "scope, key",
	} {
		rows, err := s.db.Writer.QueryContext(s.t.Context(), "SELECT (to_jsonb(t) - 'token')::TEXT FROM "+table+" AS t ORDER BY "+order)
		check(s.t, err)
		all[table] = []string{}
		for rows.Next() {
			var row string
			check(s.t, rows.Scan(&row))
			all[table] = append(all[table], row)
		}
		check(s.t, rows.Err())
	}
	return all
}

// The statements make some sales, which are then made again by Sell in batches: both
// write the same, to the byte.
func TestSellWritesWhatTheStatementsWrite(t *testing.T) {
	const sales = 60
	r := rand.New(rand.NewPCG(1, 2))
	byStatements := newSellShop(t)
	byStatements.plain = true
	for i := range sales {
		ctx := t.Context()
		if i%4 == 0 {
			ctx, _ = byStatements.claimed(i)
		}
		_, err := byStatements.Purchase(ctx, byStatements.randomSale(r))
		check(t, err)
		byStatements.clock = byStatements.clock.Add(time.Second)
	}
	want := byStatements.tables()
	if n := len(want["order_redemptions"]); n == 0 || len(want["deliveries"]) != 2*sales || len(want["idempotency_keys"]) != sales/4 {
		t.Fatalf("got %d uses, %d deliveries and %d keys, want enough to compare", n, len(want["deliveries"]), len(want["idempotency_keys"]))
	}

	bySell := newSellShop(t)
	batch := persistence.Sales{Low: byStatements.asked[0].Low, Endpoints: byStatements.asked[0].Endpoints}
	for i, asked := range byStatements.asked {
		order := asked.Orders[0]
		if order.Key != nil {
			_, claim := bySell.claimed(i)
			order.Key.Token = claim.Token
		}
		bySell.clock = bySell.clock.Add(time.Second)
		if batch.Orders = append(batch.Orders, order); len(batch.Orders) < 1+r.IntN(20) && i < sales-1 {
			continue
		}
		sold, err := bySell.sell(t.Context(), batch)
		check(t, err)
		if slices.Contains(sold.Orders, false) {
			t.Fatalf("got %v of %d ordinary sales, want all sold", sold.Orders, len(batch.Orders))
		}
		for sku, stock := range sold.Stocks {
			item, err := bySell.ItemByKey(t.Context(), sku)
			check(t, err)
			if item.Stock != stock {
				t.Errorf("got %d left of %s, want %d", stock, sku, item.Stock)
			}
		}
		batch.Orders = nil
	}
	if diff := cmp.Diff(want, bySell.tables()); diff != "" {
		t.Errorf("what Sell wrote differs (-statements +Sell):\n%s", diff)
	}
}

func TestSellLeavesWhatIsNotOrdinaryToTheStatements(t *testing.T) {
	one, two, budget := int64(1), int64(2), engine.Amount(5)
	outOfStock := new(engine.OutOfStockError)
	for _, c := range []struct {
		name  string
		buy   func(s *sellShop) error // the last purchase counts
		sold  []bool                  // by Sell
		error any
		tells []event.Type // beside the orders
	}{
		{"an ordinary sale", func(s *sellShop) error { return s.buy(s.sale("A", "B", "A")) }, []bool{true}, nil, nil},
		{"a sale that makes the stock low", func(s *sellShop) error {
			s.restock("A", 5)
			return s.buy(s.sale("A", "A"))
		}, []bool{false}, nil, []event.Type{event.TypeStockLow}},
		{"a sale of what is low already", func(s *sellShop) error {
			s.restock("A", 3)
			return s.buy(s.sale("A", "A", "A"))
		}, []bool{true}, nil, nil},
		{"a sale of more than there is", func(s *sellShop) error {
			s.restock("A", 1)
			return s.buy(s.sale("A", "A"))
		}, []bool{false}, &outOfStock, nil},
		{"a sale that uses up a limit", func(s *sellShop) error {
			s.mustBuy(limited(s.sale("A"), engine.Redemption{Promotion: "p", Redemptions: &two}))
			return s.buy(limited(s.sale("A"), engine.Redemption{Promotion: "p", Redemptions: &two}))
		}, []bool{true, false}, nil, []event.Type{event.TypePromotionExhausted}},
		{"a sale that uses up a budget", func(s *sellShop) error {
			s.mustBuy(limited(s.sale("A"), engine.Redemption{Promotion: "p", Budget: &budget, Spent: 2}))
			return s.buy(limited(s.sale("A"), engine.Redemption{Promotion: "p", Budget: &budget, Spent: 3}))
		}, []bool{true, false}, nil, []event.Type{event.TypePromotionExhausted}},
		{"the one use of a code, of which nobody is told", func(s *sellShop) error {
			return s.buy(limited(s.sale("A"), engine.Redemption{Promotion: "p", Code: "X", PerCode: &one}))
		}, []bool{true}, nil, nil},
		{"the last use of a customer, of which nobody is told", func(s *sellShop) error {
			return s.buy(limited(s.sale("A"), engine.Redemption{Promotion: "p", PerCustomer: &one}))
		}, []bool{true}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSellShop(t)
			err := c.buy(s)
			if (c.error == nil) != (err == nil) || c.error != nil && !errors.As(err, c.error) {
				t.Errorf("got error %v, want %T", err, c.error)
			}
			if diff := cmp.Diff(c.sold, s.sold); diff != "" {
				t.Errorf("sold by Sell (-want +got):\n%s", diff)
			}
			var told []event.Type
			for _, row := range s.tables()["events"] {
				for _, kind := range event.Types() {
					if kind != event.TypeOrderPlaced && strings.Contains(row, `"type": "`+string(kind)+`"`) {
						told = append(told, kind)
					}
				}
			}
			if diff := cmp.Diff(c.tells, told); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func (s *sellShop) buy(sale engine.Sale) error {
	_, err := s.Purchase(s.t.Context(), sale)
	return err
}

func (s *sellShop) mustBuy(sale engine.Sale) {
	s.t.Helper()
	check(s.t, s.buy(sale))
}

func (s *sellShop) restock(sku string, stock int64) {
	s.t.Helper()
	_, err := s.UpsertBasics(s.t.Context(), []engine.Item{{SKU: sku, Name: sku, Price: 100, Stock: stock}})
	check(s.t, err)
}

// One that has to be refused does not keep the others of its batch from being sold.
func TestSellRefusesAlone(t *testing.T) {
	hundred := int64(100)
	for _, c := range []struct {
		name string
		bad  func(o *persistence.SoldOrder)
	}{
		{"an item in another state", func(o *persistence.SoldOrder) { o.Takes[0].Revision = 7 }},
		{"an item that is not there", func(o *persistence.SoldOrder) { o.Takes[0].SKU = "none" }},
		{"a stock that does not suffice", func(o *persistence.SoldOrder) { o.Takes[1].SKU, o.Takes[1].Units = "F", 2000 }},
		{"a limit", func(o *persistence.SoldOrder) { o.Counts[0].Promotion, o.Counts[0].Most = "q", 0 }},
		{"a key that is another one's", func(o *persistence.SoldOrder) { o.Key.Token = "none" }},
		{"a key that an earlier one of the batch has", func(o *persistence.SoldOrder) { o.Key.Name = "K0" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			recorded := newSellShop(t)
			recorded.plain = true
			for i := range 3 {
				ctx, _ := recorded.claimed(i)
				_, err := recorded.Purchase(ctx, limited(recorded.sale("A", "E"), engine.Redemption{Promotion: "p", Redemptions: &hundred}))
				check(t, err)
			}
			s := newSellShop(t)
			batch := recorded.asked[0]
			batch.Orders = nil
			for i, asked := range recorded.asked {
				_, claim := s.claimed(i)
				asked.Orders[0].Key.Token = claim.Token
				batch.Orders = append(batch.Orders, asked.Orders[0])
			}
			c.bad(&batch.Orders[1])
			sold, err := s.sell(t.Context(), batch)
			check(t, err)
			if diff := cmp.Diff([]bool{true, false, true}, sold.Orders); diff != "" {
				t.Errorf("sold (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]int64{"A": 998, "E": 998}, sold.Stocks); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			orders, err := s.Orders(t.Context())
			check(t, err)
			if len(orders) != 2 || orders[0].Reference != "order-0003" || orders[1].Reference != "order-0001" {
				t.Errorf("got orders %v, want the first and the third", orders)
			}
		})
	}
}

// Several processes sell overlapping baskets in batches, in whatever order the SKUs
// come, and none is undone by a deadlock.
func TestSellersOfManyProcessesNeverWaitInACircle(t *testing.T) {
	const processes, buyers, each = 3, 8, 15
	s := newSellShop(t)
	many := int64(1e6)
	var deadlocks atomic.Int64
	stores := make([]*persistence.Store, processes)
	for i := range stores {
		db := s.db
		db.Sell = func(ctx context.Context, sales persistence.Sales) (persistence.Sold, error) {
			sold, err := s.sell(ctx, sales)
			if fault := db.Diagnose(err); err != nil && fault.Retry {
				deadlocks.Add(1)
			}
			return sold, err
		}
		store, err := persistence.New(db, persistence.Options{Currency: usd(t)})
		check(t, err)
		stores[i] = store
	}
	done := make(chan error)
	for n := range processes * buyers {
		go func() {
			r := rand.New(rand.NewPCG(uint64(n), 0))
			var err error
			for range each {
				skus := []string{sellSKU(r.IntN(6)), sellSKU(r.IntN(6)), sellSKU(r.IntN(6))}
				sale := s.sale(skus...)
				for _, p := range r.Perm(3) {
					sale = limited(sale, engine.Redemption{Promotion: fmt.Sprint("p", p), Redemptions: &many})
				}
				_, one := stores[n%processes].Purchase(t.Context(), sale)
				err = errors.Join(err, one)
			}
			done <- err
		}()
	}
	for range processes * buyers {
		check(t, <-done)
	}
	if got := deadlocks.Load(); got != 0 {
		t.Errorf("got %d deadlocks, want none", got)
	}
	if got := number(t, s.db, "SELECT count(*) FROM orders"); got != processes*buyers*each {
		t.Errorf("got %d orders, want %d", got, processes*buyers*each)
	}
}
