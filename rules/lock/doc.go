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
// The schemas are those of package engine/configschema: to compile rules reads no
// file and no network, and checking a config takes moments, also where somebody has
// written the file by hand.
package lock
