package explain_test

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/explain"
)

const promotions = `promotions:
  - {id: three, priority: 5, deal: {multibuy: {of: sku == "HAT", quantity: 3, pay_for: 2}}}
  - {id: tenth, priority: 4, when: cart.total >= 20, deal: {percent_off: {of: order, percent: 10}}}
  - {id: five, priority: 3, coupon: FIVE, deal: {amount_off: {of: order, amount: 5, per: selection}}}
  - {id: pair, priority: 2, deal: {buy_get: {buy: {of: sku == "SCARF", quantity: 1}, get: {of: sku == "HAT", percent_off: 50}}}}
  - {id: mug, when: cart.quantity >= 4, deal: {gift: {item: MUG}}}
  - {id: post, when: cart.total >= 30, deal: {shipping: {percent_off: 100}}}
`

// cents reads an amount.
func cents(t *rapid.T, text string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ".", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTheStoryAddsUp reads the text as a customer would: each promotion begins with the
// prices that the one before left, its units make up its line, its lines what it takes
// off, and what is left in the end is the total.
func TestTheStoryAddsUp(t *testing.T) {
	rules, err := compile.Compile([]compile.File{{Name: "policy.yaml", Data: []byte("currency: USD\n")}, {Name: "rules.yaml", Data: []byte(promotions)}})
	if err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`^(\w+)  applied(?: \d+ times)?(?:, takes ([\d.]+) off)?(?:, with the coupon FIVE)?  \((\w+) is here\)$`)
	line := regexp.MustCompile(`^  (\w+) +([\d.]+) -> ([\d.]+)  (.*)$`)
	gift := regexp.MustCompile(`^  MUG +gift of 1 +worth 4.00 each$`)
	units := regexp.MustCompile(`(\d+) at ([\d.]+) now ([\d.]+)`)
	sum := regexp.MustCompile(`^ *(subtotal|discount|total|shipping|payable) +([\d.]+)$`)
	appliedOnce := make(map[string]bool)
	rapid.Check(t, func(t *rapid.T) {
		req := engine.Request{Explain: true, Catalog: engine.CatalogMap{"MUG": {SKU: "MUG", Price: 400, Stock: 2}}}
		req.Cart.Currency = rules.Currency()
		left := map[string]int64{"post": 495}
		for _, item := range []engine.Item{{SKU: "HAT", Price: 905, Stock: 99}, {SKU: "SCARF", Price: 1299, Stock: 99}, {SKU: "SOCK", Price: 1, Stock: 99}} {
			if n := rapid.Int64Range(0, 4).Draw(t, item.SKU); n > 0 {
				req.Cart.Lines = append(req.Cart.Lines, engine.Line{Item: &item, Quantity: n})
				left[item.SKU] = n * int64(item.Price)
			}
		}
		req.Cart.Coupons = rapid.SampledFrom([][]string{nil, {"FIVE"}}).Draw(t, "coupons")
		req.Cart.Shipping.Shipments = []engine.Shipment{{Method: "post", Price: 495}}
		listed := maps.Clone(left)
		quote, err := rules.Price(req)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		e := explain.Explanation{Quote: quote, Source: func(id string) string { return id + " is here" }}
		if err := e.Pretty(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		fault := func(format string, args ...any) { t.Fatalf("%s\n\n%s", fmt.Sprintf(format, args...), text) }
		takes, off, gifts := int64(0), int64(0), 0
		settle := func() {
			if takes != off {
				fault("takes %d off, but its lines %d", takes, off)
			}
			takes, off = 0, 0
		}
		sums := make(map[string]int64)
		for text := range strings.Lines(text) {
			text = strings.TrimRight(text, " \n")
			if m := head.FindStringSubmatch(text); m != nil {
				settle()
				if m[1] != m[3] {
					fault("%s is at the place of %s", m[1], m[3])
				}
				appliedOnce[m[1]] = true
				if m[2] != "" {
					takes = cents(t, m[2])
				}
			} else if m := line.FindStringSubmatch(text); m != nil {
				before, after := cents(t, m[2]), cents(t, m[3])
				if before != left[m[1]] {
					fault("%s begins at %d, but cost %d", m[1], before, left[m[1]])
				}
				left[m[1]], off = after, off+before-after
				for _, u := range units.FindAllStringSubmatch(m[4], -1) {
					before -= cents(t, u[1]) * (cents(t, u[2]) - cents(t, u[3]))
				}
				if before != after {
					fault("the units of %s leave %d, not %d", m[1], before, after)
				}
			} else if gift.MatchString(text) {
				gifts++
			} else if m := sum.FindStringSubmatch(text); m != nil {
				settle()
				sums[m[1]] = cents(t, m[2])
			}
		}
		goods := left["HAT"] + left["SCARF"] + left["SOCK"]
		want := map[string]int64{
			"subtotal": listed["HAT"] + listed["SCARF"] + listed["SOCK"], "total": goods, "shipping": left["post"], "payable": goods + left["post"],
		}
		want["discount"] = want["subtotal"] - goods
		if !maps.Equal(sums, want) || gifts != len(quote.Gifts) {
			fault("got the sums %v and %d gifts, want %v and %d", sums, gifts, want, len(quote.Gifts))
		}
	})
	for _, id := range rules.PromotionIDs() {
		if !appliedOnce[id] {
			t.Errorf("%s was never applied", id)
		}
	}
}
