package storetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// testModel makes random calls of a store and of a model that does the same in
// the plainest way, and demands that both always agree.
func testModel(t *testing.T, open func(t *testing.T) persistence.Database) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{rt: rt, shop: newShop(rt, open(t), persistence.Options{}), items: make(map[string]engine.Item)}
		defer func() { _ = m.shop.Close() }()
		steps := rapid.SliceOfN(rapid.SampledFrom([]func(*rapid.T){
			func(rt *rapid.T) { m.upsert(rt, m.shop.Upsert, replaceAll) },
			func(rt *rapid.T) { m.upsert(rt, m.shop.UpsertBasics, replaceBasics) },
			m.purchase, m.purchase, m.lookUp,
		}), 1, 16).Draw(rt, "steps")
		for _, step := range steps {
			step(rt)
			m.agree(rt)
		}
	})
}

type model struct {
	rt     *rapid.T
	shop   *shop
	items  map[string]engine.Item
	orders []engine.Order // newest last
}

// Few values, so that calls meet each other often.
func anySKU() *rapid.Generator[string]  { return rapid.SampledFrom([]string{"A", "B", "C", "D"}) }
func anyName() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}) }

func anyItem() *rapid.Generator[engine.Item] {
	return rapid.Custom(func(rt *rapid.T) engine.Item {
		return engine.Item{
			SKU: anySKU().Draw(rt, "sku"), Name: anyName().Draw(rt, "name"),
			Price:    engine.Amount(rapid.Int64Range(0, 1000).Draw(rt, "price")),
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
	stored, err := call(m.shop.ctx, batch)
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

// purchase buys random units; every B brings an A while there are enough.
func (m *model) purchase(rt *rapid.T) {
	skus := rapid.SliceOfN(anySKU(), 1, 5).Draw(rt, "skus")
	price := withGifts(m.shop.Currency(), skus, map[string]string{"B": "A"})
	order, err := m.shop.purchase(m.shop.ctx, skus, []string{"A"}, price)
	if want := m.shortage(skus); want != "" {
		if err == nil || err.Error() != want {
			rt.Fatalf("got error %v for %v, want %s", err, skus, want)
		}
		return
	}
	if err != nil {
		rt.Fatalf("got error %v for %v, want none", err, skus)
	}
	quote, _ := price(engine.NewCatalog(m.catalogue()))
	want := engine.Order{Reference: order.Reference, SKUs: slices.Clone(skus), Quote: quote, PlacedAt: order.PlacedAt, State: engine.OrderPlaced}
	for _, gift := range quote.Gifts {
		want.SKUs = append(want.SKUs, slices.Repeat([]string{gift.SKU}, int(gift.Quantity))...)
	}
	m.same(rt, "order", order, want)
	m.orders = append(m.orders, order)
	for sku, n := range count(order.SKUs) {
		item := m.items[sku]
		item.Stock -= n
		m.items[sku] = item
	}
}

// shortage is the error that a purchase must end with, "" for none: the first
// unknown SKU in the order asked, else the first short one in the order of SKUs.
func (m *model) shortage(skus []string) string {
	for _, sku := range skus {
		if _, known := m.items[sku]; !known {
			return (&engine.UnknownItemError{Key: sku}).Error()
		}
	}
	units := count(skus)
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		if left := m.items[sku].Stock; left < units[sku] {
			return (&engine.OutOfStockError{SKU: sku, Requested: units[sku], Available: left}).Error()
		}
	}
	return ""
}

// agree compares catalogue and orders with the model.
func (m *model) agree(rt *rapid.T) {
	m.same(rt, "items", m.shop.items(), m.catalogue())
	orders := slices.Clone(m.orders)
	slices.Reverse(orders)
	m.same(rt, "orders", m.shop.orders(), orders)
	m.shop.addsUp()
}

// lookUp finds one item by each of its keys.
func (m *model) lookUp(rt *rapid.T) {
	items := m.catalogue()
	if len(items) == 0 {
		return
	}
	item := rapid.SampledFrom(items).Draw(rt, "item")
	m.same(rt, "item with the name", m.shop.item(item.Name), item)
	m.same(rt, "item with the SKU", m.shop.item(item.SKU), item)
	got, err := m.shop.ItemsBySKU(m.shop.ctx, []string{item.SKU, "unknown"})
	m.shop.check(err)
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
	if diff := cmp.Diff(want, got, comparers()...); diff != "" {
		rt.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
