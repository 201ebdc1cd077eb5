package compile_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

func constant(text string) engine.Number { return engine.Constant(mustDecimal(text)) }

// TestDeals compiles every key of every deal. The definitions have four sets,
// in the order of their names, of which tvs is the fourth.
func TestDeals(t *testing.T) {
	order, tvs, own := engine.Selection{Order: true}, engine.Selection{Set: 3}, engine.Selection{Set: 4}
	one, all := constant("1"), engine.Reward{PercentOff: constant("100")}
	for _, c := range []struct {
		name, deal string
		want       engine.Deal
	}{
		{"a percentage of the order", "percent_off: {of: order, percent: 10}", &engine.PercentOff{Of: order, Percent: constant("10")}},
		{"of a set", "percent_off: {of: tvs, percent: 12.5}", &engine.PercentOff{Of: tvs, Percent: constant("12.5")}},
		{"with all its keys", "percent_off: {of: price > 5, percent: 10, base: list, max_units: 2, pick: dearest, max_discount: 9.99}",
			&engine.PercentOff{Of: own, Percent: constant("10"), OfList: true, MaxUnits: constant("2"), Pick: engine.Dearest, MaxDiscount: constant("9.99")}},
		{"with its defaults written out", "percent_off: {of: tvs, percent: 10, base: current, pick: cheapest}", &engine.PercentOff{Of: tvs, Percent: constant("10")}},
		{"an amount off units by itself", "amount_off: {of: tvs, amount: 5}", &engine.AmountOff{Of: tvs, Amount: constant("5"), Per: engine.PerUnit}},
		{"off the order by itself", "amount_off: {of: order, amount: 5}", &engine.AmountOff{Of: order, Amount: constant("5"), Per: engine.PerSelection}},
		{"off lines", "amount_off: {of: tvs, amount: 5, per: line, max_units: 1}", &engine.AmountOff{Of: tvs, Amount: constant("5"), Per: engine.PerLine, MaxUnits: one}},
		{"a price", "fixed_price: {of: tvs, price: 0}", &engine.FixedPrice{Of: tvs, Price: constant("0")}},
		{"three for two", "multibuy: {of: tvs, quantity: 3, pay_for: 2}", &engine.Multibuy{Of: tvs, Quantity: constant("3"), Reward: engine.Reward{PayFor: constant("2")}}},
		{"three for nothing, once", "multibuy: {of: tvs, quantity: 3, pay_for: 0, repeat: false}",
			&engine.Multibuy{Of: tvs, Quantity: constant("3"), Reward: engine.Reward{PayFor: constant("0")}, Repeat: one}},
		{"three for a price, always", "multibuy: {of: tvs, quantity: 3, price: 10, repeat: true}",
			&engine.Multibuy{Of: tvs, Quantity: constant("3"), Reward: engine.Reward{Price: constant("10")}}},
		{"three with an amount off, twice", "multibuy: {of: tvs, quantity: 3, amount_off: 10, repeat: 2}",
			&engine.Multibuy{Of: tvs, Quantity: constant("3"), Reward: engine.Reward{AmountOff: constant("10")}, Repeat: constant("2")}},
		{"buy two, get one free", "buy_get: {buy: {of: tvs, quantity: 2}, get: {}}",
			&engine.BuyGet{Buy: tvs, Quantity: constant("2"), Get: tvs, Units: one, Reward: all}},
		{"spend, and get two others at a percentage off", "buy_get: {buy: {of: tvs, spend: 100}, get: {of: cheap, quantity: 2, pick: dearest, percent_off: 50}, repeat: false}",
			&engine.BuyGet{Buy: tvs, Spend: constant("100"), Get: engine.Selection{Set: 0}, Units: constant("2"), Pick: engine.Dearest,
				Reward: engine.Reward{PercentOff: constant("50")}, Repeat: one}},
		{"a gift", "gift: {item: A}", &engine.Giveaway{Items: []string{"A"}, Quantity: one}},
		{"a choice of gifts for each two", "gift: {choose_from: [A, B-1.x_2], quantity: 3, for_each: {of: tvs, quantity: 2}}",
			&engine.Giveaway{Items: []string{"A", "B-1.x_2"}, Quantity: constant("3"), ForEach: &engine.ForEach{Of: tvs, Quantity: constant("2")}}},
		{"a gift for each", "gift: {item: A, for_each: {of: order}}", &engine.Giveaway{Items: []string{"A"}, Quantity: one, ForEach: &engine.ForEach{Of: order, Quantity: one}}},
		{"a bundle for a price", "bundle: {items: [{of: tvs}, {of: cheap, quantity: 2}], price: 899}", &engine.Bundle{
			Slots:  []engine.BundleSlot{{Of: tvs, Quantity: one}, {Of: engine.Selection{Set: 0}, Quantity: constant("2")}},
			Reward: engine.Reward{Price: constant("899")}}},
		{"a bundle of one slot, once", "bundle: {items: [{of: price > 5, quantity: 3}], percent_off: 10, repeat: false}", &engine.Bundle{
			Slots: []engine.BundleSlot{{Of: own, Quantity: constant("3")}}, Reward: engine.Reward{PercentOff: constant("10")}, Repeat: one}},
		{"a bundle with an amount off, twice", "bundle: {items: [{of: tvs}], amount_off: 5, repeat: 2}", &engine.Bundle{
			Slots: []engine.BundleSlot{{Of: tvs, Quantity: one}}, Reward: engine.Reward{AmountOff: constant("5")}, Repeat: constant("2")}},
		{"free shipping", "shipping: {}", &engine.ShippingOff{Reward: all}},
		{"free shipping by one method", "shipping: {methods: standard}", &engine.ShippingOff{Methods: []string{"standard"}, Reward: all}},
		{"a percentage off shipping", "shipping: {methods: [express, courier], percent_off: 50}",
			&engine.ShippingOff{Methods: []string{"express", "courier"}, Reward: engine.Reward{PercentOff: constant("50")}}},
		{"an amount off shipping", "shipping: {amount_off: 5}", &engine.ShippingOff{Reward: engine.Reward{AmountOff: constant("5")}}},
		{"shipping at a price", "shipping: {price: 4.95}", &engine.ShippingOff{Reward: engine.Reward{Price: constant("4.95")}}},
		{"an award", "award: {kind: free-return}", &engine.Award{Kind: "free-return", Amount: one}},
		{"an award of a part", "award: {kind: points, amount: 2.125}", &engine.Award{Kind: "points", Amount: constant("2.125")}},
		{"a constant that is computed", "percent_off: {of: tvs, percent: 2 * 5 + 0.5}", &engine.PercentOff{Of: tvs, Percent: constant("10.5")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{"deal: {" + c.deal + "}"}).Promotion("p0")
			if len(p.Deals) != 1 || !reflect.DeepEqual(p.Deals[0], c.want) {
				t.Errorf("got %+v, want %+v", p.Deals, c.want)
			}
		})
	}
}

func TestAPromotionHasWhatItsFileSays(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	ruleset := compileFiles(t, "policy.yaml", "currency: JPY\nrounding: half_even\n", "a/b.yaml", `promotions:
  - id: full.Name_1
    name: A name
    description: For the merchandiser
    enabled: false
    priority: -5
    coupon: " Welcome10 "
    schedule: {from: 2026-06-01, until: 2026-06-02T12:30, timezone: Europe/London, days: [sat, Sunday], hours: [08:00-22:00, "22:00 - 2:00"]}
    deals:
      - percent_off: {of: order, percent: 10}
      - amount_off: {of: order, amount: 10}
`)
	got, _ := ruleset.Promotion("full.Name_1")
	want := engine.Promotion{
		ID: "full.Name_1", Name: "A name", Source: "a/b.yaml:2:5", Disabled: true, Priority: -5, Coupon: engine.Coupon{Code: "WELCOME10"}, Currencies: []engine.Currency{ruleset.Currency()}, Timed: true,
		Schedule: engine.Schedule{
			From: time.Date(2026, 5, 31, 23, 0, 0, 0, time.UTC).In(london), Until: time.Date(2026, 6, 2, 11, 30, 0, 0, time.UTC).In(london), Location: london,
			Days:  engine.Weekdays(0).With(time.Saturday).With(time.Sunday),
			Hours: []engine.Hours{{From: 8 * 60, Until: 22 * 60}, {From: 22 * 60, Until: 2 * 60}},
		},
		Deals: got.Deals, Meaning: got.Meaning, // see TestAPromotionsMeaningIsAllThatItReads
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(got.Deals) != 2 || ruleset.Currency().Code() != "JPY" {
		t.Errorf("got %d deals in %s, want 2 in JPY", len(got.Deals), ruleset.Currency())
	}
}

func TestInstants(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, from string
		want       time.Time
	}{
		{"a date is its first instant", "2026-11-20", time.Date(2026, 11, 20, 0, 0, 0, 0, tokyo)},
		{"a time is local", "2026-11-20T18:30", time.Date(2026, 11, 20, 18, 30, 0, 0, tokyo)},
		{"with seconds", "2026-11-20T18:30:15", time.Date(2026, 11, 20, 18, 30, 15, 0, tokyo)},
		{"with a blank", "2026-11-20 18:30", time.Date(2026, 11, 20, 18, 30, 0, 0, tokyo)},
		{"in quotes", `"2026-11-20"`, time.Date(2026, 11, 20, 0, 0, 0, 0, tokyo)},
		{"with a zone of its own", "2026-11-20T18:30:00+01:00", time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)},
		{"in UTC", "2026-11-20T18:30:00Z", time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{"schedule: {timezone: Asia/Tokyo, from: " + c.from + "}, deal: {percent_off: {of: order, percent: 1}}"}).Promotion("p0")
			if !p.Schedule.From.Equal(c.want) {
				t.Errorf("got %s, want %s", p.Schedule.From, c.want)
			}
		})
	}
}
