package storetest

import (
	"io/fs"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func orderCases() []testCase {
	return []testCase{
		{"orders are read page by page, newest first, by customer, state and time", testOrderPages},
		{"orders are found by the promotions that applied in them and the codes that did, however they were made", testMarkedOrders},
		{"orders from before promotions and codes were kept are found by them", testOrdersMarkedLater},
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

// marked is a sale in which promotions applied, and codes, and others did not. Its quote
// has what not every database reads in JSON.
func (s *shop) marked(promotions, codes []string) engine.Sale {
	sale := Sale([]string{tv}, nil, nil)
	price := listPrice(s.Currency(), sale.Units)
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		quote, err := price(b.Items)
		quote.Promotions = []engine.Outcome{{Promotion: "idle", Reason: engine.ConditionFalse, Name: "\u0000 \\u0000 \\\u0000"}}
		quote.Coupons = []engine.CouponOutcome{{Code: "IDLE", Reason: engine.Ended}}
		for _, id := range promotions {
			quote.Promotions = append(quote.Promotions, engine.Outcome{Promotion: id, Reason: engine.Applied})
		}
		for _, code := range codes {
			quote.Coupons = append(quote.Coupons, engine.CouponOutcome{Code: code, Reason: engine.Applied})
		}
		return engine.Request{}, quote, err
	}
	return sale
}

// markedOrders makes four orders, the third of them from a hold, and returns their
// references.
func (s *shop) markedOrders() []string {
	s.stock()
	var made []string
	for i, sale := range []engine.Sale{
		s.marked([]string{"spring", "loyal"}, []string{"ÄPFEL-1"}), s.marked(nil, nil),
		s.marked([]string{"spring"}, nil), s.marked([]string{"spring"}, []string{"ÄPFEL-1", "B"}),
	} {
		if i == 2 {
			hold, err := s.Hold(s.ctx, sale, time.Minute)
			s.check(err)
			order, err := s.CommitHold(s.ctx, hold.Reference)
			s.check(err)
			made = append(made, order.Reference)
			continue
		}
		order, err := s.Purchase(s.ctx, sale)
		s.check(err)
		made = append(made, order.Reference)
	}
	return made
}

// pageHas holds that a page has the orders, named by their numbers, the newest first.
func (s *shop) pageHas(what string, made []string, l engine.OrderListing, numbers ...int) {
	s.t.Helper()
	if l.Limit == 0 {
		l.Limit = 9
	}
	orders, err := s.OrderPage(s.ctx, l)
	s.check(err)
	got, want := make([]string, len(orders)), make([]string, len(numbers))
	for i := range orders {
		got[i] = orders[i].Reference
	}
	for i, n := range numbers {
		want[i] = made[n]
	}
	s.equal(what, got, want)
}

func testMarkedOrders(s *shop) {
	made := s.markedOrders()
	type l = engine.OrderListing
	s.pageHas("promotion", made, l{Promotion: "spring"}, 3, 2, 0)
	s.pageHas("first page", made, l{Promotion: "spring", Limit: 2}, 3, 2)
	s.pageHas("next page", made, l{Promotion: "spring", Limit: 2, After: made[2]}, 0)
	s.pageHas("after an order without it", made, l{Promotion: "spring", After: made[1]}, 0)
	s.pageHas("code, as people write it", made, l{Coupon: " äpfel-1"}, 3, 0)
	s.pageHas("code and promotion", made, l{Promotion: "loyal", Coupon: "ÄPFEL-1"}, 0)
	s.pageHas("since", made, l{Promotion: "spring", Since: time.Now().Add(time.Hour)})
	s.pageHas("what did not apply", made, l{Promotion: "idle"})
	s.pageHas("code that did not", made, l{Coupon: "IDLE"})
	s.pageHas("a promotion is no code", made, l{Coupon: "SPRING"})
	s.pageHas("no text", made, l{Promotion: "\x00"})
	_, err := s.CancelOrder(s.ctx, made[3], "")
	s.check(err)
	s.pageHas("cancelled", made, l{Coupon: "B", State: engine.OrderCancelled}, 3)
	s.pageHas("placed", made, l{Promotion: "spring", State: engine.OrderPlaced}, 2, 0)
}

// testOrdersMarkedLater undoes the migration that keeps promotions and codes, and has it
// run again.
func testOrdersMarkedLater(s *shop) {
	made := s.markedOrders()
	for _, direction := range []string{"down", "up"} {
		text, err := fs.ReadFile(s.db.Migrations, "0020_order_marks."+direction+".sql")
		s.check(err)
		_, err = s.db.Writer.ExecContext(s.ctx, string(text))
		s.check(err)
	}
	s.pageHas("promotion", made, engine.OrderListing{Promotion: "spring"}, 3, 2, 0)
	s.pageHas("code", made, engine.OrderListing{Coupon: "ÄPFEL-1"}, 3, 0)
	order, err := s.Purchase(s.ctx, s.marked([]string{"spring"}, nil))
	s.check(err)
	s.pageHas("one made since then", append(made, order.Reference), engine.OrderListing{Promotion: "spring", Limit: 1}, 4)
}
