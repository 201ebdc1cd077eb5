package storetest

import (
	"errors"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
)

func holdCases() []testCase {
	return []testCase{
		{"a hold takes units, gifts and uses, and becomes an order at the held price", testHoldAndCommit},
		{"a released hold gives back its units and uses, once", testRelease},
		{"a hold whose time is over cannot be committed, before it is expired and after", testExpiry},
		{"holds of no time, or of too much, are refused", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			for _, ttl := range []time.Duration{-1, 0, persistence.MaxHold + 1} {
				_, err := s.Hold(s.ctx, s.limited(tv), ttl)
				var invalid *persistence.InvalidError
				s.wants(nil, errors.As(err, &invalid) && invalid.Field == "ttl", "ttl to be refused")
			}
			unchanged()
		}},
		{"a hold is refused like a purchase", func(s *shop) {
			s.stock()
			unchanged := s.unchanged()
			_, err := s.Hold(s.ctx, s.limited(pi, pi, pi), time.Minute)
			s.refused(err, &engine.OutOfStockError{SKU: pi, Requested: 3, Available: 2})
			unchanged()
			s.used(0, 0, 0, 0)
		}},
		{"a hold that is not there is unknown", func(s *shop) {
			for _, unknown := range []string{"", "nope", "a\x00"} {
				_, err := s.CommitHold(s.ctx, unknown)
				s.refused(err, &persistence.UnknownHoldError{Reference: unknown})
				s.refused(s.ReleaseHold(s.ctx, unknown), &persistence.UnknownHoldError{Reference: unknown})
			}
		}},
		{"a hold is made once for a key", func(s *shop) {
			s.stock()
			ctx := idempotency.WithClaim(s.ctx, s.claims(key("K")))
			hold, err := s.Hold(ctx, s.limited(tv), time.Minute)
			s.check(err)
			again, err := s.Hold(ctx, s.limited(tv), time.Minute)
			s.check(err)
			s.equal("hold", again, hold)
			s.leaves(map[string]int64{tv: 9})
			s.used(1, 1, 1, 30)
		}},
		{"of commits, releases and expiries at once exactly one succeeds", testHoldRace},
	}
}

// held is a hold of the units for a minute.
func (s *shop) held(skus ...string) persistence.Hold {
	s.t.Helper()
	hold, err := s.Hold(s.ctx, s.limited(skus...), time.Minute)
	s.check(err)
	return hold
}

// in returns the shop as it is after so long.
func (s *shop) in(d time.Duration) *shop {
	return s.sameDatabase(persistence.Options{Now: func() time.Time { return time.Now().Add(d) }})
}

func testHoldAndCommit(s *shop) {
	s.stock()
	hold := s.held(macbook, tv, macbook)
	s.equal("state", hold.State, persistence.HoldHeld)
	s.equal("SKUs", hold.SKUs, []string{macbook, tv, macbook, pi, pi})
	s.equal("time", hold.ExpiresAt.Sub(hold.CreatedAt), time.Minute)
	s.equal("orders", s.orders(), []engine.Order{})
	s.leaves(map[string]int64{macbook: 3, tv: 9, pi: 0})
	s.used(1, 1, 1, 30)
	s.add(engine.Item{SKU: tv, Name: "dearer", Price: 1_000_000, Stock: 9})
	order, err := s.CommitHold(s.ctx, hold.Reference)
	s.check(err)
	s.equal("order", order, engine.Order{
		Reference: hold.Reference, SKUs: hold.SKUs, Quote: hold.Quote, PlacedAt: order.PlacedAt, State: engine.OrderPlaced,
	})
	s.equal("order read again", s.orders(), []engine.Order{order})
	s.leaves(map[string]int64{macbook: 3, tv: 9, pi: 0})
	s.used(1, 1, 1, 30)
	s.moved(macbook, "-2=3 sale", "+2=5 release", "-2=3 hold", "+5=5 initial")
	s.moved(pi, "-2=0 gift", "+2=2 release", "-2=0 hold", "+2=2 initial")
	over := &persistence.HoldStateError{Reference: hold.Reference, State: persistence.HoldCommitted}
	_, err = s.CommitHold(s.ctx, hold.Reference)
	s.refused(err, over)
	s.refused(s.ReleaseHold(s.ctx, hold.Reference), over)
	n, err := s.in(time.Hour).ExpireHolds(s.ctx, 10)
	s.wants(err, n == 0, "no hold to expire")
	_, err = s.CancelOrder(s.ctx, order.Reference, "")
	s.check(err)
	s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
	s.used(0, 0, 0, 0)
	s.addsUp()
}

func testRelease(s *shop) {
	s.stock()
	hold := s.held(macbook, tv)
	s.check(s.DeleteItems(s.ctx, []string{tv}))
	s.check(s.ReleaseHold(s.ctx, hold.Reference))
	s.check(s.RestoreItems(s.ctx, []string{tv}))
	over := &persistence.HoldStateError{Reference: hold.Reference, State: persistence.HoldReleased}
	s.refused(s.ReleaseHold(s.ctx, hold.Reference), over)
	_, err := s.CommitHold(s.ctx, hold.Reference)
	s.refused(err, over)
	s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
	s.used(0, 0, 0, 0)
	s.moved(macbook, "+1=5 release", "-1=4 hold", "+5=5 initial")
	s.addsUp()
}

func testExpiry(s *shop) {
	s.stock()
	first, second := s.held(macbook), s.held(tv)
	n, err := s.ExpireHolds(s.ctx, 10)
	s.wants(err, n == 0, "no hold to expire yet")
	later := s.in(2 * time.Minute)
	expired := &persistence.HoldStateError{Reference: first.Reference, State: persistence.HoldExpired}
	_, err = later.CommitHold(s.ctx, first.Reference)
	s.refused(err, expired)
	s.leaves(map[string]int64{macbook: 4, tv: 9, pi: 1})
	for _, want := range []int{1, 1, 0} {
		n, err := later.ExpireHolds(s.ctx, 1)
		s.wants(err, n == want, "one hold at a time")
	}
	_, err = s.CommitHold(s.ctx, first.Reference)
	s.refused(err, expired)
	s.refused(s.ReleaseHold(s.ctx, second.Reference), &persistence.HoldStateError{Reference: second.Reference, State: persistence.HoldExpired})
	s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
	s.used(0, 0, 0, 0)
	s.addsUp()
}

func testHoldRace(s *shop) {
	s.stock()
	later := s.in(2 * time.Minute)
	for range 5 {
		hold := s.held(macbook, tv)
		outcomes, errs := make([]int, 30), make([]error, 30)
		together(len(errs), func(i int) {
			switch i % 3 {
			case 0:
				_, errs[i] = s.CommitHold(s.ctx, hold.Reference)
			case 1:
				errs[i] = s.ReleaseHold(s.ctx, hold.Reference)
			default:
				outcomes[i], errs[i] = later.ExpireHolds(s.ctx, 5)
				return
			}
			if errs[i] == nil {
				outcomes[i] = 1
			}
		})
		won := 0
		for i, err := range errs {
			won += outcomes[i]
			if err != nil && !errors.As(err, new(*persistence.HoldStateError)) {
				s.t.Errorf("got error %v, want a refusal", err)
			}
		}
		s.equal("calls that succeeded", won, 1)
		if orders := s.orders(); len(orders) > 0 && orders[0].Reference == hold.Reference {
			s.leaves(map[string]int64{macbook: 4, tv: 9, pi: 1})
			s.used(1, 1, 1, 30)
			_, err := s.CancelOrder(s.ctx, hold.Reference, "")
			s.check(err)
		}
		s.leaves(map[string]int64{macbook: 5, tv: 10, pi: 2})
		s.used(0, 0, 0, 0)
	}
	s.addsUp()
}
