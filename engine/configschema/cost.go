package configschema

import (
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxVisits is how often a schema may look at one value of a config. Sizes alone bound little: of schemas that each refer twice to the
// next, a hundred would look at a value 2^100 times.
const maxVisits = 10_000

// checkCost refuses a schema that would look too often at a value of some config. Patterns need no such bound: they are those of Go,
// which take time in proportion to the text.
func checkCost(schema *jsonschema.Schema) error {
	c := cost{known: make(map[place]int), open: make(map[place]bool)}
	for depth := range MaxDepth + 1 {
		if c.visits(schema, depth) > maxVisits {
			return fmt.Errorf("its parts refer to each other so often that it may look at one value more than %d times", maxVisits)
		}
	}
	if c.dynamic {
		return errors.New("$dynamicRef and $recursiveRef are not supported; use $ref")
	}
	return nil
}

// cost counts how often schemas look at values.
type cost struct {
	known   map[place]int
	open    map[place]bool // being counted
	dynamic bool           // there are references whose aim a config decides
}

// place is a schema that is held against a value, and how far below that the values are that are asked of.
type place struct {
	schema *jsonschema.Schema
	below  int
}

// visits returns how often the schema looks at one value that is so far below the value it is held against, at most once more than
// maxVisits.
func (c *cost) visits(s *jsonschema.Schema, below int) int {
	at := place{s, below}
	if n, known := c.known[at]; known {
		return n
	}
	if c.open[at] { // it refers to itself, for the same value
		return maxVisits + 1
	}
	c.open[at] = true
	n := 0
	if below == 0 {
		n = 1
	} else {
		n = c.children(s, below-1)
	}
	for _, same := range inPlace(s) {
		n = min(n+c.visits(same, below), maxVisits+1)
	}
	c.dynamic = c.dynamic || s.DynamicRef != nil || s.RecursiveRef != nil
	delete(c.open, at)
	c.known[at] = n
	return n
}

// children counts what looks at a value through its parent: a part of a config has one name or index.
func (c *cost) children(s *jsonschema.Schema, below int) int {
	named, indexed := 0, 0
	for _, child := range s.Properties {
		named = max(named, c.visits(child, below))
	}
	for _, child := range append(s.PrefixItems[:len(s.PrefixItems):len(s.PrefixItems)], schemasOf(s.Items)...) {
		indexed = max(indexed, c.visits(child, below))
	}
	others := append(schemasOf(s.AdditionalProperties), schemasOf(s.AdditionalItems)...)
	others = append(others, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems)
	for _, child := range s.PatternProperties {
		others = append(others, child)
	}
	n := max(named, indexed)
	for _, child := range others {
		if child != nil {
			n = min(n+c.visits(child, below), maxVisits+1)
		}
	}
	return n
}

// inPlace returns the parts of a schema that look at the value that it looks at.
func inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else, s.ContentSchema}
	for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf} {
		all = append(all, list...)
	}
	for _, dependent := range s.DependentSchemas {
		all = append(all, dependent)
	}
	for _, dependent := range s.Dependencies {
		all = append(all, schemasOf(dependent)...)
	}
	present := all[:0]
	for _, part := range all {
		if part != nil {
			present = append(present, part)
		}
	}
	return present
}

// schemasOf returns the schemas among what a keyword may hold.
func schemasOf(held any) []*jsonschema.Schema {
	switch held := held.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{held}
	case []*jsonschema.Schema:
		return held
	default:
		return nil
	}
}
