// Package backtest prices recorded orders by two rulesets and tells what differs:
// what a promotion would have cost last month, before it is in force.
//
//	result, err := backtest.Run(ctx, source, backtest.Options{Old: rules, New: candidate})
//
// # Design, 2026-11-23
//
// One goroutine cuts the input into blocks of whole orders, all cores decode and
// price them, and one goroutine adds up what comes, in the order of the input. So
// the result is the same to the byte, however many cores there are, and memory
// holds some blocks, whatever the input's size. What grows with the input is what
// the result has of it: a line for each day and promotion, and the customers and
// codes that promotions with per_customer or per_code were used by. Rejected: a
// tally for each core, added up at the end, which cannot count limits.
//
// Two versions of rules are mostly the same. An order is priced once where the rest
// cannot touch it (engine.Pair), which is seen by the names that rules have by what
// is written in them: promotions of the same words, with the sets and conditions
// that they read, in folders with the same policy and plugins. Rows of a table have
// the same item where they say the same of it, so that rulesets know it by its
// address.
//
// Limits and budgets are counted anew for each ruleset, from nothing, over the
// orders as they come, as if it had been in force: a budget of 1,000 costs at most
// 1,000. An order is priced as if nothing were used yet, on all cores; it stands
// when its redemptions hold against what is used by then, which is the check that
// a sale makes, and is priced again by the goroutine that counts when they do not.
// Rejected: to price orders with limits one after the other, which is one core;
// and to keep the usage of the record, which is that of other promotions. That is
// still there with Options.Recorded, for rules that are those of the record.
//
// Answers and facts of plugins are those of the record. A plugin is not asked
// again: it would answer of today. Promotions that were paused when an order was placed
// stay paused for it, under either ruleset.
//
// Invariants are those of package invariant, as tests have them under always, so that
// they are written once. Each is judged under both rulesets, on the request as it was
// priced. Those about the order of lines or coupons price an order three times, so
// they are checked on each tenth order unless Options.Permute says otherwise.
//
// Amounts are added up for each currency, never across.
//
// Conditions such as "discount_delta_pct > 2" are expressions of expr-lang, as
// those of rules are, checked against the names of Measures before anything is
// priced.
package backtest
