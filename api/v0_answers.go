package api

import (
	"strconv"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// The answers of version 0, as they go out.

// appendPrice writes the quote of the asked units.
func appendPrice(b []byte, asked []string, items map[string]*engine.Item, q *engine.Quote) []byte {
	b = append(b, `{"items":[`...)
	for i, sku := range asked {
		b = append(appendComma(b, i), '{')
		b = append(appendBasics(b, items[sku], q.Currency), '}')
	}
	b = appendMoney(append(b, `],"total":`...), q.Currency, q.Subtotal)
	b = appendMoney(append(b, `,"total_with_discount":`...), q.Currency, q.Total)
	b = appendMoney(append(b, `,"total_gross":`...), q.Currency, q.Subtotal)
	b = appendSKUList(append(b, `,"sku_list":`...), asked)
	b = appendQuoted(append(b, `,"currency":`...), q.Currency.Code())
	b = appendQuoted(append(b, `,"ruleset":`...), q.Ruleset)
	b = appendLines(append(b, `,"lines":`...), q)
	b = appendPromotions(append(b, `,"promotions":`...), q)
	b = appendGifts(append(b, `,"gifts":`...), q)
	return append(b, '}')
}

// appendBasics writes what version 0 knows of an item, as members.
func appendBasics(b []byte, item *engine.Item, c engine.Currency) []byte {
	b = appendQuoted(append(b, `"name":`...), item.Name)
	b = appendQuoted(append(b, `,"sku":`...), item.SKU)
	b = appendMoney(append(b, `,"price":`...), c, item.Price)
	return strconv.AppendInt(append(b, `,"inventory_quantity":`...), item.Stock, 10)
}

// appendSKUList writes the SKUs as JSON text inside of a text.
func appendSKUList(b []byte, skus []string) []byte {
	list := make([]byte, 0, 16*len(skus)+2) // SKUs are short
	return appendQuoted(b, string(appendTexts(list, skus)))
}

func appendLines(b []byte, q *engine.Quote) []byte {
	b = append(b, '[')
	for i := range q.Lines {
		line := &q.Lines[i]
		b = appendQuoted(append(appendComma(b, i), `{"sku":`...), line.SKU)
		b = strconv.AppendInt(append(b, `,"quantity":`...), line.Quantity, 10)
		b = appendMoney(append(b, `,"unit_price":`...), q.Currency, line.UnitPrice)
		b = appendMoney(append(b, `,"subtotal":`...), q.Currency, line.Subtotal)
		b = appendMoney(append(b, `,"discount":`...), q.Currency, line.Discount)
		b = append(appendMoney(append(b, `,"total":`...), q.Currency, line.Total), '}')
	}
	return append(b, ']')
}

// appendPromotions writes the applied promotions, which is all that a quote
// without explanation has.
func appendPromotions(b []byte, q *engine.Quote) []byte {
	b = append(b, '[')
	for i := range q.Promotions {
		applied := &q.Promotions[i]
		b = appendQuoted(append(appendComma(b, i), `{"id":`...), applied.Promotion)
		b = appendQuoted(append(b, `,"name":`...), applied.Name)
		b = appendMoney(append(b, `,"discount":`...), q.Currency, applied.Discount)
		b = append(strconv.AppendInt(append(b, `,"applications":`...), applied.Applications, 10), '}')
	}
	return append(b, ']')
}

func appendGifts(b []byte, q *engine.Quote) []byte {
	b = append(b, '[')
	for i := range q.Gifts {
		gift := &q.Gifts[i]
		b = appendQuoted(append(appendComma(b, i), `{"sku":`...), gift.SKU)
		b = appendQuoted(append(b, `,"name":`...), gift.Name)
		b = strconv.AppendInt(append(b, `,"quantity":`...), gift.Quantity, 10)
		b = appendMoney(append(b, `,"worth":`...), q.Currency, gift.Worth)
		b = append(appendQuoted(append(b, `,"promotion":`...), gift.Promotion), '}')
	}
	return append(b, ']')
}

// appendOrder writes the rest of an object that begins with the name under
// which the reference goes out.
func appendOrder(b []byte, o *engine.Order) []byte {
	q := &o.Quote
	b = appendQuoted(b, o.Reference)
	b = appendMoney(append(b, `,"cost":`...), q.Currency, q.Total)
	b = appendMoney(append(b, `,"total":`...), q.Currency, q.Subtotal)
	b = appendMoney(append(b, `,"discount":`...), q.Currency, q.Discount)
	b = appendQuoted(append(b, `,"currency":`...), q.Currency.Code())
	b = appendTexts(append(b, `,"skus":`...), o.SKUs)
	b = appendSKUList(append(b, `,"sku_list":`...), o.SKUs)
	b = appendGifts(append(b, `,"gifts":`...), q)
	b = appendQuoted(append(b, `,"ruleset":`...), q.Ruleset)
	b = append(b, `,"placed_at":"`...)
	return append(o.PlacedAt.UTC().AppendFormat(b, time.RFC3339Nano), `"}`...)
}
