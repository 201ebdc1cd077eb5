package persistence

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// DefaultCataloguePoll is how often a followed catalogue is compared with the
// database when Options does not say.
const DefaultCataloguePoll = time.Second

// staleAfter is how old what is known of the database may be, unless it is compared
// less often. When it cannot be
// asked for so long, prices are read from it again, and fail as it does.
const staleAfter = 10 * time.Second

// catalogue is what a process that follows the catalogue knows of it. Prices, names
// and all else but the stocks are of one instant: a change of them makes another
// generation. A stock is replaced on its own, as each sale changes some.
type catalogue struct {
	now     atomic.Pointer[generation] // nil unless it can be relied on
	checked atomic.Pointer[time.Time]  // when it was last compared

	mu    sync.Mutex      // of those who change now and own
	own   map[string]bool // the SKUs whose stock this process has changed since the last comparison
	ready *generation     // now, also while that cannot be relied on

	refreshing sync.Mutex // of those who compare, and of marks
	marks      marks
	nudge      chan struct{}

	followed atomic.Bool
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// generation is a state of the catalogue. The maps are never changed.
type generation struct {
	bySKU  map[string]*entry
	byName map[string]*entry
}

// entry is an item on sale.
type entry struct {
	item     atomic.Pointer[engine.Item]
	revision int64
	err      error // why it cannot be priced, and then it has no item
	name     string
}

// newEntry returns the row as an entry. What is wrong with it is told to who asks.
func newEntry(row *itemRow, shop engine.Currency) *entry {
	item, err := row.item(shop)
	e := &entry{revision: row.Revision, err: err, name: row.Name}
	e.item.Store(item)
	return e
}

// restock makes the entry's stock what it has become.
func (e *entry) restock(stock int64) {
	old := e.item.Load()
	if old == nil || old.Stock == stock {
		return
	}
	item := *old
	item.Stock = stock
	e.item.Store(&item)
}

// keepStock takes over a stock that this process has made while the row was read.
func (e *entry) keepStock(of *entry) {
	if of == nil || of.err != nil {
		return
	}
	e.restock(of.item.Load().Stock)
}

// current returns what is known, nil when that is to be read from the database.
func (s *Store) current(ctx context.Context) *generation {
	c := &s.catalogue
	now := c.now.Load()
	if now == nil || s.closed.Load() || ctx.Err() != nil || time.Since(*c.checked.Load()) > max(staleAfter, 3*s.options.CataloguePoll) {
		return nil
	}
	return now
}

// basis returns what is known of the items with the SKUs.
func (g *generation) basis(of *engine.Inquiry) (engine.Basis, error) {
	basis := engine.Basis{Items: of.Room(), Revision: g.revision}
	for _, sku := range of.SKUs {
		e := g.bySKU[sku]
		if e == nil {
			continue
		}
		if e.err != nil {
			return engine.Basis{}, e.err
		}
		basis.Items[sku] = e.item.Load()
	}
	return basis, nil
}

// revision is that of an item which is on sale.
func (g *generation) revision(sku string) int64 { return g.bySKU[sku].revision }

// byKey is Store.ItemByKey.
func (g *generation) byKey(key string) (engine.Item, error) {
	e := g.bySKU[key]
	if e == nil {
		e = g.byName[key]
	}
	switch {
	case e == nil:
		return engine.Item{}, &engine.UnknownItemError{Key: key}
	case e.err != nil:
		return engine.Item{}, e.err
	default:
		return *e.item.Load(), nil
	}
}

// replace makes known the whole catalogue.
func (c *catalogue) replace(rows []itemRow, shop engine.Currency) {
	g := &generation{bySKU: make(map[string]*entry, len(rows)), byName: make(map[string]*entry, len(rows))}
	for i := range rows {
		e := newEntry(&rows[i], shop)
		g.bySKU[rows[i].SKU], g.byName[e.name] = e, e
		if c.ready != nil && c.own[rows[i].SKU] {
			e.keepStock(c.ready.bySKU[rows[i].SKU])
		}
	}
	c.ready = g
}

// update makes known what has become of the items with the SKUs; those without a
// row are not on sale.
func (c *catalogue) update(skus map[string]bool, rows []itemRow, shop engine.Currency) {
	bySKU := make(map[string]*itemRow, len(rows))
	for i := range rows {
		bySKU[rows[i].SKU] = &rows[i]
	}
	changed := make(map[string]*entry) // nil: not on sale any more
	for sku := range skus {
		row, known := bySKU[sku], c.ready.bySKU[sku]
		switch {
		case row == nil && known == nil:
		case row == nil:
			changed[sku] = nil
		case known != nil && known.err == nil && known.revision == row.Revision:
			if !c.own[sku] {
				known.restock(row.Stock)
			}
		default:
			changed[sku] = newEntry(row, shop)
			if c.own[sku] {
				changed[sku].keepStock(known)
			}
		}
	}
	if len(changed) > 0 {
		c.ready = c.ready.with(changed)
	}
}

// with returns another generation. Names are freed before they are taken, because
// items may exchange theirs.
func (g *generation) with(changed map[string]*entry) *generation {
	next := &generation{bySKU: maps.Clone(g.bySKU), byName: maps.Clone(g.byName)}
	for sku := range changed {
		if old := next.bySKU[sku]; old != nil {
			delete(next.byName, old.name)
			delete(next.bySKU, sku)
		}
	}
	for sku, e := range changed {
		if e != nil {
			next.bySKU[sku], next.byName[e.name] = e, e
		}
	}
	return next
}

// restocked makes known what this process has made of stocks. Other processes may
// have gone on from there, so the next comparison reads these items in any case.
func (c *catalogue) restocked(moved []movement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready == nil {
		return
	}
	for _, m := range moved {
		c.own[m.SKU] = true
		if e := c.ready.bySKU[m.SKU]; e != nil {
			e.restock(m.StockAfter)
		}
	}
}
