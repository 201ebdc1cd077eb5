package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// lease is longer than any test.
const lease = time.Hour

// clock is a time that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// outbox is a shop whose events go to endpoints, with a clock of its own.
type outbox struct {
	*shop
	clock *clock
}

// testOutbox runs the sentences about events and their deliveries.
func testOutbox(t *testing.T, open func(t *testing.T) persistence.Database) {
	for _, c := range []struct {
		name string
		run  func(o *outbox)
	}{
		{"a sale tells of its order, in full, to every endpoint that wants it", testSaleTells},
		{"a sale that is rolled back tells of nothing", testRolledBackSaleTellsNothing},
		{"stock is low once, when a sale brings it from above the threshold to it or below", testStockLow},
		{"a new ruleset is told of once, whoever tells", testRulesetChanged},
		{"an endpoint that is added later gets later events only", testLaterEndpoint},
		{"a claimed delivery is nobody else's until the lease ends, and then anybody's", testLease},
		{"a claim that was lost settles nothing", testLostClaim},
		{"a delivery that failed is due at its next attempt and not before", testNextAttempt},
		{"an event waits for the earlier ones of its aggregate, delivered or dead", testOrderOfAggregate},
		{"the backlog of one endpoint does not hold up another", testEndpointsApart},
		{"what is dead, or was delivered, is sent again when asked", testResend},
		{"deliveries are read page by page, by type and time, and what no event is called is refused", testDeliveryPages},
		{"purging removes what everybody has got, and nothing that somebody waits for", testPurge},
		{"eight claimers of a thousand events get each exactly once", testManyClaimers},
		{"claimers beside sales lose nothing and repeat nothing", testClaimersBesideSales},
		{"a settlement is for delivered, dead and pending only", func(o *outbox) {
			err := o.Settle(o.ctx, persistence.Delivery{}, persistence.Settlement{State: persistence.DeliveryClaimed})
			o.refused(err, &persistence.InvalidError{Field: "state", Problem: `is "claimed"; want pending, delivered or dead`})
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newOutbox(t, open(t), both()...)) })
	}
}

// both are two endpoints, of which one wants only some events.
func both() []persistence.Endpoint {
	return []persistence.Endpoint{{Name: "books"}, {Name: "stores", Types: []event.Type{event.TypeStockLow, event.TypeRulesetChanged}}}
}

func newOutbox(t *testing.T, db persistence.Database, endpoints ...persistence.Endpoint) *outbox {
	c := &clock{at: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)}
	return &outbox{newShop(t, db, persistence.Options{Now: c.now, Endpoints: endpoints}), c}
}

// beside returns another store on the same database.
func (o *outbox) beside(options persistence.Options) *outbox {
	options.Now = o.clock.now
	return &outbox{o.sameDatabase(options), o.clock}
}

func (o *outbox) claim(endpoint string, n int) []persistence.Delivery {
	o.t.Helper()
	claimed, err := o.Claim(o.ctx, endpoint, n, lease)
	o.check(err)
	return claimed
}

// one claims the only delivery that is due.
func (o *outbox) one(endpoint string) persistence.Delivery {
	o.t.Helper()
	claimed := o.claim(endpoint, 10)
	if len(claimed) != 1 {
		o.t.Fatalf("got %d deliveries, want 1", len(claimed))
	}
	return claimed[0]
}

func (o *outbox) settle(d persistence.Delivery, state persistence.DeliveryState) {
	o.t.Helper()
	o.check(o.Settle(o.ctx, d, persistence.Settlement{State: state, Status: 200, Next: o.clock.now()}))
}

// waiting returns type and aggregate of the deliveries that wait, in the order of
// their events.
func (o *outbox) waiting(endpoint string) []string {
	o.t.Helper()
	records, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{Endpoint: endpoint, State: persistence.DeliveryPending})
	o.check(err)
	var all []string
	for _, r := range slices.Backward(records) {
		all = append(all, r.Type+" "+r.Aggregate)
	}
	return all
}

// change emits n events of one aggregate.
func (o *outbox) change(n int) {
	o.t.Helper()
	for range n {
		o.check(o.RulesetChanged(o.ctx, uuid.NewString()))
	}
}

func (o *outbox) records() []persistence.DeliveryRecord {
	o.t.Helper()
	records, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{})
	o.check(err)
	return records
}

func testSaleTells(o *outbox) {
	o.stock()
	order := o.soldWithGifts(macbook, tv)
	d := o.one("books")
	want, err := event.OrderPlaced(order).Body(d.UID, o.clock.now())
	o.check(err)
	o.equal("body", string(d.Body), string(want))
	o.equal("delivery", d, persistence.Delivery{
		Endpoint: "books", EventID: d.EventID, UID: d.UID, Type: "order.placed", Body: want, Attempt: 1, CreatedAt: o.clock.now(), Claim: d.Claim,
	})
	id, err := uuid.Parse(d.UID)
	o.check(err)
	o.equal("version of the id", id.Version().String(), "VERSION_7")
	o.equal("what the other endpoint gets", o.claim("stores", 10), []persistence.Delivery(nil))
	o.equal("what an unknown endpoint gets", o.claim("nobody", 10), []persistence.Delivery(nil))
}

func testRolledBackSaleTellsNothing(o *outbox) {
	o.stock()
	_, err := o.buy(append(slices.Repeat([]string{speaker}, 10), slices.Repeat([]string{tv}, 11)...)...)
	o.refused(err, &engine.OutOfStockError{SKU: tv, Requested: 11, Available: 10})
	same := o.beside(persistence.Options{Endpoints: both(), NewReference: func() string { return "twice" }})
	same.sold(speaker)
	if _, err := same.buy(speaker); err == nil {
		o.t.Errorf("got no error of a sale whose reference is taken, want one")
	}
	o.equal("waiting", o.waiting("books"), []string{"order.placed order:twice"})
}

func testStockLow(o *outbox) {
	shop := o.beside(persistence.Options{Endpoints: both(), LowStock: 3})
	shop.stock()
	lows := func(want ...string) {
		o.t.Helper()
		o.equal("low", o.waiting("stores"), want)
	}
	shop.sold(slices.Repeat([]string{tv}, 6)...)
	lows()
	shop.sold(tv, speaker)
	lows("stock.low item:" + tv)
	shop.sold(tv)
	lows("stock.low item:" + tv)
	shop.sold(pi) // it was low before
	lows("stock.low item:" + tv)
	shop.sold(append(slices.Repeat([]string{macbook}, 5), slices.Repeat([]string{speaker}, 9)...)...)
	lows("stock.low item:"+tv, "stock.low item:"+macbook, "stock.low item:"+speaker)
	d := o.claim("stores", 1)[0]
	want, err := event.StockLow(engine.Item{SKU: tv, Name: "Google TV", Stock: 3}, 3).Body(d.UID, o.clock.now())
	o.check(err)
	o.equal("body", string(d.Body), string(want))

	soldOut := o.beside(persistence.Options{Endpoints: []persistence.Endpoint{{Name: "soldout", Types: []event.Type{event.TypeStockLow}}}})
	soldOut.sold(tv)
	o.equal("before the last unit", o.waiting("soldout"), []string(nil))
	soldOut.sold(tv)
	o.equal("after the last unit", o.waiting("soldout"), []string{"stock.low item:" + tv})
}

func testRulesetChanged(o *outbox) {
	together(8, func(int) { o.wants(o.RulesetChanged(o.ctx, "a"), true, "the ruleset told") })
	first := o.one("stores")
	o.settle(first, persistence.DeliveryDelivered)
	o.check(o.RulesetChanged(o.ctx, "a"))
	o.equal("told again", o.waiting("stores"), []string(nil))
	together(8, func(int) { o.wants(o.RulesetChanged(o.ctx, "b"), true, "the ruleset told") })
	second := o.one("stores")
	want, err := event.RulesetChanged("b", "a", first.UID).Body(second.UID, o.clock.now())
	o.check(err)
	o.equal("body", string(second.Body), string(want))
	o.settle(second, persistence.DeliveryDelivered)
	o.check(o.RulesetChanged(o.ctx, "a"))
	o.equal("told of the way back", o.waiting("stores"), []string{"ruleset.changed ruleset:"})
	for _, digest := range []string{"", "a\x00"} {
		o.refused(o.RulesetChanged(o.ctx, digest), &persistence.InvalidError{Field: "digest", Problem: "is not a digest"})
	}
}

func testLaterEndpoint(o *outbox) {
	o.stock()
	o.sold(tv)
	more := o.beside(persistence.Options{Endpoints: append(both(), persistence.Endpoint{Name: "later"})})
	o.equal("before", o.waiting("later"), []string(nil))
	order := more.sold(tv)
	o.equal("after", o.waiting("later"), []string{"order.placed order:" + order.Reference})
	o.equal("the others", len(o.waiting("books")), 2)
}

func testLease(o *outbox) {
	o.change(1)
	first := o.one("books")
	o.clock.pass(lease - time.Microsecond)
	o.equal("before the end of the lease", o.claim("books", 1), []persistence.Delivery(nil))
	o.clock.pass(time.Microsecond)
	second := o.one("books")
	if second.Claim == first.Claim {
		o.t.Errorf("got the same claim twice, %s", second.Claim)
	}
	first.Claim, first.Attempt = second.Claim, 2
	o.equal("the delivery again", second, first)
}

func testLostClaim(o *outbox) {
	o.change(1)
	first := o.one("books")
	o.clock.pass(lease)
	second := o.one("books")
	o.equal("attempt", second.Attempt, 2)
	o.is(o.Settle(o.ctx, first, persistence.Settlement{State: persistence.DeliveryDead, Error: "late"}), persistence.ErrClaimLost)
	o.settle(second, persistence.DeliveryDelivered)
	o.is(o.Settle(o.ctx, second, persistence.Settlement{State: persistence.DeliveryDead}), persistence.ErrClaimLost)
	records, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{Endpoint: "books"})
	o.check(err)
	o.equal("state", records[0].State, persistence.DeliveryDelivered)
}

func testNextAttempt(o *outbox) {
	o.change(1)
	d := o.one("books")
	next := o.clock.now().Add(5 * time.Second)
	o.check(o.Settle(o.ctx, d, persistence.Settlement{State: persistence.DeliveryPending, Next: next, Status: 503, Error: "answered 503\x00\xff"}))
	records, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{Endpoint: "books"})
	o.check(err)
	o.equal("record", records, []persistence.DeliveryRecord{{
		UID: d.UID, Type: "ruleset.changed", Aggregate: "ruleset:", CreatedAt: o.clock.now(), Endpoint: "books",
		State: persistence.DeliveryPending, Attempts: 1, NextAttempt: next, LastStatus: 503, LastError: "answered 503\uFFFD", Body: string(d.Body),
	}})
	o.clock.pass(5*time.Second - time.Microsecond)
	o.equal("before", o.claim("books", 1), []persistence.Delivery(nil))
	o.clock.pass(time.Microsecond)
	again := o.one("books")
	o.equal("attempt", again.Attempt, 2)
	o.equal("id", again.UID, d.UID)
}

func testOrderOfAggregate(o *outbox) {
	o.stock()
	o.change(3)
	o.sold(tv)
	claimed := o.claim("books", 10)
	o.equal("due at first", typesOf(claimed), []string{"ruleset.changed", "order.placed"})
	o.equal("while the first is being sent", o.claim("books", 10), []persistence.Delivery(nil))
	o.check(o.Settle(o.ctx, claimed[0], persistence.Settlement{State: persistence.DeliveryPending, Next: o.clock.now().Add(time.Minute)}))
	o.equal("while the first waits", o.claim("books", 10), []persistence.Delivery(nil))
	o.clock.pass(time.Minute)
	first := o.one("books")
	o.equal("the first again", first.EventID, claimed[0].EventID)
	o.settle(first, persistence.DeliveryDelivered)
	second := o.one("books")
	o.settle(second, persistence.DeliveryDead)
	third := o.one("books")
	if third.EventID <= second.EventID || second.EventID <= first.EventID {
		o.t.Errorf("got events %d, %d, %d, want them in order", first.EventID, second.EventID, third.EventID)
	}
	o.settle(claimed[1], persistence.DeliveryDelivered)
}

func typesOf(all []persistence.Delivery) []string {
	types := make([]string, len(all))
	for i, d := range all {
		types[i] = d.Type
	}
	return types
}

func testEndpointsApart(o *outbox) {
	o.change(2)
	o.one("books")
	first := o.one("stores")
	o.settle(first, persistence.DeliveryDelivered)
	o.settle(o.one("stores"), persistence.DeliveryDead)
	o.clock.pass(time.Minute)
	backlogs, err := o.Backlogs(o.ctx)
	o.check(err)
	o.equal("backlogs", backlogs, []persistence.Backlog{
		{Endpoint: "books", Pending: 2, Oldest: first.CreatedAt},
		{Endpoint: "stores", Dead: 1},
	})
}

func testResend(o *outbox) {
	o.change(2)
	first := o.one("stores")
	o.settle(first, persistence.DeliveryDead)
	second := o.one("stores")
	o.settle(second, persistence.DeliveryDelivered)
	resend := func(want int64, f persistence.DeliveryFilter) {
		o.t.Helper()
		n, err := o.Resend(o.ctx, f)
		o.check(err)
		o.equal("sent again", n, want)
	}
	dead := persistence.DeliveryFilter{State: persistence.DeliveryDead}
	resend(0, persistence.DeliveryFilter{State: persistence.DeliveryDead, Endpoint: "books"})
	resend(1, dead)
	resend(0, dead)
	again := o.one("stores")
	first.Claim = again.Claim
	o.equal("the dead one", again, first)
	resend(0, persistence.DeliveryFilter{UIDs: []string{first.UID}}) // it is being sent, and pending at books
	resend(1, persistence.DeliveryFilter{UIDs: []string{second.UID}, Endpoint: "stores"})
	o.settle(again, persistence.DeliveryDelivered)
	o.equal("the delivered one", o.one("stores").UID, second.UID)
	_, err := o.Resend(o.ctx, persistence.DeliveryFilter{Endpoint: "stores"})
	o.refused(err, &persistence.InvalidError{Field: "filter", Problem: "names no events; name some, or ask for all that are dead"})
}

func testDeliveryPages(o *outbox) {
	o.stock()
	o.sold(tv)
	o.clock.pass(time.Minute)
	later := o.clock.now()
	o.change(2)
	type f = persistence.DeliveryFilter
	all := o.records()
	page := func(what string, f f, want ...persistence.DeliveryRecord) {
		o.t.Helper()
		records, err := o.Deliveries(o.ctx, f)
		o.check(err)
		o.equal(what, records, slices.Concat([]persistence.DeliveryRecord(nil), want))
	}
	books := slices.DeleteFunc(slices.Clone(all), func(r persistence.DeliveryRecord) bool { return r.Endpoint != "books" })
	o.equal("deliveries to books", len(books), 3)
	page("first page", f{Endpoint: "books", Limit: 2}, books[:2]...)
	page("second page", f{Endpoint: "books", Limit: 2, After: books[1].UID}, books[2])
	page("last page", f{Endpoint: "books", After: books[2].UID})
	page("of a type", f{Endpoint: "books", Type: "order.placed"}, books[2])
	page("since", f{Endpoint: "books", Since: later}, books[:2]...)
	page("no text", f{UIDs: []string{"a\x00"}})
	for _, uid := range []string{"none", "a\x00"} {
		_, err := o.Deliveries(o.ctx, f{After: uid})
		o.refused(err, &persistence.UnknownEventError{UID: uid})
	}
	n, err := o.Resend(o.ctx, f{UIDs: []string{"a\x00"}})
	o.check(err)
	o.equal("sent again of no text", n, int64(0))
	for range 3 {
		o.settle(o.claim("books", 1)[0], persistence.DeliveryDead)
	}
	n, err = o.Resend(o.ctx, f{State: persistence.DeliveryDead, Endpoint: "books", Type: "order.placed"})
	o.check(err)
	o.equal("sent again of a type", n, int64(1))
}

func testPurge(o *outbox) {
	o.stock()
	for range 3 {
		o.sold(tv)
	}
	claimed := o.claim("books", 3)
	o.settle(claimed[0], persistence.DeliveryDelivered)
	o.settle(claimed[1], persistence.DeliveryDead)
	o.clock.pass(lease / 4)
	o.change(1)
	o.settle(o.one("books"), persistence.DeliveryDelivered)
	o.settle(o.one("stores"), persistence.DeliveryDelivered)
	purged := func(s *outbox, before time.Time, want int64) {
		o.t.Helper()
		n, err := s.PurgeEvents(o.ctx, before)
		o.check(err)
		o.equal("purged", n, want)
	}
	purged(o, o.clock.now().Add(-lease/4), 0)
	purged(o, o.clock.now().Add(-lease/4+time.Microsecond), 1)
	o.equal("left", len(o.records()), 4)
	o.clock.pass(lease / 4)
	purged(o, o.clock.now(), 0) // one is dead, one is being sent, one is the last ruleset
	purged(o.beside(persistence.Options{Endpoints: both()[1:]}), o.clock.now(), 2)
	o.check(o.RulesetChanged(o.ctx, o.lastDigest()))
	o.equal("left of the ruleset", len(o.records()), 2)
}

// lastDigest returns the digest that the last event about a ruleset told of.
func (o *outbox) lastDigest() string {
	o.t.Helper()
	digest, err := event.Ruleset([]byte(o.records()[0].Body))
	o.check(err)
	return digest
}

func testManyClaimers(o *outbox) {
	const events, claimers = 1000, 8
	// The events of a thousand items that are sold out by two orders.
	items := make([]engine.Item, events)
	skus := make([]string, events)
	for i := range items {
		skus[i] = fmt.Sprintf("S%04d", i)
		items[i] = engine.Item{SKU: skus[i], Name: skus[i], Price: 1, Stock: 1}
	}
	o.add(items...)
	o.sold(skus...)
	got := make([][]persistence.Delivery, claimers)
	together(claimers, func(i int) {
		s := o.beside(persistence.Options{Endpoints: both()})
		for {
			claimed, err := s.Claim(o.ctx, "stores", 7, lease)
			o.wants(err, true, "a claim")
			if err != nil || len(claimed) == 0 {
				return
			}
			got[i] = append(got[i], claimed...)
		}
	})
	// A claimer stops as soon as it finds nothing, which rows that others hold
	// may make it do too early.
	got = append(got, o.claim("stores", events))
	times := map[string]int{}
	for _, d := range slices.Concat(got...) {
		times[d.UID]++
	}
	o.equal("events", len(times), events)
	o.equal("the most often that one was claimed", slices.Max(slices.Collect(maps.Values(times))), 1)
}

// testClaimersBesideSales demands that what was delivered is what was sold, in
// the order of each item's sales.
func testClaimersBesideSales(o *outbox) {
	const sellers, sales = 4, 15
	o.add(engine.Item{SKU: "A", Name: "a", Price: 1, Stock: sellers * sales})
	var sold sync.Map
	var delivered sync.Map
	var selling, claiming sync.WaitGroup
	var over atomic.Bool
	for range sellers {
		selling.Go(func() {
			for range sales {
				order, err := o.buy("A")
				o.wants(err, true, "a sale")
				sold.Store(order.Reference, true)
			}
		})
	}
	for range 3 {
		claiming.Go(func() {
			for {
				last := over.Load()
				claimed, err := o.Claim(o.ctx, "books", 5, lease)
				o.wants(err, true, "a claim")
				for _, d := range claimed {
					var body struct {
						Data struct{ Order string }
					}
					err := errors.Join(json.Unmarshal(d.Body, &body), o.Settle(o.ctx, d, persistence.Settlement{State: persistence.DeliveryDelivered}))
					o.wants(err, true, "a delivery")
					if _, twice := delivered.LoadOrStore(d.UID, body.Data.Order); twice {
						o.t.Errorf("event %s was claimed twice", d.UID)
					}
				}
				if err != nil || last && len(claimed) == 0 {
					return
				}
			}
		})
	}
	selling.Wait()
	over.Store(true)
	claiming.Wait()
	orders := map[string]bool{}
	delivered.Range(func(_, order any) bool {
		if order != "" { // that the item is sold out has none
			orders[order.(string)] = true
		}
		return true
	})
	o.equal("orders told of", len(orders), sellers*sales)
	sold.Range(func(reference, _ any) bool {
		if !orders[reference.(string)] {
			o.t.Errorf("order %s was not told of", strings.ToLower(reference.(string)))
		}
		return true
	})
}
