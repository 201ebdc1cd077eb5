// Package rules holds the rule language: what promotions are written in, and the
// tools around it. It has no code of its own but the text of the reference; the
// packages below have.
//
//	syntax     reads YAML and keeps the place of every value
//	lock       reads plugins.lock.yaml
//	compile    makes a ruleset of the files of a folder
//	schema     has the JSON Schemas of files
//	reference  tells what rules may use
//	store      loads a folder and watches it
//	catalogue  reads items
//	format     formats files
//	ruletest   runs tests of rules, and reads carts
//	coverage   tells what of the rules their tests reach
//	lint       finds what is hardly meant in rules that load
//	mutate     finds mistakes that tests would not notice
//	invariant  has what must be true of every quote
//	explain    tells what promotions did to a cart
//	record     makes a test of an order
//	report     writes what check, test and codes show
//	difference tells what two versions of rules do otherwise
//	backtest   prices recorded orders by two versions of rules
//	lsp        helps an editor
//	diag       is what all of them report faults with, and has a page for each
//
// # A rule file
//
//	sets:                                  # expressions over one item
//	  tvs:     category == "tv"
//	  premium: tvs and price >= 500
//
//	conditions:                            # expressions over the cart
//	  vip: "'vip' in customer.groups or customer.lifetime_spend >= 1000"
//
//	promotions:
//	  - id: tv-3-for-2
//	    name: Televisions, three for two
//	    when: not vip
//	    deal: {multibuy: {of: tvs, quantity: 3, pay_for: 2}}
//
// The files of a folder are one ruleset and share their names; their order does
// not matter. policy.yaml beside them says what holds for all promotions, such as
// the currency, the rounding and the groups. Tests stand in *_test.yaml.
//
// # Plugins
//
// A deal may be decided by a program, and expressions may read facts that programs
// tell:
//
//	when: loyalty.points >= 100
//	deal: {plugin: {name: loyalty, config: {rate: 0.01}}}
//
// What programs there are, with the kinds, configs and facts that they offer, says
// plugins.lock.yaml beside the rules. It is a source like they are, so that rules
// compile, are tested with stubs and priced again without the programs. Whoever
// prices by rules asks the programs first, with engine.Ruleset.Consult.
//
// language.md, in the folder of this package, describes every key, deal, variable
// and function, how promotions combine, and what is refused.
//
// # Design
//
// 2026-11-22: The reference is a page of its own instead of this comment. It is
// for people who write promotions and not Go, and as Markdown its examples can be
// run: TestLanguage prices each, and TestEveryWordIsDocumented reads the source of
// package compile for words that the page lacks.
package rules

import _ "embed" // the reference

// Language is the text of language.md, for tools that show parts of it.
//
//go:embed language.md
var Language string
