// Package plugins is the place of deals that third parties ship as programs of
// their own, in any language, speaking gRPC through hashicorp/go-plugin:
//
//   - proto is the contract, and how programs in other languages keep it;
//   - sdk is what authors in Go import, and plugintest what their tests do;
//   - conformance holds finished programs to the contract;
//   - host runs those that the rules in force ask.
//
// # The path of an author
//
//  1. Begin with "checkout plugins new NAME", or write a type with Describe and
//     Evaluate (package sdk), and a main that serves it; examples/plugins/loyalty has
//     kinds of deals and facts, spend-challenge state of its own.
//  2. Test it with a Harness (package plugintest), and while you work let
//     "checkout plugins dev DIR" build and run it with each change.
//  3. Build it. The name of its file is the name of the plugin. Hold the program to
//     the contract with "checkout plugins check PATH" (package conformance).
//  4. Name it in rules: deal: {plugin: {name, kind, config}}. Pin it with
//     "checkout plugins lock"; rules are then checked, and tested with stubs, without
//     it, and "checkout plugins test PATH" tells whether the stubs are right.
//  5. Ship the program. "checkout run --plugins DIR" runs it, and "checkout plugins
//     bench NAME" tells what it costs.
//
// # Design
//
// A plugin is asked before the pricing, once per price for all its deals, and
// sees the cart at list prices with the fields that it declares (2026-11). The
// pricing stays pure: what was answered is part of its request, and is kept
// with the order. Rejected: asking when a deal has its turn, which would be many
// calls within the search for the best choice.
//
// The effect of a kind of deal is fixed by its description, so that rules are
// checked and priced without the program.
//
// Rules are tested with a finished program over gRPC alone, "checkout plugins test": what a plugin in Go does within a process, its
// author's tests ask of a Harness, and their benchmarks of Evaluate itself (2026-11). Rejected: rule tests in package plugintest, which
// would let plugins import the rule language.
//
// What runs is pinned by checksum beside the rules, not in the configuration of the
// server (2026-11): the lock file is a source of the ruleset, so that an order names
// the programs that it was priced with. A reload starts new plugins before it swaps
// the rules, and ends those that nobody asks after.
package plugins
