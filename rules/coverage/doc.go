// Package coverage says which parts of rules their tests have reached.
//
//	run := coverage.New(read)
//	result, err := ruletest.RunWith(ctx, suites, filter, ruletest.Options{Priced: run.Priced})
//	reached, err := run.Result()
//
// # What counts
//
// A result is a list of points, each of which counts once. Reached is a point that at
// least one case has met; how many have is told as well.
//
//   - Each part of a condition (compile.Probe) is two points: it was true, it was
//     false. Those of sets and named conditions are part of them, not of the places
//     that use them, where the name is a part again. A set is asked for every line of a
//     cart, but only where a promotion needs to know.
//   - Each promotion has a point for every outcome that its own keys can bring about:
//     applied; not_started, ended and outside_hours by its schedule; coupon_missing;
//     currency_mismatch, where it lists other currencies than the shop's alone;
//     customer_required, limit_reached and budget_spent by its limits; condition_false;
//     plugin_failed; and where it has one deal no_matching_items, below_quantity and
//     out_of_stock.
//   - Each promotion has a point for displaced, excluded and cap_reached, which others
//     bring about, where that can really happen: where a cart was found whose quote
//     says so (lint.Beside), or a case has seen it.
//   - Each branch (compile.Branch), such as a step of tiers, one of several deals, a
//     max_discount, exclusive, the combine of a group, is a point. It is reached where
//     the quote is another one without it.
//
// # What does not count
//
// What cannot be reached would make the figure a nuisance, so it is left out as far as
// that can be known: constants; promotions that are disabled, with all in them;
// no_matching_items and below_quantity where the condition asks for items of the deal's
// set, or where there is a condition and the deal is about the whole order;
// no_effect, which comes of prices more than of rules; and displaced, excluded and
// cap_reached where no cart was found, because of two promotions of which one always
// saves more, or with conditions that nobody fulfils at once, only one can lose. Pairs
// of promotions that took something off one line are told, and count nothing: which of
// all pairs should meet, nobody knows. What remains unreachable, such as a part that is
// always true, is a finding about the rules and not about the tests.
//
// Hints are not looked for, so that carts that are only tried out reach nothing.
//
// A Run is safe for concurrent use; cases are then looked at one after the other. A
// Result is a value, in the order of files, places and kinds, the same for the same
// cases in any order.
package coverage
