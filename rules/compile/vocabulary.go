package compile

import (
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/lock"
)

// Variable is a fact that expressions may read.
type Variable struct {
	Name string // with the record that it is in, such as cart.subtotal
	Type string // such as "an amount" or "a list of texts"
}

// ExampleSet is what the facts of a set are called by in a Vocabulary.
const ExampleSet = "tvs"

// Vocabulary is what rules may use. All lists are sorted by name.
type Vocabulary struct {
	Items     []Variable // of item expressions, and with a leading point of a line's item
	Lines     []Variable // what a line has besides
	Carts     []Variable // of cart expressions
	Sets      []Variable // of each set, in cart expressions, by the name of ExampleSet
	Quote     []Variable // of invariants, besides those of carts
	Functions []string
	Deals     []string
	Plugins   []lock.Plugin
}

// VocabularyOf returns what the rules of a folder may use, by the same tables as
// Compile. Facts of plugins are those that plugins.lock.yaml of the files tells, as far
// as it can be read; files may be none. Sets and conditions of files are in their
// Outline. It is safe for concurrent use.
func VocabularyOf(files []File) Vocabulary {
	c := newCompiler()
	c.plugins.locked, _ = LockOf(files) // a lock file with faults tells nothing
	items := itemVariables(c.currency)
	ofItems := variables{fixed: items, listed: func() []string { return nil }, defined: func(string) (operand, bool) { return operand{}, false }}
	line := lineFields(c.currency, ofItems)
	v := Vocabulary{Functions: slices.Sorted(slices.Values(functionNames())), Deals: c.dealNames, Plugins: c.plugins.locked.Plugins}
	v.Items = told("", items)
	v.Carts = told("", cartVariables(c.currency, line))
	v.Quote = told("", map[string]operand{"quote": quoteRecord(c.currency, ofItems)})
	v.Sets = told("", map[string]operand{ExampleSet: setRecord(ExampleSet, 0, c.currency, line, 0)})
	for _, name := range line.names {
		if _, ofItem := items[name]; !ofItem {
			o, _ := line.get(name)
			v.Lines = append(v.Lines, Variable{"." + name, o.typeName()})
		}
	}
	return v
}

// told lists the variables, of records their facts.
func told(prefix string, all map[string]operand) []Variable {
	var list []Variable
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		if o.kind != record || len(o.fields.names) == 0 {
			list = append(list, Variable{prefix + name, o.typeName()})
			continue
		}
		parts := make(map[string]operand)
		for _, part := range o.fields.names {
			parts[part], _ = o.fields.get(part)
		}
		list = append(list, told(prefix+name+".", parts)...)
	}
	return list
}

// typeName says what the operand is. Attributes are a record of any names.
func (o operand) typeName() string {
	switch {
	case o.kind == number && o.reads&(readsMoney|readsPrice) != 0:
		return "an amount"
	case o.kind == record:
		return "attributes"
	default:
		return o.kind.String()
	}
}

// FactVariable is what expressions call a fact of a plugin.
func FactVariable(plugin lock.Plugin, fact lock.Fact) Variable {
	kind := map[engine.Kind]string{engine.KindNumber: "a number", engine.KindText: "a text", engine.KindBool: "true or false"}[fact.Type]
	return Variable{strings.Join([]string{variableOf(plugin.Name), fact.Name}, "."), kind}
}
