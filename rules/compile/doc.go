// Package compile turns rule files into an engine.Ruleset.
//
//	files, err := compile.Read(os.DirFS("rules"))
//	ruleset, err := compile.Compile(files) // err is a diag.List: every fault, with its place
//
// A rule file has item sets, named conditions and promotions:
//
//	sets:
//	  tvs: category == "tv"
//	conditions:
//	  vip: "'vip' in customer.groups"
//	promotions:
//	  - id: tv-3-for-2
//	    when: not vip
//	    deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}
//
// The language is described in the documentation of package rules.
//
// # How expressions work
//
// Expressions are those of expr-lang: its parser reads them. What comes after
// the parser is ours. One pass over the syntax tree checks the types and builds
// Go closures, so that every fault of an expression is found at once, positions
// point into the YAML file, a number is an exact decimal, and a missing
// attribute makes a comparison false. Sets become boolean tests of an item and
// records of facts in a condition.
//
// The cost of an expression is bounded before it runs: its length in bytes is
// checked before the parser, which recurses, sees it; its parts are counted;
// predicates nest at most two deep, over at most engine.MaxLines lines; only
// functions without a clock, without side results and without growing texts are
// allowed; regular expressions are constant and have no backtracking. What that
// leaves is counted in steps, one for the evaluation of one part: the body of a
// predicate counts once for each element, and a name as much as the set or the
// condition it stands for. An expression that could take more than ten million
// steps for the largest cart is refused.
//
// A fact that is missing makes a comparison false, whatever the operator: ==
// and !=, in and not in. The opposite in front, not (x in list), is the opposite
// of false.
//
// Besides its value, a condition yields three things. Its explanation is the
// parts that made it false, with the values they saw. The facts that it requires
// (engine.Fact) follow from what the parts need: and needs what both sides do,
// or what is common to them, not nothing, a comparison with a number of a set
// the set's items if it is false for 0. The engine finds promotions by them, so
// they may leave out, never add. Its misses (engine.Miss) are what more in the
// cart could make it true; they are worked out when they are asked for, and the
// engine verifies them by pricing.
//
// Item sets of the same words are one set of the ruleset, whether they have
// names or stand in a deal, because the engine works out for each set what is in
// it. A set that reads quantity, itself or through another, says so: the answers
// of the others are kept for each item.
//
// # Design
//
// 2026-11-22: Closures instead of expr's checker and VM. expr's checker stops at
// the first fault, its numbers are int and float64 (so that 0.1 + 0.2 == 0.3 is
// false), a comparison with a missing attribute panics at run time or is refused
// at compile time, disabling built-ins does not disable predicates
// (expr-lang/expr#841), and the VM's reflection costs 130 ns for each
// comparison. Operator overloading over an opaque decimal type was tried on
// paper and rejected: every comparison, literal and built-in would have to be
// patched into a function call, which leaves of the checker only its early end
// and of the VM only its cost. A test runs random expressions over whole
// numbers and texts through expr's VM as well, so that the language stays
// expr's.
//
// 2026-11-22: expr's VM is the oracle. Where both have a meaning it must be the
// same: TestExpressionsMeanWhatTheyMeanToExpr draws expressions and carts and
// compares, and whatever makes the closures faster has to pass it. The aim is 15
// times the speed of the VM for a condition over facts of the cart, without an
// allocation; BenchmarkPredicate runs both in turns.
//
// 2026-11-22: The integer path. Numbers are decimals, but the numbers of a cart
// are counts, or amounts in smallest units. An operand that is one carries it as
// an int64 as well, and a comparison with a constant is compiled to two bounds
// between which that int64 has to lie: cart.subtotal > 99.995 is 10000 to the
// greatest, in cents. The bounds are exact, because a constant between two cents
// has one on either side; a constant with more than 18 digits in that scale is
// left to decimals. Two counts, or two amounts, are compared as they are. All
// else, arithmetic above all, stays with decimals. Bounds are in the shop's
// currency, so a cart whose currency has another number of digits, for which a
// promotion that lists currencies may hold, is compared by decimals.
// TestWholeNumbersCompareAsDecimalsDo holds both paths against each other.
//
// 2026-11-22: Tests of the facts that most rules read (direct.go) are written
// out, one closure without a call for each. Generic ones would keep the call:
// types of one shape share their code.
//
// 2026-11-22: Closures hold the functions they call and never an operand, which
// knows the names of a folder and so would keep its files in memory: 5.2 KB for
// each promotion, of which 1.3 KB are left.
//
// 2026-11-22: The place of a fault is found from the tokens of the expression,
// because the parser keeps one token for each node and none for brackets. A node
// covers the tokens of its subtree and the partners of their brackets.
//
// 2026-11-22: Steps, because limits on one expression alone do not bound names
// that are built on names: ten conditions of a hundred uses of the one before
// are a thousand bytes and 10^20 evaluations. Keeping the value of a named
// condition for the length of a quote was rejected: cart.total changes between
// promotions, so the value would have to be forgotten again at the right time.
//
// 2026-11-23: Observe compiles with a closure more around each part of a condition,
// where Compile has none: the choice is made while closures are built, so that it
// costs a server nothing. It also takes the engine's indexes away, because a
// promotion that was never asked must not count as one that was refused. What a
// deal can do is found by pricing without it (Branch) and not by notes of the
// engine: a step of tiers is reached where the quote is another one without the
// step, which is what somebody who reads a coverage report takes it to mean.
//
// 2026-11-22: customer.NAME for a fact of the shop's own is refused with the
// advice to write customer.attributes.NAME: reading unknown names as
// attributes would turn every misspelt field into a condition that is never
// true.
package compile
