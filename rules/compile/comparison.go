package compile

import (
	"fmt"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// comparison is a condition made of two operands, which is explained by their
// values. The operator is the node's, or its opposite.
func (c *checker) comparison(n *ast.BinaryNode, operator string) operand {
	before := c.steps
	left := c.compile(n.Left)
	leftSteps := c.steps - before
	right := c.compile(n.Right)
	if left.kind == invalid || right.kind == invalid {
		return operand{}
	}
	test := c.test(n, left, right)
	if test == nil {
		return operand{}
	}
	if right.kind == array && !areTexts(left, right) {
		c.charge(leftSteps * int64(len(right.items))) // it is compared with each
	}
	o := operand{kind: boolean, bool: test}
	if operator == n.Operator {
		o.needs, o.misses = c.needsOfComparison(n, left, right), missesOfComparison(n, left, right, test)
	} else {
		o.bool = opposite(test, left.there(), right.there())
		c.charge(c.steps - before) // both sides are asked whether they are there
	}
	o.why = compared(c.text(n), operator, o.bool, left.shown(), right.shown())
	return o
}

// compared explains a comparison by its source and the values of its sides.
func compared(source, operator string, test boolFunc, left, right showFunc) whyFunc {
	return func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
		values := left(s, e) + " " + operator + " " + right(s, e)
		return test(s, e), append(out, engine.Clause{Source: source, Values: values})
	}
}

// test returns the test of a comparison, nil for a fault that has been
// reported.
func (c *checker) test(n *ast.BinaryNode, left, right operand) boolFunc {
	switch n.Operator {
	case "==", "!=":
		return c.equality(n, left, right)
	case "in":
		return c.membership(n, left, right)
	case "matches":
		return c.pattern(n, left, right)
	case "contains", "startsWith", "endsWith":
		return c.textTest(n, left, right)
	default:
		return c.ordering(n, left, right)
	}
}

// opposite is true where the test is false and both sides are there.
func opposite(test, leftThere, rightThere boolFunc) boolFunc {
	return func(s *engine.Scope, e element) bool { return leftThere(s, e) && rightThere(s, e) && !test(s, e) }
}

// misfit reports two operands that cannot be compared.
func (c *checker) misfit(n *ast.BinaryNode, left, right operand, verb string) {
	c.fault(n, diag.TypeMismatch, c.misfitHint(n, left, right), "%s cannot be %s %s", left.kind, verb, right.kind)
}

func (c *checker) misfitHint(n *ast.BinaryNode, left, right operand) string {
	list := func(o operand) bool { return o.kind == textList || o.kind == categoryList || o.kind == couponList }
	switch {
	case left.fields != nil && left.kind == record:
		return left.fields.hint
	case right.fields != nil && right.kind == record:
		return right.fields.hint
	case left.flag || right.flag:
		return "the plugin's fact is true or false by itself; leave the comparison out"
	case list(left) || list(right):
		return "use in to look into a list"
	case left.kind.isText() && right.kind == number && right.constant:
		return fmt.Sprintf("write a text in quotes: %q", c.text(n.Right))
	case right.kind.isText() && left.kind == number && left.constant:
		return fmt.Sprintf("write a text in quotes: %q", c.text(n.Left))
	case left.kind == weekday || right.kind == weekday:
		return `name the days, such as now.weekday in ["sat", "sun"]`
	case left.kind == boolean || right.kind == boolean:
		return "a condition is true or false by itself; leave the comparison out"
	case right.kind == text && right.constant:
		return bareNumber(right)
	case left.kind == text && left.constant:
		return bareNumber(left)
	default:
		return ""
	}
}

// bareNumber is the advice for a number in quotes.
func bareNumber(o operand) string {
	t, _ := o.constText()
	if _, err := engine.ParseDecimal(t); err != nil {
		return ""
	}
	return "write a number without quotes: " + t
}

// equality is == and !=. Both are false when a side is missing, except against
// nil.
func (c *checker) equality(n *ast.BinaryNode, left, right operand) boolFunc {
	equal := n.Operator == "=="
	left, right = readBeside(left, right), readBeside(right, left)
	switch {
	case left.kind == nothing || right.kind == nothing:
		return c.presence(n, left, right, equal)
	case left.kind == fact || right.kind == fact:
		return c.factEquality(n, left, right, equal)
	case left.kind == boolean && right.kind == boolean:
		l, r := left.bool, right.bool
		return func(s *engine.Scope, e element) bool { return (l(s, e) == r(s, e)) == equal }
	case left.kind.isText() && right.kind.isText():
		return c.textEquality(n, left, right, equal)
	}
	test, ok := compareNumbers(n.Operator, left, right)
	if !ok {
		c.misfit(n, left, right, "compared with")
	}
	return test
}

// readBeside reads an attribute as what it is compared with where that has its
// own way of being equal.
func readBeside(o, other operand) operand {
	if o.kind == fact && (other.kind == category || other.kind == coupon || other.kind == lines) {
		wanted := text
		if other.kind == lines {
			wanted = number
		}
		return readFactAs(o, wanted)
	}
	return o
}

// presence compares with nil, which asks whether a fact is missing.
func (c *checker) presence(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	o := left
	if left.kind == nothing {
		o = right
	}
	value, ok := o.asFact()
	if !ok {
		c.fault(n, diag.TypeMismatch, "", "%s can never be missing", o.kind)
		return nil
	}
	return func(s *engine.Scope, e element) bool { return (value(s, e).Kind() == engine.KindNone) == equal }
}

func (c *checker) factEquality(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	l, leftOK := left.asFact()
	r, rightOK := right.asFact()
	if !leftOK || !rightOK || !left.comparesWithFlag(right) || !right.comparesWithFlag(left) {
		c.misfit(n, left, right, "compared with")
		return nil
	}
	return func(s *engine.Scope, e element) bool {
		a, b := l(s, e), r(s, e)
		if a.Kind() == engine.KindNone || b.Kind() == engine.KindNone {
			return false
		}
		return a.Equal(b) == equal
	}
}

// comparesWithFlag reports whether the operand, where the other is a flag, can be
// true or false too.
func (o operand) comparesWithFlag(other operand) bool {
	return !other.flag || o.kind == boolean || o.kind == fact
}

func (c *checker) textEquality(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	left, right, ok := c.alignText(n, left, right)
	if !ok {
		return nil
	}
	if left.constant {
		left, right = right, left // it makes no difference which side is which
	}
	if wanted, constant := right.constText(); constant && left.kind != coupon {
		if left.kind == category {
			return categoryIs(left, wanted, equal)
		}
		return textIs(left, wanted, equal)
	}
	same := sameText(left.kind, right.kind)
	l, r := left.text, right.text
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && same(a, b) == equal
	}
}

// sameText returns how texts of the two kinds are compared.
func sameText(left, right kind) func(a, b string) bool {
	switch {
	case left == coupon || right == coupon:
		return func(a, b string) bool { return engine.NormalizeCoupon(a) == engine.NormalizeCoupon(b) }
	case left == category:
		return engine.InCategory
	case right == category:
		return func(a, b string) bool { return engine.InCategory(b, a) }
	default:
		return func(a, b string) bool { return a == b }
	}
}

// alignText checks a constant text that is compared with a weekday, a date or a
// coupon, and brings it into the form that these have.
func (c *checker) alignText(n *ast.BinaryNode, left, right operand) (l, r operand, ok bool) {
	l, ok = c.readAs(n.Left, left, right.kind)
	if !ok {
		return l, right, false
	}
	r, ok = c.readAs(n.Right, right, l.kind)
	return l, r, ok
}

func (c *checker) readAs(n ast.Node, o operand, other kind) (operand, bool) {
	constant, isConstant := o.constText()
	if !isConstant || o.kind != text {
		return o, true
	}
	switch other {
	case coupon:
		return constantText(engine.NormalizeCoupon(constant)), true
	case weekday:
		day, ok := parseWeekday(constant)
		if !ok {
			return c.fault(n, diag.WrongValue, "write mon, tue, wed, thu, fri, sat or sun", "%q is no weekday", constant), false
		}
		return constantText(weekdayName(day)), true
	case date:
		if _, err := time.Parse(time.DateOnly, constant); err != nil {
			return c.fault(n, diag.WrongValue, "write it as 2026-12-31", "%q is no date", constant), false
		}
	}
	return o, true
}
