// Package engine prices carts. It is pure: no files, no clock, no database, no
// language; everything it needs is in the request.
//
//	quote, err := ruleset.Price(engine.Request{Cart: cart, Catalog: catalog, At: now})
//
// A Ruleset is the compiled, immutable set of promotions; package rules/compile
// makes it from rule files. An Engine holds the one in force behind an atomic
// pointer.
//
// # How a cart is priced
//
// Lines are brought into the order of SKUs, one line per SKU, so that a quote
// does not depend on how the cart was filled. Then the levels run: deals on
// items first, deals on the order after them. Inside a level promotions run by
// priority, higher first, then by id. Each promotion
//
//   - is checked: enabled, in its schedule, coupon on the cart, currency, and its
//     condition. Condition and amounts see what earlier promotions left, never
//     the promotion's own effect. What was decided stays decided when deals of
//     the promotion run at a later level;
//   - proposes what its deals would do. Several deals of one promotion and level
//     start from the same prices, so 20 % and 10 % of one promotion take 30 %,
//     while two promotions of 10 % take 19 %;
//   - takes effect, or says why not. When none of several deals has an effect, the
//     reason is that of the last.
//
// Deals of one promotion on items and on the order are at two levels: the order's
// percentage is of what the item level left, the promotion's own deals included.
//
// # Units
//
// A unit is one piece of a line. Multi-unit deals (Multibuy, BuyGet) claim the
// units they use, as qualifier or as reward, and no unit is claimed twice. Other
// deals neither claim nor mind claims. Units are kept as runs of equal units, so
// the work does not grow with quantities.
//
// # Money
//
// Amounts are int64 counts of the currency's smallest unit, products are 128 bits
// wide, and nothing is a float. A discount is computed exactly over all units it
// is about, rounded once, and shared by largest remainder: over lines by what
// they cost, then over the units of a line. Shares always add up. No unit goes
// below zero or below its item's MinPrice. What a line cannot give goes to the
// others where the amount is for the whole selection (a percentage or an amount
// off the order, an amount per selection, a multibuy group's price), and is not
// given where each unit has its own discount (a percentage off units, an amount
// per unit or line, a fixed price, a reward).
//
// # Gifts
//
// Gifts are units besides those in the cart. They come from the stock that the
// cart itself leaves and count nothing in subtotal and discount. A gift deal is
// given whole or not at all: when its units are not all in stock it gives none,
// and a promotion that has nothing else is not applied, for OutOfStock.
//
// # Reasons
//
// With Request.Explain every promotion is in the quote. Disabled, NotStarted,
// Ended, OutsideHours, CouponMissing, CurrencyMismatch and ConditionFalse are
// decided before the deals. Then: NoMatchingItems, the cart has nothing of a
// selection; BelowQuantity, too few units for one application; Displaced, there
// would be enough, had other promotions (By) not claimed them; OutOfStock, for
// gifts; NoEffect, nothing is left to take off, or a number is missing.
//
// # Design
//
// 2026-11-22: Our own Amount and Decimal instead of a decimal library. Pricing
// needs int64 arithmetic with 128-bit products and no allocation; the libraries
// measured (shopspring/decimal, cockroachdb/apd, govalues/decimal) cost 10 to 45
// times as much on a percentage with sharing. Decimal, the number type of rule
// expressions, is the same integers with a scale, and is checked against
// math/big by a property test.
//
// 2026-11-22: Deals propose and the pricing applies. A proposal can be compared
// and thrown away, which choosing the best of several needs; deals that change
// the state were rejected for that reason.
package engine
