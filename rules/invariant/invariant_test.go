package invariant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

const promotions = `promotions:
  - {id: hats, deal: {percent_off: {of: sku == "HAT", percent: 60}}}
  - {id: gift, when: cart.quantity >= 4, deal: {gift: {item: MUG}}}
  - {id: code, coupon: CODE, deal: {amount_off: {of: order, amount: 7.50}}}
  - {id: post, when: cart.total >= 30, deal: {shipping: {percent_off: 100}}}
`

func ruleset(t interface{ Fatal(...any) }) *engine.Ruleset {
	rules, err := compile.Compile([]compile.File{{Name: "policy.yaml", Data: []byte("currency: USD\n")}, {Name: "rules.yaml", Data: []byte(promotions)}})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func read(t interface{ Fatal(...any) }, rules *engine.Ruleset, list string) []invariant.Invariant {
	doc := syntax.Parse("shop_test.yaml", []byte(list))
	all := invariant.Read(doc.Root(), rules.Currency())
	if err := doc.Faults().Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// request is a cart with so many units of each item.
func request(rules *engine.Ruleset, units map[string]int64, coupons ...string) engine.Request {
	catalog := engine.CatalogMap{"MUG": {SKU: "MUG", Price: 400, Stock: 2}}
	req := engine.Request{Catalog: catalog, Cart: engine.Cart{Currency: rules.Currency(), Coupons: coupons}}
	for _, item := range []engine.Item{{SKU: "SCARF", Price: 1299, Stock: 99}, {SKU: "HAT", Price: 905, Stock: 99}, {SKU: "SOCKS", Price: 1, Stock: 99}} {
		if n := units[item.SKU]; n > 0 {
			req.Cart.Lines = append(req.Cart.Lines, engine.Line{Item: &item, Quantity: n})
		}
	}
	req.Cart.Shipping.Shipments = []engine.Shipment{{Method: "post", Price: 495}}
	return req
}

// TestConditionsAreJudgedAsTheQuoteIs holds conditions against what a person would
// work out from the quote.
func TestConditionsAreJudgedAsTheQuoteIs(t *testing.T) {
	rules := ruleset(t)
	every := func(q *engine.Quote, holds func(engine.QuoteLine) bool) bool {
		return !slices.ContainsFunc(q.Lines, func(l engine.QuoteLine) bool { return !holds(l) })
	}
	applied := func(q *engine.Quote, id string) bool {
		return slices.ContainsFunc(q.Promotions, func(o engine.Outcome) bool { return o.Promotion == id && o.Reason == engine.Applied })
	}
	var gifts engine.Amount
	table := []struct {
		text string
		want func(*engine.Quote, *engine.Cart) bool
	}{
		{"quote.total >= 20.50", func(q *engine.Quote, _ *engine.Cart) bool { return q.Total >= 2050 }},
		{"quote.subtotal == cart.subtotal", func(*engine.Quote, *engine.Cart) bool { return true }},
		{"quote.discount <= cart.subtotal / 3", func(q *engine.Quote, _ *engine.Cart) bool { return 3*q.Discount <= q.Subtotal }},
		{"cart.total == cart.subtotal", func(*engine.Quote, *engine.Cart) bool { return true }},
		{"quote.discount == cart.subtotal - quote.total", func(*engine.Quote, *engine.Cart) bool { return true }},
		{"quote.shipping_discount > 0", func(q *engine.Quote, _ *engine.Cart) bool { return q.ShippingDiscount > 0 }},
		{"quote.payable == quote.total + quote.shipping_total", func(*engine.Quote, *engine.Cart) bool { return true }},
		{"quote.shipping_total < 4.95", func(q *engine.Quote, _ *engine.Cart) bool { return q.ShippingTotal < 495 }},
		{"quote.saving == quote.discount + quote.shipping_discount", func(*engine.Quote, *engine.Cart) bool { return gifts == 0 }},
		{"'gift' in quote.applied and 'code' in quote.applied", func(q *engine.Quote, _ *engine.Cart) bool { return applied(q, "gift") && applied(q, "code") }},
		{"'MUG' in quote.gifts or cart.quantity < 4", func(q *engine.Quote, c *engine.Cart) bool { return gifts > 0 || unitsIn(c) < 4 }},
		{"all(quote.lines, .discount <= .subtotal / 2)", func(q *engine.Quote, _ *engine.Cart) bool {
			return every(q, func(l engine.QuoteLine) bool { return 2*l.Discount <= l.Subtotal })
		}},
		{"all(quote.lines, .total >= 6 or .sku == 'SOCKS')", func(q *engine.Quote, _ *engine.Cart) bool {
			return every(q, func(l engine.QuoteLine) bool { return l.Total >= 600 || l.SKU == "SOCKS" })
		}},
		{"all(cart.lines, .total == .subtotal)", func(*engine.Quote, *engine.Cart) bool { return true }},
	}
	var list []string
	for _, row := range table {
		list = append(list, fmt.Sprintf("- %q\n", row.text))
	}
	all := read(t, rules, strings.Join(list, ""))
	seen := make([]bool, len(table))
	rapid.Check(t, func(t *rapid.T) {
		units := map[string]int64{
			"HAT": rapid.Int64Range(0, 3).Draw(t, "hats"), "SCARF": rapid.Int64Range(0, 3).Draw(t, "scarfs"), "SOCKS": rapid.Int64Range(1, 3).Draw(t, "socks"),
		}
		req := request(rules, units, rapid.SampledFrom([][]string{nil, {"code"}}).Draw(t, "coupons")...)
		q, err := rules.Price(req)
		if err != nil {
			t.Fatal(err)
		}
		gifts = 0
		for _, g := range q.Gifts {
			gifts += g.Worth * engine.Amount(g.Quantity)
		}
		broken, err := invariant.Broken(all, rules, req, &q)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range table {
			want := row.want(&q, &req.Cart)
			if got := broken[i] == ""; got != want {
				t.Errorf("%s of %v: got %v, want %v (%s)", row.text, units, got, want, broken[i])
			}
			seen[i] = seen[i] || want
		}
	})
	for i, row := range table {
		if !seen[i] {
			t.Errorf("%s never held", row.text)
		}
	}
}

func unitsIn(c *engine.Cart) (n int64) {
	for _, l := range c.Lines {
		n += l.Quantity
	}
	return n
}

func TestWhatIsToldOfABrokenInvariant(t *testing.T) {
	rules := ruleset(t)
	req := request(rules, map[string]int64{"HAT": 2})
	q, err := rules.Price(req)
	if err != nil {
		t.Fatal(err)
	}
	all := read(t, rules, "[quote.total > 10 and quote.discount > 10, quote.total > 7, not (quote.total > 7), {permute: coupons}]")
	got, err := invariant.Check(all, rules, req, &q)
	if err != nil {
		t.Fatal(err)
	}
	want := []invariant.Violation{{Invariant: "quote.total > 10 and quote.discount > 10", Values: "7.24 > 10"}, {Invariant: "not (quote.total > 7)", Values: "not (7.24 > 7)"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if all[3].Place != "shop_test.yaml:1:84" || !all[3].Permutes() || all[0].Permutes() {
		t.Errorf("got %+v", all[3])
	}
	req.Cart.Lines[0].Quantity = -1
	if _, err := invariant.Check(all[:1], rules, req, &q); err == nil {
		t.Error("a cart that cannot be priced was judged")
	}
	if _, err := invariant.Check(all[3:], rules, req, &q); err == nil {
		t.Error("a cart that cannot be priced was turned")
	}
}

// looks is a condition that reads the order of what the customer put into the cart,
// which rules cannot.
type looks func(*engine.Cart) bool

func (l looks) Holds(s *engine.Scope) bool       { return l(s.Cart()) }
func (looks) Why(*engine.Scope) []engine.Clause  { return nil }
func (looks) Misses(*engine.Scope) []engine.Miss { return nil }

func TestTheOrderOfACartMakesNoDifference(t *testing.T) {
	const lines, coupons = "{permute: cart.lines}", "{permute: coupons}"
	sku := func(i int, want string) looks {
		return func(c *engine.Cart) bool { return c.Lines[i].Item.SKU == want }
	}
	code := func(i int, want string) looks { return func(c *engine.Cart) bool { return c.Coupons[i] == want } }
	for _, tt := range []struct {
		name   string
		when   looks
		always string
		gift   bool
		want   string
	}{
		{"rules that do not look", func(*engine.Cart) bool { return true }, lines, false, ""},
		{"the first line decides", sku(0, "SCARF"), lines, false, "backwards, 22.05 is payable in place of 20.04"},
		{"the line in the middle decides", sku(1, "HAT"), lines, false, "from the second, 22.05 is payable in place of 20.04"},
		{"the first line decides about a gift", sku(0, "SCARF"), lines, true, "backwards, the same is payable, and something else of the quote differs"},
		{"the lines do not matter to coupons", sku(0, "SCARF"), coupons, false, ""},
		{"the first coupon decides", code(0, "A"), coupons, false, "backwards, 22.05 is payable in place of 20.04"},
		{"the coupon in the middle decides", code(1, "B"), coupons, false, "from the second, 22.05 is payable in place of 20.04"},
		{"the coupons do not matter to lines", code(0, "A"), lines, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var deal engine.Deal = &engine.AmountOff{Of: engine.Selection{Order: true}, Amount: engine.Constant(engine.NewDecimal(1))}
			if tt.gift {
				deal = &engine.Giveaway{Items: []string{"MUG"}, Quantity: engine.Constant(engine.NewDecimal(1))}
			}
			currency := ruleset(t).Currency()
			rules, err := engine.NewRuleset(engine.RulesetConfig{Digest: "test", Currency: currency, Promotions: []engine.Promotion{{ID: "a", When: tt.when, Deals: []engine.Deal{deal}}}})
			if err != nil {
				t.Fatal(err)
			}
			req := request(rules, map[string]int64{"SCARF": 1, "HAT": 1, "SOCKS": 1}, "A", "B", "C")
			req.Cart.Shipping.Shipments = nil
			q, err := rules.Price(req)
			if err != nil {
				t.Fatal(err)
			}
			broken, err := invariant.Broken(read(t, rules, "["+tt.always+"]"), rules, req, &q)
			if err != nil || broken[0] != tt.want {
				t.Errorf("got %q, %v, want %q", broken, err, tt.want)
			}
			if got := req.Cart.Lines[0].Item.SKU + req.Cart.Coupons[0]; got != "SCARFA" {
				t.Errorf("the cart itself was changed: %s is first", got)
			}
		})
	}
}
