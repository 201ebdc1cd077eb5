package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
)

// keyLease is longer than any test takes; tests that want it over move the clock.
const keyLease = time.Hour

func keyCases() []testCase {
	return []testCase{
		{"a key that is claimed is busy for everybody else, and free once it is released", func(s *shop) {
			claim := s.claims(key("K"))
			s.busy(key("K"))
			s.busy(key("K"))
			s.check(s.ReleaseKey(s.ctx, claim))
			s.claims(key("K"))
		}},
		{"what was answered is answered again, byte for byte, and not run", testAnswerAgain},
		{"an answer without header and body is one", func(s *shop) {
			s.check(s.AnswerKey(s.ctx, s.claims(key("K")), idempotency.Answer{Status: 204}))
			s.answered(key("K"), idempotency.Answer{Status: 204})
		}},
		{"keys belong to their scopes, and case matters", func(s *shop) {
			s.claims(key("K"))
			other := key("K")
			other.Scope = "POST /other"
			s.claims(other)
			s.claims(key("k"))
			s.claims(key("K "))
		}},
		{"a key that was used for another request is refused, whether it runs or was answered", testReusedKeys},
		{"a key that was released without an effect may be used for another request", func(s *shop) {
			s.check(s.ReleaseKey(s.ctx, s.claims(key("K"))))
			other := key("K")
			other.Fingerprint = "another"
			s.claims(other)
		}},
		{"a key whose lease is over is taken over, and who had it can neither answer nor release nor buy", testTakeOver},
		{"a purchase that was made and not answered is not made again by who takes the key over", testPurchaseOnce},
		{"a purchase that was made and released is answered by the next, at once", func(s *shop) {
			s.stock()
			claim := s.claims(key("K"))
			order, err := s.buyFor(claim, tv, tv)
			s.check(err)
			s.check(s.ReleaseKey(s.ctx, claim))
			again, err := s.buyFor(s.claims(key("K")), tv, tv)
			s.check(err)
			s.equal("order", again, order)
			s.leaves(map[string]int64{tv: 8})
		}},
		{"items that were stored and not answered are not stored again over what came later", testUpsertOnce},
		{"a purchase that was refused leaves nothing with the key", testRefusalLeavesNothing},
		{"a claim is good for one effect", func(s *shop) {
			s.stock()
			claim := s.claims(key("K"))
			_, err := s.buyFor(claim, tv)
			s.check(err)
			_, err = s.UpsertBasics(idempotency.WithClaim(s.ctx, claim), []engine.Item{{SKU: "A", Name: "a"}})
			s.equal("error", fmt.Sprint(err), `store items: the request has made another effect before, "purchase"; a request has one`)
			s.counts(4)
		}},
		{"an expired key is free for any request, and deleted", testExpiredKeys},
		{"of many claims of one key at the same time one wins", testManyClaims},
		{"two hundred buyers with one key buy once", testManyBuyersOneKey},
	}
}

func key(name string) idempotency.Key {
	return idempotency.Key{Scope: "POST /buy", Name: name, Fingerprint: "fingerprint"}
}

// claims claims a key that must be free.
func (s *shop) claims(k idempotency.Key) idempotency.Claim {
	s.t.Helper()
	claim, answer, err := s.ClaimKey(s.ctx, k, keyLease)
	s.check(err)
	s.equal("answer", answer, (*idempotency.Answer)(nil))
	s.equal("key of the claim", claim.Key, k)
	return claim
}

func (s *shop) busy(k idempotency.Key) {
	s.t.Helper()
	_, _, err := s.ClaimKey(s.ctx, k, keyLease)
	s.is(err, idempotency.ErrBusy)
}

func (s *shop) answered(k idempotency.Key, want idempotency.Answer) {
	s.t.Helper()
	_, answer, err := s.ClaimKey(s.ctx, k, keyLease)
	s.check(err)
	s.equal("answer", answer, &want)
}

// buyFor buys the units at list price for a claim.
func (s *shop) buyFor(claim idempotency.Claim, skus ...string) (engine.Order, error) {
	bound := *s
	bound.ctx = idempotency.WithClaim(s.ctx, claim)
	return bound.buy(skus...)
}

// later returns a second store on the database, whose clock is ahead.
func (s *shop) later(ahead time.Duration) *shop {
	s.t.Helper()
	return s.sameDatabase(persistence.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
}

func testAnswerAgain(s *shop) {
	want := idempotency.Answer{
		Status: 409,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Twice": {"a", "\"b\\"}},
		Body:   []byte("{\"error\":\"no\"}\n\x00\xff'"),
	}
	claim := s.claims(key("K"))
	s.check(s.AnswerKey(s.ctx, claim, want))
	s.answered(key("K"), want)
	s.is(s.AnswerKey(s.ctx, claim, idempotency.Answer{Status: 200}), idempotency.ErrBusy)
	s.check(s.ReleaseKey(s.ctx, claim))
	s.answered(key("K"), want)
	s.later(idempotency.Retention-time.Minute).answered(key("K"), want)
}

func testReusedKeys(s *shop) {
	claim, other := s.claims(key("K")), key("K")
	other.Fingerprint = "another"
	_, _, err := s.ClaimKey(s.ctx, other, keyLease)
	s.refused(err, &idempotency.ReusedError{Name: "K"})
	_, _, err = s.later(2*keyLease).ClaimKey(s.ctx, other, keyLease)
	s.refused(err, &idempotency.ReusedError{Name: "K"})
	s.check(s.AnswerKey(s.ctx, claim, idempotency.Answer{Status: 200}))
	_, _, err = s.ClaimKey(s.ctx, other, keyLease)
	s.refused(err, &idempotency.ReusedError{Name: "K"})
}

func testTakeOver(s *shop) {
	s.stock()
	slow := s.claims(key("K"))
	after := s.later(2 * keyLease)
	fast := after.claims(key("K"))
	after.busy(key("K"))
	unchanged := s.unchanged()
	_, err := s.buyFor(slow, tv)
	s.is(err, idempotency.ErrBusy)
	_, err = s.UpsertBasics(idempotency.WithClaim(s.ctx, slow), []engine.Item{{SKU: "A", Name: "a"}})
	s.is(err, idempotency.ErrBusy)
	unchanged()
	s.is(s.AnswerKey(s.ctx, slow, idempotency.Answer{Status: 409}), idempotency.ErrBusy)
	s.check(s.ReleaseKey(s.ctx, slow))
	after.busy(key("K"))
	_, err = after.buyFor(fast, tv)
	s.check(err)
	_, err = s.buyFor(slow, tv)
	s.is(err, idempotency.ErrBusy)
	s.check(after.AnswerKey(s.ctx, fast, idempotency.Answer{Status: 200}))
	_, err = after.buyFor(fast, tv)
	s.is(err, idempotency.ErrBusy)
	s.leaves(map[string]int64{tv: 9})
}

func testPurchaseOnce(s *shop) {
	s.stock()
	skus := []string{macbook, tv}
	price := withGifts(s.Currency(), skus, map[string]string{macbook: pi})
	order, err := s.purchase(idempotency.WithClaim(s.ctx, s.claims(key("K"))), skus, []string{pi}, price)
	s.check(err)
	s.busy(key("K")) // as long as the lease of the process that has died
	after := s.later(2 * keyLease)
	for range 2 {
		again, err := after.purchase(idempotency.WithClaim(s.ctx, after.claims(key("K"))), skus, []string{pi}, price)
		s.check(err)
		s.equal("order", again, order)
		after = after.later(10 * keyLease)
	}
	s.equal("orders", s.orders(), []engine.Order{order})
	s.leaves(map[string]int64{macbook: 4, tv: 9, pi: 1})
}

func testUpsertOnce(s *shop) {
	items := []engine.Item{{SKU: tv, Name: "TV", Price: 1, Stock: 10}, {SKU: "A", Name: "a", Price: 2, Stock: 5}}
	s.stock()
	stored, err := s.UpsertBasics(idempotency.WithClaim(s.ctx, s.claims(key("K"))), items)
	s.check(err)
	s.sold("A", "A")
	after := s.later(2 * keyLease)
	again, err := after.UpsertBasics(idempotency.WithClaim(s.ctx, after.claims(key("K"))), items)
	s.check(err)
	s.equal("items", again, stored)
	s.leaves(map[string]int64{"A": 3})
}

func testRefusalLeavesNothing(s *shop) {
	s.stock()
	claim := s.claims(key("K"))
	_, err := s.buyFor(claim, pi, pi, pi)
	s.refused(err, &engine.OutOfStockError{SKU: pi, Requested: 3, Available: 2})
	_, err = s.buyFor(claim, pi) // nothing was bought for the claim yet
	s.check(err)
	s.leaves(map[string]int64{pi: 1})
}

func testExpiredKeys(s *shop) {
	s.stock()
	claim := s.claims(key("made"))
	_, err := s.buyFor(claim, tv)
	s.check(err)
	s.check(s.AnswerKey(s.ctx, s.claims(key("answered")), idempotency.Answer{Status: 200}))
	for i := range 1100 { // more than fit into two batches
		s.claims(key(fmt.Sprint("K", i)))
	}
	s.deletes(s, 0)
	after := s.later(idempotency.Retention + time.Minute)
	for _, name := range []string{"made", "answered"} {
		other := key(name)
		other.Fingerprint = "another"
		fresh := after.claims(other)
		_, err := after.buyFor(fresh, tv)
		s.check(err)
	}
	s.leaves(map[string]int64{tv: 7})
	s.deletes(after, 1100)
	s.deletes(after, 0)
	other := key("made")
	other.Fingerprint = "another"
	after.busy(other)
}

func (s *shop) deletes(at *shop, want int) {
	s.t.Helper()
	n, err := at.DeleteExpiredKeys(s.ctx)
	s.check(err)
	s.equal("keys deleted", n, want)
}

func testManyClaims(s *shop) {
	other := s.sameDatabase(persistence.Options{})
	for round := range 5 {
		var won atomic.Int32
		together(40, func(i int) {
			store := []*shop{s, other}[i%2]
			_, answer, err := store.ClaimKey(s.ctx, key(fmt.Sprint(round)), keyLease)
			switch {
			case err == nil && answer == nil:
				won.Add(1)
			case !errors.Is(err, idempotency.ErrBusy):
				s.t.Errorf("got answer %v and error %v, want the claim or that the key is busy", answer, err)
			}
		})
		s.equal("claims that won", int(won.Load()), 1)
	}
}

// testManyBuyersOneKey lets everybody try until there is an answer, and lets
// some of those who have the claim give it up before or after they have bought.
func testManyBuyersOneKey(s *shop) {
	s.stock()
	references, given := make([]string, 200), new(atomic.Int32)
	together(len(references), func(i int) {
		var err error
		if references[i], err = s.buyWithKey(s.ctx, key("K"), int(given.Add(1))); err != nil {
			s.t.Errorf("got error %v, want the order", err)
		}
	})
	orders := s.orders()
	s.equal("orders", len(orders), 1)
	s.equal("answers", slices.Compact(references), []string{orders[0].Reference})
	s.leaves(map[string]int64{tv: 9})
}

// buyWithKey returns the reference that the key is answered with. One in four
// who get the claim gives it up.
func (s *shop) buyWithKey(ctx context.Context, k idempotency.Key, luck int) (string, error) {
	for ; ; luck++ {
		claim, answer, err := s.ClaimKey(ctx, k, keyLease)
		switch {
		case errors.Is(err, idempotency.ErrBusy):
			continue
		case err != nil:
			return "", err
		case answer != nil:
			return string(answer.Body), nil
		}
		if luck%4 == 0 {
			if err := s.ReleaseKey(ctx, claim); err != nil {
				return "", err
			}
			continue
		}
		order, err := s.buyFor(claim, tv)
		if err != nil {
			return "", err
		}
		if luck%4 == 1 {
			if err := s.ReleaseKey(ctx, claim); err != nil {
				return "", err
			}
			continue
		}
		answer = &idempotency.Answer{Status: 200, Body: []byte(order.Reference)}
		return order.Reference, s.AnswerKey(ctx, claim, *answer)
	}
}
