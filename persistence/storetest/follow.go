package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// testFollowed holds a store that follows the catalogue to what other stores do,
// and to what only such a store does.
func testFollowed(t *testing.T, open func(*testing.T) persistence.Database) {
	for _, cases := range [][]testCase{
		inventoryCases(), upsertCases(), deletionCases(), movementCases(), importCases(), purchaseCases(), pluginCases(),
	} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := newShop(t, open(t), persistence.Options{})
				s.follow()
				c.run(s)
			})
		}
	}
	for _, c := range followCases() {
		t.Run(c.name, func(t *testing.T) {
			c.run(newShop(t, open(t), persistence.Options{CataloguePoll: time.Hour})) // only when a test asks
		})
	}
}

func (s *shop) follow() {
	s.t.Helper()
	s.check(s.FollowCatalogue(s.ctx, func(err error) { s.wants(err, true, "a catalogue that can be followed") }))
}

func followCases() []testCase {
	return []testCase{
		{"prices ask the database nothing", testQuietPrices},
		{"limits are asked for only by those who have some", testQuietLimits},
		{"an own write is known when it returns", testOwnWrites},
		{"writes of another process are known soon", testForeignWrites},
		{"a purchase on an old price is made at the new one", testStalePrice},
		{"a purchase of what memory does not know asks the database", testStaleItems},
		{"two items exchange their names", testExchangedNames},
		{"an item in another currency is an error only to who asks for it", testForeignCurrency},
	}
}

// queries counts what is asked of a database.
type queries struct {
	atomic.Int64              // all
	prices       atomic.Int64 // those of calls with the context of pricing
}

type pricingKey struct{}

// pricing is the context of calls whose queries are told from those that a follower makes
// by itself, at times of its own: Postgres has one looked for as soon as a listener is there.
func (q *queries) pricing(ctx context.Context) context.Context {
	return context.WithValue(ctx, pricingKey{}, true)
}

// BeforeQuery implements bun.QueryHook.
func (q *queries) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	q.Add(1)
	if ctx.Value(pricingKey{}) != nil {
		q.prices.Add(1)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (*queries) AfterQuery(context.Context, *bun.QueryEvent) {}

// counted returns a follower on the database of s, and its queries from now on.
func (s *shop) counted(o persistence.Options) (*shop, *queries) {
	s.t.Helper()
	asked := new(queries)
	db := s.db
	db.Writer = db.Writer.WithQueryHook(asked)
	if db.Reader != nil {
		db.Reader = db.Reader.WithQueryHook(asked)
	}
	o.PauseLease = time.Hour // nobody pauses anything
	follower := (&shop{t: s.t, ctx: s.ctx, db: db}).sameDatabase(o)
	follower.follow()
	s.t.Cleanup(func() { s.check(follower.Close()) })
	if asked.Swap(0) == 0 {
		s.t.Errorf("got no query of the start, want some: they are not counted")
	}
	return follower, asked
}

func testQuietPrices(s *shop) {
	stored := s.stock()
	other, asked := s.counted(persistence.Options{CataloguePoll: time.Hour})
	ctx := asked.pricing(s.ctx)
	for range 3 {
		basis, err := other.Basis(ctx, engine.Inquiry{SKUs: []string{tv, pi, tv, "nope"}})
		s.check(err)
		s.equal("items", basis.Items, map[string]*engine.Item{tv: &stored[0], pi: &stored[3]})
		s.equal("revision of a TV", basis.Revision(tv), int64(1))
		s.equal("revision of a Pi", basis.Revision(pi), int64(1))
		for _, key := range []string{macbook, "MacBook Pro"} {
			item, err := other.ItemByKey(ctx, key)
			s.check(err)
			s.equal("item", item, stored[1])
		}
		_, err = other.ItemByKey(ctx, "nope")
		s.refused(err, &engine.UnknownItemError{Key: "nope"})
	}
	s.equal("queries", asked.prices.Load(), int64(0))
}

func testQuietLimits(s *shop) {
	s.stock()
	other, asked := s.counted(persistence.Options{CataloguePoll: time.Hour})
	for _, of := range []engine.Inquiry{
		{SKUs: []string{tv}, Limited: []engine.UsageKey{{Promotion: "p"}}},
		{SKUs: []string{tv}, Codes: []string{"CODE"}},
	} {
		basis, err := other.Basis(asked.pricing(s.ctx), of)
		s.check(err)
		s.equal("number of items", len(basis.Items), 1)
		if asked.prices.Swap(0) == 0 {
			s.t.Errorf("got no query for %+v, want some", of)
		}
	}
}

func testOwnWrites(s *shop) {
	s.follow()
	s.stock()
	s.equal("price", s.item(tv).Price, engine.Amount(4999))
	s.add(engine.Item{SKU: tv, Name: "Telly", Price: 5, Stock: 7})
	s.equal("item by its new name", s.item("Telly").SKU, tv)
	_, err := s.ItemByKey(s.ctx, "Google TV")
	s.refused(err, &engine.UnknownItemError{Key: "Google TV"})
	s.sold(tv, tv)
	s.equal("stock after a sale", s.item(tv).Stock, int64(5))
	_, err = s.AdjustStock(s.ctx, tv, -4, persistence.ReasonCorrection, "")
	s.check(err)
	s.equal("stock after a correction", s.item(tv).Stock, int64(1))
	s.check(s.DeleteItems(s.ctx, []string{tv}))
	_, err = s.ItemByKey(s.ctx, tv)
	s.refused(err, &engine.UnknownItemError{Key: tv})
	s.check(s.RestoreItems(s.ctx, []string{tv}))
	s.equal("restored", s.item(tv).Stock, int64(1))
}

func testForeignWrites(s *shop) {
	s.stock()
	other, _ := s.counted(persistence.Options{CataloguePoll: time.Millisecond})
	s.sold(tv)
	other.soon("a sale", func() bool { return other.item(tv).Stock == 9 })
	s.add(engine.Item{SKU: tv, Name: "Telly", Price: 5, Stock: 9}, engine.Item{SKU: "new", Name: "New", Price: 1})
	other.soon("a new price", func() bool { return other.item(tv).Price == 5 })
	s.equal("another name and another item, at the same instant", []string{other.item("Telly").SKU, other.item("new").Name}, []string{tv, "New"})
	s.check(s.DeleteItems(s.ctx, []string{pi}))
	other.soon("a deletion", func() bool { _, err := other.ItemByKey(s.ctx, pi); return err != nil })
	s.check(s.RestoreItems(s.ctx, []string{pi}))
	other.soon("a restored item", func() bool { _, err := other.ItemByKey(s.ctx, pi); return err == nil })
}

// soon waits for what another process has done.
func (s *shop) soon(what string, known func() bool) {
	s.t.Helper()
	for ; !known(); time.Sleep(time.Millisecond) {
		if s.ctx.Err() != nil {
			s.t.Fatalf("%s is not known", what)
		}
	}
}

func testStalePrice(s *shop) {
	s.stock()
	other, _ := s.counted(persistence.Options{CataloguePoll: time.Hour})
	s.add(engine.Item{SKU: tv, Name: "Google TV", Price: 5, Stock: 1})
	s.equal("price in memory", other.item(tv).Price, engine.Amount(4999))
	expected := engine.Amount(5)
	sale := Sale([]string{tv}, nil, listPrice(s.Currency(), []string{tv}))
	sale.Expected = &expected
	order, err := other.Purchase(s.ctx, sale)
	s.check(err)
	s.equal("total", order.Quote.Total, engine.Amount(5))
	_, err = other.buy(tv)
	s.refused(err, &engine.OutOfStockError{SKU: tv, Requested: 1, Available: 0})
}

func testStaleItems(s *shop) {
	s.stock()
	other, _ := s.counted(persistence.Options{CataloguePoll: time.Hour})
	s.add(engine.Item{SKU: "new", Name: "New", Price: 1, Stock: 1})
	other.sold("new")
	s.leaves(map[string]int64{"new": 0})
}

func testExchangedNames(s *shop) {
	s.stock()
	s.follow()
	s.add(engine.Item{SKU: tv, Name: "MacBook Pro", Price: 1}, engine.Item{SKU: macbook, Name: "Google TV", Price: 2})
	s.equal("owners", []string{s.item("MacBook Pro").SKU, s.item("Google TV").SKU}, []string{tv, macbook})
}

func testForeignCurrency(s *shop) {
	s.stock()
	euros := s.sameDatabase(persistence.Options{Currency: currency(s.t, "EUR")})
	_, err := euros.Upsert(s.ctx, []engine.Item{{SKU: tv, Name: "Google TV", Price: 1}})
	s.check(err)
	s.follow()
	_, err = s.Basis(s.ctx, engine.Inquiry{SKUs: []string{tv}})
	s.refused(err, &persistence.CurrencyError{SKU: tv, Item: "EUR", Shop: s.Currency()})
	_, err = s.ItemByKey(s.ctx, "Google TV")
	s.refused(err, &persistence.CurrencyError{SKU: tv, Item: "EUR", Shop: s.Currency()})
	s.equal("another item", s.item(pi).Price, engine.Amount(3000))
}
