package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestFiftyBuyersOfTenUnits(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		var sold, refused atomic.Int64
		together(50, func(int) {
			status, answer, err := s.try("POST", "/v0/inventory/items/purchase", cart([]string{speaker}))
			switch {
			case err == nil && status == http.StatusOK:
				sold.Add(1)
			case err == nil && (status == http.StatusConflict || status == http.StatusNotFound):
				refused.Add(1)
			default:
				t.Errorf("purchase: got %d %s %v, want 200 or 409", status, answer, err)
			}
		})
		if sold.Load() != 10 || refused.Load() != 40 {
			t.Errorf("got %d sold and %d refused, want 10 and 40", sold.Load(), refused.Load())
		}
		if status, answer := s.call("GET", "/v0/inventory/item/price/"+speaker, nil); status != http.StatusNotFound {
			t.Errorf("price of what is sold out: got %d %s, want 404", status, answer)
		}
		if orders := s.orders(); len(orders) != 10 {
			t.Errorf("got %d orders, want 10", len(orders))
		}
	})
}

// Two kinds of buyers want the same Pis, one of them as gifts.
func TestGiftsAndSalesShareTheStock(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		s.restock(20)
		together(40, func(i int) {
			_, _, err := s.try("POST", "/v0/inventory/items/purchase", cart([]string{[]string{macbook, pi}[i%2]}))
			if err != nil {
				t.Error(err)
			}
		})
		taken := 0
		for _, o := range s.orders() {
			taken += count(o.SKUs, pi)
		}
		if left := s.stock(pi); taken+left != 20 {
			t.Errorf("got %d Pis in orders and %d in stock, want 20 together", taken, left)
		}
	})
}

// buyers buy until stopped and keep what the server acknowledged.
type buyers struct {
	mu   sync.Mutex
	paid map[string]json.Number // by reference
	all  sync.WaitGroup
	stop context.CancelFunc
}

// startBuyers lets n buyers buy the cart again and again, until stop or the
// first failure.
func (s *server) startBuyers(n int, skus ...string) *buyers {
	ctx, stop := context.WithCancel(context.Background())
	b := &buyers{paid: make(map[string]json.Number), stop: stop}
	for range n {
		b.all.Go(func() {
			for ctx.Err() == nil && b.buy(s, skus) {
			}
		})
	}
	s.t.Cleanup(b.finish)
	return b
}

func (b *buyers) buy(s *server, skus []string) bool {
	status, answer, err := s.try("POST", "/v0/inventory/items/purchase", cart(skus))
	var r receipt
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(answer), &r) != nil {
		s.t.Logf("buyers stop: status %d, %s, error %v", status, answer, err)
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.paid[r.Reference] = r.Cost
	return true
}

// finish stops the buyers and waits for them.
func (b *buyers) finish() {
	b.stop()
	b.all.Wait()
}

func (b *buyers) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.paid)
}

// wantOrders wants every acknowledged order in the list, with its cost.
func (s *server) wantOrders(paid map[string]json.Number) {
	s.t.Helper()
	stored := make(map[string]json.Number)
	for _, o := range s.orders() {
		stored[o.Reference] = o.Cost
	}
	for reference, cost := range paid {
		if stored[reference] != cost {
			s.t.Errorf("order %s for %s: got %q in the list", reference, cost, stored[reference])
		}
	}
}

// wantSold wants the units in orders and in stock to be those there were.
func (s *server) wantSold(initial int) {
	s.t.Helper()
	var sold []string
	for _, o := range s.orders() {
		sold = append(sold, o.SKUs...)
	}
	for _, sku := range catalogue() {
		if n, left := count(sold, sku), s.stock(sku); n+left != initial {
			s.t.Errorf("%s: got %d sold and %d in stock, want %d together", sku, n, left, initial)
		}
	}
}

func TestPricesOfTheAdministratorSurviveSales(t *testing.T) {
	const trials, stock = 15, 100_000
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		s.restock(stock) // buyers end at the first refusal
		b := s.startBuyers(3, tv)
		var want json.Number
		for i := range trials {
			want = json.Number(fmt.Sprintf("%d.07", 100+i))
			s.put(item{"Google TV", tv, want, stock})
			sold := b.count()
			eventually(t, "sales after the change", patience, func() bool { return b.count() > sold+5 })
			if got := s.price(tv).Items[0].Price; got != want {
				t.Errorf("trial %d: got the price %s, the administrator set %s", i, got, want)
			}
		}
		b.finish()
		s.wantOrders(b.paid)
		s.wantSoldAt(want, stock)
	})
}

// wantSoldAt wants the stock to be what was set along with the last price, less
// what was sold for it.
func (s *server) wantSoldAt(last json.Number, set int) {
	s.t.Helper()
	sold := 0
	for _, o := range s.orders() {
		if o.Cost == last {
			sold++
		}
	}
	if got := s.stock(tv); got != set-sold {
		s.t.Errorf("stock: got %d, want the %d that were set less %d sold", got, set, sold)
	}
}

// The integration scenarios of the original's client, twice against one server.
func TestScenariosOfTheOriginalsClient(t *testing.T) {
	const clients, items = 9, 150
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		for range 2 {
			s.addAndPriceFour()
			var all []item
			for i := range items {
				all = append(all, item{fmt.Sprintf("Item %d", i), fmt.Sprintf("ITEM%d", i), json.Number(fmt.Sprintf("%d.95", i)), 100})
			}
			s.inShares(clients, all, func(i item) (path string, body any) {
				return "/v0/inventory/items", map[string]any{"items": []item{i}}
			})
			s.inShares(clients, all, func(i item) (path string, body any) {
				return "/v0/inventory/items/purchase", cart([]string{i.SKU})
			})
			if left := s.stock("ITEM0"); left != 99 {
				t.Errorf("stock of an item added and bought once: got %d, want 99", left)
			}
		}
		if orders := s.orders(); len(orders) != 2*items {
			t.Errorf("got %d orders, want %d", len(orders), 2*items)
		}
	})
}

// addAndPriceFour adds four items in one request and prices each by its SKU and
// by its name, one of which ends in a blank.
func (s *server) addAndPriceFour() {
	s.t.Helper()
	four := []item{
		{"Google Home", "HOME01", "49.99", 10},
		{"Pixel 9 ", "PIXEL9", "899.00", 5},
		{"Échelle <b>", "ECH-01", "10.10", 3},
		{"100 % / half", "HALF.5", "0.05", 2},
	}
	s.put(four...)
	for _, want := range four {
		for _, key := range []string{want.SKU, want.Name} {
			p := get[price](s, "GET", "/v0/inventory/item/price/"+url.PathEscape(key), nil)
			if !slices.Equal(p.Items, []item{want}) || p.Total != want.Price {
				s.t.Errorf("price of %q: got %v for %s, want %v", key, p.Items, p.Total, want)
			}
		}
	}
}

// inShares lets clients send a request for each item, all at once.
func (s *server) inShares(clients int, items []item, request func(item) (path string, body any)) {
	together(clients, func(client int) {
		for i := client; i < len(items); i += clients {
			path, body := request(items[i])
			if status, answer, err := s.try("POST", path, body, auth()...); err != nil || status != http.StatusOK {
				s.t.Errorf("%s for %s: got %d %s %v", path, items[i].SKU, status, answer, err)
			}
		}
	})
}
