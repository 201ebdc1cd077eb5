package compile_test

import (
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

// TestTiers compiles every key of tiers. What per means unless it says so
// depends on what is measured.
func TestTiers(t *testing.T) {
	order, tvs := engine.Selection{Order: true}, engine.Selection{Set: 3}
	percent := func(from, off string) engine.TierStep {
		return engine.TierStep{From: constant(from), Reward: engine.Reward{PercentOff: constant(off)}}
	}
	amount := []engine.TierStep{{From: constant("3"), Reward: engine.Reward{AmountOff: constant("5")}}}
	for _, c := range []struct {
		name, tiers string
		want        *engine.Tiers
	}{
		{"by quantity", "of: tvs, steps: [{from: 3, percent_off: 10}, {from: 5, percent_off: 20}]",
			&engine.Tiers{Of: tvs, Steps: []engine.TierStep{percent("3", "10"), percent("5", "20")}}},
		{"with its defaults written out", "of: tvs, by: quantity, mode: reached, steps: [{from: 3, percent_off: 10}]",
			&engine.Tiers{Of: tvs, Steps: []engine.TierStep{percent("3", "10")}}},
		{"at a price for each unit", "of: tvs, steps: [{from: 3, price: 90}]",
			&engine.Tiers{Of: tvs, Steps: []engine.TierStep{{From: constant("3"), Reward: engine.Reward{Price: constant("90")}}}}},
		{"by spend", "of: tvs, by: spend, steps: [{from: 0, percent_off: 1}, {from: 99.50, percent_off: 2}]",
			&engine.Tiers{Of: tvs, BySpend: true, PerSelection: true, Steps: []engine.TierStep{percent("0", "1"), percent("99.50", "2")}}},
		{"by spend at list price", "of: order, by: spend, base: list, steps: [{from: 100, percent_off: 5}]",
			&engine.Tiers{Of: order, BySpend: true, OfList: true, PerSelection: true, Steps: []engine.TierStep{percent("100", "5")}}},
		{"graduated", "of: tvs, mode: graduated, pick: dearest, steps: [{from: 1, percent_off: 1}, {from: 10, percent_off: 5}]",
			&engine.Tiers{Of: tvs, Graduated: true, Pick: engine.Dearest, Steps: []engine.TierStep{percent("1", "1"), percent("10", "5")}}},
		{"graduated by spend", "of: order, by: spend, mode: graduated, steps: [{from: 100, percent_off: 5}]",
			&engine.Tiers{Of: order, BySpend: true, Graduated: true, Steps: []engine.TierStep{percent("100", "5")}}},
		{"an amount by quantity is off each unit", "of: tvs, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: tvs, Steps: amount}},
		{"unless it says otherwise", "of: tvs, per: selection, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: tvs, PerSelection: true, Steps: amount}},
		{"an amount by spend is off once", "of: tvs, by: spend, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: tvs, BySpend: true, PerSelection: true, Steps: amount}},
		{"unless it says per unit", "of: tvs, by: spend, per: unit, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: tvs, BySpend: true, Steps: amount}},
		{"an amount off the order is off once", "of: order, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: order, PerSelection: true, Steps: amount}},
		{"a graduated amount is off each unit", "of: order, mode: graduated, steps: [{from: 3, amount_off: 5}]", &engine.Tiers{Of: order, Graduated: true, Steps: amount}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{"deal: {tiers: {" + c.tiers + "}}"}).Promotion("p0")
			if len(p.Deals) != 1 || !reflect.DeepEqual(p.Deals[0], c.want) {
				t.Errorf("got %+v, want %+v", p.Deals, c.want)
			}
		})
	}
}

// TestStepsThatCannotBeCompared are accepted: which comes first is only known
// with the cart.
func TestStepsThatCannotBeCompared(t *testing.T) {
	for name, steps := range map[string]string{
		"an expression between constants": `{from: 5, percent_off: 1}, {from: "customer.orders + 5", percent_off: 2}, {from: 6, percent_off: 3}`,
		"other currencies":                "{from: {USD: 5}, percent_off: 1}, {from: {USD: 6, EUR: 1}, percent_off: 2}",
		"a constant and a table":          "{from: 5, percent_off: 1}, {from: {USD: 6}, percent_off: 2}",
	} {
		t.Run(name, func(t *testing.T) {
			by := "quantity"
			if name != "an expression between constants" {
				by = "spend"
			}
			p, _ := compileAll(t, []string{"deal: {tiers: {of: tvs, by: " + by + ", steps: [" + steps + "]}}"}).Promotion("p0")
			if got := len(p.Deals[0].(*engine.Tiers).Steps); got < 2 {
				t.Errorf("got %d steps, want all", got)
			}
		})
	}
}
