package compile_test

import (
	"fmt"
	"testing"
)

// TestWhatAPromotionDependsOn checks that amounts of money and the clock are
// seen through sets, conditions, predicates and deals, wherever they hide.
func TestWhatAPromotionDependsOn(t *testing.T) {
	const free = "deal: {percent_off: {of: order, percent: 10}}"
	for _, c := range []struct {
		name, promotion string
		money, timed    bool
	}{
		{"a percentage of the order", free, false, false},
		{"a number of units", "when: cart.quantity > 3, " + free, false, false},
		{"the cart's subtotal", "when: cart.subtotal > 3, " + free, true, false},
		{"a record of which another part is read", "when: tvs.quantity > 1, " + free, false, false},
		{"an amount of a set", "when: tvs.total > 1, " + free, true, false},
		{"the lowest price of a set", "when: tvs.min_price > 1, " + free, true, false},
		{"a set that looks at prices, even only for its units", "when: cheap.quantity > 1, " + free, true, false},
		{"a set built on one that looks at prices", "when: cheap_new.lines > 1, " + free, true, false},
		{"a condition that looks at money", "when: rich, " + free, true, false},
		{"a condition built on one that looks at money", "when: not loyal, " + free, true, false},
		{"a condition that does not", "when: vip and many, " + free, false, false},
		{"the price of a line in a predicate", `when: "any(cart.lines, .price > 5)", ` + free, true, false},
		{"a set of a line in a predicate", `when: "any(cart.lines, .cheap)", ` + free, true, false},
		{"a set of a line that does not look at prices", `when: "any(cart.lines, .tvs)", ` + free, false, false},
		{"a sum over lines", `when: "sum(filter(cart.lines, .total > 5), .quantity) > 1", ` + free, true, false},
		{"what is paid for shipping", "when: shipping.price > 5, " + free, true, false},
		{"what a customer has spent", "when: customer.lifetime_spend > 5, " + free, true, false},
		{"an item expression over prices", `deal: {percent_off: {of: price > 5, percent: 10}}`, true, false},
		{"a set over prices by its name", `deal: {percent_off: {of: cheap, percent: 10}}`, true, false},
		{"a set without prices by its name", `deal: {percent_off: {of: tvs, percent: 10}}`, false, false},
		{"the same item expression twice", `deals: [{percent_off: {of: price > 5.0, percent: 1}}, {percent_off: {of: price > 5.0, percent: 1}}]`, true, false},
		{"an amount off", `deal: {amount_off: {of: order, amount: 10}}`, true, false},
		{"a fixed price", `deal: {fixed_price: {of: tvs, price: 10}}`, true, false},
		{"a percentage with a limit in money", `deal: {percent_off: {of: order, percent: 10, max_discount: 5}}`, true, false},
		{"a percentage computed from money", `deal: {percent_off: {of: order, percent: cart.subtotal / 100}}`, true, false},
		{"a percentage computed from units", `deal: {percent_off: {of: order, percent: cart.quantity}}`, false, false},
		{"three for two", `deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}`, false, false},
		{"three for a price", `deal: {multibuy: {of: tvs, quantity: 3, price: 2}}`, true, false},
		{"three with an amount off", `deal: {multibuy: {of: tvs, quantity: 3, amount_off: 2}}`, true, false},
		{"a number of groups computed from money", `deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2, repeat: "cart.total / 100"}}`, true, false},
		{"buy by units", `deal: {buy_get: {buy: {of: tvs, quantity: 2}, get: {}}}`, false, false},
		{"buy by spend", `deal: {buy_get: {buy: {of: tvs, spend: 2}, get: {}}}`, true, false},
		{"get at a price", `deal: {buy_get: {buy: {of: tvs, quantity: 2}, get: {price: 1}}}`, true, false},
		{"get of a set over prices", `deal: {buy_get: {buy: {of: tvs, quantity: 2}, get: {of: cheap}}}`, true, false},
		{"a gift", `deal: {gift: {item: A}}`, false, false},
		{"a gift for each of a set over prices", `deal: {gift: {item: A, for_each: {of: cheap}}}`, true, false},
		{"the hour", "when: now.hour > 20, " + free, false, true},
		{"the weekday in a list", `when: "now.weekday in ['sat']", ` + free, false, true},
		{"the clock inside a predicate", `when: "any(cart.lines, .quantity > now.day)", ` + free, false, true},
		{"the clock in an amount", `deal: {percent_off: {of: order, percent: now.hour}}`, false, true},
		{"a schedule", "schedule: {days: [sat]}, " + free, false, true},
		{"money in the branch that is not taken", `when: "vip or cart.subtotal > 1", ` + free, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{c.promotion}).Promotion("p0")
			got := fmt.Sprintf("money %v, timed %v", len(p.Currencies) > 0, p.Timed)
			if want := fmt.Sprintf("money %v, timed %v", c.money, c.timed); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestConditionsThatReadTheClockMakeTheirUsersTimed names the condition only.
func TestConditionsThatReadTheClockMakeTheirUsersTimed(t *testing.T) {
	ruleset := compileFiles(t, "f.yaml", `
conditions:
  a_user: late and cart.quantity > 1
  late: now.hour > 20
promotions:
  - {id: a, when: a_user, deal: {percent_off: {of: order, percent: 1}}}
  - {id: b, when: cart.quantity > 1, deal: {percent_off: {of: order, percent: 1}}}
`)
	if got := ruleset.Timed(); len(got) != 1 || got[0] != "a" {
		t.Errorf("got %v, want [a]", got)
	}
}
