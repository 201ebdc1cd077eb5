package compile

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
)

// requires returns the facts without which the condition is false.
func requires(when engine.Condition) []engine.Fact {
	c, ok := when.(*compiledCondition)
	if !ok {
		return nil
	}
	return c.requires
}

// needsOfComparison returns the facts without which a comparison, which is no
// opposite, is false: a text that has to be one of the customer's or the cart's,
// or the items without which a number would be 0 and the comparison false.
func (c *checker) needsOfComparison(n *ast.BinaryNode, left, right operand) []engine.Fact {
	if named, ok := namedFact(n.Operator, left, right); ok {
		return []engine.Fact{named}
	}
	var needs []engine.Fact
	if len(left.needs) > 0 && c.isFalse(n, left.absent(), right) {
		needs = left.needs
	}
	if len(right.needs) > 0 && c.isFalse(n, left, right.absent()) {
		needs = union(needs, right.needs)
	}
	return needs
}

// namedFact is the fact that an operator asks for, such as the group in "vip" in
// customer.groups.
func namedFact(operator string, left, right operand) (engine.Fact, bool) {
	if operator == "in" && right.kind == array && left.told != engine.HasItems {
		return onlyText(left.told, right.items)
	}
	if operator == "==" && left.told != engine.HasItems {
		left, right = right, left
	}
	wanted, constant := left.constText()
	if operator != "==" && operator != "in" || right.told == engine.HasItems || !constant || left.kind != text {
		return engine.Fact{}, false
	}
	return engine.Fact{Kind: right.told, Text: wanted}, true
}

// onlyText is the fact that a text is the one text of a list. Of several, none
// has to be.
func onlyText(told engine.FactKind, items []operand) (engine.Fact, bool) {
	if len(items) != 1 || items[0].kind != text {
		return engine.Fact{}, false
	}
	wanted, constant := items[0].constText()
	return engine.Fact{Kind: told, Text: wanted}, constant
}

// isFalse reports whether the comparison of the two operands is known to be
// false: it is evaluated when nothing in it depends on the cart, and a fact that
// is missing makes it false beside anything but nil.
func (c *checker) isFalse(n *ast.BinaryNode, left, right operand) bool {
	switch {
	case left.kind == invalid || right.kind == invalid:
		return false
	case left.isMissing() && right.kind != nothing, right.isMissing() && left.kind != nothing:
		return true
	case !left.isFixed() || !right.isFixed():
		return false
	}
	test := c.test(n, left, right)
	return test != nil && !test(nil, element{})
}

// isMissing reports whether the operand is a number that is never there.
func (o operand) isMissing() bool {
	_, ok := o.constNumber()
	return o.constant && o.kind == number && !ok
}

// isFixed reports whether the operand is constant, or a range of constants.
func (o operand) isFixed() bool {
	return o.constant || o.kind == span && o.items[0].constant && o.items[1].constant
}

// absent is what a number or a condition is worth without the facts it needs.
func (o operand) absent() operand {
	switch {
	case o.kind == boolean:
		return constantBool(false)
	case o.optional:
		return operand{kind: number, constant: true, number: func(*engine.Scope, element) (engine.Decimal, bool) {
			return engine.Decimal{}, false
		}}
	case o.kind == number || o.kind == lines:
		return constantNumber(engine.Decimal{})
	default:
		return operand{}
	}
}

// union returns what is in either list.
func union(a, b []engine.Fact) []engine.Fact {
	both := slices.Clip(a)
	for _, f := range b {
		if !slices.Contains(a, f) {
			both = append(both, f)
		}
	}
	return both
}

// shared returns what is in both lists.
func shared(a, b []engine.Fact) []engine.Fact {
	var both []engine.Fact
	for _, f := range a {
		if slices.Contains(b, f) {
			both = append(both, f)
		}
	}
	return both
}
