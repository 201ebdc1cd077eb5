package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/checkout-promotions/checkout/engine"
)

func concurrencyCases() []testCase {
	return []testCase{
		{"fifty buyers of ten units get exactly ten", testOversell},
		{"gifts are not given twice by buyers at the same time", testGiftRace},
		{"what an administrator sets while sales run is neither undone nor undoes them", testLostUpdates},
		{"baskets that overlap in opposite order do not wait for each other", testOppositeBaskets},
		{"readers see catalogue and orders while sales run, and never half of one", testReadersBesideSales},
		{"many administrators at once store every item once", testManyAdmins},
	}
}

// together runs n calls of f at the same time, with 0 to n-1.
func together(n int, f func(i int)) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	running.Wait()
}

func testOversell(s *shop) {
	s.stock()
	errs := make([]error, 50)
	together(len(errs), func(i int) { _, errs[i] = s.buy(tv) })
	succeeded := 0
	for _, err := range errs {
		var out *engine.OutOfStockError
		switch {
		case err == nil:
			succeeded++
		case !errors.As(err, &out) || *out != engine.OutOfStockError{SKU: tv, Requested: 1, Available: 0}:
			s.t.Errorf("got error %v, want that %s is out of stock", err, tv)
		}
	}
	s.equal("purchases that succeeded", succeeded, 10)
	s.equal("orders", len(s.orders()), 10)
	s.leaves(map[string]int64{tv: 0, speaker: 10, macbook: 5, pi: 2})
}

func testGiftRace(s *shop) {
	s.stock()
	skus := []string{macbook}
	together(5, func(int) {
		_, err := s.purchase(s.ctx, skus, []string{pi}, withGifts(s.Currency(), skus, map[string]string{macbook: pi}))
		s.wants(err, true, "a sale")
	})
	gifts := 0
	for _, order := range s.orders() {
		gifts += len(order.Quote.Gifts)
		s.equal("units of an order", len(order.SKUs), 1+len(order.Quote.Gifts))
	}
	s.equal("gifts", gifts, 2)
	s.leaves(map[string]int64{macbook: 0, pi: 0})
}

// testLostUpdates sets price and stock together, each time another price, so
// that the price in an order tells which setting it was sold under.
func testLostUpdates(s *shop) {
	const settings, stock = 30, 1000
	s.add(engine.Item{SKU: "A", Name: "a", Price: 1, Stock: stock, Tags: []string{"kept"}})
	var stop atomic.Bool
	var sales sync.WaitGroup
	for range 4 {
		sales.Go(func() {
			for !stop.Load() {
				_, err := s.buy("A", "A")
				s.wants(err, true, "a sale")
			}
		})
	}
	for i := range settings {
		_, err := s.UpsertBasics(s.ctx, []engine.Item{{SKU: "A", Name: fmt.Sprint("a", i), Price: engine.Amount(i + 2), Stock: stock}})
		s.check(err)
		s.equal("price after it was set", s.item("A").Price, engine.Amount(i+2))
	}
	stop.Store(true)
	sales.Wait()
	s.sold("A", "A")
	last := engine.Amount(settings + 1)
	var soldSince int64
	for _, order := range s.orders() {
		if order.Quote.Lines[0].UnitPrice == last {
			soldSince += 2
		}
	}
	item := s.item("A")
	s.equal("item", item, engine.Item{
		ID: item.ID, SKU: "A", Name: fmt.Sprint("a", settings-1), Price: last, Stock: stock - soldSince, Tags: []string{"kept"},
	})
}

func testOppositeBaskets(s *shop) {
	s.add(engine.Item{SKU: "A", Name: "a", Stock: 100}, engine.Item{SKU: "B", Name: "b", Stock: 100}, engine.Item{SKU: "C", Name: "c", Stock: 100})
	baskets := [][]string{{"A", "B", "C"}, {"C", "B", "A"}, {"B", "C", "A"}, {"C", "A", "B"}}
	together(40, func(i int) {
		_, err := s.buy(baskets[i%len(baskets)]...)
		s.wants(err, true, "a sale")
	})
	s.leaves(map[string]int64{"A": 60, "B": 60, "C": 60})
	s.equal("orders", len(s.orders()), 40)
}

func testReadersBesideSales(s *shop) {
	const stock = 60
	s.add(engine.Item{SKU: "A", Name: "a", Stock: stock}, engine.Item{SKU: "B", Name: "b", Stock: stock})
	together(6, func(i int) {
		for range 15 {
			if i < 4 {
				_, err := s.buy("A", "B")
				s.wants(err, true, "a sale")
				continue
			}
			items, err := s.ItemsBySKU(s.ctx, []string{"A", "B"})
			s.wants(err, err == nil && items["A"].Stock == items["B"].Stock, "the stock of A and B to be the same in one read")
			orders, err := s.Orders(s.ctx)
			s.wants(err, !slices.ContainsFunc(orders, func(o engine.Order) bool { return len(o.SKUs) != 2 }), "every order to have its two units")
		}
	})
	s.leaves(map[string]int64{"A": 0, "B": 0})
}

func testManyAdmins(s *shop) {
	const admins, items = 9, 100
	together(admins, func(i int) {
		batch := make([]engine.Item, items)
		for j := range batch {
			batch[j] = engine.Item{SKU: fmt.Sprint("S", j), Name: fmt.Sprint("name ", j), Price: engine.Amount(i), Stock: int64(i)}
		}
		_, err := s.UpsertBasics(s.ctx, batch)
		s.wants(err, true, "the items stored")
	})
	s.counts(items)
	for _, item := range s.items() {
		s.equal("price and stock of one administrator", item.Stock, int64(item.Price))
		s.equal("the same administrator for all items", item.Price, s.item("S0").Price)
	}
}
