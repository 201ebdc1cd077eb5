package api

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/engine"
)

const (
	maxSKUs  = 100_000       // entries of one request
	maxSKU   = 64            // characters
	maxName  = 200           // characters
	maxStock = 1_000_000_000 // units
)

// decodeSKUs reads {"skus": [...]}.
func decodeSKUs(body string) ([]string, error) {
	var f faults
	list := f.list(body, "skus")
	skus := make([]string, 0, min(strings.Count(list, ",")+1, maxSKUs))
	for i, value := range elements(list) {
		at := path{list: "skus", index: i}
		if i == maxSKUs {
			f.add(path{field: "skus"}, fmt.Sprintf("more than %d entries", maxSKUs))
			break
		}
		skus = append(skus, f.sku(at, value))
	}
	return skus, f.err()
}

// decodeItems reads {"items": [...]}.
func decodeItems(body string, currency engine.Currency) ([]engine.Item, error) {
	var f faults
	var items []engine.Item
	indexes := make(map[string]int)
	for i, value := range elements(f.list(body, "items")) {
		at := path{list: "items", index: i}
		item := f.item(at, value, currency)
		if first, twice := indexes[item.SKU]; twice && item.SKU != "" {
			f.add(at.member("sku"), fmt.Sprintf("the same as in items[%d]", first))
		} else {
			indexes[item.SKU] = i
		}
		items = append(items, item)
	}
	return items, f.err()
}

func (f *faults) item(at path, value string, currency engine.Currency) engine.Item {
	fields, ok := f.object(at, value, "sku", "name", "price", "inventory_quantity")
	if !ok {
		return engine.Item{}
	}
	return engine.Item{
		SKU:   strings.Clone(f.sku(at.member("sku"), fields[0])),
		Name:  strings.Clone(f.name(at.member("name"), fields[1])),
		Price: f.price(at.member("price"), fields[2], currency),
		Stock: f.stock(at.member("inventory_quantity"), fields[3]),
	}
}

func (f *faults) sku(at path, value string) string {
	sku, ok := f.text(at, value)
	switch {
	case !ok:
		return ""
	case sku == "":
		f.add(at, "empty")
	case len(sku) > maxSKU || strings.ContainsFunc(sku, notInSKU):
		f.add(at, fmt.Sprintf(`want 1 to %d letters, digits, "-", "_" or "."`, maxSKU))
		return ""
	}
	return sku
}

func notInSKU(r rune) bool {
	lower := r | 0x20
	return (lower < 'a' || lower > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

func (f *faults) name(at path, value string) string {
	name, ok := f.text(at, value)
	switch {
	case !ok:
	case strings.TrimSpace(name) == "":
		f.add(at, "blank")
	case utf8.RuneCountInString(name) > maxName:
		f.add(at, fmt.Sprintf("more than %d characters", maxName))
	case strings.ContainsFunc(name, unicode.IsControl):
		f.add(at, "has control characters")
	}
	return name
}

// price reads the literal itself, so that no digit is lost or made up.
func (f *faults) price(at path, value string, currency engine.Currency) engine.Amount {
	digits, ok := f.number(at, value)
	if !ok {
		return 0
	}
	price, err := currency.Parse(digits)
	switch {
	case err != nil:
		f.add(at, fmt.Sprintf("want at most %d digits after the point, and at most %s %s",
			currency.Digits(), currency.Format(engine.MaxAmount), currency))
	case price < 0:
		f.add(at, "want 0 or more")
	}
	return price
}

func (f *faults) stock(at path, value string) int64 {
	digits, ok := f.number(at, value)
	if !ok {
		return 0
	}
	stock, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || stock < 1 || stock > maxStock {
		f.add(at, fmt.Sprintf("want a whole number from 1 to %d", maxStock))
	}
	return stock
}
