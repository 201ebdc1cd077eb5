package rules_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/report"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func corpus(t *testing.T) []ruletest.Suite {
	t.Helper()
	suites, err := ruletest.Load([]string{"corpus"})
	var faults diag.List
	if errors.As(err, &faults) {
		t.Fatalf("load the corpus:\n%s", faults.Render())
	}
	if err != nil {
		t.Fatal(err)
	}
	return suites
}

// TestCorpus runs the rule tests below corpus: the behaviour of every part of
// the language, and the cases of other commerce systems.
func TestCorpus(t *testing.T) {
	result, err := ruletest.Run(corpus(t), ruletest.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed > 0 {
		var b strings.Builder
		if err := report.TestsPretty(&b, result, "checkout rules test rules/corpus"); err != nil {
			t.Fatal(err)
		}
		t.Errorf("corpus:\n%s", b.String())
	}
}

// TestCorpusIsPricedAlikeHoweverItIsAsked prices every cart of the corpus turned
// round, which must give the same quote byte for byte, and without an
// explanation, which must cost the same.
func TestCorpusIsPricedAlikeHoweverItIsAsked(t *testing.T) {
	for _, suite := range corpus(t) {
		for _, c := range suite.Cases {
			if c.Rejected() {
				continue
			}
			asked := request(t, suite, c)
			short := asked
			short.Explain = false
			quote := price(t, suite, asked)
			if diff := cmp.Diff(asJSON(t, quote), asJSON(t, price(t, suite, turnedRound(asked)))); diff != "" {
				t.Errorf("%s, %s [%s], turned round:\n%s", suite.File, c.Name, c.Row, diff)
			}
			if diff := cmp.Diff(asJSON(t, unexplained(quote)), asJSON(t, unexplained(price(t, suite, short)))); diff != "" {
				t.Errorf("%s, %s [%s], without an explanation:\n%s", suite.File, c.Name, c.Row, diff)
			}
		}
	}
}

// request is what the case prices, its stubs included.
func request(t *testing.T, suite ruletest.Suite, c ruletest.Case) engine.Request {
	t.Helper()
	request, err := suite.Request(c)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func price(t *testing.T, suite ruletest.Suite, req engine.Request) engine.Quote {
	t.Helper()
	quote, err := suite.Rules.Price(req)
	if err != nil {
		t.Fatal(err)
	}
	return quote
}

func asJSON(t *testing.T, quote engine.Quote) string {
	t.Helper()
	data, err := json.MarshalIndent(quote, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// turnedRound lists everything in the cart the other way round.
func turnedRound(req engine.Request) engine.Request {
	cart := &req.Cart
	cart.Lines, cart.Coupons = slices.Clone(cart.Lines), slices.Clone(cart.Coupons)
	cart.Shipping.Shipments = slices.Clone(cart.Shipping.Shipments)
	slices.Reverse(cart.Lines)
	slices.Reverse(cart.Coupons)
	slices.Reverse(cart.Shipping.Shipments)
	return req
}

// unexplained is the quote without reasons, which are only looked for where an
// explanation is asked for.
func unexplained(q engine.Quote) engine.Quote {
	q.Promotions, q.Coupons, q.Trace = nil, nil, ""
	return q
}

func TestQuotesOfTheCorpusAddUp(t *testing.T) {
	for _, suite := range corpus(t) {
		for _, c := range suite.Cases {
			if c.Rejected() {
				continue
			}
			quote := price(t, suite, request(t, suite, c))
			if diff := cmp.Diff(statedSums(quote), addedUp(quote)); diff != "" {
				t.Errorf("%s, %s [%s]:\n%s", suite.File, c.Name, c.Row, diff)
			}
		}
	}
}

// sums are the amounts that a quote states twice: once, and in its parts.
type sums struct {
	Subtotal, Discount, Total        engine.Amount
	ShippingDiscount, ShippingTotal  engine.Amount
	Payable, OffLines, ByPromotions  engine.Amount
	LinesWithUnits, LinesAboveNought int
}

func statedSums(q engine.Quote) sums {
	return sums{
		Subtotal: q.Subtotal, Discount: q.Discount, Total: q.Total,
		ShippingDiscount: q.ShippingDiscount, ShippingTotal: q.ShippingTotal,
		Payable: q.Payable, OffLines: q.Subtotal - q.Total, ByPromotions: q.Discount + q.ShippingDiscount,
		LinesWithUnits: len(q.Lines), LinesAboveNought: len(q.Lines),
	}
}

func addedUp(q engine.Quote) sums {
	var s sums
	for _, line := range q.Lines {
		s.Subtotal += line.UnitPrice * engine.Amount(line.Quantity)
		s.Discount += line.Discount
		s.Total += line.Total
		s.OffLines += line.Subtotal - line.Total
		if unitsAddUp(line) {
			s.LinesWithUnits++
		}
		if line.Total >= 0 {
			s.LinesAboveNought++
		}
	}
	for _, shipment := range q.Shipments {
		s.ShippingDiscount += shipment.Discount
		s.ShippingTotal += shipment.Total
	}
	s.Payable = s.Total + s.ShippingTotal
	for _, outcome := range q.Promotions {
		s.ByPromotions += outcome.Discount
	}
	return s
}

func unitsAddUp(line engine.QuoteLine) bool {
	var quantity int64
	var cost engine.Amount
	for _, units := range line.Units {
		quantity += units.Quantity
		cost += units.Price * engine.Amount(units.Quantity)
	}
	return quantity == line.Quantity && cost == line.Total
}

func TestCorpusHasEveryReason(t *testing.T) {
	given := map[engine.Reason]bool{engine.Applied: true}
	for _, suite := range corpus(t) {
		for _, c := range suite.Cases {
			for _, reason := range c.Refusals() {
				given[reason] = true
			}
		}
	}
	for _, reason := range engine.Reasons() {
		if !given[reason] {
			t.Errorf("no test of the corpus expects the reason %s", reason)
		}
	}
}
