// Package engine prices carts. It is pure: no files, no clock, no database, no
// language, no programs of others; everything it needs is in the request.
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
// does not depend on how the cart was filled. Then the levels run: items, order,
// shipping, awards. Inside a level the groups of the policy run in its order, and
// inside a group the promotions by rank: higher priority first, then by id. Each
// promotion
//
//   - is checked: enabled, in its schedule, coupon on the cart, currency, limits,
//     and its condition. Condition and amounts see what earlier promotions left,
//     never the promotion's own effect. What was decided stays decided when deals
//     of the promotion run at a later level;
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
// A unit is one piece of a line. Multi-unit deals (Multibuy, BuyGet, Bundle)
// claim the units they use, as qualifier or as reward, and no unit is claimed
// twice. Other deals neither claim nor mind claims. Units are kept as runs of
// equal units, so the work does not grow with quantities.
//
// # Which promotions, which units
//
// Promotions compete in two ways, and both are decided for the customer unless
// the policy resolves by priority.
//
// The multi-unit deals of one group compete for units. They are settled together,
// where the first of them has its turn, from the same prices: the applications
// are chosen that take most off. This is the true optimum. The units that cost the
// same, can give the same and fit the same deals are one kind; each distinct
// application of a deal is a column, as Gilmore and Gomory formulated cutting
// stock (Operations Research 9, 1961); package optimum finds how often each is
// used. BuyGet's pick holds for all of them: of the units that it could reward and
// that no deal uses, those that come first are rewarded. A deal that can be applied
// in too many ways to look at all of them is represented by some: what competes
// with it, directly or by way of others, is then not proven, and the rest still is.
//
// Promotions also exclude each other: as members of a group that combines best or
// first, by Exclusive, by Excludes. Only promotions that have an effect exclude.
// The way out of all conflicts is chosen with which the whole quote saves most,
// levels and thresholds included: depth-first branch and bound over who gives
// way, where a step's bound is what it would take off list prices with nothing in
// its way (Land and Doig, Econometrica 28, 1960). Ties go to the higher rank.
// Every promotion that gives way has a rival that has an effect.
//
// Quote.Optimal says that both are proven. Searches are bounded by counting
// steps, never time, so a quote does not depend on the machine; one that is cut
// off gives the best found with the Bound on what any choice could save. A gift
// saves what it is worth, an award nothing.
//
// With ResolvePriority each multi-unit deal takes its best units in its turn, and
// of promotions that exclude each other the highest rank that would have an effect
// wins. CombineBest compares savings and CombineFirst ranks whatever the policy
// says. In a CombineBestPerLine group all promotions see the same prices, and each
// line keeps what takes most off it.
//
// # Money
//
// Amounts are int64 counts of the currency's smallest unit, products are 128 bits
// wide, and nothing is a float. A discount is computed exactly over all units it
// is about, rounded once, and shared by largest remainder: over lines by what
// they cost, then over the units of a line. The discount of an application of a
// multi-unit deal is rounded once for each application. Policy.RoundPrice rounds
// the price that is left instead. Shares always add up. No unit goes below zero or
// below its item's MinPrice. What a line cannot give goes to the others where the
// amount is for the whole selection (a percentage or an amount off the order, an
// amount per selection, a group's or a bundle's price), and is not given where each
// unit has its own discount (a percentage off units, an amount per unit or line, a
// fixed price, a reward).
//
// Limits.MaxDiscount and Policy.Cap cut a discount, every unit's in proportion.
// Limits.Budget is kept by giving whole discounts only: one that does not fit is
// not given, and a multi-unit deal is applied as often as fits.
//
// # Shipping, gifts and awards
//
// Shipments are lines of their own that no other deal touches. Gifts are units
// besides those in the cart. They come from the stock that the cart itself leaves
// and count nothing in subtotal and discount. A gift deal is given whole or not at
// all: when its units are not all in stock it gives none, and a promotion that has
// nothing else is not applied, for OutOfStock. Awards are decided last.
//
// # Plugins
//
// A PluginDeal is decided by a program of a third party. Ruleset.Consult asks the
// programs before the pricing and adds their facts and answers to the request:
//
//	request, err := ruleset.Consult(ctx, plugins, request)
//	quote, err := ruleset.Price(request)
//
// An answer that breaks a promise, such as more off a unit than it costs, is a
// fault of the plugin and gives nothing. A sound one is a candidate like any
// proposal: it is cut to what units can still give, and limits, caps, groups and
// exclusivity hold. A plugin sees the cart at list prices.
//
// # Reasons
//
// With Request.Explain every promotion is in the quote, with what it did to each
// line and unit, or with one reason why it did nothing. Disabled, Paused,
// NotStarted, Ended, OutsideHours, CouponMissing, CurrencyMismatch, CustomerRequired,
// LimitReached, BudgetSpent and ConditionFalse are decided before the deals. Then:
// NoMatchingItems, the cart has nothing of a selection; BelowQuantity, too few
// units or too little spent; Displaced, other promotions (By) use the units, or
// won in a group of which one has an effect; Excluded, By may not be beside it;
// OutOfStock, for gifts; PluginFailed, a plugin has no usable answer (Fault);
// CapReached, nothing may be taken off any more; NoEffect,
// nothing is left to take off, or a number is missing.
//
// # Speed
//
// A quote looks only at promotions that can have an effect on the cart: each is
// listed under a coupon, an item set, a group of customers or another fact that it
// needs, for the span of time in which no schedule begins or ends. The sets an item
// is in are found once per ruleset and item. What a set holds of the cart is added
// up once per quote. Buffers are used again, so that a quote allocates for what it
// says and nothing for the promotions that do not apply.
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
//
// 2026-11-22: Conflicts are searched by running the steps again with other
// decisions, not by copying the state at each decision. A run costs a few
// microseconds, most carts need one, and the pricing has no second way to be in a
// state. Groups that combine best or first are conflicts between all their members,
// so that there is one mechanism, and the best of a group is best for the whole
// quote: a further promotion in it never makes the customer pay more.
//
// 2026-11-22: Plugins are asked before the pricing, not by the deal in its turn.
// Pricing stays a pure function, so that conflicts can be searched by running the
// steps again, and a recorded order is priced again to the byte when the program
// is long gone. The price for that: a plugin does not see what earlier promotions
// left. Asking in turn would be a call for each run of the search.
//
// 2026-11-22: One rounding per application, not per promotion, for multi-unit
// deals: only then are savings of applications whole numbers that add up, which
// the optimum is proven for.
package engine
