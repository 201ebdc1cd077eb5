// Package plugins is the place of deals that third parties ship as programs of
// their own, in any language, speaking gRPC through hashicorp/go-plugin:
//
//   - proto is the contract, and how programs in other languages keep it;
//   - sdk is what authors in Go import, and plugintest what their tests do;
//   - conformance holds finished programs to the contract.
//
// # The path of an author
//
//  1. Write a type with Describe and Evaluate (package sdk), and a main that
//     serves it; examples/plugins/loyalty has kinds of deals and facts,
//     spend-challenge state of its own.
//  2. Test it with a Harness (package plugintest).
//  3. Build it. The name of its file is the name of the plugin.
//  4. Hold the program to the contract with package conformance.
//  5. Ship the program. A rule names it: deal: {plugin: {name, kind, config}}.
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
package plugins
