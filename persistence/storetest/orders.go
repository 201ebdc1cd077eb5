package storetest

import (
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func orderCases() []testCase {
	return []testCase{
		{"orders are read page by page, newest first, by customer, state and time", testOrderPages},
		{"a new shop has no orders", func(s *shop) { s.equal("orders", s.orders(), []engine.Order{}) }},
		{"orders are listed newest first, as the purchases returned them", func(s *shop) {
			s.stock()
			orders := []engine.Order{s.sold(tv), s.soldWithGifts(macbook, speaker), s.sold(speaker, tv)}
			slices.Reverse(orders)
			s.equal("orders", s.orders(), orders)
		}},
		{"orders of one instant are listed in the reverse of the order they were placed", func(s *shop) {
			frozen := s.sameDatabase(persistence.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
			s.stock()
			orders := []engine.Order{frozen.sold(tv), frozen.sold(speaker), frozen.sold(macbook), frozen.sold(tv)}
			slices.Reverse(orders)
			s.equal("orders", s.orders(), orders)
		}},
		{"the order of listing is that of time, to the microsecond", testOrderOfTime},
		{"an order is found by its reference", func(s *shop) {
			s.stock()
			first, second := s.sold(tv), s.soldWithGifts(macbook)
			for _, want := range []engine.Order{first, second} {
				got, err := s.Order(s.ctx, want.Reference)
				s.check(err)
				s.equal("order", got, want)
			}
		}},
		{"a reference that no order has is unknown", func(s *shop) {
			s.stock()
			reference := s.sold(tv).Reference
			for _, unknown := range []string{"", "nope", reference + "\x00", reference[1:], "' OR 1=1 --", "\xff"} {
				_, err := s.Order(s.ctx, unknown)
				s.refused(err, &persistence.UnknownOrderError{Reference: unknown})
			}
		}},
		{"an order keeps its quote to the last digit, whatever becomes of its items", testOrderIsHistory},
	}
}

func testOrderOfTime(s *shop) {
	s.stock()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 3600))
	var want []string
	for _, offset := range []time.Duration{0, 1, 1000, 1001 * time.Microsecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, time.Hour} {
		if offset < time.Microsecond {
			offset *= time.Microsecond
		}
		at := s.sameDatabase(persistence.Options{Now: func() time.Time { return noon.Add(offset).Add(999) }})
		order := at.sold(speaker)
		s.equal("instant", order.PlacedAt, noon.Add(offset).UTC())
		want = append(want, order.Reference)
	}
	slices.Reverse(want)
	var got []string
	for _, order := range s.orders() {
		got = append(got, order.Reference)
	}
	s.equal("references", got, want)
}

func testOrderIsHistory(s *shop) {
	s.stock()
	quote := engine.Quote{
		Ruleset: "sha256:1", Currency: s.Currency(), At: time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC),
		Subtotal: engine.MaxAmount, Discount: 1, Total: engine.MaxAmount - 1,
		Lines: []engine.QuoteLine{{SKU: tv, Name: "\u0000 'x' \\u0000", Quantity: 1, Units: []engine.Units{{Quantity: 1, Price: 7}}}},
		Promotions: []engine.Outcome{{
			Promotion: "p", Reason: engine.ConditionFalse, Obstacle: &engine.Obstacle{
				Detail: "<é>", Why: []engine.Clause{{Source: "a > 3", Values: "2 > 3"}},
			},
		}},
	}
	order, err := s.purchase(s.ctx, []string{tv}, nil, func(map[string]*engine.Item) (engine.Quote, error) { return quote, nil })
	s.check(err)
	s.add(engine.Item{SKU: tv, Name: "another thing", Price: 1, Stock: 1})
	s.equal("order", s.orders(), []engine.Order{order})
	s.equal("quote", s.orders()[0].Quote, quote)
}

func testOrderPages(s *shop) {
	s.stock()
	var all []engine.Order
	for _, customer := range []string{"ann", "", "bob", "ann"} {
		sale := s.limited(tv)
		sale.Inquiry.Customer = customer
		order, err := s.Purchase(s.ctx, sale)
		s.check(err)
		s.equal("customer", order.Customer, customer)
		all = append([]engine.Order{order}, all...)
	}
	cancelled, err := s.CancelOrder(s.ctx, all[2].Reference, "")
	s.check(err)
	all[2] = cancelled
	page := func(l engine.OrderListing) []engine.Order {
		orders, err := s.OrderPage(s.ctx, l)
		s.check(err)
		return orders
	}
	s.equal("first page", page(engine.OrderListing{Limit: 3}), all[:3])
	s.equal("second page", page(engine.OrderListing{Limit: 3, After: all[2].Reference}), all[3:])
	s.equal("of a customer", page(engine.OrderListing{Limit: 9, Customer: "ann"}), []engine.Order{all[0], all[3]})
	s.equal("of a customer, after one", page(engine.OrderListing{Limit: 9, Customer: "ann", After: all[0].Reference}), all[3:])
	s.equal("cancelled", page(engine.OrderListing{Limit: 9, State: engine.OrderCancelled}), all[2:3])
	s.equal("since", page(engine.OrderListing{Limit: 9, Since: all[0].PlacedAt.Add(time.Microsecond)}), []engine.Order{})
	s.equal("until", page(engine.OrderListing{Limit: 9, Until: all[3].PlacedAt}), []engine.Order{})
	_, err = s.OrderPage(s.ctx, engine.OrderListing{Limit: 1, After: "nope"})
	s.refused(err, &persistence.UnknownOrderError{Reference: "nope"})
	_, err = s.OrderPage(s.ctx, engine.OrderListing{})
	s.refused(err, &persistence.InvalidError{Field: "limit", Problem: "is 0; want 1 to 1000"})
}
