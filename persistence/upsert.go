package persistence

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// Upsert adds the items, or replaces those whose SKU is known, and returns them
// as stored, in the same order. All are stored or none. IDs in the items are
// ignored: the store assigns them, and an item keeps its own for ever, also when
// it was deleted and comes back this way. Changed stocks are recorded as
// corrections, those of new items as initial.
//
// A name that another item has is a *engine.NameTakenError, unless that item
// gets another name in the same call, so that two items can swap theirs. An item
// that could not be read back as given, or a SKU that occurs twice, is an
// *InvalidError. An item that was priced in another currency than the shop's is
// in the shop's from then on.
func (s *Store) Upsert(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
	return s.upsert(ctx, items, allColumns())
}

// allColumns returns the columns of an item that callers set.
func allColumns() []string {
	return []string{"name", "currency", "price", "min_price", "stock", "categories", "brand", "tags", "attributes"}
}

// UpsertBasics is Upsert for callers who know no more of an item than its SKU,
// name, price and stock, such as those of API v0. Nothing else of the items is
// looked at: new ones have none of it, known ones keep what they have. Since
// that includes the minimum price, a known item in another currency than the
// shop's is refused with a *CurrencyError.
func (s *Store) UpsertBasics(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
	basics := make([]engine.Item, len(items))
	for i, item := range items {
		basics[i] = engine.Item{SKU: item.SKU, Name: item.Name, Price: item.Price, Stock: item.Stock}
	}
	return s.upsert(ctx, basics, []string{"name", "price", "stock"})
}

// upsert writes the columns of the items that are known and all of those that
// are not. It sets columns to what the caller gave and to nothing it has read,
// so that it undoes nothing that happens at the same time.
func (s *Store) upsert(ctx context.Context, items []engine.Item, columns []string) ([]engine.Item, error) {
	if err := checkItems(items); err != nil || len(items) == 0 {
		return nil, err
	}
	skus := skusOf(items)
	var stored []engine.Item
	err := once(ctx, s, "store items", &stored, func(ctx context.Context, tx bun.Tx) error {
		before, err := s.lockedRows(ctx, tx, skus)
		if err != nil {
			return err
		}
		if err := s.store(ctx, tx, items, columns, before, movement{Reason: ReasonCorrection}); err != nil {
			return err
		}
		stored, err = s.reread(ctx, tx, skus)
		return err
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// store writes the items over those before, and records what that does to their
// stocks: why says so for known items, and new ones begin with theirs. A deleted
// item comes back.
func (s *Store) store(
	ctx context.Context, tx bun.Tx, items []engine.Item, columns []string, before map[string]*itemRow, why movement,
) error {
	if err := s.freeNames(ctx, tx, items); err != nil {
		return err
	}
	if err := s.putItems(ctx, tx, items, columns); err != nil {
		return err
	}
	moved := make([]movement, len(items))
	for i := range items {
		m := movement{Reason: ReasonInitial, Note: why.Note, SKU: items[i].SKU, Delta: items[i].Stock, StockAfter: items[i].Stock}
		if known := before[m.SKU]; known != nil {
			m.Reason, m.Delta = why.Reason, items[i].Stock-known.Stock
		}
		moved[i] = m
	}
	if err := s.recordMovements(ctx, tx, moved...); err != nil {
		return err
	}
	return s.noteChanges(ctx, tx, skusOf(items))
}

// lockedRows is rowsBySKU for who is about to replace the items: it keeps others
// from changing them, and from adding those that no row has. Rows are locked in
// the order of SKUs, as sales do.
func (s *Store) lockedRows(ctx context.Context, tx bun.Tx, skus []string) (map[string]*itemRow, error) {
	if s.db.LockItems != "" {
		if _, err := tx.ExecContext(ctx, s.db.LockItems); err != nil {
			return nil, failed("lock items", err)
		}
	}
	return rowsBySKU(ctx, tx, skus, s.db.ForUpdate)
}

// rowsBySKU reads the rows with the SKUs, which are distinct, deleted ones too;
// forUpdate is "" or Database.ForUpdate.
func rowsBySKU(ctx context.Context, tx bun.Tx, skus []string, forUpdate string) (map[string]*itemRow, error) {
	bySKU := make(map[string]*itemRow, len(skus))
	for part := range slices.Chunk(slices.Sorted(slices.Values(skus)), batch) {
		rows, err := scanItems(ctx, tx, "WHERE sku IN (?) ORDER BY sku "+forUpdate, bun.List(part))
		if err != nil {
			return nil, failed("read items", err)
		}
		for i := range rows {
			bySKU[rows[i].SKU] = &rows[i]
		}
	}
	return bySKU, nil
}

func (s *Store) putItems(ctx context.Context, tx bun.Tx, items []engine.Item, columns []string) error {
	at := s.now()
	for part := range slices.Chunk(items, batch) {
		rows := make([]itemRow, len(part))
		for i := range part {
			var err error
			if rows[i], err = newItemRow(&part[i], s.options.Currency, at); err != nil {
				return fmt.Errorf("store item %s: %w", part[i].SKU, err)
			}
		}
		put := tx.NewInsert().Model(&rows).ExcludeColumn("id").Returning("NULL").
			On("CONFLICT (sku) DO UPDATE").Set("updated_at = EXCLUDED.updated_at").
			Set("deleted_at = NULL").Set("deleted_name = NULL").Set("revision = i.revision + 1")
		for _, column := range columns {
			put = put.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
		}
		if _, err := put.Exec(ctx); err != nil {
			return failed("store items", err)
		}
	}
	return nil
}

func skusOf(items []engine.Item) []string {
	skus := make([]string, len(items))
	for i := range items {
		skus[i] = items[i].SKU
	}
	return skus
}

func (s *Store) reread(ctx context.Context, tx bun.Tx, skus []string) ([]engine.Item, error) {
	bySKU, err := s.itemsBySKU(ctx, tx, skus) // distinct since checkItems
	if err != nil {
		return nil, err
	}
	stored := make([]engine.Item, len(skus))
	for i, sku := range skus {
		stored[i] = *bySKU[sku]
	}
	return stored, nil
}

// freeNames makes sure that no row stands in the way of the items' names. A
// name is in the way when its owner keeps it. An owner among the items, which
// is about to get another name, gives it up here, because databases check
// uniqueness row by row: in a swap the first row would collide.
func (s *Store) freeNames(ctx context.Context, tx bun.Tx, items []engine.Item) error {
	vacate, err := namesInTheWay(ctx, tx, items)
	if err != nil {
		return err
	}
	return vacateNames(ctx, tx, vacate)
}

// namesInTheWay returns the ids of the items that have the name of another one
// and are about to give it up.
func namesInTheWay(ctx context.Context, tx bun.Tx, items []engine.Item) (vacate []int64, err error) {
	wanted := make(map[string]string, len(items)) // name: SKU
	renamed := make(map[string]bool, len(items))  // SKUs
	names := make([]string, len(items))
	for i, item := range items {
		wanted[item.Name], renamed[item.SKU], names[i] = item.SKU, true, item.Name
	}
	for part := range slices.Chunk(names, batch) {
		owners, err := ownersOf(ctx, tx, part)
		if err != nil {
			return nil, err
		}
		for _, owner := range owners {
			switch sku := wanted[owner.Name]; {
			case sku == owner.SKU:
			case renamed[owner.SKU]:
				vacate = append(vacate, owner.ID)
			default:
				return nil, &engine.NameTakenError{Name: owner.Name, SKU: sku, By: owner.SKU}
			}
		}
	}
	return vacate, nil
}

// ownersOf returns id, SKU and name of the items on sale that have the names.
func ownersOf(ctx context.Context, db bun.IDB, names []string) ([]itemRow, error) {
	var owners []itemRow
	err := db.NewSelect().Model(&owners).Column("id", "sku", "name").
		Where(live).Where("name IN (?)", bun.List(names)).Order("sku").Scan(ctx)
	return owners, failed("look up names", err)
}

// vacateNames gives the rows names that nobody else has, until the end of the
// transaction.
func vacateNames(ctx context.Context, tx bun.Tx, ids []int64) error {
	placeholder := newReference()
	for part := range slices.Chunk(ids, batch) {
		_, err := tx.NewUpdate().Model((*itemRow)(nil)).
			Set("name = ? || CAST(id AS TEXT)", placeholder).
			Where("id IN (?)", bun.List(part)).Exec(ctx)
		if err != nil {
			return failed("rename items", err)
		}
	}
	return nil
}
