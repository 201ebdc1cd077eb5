package engine

import (
	"maps"
	"slices"
	"strings"
)

// Item is a product of the catalogue. Items are read-only once handed to the
// engine and may be shared by any number of quotes.
type Item struct {
	// ID is the store's own number for the item, 0 when it was never stored.
	ID int64 `json:"id,omitempty"`
	// SKU identifies the item; case matters.
	SKU string `json:"sku"`
	// Name is the item's unique display name.
	Name string `json:"name"`
	// Price is the list price of one unit in the cart's currency.
	Price Amount `json:"price"`
	// Prices are list prices by currency. Where there are any, Price is not
	// looked at, and the item cannot be bought in other currencies.
	Prices map[Currency]Amount `json:"prices,omitempty"`
	// MinPrice is the floor that no promotion may go below, per unit. Gifts are
	// not bound by it.
	MinPrice Amount `json:"min_price,omitempty"`
	// MinPrices are the floors that go with Prices.
	MinPrices map[Currency]Amount `json:"min_prices,omitempty"`
	// Stock is the number of units that can be sold now.
	Stock int64 `json:"stock"`
	// Categories are paths such as "tv/oled"; the first is the main one.
	Categories []string `json:"categories,omitempty"`
	// Brand is the maker's name as the shop writes it.
	Brand string `json:"brand,omitempty"`
	// Tags are free labels.
	Tags []string `json:"tags,omitempty"`
	// Attributes are the shop's own facts about the item.
	Attributes Attributes `json:"attributes,omitempty"`
}

// MaxSKU is how many characters a SKU may have.
const MaxSKU = 64

// ValidSKU reports whether s can be a SKU: 1 to MaxSKU letters and digits of
// ASCII, dashes, underscores and dots.
func ValidSKU(s string) bool {
	if s == "" || len(s) > MaxSKU {
		return false
	}
	for i := range len(s) { // without a set of letters, which every line of every cart would pay for
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// Category returns the main category path, "" for an item without one.
func (i *Item) Category() string {
	if len(i.Categories) == 0 {
		return ""
	}
	return i.Categories[0]
}

// in returns the item with its price in the currency, and false where it has
// none.
func (i *Item) in(currency Currency) (*Item, bool) {
	if i.Prices == nil {
		return i, true
	}
	price, ok := i.Prices[currency]
	floor := i.MinPrices[currency]
	if price == i.Price && floor == i.MinPrice {
		return i, ok
	}
	priced := *i
	priced.Price, priced.MinPrice, priced.Prices = price, floor, nil
	return &priced, ok
}

// same reports whether both items are alike in all that an item set can read. The
// price comes first, because it is what versions of an item differ in.
func (i *Item) same(j *Item) bool {
	return i == j || i.Price == j.Price && i.SKU == j.SKU && i.Name == j.Name && i.Brand == j.Brand &&
		slices.Equal(i.Categories, j.Categories) && slices.Equal(i.Tags, j.Tags) &&
		maps.EqualFunc(i.Attributes, j.Attributes, Value.Equal)
}

// InCategory reports whether path names category or one of its
// sub-categories: "tv/oled" is in "tv", "tvs" is not. Only an item without a
// category is in "".
func InCategory(path, category string) bool {
	rest, found := strings.CutPrefix(path, category)
	return found && (rest == "" || category != "" && rest[0] == '/')
}

// Catalog finds the items that promotions name, such as gifts. Implementations
// must answer without blocking and, for one quote, without changing.
type Catalog interface {
	// Item returns the item with the SKU, or false.
	Item(sku string) (*Item, bool)
}

// CatalogMap is a Catalog in memory.
type CatalogMap map[string]*Item

// Item implements Catalog.
func (m CatalogMap) Item(sku string) (*Item, bool) {
	item, ok := m[sku]
	return item, ok
}

// NewCatalog returns a catalogue of the items; a later item replaces an earlier
// one with the same SKU.
func NewCatalog(items []Item) CatalogMap {
	m := make(CatalogMap, len(items))
	for i := range items {
		m[items[i].SKU] = &items[i]
	}
	return m
}
