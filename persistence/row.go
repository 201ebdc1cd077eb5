package persistence

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// itemRow is a row of the table items. Lists and attributes are JSON text, and
// strings to bun, because bun's own JSON columns lose "\u0000".
type itemRow struct {
	bun.BaseModel `bun:"table:items,alias:i"`

	ID         int64  `bun:"id,pk,autoincrement"`
	SKU        string `bun:"sku"`
	Name       string `bun:"name"`
	Currency   string `bun:"currency"`
	Price      int64  `bun:"price"`
	MinPrice   int64  `bun:"min_price"`
	Stock      int64  `bun:"stock"`
	Categories string `bun:"categories"`
	Brand      string `bun:"brand"`
	Tags       string `bun:"tags"`
	Attributes string `bun:"attributes"`
	// Revision counts the states of everything but the stock.
	Revision int64 `bun:"revision,nullzero,default:1"`
	// Sales change neither of these; only an upsert does.
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
	// Deleted is what scanItems reads of deleted_at.
	Deleted bool `bun:"-"`
}

const (
	emptyList   = "[]"
	emptyObject = "{}"
)

func newItemRow(item *engine.Item, currency engine.Currency, at time.Time) (itemRow, error) {
	categories, err := encode(item.Categories, len(item.Categories), emptyList)
	if err != nil {
		return itemRow{}, err
	}
	tags, err := encode(item.Tags, len(item.Tags), emptyList)
	if err != nil {
		return itemRow{}, err
	}
	attributes, err := encode(item.Attributes, len(item.Attributes), emptyObject)
	if err != nil {
		return itemRow{}, err
	}
	return itemRow{
		SKU: item.SKU, Name: item.Name, Currency: currency.Code(),
		Price: int64(item.Price), MinPrice: int64(item.MinPrice), Stock: item.Stock,
		Categories: categories, Brand: item.Brand, Tags: tags, Attributes: attributes,
		CreatedAt: at, UpdatedAt: at,
	}, nil
}

// item returns the row as the engine sees it, a *CurrencyError when its amounts
// are not in the shop's currency.
func (r *itemRow) item(shop engine.Currency) (*engine.Item, error) {
	if r.Currency != shop.Code() {
		return nil, &CurrencyError{SKU: r.SKU, Item: r.Currency, Shop: shop}
	}
	item := &engine.Item{
		ID: r.ID, SKU: r.SKU, Name: r.Name, Brand: r.Brand, Stock: r.Stock,
		Price: engine.Amount(r.Price), MinPrice: engine.Amount(r.MinPrice),
	}
	for _, field := range []struct {
		name, text string
		into       any
	}{
		{"categories", r.Categories, &item.Categories},
		{"tags", r.Tags, &item.Tags},
		{"attributes", r.Attributes, &item.Attributes},
	} {
		if err := decode(field.text, field.into); err != nil {
			return nil, fmt.Errorf("read item %s: column %s: %w", r.SKU, field.name, err)
		}
	}
	return item, nil
}

// encode returns the JSON text of a collection of n elements. Nil and empty are
// the same, and so are they when they are read back.
func encode(collection any, n int, empty string) (string, error) {
	if n == 0 {
		return empty, nil
	}
	text, err := json.Marshal(collection)
	return string(text), err
}

func decode(text string, into any) error {
	if text == emptyList || text == emptyObject {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}
