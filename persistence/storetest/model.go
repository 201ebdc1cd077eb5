package storetest

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
)

// testModel makes random calls of two stores on one database and of a model that
// does the same in the plainest way, and demands after each that all agree: the
// catalogue, orders, holds, uses of limits, movements and events. So many checks
// are made, each of some thirty calls, unless -rapid.checks and -rapid.steps say
// otherwise.
func testModel(t *testing.T, open func(t *testing.T) persistence.Database, checks string) {
	const count = "rapid.checks"
	if f := flag.Lookup(count); f.Value.String() == f.DefValue {
		defer func() { _ = flag.Set(count, f.DefValue) }() // a value that it had
		if err := flag.Set(count, checks); err != nil {
			t.Fatal(err)
		}
	}
	s := newShop(t, open(t), persistence.Options{})
	s.ctx = t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, s)
		rt.Repeat(map[string]func(*rapid.T){
			"":              m.agree,
			"upsert":        func(rt *rapid.T) { m.upsert(rt, m.store(rt).Upsert, replaceAll) },
			"upsert basics": func(rt *rapid.T) { m.upsert(rt, m.store(rt).UpsertBasics, replaceBasics) },
			"adjust stock":  m.adjust,
			"look up":       m.lookUp,
			"purchase":      m.purchase,
			"hold":          m.hold,
			"hold again":    m.hold,
			"commit hold":   m.commitHold,
			"release hold":  m.releaseHold,
			"expire holds":  m.expireHolds,
			"cancel":        m.cancel,
			"return":        m.returnItems,
			"return again":  m.returnItems,
			"repeat":        m.repeat,
			"pass time":     m.passTime,
		})
	})
}

// model is a shop as its documentation says that it is.
type model struct {
	rt     *rapid.T
	stores []*shop // of one database
	ctx    context.Context
	clock  *clock
	rules  *engine.Ruleset

	items  map[string]engine.Item
	orders []*modelOrder // newest last
	holds  []*modelHold  // newest last
	uses   map[use]used
	told   map[use]bool // limits that were told to be used up
	events []string     // type and aggregate
	keys   []keptKey
}

func newModel(rt *rapid.T, s *shop) *model {
	s.empty()
	m := &model{
		rt: rt, ctx: s.ctx, clock: &clock{at: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)},
		items: make(map[string]engine.Item), uses: make(map[use]used), told: make(map[use]bool),
	}
	for range 2 {
		other := s.sameDatabase(persistence.Options{Now: m.clock.now, Endpoints: []persistence.Endpoint{{Name: "books"}}})
		other.t = rt
		m.stores = append(m.stores, other)
	}
	m.rules = m.stores[0].rulesOf(offers()...)
	m.stores[0].codesOf("spring", "C1", "C2")
	var items []engine.Item
	for _, sku := range []string{"A", "B", "C"} {
		items = append(items, engine.Item{SKU: sku, Name: strings.ToLower(sku), Price: 700, Stock: 9})
	}
	for _, item := range m.stores[0].add(items...) {
		m.items[item.SKU] = item
	}
	return m
}

// empty removes all that the shop has.
func (s *shop) empty() {
	s.t.Helper()
	for _, table := range []string{
		"deliveries", "events", "return_lines", "returns", "order_redemptions", "order_marks", "order_lines", "orders", "hold_lines", "holds",
		"redemption_counters", "coupon_codes", "coupon_pools", "idempotency_keys", "stock_movements", "catalogue_changes", "items",
	} {
		_, err := s.db.Writer.ExecContext(s.ctx, "DELETE FROM "+table)
		s.check(err)
	}
}

// store is one of those that share the database.
func (m *model) store(rt *rapid.T) *shop {
	return m.stores[rapid.IntRange(0, len(m.stores)-1).Draw(rt, "store")]
}

// keptKey is a key that has had an effect.
type keptKey struct {
	key    idempotency.Key
	at     time.Time
	do     func(s *shop, ctx context.Context) (any, error)
	result any
}

// once makes a call, maybe with a key, and maybe again with the key, which must
// return the same and have no effect more.
func (m *model) once(rt *rapid.T, do func(s *shop, ctx context.Context) (any, error)) (any, error) {
	if !rapid.Bool().Draw(rt, "with a key") {
		return do(m.store(rt), m.ctx)
	}
	s, k := m.store(rt), keptKey{key: key(newName()), at: m.clock.now(), do: do}
	claim := s.claims(k.key)
	ctx := idempotency.WithClaim(m.ctx, claim)
	result, err := do(s, ctx)
	if rapid.Bool().Draw(rt, "again with the claim") {
		again, errAgain := do(m.store(rt), ctx)
		m.same(rt, "result for the same claim", again, result)
		m.same(rt, "error for the same claim", errAgain, err)
	}
	s.check(s.ReleaseKey(m.ctx, claim))
	if k.result = result; err == nil {
		m.keys = append(m.keys, k)
	}
	return result, err
}

// repeat sends a request of before again, with its key.
func (m *model) repeat(rt *rapid.T) {
	if len(m.keys) == 0 {
		rt.Skip("no keys")
	}
	k, s := m.keys[rapid.IntRange(0, len(m.keys)-1).Draw(rt, "key")], m.store(rt)
	claim := s.claims(k.key)
	result, err := k.do(s, idempotency.WithClaim(m.ctx, claim))
	m.same(rt, "error of a repeated request", err, nil)
	m.same(rt, "result of a repeated request", result, k.result)
	s.check(s.ReleaseKey(m.ctx, claim))
}

// passTime lets some time pass. Keys are forgotten after a day.
func (m *model) passTime(rt *rapid.T) {
	m.clock.pass(rapid.SampledFrom([]time.Duration{20 * time.Second, time.Minute, 5 * time.Hour, 30 * time.Hour}).Draw(rt, "time"))
	m.keys = slices.DeleteFunc(m.keys, func(k keptKey) bool { return m.clock.now().Sub(k.at) >= idempotency.Retention })
}

// Few values, so that calls meet each other often.
func anySKU() *rapid.Generator[string]  { return rapid.SampledFrom([]string{"A", "B", "C", "D"}) }
func anyName() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}) }

// anyItem is dear enough that all offers can be taken off a unit.
func anyItem() *rapid.Generator[engine.Item] {
	return rapid.Custom(func(rt *rapid.T) engine.Item {
		return engine.Item{
			SKU: anySKU().Draw(rt, "sku"), Name: anyName().Draw(rt, "name"),
			Price:    engine.Amount(rapid.Int64Range(600, 1000).Draw(rt, "price")),
			MinPrice: engine.Amount(rapid.Int64Range(0, 10).Draw(rt, "min price")),
			Stock:    rapid.Int64Range(0, 6).Draw(rt, "stock"),
			Tags:     rapid.SliceOfN(rapid.StringMatching(`[a-z'"?\\]{0,3}`), 0, 2).Draw(rt, "tags"),
		}
	})
}

func replaceAll(known, given engine.Item) engine.Item {
	given.ID = known.ID
	return given
}

func replaceBasics(known, given engine.Item) engine.Item {
	known.SKU, known.Name, known.Price, known.Stock = given.SKU, given.Name, given.Price, given.Stock
	return known
}

func (m *model) upsert(
	rt *rapid.T,
	call func(context.Context, []engine.Item) ([]engine.Item, error),
	replace func(known, given engine.Item) engine.Item,
) {
	batch := rapid.SliceOfN(anyItem(), 0, 4).Draw(rt, "items")
	stored, err := call(m.ctx, batch)
	if m.refuses(batch) {
		if err == nil {
			rt.Fatalf("got no error for %+v, want one", batch)
		}
		return
	}
	if err != nil {
		rt.Fatalf("got error %v for %+v, want none", err, batch)
	}
	want := make([]engine.Item, len(batch))
	for i, given := range batch {
		known := m.items[given.SKU]
		if known.ID == 0 {
			known.ID = stored[i].ID
		}
		want[i] = replace(known, given)
		m.items[given.SKU] = want[i]
	}
	m.same(rt, "items returned", stored, want)
}

// refuses reports whether a SKU or a name would occur twice.
func (m *model) refuses(batch []engine.Item) bool {
	after := maps.Clone(m.items)
	for _, item := range batch {
		after[item.SKU] = item
	}
	names := make(map[string]bool)
	for _, item := range after {
		names[item.Name] = true
	}
	skus := make(map[string]bool)
	for _, item := range batch {
		skus[item.SKU] = true
	}
	return len(names) < len(after) || len(skus) < len(batch)
}

// adjust adds units to a stock, or takes them.
func (m *model) adjust(rt *rapid.T) {
	sku := anySKU().Draw(rt, "sku")
	delta := rapid.SampledFrom([]int64{-3, -1, 1, 4}).Draw(rt, "delta")
	after, err := m.store(rt).AdjustStock(m.ctx, sku, delta, persistence.ReasonCorrection, "")
	item, known := m.items[sku]
	switch {
	case !known:
		m.same(rt, "error", err, &engine.UnknownItemError{Key: sku})
	case item.Stock+delta < 0:
		m.same(rt, "error", err, &engine.OutOfStockError{SKU: sku, Requested: -delta, Available: item.Stock})
	default:
		m.same(rt, "error", err, nil)
		m.move(sku, delta)
		m.same(rt, "stock", after, m.items[sku].Stock)
	}
}

// move changes a stock.
func (m *model) move(sku string, delta int64) {
	item := m.items[sku]
	item.Stock += delta
	m.items[sku] = item
}

// agree compares all that the stores tell with the model.
func (m *model) agree(rt *rapid.T) {
	s := m.store(rt)
	m.same(rt, "items", s.items(), m.catalogue())
	var orders []engine.Order
	for _, o := range slices.Backward(m.orders) {
		o.consistent(rt)
		orders = append(orders, o.Order)
	}
	m.same(rt, "orders", s.orders(), orders)
	var holds []persistence.Hold
	for _, h := range slices.Backward(m.holds) {
		holds = append(holds, h.at(m.clock.now()))
	}
	listed, err := s.Holds(m.ctx, persistence.HoldListing{Limit: persistence.MaxHolds})
	s.check(err)
	m.same(rt, "holds", listed, holds)
	s.addsUp()
	m.agreeOnUses(rt, s)
	m.agreeOnEvents(rt, s)
}

// agreeOnEvents compares the events that are told, in any order.
func (m *model) agreeOnEvents(rt *rapid.T, s *shop) {
	records, err := s.Deliveries(m.ctx, persistence.DeliveryFilter{})
	s.check(err)
	var told []string
	for _, r := range records {
		told = append(told, r.Type+" "+r.Aggregate)
	}
	m.same(rt, "events", slices.Sorted(slices.Values(told)), slices.Sorted(slices.Values(m.events)))
}

// lookUp finds one item by each of its keys.
func (m *model) lookUp(rt *rapid.T) {
	item, s := rapid.SampledFrom(m.catalogue()).Draw(rt, "item"), m.store(rt)
	m.same(rt, "item with the name", s.item(item.Name), item)
	m.same(rt, "item with the SKU", s.item(item.SKU), item)
	got, err := s.ItemsBySKU(m.ctx, []string{item.SKU, "unknown"})
	s.check(err)
	m.same(rt, "items by SKU", got, map[string]*engine.Item{item.SKU: &item})
}

// catalogue returns the model's items, sorted by SKU.
func (m *model) catalogue() []engine.Item {
	var items []engine.Item
	for _, sku := range slices.Sorted(maps.Keys(m.items)) {
		items = append(items, m.items[sku])
	}
	return items
}

func (m *model) same(rt *rapid.T, what string, got, want any) {
	rt.Helper()
	if diff := cmp.Diff(want, got, comparers(), cmpopts.EquateComparable(used{})); diff != "" {
		rt.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
