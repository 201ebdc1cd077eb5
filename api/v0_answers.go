package api

import (
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// The answers of version 0, as they go out.

type priceAnswer struct {
	Items             []itemBasics    `json:"items"` // one for every unit
	Total             money           `json:"total"`
	TotalWithDiscount money           `json:"total_with_discount"`
	TotalGross        money           `json:"total_gross"`
	SKUList           listText        `json:"sku_list"`
	Currency          string          `json:"currency"`
	Ruleset           string          `json:"ruleset"`
	Lines             []lineAnswer    `json:"lines"`
	Promotions        []appliedAnswer `json:"promotions"`
	Gifts             []giftAnswer    `json:"gifts"`
	Failures          []failureAnswer `json:"plugin_failures,omitzero"`
}

// itemBasics is what version 0 knows of an item.
type itemBasics struct {
	Name  string `json:"name"`
	SKU   string `json:"sku"`
	Price money  `json:"price"`
	Stock int64  `json:"inventory_quantity"`
}

type lineAnswer struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	UnitPrice money  `json:"unit_price"`
	Subtotal  money  `json:"subtotal"`
	Discount  money  `json:"discount"`
	Total     money  `json:"total"`
}

type appliedAnswer struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Discount     money  `json:"discount"`
	Applications int64  `json:"applications"`
}

type giftAnswer struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int64  `json:"quantity"`
	Worth     money  `json:"worth"`
	Promotion string `json:"promotion"`
}

// failureAnswer is a promotion that is not applied because its plugin failed.
type failureAnswer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Fault string `json:"fault"`
}

type purchaseAnswer struct {
	Reference string `json:"order_reference"`
	sale
}

// priceChangedAnswer says what was expected, and what the units cost now.
type priceChangedAnswer struct {
	Error    string          `json:"error"`
	Expected money           `json:"expected_total"`
	Total    money           `json:"total"`
	Discount money           `json:"total_with_discount"`
	Lines    []lineAnswer    `json:"lines"`
	Applied  []appliedAnswer `json:"promotions"`
	Gifts    []giftAnswer    `json:"gifts"`
	Ruleset  string          `json:"ruleset"`
}

type orderAnswer struct {
	Reference string `json:"reference"`
	sale
}

// sale is an order but for its reference, which has two names.
type sale struct {
	Cost     money        `json:"cost"`
	Total    money        `json:"total"`
	Discount money        `json:"discount"`
	Currency string       `json:"currency"`
	SKUs     []string     `json:"skus"`
	SKUList  listText     `json:"sku_list"`
	Gifts    []giftAnswer `json:"gifts"`
	Ruleset  string       `json:"ruleset"`
	PlacedAt time.Time    `json:"placed_at"`
}

type itemsAnswer struct {
	Items []storedItem `json:"items"`
}

type storedItem struct {
	ID int64 `json:"id"`
	itemBasics
}

func newPriceAnswer(asked []string, items map[string]*engine.Item, q *engine.Quote) *priceAnswer {
	a := &priceAnswer{
		Items:             make([]itemBasics, len(asked)),
		Total:             money{q.Subtotal, q.Currency},
		TotalWithDiscount: money{q.Total, q.Currency},
		TotalGross:        money{q.Subtotal, q.Currency},
		SKUList:           asked,
		Currency:          q.Currency.Code(),
		Ruleset:           q.Ruleset,
		Lines:             newLines(q),
		Promotions:        newApplied(q),
		Gifts:             newGifts(q),
		Failures:          newFailures(q),
	}
	for i, sku := range asked {
		a.Items[i] = newBasics(items[sku], q.Currency)
	}
	return a
}

func newBasics(item *engine.Item, c engine.Currency) itemBasics {
	return itemBasics{item.Name, item.SKU, money{item.Price, c}, item.Stock}
}

func newLines(q *engine.Quote) []lineAnswer {
	lines := make([]lineAnswer, len(q.Lines))
	for i := range q.Lines {
		line := &q.Lines[i]
		lines[i] = lineAnswer{
			SKU:       line.SKU,
			Quantity:  line.Quantity,
			UnitPrice: money{line.UnitPrice, q.Currency},
			Subtotal:  money{line.Subtotal, q.Currency},
			Discount:  money{line.Discount, q.Currency},
			Total:     money{line.Total, q.Currency},
		}
	}
	return lines
}

// newApplied lists the applied promotions.
func newApplied(q *engine.Quote) []appliedAnswer {
	applied := make([]appliedAnswer, 0, len(q.Promotions))
	for i := range q.Promotions {
		if p := &q.Promotions[i]; p.Reason == engine.Applied {
			applied = append(applied, appliedAnswer{p.Promotion, p.Name, money{p.Discount, q.Currency}, p.Applications})
		}
	}
	return applied
}

// newFailures lists the promotions whose plugins failed, nil for none.
func newFailures(q *engine.Quote) []failureAnswer {
	var failures []failureAnswer
	for i := range q.Promotions {
		p := &q.Promotions[i]
		if p.Reason == engine.PluginFailed && p.Obstacle != nil {
			failures = append(failures, failureAnswer{p.Promotion, p.Name, string(p.Obstacle.Fault)})
		}
	}
	return failures
}

func newGifts(q *engine.Quote) []giftAnswer {
	gifts := make([]giftAnswer, len(q.Gifts))
	for i := range q.Gifts {
		gift := &q.Gifts[i]
		gifts[i] = giftAnswer{gift.SKU, gift.Name, gift.Quantity, money{gift.Worth, q.Currency}, gift.Promotion}
	}
	return gifts
}

func newSale(o *engine.Order) sale {
	q := &o.Quote
	return sale{
		Cost:     money{q.Total, q.Currency},
		Total:    money{q.Subtotal, q.Currency},
		Discount: money{q.Discount, q.Currency},
		Currency: q.Currency.Code(),
		SKUs:     o.SKUs,
		SKUList:  o.SKUs,
		Gifts:    newGifts(q),
		Ruleset:  q.Ruleset,
		PlacedAt: o.PlacedAt.UTC(),
	}
}

func newPriceChangedAnswer(e *engine.PriceChangedError) *priceChangedAnswer {
	q := &e.Quote
	return &priceChangedAnswer{
		Error:    e.Error(),
		Expected: money{e.Expected, q.Currency},
		Total:    money{q.Subtotal, q.Currency},
		Discount: money{q.Total, q.Currency},
		Lines:    newLines(q),
		Applied:  newApplied(q),
		Gifts:    newGifts(q),
		Ruleset:  q.Ruleset,
	}
}

func newItemsAnswer(stored []engine.Item, c engine.Currency) *itemsAnswer {
	items := make([]storedItem, len(stored))
	for i := range stored {
		items[i] = storedItem{stored[i].ID, newBasics(&stored[i], c)}
	}
	return &itemsAnswer{items}
}
