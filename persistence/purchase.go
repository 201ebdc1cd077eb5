package persistence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// MaxUnits is the number of units, gifts included, that one order may hold.
const MaxUnits = 100_000

// Purchase sells the units that skus lists, and the gifts that come with them,
// and returns the order. A SKU that is listed again is a further unit. All of
// it is one transaction: it reads the items, asks price what they cost, takes
// every unit from stock, and stores the order with its quote.
//
// Price is given the items by SKU, both those of skus and those of extra, which
// are the items that promotions may add; an extra SKU that no item has is
// absent. It must be a pure function of the items, because it runs while other
// purchases wait and may be called again; it must not call the store. The quote
// must be for exactly the units of skus, in the shop's currency, as Price of an
// engine.Ruleset makes it. An error of price ends the purchase and is returned
// as it is.
//
// A SKU that no item has is an *engine.UnknownItemError, one of which fewer
// units are left than lines and gifts need an *engine.OutOfStockError, and no
// units at all, or more than MaxUnits, an *engine.CartError. After any error
// nothing has changed.
func (s *Store) Purchase(
	ctx context.Context, skus, extra []string,
	price func(items map[string]*engine.Item) (engine.Quote, error),
) (engine.Order, error) {
	if err := checkUnits(len(skus)); err != nil {
		return engine.Order{}, err
	}
	var order engine.Order
	keys := distinct(slices.Concat(skus, extra))
	err := once(ctx, s, "purchase", &order, func(ctx context.Context, tx bun.Tx) error {
		items, err := s.itemsBySKU(ctx, tx, keys)
		if err != nil {
			return err
		}
		if err := allKnown(skus, items); err != nil {
			return err
		}
		quote, err := price(items)
		if err != nil {
			return err
		}
		order, err = s.sell(ctx, tx, skus, quote)
		return err
	})
	if err != nil {
		return engine.Order{}, err
	}
	return order, nil
}

func checkUnits(n int) error {
	switch {
	case n == 0:
		return &engine.CartError{Field: "skus", Problem: "a purchase is of one unit or more"}
	case n > MaxUnits:
		return &engine.CartError{Field: "skus", Problem: fmt.Sprintf("too many units: an order holds at most %d, gifts included", MaxUnits)}
	default:
		return nil
	}
}

func allKnown(skus []string, items map[string]*engine.Item) error {
	for _, sku := range skus {
		if items[sku] == nil {
			return &engine.UnknownItemError{Key: sku}
		}
	}
	return nil
}

// sell takes the units and the quote's gifts from stock and stores the order.
func (s *Store) sell(ctx context.Context, tx bun.Tx, skus []string, quote engine.Quote) (engine.Order, error) {
	units, gifts, err := s.unitsOf(skus, &quote)
	if err != nil {
		return engine.Order{}, err
	}
	order := engine.Order{
		Reference: s.options.NewReference(),
		SKUs:      slices.Concat(skus, gifts),
		Quote:     quote,
		PlacedAt:  s.now(),
	}
	if err := s.takeStock(ctx, tx, units, gifts, order.Reference); err != nil {
		return engine.Order{}, err
	}
	if err := insertOrder(ctx, tx, &order, len(skus)); err != nil {
		return engine.Order{}, err
	}
	return order, s.emitSale(ctx, tx, &order, units)
}

// unitsOf returns how many units of each SKU leave the stock, and the gifts unit
// by unit. It refuses a quote that tells another story than the purchase: order,
// cost and stock must agree.
func (s *Store) unitsOf(skus []string, quote *engine.Quote) (units map[string]int64, gifts []string, err error) {
	if units, err = s.checkQuote(skus, quote); err != nil {
		return nil, nil, err
	}
	total := int64(len(skus))
	for _, gift := range quote.Gifts {
		if gift.Quantity < 1 {
			return nil, nil, fmt.Errorf("check quote: %d units of gift %s", gift.Quantity, gift.SKU)
		}
		if gift.Quantity > MaxUnits-total {
			return nil, nil, checkUnits(MaxUnits + 1)
		}
		total += gift.Quantity
		units[gift.SKU] += gift.Quantity
		gifts = append(gifts, slices.Repeat([]string{gift.SKU}, int(gift.Quantity))...)
	}
	return units, gifts, nil
}

// checkQuote returns how many units of each SKU were bought, and refuses a quote
// that is not for them.
func (s *Store) checkQuote(skus []string, quote *engine.Quote) (map[string]int64, error) {
	units := make(map[string]int64, len(quote.Lines))
	for _, sku := range skus {
		units[sku]++
	}
	quoted := make(map[string]int64, len(quote.Lines))
	for _, line := range quote.Lines {
		quoted[line.SKU] += line.Quantity
	}
	switch shop := s.options.Currency; {
	case quote.Currency != shop:
		return nil, fmt.Errorf("check quote: it is in %s, the shop's is %s", cmp.Or(quote.Currency.Code(), "no currency"), shop)
	case quote.Total < 0:
		return nil, fmt.Errorf("check quote: its total is %d smallest units", quote.Total)
	case !maps.Equal(units, quoted):
		return nil, errors.New("check quote: its lines are not the units of the purchase")
	default:
		return units, nil
	}
}

// takeStock takes the units, of which some are gifts, from the stock and records
// that. Rows are always changed in the order of their SKUs, so that two purchases
// cannot wait for each other.
func (s *Store) takeStock(ctx context.Context, tx bun.Tx, units map[string]int64, gifts []string, order string) error {
	given := make(map[string]int64)
	for _, sku := range gifts {
		given[sku]++
	}
	moved := make([]movement, 0, len(units)+len(given))
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		left, err := addStock(ctx, tx, sku, -units[sku])
		if err != nil {
			return err
		}
		moved = append(moved,
			movement{SKU: sku, Delta: given[sku] - units[sku], StockAfter: left + given[sku], Reason: ReasonSale, Order: order},
			movement{SKU: sku, Delta: -given[sku], StockAfter: left, Reason: ReasonGift, Order: order})
	}
	return s.recordMovements(ctx, tx, moved...)
}

// insertOrder stores the order, of whose SKUs the first bought are not gifts.
func insertOrder(ctx context.Context, tx bun.Tx, order *engine.Order, bought int) error {
	quote, err := json.Marshal(order.Quote)
	if err != nil {
		return fmt.Errorf("encode quote: %w", err)
	}
	row := orderRow{
		Reference: order.Reference,
		Currency:  order.Quote.Currency.Code(),
		Cost:      int64(order.Quote.Total),
		Ruleset:   order.Quote.Ruleset,
		Quote:     string(quote),
		PlacedAt:  order.PlacedAt,
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return failed("insert order", err)
	}
	for part := range slices.Chunk(orderLines(row.ID, order.SKUs, bought), batch) {
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return failed("insert order lines", err)
		}
	}
	return nil
}
