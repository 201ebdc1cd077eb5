package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func movementCases() []testCase {
	return []testCase{
		{"a new item begins with an initial movement, one without stock with none", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3}, engine.Item{SKU: "B", Name: "b"})
			s.moved("A", "+3=3 initial")
			s.moved("B")
		}},
		{"an upsert that sets another stock is a correction, one that does not moves nothing", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3})
			s.add(engine.Item{SKU: "A", Name: "a2", Price: 1, Stock: 3})
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 1})
			_, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "A", Name: "a", Stock: 5}})
			s.check(err)
			s.moved("A", "+4=5 correction", "-2=1 correction", "+3=3 initial")
		}},
		{"a sale tells sold units from gifts and names the order", testSaleMovements},
		{"a refused purchase moves nothing", func(s *shop) {
			s.add(engine.Item{SKU: "A", Name: "a", Stock: 3}, engine.Item{SKU: "B", Name: "b"})
			_, err := s.buy("A", "B")
			s.refused(err, &engine.OutOfStockError{SKU: "B", Requested: 1})
			s.moved("A", "+3=3 initial")
		}},
		{"a stock is adjusted up and down, never below zero", testAdjust},
		{"a stock is set to what was counted", testSetStock},
		{"adjustments that make no sense are refused by field", testBadAdjustments},
		{"movements are read newest first, page by page", testMovementPages},
		{"the movements of an unknown item are an error", func(s *shop) {
			for _, sku := range []string{"nope", "", "\x00"} {
				_, err := s.Movements(s.ctx, sku, 0, 1)
				s.refused(err, &engine.UnknownItemError{Key: sku})
			}
		}},
		{"movements are stamped with the clock of the store", func(s *shop) {
			at := time.Date(2026, 11, 22, 9, 30, 0, 123456789, time.FixedZone("", 3600))
			later := s.sameDatabase(persistence.Options{Now: func() time.Time { return at }})
			later.add(engine.Item{SKU: "A", Name: "a", Stock: 1})
			got, err := s.Movements(s.ctx, "A", 0, 1)
			s.check(err)
			s.equal("instant", got[0].At, time.Date(2026, 11, 22, 8, 30, 0, 123456000, time.UTC))
		}},
		{"movements add up to the stock whatever happens at the same time", testMovementsAddUp},
	}
}

// buyWithGifts buys the units at list price; each comes with the gift of its SKU
// while there are enough.
func (s *shop) buyWithGifts(gifts map[string]string, skus ...string) (engine.Order, error) {
	return s.purchase(s.ctx, skus, slices.Sorted(maps.Values(gifts)), withGifts(s.Currency(), skus, gifts))
}

// moved compares the movements of the SKU, newest first.
func (s *shop) moved(sku string, want ...string) {
	s.t.Helper()
	s.equal("movements of "+sku, s.movements(sku), want)
}

// movements returns the movements of the SKU as text, newest first.
func (s *shop) movements(sku string) []string {
	s.t.Helper()
	var texts []string
	for _, m := range s.allMovements(sku) {
		text := fmt.Sprintf("%+d=%d %s", m.Delta, m.StockAfter, m.Reason)
		texts = append(texts, strings.TrimSpace(text+" "+m.Note))
	}
	return texts
}

func (s *shop) allMovements(sku string) []persistence.Movement {
	s.t.Helper()
	var all []persistence.Movement
	var from int64
	for {
		page, err := s.Movements(s.ctx, sku, from, persistence.MaxMovements)
		s.check(err)
		if all = append(all, page...); len(page) < persistence.MaxMovements {
			return all
		}
		from = page[len(page)-1].ID
	}
}

// addsUp demands that the movements of every item lead from nothing to its
// stock without a gap.
func (s *shop) addsUp() {
	s.t.Helper()
	for _, item := range s.items() {
		var stock int64
		for _, m := range slices.Backward(s.allMovements(item.SKU)) {
			stock += m.Delta
			if m.StockAfter != stock || m.Delta == 0 {
				s.t.Errorf("got movement %+v, want one to a stock of %d", m, stock)
			}
		}
		if stock != item.Stock {
			s.t.Errorf("got movements of %s that add up to %d, want its stock, %d", item.SKU, stock, item.Stock)
		}
	}
}

func testSaleMovements(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 9}, engine.Item{SKU: "B", Name: "b", Stock: 9}, engine.Item{SKU: "C", Name: "c", Stock: 9})
	order, err := s.buyWithGifts(map[string]string{"B": "A", "A": "C"}, "A", "B", "A")
	s.check(err)
	s.moved("A", "-1=6 gift", "-2=7 sale", "+9=9 initial")
	s.moved("B", "-1=8 sale", "+9=9 initial")
	s.moved("C", "-2=7 gift", "+9=9 initial")
	got, err := s.Movements(s.ctx, "B", 0, 1)
	s.check(err)
	want := []persistence.Movement{{SKU: "B", Delta: -1, StockAfter: 8, Reason: persistence.ReasonSale, Order: order.Reference, At: got[0].At}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(persistence.Movement{}, "ID")); diff != "" {
		s.t.Errorf("movement (-want +got):\n%s", diff)
	}
}

func testAdjust(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 3, Price: 7, Tags: []string{"kept"}})
	before := s.item("A")
	after, err := s.AdjustStock(s.ctx, "A", 10, persistence.ReasonReceipt, "delivery 7")
	s.check(err)
	s.equal("stock", after, int64(13))
	after, err = s.AdjustStock(s.ctx, "A", -13, persistence.ReasonCorrection, "")
	s.check(err)
	s.equal("stock", after, int64(0))
	_, err = s.AdjustStock(s.ctx, "A", -1, persistence.ReasonCorrection, "")
	s.refused(err, &engine.OutOfStockError{SKU: "A", Requested: 1})
	_, err = s.AdjustStock(s.ctx, "nope", 1, persistence.ReasonCorrection, "")
	s.refused(err, &engine.UnknownItemError{Key: "nope"})
	s.moved("A", "-13=0 correction", "+10=13 receipt delivery 7", "+3=3 initial")
	before.Stock = 0
	s.equal("the item", s.item("A"), before)
}

func testSetStock(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 3})
	for _, c := range []struct{ stock, delta int64 }{{5, 2}, {5, 0}, {0, -5}} {
		delta, err := s.SetStock(s.ctx, "A", c.stock, persistence.ReasonCorrection, "counted")
		s.check(err)
		s.equal("change", delta, c.delta)
		s.equal("stock", s.item("A").Stock, c.stock)
	}
	s.moved("A", "-5=0 correction counted", "+2=5 correction counted", "+3=3 initial")
	_, err := s.SetStock(s.ctx, "nope", 1, persistence.ReasonCorrection, "")
	s.refused(err, &engine.UnknownItemError{Key: "nope"})
	_, err = s.SetStock(s.ctx, "A", -1, persistence.ReasonCorrection, "")
	s.refused(err, &persistence.InvalidError{Field: "stock", Problem: "is -1; want 0 or more"})
}

func testBadAdjustments(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 3}, engine.Item{SKU: "B", Name: "b", Stock: math.MaxInt64 - 1})
	const deltas, reasons = "; want a number of units from 1 to 1000000000, or its negative", "; want receipt, correction, return or import"
	for _, c := range []struct {
		sku     string
		delta   int64
		reason  persistence.Reason
		note    string
		field   string
		problem string
	}{
		{"A", 0, persistence.ReasonReceipt, "", "delta", "is 0" + deltas},
		{"A", 1_000_000_001, persistence.ReasonReceipt, "", "delta", "is 1000000001" + deltas},
		{"A", -1_000_000_001, persistence.ReasonReceipt, "", "delta", "is -1000000001" + deltas},
		{"A", 1, persistence.ReasonSale, "", "reason", `is "sale"` + reasons},
		{"A", 1, "", "", "reason", `is ""` + reasons},
		{"A", 1, persistence.ReasonReceipt, "\x00", "note", "contains a NUL character"},
		{"B", 2, persistence.ReasonReceipt, "", "delta", "is 2, and the stock of B is 9223372036854775806 already: no stock can be more than 9223372036854775807"},
	} {
		_, err := s.AdjustStock(s.ctx, c.sku, c.delta, c.reason, c.note)
		s.refused(err, &persistence.InvalidError{Field: c.field, Problem: c.problem})
	}
	s.moved("A", "+3=3 initial")
	for _, limit := range []int{0, persistence.MaxMovements + 1} {
		_, err := s.Movements(s.ctx, "A", 0, limit)
		s.refused(err, &persistence.InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to 1000", limit)})
	}
}

func testMovementPages(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 1}, engine.Item{SKU: "B", Name: "b", Stock: 1})
	for range 4 {
		for _, sku := range []string{"A", "B"} {
			_, err := s.AdjustStock(s.ctx, sku, 1, persistence.ReasonReceipt, "")
			s.check(err)
		}
	}
	var stocks []int64
	var from int64
	for range 4 {
		page, err := s.Movements(s.ctx, "A", from, 2)
		s.check(err)
		for _, m := range page {
			stocks, from = append(stocks, m.StockAfter), m.ID
		}
	}
	s.equal("stocks, newest first", stocks, []int64{5, 4, 3, 2, 1})
}

func testMovementsAddUp(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 30}, engine.Item{SKU: "B", Name: "b", Stock: 30})
	calls := []func(i int) error{
		func(int) error { _, err := s.buy("A", "B", "A"); return err },
		func(int) error {
			_, err := s.buyWithGifts(map[string]string{"B": "A"}, "B")
			return err
		},
		func(int) error {
			_, err := s.AdjustStock(s.ctx, "A", -3, persistence.ReasonCorrection, "")
			return err
		},
		func(int) error { _, err := s.AdjustStock(s.ctx, "A", 5, persistence.ReasonReceipt, ""); return err },
		func(i int) error {
			_, err := s.SetStock(s.ctx, "B", int64(i), persistence.ReasonCorrection, "")
			return err
		},
		func(i int) error {
			_, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "B", Name: "b", Stock: int64(i)}, {SKU: "A", Name: "a", Stock: 9}})
			return err
		},
	}
	errs := make([]error, 60)
	together(len(errs), func(i int) { errs[i] = calls[i%len(calls)](i) })
	for _, err := range errs {
		if err != nil && !errors.As(err, new(*engine.OutOfStockError)) {
			s.t.Errorf("got error %v, want none but shortages", err)
		}
	}
	s.addsUp()
}
