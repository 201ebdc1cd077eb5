package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
)

func returnCases() []testCase {
	return []testCase{
		{"a cancelled order gives back its units and gifts, its uses and what it cost", testCancel},
		{"an order is cancelled once, and not after a return", testCancelStates},
		{"units of items that were deleted meanwhile come back too", func(s *shop) {
			s.stock()
			order := s.soldWithGifts(macbook)
			s.check(s.DeleteItems(s.ctx, []string{macbook, pi}))
			_, err := s.CancelOrder(s.ctx, order.Reference, "")
			s.check(err)
			s.check(s.RestoreItems(s.ctx, []string{macbook, pi}))
			s.leaves(map[string]int64{macbook: 5, pi: 2})
			s.addsUp()
		}},
		{"units are returned in parts until nothing is left, and then uses are given back", testReturns},
		{"returned units that cannot be sold again stay out of the stock", func(s *shop) {
			s.stock()
			order := s.sold(tv, tv)
			got, err := s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 2}), persistence.ReturnOptions{NoRestock: true})
			s.check(err)
			s.equal("state", got.State, engine.OrderReturned)
			s.equal("refunded", got.Refunded, engine.Amount(2*4999))
			s.leaves(map[string]int64{tv: 8})
			s.addsUp()
		}},
		{"a return that is refused changes nothing", testReturnRefusals},
		{"cancels and returns of no order are refused", func(s *shop) {
			for _, unknown := range []string{"", "nope", "\xff", "a\x00"} {
				_, err := s.CancelOrder(s.ctx, unknown, "")
				s.refused(err, &persistence.UnknownOrderError{Reference: unknown})
				_, err = s.ReturnItems(s.ctx, unknown, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
				s.refused(err, &persistence.UnknownOrderError{Reference: unknown})
			}
		}},
		{"a cancel and a return happen once for a key, and are told again", testReversedOnce},
		{"cancels and returns are told to endpoints", testReversalEvents},
		{"of two hundred cancels at once one succeeds, and nothing comes back twice", testCancelRace},
		{"of cancels and returns at once only what was sold comes back", testCancelAgainstReturns},
	}
}

func proRata(units map[string]int64) engine.ReturnRequest {
	return engine.ReturnRequest{Units: units, Policy: engine.ProRata}
}

// limitedSale buys the units with a MacBook's gift, for a customer and a code, and
// uses two promotions that both need the code.
func (s *shop) limitedSale(skus ...string) (engine.Order, error) {
	return s.Purchase(s.ctx, s.limited(skus...))
}

func (s *shop) limited(skus ...string) engine.Sale {
	sale := Sale(skus, []string{pi}, nil)
	sale.Inquiry.Customer = "ann"
	price := withGifts(s.Currency(), skus, map[string]string{macbook: pi})
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		quote, err := price(b.Items)
		many, budget := int64(1000), engine.Amount(1_000_000)
		quote.Redemptions = []engine.Redemption{
			{Promotion: "spring", Period: "2026-11", Code: "SPRING", Spent: 30, Redemptions: &many, PerCode: &many, Budget: &budget},
			{Promotion: "loyal", Code: "SPRING", Spent: 12, PerCustomer: &many, PerCode: &many},
		}
		return engine.Request{}, quote, err
	}
	return sale
}

// used is how often limitedSale counts as made: of all, of the customer, of the
// code; and what was spent.
func (s *shop) used(all, customer, code int64, spent engine.Amount) {
	s.t.Helper()
	basis, err := s.Basis(s.ctx, engine.Inquiry{Customer: "ann", Codes: []string{"SPRING"}, Limited: []engine.UsageKey{
		{Promotion: "spring", Period: "2026-11"}, {Promotion: "loyal"},
	}})
	s.check(err)
	spring, loyal := basis.Usage.Promotions["spring"], basis.Usage.Promotions["loyal"]
	got := []int64{spring.Redemptions, loyal.ByCustomer, basis.Usage.Codes["SPRING"].Redemptions, int64(spring.Spent)}
	s.equal("uses of all, the customer and the code, and what was spent", got, []int64{all, customer, code, int64(spent)})
}

func testCancel(s *shop) {
	s.stock()
	order, err := s.limitedSale(macbook, tv, macbook)
	s.check(err)
	other, err := s.limitedSale(tv)
	s.check(err)
	s.used(2, 2, 2, 60)
	got, err := s.CancelOrder(s.ctx, order.Reference, "changed <my> mind")
	s.check(err)
	order.State, order.Refunded = engine.OrderCancelled, order.Quote.Total
	s.equal("order", got, order)
	s.equal("orders", s.orders(), []engine.Order{other, order})
	s.leaves(map[string]int64{macbook: 5, tv: 9, pi: 2})
	s.used(1, 1, 1, 30)
	s.moved(macbook, "+2=5 cancellation changed <my> mind", "-2=3 sale", "+5=5 initial")
	s.moved(pi, "+2=2 cancellation changed <my> mind", "-2=0 gift", "+2=2 initial")
}

func testCancelStates(s *shop) {
	s.stock()
	order := s.sold(tv, speaker)
	_, err := s.CancelOrder(s.ctx, order.Reference, "a\x00")
	s.refused(err, &persistence.InvalidError{Field: "reason", Problem: "contains a NUL character"})
	_, err = s.CancelOrder(s.ctx, order.Reference, "")
	s.check(err)
	unchanged := s.unchanged()
	cancelled := &engine.OrderStateError{Reference: order.Reference, State: engine.OrderCancelled}
	_, err = s.CancelOrder(s.ctx, order.Reference, "")
	s.refused(err, cancelled)
	_, err = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
	s.refused(err, cancelled)
	unchanged()

	order = s.sold(tv, speaker)
	_, err = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
	s.check(err)
	unchanged = s.unchanged()
	_, err = s.CancelOrder(s.ctx, order.Reference, "")
	s.refused(err, &engine.OrderStateError{Reference: order.Reference, State: engine.OrderPlaced, Returns: 1})
	unchanged()
}

func testReturns(s *shop) {
	s.stock()
	order, err := s.limitedSale(macbook, tv, macbook)
	s.check(err)
	paid := order.Quote.Total
	got, err := s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{macbook: 1, pi: 1}), persistence.ReturnOptions{})
	s.check(err)
	order.State, order.Refunded = engine.OrderPlaced, 539999
	order.Returns = []engine.Return{{
		Reference: got.Returns[0].Reference, Policy: engine.ProRata, Refund: 539999, At: got.Returns[0].At,
		Units: []engine.ReturnedUnits{{SKU: pi, Quantity: 1, Gift: true}, {SKU: macbook, Quantity: 1, Refund: 539999}},
	}}
	s.equal("order", got, order)
	s.equal("orders", s.orders(), []engine.Order{order})
	id, err := uuid.Parse(got.Returns[0].Reference)
	s.check(err)
	s.equal("version", id.Version().String(), "VERSION_7")
	s.leaves(map[string]int64{macbook: 4, tv: 9, pi: 1})
	s.used(1, 1, 1, 30)

	var kept map[string]int64
	got, err = s.ReturnItems(s.ctx, order.Reference, engine.ReturnRequest{
		Units: map[string]int64{macbook: 1}, Policy: engine.RepriceKept,
		KeptPrice: func(units map[string]int64) (engine.Amount, error) { kept = units; return 6000, nil },
	}, persistence.ReturnOptions{})
	s.check(err)
	s.equal("kept units", kept, map[string]int64{tv: 1})
	s.equal("refund", got.Returns[1].Refund, paid-539999-6000)
	s.used(1, 1, 1, 30)
	got, err = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 1, pi: 1}), persistence.ReturnOptions{})
	s.check(err)
	s.equal("state", got.State, engine.OrderReturned)
	s.equal("the last refund, of what two policies leave", got.Returns[2].Refund, engine.Amount(4999))
	s.equal("order read again", s.orders(), []engine.Order{got})
	s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
	s.used(0, 0, 0, 0)
	s.moved(tv, "+1=10 return", "-1=9 sale", "+10=10 initial")
	_, err = s.CancelOrder(s.ctx, order.Reference, "")
	s.refused(err, &engine.OrderStateError{Reference: order.Reference, State: engine.OrderReturned, Returns: 3})
}

func testReturnRefusals(s *shop) {
	s.stock()
	order := s.sold(tv, tv)
	unchanged := s.unchanged()
	_, err := s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 3}), persistence.ReturnOptions{})
	s.refused(err, &engine.ReturnError{Reference: order.Reference, SKU: tv, Requested: 3, Left: 2})
	_, err = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 1, pi: 1}), persistence.ReturnOptions{})
	s.refused(err, &engine.ReturnError{Reference: order.Reference, SKU: pi, Requested: 1})
	want := errors.New("no rules")
	_, err = s.ReturnItems(s.ctx, order.Reference, engine.ReturnRequest{
		Units: map[string]int64{tv: 1}, Policy: engine.RepriceKept,
		KeptPrice: func(map[string]int64) (engine.Amount, error) { return 0, want },
	}, persistence.ReturnOptions{})
	if err != want {
		s.t.Errorf("got error %v, want that of pricing", err)
	}
	unchanged()
	s.addsUp()
}

func testCancelRace(s *shop) {
	s.stock()
	order, err := s.limitedSale(macbook, tv)
	s.check(err)
	stores := []*shop{s, s.sameDatabase(persistence.Options{}), s.sameDatabase(persistence.Options{})}
	errs := make([]error, 200)
	together(len(errs), func(i int) { _, errs[i] = stores[i%len(stores)].CancelOrder(s.ctx, order.Reference, fmt.Sprint(i)) })
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		s.refused(err, &engine.OrderStateError{Reference: order.Reference, State: engine.OrderCancelled})
	}
	s.equal("cancels that succeeded", won, 1)
	s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
	s.used(0, 0, 0, 0)
	s.addsUp()
}

func testCancelAgainstReturns(s *shop) {
	s.stock()
	for range 5 {
		order := s.sold(tv, tv, tv, speaker)
		errs := make([]error, 10)
		together(len(errs), func(i int) {
			if i%2 == 0 {
				_, errs[i] = s.CancelOrder(s.ctx, order.Reference, "")
			} else {
				_, errs[i] = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
			}
		})
		for _, err := range errs {
			if err != nil && !errors.As(err, new(*engine.OrderStateError)) && !errors.As(err, new(*engine.ReturnError)) {
				s.t.Errorf("got error %v, want a refusal", err)
			}
		}
		got, err := s.Order(s.ctx, order.Reference)
		s.check(err)
		if got.State == engine.OrderCancelled {
			s.equal("returns of a cancelled order", len(got.Returns), 0)
			s.equal("refunded", got.Refunded, order.Quote.Total)
			s.leaves(map[string]int64{tv: 10, speaker: 10})
			continue
		}
		s.equal("returns", len(got.Returns), 3)
		s.equal("refunded", got.Refunded, engine.Amount(3*4999))
		s.leaves(map[string]int64{tv: 10, speaker: 9})
		_, err = s.ReturnItems(s.ctx, order.Reference, proRata(map[string]int64{speaker: 1}), persistence.ReturnOptions{})
		s.check(err)
	}
	s.addsUp()
}

func testReversedOnce(s *shop) {
	s.stock()
	order, second := s.sold(tv, tv), s.sold(tv)
	one := s.claims(key("return"))
	returned, err := s.ReturnItems(idempotency.WithClaim(s.ctx, one), order.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
	s.check(err)
	two := s.claims(key("cancel"))
	cancelled, err := s.CancelOrder(idempotency.WithClaim(s.ctx, two), second.Reference, "")
	s.check(err)
	again, err := s.ReturnItems(idempotency.WithClaim(s.ctx, one), order.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
	s.check(err)
	s.equal("order with the return", again, returned)
	again, err = s.CancelOrder(idempotency.WithClaim(s.ctx, two), second.Reference, "")
	s.check(err)
	s.equal("cancelled order", again, cancelled)
	s.leaves(map[string]int64{tv: 9})
}

func testReversalEvents(s *shop) {
	s.stock()
	told := s.sameDatabase(persistence.Options{Endpoints: []persistence.Endpoint{{Name: "books"}}})
	first, second := s.soldWithGifts(macbook), s.sold(tv, tv)
	_, err := told.CancelOrder(s.ctx, first.Reference, "late")
	s.check(err)
	_, err = told.ReturnItems(s.ctx, second.Reference, proRata(map[string]int64{tv: 1}), persistence.ReturnOptions{})
	s.check(err)
	deliveries, err := told.Claim(s.ctx, "books", 10, time.Minute)
	s.check(err)
	var got []string
	for _, d := range deliveries {
		var body struct {
			Data struct {
				Order, Refund, Reason string
				Units                 []struct {
					SKU      string
					Quantity int64
					Gift     bool
					Refund   string
				}
			}
		}
		s.check(json.Unmarshal(d.Body, &body))
		got = append(got, fmt.Sprint(d.Type, body.Data))
	}
	s.equal("events", got, []string{
		"order.cancelled{" + first.Reference + " 5399.99 late [{234234 1 true 0.00} {43N23P 1 false 5399.99}]}",
		"order.returned{" + second.Reference + " 49.99  [{120P90 1 false 49.99}]}",
	})
}
