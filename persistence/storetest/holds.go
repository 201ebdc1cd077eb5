package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
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
		{"holds are listed newest first, page by page and by what they are now", testHoldList},
		{"listings of holds that make no sense are refused", testHoldListRefusals},
		{"errors of holds say that units were held", func(s *shop) {
			s.stock()
			ctx, cancel := context.WithCancel(s.ctx)
			sale := s.limited(tv)
			price := sale.Price
			sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
				cancel()
				return price(b)
			}
			_, err := s.Hold(ctx, sale, time.Minute)
			s.opIs(err, "hold")
			hold := s.held(tv)
			s.check(s.Close())
			_, err = s.CommitHold(s.ctx, hold.Reference)
			s.opIs(err, "commit hold")
			s.opIs(s.ReleaseHold(s.ctx, hold.Reference), "release hold")
			_, err = s.Hold(s.ctx, s.limited(tv), time.Minute)
			s.is(err, persistence.ErrUnavailable)
		}},
		{"a promotion is exhausted when the hold that used it up becomes an order, not before", testExhaustedByHold},
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
		Reference: hold.Reference, Customer: "ann", SKUs: hold.SKUs, Quote: hold.Quote, PlacedAt: order.PlacedAt, State: engine.OrderPlaced,
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

// opIs demands an error of the database that names the operation.
func (s *shop) opIs(err error, op string) {
	s.t.Helper()
	var e *persistence.Error
	if !errors.As(err, &e) || e.Op != op {
		s.t.Errorf("got error %v, want one of the operation %q", err, op)
	}
}

func testHoldList(s *shop) {
	s.stock()
	list := func(s *shop, state persistence.HoldState, after string, limit int) []persistence.Hold {
		s.t.Helper()
		holds, err := s.Holds(s.ctx, persistence.HoldListing{State: state, After: after, Limit: limit})
		s.check(err)
		return holds
	}
	s.equal("holds of a new shop", list(s, "", "", 10), []persistence.Hold{})
	committed, released, expired, short := s.held(macbook, tv), s.held(tv), s.held(tv), s.held(speaker)
	n, err := s.in(2*time.Minute).ExpireHolds(s.ctx, 0)
	s.wants(err, n == 0, "nothing to expire when nothing may")
	_, err = s.CommitHold(s.ctx, committed.Reference)
	s.check(err)
	s.check(s.ReleaseHold(s.ctx, released.Reference))
	n, err = s.in(2*time.Minute).ExpireHolds(s.ctx, 1)
	s.wants(err, n == 1, "the oldest hold to expire")
	held, err := s.Hold(s.ctx, s.limited(tv, speaker, tv), time.Hour)
	s.check(err)
	committed.State, released.State, expired.State = persistence.HoldCommitted, persistence.HoldReleased, persistence.HoldExpired

	all := []persistence.Hold{held, short, expired, released, committed}
	s.equal("holds", list(s, "", "", 10), all)
	s.equal("first page", list(s, "", "", 2), all[:2])
	s.equal("second page", list(s, "", short.Reference, 2), all[2:4])
	s.equal("last page", list(s, "", released.Reference, 2), all[4:])
	s.equal("no page", list(s, "", committed.Reference, 2), []persistence.Hold{})
	s.equal("second of those held", list(s, persistence.HoldHeld, held.Reference, 1), all[1:2])
	for _, h := range all {
		got, err := s.HoldByReference(s.ctx, h.Reference)
		s.check(err)
		s.equal("hold", got, h)
		s.equal("holds that are "+string(h.State), slices.Contains(references(list(s, h.State, "", 10)), h.Reference), true)
	}

	// What nobody has expired is expired all the same.
	later := s.in(2 * time.Minute)
	short.State = persistence.HoldExpired
	s.equal("expired holds", list(later, persistence.HoldExpired, "", 10), []persistence.Hold{short, expired})
	s.equal("held holds", list(later, persistence.HoldHeld, "", 10), []persistence.Hold{held})
	got, err := later.HoldByReference(s.ctx, short.Reference)
	s.check(err)
	s.equal("hold", got, short)
	archived, err := s.Archive().Holds(s.ctx, persistence.HoldListing{Limit: 1})
	s.check(err)
	s.equal("holds of the archive", archived, []persistence.Hold{held})
	got, err = s.Archive().HoldByReference(s.ctx, held.Reference)
	s.check(err)
	s.equal("hold of the archive", got, held)
}

func references(holds []persistence.Hold) []string {
	var all []string
	for _, h := range holds {
		all = append(all, h.Reference)
	}
	return all
}

func testHoldListRefusals(s *shop) {
	for _, limit := range []int{-1, 0, persistence.MaxHolds + 1} {
		_, err := s.Holds(s.ctx, persistence.HoldListing{Limit: limit})
		s.refused(err, &persistence.InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to 1000", limit)})
	}
	_, err := s.Holds(s.ctx, persistence.HoldListing{State: "gone", Limit: 1})
	s.refused(err, &persistence.InvalidError{Field: "state", Problem: `is "gone"; want held, committed, released or expired`})
	for _, unknown := range []string{"nope", "a\x00"} {
		_, err := s.Holds(s.ctx, persistence.HoldListing{After: unknown, Limit: 1})
		s.refused(err, &persistence.UnknownHoldError{Reference: unknown})
		_, err = s.HoldByReference(s.ctx, unknown)
		s.refused(err, &persistence.UnknownHoldError{Reference: unknown})
	}
}

func testExhaustedByHold(s *shop) {
	s.stock()
	told := s.sameDatabase(persistence.Options{Endpoints: []persistence.Endpoint{{Name: "books", Types: []event.Type{event.TypePromotionExhausted}}}})
	two := engine.Constant(engine.NewDecimal(2))
	rules := s.rulesOf(engine.Promotion{Limits: engine.Limits{Redemptions: two, Budget: two}})
	hold := func() persistence.Hold {
		s.t.Helper()
		hold, err := told.Hold(s.ctx, s.saleUnder(rules, today(), ""), time.Minute)
		s.check(err)
		return hold
	}
	orders := func() []string {
		s.t.Helper()
		records, err := told.Deliveries(s.ctx, persistence.DeliveryFilter{})
		s.check(err)
		var all []string
		for _, r := range records {
			var body struct {
				Data struct{ Limit, Order, Used string }
			}
			s.check(json.Unmarshal([]byte(r.Body), &body))
			all = append(all, body.Data.Limit+" "+body.Data.Used+" "+body.Data.Order)
		}
		slices.Sort(all)
		return all
	}
	first, second := hold(), hold()
	s.equal("told by holds", orders(), []string{})
	s.check(told.ReleaseHold(s.ctx, second.Reference))
	_, err := told.CommitHold(s.ctx, first.Reference)
	s.check(err)
	s.equal("told while one use is left", orders(), []string{})
	third := hold()
	s.equal("what the next order would get", s.discounted(rules, today(), ""), int64(0))
	s.equal("told by the last hold", orders(), []string{})
	_, err = told.CommitHold(s.ctx, third.Reference)
	s.check(err)
	want := []string{"budget 2.00 " + third.Reference, "redemptions 2 " + third.Reference}
	s.equal("told by its commit", orders(), want)
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
