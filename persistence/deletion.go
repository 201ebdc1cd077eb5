package persistence

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// DeleteItems takes the items off sale: from then on nobody finds, prices or
// buys them, and as gifts they are not to be had. They keep their ids, their
// stock and their movements, and their names are free. RestoreItems, or an
// upsert of the same SKU, brings them back.
//
// All are deleted or none: a SKU that is unknown or deleted already is an
// *engine.UnknownItemError. Naming one twice is the same as once.
func (s *Store) DeleteItems(ctx context.Context, skus []string) error {
	return once(ctx, s, "delete items", new(struct{}), func(ctx context.Context, tx bun.Tx) error {
		rows, err := s.rowsOf(ctx, tx, skus, false)
		if err != nil {
			return err
		}
		return s.deleteRows(ctx, tx, rows)
	})
}

// DeleteItem is DeleteItems for one item, which must meet the condition: otherwise it
// is an *engine.ItemChangedError.
func (s *Store) DeleteItem(ctx context.Context, sku string, condition engine.Precondition) error {
	return once(ctx, s, "delete item", new(struct{}), func(ctx context.Context, tx bun.Tx) error {
		rows, err := s.rowsOf(ctx, tx, []string{sku}, false)
		if err != nil {
			return err
		}
		if err := condition.Check(sku, rows[0].Revision); err != nil {
			return err
		}
		return s.deleteRows(ctx, tx, rows)
	})
}

// deleteRows takes the items on sale off it.
func (s *Store) deleteRows(ctx context.Context, tx bun.Tx, rows []itemRow) error {
	at, placeholder := s.now(), newReference()
	skus := make([]string, len(rows))
	for i := range rows {
		skus[i] = rows[i].SKU
	}
	for part := range slices.Chunk(rows, batch) {
		_, err := tx.NewUpdate().Model((*itemRow)(nil)).
			Set("deleted_name = name").Set("name = ? || CAST(id AS TEXT)", placeholder).
			Set("deleted_at = ?", at).Set("updated_at = ?", at).Set("revision = revision + 1").
			Where("id IN (?)", bun.List(idsOf(part))).Exec(ctx)
		if err != nil {
			return failed("delete items", err)
		}
	}
	return s.noteChanges(ctx, tx, skus)
}

// RestoreItems puts deleted items back on sale as they were. All are restored or
// none: a SKU that is unknown or not deleted is an *engine.UnknownItemError, and
// a name that another item has meanwhile an *engine.NameTakenError; to restore
// an item under another name, upsert it.
func (s *Store) RestoreItems(ctx context.Context, skus []string) error {
	return once(ctx, s, "restore items", new(struct{}), func(ctx context.Context, tx bun.Tx) error {
		rows, err := s.rowsOf(ctx, tx, skus, true)
		if err != nil {
			return err
		}
		if err := s.namesFree(ctx, tx, rows); err != nil {
			return err
		}
		for part := range slices.Chunk(rows, batch) {
			_, err := tx.NewUpdate().Model((*itemRow)(nil)).
				Set("name = deleted_name").Set("deleted_name = NULL").
				Set("deleted_at = NULL").Set("updated_at = ?", s.now()).Set("revision = revision + 1").
				Where("id IN (?)", bun.List(idsOf(part))).Exec(ctx)
			if err != nil {
				return failed("restore items", err)
			}
		}
		return s.noteChanges(ctx, tx, distinct(skus))
	})
}

// namesFree refuses names that belong to items on sale, or to two of the rows,
// which both had it, one after the other.
func (s *Store) namesFree(ctx context.Context, tx bun.Tx, rows []itemRow) error {
	items := make([]engine.Item, len(rows))
	bySKU := make(map[string]string, len(rows))
	for i, r := range rows {
		if by, taken := bySKU[r.Name]; taken {
			return &engine.NameTakenError{Name: r.Name, SKU: r.SKU, By: by}
		}
		items[i], bySKU[r.Name] = engine.Item{SKU: r.SKU, Name: r.Name}, r.SKU
	}
	return s.freeNames(ctx, tx, items)
}

// rowsOf returns the rows with the SKUs in the order of the SKUs, all of which
// must be deleted or must not be.
func (s *Store) rowsOf(ctx context.Context, tx bun.Tx, skus []string, deleted bool) ([]itemRow, error) {
	keys := distinct(skus)
	bySKU, err := s.lockedRows(ctx, tx, keys)
	if err != nil {
		return nil, err
	}
	for _, sku := range skus {
		if r := bySKU[sku]; r == nil || r.Deleted != deleted {
			return nil, &engine.UnknownItemError{Key: sku}
		}
	}
	rows := make([]itemRow, len(keys))
	for i, sku := range keys {
		rows[i] = *bySKU[sku]
	}
	return rows, nil
}

func idsOf(rows []itemRow) []int64 {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return ids
}
