// Package lint finds what is hardly meant in rules that compile, shows it by carts
// that the engine has priced, and puts right what a program can.
//
//	findings, err := lint.Check(files, lint.Options{At: time.Now()})
//
// # What a finding rests on
//
// A finding is true, or it is not made. Each rests on one of three things:
//
// A proof. What is never or always true (R0501, R0502), always beaten (R0503) or out
// of reach (R0510) holds for every cart. A condition is brought into a form without
// negations, in which each comparison says which values its fact may have: spans of
// numbers or of texts, paths of categories, and missing, which is a value of its own
// because a comparison with a missing fact is false whatever the operator. A tableau
// goes through the alternatives and intersects the spans; a way on which a fact has
// no value left is closed, and where all are closed the condition is never true. What
// is known of facts is added: that counts are whole, the hours of a day, the dates of
// a schedule, that sets hold no more than the cart and totals are no more than
// subtotals, that a set is empty which no item can be in. A condition is always true
// where its opposite is never. A part is looked at where its neighbours hold, or with
// or do not hold, so that a part that repeats another is found too.
//
// A cart. That only ids decide between two promotions (R0504), that promotions stack
// (R0505) or sell below cost (R0506) is only told with a cart on which the quote of
// all rules shows it. The ways of the tableau that are open are models: a cart is
// built from one, with values at the ends of spans, an item that fits as many of the
// needed sets as can be, and made-up prices at four scales or items of the inventory.
//
// The text alone: what nobody uses, is written twice, has no bound, is over, has no
// checksum, is no word of the catalogue, wants codes of a pool that has none, never
// runs (R0507 to R0509, R0511 to R0514, R0516, R0517).
//
// Beside looks for carts in the same way, and tells coverage which promotions others
// can keep from having an effect.
//
// # What cannot be
//
// Some of what checks of rules look for elsewhere cannot be written here, so there is
// nothing to find: no unit goes below its min_price, amounts are decimals and never
// floats, a plugin that plugins.lock.yaml lacks is a fault (R0009), as are an end
// before the beginning (R0107) and more digits than a currency has (R0108). That two
// promotions change one line is no mistake; how far they go together is R0505.
//
// # What is not decided
//
// Two facts compared with each other, arithmetic on facts, functions, patterns and
// predicates are conditions of which nothing is known but that the same words are the
// same condition. Amounts are taken to have any digits, and instants are known by
// their parts, which are not tied to each other. Search stops after 20,000 steps and
// then says nothing. The worst cart is the worst that was found: from each promotion
// on, others are added as long as that makes it worse, so there may be worse ones. Of
// a promotion at most one tie is told, and pairs are tried within bounds that only a
// folder of hundreds of promotions meets. R0503 is proved for percentages and amounts
// off the same selection, in one group that ranks decide.
//
// # Sources
//
// Analytic tableaux: R. Smullyan, First-Order Logic, 1968. Intervals as an abstract
// domain, sound and not complete: P. and R. Cousot, POPL 1977. Witnesses from models
// of paths, as in concolic testing: P. Godefroid, N. Klarlund, K. Sen, DART, PLDI
// 2005. TestFindingsAboutConditionsAreTrue holds all proofs against the engine, with
// random conditions and carts.
//
// # Design
//
// 2026-11-23: No SMT solver. Those with a binding for Go need C, and conditions are
// conjunctions of comparisons with constants; what a solver would add, linear
// arithmetic over several facts, hardly occurs in rules.
//
// 2026-11-23: What depends on the time of the check alone, that a promotion is over,
// is a note, so that no check fails from one day to the next without a change.
//
// 2026-11-23: There is no fix for words that the catalogue does not have: the nearest
// one to a SKU that has gone is another item. Names of the language and of sets are
// put right, because rules with such faults do not load.
package lint
