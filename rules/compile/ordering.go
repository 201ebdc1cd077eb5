package compile

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// ordering is <, <=, > and >=. Texts compare by code point, which orders dates.
func (c *checker) ordering(n *ast.BinaryNode, left, right operand) boolFunc {
	accepts := orderTest(n.Operator)
	if left.kind == fact && right.kind == fact {
		return func(s *engine.Scope, e element) bool { return factOrder(left.fact(s, e), right.fact(s, e), accepts) }
	}
	l, leftOK := left.asNumber()
	r, rightOK := right.asNumber()
	if leftOK && rightOK {
		return compareNumbers(l, r, accepts)
	}
	return c.textOrdering(n, left, right, accepts)
}

func (c *checker) textOrdering(n *ast.BinaryNode, left, right operand, accepts func(int) bool) boolFunc {
	l, leftOK := left.asText()
	r, rightOK := right.asText()
	if !leftOK || !rightOK || left.kind == weekday || right.kind == weekday {
		c.misfit(n, left, right, "ordered against")
		return nil
	}
	if _, _, ok := c.alignText(n, left, right); !ok {
		return nil
	}
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && accepts(strings.Compare(a, b))
	}
}

func orderTest(operator string) func(order int) bool {
	switch operator {
	case "<":
		return func(order int) bool { return order < 0 }
	case "<=":
		return func(order int) bool { return order <= 0 }
	case ">":
		return func(order int) bool { return order > 0 }
	default:
		return func(order int) bool { return order >= 0 }
	}
}

// factOrder compares two attributes of one kind that has an order.
func factOrder(a, b engine.Value, accepts func(int) bool) bool {
	if x, ok := a.Number(); ok {
		y, ok := b.Number()
		return ok && accepts(x.Cmp(y))
	}
	x, xOK := a.Text()
	y, yOK := b.Text()
	return xOK && yOK && accepts(strings.Compare(x, y))
}

func compareNumbers(l, r numberFunc, accepts func(order int) bool) boolFunc {
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && accepts(a.Cmp(b))
	}
}

// textTest is contains, startsWith and endsWith.
func (c *checker) textTest(n *ast.BinaryNode, left, right operand) boolFunc {
	l, leftOK := left.asText()
	r, rightOK := right.asText()
	if !leftOK || !rightOK {
		hint := ""
		if _, list := left.asList(); list {
			hint = fmt.Sprintf("write %s in %s", c.text(n.Right), c.text(n.Left))
		}
		c.fault(n, diag.TypeMismatch, hint, "%s wants two texts, got %s and %s", n.Operator, left.kind, right.kind)
		return nil
	}
	test := map[string]func(s, part string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	}[n.Operator]
	normal := func(text string) string { return text }
	if left.kind == coupon {
		normal = engine.NormalizeCoupon
	}
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && test(a, normal(b))
	}
}

// pattern is matches. The pattern is constant, so that it is compiled once, and
// its syntax (RE2) has no backtracking.
func (c *checker) pattern(n *ast.BinaryNode, left, right operand) boolFunc {
	l, ok := left.asText()
	source, constant := right.constText()
	if !ok || !constant {
		c.fault(n, diag.TypeMismatch, "", "matches wants a text and a pattern written in quotes")
		return nil
	}
	if len(source) > maxPattern {
		c.fault(n.Right, diag.TooCostly, "", "the pattern has %d bytes; at most %d are allowed", len(source), maxPattern)
		return nil
	}
	re, err := regexp.Compile(source)
	if err != nil {
		c.fault(n.Right, diag.BadExpression, "", "the pattern cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil
	}
	c.charge(c.weight * stepsOfPattern(source))
	return func(s *engine.Scope, e element) bool {
		t, ok := l(s, e)
		return ok && re.MatchString(t)
	}
}

// stepsOfPattern estimates what a pattern costs for a text of usual length: a
// few bytes such as x{1000} make a long program.
func stepsOfPattern(source string) int64 {
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return 0 // refused already
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return 4 * int64(len(program.Inst))
}
