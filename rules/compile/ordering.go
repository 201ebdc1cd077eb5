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
	if left.kind == fact && right.kind == fact && !left.flag && !right.flag {
		l, r, accepted := left.fact, right.fact, accepts(n.Operator)
		return func(s *engine.Scope, e element) bool { return factOrder(l(s, e), r(s, e), accepted) }
	}
	if test, ok := compareNumbers(n.Operator, left, right); ok {
		return test
	}
	return c.textOrdering(n, left, right)
}

func (c *checker) textOrdering(n *ast.BinaryNode, left, right operand) boolFunc {
	l, leftOK := left.asText()
	r, rightOK := right.asText()
	if !leftOK || !rightOK || left.kind == weekday || right.kind == weekday {
		c.misfit(n, left, right, "ordered against")
		return nil
	}
	if _, _, ok := c.alignText(n, left, right); !ok {
		return nil
	}
	accepted := accepts(n.Operator)
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && accepted.accept(strings.Compare(a, b))
	}
}

// factOrder compares two attributes of one kind that has an order.
func factOrder(a, b engine.Value, accepted outcomes) bool {
	if x, ok := a.Number(); ok {
		y, ok := b.Number()
		return ok && accepted.accept(x.Cmp(y))
	}
	x, xOK := a.Text()
	y, yOK := b.Text()
	return xOK && yOK && accepted.accept(strings.Compare(x, y))
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
