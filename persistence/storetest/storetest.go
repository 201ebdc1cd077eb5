// Package storetest holds what every database behind persistence must pass.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) persistence.Database { … })
//	}
//
// The suite speaks to the database through a persistence.Store alone. It holds
// the store to its documentation, and in particular to the defects of the
// system this one replaces: units sold that were not there, prices undone by a
// running sale, orders that tell another story than the stock.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// patience bounds every call of the suite, so that a deadlock fails a test
// instead of hanging it.
const patience = time.Minute

// Run runs the suite. Open returns a new, empty database each time; the suite
// migrates and closes it.
func Run(t *testing.T, open func(t *testing.T) persistence.Database) {
	runGroups(t, open, []group{
		{"inventory", inventoryCases()},
		{"upsert", upsertCases()},
		{"deletion", deletionCases()},
		{"items", itemCases()},
		{"movements", movementCases()},
		{"import", importCases()},
		{"purchase", purchaseCases()},
		{"plugins", pluginCases()},
		{"orders", orderCases()},
		{"returns", returnCases()},
		{"holds", holdCases()},
		{"currency", currencyCases()},
		{"coupons", couponCases()},
		{"archive", archiveCases()},
		{"lifecycle", lifecycleCases()},
		{"keys", keyCases()},
		{"API keys", apiKeyCases()},
		{"audit log", auditCases()},
		{"publications", publicationCases()},
		{"concurrency", concurrencyCases()},
		{"limits", limitCases()},
	})
	t.Run("schema", func(t *testing.T) { testSchema(t, open) })
	t.Run("followed catalogue", func(t *testing.T) { testFollowed(t, open) })
	t.Run("outbox", func(t *testing.T) { testOutbox(t, open) })
	t.Run("webhooks", func(t *testing.T) { testWebhooks(t, open) })
	t.Run("pauses", func(t *testing.T) { testPauses(t, open) })
	t.Run("any sequence of calls agrees with a model", func(t *testing.T) { testModel(t, open, "20") })
}

// RunSales runs what of the suite is about sales, for a database that commits them in
// another way as well.
func RunSales(t *testing.T, open func(t *testing.T) persistence.Database) {
	runGroups(t, open, []group{
		{"purchase", purchaseCases()},
		{"plugins", pluginCases()},
		{"holds", holdCases()},
		{"keys", keyCases()},
		{"concurrency", concurrencyCases()},
		{"limits", limitCases()},
	})
	t.Run("outbox", func(t *testing.T) { testOutbox(t, open) })
	t.Run("webhooks", func(t *testing.T) { testWebhooks(t, open) })
	t.Run("pauses", func(t *testing.T) { testPauses(t, open) })
}

// group is sentences about one matter.
type group struct {
	name  string
	cases []testCase
}

func runGroups(t *testing.T, open func(t *testing.T) persistence.Database, groups []group) {
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(newShop(t, open(t), persistence.Options{})) })
			}
		})
	}
}

// testCase is one sentence about a store.
type testCase struct {
	name string
	run  func(s *shop)
}

// reporter is what a shop needs of a *testing.T or a *rapid.T.
type reporter interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// shop is a store in a test.
type shop struct {
	*persistence.Store
	t   reporter
	ctx context.Context
	db  persistence.Database
}

func newShop(t reporter, db persistence.Database, o persistence.Options) *shop {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s := &shop{t: t, ctx: ctx, db: db}
	s.Store = s.sameDatabase(o).Store
	t.Cleanup(func() {
		cancel()
		s.check(s.Close())
	})
	s.check(s.Migrate(ctx))
	return s
}

// sameDatabase returns a second store on the database of s.
func (s *shop) sameDatabase(o persistence.Options) *shop {
	s.t.Helper()
	if o.Currency == (engine.Currency{}) {
		o.Currency = currency(s.t, "USD")
	}
	store, err := persistence.New(s.db, o)
	s.check(err)
	return &shop{Store: store, t: s.t, ctx: s.ctx, db: s.db}
}

func currency(t reporter, code string) engine.Currency {
	t.Helper()
	c, err := engine.ParseCurrency(code)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	return c
}

// check ends the test on an error that should not be. Only the goroutine of the
// test may call it, and all that calls it; others call wants.
func (s *shop) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("got error %v, want none", err)
	}
}

// wants reports an error that should not be, or what was wanted instead.
func (s *shop) wants(err error, ok bool, what string) {
	s.t.Helper()
	if err != nil || !ok {
		s.t.Errorf("got error %v, want none, and %s", err, what)
	}
}

// equal compares got with want; nil and empty lists are the same.
func (s *shop) equal(what string, got, want any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got, comparers()...); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func comparers() cmp.Options {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.EquateComparable(engine.Currency{}),
		cmp.Comparer(engine.Value.Equal),
	}
}

// refused demands that err is exactly the error want, type and fields.
func (s *shop) refused(err, want error) {
	s.t.Helper()
	if diff := cmp.Diff(want, err, comparers()...); diff != "" {
		s.t.Errorf("got error %v, want %v", err, want)
	}
}

func (s *shop) is(err, target error) {
	s.t.Helper()
	if !errors.Is(err, target) {
		s.t.Errorf("got error %v, want one that is %q", err, target)
	}
}

// stock adds the catalogue of the original system and returns it as stored.
func (s *shop) stock() []engine.Item {
	s.t.Helper()
	return s.add(
		engine.Item{SKU: "120P90", Name: "Google TV", Price: 4999, Stock: 10, Categories: []string{"tv/oled", "sale"}, Brand: "Google", Tags: []string{"new"}},
		engine.Item{SKU: "43N23P", Name: "MacBook Pro", Price: 539999, Stock: 5, MinPrice: 400000},
		engine.Item{SKU: "A304SD", Name: "Alexa Speaker", Price: 10950, Stock: 10, Attributes: engine.Attributes{"watts": engine.NumberValue(decimal(s.t, "12.50"))}},
		engine.Item{SKU: "234234", Name: "Raspberry Pi B", Price: 3000, Stock: 2},
	)
}

func decimal(t reporter, text string) engine.Decimal {
	t.Helper()
	d, err := engine.ParseDecimal(text)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	return d
}

func (s *shop) add(items ...engine.Item) []engine.Item {
	s.t.Helper()
	stored, err := s.Upsert(s.ctx, items)
	s.check(err)
	return stored
}

// item returns the stored item, which must be there.
func (s *shop) item(sku string) engine.Item {
	s.t.Helper()
	item, err := s.ItemByKey(s.ctx, sku)
	s.check(err)
	return item
}

func (s *shop) items() []engine.Item {
	s.t.Helper()
	items, err := s.Items(s.ctx)
	s.check(err)
	return items
}

func (s *shop) orders() []engine.Order {
	s.t.Helper()
	orders, err := s.Orders(s.ctx)
	s.check(err)
	return orders
}

// buy buys the units at list price.
func (s *shop) buy(skus ...string) (engine.Order, error) {
	return s.purchase(s.ctx, skus, nil, listPrice(s.Currency(), skus))
}

// sold is buy for a purchase that must succeed.
func (s *shop) sold(skus ...string) engine.Order {
	s.t.Helper()
	order, err := s.buy(skus...)
	s.check(err)
	return order
}

// unchanged returns a function that demands that catalogue and orders are what
// they were when unchanged was called.
func (s *shop) unchanged() func() {
	s.t.Helper()
	items, orders := s.items(), s.orders()
	return func() {
		s.t.Helper()
		s.equal("items after a refusal", s.items(), items)
		s.equal("orders after a refusal", s.orders(), orders)
	}
}
