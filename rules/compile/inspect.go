package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
)

// Inspection is all that the files of a folder tell at once.
type Inspection struct {
	// Ruleset is nil where there are faults.
	Ruleset *engine.Ruleset
	// Faults are those of Compile, with files that are no YAML among them.
	Faults  diag.List
	Outline Outline
	// Sets are those without faults, by name, to tell what is in them.
	Sets map[string]engine.ItemSet
	// Plugins is what plugins.lock.yaml says, as far as it can be read.
	Plugins lock.Lock
}

// Inspect does what Compile and OutlineOf do, in one go, for who needs both with
// every keystroke. The error is that of engine.NewRuleset. At least one of the files
// has to be a rule file.
func Inspect(files []File) (Inspection, error) {
	o := newOutliner(files)
	policy, promotions := o.compile()
	in := Inspection{Faults: o.faults().Sorted(), Sets: o.itemSets(), Plugins: o.plugins.locked}
	in.Outline = o.outline() // which may report faults again
	if len(in.Faults) > 0 {
		return in, nil
	}
	var err error
	in.Ruleset, err = engine.NewRuleset(o.rulesetConfig(o.rules, policy, promotions))
	return in, err
}

// itemSets are the sets without faults.
func (c *compiler) itemSets() map[string]engine.ItemSet {
	sets := make(map[string]engine.ItemSet)
	for _, d := range c.names {
		if d.kind == itemSet && d.compiled.kind != invalid && d.index < len(c.sets) {
			sets[d.name] = c.sets[d.index]
		}
	}
	return sets
}
