// Package ruletest runs rule tests: carts with the quotes they must have.
//
//	suites, err := ruletest.Load([]string{"examples/quickstart"})
//	result := ruletest.Run(suites, ruletest.Filter{})
//
// Tests stand in files called *_test.yaml beside the rules they test:
//
//	catalogue:                                  # items, or the path of an inventory file
//	  - {sku: 120P90, name: Google TV, price: 49.99, category: tv}
//	defaults: {at: 2026-11-27T10:00:00Z}        # for every test of the file
//	tests:
//	  - name: third television is free
//	    given: {cart: [120P90 x3]}
//	    expect:
//	      total: 99.98
//	      applied: [tv-3-for-2]
//	      not_applied: {speakers-10: condition_false}
//	      lines: {120P90: {discount: 49.99}}
//
//	  - name: one television in three is free
//	    given: {cart: ["120P90 x${qty}"]}
//	    table:
//	      - {qty: 2, total: 99.98, applied: []}
//	      - {qty: 3, total: 99.98, applied: [tv-3-for-2]}
//
// given says what the cart is: cart, customer {id groups tags orders
// lifetime_spend attributes}, coupons, at (or now), stock {SKU: units}, channel,
// shipping, payment, attributes, currency. Defaults are merged key by key.
//
// expect says what the quote must be: subtotal, discount, total, applied,
// not_applied, lines, gifts. Lists are exact and in order; mappings name what is
// checked. Amounts are compared exactly.
//
// A test must be able to fail: one without an expectation, one that names a SKU
// or a promotion that does not exist, and one that prices time-dependent rules
// without an instant are faults. A folder without tests is not a pass.
package ruletest
