package api

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/checkout-promotions/checkout/engine"
)

// maxName is how many characters a name may have.
const maxName = 200

// skusRequest is {"skus": [...]}.
type skusRequest struct {
	SKUs list[scalar] `json:"skus"`
}

// purchaseRequest is {"skus": [...], "expected_total": 49.99}, of which the total
// may be left out.
type purchaseRequest struct {
	SKUs     list[scalar] `json:"skus"`
	Expected scalar       `json:"expected_total"`
}

// itemsRequest is {"items": [...]}.
type itemsRequest struct {
	Items list[object[itemFields]] `json:"items"`
}

type itemFields struct {
	SKU   scalar `json:"sku"`
	Name  scalar `json:"name"`
	Price scalar `json:"price"`
	Stock scalar `json:"inventory_quantity"`
}

// check returns the SKUs as they were asked for.
func (r *skusRequest) check() ([]string, error) {
	var f faults
	skus := f.skus(r.SKUs)
	return skus, f.err()
}

// check returns the SKUs as they were asked for, and the total that the customer
// expects to pay, nil for none.
func (r *purchaseRequest) check(currency engine.Currency) (skus []string, expected *engine.Amount, err error) {
	var f faults
	if r.Expected.kind != 0 {
		total := f.price(path{field: "expected_total"}, r.Expected, currency)
		expected = &total
	}
	skus = f.skus(r.SKUs)
	return skus, expected, f.err()
}

// check returns the items, whose prices are in the currency.
func (r *itemsRequest) check(currency engine.Currency) ([]engine.Item, error) {
	var f faults
	checkList(&f, "items", r.Items)
	items := make([]engine.Item, len(r.Items.elements))
	indexes := make(map[string]int, len(items))
	for i, value := range r.Items.elements {
		at := path{list: "items", index: i}
		items[i] = f.item(at, value, currency)
		if first, twice := indexes[items[i].SKU]; twice && items[i].SKU != "" {
			f.add(at.member("sku"), fmt.Sprintf("the same as in items[%d]", first))
		} else {
			indexes[items[i].SKU] = i
		}
	}
	return items, f.err()
}

func checkList[T any](f *faults, name string, l list[T]) {
	at := path{field: name}
	if f.want(at, l.kind, jsontext.KindBeginArray) && len(l.elements) == 0 {
		f.add(at, "want at least one")
	}
}

func (f *faults) item(at path, value object[itemFields], currency engine.Currency) engine.Item {
	if !f.want(at, value.kind, jsontext.KindBeginObject) {
		return engine.Item{}
	}
	return engine.Item{
		SKU:   f.sku(at.member("sku"), value.fields.SKU),
		Name:  f.name(at.member("name"), value.fields.Name),
		Price: f.price(at.member("price"), value.fields.Price, currency),
		Stock: f.stock(at.member("inventory_quantity"), value.fields.Stock),
	}
}

func (f *faults) skus(values list[scalar]) []string {
	checkList(f, "skus", values)
	skus := make([]string, len(values.elements))
	for i, value := range values.elements {
		skus[i] = f.sku(path{list: "skus", index: i}, value)
	}
	return skus
}

func (f *faults) sku(at path, value scalar) string {
	switch sku := value.text; {
	case !f.want(at, value.kind, jsontext.KindString):
	case sku == "":
		f.add(at, "empty")
	case !engine.ValidSKU(sku):
		f.add(at, fmt.Sprintf(`want 1 to %d letters, digits, "-", "_" or "."`, engine.MaxSKU))
	default:
		return sku
	}
	return ""
}

func (f *faults) name(at path, value scalar) string {
	name := value.text
	if !f.want(at, value.kind, jsontext.KindString) {
		return name
	}
	if problem := nameProblem(name); problem != "" {
		f.add(at, problem)
	}
	return name
}

// nameProblem says what is wrong with the name of an item, "" for nothing.
func nameProblem(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "blank"
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("more than %d characters", maxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "has control characters"
	default:
		return ""
	}
}

// price reads the literal itself, so that no digit is lost or made up.
func (f *faults) price(at path, value scalar, currency engine.Currency) engine.Amount {
	if !f.want(at, value.kind, jsontext.KindNumber) {
		return 0
	}
	price, err := currency.Parse(value.text)
	switch {
	case err != nil:
		f.add(at, fmt.Sprintf("want at most %d digits after the point, and at most %s %s",
			currency.Digits(), currency.Format(engine.MaxAmount), currency))
	case price < 0:
		f.add(at, "want 0 or more")
	}
	return price
}

func (f *faults) stock(at path, value scalar) int64 {
	if !f.want(at, value.kind, jsontext.KindNumber) {
		return 0
	}
	stock, err := strconv.ParseInt(value.text, 10, 64)
	if err != nil || stock < 1 || stock > engine.MaxQuantity {
		f.add(at, fmt.Sprintf("want a whole number from 1 to %d", engine.MaxQuantity))
	}
	return stock
}
