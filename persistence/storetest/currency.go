package storetest

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func currencyCases() []testCase {
	return []testCase{
		{"an empty catalogue suits any currency", func(s *shop) { s.check(s.CheckCurrency(s.ctx)) }},
		{"a catalogue in the shop's currency is fine", func(s *shop) {
			s.stock()
			s.check(s.CheckCurrency(s.ctx))
		}},
		{"a changed currency is noticed, with the remedy", func(s *shop) {
			s.stock()
			err := s.inEuro().CheckCurrency(s.ctx)
			want := "check currency: item 120P90 is priced in USD, the shop's currency is EUR (items in USD: 4); " +
				"set the currency to USD, or add the items again with prices in EUR"
			if err == nil || err.Error() != want {
				s.t.Errorf("got error %v, want %s", err, want)
			}
		}},
		{"an item in another currency is never handed out or sold", testForeignItem},
		{"an item that is stored anew is in the shop's currency", func(s *shop) {
			s.stock()
			euro := s.inEuro()
			euro.stock()
			s.check(euro.CheckCurrency(s.ctx))
			euro.sold(tv)
		}},
		{"the basics alone cannot change an item's currency", func(s *shop) {
			item := s.stock()[1]
			unchanged := s.unchanged()
			_, err := s.inEuro().UpsertBasics(s.ctx, []engine.Item{item})
			s.refused(err, &persistence.CurrencyError{SKU: macbook, Item: "USD", Shop: currency(s.t, "EUR")})
			unchanged()
		}},
		{"an order keeps its currency", func(s *shop) {
			s.stock()
			order := s.sold(tv)
			s.equal("orders", s.inEuro().orders(), []engine.Order{order})
		}},
	}
}

// inEuro is the same shop after its currency has been changed.
func (s *shop) inEuro() *shop {
	return s.sameDatabase(persistence.Options{Currency: currency(s.t, "EUR")})
}

func testForeignItem(s *shop) {
	s.stock()
	euro := s.inEuro()
	want := &persistence.CurrencyError{SKU: tv, Item: "USD", Shop: euro.Currency()}
	_, err := euro.ItemByKey(s.ctx, tv)
	s.refused(err, want)
	_, err = euro.ItemByKey(s.ctx, "Google TV")
	s.refused(err, want)
	_, err = euro.ItemsBySKU(s.ctx, []string{tv})
	s.refused(err, want)
	_, err = euro.Items(s.ctx)
	s.refused(err, want)
	unchanged := s.unchanged()
	_, err = euro.buy(tv)
	s.refused(err, want)
	unchanged()
}
