// Package ruletest runs rule tests: carts with the quotes they must have.
//
//	suites, err := ruletest.Load([]string{"examples/quickstart"})
//	result := ruletest.Run(suites, ruletest.Filter{})
//
// A Session runs them again when files change, and Update writes into them what the
// engine says.
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
// # A file
//
//	version     of the format: 1, which it is without it
//	rules       the folder of the rules, from that of the test; without it the test's
//	            own
//	catalogue   items, or the path of an inventory file
//	defaults    what every test of the file is given
//	fixtures    carts and customers with names, or the path of a file that has them
//	stubs       what plugins answer
//	always      what must be true after each case
//	tests       the tests
//
// # A test
//
//	name            what the test shows; no other test of the file has it
//	tags            words that filters select tests by
//	skip            why the test is not run; it is checked, and in every report
//	given           the cart, and what is known about it
//	stubs           what plugins answer in this test
//	expect          what the quote must be
//	table           a case for each row: variables, which stand as ${name} in given
//	                and expect, and expectations
//	matrix          {variable: [values]}, a case for each cell of the product
//	steps           what is done one after the other
//	compile_error   the faults of rules that do not compile
//
// A test has one of expect, table (which expect may stand beside), matrix, steps and
// compile_error.
//
// # matrix
//
// Each cell of the product of the lists is a case. The first row of expect whose when
// has the cell's values is what is expected of it; a cell without a row is a fault,
// and so is a row without a cell:
//
//	given: {cart: [TV], customer: {groups: ["${tier}"]}, at: "${at}"}
//	matrix:
//	  tier: [standard, gold]
//	  at: [2026-11-26T23:59:59Z, 2026-11-27T00:00:00Z]
//	expect:
//	  - {when: {tier: gold, at: 2026-11-27T00:00:00Z}, applied: [black-friday]}
//	  - {else: true, applied: []}
//
// # steps
//
// Steps are done one after the other, and what orders use of promotions, budgets and
// codes counts as it does in a shop; see engine.Counts. Units leave the stock as long
// as there are any, which matters for gifts:
//
//	steps:
//	  - {do: commit, expect: {applied: [welcome]}}    an order; hold counts like one
//	  - {do: price, expect: {not_applied: {welcome: limit_reached}}}
//	  - {do: refund, ref: 1}                          the order of step 1 gives all back
//	  - {do: price, given: {at: …}, expect: {applied: [welcome]}}
//
//	do       what is done: price, commit, hold, release or refund
//	ref      the number of the step, from 1, whose order or hold it is about
//	given    what is given, laid over that of the test; usage and codes in it are set
//	         anew
//	expect   what the quote of the step must be
//
// With ref, commit makes an order of a hold, and release gives the hold up.
//
// # compile_error
//
// Rules that must not compile, with all of their faults: given has nothing but rules,
// the text of a file, or {file: text}. A list stands for several faults:
//
//	given: {rules: "promotions: [{id: a, deal: {percent_off: {of: order, percent: 120}}}]"}
//	compile_error: {code: R0107, at: "1:63", text: percent must be between 0 and 100}
//
//	code   of the fault
//	at     its line and column
//	text   its message
//
// # always
//
// What must be true after each case, as package invariant reads it:
//
//	always: [quote.total >= 0, quote.discount <= cart.subtotal, {permute: cart.lines}]
//
// # fixtures
//
// Carts and customers with names, {carts: {name: …}, customers: {name: …}}, or the
// path of a file that has them. Where a cart or a customer is wanted, its name can
// stand. One of the test file itself that no test uses is a fault.
//
// # given
//
//	cart        "SKU", "SKU x3" or {sku, quantity}; [] is a cart without goods; or a fixture
//	customer    {id groups tags orders lifetime_spend attributes}, or a fixture
//	coupons     the codes on the cart
//	at, now     the instant, by either name
//	stock       {SKU: units}, where it is not that of the catalogue
//	shipping    {method price country region}, or {shipments: [{method, price}]}
//	            for a cart that is sent in parts
//	usage       {promotion: {redemptions by_customer spent}}, what orders have
//	            used of promotions; nothing unless it says otherwise
//	codes       {CODE: {pool redemptions}}, what is known of coupon codes
//	paused      the ids of promotions that somebody has paused
//	channel     where the cart is sold, such as web
//	payment     how it is paid, such as card
//	attributes  the shop's own facts of the cart
//	currency    of the cart, where it is not the shop's
//
// Defaults are merged key by key, and those of the customer once more.
//
// # stubs
//
// What plugins answer, beside tests for all of them, or beside given and expect for
// one, which then wins fact by fact and deal by deal:
//
//	stubs:
//	  loyalty:
//	    facts:
//	      points: {c-42: 1200, "*": 0}    by the customer's id, "*" for others
//	      tier: gold                      for all; nothing is a fact that is missing
//	    deals:
//	      spend_points: {off: 5.00}       for all promotions
//	      earn_points:                    or for each
//	        spring: {award: {kind: points, amount: 12.5}}
//	        summer: {none: closed in summer}
//
// An answer is one of units: [{sku, quantity, each}], off, gift: {sku, quantity},
// award: {kind, amount}, none: why, and fault: timeout, or another one. The engine
// checks answers as it checks those of programs. A fact or deal that a plugin is
// asked for and that no stub has fails the case. Options run the same files with
// real plugins.
//
// # expect
//
//	subtotal, discount, total                    of the goods
//	shipping_discount, shipping_total, payable   payable is goods and shipping
//	applied      the promotions with an effect, in the order of application
//	not_applied  {promotion: reason} or {promotion: {reason, by, fault}}
//	lines        {SKU: total} or {SKU: {quantity discount total unit_prices}}
//	gifts        "SKU x2", in any order
//	shipments    {METHOD: total} or {METHOD: {discount total}}
//	awards       "points 12.5" or {kind, amount}, in the order of application
//	coupons      {CODE: reason}, which can be applied or unknown_code too
//	optimal      whether the quote says that it is the best there is
//	rejected     the promotion, or {promotion, fault}, whose plugin fails so that the
//	             cart has no price; nothing else can be expected then
//	hints        {promotion, add: ["SKU x2"], saves}, the nearest first; saves is
//	             checked where it is given. A test that expects hints asks for them
//
//	includes     {applied, gifts, awards}, which must be among those of the quote
//	explain      the text of Explain, which checkout rules explain shows
//
// Lists are exact and in order; mappings name what is checked. Amounts are
// compared exactly. All of it can stand in a table's row.
//
// # Surfaces
//
// The engine in process prices every case. Other ways by which a shop prices, such as
// its API over HTTP, are a Surface: each case is then priced there too, and what it
// tells has to be what the engine says. What a surface cannot carry is skipped there,
// with the reason. An adapter of one is wired where the program is.
//
// A test must be able to fail: one without an expectation, one that names a SKU
// or a promotion that does not exist, and one that prices time-dependent rules
// without an instant are faults. A folder without tests is not a pass.
package ruletest
