package persistence

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// live is what every statement asks for that reads or changes the items on sale.
// Deleted ones are there for their history and for coming back alone.
const live = "deleted_at IS NULL"

// batch is how many rows or keys one statement names. It keeps statements far
// below the size that databases accept.
const batch = 500

// Items returns the whole catalogue without what is deleted, sorted by SKU (byte by byte).
func (s *Store) Items(ctx context.Context) ([]engine.Item, error) {
	var rows []itemRow
	err := s.read(ctx, "list items", func(db bun.IDB) (err error) {
		rows, err = selectItems(ctx, db, "ORDER BY sku")
		return err
	})
	if err != nil {
		return nil, err
	}
	items := make([]engine.Item, len(rows))
	for i := range rows {
		item, err := rows[i].item(s.options.Currency)
		if err != nil {
			return nil, err
		}
		items[i] = *item
	}
	return items, nil
}

// CountItems returns the number of items in the catalogue, without deleted ones.
func (s *Store) CountItems(ctx context.Context) (int64, error) {
	var n int64
	err := s.read(ctx, "count items", func(db bun.IDB) (err error) {
		n, err = db.NewSelect().Model((*itemRow)(nil)).Where(live).Count(ctx)
		return err
	})
	return n, err
}

// ItemByKey returns the item that has the key as its SKU, or else as its exact
// name; *engine.UnknownItemError when there is none. What its collections hold
// must not be changed.
func (s *Store) ItemByKey(ctx context.Context, key string) (engine.Item, error) {
	if known := s.current(ctx); known != nil {
		return known.byKey(key)
	}
	for _, column := range []string{"sku", "name"} {
		item, err := s.itemWhere(ctx, column, key)
		if err != nil {
			return engine.Item{}, err
		}
		if item != nil {
			return *item, nil
		}
	}
	return engine.Item{}, &engine.UnknownItemError{Key: key}
}

// itemWhere returns the one item whose unique column has the value, or nil.
func (s *Store) itemWhere(ctx context.Context, column, value string) (*engine.Item, error) {
	if textProblem(value) != "" {
		return nil, nil
	}
	var rows []itemRow
	err := s.read(ctx, "read item", func(db bun.IDB) (err error) {
		rows, err = selectItems(ctx, db, "AND ? = ?", bun.Ident(column), value)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].item(s.options.Currency)
}

// ItemsBySKU returns the items with the SKUs, all as they were at one instant.
// SKUs that no item has are absent from the map. There is no limit to their
// number, and naming one twice is the same as once.
func (s *Store) ItemsBySKU(ctx context.Context, skus []string) (map[string]*engine.Item, error) {
	var items map[string]*engine.Item
	keys := distinct(skus)
	read := func(ctx context.Context, db bun.IDB) (err error) {
		items, err = s.itemsBySKU(ctx, db, keys)
		return err
	}
	var err error
	if len(keys) <= batch { // one statement sees one instant by itself
		err = s.persist(ctx, func() error { return read(ctx, s.db.Reader) })
	} else {
		err = s.snapshot(ctx, "read items", func(ctx context.Context, tx bun.Tx) error { return read(ctx, tx) })
	}
	if err != nil {
		return nil, err
	}
	return items, nil
}

// itemsBySKU reads the items with the keys, which are distinct.
func (s *Store) itemsBySKU(ctx context.Context, db bun.IDB, keys []string) (map[string]*engine.Item, error) {
	rows, err := s.itemRows(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	items := make(map[string]*engine.Item, len(keys))
	for i := range rows {
		if items[rows[i].SKU], err = rows[i].item(s.options.Currency); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// itemRows reads the rows on sale with the keys, which are distinct.
func (s *Store) itemRows(ctx context.Context, db bun.IDB, keys []string) ([]itemRow, error) {
	var all []itemRow
	for part := range slices.Chunk(keys, batch) {
		rows, err := selectItems(ctx, db, "AND sku IN (?)", bun.List(part))
		if err != nil {
			return nil, failed("read items", err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// selectItems reads what an engine.Item is made of, from the rows on sale that
// the rest of the statement selects, which begins with AND or ORDER BY.
func selectItems(ctx context.Context, db bun.IDB, rest string, args ...any) ([]itemRow, error) {
	return scanItems(ctx, db, "WHERE "+live+" "+rest, args...)
}

// scanItems reads rows, deleted ones too. It scans by hand, which takes half the
// time of bun's models: every price and every purchase begins here.
func scanItems(ctx context.Context, db bun.IDB, rest string, args ...any) ([]itemRow, error) {
	found, err := db.QueryContext(ctx, "SELECT id, sku, COALESCE(deleted_name, name), currency, price, min_price, stock, "+
		"categories, brand, tags, attributes, revision, deleted_at IS NOT NULL FROM items "+rest, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows []itemRow
	for found.Next() {
		var r itemRow
		err := found.Scan(&r.ID, &r.SKU, &r.Name, &r.Currency, &r.Price, &r.MinPrice, &r.Stock,
			&r.Categories, &r.Brand, &r.Tags, &r.Attributes, &r.Revision, &r.Deleted)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

// CheckCurrency returns an error that says what to do when the catalogue has
// items that are not in the shop's currency, as happens when the configuration
// has been changed. Call it at start: reading such an item is an error.
func (s *Store) CheckCurrency(ctx context.Context) error {
	var strangers []struct {
		Currency string
		First    string
		Items    int
	}
	shop := s.options.Currency
	err := s.read(ctx, "check currency", func(db bun.IDB) error {
		return db.NewSelect().Model((*itemRow)(nil)).
			ColumnExpr("currency, min(sku) AS first, count(*) AS items").
			Where(live).Where("currency <> ?", shop.Code()).Group("currency").Order("currency").
			Scan(ctx, &strangers)
	})
	if err != nil || len(strangers) == 0 {
		return err
	}
	worst := strangers[0]
	cause := &CurrencyError{SKU: worst.First, Item: worst.Currency, Shop: shop}
	return fmt.Errorf("check currency: %w (items in %s: %d); set the currency to %s, or add the items again with prices in %s",
		cause, worst.Currency, worst.Items, worst.Currency, shop)
}

// distinct returns the keys that an item could have, sorted, each once.
func distinct(keys []string) []string {
	kept := make([]string, 0, len(keys))
	for _, key := range keys {
		if textProblem(key) == "" {
			kept = append(kept, key)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// keptText is a text that a method is given to keep.
type keptText struct {
	field, value string
	most         int // bytes
	needed       bool
}

// checkTexts returns an *InvalidError for the first of the texts that cannot be kept.
func checkTexts(texts []keptText) error {
	for _, t := range texts {
		problem := textProblem(t.value)
		switch {
		case problem != "":
		case t.needed && t.value == "":
			problem = "is empty"
		case len(t.value) > t.most:
			problem = fmt.Sprintf("has %d bytes; want at most %d", len(t.value), t.most)
		default:
			continue
		}
		return &InvalidError{Field: t.field, Problem: problem}
	}
	return nil
}

// textProblem says why not every database could store the text and give it
// back unchanged, "" when they can.
func textProblem(text string) string {
	switch {
	case strings.ContainsRune(text, 0):
		return "contains a NUL character"
	case !utf8.ValidString(text):
		return "is not valid UTF-8"
	default:
		return ""
	}
}
