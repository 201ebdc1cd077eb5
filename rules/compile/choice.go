package compile

import (
	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// fallback is ??: the left side, or the right one when it is missing.
func (c *checker) fallback(n *ast.BinaryNode, left, right operand) operand {
	if left.kind != fact || right.kind != fact {
		left, right = readFactAs(left, right.kind), readFactAs(right, left.kind)
	}
	switch {
	case left.kind == number && right.kind == number:
		return operand{kind: number, number: orElse(left.number, right.number)}
	case left.kind.isText() && right.kind.isText():
		return operand{kind: text, text: orElse(left.text, right.text)}
	case left.flag && right.kind != boolean && !right.flag:
		return c.want(n.Right, right, "a condition after ??")
	case left.kind == fact:
		r, ok := right.asFact()
		if !ok {
			return c.want(n.Right, right, "a text, a number or a condition after ??")
		}
		l := left.fact
		return operand{kind: fact, flag: left.flag, fact: func(s *engine.Scope, e element) engine.Value {
			if v := l(s, e); v.Kind() != engine.KindNone {
				return v
			}
			return r(s, e)
		}}
	default:
		return c.fault(n, diag.TypeMismatch, "", "?? wants two of a kind, got %s and %s", left.kind, right.kind)
	}
}

// orElse is the first value or, where that is missing, the second one.
func orElse[T any](first, second func(*engine.Scope, element) (T, bool)) func(*engine.Scope, element) (T, bool) {
	return func(s *engine.Scope, e element) (T, bool) {
		if value, ok := first(s, e); ok {
			return value, true
		}
		return second(s, e)
	}
}

// readFactAs returns an attribute as a number or a text, where that is asked
// for.
func readFactAs(o operand, wanted kind) operand {
	switch {
	case o.kind != fact || o.flag:
		return o
	case wanted == number:
		n, _ := o.asNumber()
		return operand{kind: number, number: n}
	case wanted.isText():
		t, _ := o.asText()
		return operand{kind: text, text: t}
	default:
		return o
	}
}

// conditional is the choice a ? b : c.
func (c *checker) conditional(n *ast.ConditionalNode) operand {
	cond, yes, no := c.compile(n.Cond), c.compile(n.Exp1), c.compile(n.Exp2)
	test, ok := cond.asBool()
	switch {
	case cond.kind == invalid || yes.kind == invalid || no.kind == invalid:
		return operand{}
	case !ok:
		return c.want(n.Cond, cond, "a condition before ?")
	}
	test = c.observe(n.Cond, cond, test, Chooser)
	if yes.kind == fact && no.kind == fact {
		return operand{kind: fact, fact: choose(test, yes.fact, no.fact)}
	}
	if a, b, ok := pair(yes, no, operand.asBool); ok {
		a, b = c.observe(n.Exp1, yes, a, Outcome), c.observe(n.Exp2, no, b, Outcome)
		return operand{kind: boolean, bool: choose(test, a, b), why: c.chosen(n, test, yes, no)}
	}
	if a, b, ok := pair(yes, no, operand.asNumber); ok {
		return operand{kind: number, number: chooseKnown(test, a, b)}
	}
	if a, b, ok := pair(yes, no, operand.asText); ok {
		return operand{kind: text, text: chooseKnown(test, a, b)}
	}
	return c.fault(n, diag.TypeMismatch, "both have to be numbers, texts or conditions", "the two outcomes are %s and %s", yes.kind, no.kind)
}

func choose[T any](test boolFunc, yes, no func(*engine.Scope, element) T) func(*engine.Scope, element) T {
	return func(s *engine.Scope, e element) T {
		if test(s, e) {
			return yes(s, e)
		}
		return no(s, e)
	}
}

// chooseKnown is choose for values that may be missing.
func chooseKnown[T any](test boolFunc, yes, no func(*engine.Scope, element) (T, bool)) func(*engine.Scope, element) (T, bool) {
	return func(s *engine.Scope, e element) (T, bool) {
		if test(s, e) {
			return yes(s, e)
		}
		return no(s, e)
	}
}

// chosen explains a choice between conditions by the one that was chosen.
func (c *checker) chosen(n *ast.ConditionalNode, test boolFunc, yes, no operand) whyFunc {
	whyYes, whyNo := c.reasons(n.Exp1, yes), c.reasons(n.Exp2, no)
	return func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
		if test(s, e) {
			return whyYes(s, e, out)
		}
		return whyNo(s, e, out)
	}
}

// pair reads two operands the same way, if both can be read so.
func pair[F any](a, b operand, as func(operand) (F, bool)) (x, y F, ok bool) {
	x, xOK := as(a)
	y, yOK := as(b)
	return x, y, xOK && yOK
}
