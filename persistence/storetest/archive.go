package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func archiveCases() []testCase {
	return []testCase{
		{"a ruleset is kept as it was when it was kept first, byte by byte", testRulesetIsKept},
		{"a ruleset that was not kept is unknown", func(s *shop) {
			s.check(s.KeepRuleset(s.ctx, "a1", "v", []byte("x")))
			for _, digest := range []string{"", "a", "a1 ", "A1", "a1\x00", "\xff"} {
				_, err := s.Archive().Ruleset(s.ctx, digest)
				s.refused(err, &persistence.UnknownRulesetError{Digest: digest})
			}
		}},
		{"a ruleset without a name is refused", func(s *shop) {
			for _, digest := range []string{"", "a\x00"} {
				s.refused(s.KeepRuleset(s.ctx, digest, "v", nil), &persistence.InvalidError{Field: "digest", Problem: fmt.Sprintf("%q names no ruleset", digest)})
			}
		}},
		{"many keep the same rulesets at once", testRulesetsAreKeptAtOnce},
		{"an order is kept with what its price was made from", testOrderIsRecorded},
		{"a sale that cannot be recorded is refused and nothing changes", testUnrecordedIsNotSold},
		{"orders are read in the order of time, from either end, on from any of them", testRecordsInOrder},
		{"orders of a span begin with its first instant and end before its last", testRecordsOfASpan},
		{"orders of one instant are read once each, across pages", testRecordsAcrossPages},
		{"a reference that no order has ends the reading", func(s *shop) {
			_, err := s.Archive().Record(s.ctx, "nope")
			s.refused(err, &persistence.UnknownOrderError{Reference: "nope"})
			_, err = s.references(persistence.Listing{After: "nope"})
			s.refused(err, &persistence.UnknownOrderError{Reference: "nope"})
		}},
	}
}

func testRulesetIsKept(s *shop) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 123456000, time.UTC)
	files := []byte{0, 1, 2, 0xff, '\'', '\\', 'x', 0}
	at := func(t time.Time) *shop {
		return s.sameDatabase(persistence.Options{Now: func() time.Time { return t }})
	}
	s.check(at(noon).KeepRuleset(s.ctx, "a1", "1.0.0", files))
	s.check(at(noon.Add(time.Hour)).KeepRuleset(s.ctx, "a1", "2.0.0", []byte("other")))
	s.check(s.KeepRuleset(s.ctx, "b2", "2.0.0", []byte("another")))
	got, err := s.Archive().Ruleset(s.ctx, "a1")
	s.check(err)
	s.equal("ruleset", got, persistence.Ruleset{Digest: "a1", Files: files, Version: "1.0.0", FirstUsedAt: noon})
	s.equal("location", got.FirstUsedAt.Location().String(), "UTC")
}

func testRulesetsAreKeptAtOnce(s *shop) {
	const keepers, rulesets = 8, 5
	errs := make(chan error, keepers*rulesets)
	for range keepers {
		other := s.sameDatabase(persistence.Options{})
		go func() {
			for n := range rulesets {
				errs <- other.KeepRuleset(s.ctx, fmt.Sprint("r", n), "v", []byte{byte(n)})
			}
		}()
	}
	for range keepers * rulesets {
		s.check(<-errs)
	}
	for n := range rulesets {
		got, err := s.Archive().Ruleset(s.ctx, fmt.Sprint("r", n))
		s.check(err)
		s.equal("files", got.Files, []byte{byte(n)})
	}
}

// testOrderIsRecorded sells with a request, and reads it again.
func testOrderIsRecorded(s *shop) {
	s.stock()
	skus := []string{macbook, tv, macbook}
	at := time.Date(2026, 11, 22, 1, 2, 3, 456789012, time.FixedZone("", 3600))
	var asked engine.Request
	sale := Sale(skus, []string{pi}, withGifts(s.Currency(), skus, map[string]string{macbook: pi}))
	quote := sale.Price
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		_, q, err := quote(b)
		asked = engine.Request{
			Cart: engine.Cart{Currency: s.Currency(), Channel: "\x00 'x' <é>", Lines: []engine.Line{
				{Item: b.Items[macbook], Quantity: 2}, {Item: b.Items[tv], Quantity: 1},
			}},
			Catalog: engine.CatalogMap(b.Items), At: at,
		}
		return asked, q, err
	}
	order, err := s.Purchase(s.ctx, sale)
	s.check(err)
	s.add(engine.Item{SKU: tv, Name: "another thing", Price: 1, Stock: 1})
	record, err := s.Archive().Record(s.ctx, order.Reference)
	s.check(err)
	want, err := engine.EncodeRequest(asked)
	s.check(err)
	stored, err := json.Marshal(order.Quote)
	s.check(err)
	s.equal("record", record, persistence.Record{
		Reference: order.Reference, PlacedAt: order.PlacedAt, Ruleset: order.Quote.Ruleset, Request: string(want), Quote: string(stored),
		State: engine.OrderPlaced,
	})
	request, err := engine.DecodeRequest([]byte(record.Request))
	s.check(err)
	gift, found := request.Catalog.Item(pi)
	s.wants(nil, found && gift.Stock == 2 && request.Cart.Lines[1].Item.Price == 4999, "items as they were")
}

func testUnrecordedIsNotSold(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	sale := Sale([]string{tv}, nil, listPrice(s.Currency(), []string{tv}))
	quote := sale.Price
	sale.Price = func(b engine.Basis) (engine.Request, engine.Quote, error) {
		_, q, err := quote(b)
		return engine.Request{Cart: engine.Cart{Channel: "\xff"}}, q, err
	}
	_, err := s.Purchase(s.ctx, sale)
	s.refused(err, &engine.RecordError{Problem: "a text is not UTF-8"})
	unchanged()
}

func (s *shop) references(l persistence.Listing) (references []string, err error) {
	for record, err := range s.Archive().Records(s.ctx, l) {
		if err != nil {
			return references, err
		}
		references = append(references, record.Reference)
	}
	return references, nil
}

// reads demands that a listing gives the orders.
func (s *shop) reads(what string, l persistence.Listing, want []string) {
	s.t.Helper()
	got, err := s.references(l)
	s.check(err)
	s.equal(what, got, want)
}

// soldAt sells a speaker at each instant and returns the references.
func (s *shop) soldAt(instants ...time.Time) []string {
	s.t.Helper()
	var references []string
	for _, at := range instants {
		frozen := s.sameDatabase(persistence.Options{Now: func() time.Time { return at }})
		references = append(references, frozen.sold(speaker).Reference)
	}
	return references
}

func testRecordsInOrder(s *shop) {
	s.stock()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	all := s.soldAt(noon, noon, noon.Add(time.Microsecond), noon.Add(time.Second), noon.Add(time.Hour))
	newest := slices.Clone(all)
	slices.Reverse(newest)
	s.reads("the oldest first", persistence.Listing{}, all)
	s.reads("the newest first", persistence.Listing{Newest: true}, newest)
	s.reads("the two oldest", persistence.Listing{Limit: 2}, all[:2])
	for i := range all {
		s.reads("what follows", persistence.Listing{After: all[i]}, all[i+1:])
		s.reads("what was before", persistence.Listing{After: newest[i], Newest: true, Limit: 2}, newest[i+1:min(i+3, len(newest))])
	}
}

func testRecordsOfASpan(s *shop) {
	s.stock()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 3600))
	all := s.soldAt(noon.Add(-time.Microsecond), noon, noon.Add(time.Hour), noon.Add(2*time.Hour))
	span := persistence.Span{Since: noon, Until: noon.Add(2 * time.Hour)}
	s.reads("a span", persistence.Listing{Span: span}, all[1:3])
	s.reads("from an instant on", persistence.Listing{Span: persistence.Span{Since: noon}}, all[1:])
	s.reads("before an instant", persistence.Listing{Span: persistence.Span{Until: noon}}, all[:1])
	n, err := s.Archive().Count(s.ctx, span)
	s.check(err)
	s.equal("count", n, int64(2))
}

func testRecordsAcrossPages(s *shop) {
	const orders = 450 // more than two pages
	s.add(engine.Item{SKU: speaker, Name: "Alexa Speaker", Price: 10950, Stock: orders})
	frozen := s.sameDatabase(persistence.Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	var all []string
	for range orders {
		all = append(all, frozen.sold(speaker).Reference)
	}
	s.reads("all", persistence.Listing{}, all)
	s.reads("a limit beyond a page", persistence.Listing{Limit: 300}, all[:300])
	slices.Reverse(all)
	s.reads("all, the newest first", persistence.Listing{Newest: true}, all)
}
