package api_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/engine"
)

// memory is a store that keeps what a real one promises, behind one lock.
type memory struct {
	mu     sync.Mutex
	items  map[string]*engine.Item
	orders []engine.Order
	// requests are what the orders were priced from, in the same order.
	requests []engine.Request
}

func newMemory(items ...engine.Item) *memory {
	m := &memory{items: make(map[string]*engine.Item)}
	for _, item := range items {
		item.ID = int64(len(m.items) + 1)
		m.items[item.SKU] = &item
	}
	return m
}

func (m *memory) ItemByKey(_ context.Context, key string) (engine.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if item, ok := m.items[key]; ok {
		return *item, nil
	}
	if item := m.named(key); item != nil {
		return *item, nil
	}
	return engine.Item{}, &engine.UnknownItemError{Key: key}
}

func (m *memory) named(name string) *engine.Item {
	for _, item := range m.items {
		if item.Name == name {
			return item
		}
	}
	return nil
}

func (m *memory) Basis(_ context.Context, of engine.Inquiry) (engine.Basis, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return engine.Basis{Items: m.pick(of.SKUs)}, nil
}

func (m *memory) pick(skus []string) map[string]*engine.Item {
	found := make(map[string]*engine.Item, len(skus))
	for _, sku := range skus {
		if item, ok := m.items[sku]; ok {
			found[sku] = item
		}
	}
	return found
}

func (m *memory) UpsertBasics(_ context.Context, items []engine.Item) ([]engine.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := maps.Clone(m.items)
	stored := make([]engine.Item, len(items))
	for i, item := range items {
		if other := m.named(item.Name); other != nil && other.SKU != item.SKU {
			m.items = before
			return nil, &engine.NameTakenError{Name: item.Name, SKU: item.SKU, By: other.SKU}
		}
		kept := engine.Item{ID: int64(len(m.items) + 1)}
		if old, ok := m.items[item.SKU]; ok {
			kept = *old
		}
		kept.SKU, kept.Name, kept.Price, kept.Stock = item.SKU, item.Name, item.Price, item.Stock
		m.items[item.SKU] = &kept
		stored[i] = kept
	}
	return stored, nil
}

func (m *memory) Orders(context.Context) ([]engine.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := slices.Clone(m.orders)
	slices.Reverse(newest)
	return newest, nil
}

func (m *memory) Purchase(_ context.Context, sale engine.Sale) (engine.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	skus := sale.Units
	request, quote, err := sale.Price(engine.Basis{Items: m.pick(slices.Concat(skus, sale.Inquiry.SKUs))})
	if err == nil && sale.Expected != nil && *sale.Expected != quote.Total {
		err = &engine.PriceChangedError{Expected: *sale.Expected, Quote: quote}
	}
	if err != nil {
		return engine.Order{}, err
	}
	units := make(map[string]int64)
	sold := slices.Clone(skus)
	for _, sku := range skus {
		units[sku]++
	}
	for _, gift := range quote.Gifts {
		units[gift.SKU] += gift.Quantity
		sold = append(sold, slices.Repeat([]string{gift.SKU}, int(gift.Quantity))...)
	}
	if err := m.take(units); err != nil {
		return engine.Order{}, err
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(m.orders)))
	order := engine.Order{
		Reference: uuid.NewSHA1(uuid.NameSpaceOID, n[:]).String(),
		SKUs:      sold, Quote: quote,
		PlacedAt: quote.At.Truncate(time.Microsecond),
	}
	m.orders = append(m.orders, order)
	m.requests = append(m.requests, request)
	return order, nil
}

// take reduces the stock of all items or of none. Items that were handed out
// are left as they are.
func (m *memory) take(units map[string]int64) error {
	for _, sku := range slices.SortedFunc(maps.Keys(units), cmp.Compare[string]) {
		if item := m.items[sku]; item.Stock < units[sku] {
			return &engine.OutOfStockError{SKU: sku, Requested: units[sku], Available: item.Stock}
		}
	}
	for sku, n := range units {
		reduced := *m.items[sku]
		reduced.Stock -= n
		m.items[sku] = &reduced
	}
	return nil
}

func (m *memory) stock(sku string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.items[sku].Stock
}

// fake is a memory of which single functions are replaced.
type fake struct {
	*memory
	basis        func(ctx context.Context, of engine.Inquiry) (engine.Basis, error)
	upsertBasics func(ctx context.Context, items []engine.Item) ([]engine.Item, error)
	list         func(ctx context.Context) ([]engine.Order, error)
}

func (f *fake) Basis(ctx context.Context, of engine.Inquiry) (engine.Basis, error) {
	if f.basis != nil {
		return f.basis(ctx, of)
	}
	return f.memory.Basis(ctx, of)
}

func (f *fake) UpsertBasics(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
	if f.upsertBasics != nil {
		return f.upsertBasics(ctx, items)
	}
	return f.memory.UpsertBasics(ctx, items)
}

func (f *fake) Orders(ctx context.Context) ([]engine.Order, error) {
	if f.list != nil {
		return f.list(ctx)
	}
	return f.memory.Orders(ctx)
}
