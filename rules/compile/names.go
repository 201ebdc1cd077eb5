package compile

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// definitionKind tells sets from conditions.
type definitionKind string

const (
	itemSet   definitionKind = "set"
	condition definitionKind = "condition"
)

// definition is a set or a condition that a file gives a name. It is compiled
// when it is first used, because sets build on sets in any order.
type definition struct {
	kind  definitionKind
	name  string
	key   syntax.Value
	value syntax.Value

	state    resolution
	compiled operand
	index    int // of a set, among the ruleset's sets
}

type resolution uint8

const (
	untouched resolution = iota
	inProgress
	resolved
)

func (c *compiler) define(e syntax.Entry, kind definitionKind) {
	if first, taken := c.names[e.Name]; taken {
		e.Key.Report(diag.Duplicate, "", "the name %q is taken by the %s at %s", e.Name, first.kind, first.key.Location())
		return
	}
	c.names[e.Name] = &definition{kind: kind, name: e.Name, key: e.Key, value: e.Value}
}

// checkNames reports names that an expression could not use.
func (c *compiler) checkNames() {
	identifier := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	reserved := slices.Concat(
		slices.Collect(maps.Keys(c.items.(variables).fixed)),
		slices.Collect(maps.Keys(c.cart.(variables).fixed)),
		functionNames(),
		[]string{"and", "or", "not", "in", "let", "if", "else", "true", "false", "nil", "matches", "contains", "startsWith", "endsWith", "order"},
	)
	for _, d := range c.names {
		switch {
		case !identifier.MatchString(d.name):
			d.key.Report(diag.WrongValue, "use letters, digits and _, such as "+suggestName(d.name), "%q cannot be used as a name in expressions", d.name)
		case slices.Contains(reserved, d.name):
			d.key.Report(diag.ReservedName, "choose another name", "%q is a word of the language", d.name)
		}
	}
}

func suggestName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

func (c *compiler) definedNames() []string { return slices.Sorted(maps.Keys(c.names)) }

func (c *compiler) setNames() []string {
	return slices.DeleteFunc(c.definedNames(), func(name string) bool { return c.names[name].kind != itemSet })
}

// resolve compiles the definition once. A definition that is met again while it
// is being compiled is built on itself.
func (c *compiler) resolve(d *definition) {
	switch d.state {
	case resolved:
		return
	case inProgress:
		d.value.Report(diag.Cycle, "", "%s %s is built on itself: %s", d.kind, d.name, strings.Join(c.cycle(d), " → "))
		d.compiled = operand{}
		return
	}
	d.state = inProgress
	vars := c.items
	if d.kind == condition {
		vars = c.cart
	}
	compiled := c.wantCondition(d.value, compileExpression(d.value, vars), "a "+string(d.kind))
	d.state, d.compiled = resolved, compiled
	if d.kind == itemSet {
		d.index = c.addSet(d.name, compiled)
	}
}

// cycle names the definitions in progress that lead from d back to d.
func (c *compiler) cycle(d *definition) []string {
	path := []string{d.name}
	for at := d; ; {
		next := c.nextInProgress(at)
		if next == nil || next == d {
			return append(path, d.name)
		}
		path = append(path, next.name)
		at = next
	}
}

// nextInProgress is the definition in progress that at names in its text.
func (c *compiler) nextInProgress(at *definition) *definition {
	word := regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	for _, name := range word.FindAllString(at.value.Text(), -1) {
		if d := c.names[name]; d != nil && d.state == inProgress {
			return d
		}
	}
	return nil
}

// wantCondition reports an operand that is no condition.
func (c *compiler) wantCondition(v syntax.Value, o operand, what string) operand {
	if o.kind == invalid {
		return o
	}
	test, ok := o.asBool()
	if !ok {
		hint := ""
		if o.fields != nil {
			hint = o.fields.hint
		}
		v.Report(diag.TypeMismatch, hint, "%s wants a condition, got %s", what, o.kind)
		return operand{}
	}
	return operand{kind: boolean, bool: test, reads: o.reads, why: o.why}
}

func (c *compiler) addSet(name string, o operand) int {
	c.sets = append(c.sets, engine.ItemSet{Name: name, Match: func(item *engine.Item, quantity int64) bool {
		return o.bool(nil, element{item: item, quantity: quantity})
	}})
	return len(c.sets) - 1
}

// setAsTest is a set in an item expression: true for its items.
func (c *compiler) setAsTest(name string) (operand, bool) {
	d := c.names[name]
	if d == nil || d.kind != itemSet {
		return operand{}, false
	}
	c.resolve(d)
	return operand{kind: d.compiled.kind, bool: d.compiled.bool, reads: d.compiled.reads}, true
}

// nameInCart is a set with its facts, or a condition.
func (c *compiler) nameInCart(name string, line *fields) (operand, bool) {
	d := c.names[name]
	if d == nil {
		return operand{}, false
	}
	c.resolve(d)
	if d.compiled.kind == invalid || d.kind == condition {
		return d.compiled, true
	}
	return setRecord(name, d.index, c.currency, line, d.compiled.reads), true
}
