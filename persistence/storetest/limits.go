package storetest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// today is the instant of every quote of these tests, on a day of which limits per
// day are those of 2026-11-22.
func today() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func limitCases() []testCase {
	number := func(n int64) engine.Number { return engine.Constant(engine.NewDecimal(n)) }
	return []testCase{
		{"a promotion for so many orders is given to so many of those that come at once", func(s *shop) {
			s.onlySo(300, 50, "", nil, engine.Promotion{Limits: engine.Limits{Redemptions: number(50)}})
		}},
		{"a budget is spent to the cent and not beyond by orders that come at once", func(s *shop) {
			s.onlySo(300, 25, "", nil, engine.Promotion{Limits: engine.Limits{Budget: number(25)}})
		}},
		{"a code for one order is used by one of those that come at once", func(s *shop) {
			s.codesOf("spring", "ONCE")
			s.onlySo(300, 1, "", []string{"ONCE"}, engine.Promotion{Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: number(1)}})
		}},
		{"a customer's limit is kept when all of the orders are of one customer", func(s *shop) {
			s.onlySo(300, 3, "ann", nil, engine.Promotion{Limits: engine.Limits{PerCustomer: number(3)}})
		}},
		{"limits are counted together: what one refuses no other counts", testLimitsTogether},
		{"a limit per day begins anew with the day", testLimitPerDay},
		{"a revoked code is unknown, and a restored one is what it was", testRevokedCode},
		{"a price that has changed is not paid by those who expect another", testExpectedPrice},
		{"an order that is refused counts nothing", testRefusedOrderCountsNothing},
	}
}

// Soak lets 10,000 orders come at once for what there is for 1,000 of them, once
// for each limit and for the stock, and lives many lives of a shop. Open is as for
// Run.
func Soak(t *testing.T, open func(t *testing.T) persistence.Database) {
	const orders, allowed = 10_000, 1000
	number := func(n int64) engine.Number { return engine.Constant(engine.NewDecimal(n)) }
	for _, c := range []struct {
		name      string
		allowed   int
		customer  string
		codes     []string
		promotion engine.Promotion
	}{
		{"redemptions", allowed, "", nil, engine.Promotion{Limits: engine.Limits{Redemptions: number(allowed)}}},
		{"a budget", allowed, "", nil, engine.Promotion{Limits: engine.Limits{Budget: number(allowed)}}},
		{"the orders of a customer", allowed, "ann", nil, engine.Promotion{Limits: engine.Limits{PerCustomer: number(allowed)}}},
		{"a code for one order", 1, "", []string{"ONCE"}, engine.Promotion{Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: number(1)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, open(t), persistence.Options{LockWait: patience})
			s.ctx = t.Context() // as long as it takes
			if c.codes != nil {
				s.codesOf("spring", c.codes...)
			}
			s.onlySo(orders, c.allowed, c.customer, c.codes, c.promotion)
		})
	}
	t.Run("any sequence of calls agrees with a model", func(t *testing.T) { testModel(t, open, "500") })
	t.Run("stock", func(t *testing.T) {
		s := newShop(t, open(t), persistence.Options{LockWait: patience})
		s.ctx = t.Context()
		s.add(engine.Item{SKU: tv, Name: "Google TV", Price: 5000, Stock: allowed})
		stores := []*shop{s, s.sameDatabase(persistence.Options{LockWait: patience})}
		var sold, refused atomic.Int64
		const clients = 32
		together(clients, func(client int) {
			for i := client; i < orders; i += clients {
				_, err := stores[i%2].buy(tv)
				var out *engine.OutOfStockError
				switch {
				case err == nil:
					sold.Add(1)
				case errors.As(err, &out):
					refused.Add(1)
				default:
					s.t.Errorf("got error %v, want a sale or none left", err)
				}
			}
		})
		s.equal("orders", sold.Load(), int64(allowed))
		s.equal("refusals", refused.Load(), int64(orders-allowed))
		s.leaves(map[string]int64{tv: 0})
	})
}

// codesOf adds a pool with the codes.
func (s *shop) codesOf(name string, codes ...string) {
	s.t.Helper()
	var file strings.Builder
	w := csv.NewWriter(&file)
	s.check(w.Write([]string{"code"}))
	for _, code := range codes {
		s.check(w.Write([]string{code}))
	}
	w.Flush()
	s.pool(name, 0)
	_, err := s.ImportCodes(s.ctx, name, strings.NewReader(file.String()), nil)
	s.check(err)
}

// rulesOf are rules of promotions that each take one unit of money off the order,
// where they have no deals of their own.
func (s *shop) rulesOf(promotions ...engine.Promotion) *engine.Ruleset {
	s.t.Helper()
	for i := range promotions {
		if promotions[i].ID == "" {
			promotions[i].ID = fmt.Sprint("p", i)
		}
		if promotions[i].Deals == nil {
			promotions[i].Deals = []engine.Deal{&engine.AmountOff{
				Of: engine.Selection{Order: true}, Amount: engine.Constant(engine.NewDecimal(1)), Per: engine.PerSelection,
			}}
		}
	}
	rules, err := engine.NewRuleset(engine.RulesetConfig{Currency: s.Currency(), Promotions: promotions})
	s.check(err)
	return rules
}

// saleUnder sells a television under the rules at the instant.
func (s *shop) saleUnder(rules *engine.Ruleset, at time.Time, customer string, codes ...string) engine.Sale {
	return engine.Sale{
		Units:   []string{tv},
		Inquiry: engine.Inquiry{Customer: customer, Codes: codes, Limited: rules.UsageKeys(at)},
		Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
			request := engine.Request{
				Cart: engine.Cart{
					Currency: s.Currency(), Lines: []engine.Line{{Item: b.Items[tv], Quantity: 1}},
					Coupons: codes, Customer: engine.Customer{ID: customer},
				},
				Usage: b.Usage, At: at, Paused: b.Paused,
			}
			quote, err := rules.Price(request)
			return request, quote, err
		},
	}
}

// discounted sells under the rules and reports what was taken off, in whole units
// of money.
func (s *shop) discounted(rules *engine.Ruleset, at time.Time, customer string, codes ...string) int64 {
	s.t.Helper()
	order, err := s.Purchase(s.ctx, s.saleUnder(rules, at, customer, codes...))
	s.check(err)
	return int64(order.Quote.Discount) / 100
}

// onlySo sells to so many customers at once, over two stores, and demands that the
// promotion was given to exactly the allowed number, and the counters know.
func (s *shop) onlySo(buyers, allowed int, customer string, codes []string, promotion engine.Promotion) {
	s.t.Helper()
	s.add(engine.Item{SKU: tv, Name: "Google TV", Price: 5000, Stock: int64(buyers)})
	rules := s.rulesOf(promotion)
	stores := []*shop{s, s.sameDatabase(persistence.Options{})}
	var given, sold atomic.Int64
	const clients = 32
	together(clients, func(client int) {
		for i := client; i < buyers; i += clients {
			buyer := customer
			if buyer == "" {
				buyer = fmt.Sprint("customer ", i)
			}
			order, err := stores[i%2].Purchase(s.ctx, s.saleUnder(rules, today(), buyer, codes...))
			if s.wants(err, true, "a sale"); err == nil {
				sold.Add(1)
				given.Add(int64(order.Quote.Discount) / 100)
			}
		}
	})
	s.equal("orders", sold.Load(), int64(buyers))
	s.equal("orders with the promotion", given.Load(), int64(allowed))
	s.leaves(map[string]int64{tv: 0})
	basis, err := s.Basis(s.ctx, s.saleUnder(rules, today(), customer, codes...).Inquiry)
	s.check(err)
	_, quote, err := s.saleUnder(rules, today(), customer, codes...).Price(engine.Basis{
		Items: map[string]*engine.Item{tv: {SKU: tv, Name: "Google TV", Price: 5000}}, Usage: basis.Usage,
	})
	s.check(err)
	s.equal("what the next order would get", quote.Discount, engine.Amount(0))
}

func testLimitsTogether(s *shop) {
	one, two := int64(1), int64(2)
	s.stock()
	rules := s.rulesOf(
		engine.Promotion{ID: "one", Limits: engine.Limits{Redemptions: engine.Constant(engine.NewDecimal(one))}},
		engine.Promotion{ID: "two", Limits: engine.Limits{Redemptions: engine.Constant(engine.NewDecimal(two)), PerCustomer: engine.Constant(engine.NewDecimal(one))}},
	)
	for i, want := range []int64{2, 0, 1, 0} {
		customer := []string{"ann", "ann", "bob", "cid"}[i]
		s.equal(fmt.Sprint("discount of order ", i+1), s.discounted(rules, today(), customer), want)
	}
}

func testLimitPerDay(s *shop) {
	s.stock()
	rules := s.rulesOf(engine.Promotion{Limits: engine.Limits{Redemptions: engine.Constant(engine.NewDecimal(2)), Per: engine.DayPeriod}})
	for i, want := range []int64{1, 1, 0} {
		s.equal(fmt.Sprint("discount of order ", i+1), s.discounted(rules, today(), ""), want)
	}
	s.equal("discount on the next day", s.discounted(rules, today().AddDate(0, 0, 1), ""), int64(1))
	s.equal("discount on the first day", s.discounted(rules, today(), ""), int64(0))
}

func testRevokedCode(s *shop) {
	s.stock()
	s.codesOf("spring", "A", "B")
	rules := s.rulesOf(engine.Promotion{Coupon: engine.Coupon{Pool: "spring"}, Limits: engine.Limits{PerCode: engine.Constant(engine.NewDecimal(1))}})
	s.equal("discount with a code", s.discounted(rules, today(), "", "A"), int64(1))
	s.equal("discount with a used code", s.discounted(rules, today(), "", "A"), int64(0))
	s.stateIs("A", persistence.CodeUsed)
	s.stateIs("B", persistence.CodeAvailable)
	_, err := s.RevokeCodes(s.ctx, []string{"B"})
	s.check(err)
	s.equal("discount with a revoked code", s.discounted(rules, today(), "", "B"), int64(0))
	_, err = s.RestoreCodes(s.ctx, []string{"A", "B"})
	s.check(err)
	s.equal("discount with a restored code", s.discounted(rules, today(), "", "B"), int64(1))
	s.equal("discount with a used code that was restored", s.discounted(rules, today(), "", "A"), int64(0))
	s.equal("discount with a code of no pool", s.discounted(rules, today(), "", "C"), int64(0))
}

func testExpectedPrice(s *shop) {
	s.stock()
	sale := s.saleUnder(s.rulesOf(), today(), "")
	expected := engine.Amount(4999)
	sale.Expected = &expected
	_, err := s.Purchase(s.ctx, sale)
	s.check(err)
	_, err = s.UpsertBasics(s.ctx, []engine.Item{{SKU: tv, Name: "Google TV", Price: 5500, Stock: 5}})
	s.check(err)
	unchanged := s.unchanged()
	_, err = s.Purchase(s.ctx, sale)
	var changed *engine.PriceChangedError
	if !errors.As(err, &changed) || changed.Expected != 4999 || changed.Quote.Total != 5500 {
		s.t.Errorf("got error %v, want that the price changed from 49.99 to 55.00", err)
	}
	unchanged()
}

func testRefusedOrderCountsNothing(s *shop) {
	s.add(engine.Item{SKU: tv, Name: "Google TV", Price: 5000, Stock: 1})
	rules := s.rulesOf(engine.Promotion{Limits: engine.Limits{Redemptions: engine.Constant(engine.NewDecimal(2))}})
	sale := s.saleUnder(rules, today(), "")
	s.equal("discount", s.discounted(rules, today(), ""), int64(1))
	_, err := s.Purchase(s.ctx, sale)
	s.refused(err, &engine.OutOfStockError{SKU: tv, Requested: 1, Available: 0})
	basis, err := s.Basis(s.ctx, sale.Inquiry)
	s.check(err)
	s.equal("uses", basis.Usage.Promotions["p0"].Redemptions, int64(1))
}
