package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// pauseLease is that of the stores of these tests: the shorter it is, the sooner a
// promotion is paused everywhere.
const pauseLease = 20 * time.Millisecond

// testPauses runs the sentences about promotions that somebody has paused.
func testPauses(t *testing.T, open func(t *testing.T) persistence.Database) {
	for _, c := range []struct {
		name string
		run  func(o *outbox)
	}{
		{"a promotion is paused and resumed, each time at a revision of its own", testPause},
		{"a pause that is there already, and the end of one that is not, change nothing", testPauseAgain},
		{"a pause ends by itself, which nobody is told of", testPauseEnds},
		{"a promotion that has changed since somebody looked stays as it is", testPauseExpected},
		{"a pause that cannot be kept is refused", testPauseRefusals},
		{"an entry of the audit log and an event come with each change", testPauseTold},
		{"a sale that is priced before a pause and committed after it is priced anew", testPausedSale},
		{"a hold that is made before a pause keeps its price", testPausedHold},
		{"a request that is sent again gets its order, whatever was paused since", testPausedKey},
		{"of many sales beside pauses each has what is in force when it is committed", testPauseRace},
		{"who follows the catalogue prices without a promotion as soon as it is paused", testPauseFollowed},
		{"many pause and resume at once, and each has a revision of its own", testPausesTogether},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &clock{at: today()}
			s := newShop(t, open(t), persistence.Options{
				PauseLease: pauseLease, Now: clock.now, Endpoints: []persistence.Endpoint{{Name: "all"}},
			})
			c.run(&outbox{s, clock})
		})
	}
}

func (s *shop) pauses(promotion, reason string, until time.Time) engine.PromotionPause {
	s.t.Helper()
	p, err := s.PausePromotion(s.ctx, engine.PromotionPause{Promotion: promotion, By: "ann", Reason: reason, Until: until}, nil)
	s.check(err)
	return p
}

func (s *shop) resumes(promotion string) engine.PromotionPause {
	s.t.Helper()
	p, err := s.ResumePromotion(s.ctx, promotion, "bob", nil)
	s.check(err)
	return p
}

// pausesAre demands what became of promotions, and what prices are told of them.
func (s *shop) pausesAre(paused engine.Pauses, revision int64, want ...engine.PromotionPause) {
	s.t.Helper()
	all, err := s.PromotionPauses(s.ctx)
	s.check(err)
	s.equal("pauses", all, append([]engine.PromotionPause{}, want...))
	basis, err := s.Basis(s.ctx, engine.Inquiry{})
	s.check(err)
	s.equal("pauses that prices are told of", basis.Paused, paused)
	s.equal("revision that prices are told of", basis.PausedRevision, revision)
}

func testPause(o *outbox) {
	o.pausesAre(nil, 0)
	until := today().Add(time.Hour + time.Microsecond)
	p := o.pauses("p", "wrong price", until)
	o.equal("pause", p, engine.PromotionPause{Promotion: "p", Revision: 1, Paused: true, By: "ann", Reason: "wrong price", At: today(), Until: until})
	o.pausesAre(engine.Pauses{"p": until}, 1, p)
	a := o.pauses("a", "", time.Time{})
	o.pausesAre(engine.Pauses{"a": {}, "p": until}, 2, a, p)
	o.clock.pass(time.Minute)
	p = o.resumes("p")
	o.equal("pause that was ended", p, engine.PromotionPause{Promotion: "p", Revision: 3, By: "bob", At: today().Add(time.Minute)})
	o.pausesAre(engine.Pauses{"a": {}}, 3, a, p)
	a = o.resumes("a")
	o.pausesAre(nil, 4, a, p)
	o.sameDatabase(persistence.Options{}).pausesAre(nil, 4, a, p)
}

func testPauseAgain(o *outbox) {
	o.equal("a promotion that was never paused", o.resumes("q"), engine.PromotionPause{Promotion: "q"})
	o.pausesAre(nil, 0)
	p := o.pauses("p", "wrong price", time.Time{})
	o.clock.pass(time.Minute)
	again, err := o.PausePromotion(audit.With(o.ctx, told("pause")), engine.PromotionPause{Promotion: "p", By: "cid", Reason: "wrong price"}, nil)
	o.check(err)
	o.equal("pause that was asked for again", again, p)
	other := o.pauses("p", "another reason", time.Time{})
	o.equal("revision of a pause for another reason", other.Revision, int64(2))
	o.equal("end of a pause for another time", o.pauses("p", "another reason", today().Add(time.Hour)).Until, today().Add(time.Hour))
	ended := o.resumes("p")
	o.clock.pass(time.Minute)
	o.equal("pause that is over", o.resumes("p"), ended)
	o.equal("events", o.waiting("all"), []string{
		"promotion.paused promotion:p", "promotion.paused promotion:p", "promotion.paused promotion:p", "promotion.resumed promotion:p",
	})
	o.logged(audit.Filter{})
}

func testPauseEnds(o *outbox) {
	until := today().Add(time.Hour)
	p := o.pauses("p", "", until)
	o.equal("paused before the end", p.Holds(until.Add(-1)), true)
	o.equal("paused at the end", p.Holds(until), false)
	o.clock.pass(time.Hour)
	o.equal("revision of another pause", o.pauses("p", "", until.Add(time.Hour)).Revision, int64(2))
	o.clock.pass(time.Hour)
	o.equal("pause that has ended by itself", o.resumes("p"), engine.PromotionPause{Promotion: "p", Revision: 3, By: "bob", At: until.Add(time.Hour)})
	o.equal("events", o.waiting("all"), []string{"promotion.paused promotion:p", "promotion.paused promotion:p"})
}

func testPauseExpected(o *outbox) {
	zero, one, two := int64(0), int64(1), int64(2)
	pause := engine.PromotionPause{Promotion: "p", By: "ann"}
	_, err := o.PausePromotion(o.ctx, pause, &one)
	o.refused(err, &engine.PromotionChangedError{Promotion: "p"})
	_, err = o.PausePromotion(o.ctx, pause, &zero)
	o.check(err)
	_, err = o.PausePromotion(o.ctx, pause, &zero)
	o.refused(err, &engine.PromotionChangedError{Promotion: "p", Revision: 1})
	_, err = o.ResumePromotion(o.ctx, "p", "bob", &two)
	o.refused(err, &engine.PromotionChangedError{Promotion: "p", Revision: 1})
	p, err := o.ResumePromotion(o.ctx, "p", "bob", &one)
	o.check(err)
	o.pausesAre(nil, 2, p)
}

func testPauseRefusals(o *outbox) {
	long := strings.Repeat("é", persistence.MaxPauseReason/2) + "x"
	for _, c := range []struct {
		field, problem string
		pause          engine.PromotionPause
	}{
		{"promotion", "is empty", engine.PromotionPause{By: "ann"}},
		{"promotion", "has 256 bytes; want at most 255", engine.PromotionPause{Promotion: strings.Repeat("p", 256), By: "ann"}},
		{"by", "is empty", engine.PromotionPause{Promotion: "p"}},
		{"reason", "has 801 bytes; want at most 800", engine.PromotionPause{Promotion: "p", By: "ann", Reason: long}},
		{"reason", "is not valid UTF-8", engine.PromotionPause{Promotion: "p", By: "ann", Reason: "\xff"}},
	} {
		_, err := o.PausePromotion(o.ctx, c.pause, nil)
		o.refused(err, &persistence.InvalidError{Field: c.field, Problem: c.problem})
	}
	_, err := o.PausePromotion(o.ctx, engine.PromotionPause{Promotion: "p", By: "ann", Until: today()}, nil)
	o.refused(err, &engine.PauseOverError{Until: today()})
	_, err = o.ResumePromotion(o.ctx, "", "bob", nil)
	o.refused(err, &persistence.InvalidError{Field: "promotion", Problem: "is empty"})
	o.pausesAre(nil, 0)
}

func testPauseTold(o *outbox) {
	until := today().Add(time.Hour)
	ctx := audit.With(o.ctx, told("pausePromotion"))
	_, err := o.PausePromotion(ctx, engine.PromotionPause{Promotion: "p", By: "ann", Reason: "wrong price", Until: until}, nil)
	o.check(err)
	_, err = o.ResumePromotion(audit.With(o.ctx, told("resumePromotion")), "p", "bob", nil)
	o.check(err)
	entries := o.log(audit.Filter{})
	o.equal("entries", []string{entries[0].Action, entries[1].Action}, []string{"resumePromotion", "pausePromotion"})
	for _, want := range []event.Event{event.PromotionPaused("p", "ann", "wrong price", today(), until), event.PromotionResumed("p", "bob", today())} {
		d := o.one("all")
		body, err := want.Body(d.UID, today())
		o.check(err)
		o.equal("event", string(d.Body), string(body))
		o.settle(d, persistence.DeliveryDelivered)
	}
}

// beforeCommit is the sale, during whose first pricing something happens.
func beforeCommit(sale engine.Sale, happens func()) engine.Sale {
	price, first := sale.Price, true
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		request, quote, err := price(b)
		if first {
			first = false
			happens()
		}
		return request, quote, err
	}
	return sale
}

func testPausedSale(o *outbox) {
	o.stock()
	rules := o.rulesOf(engine.Promotion{})
	other := o.sameDatabase(persistence.Options{PauseLease: pauseLease})
	for _, c := range []struct {
		name    string
		happens func()
		want    int64
	}{
		{"a pause", func() { other.pauses("p0", "", time.Time{}) }, 0},
		{"the end of one", func() { other.resumes("p0") }, 1},
		{"a pause of another promotion", func() { other.pauses("p1", "", time.Time{}) }, 1},
	} {
		order, err := o.Purchase(o.ctx, beforeCommit(o.saleUnder(rules, today(), ""), c.happens))
		o.check(err)
		o.equal("discount after "+c.name, int64(order.Quote.Discount)/100, c.want)
		stored, err := o.Order(o.ctx, order.Reference)
		o.check(err)
		o.equal("stored order", stored.Quote, order.Quote)
	}
	o.leaves(map[string]int64{tv: 7})
	hold, err := o.Hold(o.ctx, beforeCommit(o.saleUnder(rules, today(), ""), func() { other.pauses("p0", "", time.Time{}) }), time.Hour)
	o.check(err)
	o.equal("discount of a hold after a pause", hold.Quote.Discount, engine.Amount(0))
}

func testPausedHold(o *outbox) {
	o.stock()
	hold, err := o.Hold(o.ctx, o.saleUnder(o.rulesOf(engine.Promotion{}), today(), ""), time.Hour)
	o.check(err)
	o.pauses("p0", "", time.Time{})
	order, err := o.CommitHold(o.ctx, hold.Reference)
	o.check(err)
	o.equal("discount", order.Quote.Discount, engine.Amount(100))
}

func testPausedKey(o *outbox) {
	o.stock()
	rules := o.rulesOf(engine.Promotion{})
	claim := o.claims(key("K"))
	ctx := idempotency.WithClaim(o.ctx, claim)
	order, err := o.Purchase(ctx, o.saleUnder(rules, today(), ""))
	o.check(err)
	o.pauses("p0", "", time.Time{})
	again, err := o.Purchase(ctx, o.saleUnder(rules, today(), ""))
	o.check(err)
	o.equal("order", again.Reference, order.Reference)
	o.leaves(map[string]int64{tv: 9})
}

// testPauseRace reads from the events, whose ids are in the order of commits as far as
// pauses go, which promotions were in force for each order.
func testPauseRace(o *outbox) {
	const clients, each, turns = 8, 12, 4
	o.add(engine.Item{SKU: tv, Name: "Google TV", Price: 5000, Stock: clients * each})
	rules := o.rulesOf(engine.Promotion{})
	options := persistence.Options{PauseLease: pauseLease, Now: o.clock.now, Endpoints: []persistence.Endpoint{{Name: "all"}}}
	following := o.sameDatabase(options)
	following.follow()
	stores := []*shop{o.shop, o.sameDatabase(options), following}
	together(clients+1, func(client int) {
		if client == clients {
			for range turns {
				_, err := o.PausePromotion(o.ctx, engine.PromotionPause{Promotion: "p0", By: "ann"}, nil)
				o.wants(err, true, "a pause")
				_, err = o.ResumePromotion(o.ctx, "p0", "ann", nil)
				o.wants(err, true, "the end of a pause")
			}
			return
		}
		for i := range each {
			store := stores[(client+i)%len(stores)]
			_, err := store.Purchase(o.ctx, store.saleUnder(rules, today(), ""))
			o.wants(err, true, "a sale")
		}
	})
	records, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{})
	o.check(err)
	orders, changes, paused := 0, 0, false
	for _, r := range slices.Backward(records) {
		var told struct {
			Data struct{ Discount string }
		}
		o.check(json.Unmarshal([]byte(r.Body), &told))
		switch event.Type(r.Type) {
		case event.TypePromotionPaused:
			changes, paused = changes+1, true
		case event.TypePromotionResumed:
			changes, paused = changes+1, false
		case event.TypeOrderPlaced:
			orders++
			if want := map[bool]string{false: "1.00", true: "0.00"}[paused]; told.Data.Discount != want {
				o.t.Errorf("order %d, after %d changes: got discount %s, want %s", orders, changes, told.Data.Discount, want)
			}
		}
	}
	o.equal("orders", orders, clients*each)
	o.equal("changes", changes, 2*turns)
	o.check(following.Close())
}

func testPauseFollowed(o *outbox) {
	o.stock()
	rules := o.rulesOf(engine.Promotion{})
	following := o.sameDatabase(persistence.Options{PauseLease: pauseLease, CataloguePoll: time.Hour})
	following.follow()
	priced := func() engine.Amount {
		sale := following.saleUnder(rules, today(), "")
		basis, err := following.Basis(o.ctx, engine.Inquiry{SKUs: sale.Units})
		o.check(err)
		_, quote, err := sale.Price(basis)
		o.check(err)
		return quote.Discount
	}
	o.equal("discount before", priced(), engine.Amount(100))
	for i := range 5 {
		o.pauses("p0", "", time.Time{})
		o.equal(fmt.Sprint("discount while it is paused, ", i), priced(), engine.Amount(0))
		o.resumes("p0")
		o.equal(fmt.Sprint("discount once it is resumed, ", i), priced(), engine.Amount(100))
	}
	following.pauses("p0", "", time.Time{})
	o.equal("discount after its own pause", priced(), engine.Amount(0))
	ctx, cancel := context.WithCancel(o.ctx)
	cancel()
	_, err := following.PausePromotion(ctx, engine.PromotionPause{Promotion: "p1", By: "ann"}, nil)
	o.is(err, context.Canceled)
	o.check(following.Close())
}

func testPausesTogether(o *outbox) {
	const many = 8
	stores := []*shop{o.shop, o.sameDatabase(persistence.Options{PauseLease: pauseLease})}
	revisions := make([]int64, 2*many)
	together(many, func(i int) {
		promotion, store := fmt.Sprint("p", i%3), stores[i%2]
		p, err := store.PausePromotion(o.ctx, engine.PromotionPause{Promotion: promotion, By: "ann", Reason: fmt.Sprint(i)}, nil)
		o.wants(err, true, "a pause")
		revisions[2*i] = p.Revision
		p, err = store.PausePromotion(o.ctx, engine.PromotionPause{Promotion: promotion, By: "ann", Reason: fmt.Sprint(i, " again")}, nil)
		o.wants(err, true, "a pause")
		revisions[2*i+1] = p.Revision
	})
	slices.Sort(revisions)
	for i, revision := range revisions {
		o.equal("revision", revision, int64(i+1))
	}
}
