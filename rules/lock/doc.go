// Package lock reads and writes plugins.lock.yaml, which says what plugins a rule
// folder was written for: which programs, by their checksums, and what deals and
// facts they offer.
//
//	l, err := lock.Parse(lock.File, data)
//	text, err := lock.Format(l)
//
// The file stands beside policy.yaml and is a source of the ruleset like any
// other: with it rules compile, are checked, tested with stubs and priced again
// for ever, without the programs. It is written by a program and read by people:
//
//	version: 1
//	plugins:
//	  loyalty:                      # the name of the program
//	    version: "1.2.0"
//	    api: 1                      # of the contract
//	    sha256: ["9f86d0…"]         # of each program that may be run
//	    deals:
//	      spend_points:
//	        effect: order           # items, order, shipping, gift or award
//	        doc: Points for money.
//	        schema: {type: object}  # JSON Schema of config
//	        fields: [customer]      # of the cart, that the plugin sees
//	    facts:
//	      points: {type: number, doc: What the customer has., fields: [customer]}
//
// An empty list of checksums lets any program of the name be run, which a server
// does only with --plugins-dev.
//
// # Design
//
// 2026-11-22: github.com/santhosh-tekuri/jsonschema/v6 checks configs: it passes
// the official suite for draft 2020-12, is maintained, depends on
// golang.org/x/text alone and gives the path of each violation, from which the
// place in the YAML file follows. Rejected: a language of our own for configs,
// which authors in other languages would have to learn, and xeipuuv/gojsonschema,
// which is not maintained and ends at draft 7. Schemas refer to nothing outside
// themselves: to compile rules reads no file and no network.
package lock
