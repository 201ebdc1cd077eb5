// Package rules documents the rule language. The code is in the packages below:
// syntax reads YAML with positions, compile makes rulesets, store loads and
// watches a folder, ruletest runs rule tests, catalogue reads items, report
// writes results, diag is what they all report faults with.
//
// # A rule folder
//
// A folder of .yaml files is one ruleset. Files share their names, and their
// order does not matter. Tests (*_test.yaml) stand beside the rules. policy.yaml,
// if there is one, says what holds for all promotions: currency (USD unless it
// says otherwise) and rounding (half_up or half_even).
//
//	sets:                                  # an expression over one item
//	  tvs:      category == "tv"           # tv/oled is in tv
//	  speakers: sku in ["ALX001", "ALX002"]
//	  premium:  tvs and price >= 500       # sets build on sets
//
//	conditions:                            # an expression over the cart
//	  vip: "'vip' in customer.groups or customer.lifetime_spend >= 1000"
//
//	promotions:
//	  - id: speakers-10
//	    name: 10 % off more than three speakers
//	    when: speakers.quantity > 3 and not vip
//	    deal: {percent_off: {of: speakers, percent: 10}}
//
// # Promotions
//
//	id           1 to 64 letters, digits, -, _ and .; unique in the folder
//	name         what customers see
//	description  for colleagues
//	enabled      true unless it says false
//	when         a condition; without one the promotion is for every cart
//	coupon       a code that must be on the cart; case and blanks around it do not matter
//	schedule     from, until, timezone, days, hours
//	priority     a whole number; higher goes first, 0 without one
//	deal, deals  one deal, or several that start from the same prices
//
// A schedule is half-open: from is in, until is out. A date without a time is its
// first instant in the timezone (an IANA name, UTC without one). days are
// weekdays (mon), hours are spans of local time ("08:00-22:00"), which may run
// over midnight and then belong to the day they began on.
//
// # Deals
//
// Every number may be an expression over the cart. of takes a set's name, an item
// expression, or order for the whole order.
//
//	percent_off  of percent  base(current|list) max_units pick max_discount
//	             Percent off units, or off the order. base: list takes it of the
//	             list price, so that percentages add up.
//	amount_off   of amount  per(unit|line|selection) max_units pick
//	             Per unit unless it says otherwise; off the order, once.
//	fixed_price  of price  max_units pick
//	             A price for each unit that costs more.
//	multibuy     of quantity  pay_for|price|percent_off|amount_off  repeat
//	             So many units together: the cheapest of them free (pay_for), or
//	             a price, a percentage or an amount off for all.
//	buy_get      buy{of quantity|spend} get{of quantity pick percent_off|amount_off|price}  repeat
//	             Units bought make others cheaper, free unless it says otherwise.
//	             get.of is buy.of unless it says otherwise; quantity is 1.
//	gift         item|choose_from  quantity for_each{of quantity}
//	             Adds units at no charge, once or for each match.
//
// max_units limits how many units get cheaper, the cheapest first (pick: dearest
// turns that round). repeat is true (as often as the units allow) unless it says
// false or a number. How units are claimed, discounts rounded and shared, and
// gifts taken from stock is in the documentation of package engine.
//
// # Expressions
//
// Expressions are written as in expr-lang: and, or, not, ==, !=, <, <=, >, >=, in,
// + - * / %, contains, startsWith, endsWith, matches, a ? b : c, ??, a..b in
// "x in 1..3". Numbers are exact decimals. A comparison with a missing attribute
// is false, != and not in included; x ?? 0 gives it a value, x == nil asks for it.
//
// An item expression (sets, of) reads one item:
//
//	sku name brand price quantity category categories tags attributes.NAME
//	and every set, as a condition
//
// category == "tv" holds for tv and all below it, and so does "tv" in categories.
// quantity is how many units of the item the cart holds.
//
// A cart expression (when, conditions, numbers) reads the cart as earlier
// promotions left it:
//
//	cart      subtotal total quantity lines currency channel attributes.NAME
//	customer  id groups tags orders lifetime_spend attributes.NAME
//	shipping  method price country region
//	payment   method
//	coupons   the codes on the cart
//	now       year month day hour minute weekday date, in the promotion's timezone
//	SET       quantity subtotal total lines min_price max_price
//	and every condition
//
// subtotal is list price, total what is left of it. weekday is "mon" to "sun",
// date is "2026-12-31". The functions any, all, none, one, count, filter and sum
// take cart.lines, SET.lines or a list of texts, and a predicate in which .field
// or # is the element: any(cart.lines, .quantity >= 3 and .brand == "Acme"). The
// others are len, min, max, abs, ceil, floor, round, lower, upper, trim,
// hasPrefix and hasSuffix.
//
// An expression has at most 4,096 bytes and 512 parts, predicates nest at most
// two deep, and what a cart of 500 lines could cost is bounded when the rules are
// loaded.
//
// # What this version does not run
//
// bundle, tiers, shipping, award and plugin deals, group, limits, exclusive,
// excludes, currencies, coupon pools and amounts per currency are part of the
// language and refused with R0007 until they work.
package rules
