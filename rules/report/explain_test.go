package report_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/goldentest"
	"github.com/checkout-promotions/checkout/rules/explain"
	"github.com/checkout-promotions/checkout/rules/report"
)

// explained has one of everything that an explanation can tell.
func explained(t *testing.T) engine.Quote {
	t.Helper()
	currency, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	return engine.Quote{
		Currency: currency, Subtotal: 10_000, Discount: 1_500, Total: 8_500, ShippingTotal: 0, Payable: 8_500, Bound: 2_500,
		Lines:     []engine.QuoteLine{},
		Shipments: []engine.QuoteShipment{{Method: "post", Price: 500, Discount: 500}},
		Gifts:     []engine.Gift{{SKU: "MUG", Quantity: 2, Worth: 300, Promotion: "spring"}},
		Awards:    []engine.AwardGiven{{Kind: "points", Amount: "12.5", Promotion: "spring"}},
		Promotions: []engine.Outcome{
			{Promotion: "spring", Reason: engine.Applied, Discount: 1_500, Applications: 3, Coupon: "SPRING-1", Lines: []engine.OutcomeLine{
				{SKU: "PAN", Quantity: 3, Discount: 1_000, Change: &engine.LineChange{Before: 6_000, After: 5_000, Units: []engine.UnitsChange{
					{Quantity: 1, Before: 2_000, After: 1_666}, {Quantity: 2, Before: 2_000, After: 1_667}}}},
				{Shipment: "post", Quantity: 1, Discount: 500},
			}},
			{Promotion: "autumn", Reason: engine.ConditionFalse, Obstacle: &engine.Obstacle{Why: []engine.Clause{{Source: "cart.total > 100", Values: "85.00 > 100"}}}},
			{Promotion: "pair", Reason: engine.Displaced, Obstacle: &engine.Obstacle{By: []string{"spring"}}},
			{Promotion: "points", Reason: engine.PluginFailed, Obstacle: &engine.Obstacle{Fault: engine.TimedOut, Detail: "after 100ms"}},
		},
		Hints: []engine.Hint{
			{Promotion: "autumn", Add: []engine.HintItem{{SKU: "MUG", Quantity: 5}}, Saves: 1_000, Costs: 500},
			{Promotion: "pair", Add: []engine.HintItem{{SKU: "MUG", Quantity: 1}, {SKU: "PAN", Quantity: 1}}, Saves: 3_000, Costs: -100},
		},
	}
}

func TestExplanation(t *testing.T) {
	source := func(id string) string {
		if id == "pair" {
			return "" // of a ruleset that nobody has
		}
		return "shop.yaml:3:5"
	}
	tests := []struct {
		name, golden string
		explanation  explain.Explanation
	}{
		{"all of it", "explain", explain.Explanation{}},
		{"some promotions", "explain_some", explain.Explanation{Promotions: []string{"pair", "spring"}}},
		{"those that were not applied", "explain_why_not", explain.Explanation{WhyNot: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := test.explanation
			e.Quote, e.Source = explained(t), source
			var text, data strings.Builder
			if err := e.Pretty(&text); err != nil {
				t.Fatal(err)
			}
			if err := report.ExplanationJSON(&data, &e); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, "testdata/"+test.golden+".golden.txt", text.String())
			goldentest.Compare(t, "testdata/"+test.golden+".golden.json", data.String())
		})
	}
}

func TestExplanationSaysHowGoodTheChoiceIs(t *testing.T) {
	currency, err := engine.ParseCurrency("EUR")
	if err != nil {
		t.Fatal(err)
	}
	for want, quote := range map[string]engine.Quote{
		"No other choice between these promotions saves more.\n":                   {Optimal: true},
		"The best choice found saves 1.00; none can save more than 2.00.\n":        {Discount: 100, Bound: 200},
		"Promotions that compete are chosen by priority, not by what they save.\n": {},
	} {
		quote.Currency = currency
		e := explain.Explanation{Quote: quote, Source: func(string) string { return "" }}
		var text strings.Builder
		if err := e.Pretty(&text); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(text.String(), want) {
			t.Errorf("got %q, want its end to be %q", text.String(), want)
		}
	}
}
