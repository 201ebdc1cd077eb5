package persistence

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// MaxItems is how many items ItemPage returns at most.
const MaxItems = 1000

// ItemPage returns items in the order of SKUs (byte by byte). A limit that is not 1 to
// MaxItems is an *InvalidError. An After that no item has is as good as another.
func (s *Store) ItemPage(ctx context.Context, l engine.ItemListing) ([]engine.StoredItem, error) {
	if l.Limit < 1 || l.Limit > MaxItems {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", l.Limit, MaxItems)}
	}
	if textProblem(l.Prefix) != "" || textProblem(l.After) != "" {
		return nil, nil // no SKU can have it
	}
	where, args := "WHERE "+live, []any{}
	if l.Deleted {
		where = "WHERE deleted_at IS NOT NULL"
	}
	and := func(condition string, arg any) { where, args = where+" AND "+condition, append(args, arg) }
	if l.Prefix != "" { // SKUs are of ASCII, and so before the last character of it
		and("sku >= ?", l.Prefix)
		and("sku < ?", l.Prefix+"\x7f")
	}
	if l.After != "" {
		and("sku > ?", l.After)
	}
	if l.MaxStock != nil {
		and("stock <= ?", *l.MaxStock)
	}
	var rows []itemRow
	err := s.read(ctx, "list items", func(db bun.IDB) (err error) {
		rows, err = scanItems(ctx, db, where+" ORDER BY sku LIMIT ?", append(args, l.Limit)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	items := make([]engine.StoredItem, len(rows))
	for i := range rows {
		if items[i], err = rows[i].stored(s.options.Currency); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// stored returns the row with its revision.
func (r *itemRow) stored(shop engine.Currency) (engine.StoredItem, error) {
	item, err := r.item(shop)
	if err != nil {
		return engine.StoredItem{}, err
	}
	return engine.StoredItem{Item: *item, Revision: r.Revision}, nil
}

// StoredItem returns the item on sale with the SKU; *engine.UnknownItemError when
// there is none.
func (s *Store) StoredItem(ctx context.Context, sku string) (engine.StoredItem, error) {
	if textProblem(sku) != "" {
		return engine.StoredItem{}, &engine.UnknownItemError{Key: sku}
	}
	var rows []itemRow
	err := s.read(ctx, "read item", func(db bun.IDB) (err error) {
		rows, err = selectItems(ctx, db, "AND sku = ?", sku)
		return err
	})
	switch {
	case err != nil:
		return engine.StoredItem{}, err
	case len(rows) == 0:
		return engine.StoredItem{}, &engine.UnknownItemError{Key: sku}
	}
	return rows[0].stored(s.options.Currency)
}

// PutItem is Upsert of one item, which must meet the condition: otherwise it is an
// *engine.ItemChangedError. It tells whether there was none on sale before.
func (s *Store) PutItem(ctx context.Context, put engine.ItemPut) (item engine.StoredItem, created bool, err error) {
	if err := checkItems([]engine.Item{put.Item}); err != nil {
		return engine.StoredItem{}, false, err
	}
	var result struct {
		Item    engine.StoredItem
		Created bool
	}
	err = once(ctx, s, "put item", &result, func(ctx context.Context, tx bun.Tx) error {
		before, err := s.place(ctx, tx, []engine.ItemPut{put})
		if err != nil {
			return err
		}
		rows, err := selectItems(ctx, tx, "AND sku = ?", put.Item.SKU)
		if err != nil {
			return failed("read item", err)
		}
		known := before[put.Item.SKU]
		result.Created = known == nil || known.Deleted
		result.Item, err = rows[0].stored(s.options.Currency)
		return err
	})
	return result.Item, result.Created, err
}

// PutItems is Upsert of items of which some may keep their stocks.
func (s *Store) PutItems(ctx context.Context, puts []engine.ItemPut) ([]engine.Item, error) {
	items := make([]engine.Item, len(puts))
	for i := range puts {
		items[i] = puts[i].Item
	}
	if err := checkItems(items); err != nil || len(items) == 0 {
		return nil, err
	}
	var stored []engine.Item
	err := once(ctx, s, "put items", &stored, func(ctx context.Context, tx bun.Tx) error {
		if _, err := s.place(ctx, tx, puts); err != nil {
			return err
		}
		var err error
		stored, err = s.reread(ctx, tx, skusOf(items))
		return err
	})
	return stored, err
}

// place stores the items, and returns the rows as they were before.
func (s *Store) place(ctx context.Context, tx bun.Tx, puts []engine.ItemPut) (map[string]*itemRow, error) {
	items := make([]engine.Item, len(puts))
	for i := range puts {
		items[i] = puts[i].Item
	}
	before, err := s.lockedRows(ctx, tx, skusOf(items))
	if err != nil {
		return nil, err
	}
	for i := range items {
		known, revision := before[items[i].SKU], int64(0)
		if known != nil && !known.Deleted {
			revision = known.Revision
		}
		if err := puts[i].Condition.Check(items[i].SKU, revision); err != nil {
			return nil, err
		}
		if puts[i].KeepStock {
			items[i].Stock = 0
			if known != nil {
				items[i].Stock = known.Stock // the row is locked
			}
		}
	}
	return before, s.store(ctx, tx, items, allColumns(), before, movement{Reason: ReasonCorrection})
}
