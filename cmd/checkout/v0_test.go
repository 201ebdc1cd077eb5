package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The items of the quickstart.
const (
	tv      = "120P90"
	macbook = "43N23P"
	speaker = "A304SD"
	pi      = "234234"
)

// restock gives every item of the quickstart its price, and so much stock.
func (s *server) restock(units int) {
	s.t.Helper()
	s.put(
		item{"Google TV", tv, "49.99", units},
		item{"MacBook Pro", macbook, "5399.99", units},
		item{"Alexa Speaker", speaker, "109.50", units},
		item{"Raspberry Pi B", pi, "30.00", units},
	)
}

func TestPromotionsOfTheOriginal(t *testing.T) {
	tests := []struct {
		name  string
		skus  []string
		list  string
		total string
		gifts []gift
	}{
		{"two televisions cost two", units(2, tv), "99.98", "99.98", nil},
		{"three televisions cost two", units(3, tv), "149.97", "99.98", nil},
		{"four televisions cost three", units(4, tv), "199.96", "149.97", nil},
		{"six televisions cost four", units(6, tv), "299.94", "199.96", nil},
		{"three speakers cost three", units(3, speaker), "328.50", "328.50", nil},
		{"four speakers cost 10 % less", units(4, speaker), "438.00", "394.20", nil},
		{"ten speakers cost 10 % less", units(10, speaker), "1095.00", "985.50", nil},
		{"a MacBook brings a Pi", units(1, macbook), "5399.99", "5399.99", []gift{{pi, 1}}},
		{"two MacBooks bring two Pis", units(2, macbook), "10799.98", "10799.98", []gift{{pi, 2}}},
		{"a MacBook and a Pi bring another Pi", []string{macbook, pi}, "5429.99", "5429.99", []gift{{pi, 1}}},
		{"a SKU listed twice is two units", []string{pi, tv, pi}, "109.99", "109.99", nil},
		{"all promotions at once", slices.Concat(units(3, tv), units(4, speaker), units(1, macbook)), "5987.96", "5894.17", []gift{{pi, 1}}},
	}
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s.restock(20)
				quote := s.price(tt.skus...)
				if quote.Total.String() != tt.list || quote.TotalWithDiscount.String() != tt.total || !slices.Equal(quote.Gifts, tt.gifts) {
					t.Errorf("price: got %s, %s and gifts %v, want %s, %s and %v",
						quote.Total, quote.TotalWithDiscount, quote.Gifts, tt.list, tt.total, tt.gifts)
				}
				s.wantSale(quote, tt.skus)
			})
		}
	})
}

// wantSale buys the units and wants the price, the gifts, the order and the
// stock to tell the same story.
func (s *server) wantSale(quote price, skus []string) {
	s.t.Helper()
	before := s.stocks()
	paid := s.buy(skus...)
	if paid.Cost != quote.TotalWithDiscount || !slices.Equal(paid.Gifts, quote.Gifts) {
		s.t.Errorf("purchase of %v: got %s and gifts %v, the quote said %s and %v", skus, paid.Cost, paid.Gifts, quote.TotalWithDiscount, quote.Gifts)
	}
	want := slices.Clone(skus)
	for _, g := range quote.Gifts {
		want = append(want, units(g.Quantity, g.SKU)...)
	}
	newest := s.orders()[0]
	got := slices.Sorted(slices.Values(newest.SKUs))
	if slices.Sort(want); newest.Reference != paid.Reference || newest.Cost != paid.Cost || !slices.Equal(got, want) {
		s.t.Errorf("order: got %v, want %s of %v for %s", newest, paid.Reference, want, paid.Cost)
	}
	for _, sku := range want {
		before[sku]--
	}
	if after := s.stocks(); !slices.Equal(flat(after), flat(before)) {
		s.t.Errorf("stock after the purchase of %v: got %v, want %v", skus, after, before)
	}
}

func catalogue() []string { return []string{tv, macbook, speaker, pi} }

func (s *server) stocks() map[string]int {
	s.t.Helper()
	all := make(map[string]int)
	for _, sku := range catalogue() {
		all[sku] = s.stock(sku)
	}
	return all
}

func flat(stocks map[string]int) []int {
	var list []int
	for _, sku := range catalogue() {
		list = append(list, stocks[sku])
	}
	return list
}

func TestPurchaseCostsWhatTheQuoteSaid(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		random := rand.New(rand.NewPCG(1, 2))
		for range 25 {
			s.restock(12)
			s.put(item{"Raspberry Pi B", pi, "30.00", 1 + random.IntN(12)}) // now and then too few for gifts
			skus := make([]string, 1+random.IntN(10))
			for i := range skus {
				skus[i] = catalogue()[random.IntN(4)]
			}
			if bought := count(skus, pi); bought > s.stock(pi) {
				continue
			}
			s.wantSale(s.price(skus...), skus)
		}
	})
}

func count(list []string, sku string) int {
	n := 0
	for _, s := range list {
		if s == sku {
			n++
		}
	}
	return n
}

func TestRefusedPurchasesChangeNothing(t *testing.T) {
	tests := []struct {
		name    string
		skus    []string
		status  int
		message string
	}{
		{"an unknown SKU", []string{tv, "NONESUCH"}, http.StatusNotFound, "NONESUCH"},
		{"a SKU in other case", []string{"a304sd"}, http.StatusNotFound, "a304sd"},
		{"more than there are", units(11, tv), http.StatusConflict, tv},
		{"more than there are of one of them", append(units(3, pi), speaker), http.StatusConflict, pi},
		{"nothing", []string{}, http.StatusBadRequest, "skus"},
		{"an empty SKU", []string{tv, ""}, http.StatusBadRequest, "skus[1]"},
	}
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := start(t, database...)
		before := s.stocks()
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				status, answer := s.call("POST", "/v0/inventory/items/purchase", cart(tt.skus))
				if status != tt.status || !strings.Contains(answer, tt.message) {
					t.Errorf("got %d %s, want %d and a message with %q", status, answer, tt.status, tt.message)
				}
			})
		}
		if after := s.stocks(); !slices.Equal(flat(after), flat(before)) {
			t.Errorf("stock: got %v, want %v", after, before)
		}
		if orders := s.orders(); len(orders) != 0 {
			t.Errorf("orders: got %v, want none", orders)
		}
	})
}

func TestPricesOfWhatThereIsNot(t *testing.T) {
	s := start(t, "--memory-db")
	for _, path := range []string{"NONESUCH", "google%20tv", "%27%20OR%201=1", tv + "/x"} {
		if status, answer := s.call("GET", "/v0/inventory/item/price/"+path, nil); status != http.StatusNotFound {
			t.Errorf("price of %s: got %d %s, want 404", path, status, answer)
		}
	}
	if status, answer := s.call("POST", "/v0/inventory/items/price", cart([]string{tv, "NONESUCH"})); status != http.StatusNotFound {
		t.Errorf("price of a known and an unknown SKU: got %d %s, want 404", status, answer)
	}
}

// The client of the original asks at another path, and reads total_gross and
// sku_list.
func TestClientOfTheOriginalReadsItsFields(t *testing.T) {
	s := start(t, "--memory-db")
	p := get[price](s, "POST", "/v0/inventory/item/price", cart([]string{tv, pi, tv, tv}))
	var list []string
	if err := json.Unmarshal([]byte(p.SKUList), &list); err != nil || !slices.Equal(list, []string{tv, pi, tv, tv}) {
		t.Errorf("sku_list: got %q, want the SKUs as JSON text in a string", p.SKUList)
	}
	if p.TotalGross.String() != "179.97" || p.TotalWithDiscount.String() != "129.98" || len(p.Items) != 4 {
		t.Errorf("got total_gross %s, total_with_discount %s and %d items, want 179.97, 129.98 and 4", p.TotalGross, p.TotalWithDiscount, len(p.Items))
	}
}

func TestVersionIsThatOfTheProgram(t *testing.T) {
	s := start(t, "--memory-db")
	for _, path := range []string{"/status", "/health"} {
		if version := get[map[string]any](s, "GET", path, nil)["version"]; version != programVersion(t) {
			t.Errorf("%s: got version %v, want %s", path, version, programVersion(t))
		}
	}
}
