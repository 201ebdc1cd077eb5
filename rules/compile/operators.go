package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

func (c *checker) unary(n *ast.UnaryNode) operand {
	if n.Operator == "not" || n.Operator == "!" {
		return c.negation(n)
	}
	inner := c.compile(n.Node)
	value, ok := inner.asNumber()
	switch {
	case n.Operator != "-" && n.Operator != "+":
		return c.fault(n, diag.NotAllowed, "", "operator %s cannot be used in rules", n.Operator)
	case !ok:
		return c.want(n.Node, inner, "a number")
	case n.Operator == "+":
		return operand{kind: number, constant: inner.constant, number: value}
	}
	return operand{kind: number, constant: inner.constant,
		number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			d, ok := value(s, e)
			return d.Neg(), ok
		}}
}

// negation is not. Between two operands, as in x not in list, it makes a
// comparison of its own, which like != is false when a side is missing.
func (c *checker) negation(n *ast.UnaryNode) operand {
	if b, ok := n.Node.(*ast.BinaryNode); ok && b.Location() == n.Location() {
		return c.comparison(b, "not "+b.Operator)
	}
	inner := c.compile(n.Node)
	test, ok := inner.asBool()
	switch {
	case !ok && (inner.kind == number || inner.kind.isText()):
		return c.fault(n.Node, diag.TypeMismatch, fmt.Sprintf("put brackets around a comparison: not (%s …)", c.text(n.Node)),
			"want a condition after not, got %s", inner.kind)
	case !ok:
		return c.want(n.Node, inner, "a condition after not")
	}
	why := c.reasons(n.Node, inner)
	test = c.observe(n.Node, inner, test, NotOperand)
	return operand{kind: boolean, constant: inner.constant, probed: c.vars.watch != nil,
		bool: func(s *engine.Scope, e element) bool { return !test(s, e) },
		why: func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
			before := len(out)
			holds, out := why(s, e, out)
			for i, clause := range out[before:] {
				out[before+i] = engine.Clause{Source: negated(clause.Source), Values: negated(clause.Values)}
			}
			return !holds, out
		}}
}

// negated writes the opposite of an expression.
func negated(source string) string {
	if strings.Contains(source, " ") {
		return "not (" + source + ")"
	}
	return "not " + source
}

func (c *checker) binary(n *ast.BinaryNode) operand {
	switch n.Operator {
	case "==", "!=", "<", "<=", ">", ">=", "contains", "startsWith", "endsWith", "matches", "in":
		return c.comparison(n, n.Operator)
	}
	left, right := c.side(n.Left), c.side(n.Right)
	if left.kind == invalid || right.kind == invalid {
		return operand{}
	}
	var o operand
	switch n.Operator {
	case "and", "&&", "or", "||":
		o = c.logic(n, left, right)
	case "+", "-", "*", "/", "%":
		o = c.arithmetic(n, left, right)
	case "??":
		o = c.fallback(n, left, right)
	case "..":
		o = operand{kind: span, items: []operand{left, right}}
	default:
		return c.fault(n, diag.NotAllowed, "", "operator %s cannot be used in rules", n.Operator)
	}
	o.constant = left.constant && right.constant && o.kind == number
	return o
}

// side compiles a part and notes what it reads altogether.
func (c *checker) side(n ast.Node) operand {
	around := c.reads
	c.reads = 0
	o := c.compile(n)
	o.reads = c.reads
	c.reads |= around
	return o
}

// logic is and and or.
func (c *checker) logic(n *ast.BinaryNode, left, right operand) operand {
	l, ok := left.asBool()
	if !ok {
		return c.want(n.Left, left, "a condition beside "+n.Operator)
	}
	r, ok := right.asBool()
	if !ok {
		return c.want(n.Right, right, "a condition beside "+n.Operator)
	}
	either, part := n.Operator == "or" || n.Operator == "||", AndOperand
	if either {
		part = OrOperand
	}
	l, r = c.observe(n.Left, left, l, part), c.observe(n.Right, right, r, part)
	o := operand{kind: boolean, joins: orJoins, needs: shared(left.needs, right.needs),
		why: c.either(n, left, right, either), misses: missesOfLogic(left, right, either)}
	if !either {
		o.joins, o.needs = andJoins, union(left.needs, right.needs)
	}
	o.joined = append(slices.Clip(left.terms(o.joins, l)), r) // a name may be joined more than once
	o.bool = join(o.joins, o.joined)
	o.within = bothWithin(o.joins, left.requires(l), right.requires(r))
	return o
}

// requires is what the condition needs of the item at hand, whatever its quantity:
// itself where it does not read the quantity, nil where nothing is known.
func (o operand) requires(test boolFunc) boolFunc {
	if o.reads&readsUnits == 0 {
		return test
	}
	return o.within
}

// bothWithin joins what two conditions require.
func bothWithin(by joint, left, right boolFunc) boolFunc {
	switch {
	case left != nil && right != nil:
		return join(by, []boolFunc{left, right})
	case by == orJoins:
		return nil
	case left != nil:
		return left
	default:
		return right
	}
}

// terms returns the conditions that the operand joins in the same way, or else
// the one that it is.
func (o operand) terms(by joint, test boolFunc) []boolFunc {
	if o.joins == by {
		return o.joined
	}
	return []boolFunc{test}
}

// join is a and b and c, or a or b or c. The usual numbers of conditions take
// no loop.
func join(by joint, tests []boolFunc) boolFunc {
	a, b, last := tests[0], tests[1], tests[len(tests)-1]
	switch {
	case by == andJoins && len(tests) == 2:
		return func(s *engine.Scope, e element) bool { return a(s, e) && b(s, e) }
	case by == andJoins && len(tests) == 3:
		return func(s *engine.Scope, e element) bool { return a(s, e) && b(s, e) && last(s, e) }
	case by == orJoins && len(tests) == 2:
		return func(s *engine.Scope, e element) bool { return a(s, e) || b(s, e) }
	default:
		decides := by == orJoins
		return func(s *engine.Scope, e element) bool {
			for _, test := range tests {
				if test(s, e) == decides {
					return decides
				}
			}
			return !decides
		}
	}
}

// either explains and and or: by the one side whose value decides, of two by
// the first, or else by both.
func (c *checker) either(n *ast.BinaryNode, left, right operand, decides bool) whyFunc {
	whyLeft, whyRight := c.reasons(n.Left, left), c.reasons(n.Right, right)
	return func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
		first := len(out)
		holds, out := whyLeft(s, e, out)
		if holds == decides {
			return holds, out
		}
		second := len(out)
		if holds, out = whyRight(s, e, out); holds == decides {
			out = slices.Delete(out, first, second)
		}
		return holds, out
	}
}

// reasons returns what explains a condition: its own account, or the condition
// itself.
func (c *checker) reasons(n ast.Node, o operand) whyFunc {
	if o.why != nil {
		return o.why
	}
	return itself(c.text(n), o)
}

// itself explains a condition by its source and its value.
func itself(source string, o operand) whyFunc {
	test, _ := o.asBool()
	show := o.shown()
	return func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
		return test(s, e), append(out, engine.Clause{Source: source, Values: show(s, e)})
	}
}

// arithmetic is +, -, *, / and %. A result beyond 18 digits, and a division by
// zero, is missing.
func (c *checker) arithmetic(n *ast.BinaryNode, left, right operand) operand {
	l, ok := left.asNumber()
	if !ok {
		return c.want(n.Left, left, "a number beside "+n.Operator)
	}
	r, ok := right.asNumber()
	if !ok {
		return c.want(n.Right, right, "a number beside "+n.Operator)
	}
	if d, constant := right.constNumber(); constant && d.Sign() == 0 && (n.Operator == "/" || n.Operator == "%") {
		return c.fault(n, diag.OutOfRange, "", "division by zero")
	}
	apply := map[string]func(a, b engine.Decimal) (engine.Decimal, bool){
		"+": engine.Decimal.Add, "-": engine.Decimal.Sub, "*": engine.Decimal.Mul, "/": engine.Decimal.Div, "%": remainder,
	}[n.Operator]
	return operand{kind: number, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		if !aOK || !bOK {
			return engine.Decimal{}, false
		}
		return apply(a, b)
	}}
}

// remainder is what is left of a when whole b are taken, with the sign of a.
func remainder(a, b engine.Decimal) (engine.Decimal, bool) {
	quotient, ok := a.Div(b)
	if !ok {
		return engine.Decimal{}, false
	}
	whole := quotient.Floor()
	if quotient.Sign() < 0 {
		whole = quotient.Neg().Floor().Neg()
	}
	taken, ok := whole.Mul(b)
	if !ok {
		return engine.Decimal{}, false
	}
	rest, ok := a.Sub(taken)
	if ok && rest.Sign() == -a.Sign() && rest.Sign() != 0 { // the quotient was rounded up to a whole number
		if rest.Sign() == b.Sign() {
			return rest.Sub(b)
		}
		return rest.Add(b)
	}
	return rest, ok
}
