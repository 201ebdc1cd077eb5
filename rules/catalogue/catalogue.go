// Package catalogue reads items of a shop from YAML (or JSON, which is YAML):
// the inventory a server starts with, and the catalogue of a rule test.
//
//	items:
//	  - {sku: 120P90, name: Google TV, price: 49.99, stock: 10, category: tv}
//	  - sku: 43N23P
//	    name: MacBook Pro
//	    price: 5399.99
//	    stock: 5
//	    categories: [computers/laptops, apple]
//	    brand: Apple
//	    tags: [new]
//	    attributes: {screen: 14, refurbished: false}
//	    min_price: 4999
//	  - {sku: 234234, name: Raspberry Pi B, price: {USD: 30, EUR: 27.50}}
//
// A price, and a min_price, is in the shop's currency, or there is one for each
// currency, the shop's among them. Without a min_price of its own a currency has
// no floor.
//
// A Reader reads the same items one by one from CSV or from JSON Lines, for
// catalogues too large for one value in memory, and a Writer writes them so that
// they are read back as they were. All of them use one definition of an item.
//
//	sku,name,price,stock,categories,attributes.screen,attributes.code
//	43N23P,MacBook Pro,5399.99,5,computers/laptops;apple,14,"""007"""
//
// In CSV a list is separated by semicolons; a backslash before a semicolon or
// another backslash makes it part of a text, and a lone backslash is one empty
// text. An attribute is read as JSON where it is JSON, and else as a text. What a
// file does not say of an item, by a column or a key that is not there, does not
// change: see Record.Over. An empty cell is an empty value.
//
// Reading is strict: unknown keys, prices with too many digits and SKUs or names
// given twice are faults with their place, all at once.
package catalogue

import (
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Plenty is the stock of an item that does not say how many there are.
const Plenty int64 = 1_000_000

// Parse reads a file with the key items. The error is a diag.List.
func Parse(name string, data []byte, currency engine.Currency) ([]engine.Item, error) {
	doc := syntax.Parse(name, data)
	items := Items(doc.Root().Map("items").Require("items"), currency)
	if err := doc.Faults().Err(); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, diag.List{{Code: diag.NothingToLoad, File: name, Message: "no items", Hint: "list them under the key items"}}
	}
	return items, nil
}

// Items reads a list of items. Faults are reported to the value's document.
func Items(v syntax.Value, currency engine.Currency) []engine.Item {
	var items []engine.Item
	seen := NewSeen()
	for _, entry := range v.Items() {
		m := entry.Map(Keys()...)
		item := readItem(m, currency)
		seen.add(m, item.SKU, item.Name)
		items = append(items, item)
	}
	return items
}

// Keys returns what an item can have.
func Keys() []string {
	return []string{"sku", "name", "price", "min_price", "stock", "category", "categories", "brand", "tags", "attributes"}
}

// Seen are the SKUs and names that were read so far. It takes as much memory as
// they do.
type Seen struct{ skus, names map[string]bool }

// NewSeen returns a Seen of nothing.
func NewSeen() *Seen { return &Seen{skus: make(map[string]bool), names: make(map[string]bool)} }

// HasSKU reports whether an item with the SKU was read.
func (s *Seen) HasSKU(sku string) bool { return s.skus[sku] }

// add reports an item whose SKU or name was seen before.
func (s *Seen) add(m syntax.Map, sku, name string) {
	switch {
	case sku == "":
	case s.skus[sku]:
		m.Get("sku").Report(diag.Duplicate, "", "the SKU %s is given twice", sku)
	case s.names[name]:
		m.Report(diag.Duplicate, "", "the name %q is given twice", name)
	}
	s.skus[sku], s.names[name] = true, true
}

func readItem(m syntax.Map, currency engine.Currency) engine.Item {
	item := engine.Item{
		SKU:        readSKU(m.Require("sku")),
		Stock:      stock(m.Get("stock")),
		Brand:      text(m.Get("brand")),
		Tags:       texts(m.Get("tags")),
		Attributes: Attributes(m.Get("attributes")),
	}
	item.Price, item.Prices = prices(m.Require("price"), currency)
	item.MinPrice, item.MinPrices = prices(m.Get("min_price"), currency)
	switch {
	case item.MinPrices != nil && item.Prices == nil:
		m.Get("min_price").Report(diag.WrongValue, "give the price for each currency too", "a floor for each currency needs prices for each")
	case item.Prices != nil && item.MinPrices == nil && item.MinPrice > 0:
		item.MinPrices = map[engine.Currency]engine.Amount{currency: item.MinPrice}
	}
	item.Name = item.SKU
	if name, ok := m.Get("name").WantText(); ok {
		item.Name = name
		if name == "" {
			m.Get("name").Report(diag.WrongValue, "leave the key out for an item that is called by its SKU", "the name is empty")
		}
	}
	if m.Has("category") {
		item.Categories = []string{strings.Trim(text(m.Get("category")), "/")}
	}
	item.Categories = append(item.Categories, texts(m.Get("categories"))...)
	return item
}

func readSKU(v syntax.Value) string {
	sku, ok := v.WantText()
	if ok && !engine.ValidSKU(sku) {
		v.Report(diag.WrongValue, "a SKU has 1 to 64 letters, digits, -, _ and .", "%.70q is no SKU", sku)
	}
	return sku
}

// Amount reads an amount of money that is not negative; an absent one is 0.
func Amount(v syntax.Value, currency engine.Currency) engine.Amount {
	text, ok := v.WantText()
	if !ok {
		return 0
	}
	a, err := currency.Parse(text)
	switch {
	case err != nil:
		v.Report(diag.WrongValue, "", "%v", err)
	case a < 0:
		v.Report(diag.OutOfRange, "", "an amount cannot be negative")
	}
	return a
}

// prices reads a price in the shop's currency, or one for each currency: {USD:
// 10, EUR: 9}.
func prices(v syntax.Value, shop engine.Currency) (engine.Amount, map[engine.Currency]engine.Amount) {
	if v.Kind() != syntax.Mapping {
		return Amount(v, shop), nil
	}
	byCurrency := make(map[engine.Currency]engine.Amount)
	for _, e := range v.Entries() {
		currency, err := engine.ParseCurrency(e.Name)
		if err != nil {
			e.Key.Report(diag.WrongValue, "use an ISO 4217 code of three capital letters, such as USD", "%.40q is no currency", e.Name)
			continue
		}
		byCurrency[currency] = Amount(e.Value, currency)
	}
	if _, ok := byCurrency[shop]; !ok {
		v.Report(diag.MissingKey, "", "the price in %s, the shop's currency, is missing", shop)
	}
	return byCurrency[shop], byCurrency
}

func stock(v syntax.Value) int64 {
	text, ok := v.WantText()
	if !ok {
		return Plenty
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > engine.MaxQuantity {
		v.Report(diag.WrongValue, "", "stock wants a whole number from 0 to %d, got %.40q", engine.MaxQuantity, text)
	}
	return n
}

// text reads a text, which nothing is "" of.
func text(v syntax.Value) string {
	if v.Kind() == syntax.Null {
		return ""
	}
	read, _ := v.WantText()
	return read
}

func texts(v syntax.Value) []string {
	var list []string
	for _, t := range v.Texts() {
		list = append(list, t.Text())
	}
	return list
}

// Attributes reads facts of the shop's own: texts, numbers, true, false and
// lists of texts. Quotes make a number a text.
func Attributes(v syntax.Value) engine.Attributes {
	attributes := make(engine.Attributes)
	for _, e := range v.Entries() {
		attributes[e.Name] = attribute(e.Value)
	}
	return attributes
}

func attribute(v syntax.Value) engine.Value {
	switch {
	case v.Kind() == syntax.Sequence:
		return engine.TextsValue(texts(v))
	case v.Kind() == syntax.Mapping:
		v.Report(diag.WrongValue, "", "want a text, a number, true, false or a list of texts")
		return engine.Value{}
	case v.Kind() != syntax.Scalar:
		return engine.Value{}
	case v.Quoted():
		return engine.TextValue(v.Text())
	case v.Text() == "true" || v.Text() == "false":
		return engine.BoolValue(v.Text() == "true")
	}
	if d, err := engine.ParseDecimal(v.Text()); err == nil {
		return engine.NumberValue(d)
	}
	return engine.TextValue(v.Text())
}
