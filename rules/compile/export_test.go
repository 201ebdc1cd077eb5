package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// ItemSets returns the sets that a rule file without faults defines, in the
// order in which they are compiled.
func ItemSets(f File) []engine.ItemSet {
	c := newCompiler()
	c.read(syntax.Parse(f.Name, f.Data))
	c.compileNames()
	return c.sets
}
