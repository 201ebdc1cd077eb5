package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// read is everything that a scope tells of a cart.
type read struct {
	Subtotal, Total engine.Amount
	Quantity        int64
	Lines           []readLine
	Sets            []readSet
	Coupons         []string
}

type readLine struct {
	SKU      string
	Quantity int64
	Total    engine.Amount
}

type readSet struct {
	Quantity, Lines int64
	Subtotal, Total engine.Amount
	Lowest, Highest engine.Amount
	Has             []bool
}

func readScope(s *engine.Scope, sets int) read {
	got := read{Subtotal: s.Subtotal(), Total: s.Total(), Quantity: s.Quantity(), Coupons: s.Coupons()}
	for i := range s.Lines() {
		item, n := s.Line(i)
		got.Lines = append(got.Lines, readLine{item.SKU, n, s.LineTotal(i)})
	}
	for i := range sets {
		f := s.Set(i)
		set := readSet{Quantity: f.Quantity(), Lines: int64(f.Lines()), Subtotal: f.Subtotal(), Total: f.Total()}
		set.Lowest, set.Highest, _ = f.PriceRange()
		for line := range s.Lines() {
			set.Has = append(set.Has, f.Has(line))
		}
		got.Sets = append(got.Sets, set)
	}
	return got
}

// counted is the same, added up from the lines of the cart.
func counted(cart *engine.Cart, sets []engine.ItemSet) read {
	var want read
	items := make(map[string]*engine.Item)
	units := make(map[string]int64)
	for _, l := range cart.Lines {
		items[l.Item.SKU] = l.Item
		units[l.Item.SKU] += l.Quantity
	}
	var skus []string
	for sku := range items {
		skus = append(skus, sku)
	}
	slices.Sort(skus)
	want.Sets = make([]readSet, len(sets))
	for _, sku := range skus {
		item, n := items[sku], units[sku]
		price := item.Price * engine.Amount(n)
		want.Quantity += n
		want.Subtotal += price
		want.Lines = append(want.Lines, readLine{sku, n, price})
		for i := range sets {
			has := slices.Contains(sets[i].SKUs, sku) || sets[i].Match(item, n)
			set := &want.Sets[i]
			set.Has = append(set.Has, has)
			if !has {
				continue
			}
			if set.Lines == 0 || item.Price < set.Lowest {
				set.Lowest = item.Price
			}
			set.Highest = max(set.Highest, item.Price)
			set.Quantity += n
			set.Lines++
			set.Subtotal += price
			set.Total += price
		}
	}
	want.Total = want.Subtotal
	for _, code := range cart.Coupons {
		if code = strings.ToUpper(strings.TrimSpace(code)); code != "" && !slices.Contains(want.Coupons, code) {
			want.Coupons = append(want.Coupons, code)
		}
	}
	slices.Sort(want.Coupons)
	return want
}

// TestReadTellsTheCartAsItIsBeforePromotions holds what is read of a settled cart
// against sums over its lines, whatever promotions have done to it meanwhile.
func TestReadTellsTheCartAsItIsBeforePromotions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawWholeShop(t)
		rules := s.rules(t)
		quote := s.price(t)
		before := asJSON(t, quote)
		calls := 0
		err := rules.Read(s.request, &quote, func(scope *engine.Scope) {
			calls++
			if scope.Quote() != &quote {
				t.Errorf("%v\nthe scope has not the quote that was given", s)
			}
			if !scope.Now().Equal(s.request.At) {
				t.Errorf("%v\ngot the instant %v, want %v", s, scope.Now(), s.request.At)
			}
			got := readScope(scope, len(shopSets()))
			if len(got.Coupons) == 0 {
				got.Coupons = nil
			}
			if diff := cmp.Diff(counted(&s.request.Cart, shopSets()), got); diff != "" {
				t.Errorf("%v\n-want +got:\n%s", s, diff)
			}
		})
		if err != nil || calls != 1 {
			t.Errorf("%v\ngot %v and %d calls, want one call", s, err, calls)
		}
		if after := asJSON(t, quote); after != before {
			t.Errorf("%v\nthe quote changed:\n%s", s, cmp.Diff(before, after))
		}
		if again := asJSON(t, priceRequest(t, rules, s.request)); again != before {
			t.Errorf("%v\nthe next price is another one:\n%s", s, cmp.Diff(before, again))
		}
	})
}

// seesQuote is a condition that notes whether there is a quote to read.
type seesQuote struct{ seen *bool }

func (c seesQuote) Holds(s *engine.Scope) bool {
	*c.seen = *c.seen || s.Quote() != nil
	return true
}
func (seesQuote) Why(*engine.Scope) []engine.Clause  { return nil }
func (seesQuote) Misses(*engine.Scope) []engine.Miss { return nil }

func TestPromotionsNeverSeeAQuoteThatWasRead(t *testing.T) {
	seen := false
	rules := newRuleset(t, engine.Promotion{ID: "a", When: seesQuote{&seen}, Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: whole(10)}}})
	request := engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{Item: &engine.Item{SKU: "A1", Price: 100, Stock: 9}, Quantity: 1}}}}
	quote := priceRequest(t, rules, request)
	for range 20 { // scopes are used again
		if err := rules.Read(request, &quote, func(*engine.Scope) {}); err != nil {
			t.Fatal(err)
		}
		priceRequest(t, rules, request)
	}
	if seen {
		t.Error("a condition of a promotion has seen a quote")
	}
}

func TestACartThatCannotBePricedIsNotRead(t *testing.T) {
	rules := newRuleset(t)
	request := engine.Request{Cart: engine.Cart{Currency: usd(t), Lines: []engine.Line{{Item: &engine.Item{SKU: "A1", Price: 100}, Quantity: -1}}}}
	err := rules.Read(request, &engine.Quote{}, func(*engine.Scope) { t.Error("the cart was read") })
	if !errors.As(err, new(*engine.CartError)) {
		t.Errorf("got %v, want a *CartError", err)
	}
}
