// Package syntax reads YAML with positions: every value knows where in the file
// it stands, and so does every character of a scalar, whether the scalar is
// plain, quoted, a block, or folded over lines.
//
//	doc := syntax.Parse("tv.yaml", data)
//	root := doc.Root().Map("sets", "promotions")
//	for _, p := range root.Get("promotions").Items() { … }
//	faults := doc.Faults()
//
// Reading is strict and never stops early: unknown keys, keys given twice and
// values of the wrong kind are collected as diagnostics, and the reader gets
// the zero Value where there is none, which reports nothing of its own.
//
// # Design
//
// 2026-11-22: go.yaml.in/yaml/v4, the maintained successor of yaml.v3, for its
// Node API with line and column. It is only imported here. Rejected:
// goccy/go-yaml, which turns 1.10 into "1.1" and is half as fast. Decoding into
// structs was rejected because the decoder stops at the first fault and knows
// lines only. Anchors and aliases are refused: sets and named conditions are the
// language's own way to say a thing once, and nested aliases can make a short
// file expand without bound. Tags are refused because YAML drops them: of
// "when: ! vip" it leaves vip.
package syntax
