// Package mutate finds out whether rule tests would notice a mistake: it makes small
// changes to the rules, mutants, and looks whether a test fails for each.
//
//	result, err := mutate.Run(ctx, subjects, mutate.Options{})
//
// A mutant is an edit of the rule file's text, so that it can be shown as a
// difference. These are made:
//
//   - a comparison goes over to its neighbour: > to >=, == to !=, in to not in;
//   - a number moves by one step of its last digit. Beside a comparison it moves to
//     where the neighbour does not go; where it is a bound of its own, such as a
//     quantity, the start of a step or a limit, it moves both ways;
//   - an operand of and, or of or, is left out; so is not;
//   - a condition or a set becomes true, and what a deal is about the whole order;
//   - an element of a list of words or numbers in an expression is left out;
//   - a key is left out: coupon, schedule, limits, the keys of both,
//     max_discount, max_units, repeat, exclusive, excludes, group; and so is an element
//     of excludes, days, hours, methods, choose_from, deals, steps, currencies;
//   - a word becomes another one: cheapest, dearest; reached, graduated; best, all;
//   - an instant or an hour moves by a minute, a date by a day;
//   - a promotion goes behind the one that came after it by priority, the last one
//     before the one that came before it.
//
// Mutants that do not compile are left out, and of those with the same text all but
// one. A mutant that means the same as the rules, which cannot be told in general, is
// counted as one that survived.
//
// A mutant runs the cases of its folder, those first in which its promotion was
// applied, and only until one fails. For one that survives, the carts of the cases and
// carts near them are priced until the rules and the mutant come to different prices:
// that is the test that is missing, and it has been tried to fail for the mutant and to
// pass for the rules.
//
// Results are the same for the same rules and tests, however many workers there are.
//
// # Design
//
// 2026-11-23: Edits of text and not of compiled promotions. A mutant has to be shown to
// somebody who writes YAML, and must be something that could have been written; what
// compiles is then by definition a ruleset. Compiling a folder takes less time than
// running its tests, so there is nothing to be gained by changing closures in place.
package mutate
