// Package diag is the one error currency of the rule language: what is wrong,
// where, and what to do about it.
//
//	rules/tv.yaml:4:30: R0103 unknown name "tv": did you mean "tvs"?
//
// Every step that reads rule files collects diagnostics into a List instead of
// stopping at the first, so that an author sees all faults of a folder at once.
// Codes are stable: a code keeps its meaning for ever, and Pages has a page for
// each. ReasonPages explains the reasons that quotes give for promotions in the
// same way; they are words here, because this package knows nothing of pricing,
// and a test of package rules holds them against the engine's.
package diag
