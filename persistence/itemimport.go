package persistence

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// ItemImport says how ImportItems changes the catalogue.
type ItemImport struct {
	// Reason is that of the stock movements of known items, one of
	// ManualReasons; Note goes with all of them.
	Reason Reason
	Note   string
	// DryRun finds out what would change and changes nothing.
	DryRun bool
}

// ItemCounts says what an import did, or would do, in items.
type ItemCounts struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
}

// ImportItems adds the items that change returns, or replaces those whose SKU is
// known, in one transaction, and leaves items alone that are as they should be.
// All are stored or none. The errors are those of Upsert.
//
// Change is given what is known of the items with the SKUs, deleted ones too,
// which come back, so that it can keep what its source does not tell. It may
// return items with these SKUs only. It must be a pure function, because other
// writers wait for it and it may be called again; it must not call the store. An
// error of change ends the import and is returned as it is.
func (s *Store) ImportItems(
	ctx context.Context, skus []string, o ItemImport,
	change func(known map[string]*engine.Item) ([]engine.Item, error),
) (ItemCounts, error) {
	if err := checkReason(o.Reason, o.Note); err != nil {
		return ItemCounts{}, err
	}
	transact := s.write
	if o.DryRun {
		transact = s.snapshot
	}
	var counts ItemCounts
	err := transact(ctx, "import items", func(ctx context.Context, tx bun.Tx) error {
		before, err := s.rowsToImport(ctx, tx, distinct(skus), o.DryRun)
		if err != nil {
			return err
		}
		items, err := s.imported(skus, before, change)
		if err != nil {
			return err
		}
		var differing []engine.Item
		if differing, counts, err = s.compare(items, before); err != nil {
			return err
		}
		if o.DryRun {
			_, err = namesInTheWay(ctx, tx, differing)
			return err
		}
		return s.store(ctx, tx, differing, allColumns(), before, movement{Reason: o.Reason, Note: o.Note})
	})
	if err != nil {
		return ItemCounts{}, err
	}
	return counts, nil
}

// rowsToImport reads what a dry run must not lock: it may not write.
func (s *Store) rowsToImport(ctx context.Context, tx bun.Tx, skus []string, dryRun bool) (map[string]*itemRow, error) {
	if dryRun {
		return rowsBySKU(ctx, tx, skus, "")
	}
	return s.lockedRows(ctx, tx, skus)
}

// imported asks change for the items and checks them.
func (s *Store) imported(
	skus []string, before map[string]*itemRow, change func(map[string]*engine.Item) ([]engine.Item, error),
) ([]engine.Item, error) {
	known := make(map[string]*engine.Item, len(before))
	for sku, row := range before {
		item, err := row.item(s.options.Currency)
		if err != nil {
			return nil, err
		}
		known[sku] = item
	}
	items, err := change(known)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(skus))
	for _, sku := range skus {
		asked[sku] = true
	}
	for i := range items {
		if !asked[items[i].SKU] {
			return nil, fmt.Errorf("import items: %q was not among the SKUs to import", items[i].SKU)
		}
	}
	return items, checkItems(items)
}

// compare returns the items that are not as they are stored.
func (s *Store) compare(items []engine.Item, before map[string]*itemRow) (differing []engine.Item, counts ItemCounts, err error) {
	for i := range items {
		row, err := newItemRow(&items[i], s.options.Currency, s.now())
		if err != nil {
			return nil, counts, fmt.Errorf("import item %s: %w", items[i].SKU, err)
		}
		switch known := before[row.SKU]; {
		case known == nil:
			counts.New++
		case known.Deleted || !row.same(known):
			counts.Changed++
		default:
			counts.Unchanged++
			continue
		}
		differing = append(differing, items[i])
	}
	return differing, counts, nil
}

// same reports whether both rows hold the same item.
func (r *itemRow) same(q *itemRow) bool {
	return r.Name == q.Name && r.Currency == q.Currency && r.Price == q.Price && r.MinPrice == q.MinPrice && r.Stock == q.Stock &&
		r.Categories == q.Categories && r.Brand == q.Brand && r.Tags == q.Tags && r.Attributes == q.Attributes
}

// NameOwners returns, for those of the names that items have, the SKUs of these
// items. Deleted items have no names.
func (s *Store) NameOwners(ctx context.Context, names []string) (map[string]string, error) {
	owners := make(map[string]string)
	keys := distinct(names)
	for part := range slices.Chunk(keys, batch) {
		err := s.persist(ctx, func() error {
			rows, err := ownersOf(ctx, s.db.Reader, part)
			for _, r := range rows {
				owners[r.Name] = r.SKU
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return owners, nil
}
