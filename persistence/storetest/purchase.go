package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

const (
	tv, macbook, speaker, pi = "120P90", "43N23P", "A304SD", "234234"
)

func purchaseCases() []testCase {
	return []testCase{
		{"a purchase takes every unit from stock, a repeated SKU as a further unit", func(s *shop) {
			s.stock()
			order := s.sold(tv, speaker, tv, tv)
			s.equal("SKUs", order.SKUs, []string{tv, speaker, tv, tv})
			s.equal("cost", order.Quote.Total, engine.Amount(3*4999+10950))
			s.leaves(map[string]int64{tv: 7, speaker: 9, macbook: 5, pi: 2})
		}},
		{"all of the stock can be bought in one order", func(s *shop) {
			s.stock()
			s.sold(slices.Repeat([]string{tv}, 10)...)
			s.leaves(map[string]int64{tv: 0})
		}},
		{"the reference is a UUID of version 7, the instant UTC in whole microseconds", testOrderIdentity},
		{"a SKU that no item has is refused before pricing and nothing changes", testUnknownSKUs},
		{"more units than are left are refused as a whole and nothing changes", func(s *shop) {
			s.stock()
			s.sold(tv)
			unchanged := s.unchanged()
			_, err := s.buy(append(slices.Repeat([]string{tv}, 10), speaker)...)
			s.refused(err, &engine.OutOfStockError{SKU: tv, Requested: 10, Available: 9})
			unchanged()
		}},
		{"an item without stock is refused", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Price: 1})
			_, err := s.buy("A")
			s.refused(err, &engine.OutOfStockError{SKU: "A", Requested: 1, Available: 0})
		}},
		{"an error of pricing ends the purchase as it is and nothing changes", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			want := errors.New("too dear")
			_, err := s.purchase(s.ctx, []string{tv}, nil, func(map[string]*engine.Item) (engine.Quote, error) {
				return engine.Quote{}, want
			})
			if err != want {
				s.t.Errorf("got error %v, want that of pricing", err)
			}
			unchanged()
		}},
		{"a panic of pricing changes nothing and leaves the store usable", testPricingPanics},
		{"pricing is given the items of the cart and the extra ones, the rest is absent", func(s *shop) {
			stored := s.stock()
			var given map[string]*engine.Item
			skus := []string{tv, tv}
			_, err := s.purchase(s.ctx, skus, []string{pi, "nope", tv}, func(items map[string]*engine.Item) (engine.Quote, error) {
				given = maps.Clone(items)
				return listPrice(s.Currency(), skus)(items)
			})
			s.check(err)
			s.equal("items", given, map[string]*engine.Item{tv: &stored[0], pi: &stored[3]})
		}},
		{"gifts leave the stock with the order, after the units that were bought", func(s *shop) {
			s.stock()
			order := s.soldWithGifts(macbook, tv, macbook)
			s.equal("SKUs", order.SKUs, []string{macbook, tv, macbook, pi, pi})
			s.equal("order read again", s.orders(), []engine.Order{order})
			s.leaves(map[string]int64{macbook: 3, tv: 9, pi: 0})
		}},
		{"a gift in the cart is a paid unit, and the gift one more", func(s *shop) {
			s.stock()
			order := s.soldWithGifts(pi, macbook)
			s.equal("SKUs", order.SKUs, []string{pi, macbook, pi})
			s.leaves(map[string]int64{macbook: 4, pi: 0})
		}},
		{"a gift that the stock does not have is not sold", testMissingGift},
		{"a gift that no item has is refused and nothing changes", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			_, err := s.buyAnd(engine.Gift{SKU: "nope", Quantity: 1}, tv)
			s.refused(err, &engine.UnknownItemError{Key: "nope"})
			unchanged()
		}},
		{"a quote for other units, another currency or no gift at all is refused", testWrongQuotes},
		{"an order holds one unit or more, and not more than the limit, gifts included", testUnitLimits},
		{"forty thousand units of six hundred items are one order", testBigOrder},
	}
}

// leaves demands that the items have the stock.
func (s *shop) leaves(stock map[string]int64) {
	s.t.Helper()
	for _, sku := range slices.Sorted(maps.Keys(stock)) {
		s.equal("stock of "+sku, s.item(sku).Stock, stock[sku])
	}
}

// soldWithGifts buys the units; every MacBook brings a Pi.
func (s *shop) soldWithGifts(skus ...string) engine.Order {
	s.t.Helper()
	order, err := s.purchase(s.ctx, skus, []string{pi}, withGifts(s.Currency(), skus, map[string]string{macbook: pi}))
	s.check(err)
	return order
}

// buyAnd buys the units at list price and adds the gift, sensible or not.
func (s *shop) buyAnd(gift engine.Gift, skus ...string) (engine.Order, error) {
	return s.purchase(s.ctx, skus, []string{gift.SKU}, func(items map[string]*engine.Item) (engine.Quote, error) {
		quote, err := listPrice(s.Currency(), skus)(items)
		quote.Gifts = append(quote.Gifts, gift)
		return quote, err
	})
}

func testOrderIdentity(s *shop) {
	s.stock()
	before := time.Now().Add(-time.Microsecond)
	order := s.sold(tv)
	after := time.Now()
	id, err := uuid.Parse(order.Reference)
	s.check(err)
	s.equal("version", id.Version().String(), "VERSION_7")
	s.equal("instant", order.PlacedAt, order.PlacedAt.UTC().Truncate(time.Microsecond))
	s.equal("location", order.PlacedAt.Location().String(), "UTC")
	if order.PlacedAt.Before(before) || order.PlacedAt.After(after) {
		s.t.Errorf("got instant %v, want one from %v to %v", order.PlacedAt, before, after)
	}
	if again := s.sold(tv); again.Reference <= order.Reference {
		s.t.Errorf("got reference %s after %s, want a later one", again.Reference, order.Reference)
	}
}

func testUnknownSKUs(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	for _, sku := range []string{"nope", "Google TV", "", "120p90", "120P90\x00", "\xff"} {
		_, err := s.purchase(s.ctx, []string{tv, sku, "later"}, nil, func(map[string]*engine.Item) (engine.Quote, error) {
			s.t.Errorf("got a call of price, want none")
			return engine.Quote{}, nil
		})
		s.refused(err, &engine.UnknownItemError{Key: sku})
	}
	unchanged()
}

func testPricingPanics(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	func() {
		defer func() { s.equal("panic", recover(), "boom") }()
		_, _ = s.purchase(s.ctx, []string{tv}, nil, func(map[string]*engine.Item) (engine.Quote, error) { panic("boom") })
	}()
	unchanged()
	s.sold(tv)
}

func testMissingGift(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	_, err := s.buyAnd(engine.Gift{SKU: pi, Quantity: 3}, tv)
	s.refused(err, &engine.OutOfStockError{SKU: pi, Requested: 3, Available: 2})
	_, err = s.buyAnd(engine.Gift{SKU: pi, Quantity: 1}, pi, pi)
	s.refused(err, &engine.OutOfStockError{SKU: pi, Requested: 3, Available: 2})
	unchanged()
	s.soldWithGifts(macbook, macbook)
	s.equal("gifts of the third MacBook", s.soldWithGifts(macbook).SKUs, []string{macbook})
}

func testWrongQuotes(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	usd := s.Currency()
	line := func(sku string, n int64) engine.QuoteLine { return engine.QuoteLine{SKU: sku, Quantity: n} }
	for _, c := range []struct {
		quote engine.Quote
		want  string
	}{
		{engine.Quote{Currency: usd, Lines: []engine.QuoteLine{line(tv, 1)}}, "check quote: its lines are not the units of the purchase"},
		{engine.Quote{Currency: usd, Lines: []engine.QuoteLine{line(tv, 2), line(pi, 1)}}, "check quote: its lines are not the units of the purchase"},
		{engine.Quote{Currency: usd}, "check quote: its lines are not the units of the purchase"},
		{engine.Quote{Lines: []engine.QuoteLine{line(tv, 2)}}, "check quote: it is in no currency, the shop's is USD"},
		{engine.Quote{Currency: currency(s.t, "EUR"), Lines: []engine.QuoteLine{line(tv, 2)}}, "check quote: it is in EUR, the shop's is USD"},
		{engine.Quote{Currency: usd, Total: -1, Lines: []engine.QuoteLine{line(tv, 2)}}, "check quote: its total is -1 smallest units"},
		{
			engine.Quote{Currency: usd, Lines: []engine.QuoteLine{line(tv, 2)}, Gifts: []engine.Gift{{SKU: pi, Quantity: 0}}},
			"check quote: 0 units of gift 234234",
		},
	} {
		_, err := s.purchase(s.ctx, []string{tv, tv}, nil, func(map[string]*engine.Item) (engine.Quote, error) { return c.quote, nil })
		s.equal("error", fmt.Sprint(err), c.want)
	}
	unchanged()
}

func testUnitLimits(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Price: 1, Stock: 1 << 40})
	_, err := s.buy()
	s.refused(err, &engine.CartError{Field: "skus", Problem: "a purchase is of one unit or more"})
	tooMany := &engine.CartError{Field: "skus", Problem: "too many units: an order holds at most 100000, gifts included"}
	_, err = s.buy(slices.Repeat([]string{"A"}, persistence.MaxUnits+1)...)
	s.refused(err, tooMany)
	_, err = s.buyAnd(engine.Gift{SKU: "A", Quantity: persistence.MaxUnits}, "A")
	s.refused(err, tooMany)
	_, err = s.buyAnd(engine.Gift{SKU: "A", Quantity: 1 << 62}, "A")
	s.refused(err, tooMany)
	order, err := s.buyAnd(engine.Gift{SKU: "A", Quantity: persistence.MaxUnits - 1}, "A")
	s.check(err)
	s.equal("number of units", len(order.SKUs), persistence.MaxUnits)
	s.readsAgain(order)
}

// readsAgain demands that the order is the only one. Its units are too many for
// a diff.
func (s *shop) readsAgain(order engine.Order) {
	s.t.Helper()
	got := s.orders()[0]
	s.equal("the same units", slices.Equal(got.SKUs, order.SKUs), true)
	got.SKUs, order.SKUs = nil, nil
	s.equal("order", got, order)
}

func testBigOrder(s *shop) {
	items := make([]engine.Item, 600)
	var skus []string
	for i := range items {
		items[i] = engine.Item{SKU: fmt.Sprintf("S%04d", i), Name: fmt.Sprint("item ", i), Price: 1, Stock: 100}
		skus = append(skus, items[i].SKU)
	}
	s.add(items...)
	skus = slices.Repeat(skus, 2) // no two neighbours are the same
	for _, item := range items {
		skus = append(skus, slices.Repeat([]string{item.SKU}, 65)...)
	}
	order := s.sold(skus...)
	s.equal("cost", order.Quote.Total, engine.Amount(40_200))
	s.readsAgain(order)
	for _, item := range s.items() {
		s.equal("stock", item.Stock, int64(33))
	}
}
