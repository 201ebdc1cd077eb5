package compile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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
	return operand{kind: boolean, constant: inner.constant,
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
	left, right := c.compile(n.Left), c.compile(n.Right)
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
	if n.Operator == "or" || n.Operator == "||" {
		return operand{kind: boolean, why: c.either(n, left, right, true),
			bool: func(s *engine.Scope, e element) bool { return l(s, e) || r(s, e) }}
	}
	return operand{kind: boolean, why: c.either(n, left, right, false),
		bool: func(s *engine.Scope, e element) bool { return l(s, e) && r(s, e) }}
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
	return func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
		return test(s, e), append(out, engine.Clause{Source: source, Values: o.show(s, e)})
	}
}

// comparison is a condition made of two operands, which is explained by their
// values. The operator is the node's, or its opposite.
func (c *checker) comparison(n *ast.BinaryNode, operator string) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	if left.kind == invalid || right.kind == invalid {
		return operand{}
	}
	test := c.test(n, left, right)
	if test == nil {
		return operand{}
	}
	if operator != n.Operator {
		test = opposite(n, test, left, right)
	}
	source := c.text(n)
	return operand{kind: boolean, bool: test,
		why: func(s *engine.Scope, e element, out []engine.Clause) (bool, []engine.Clause) {
			values := left.show(s, e) + " " + operator + " " + right.show(s, e)
			return test(s, e), append(out, engine.Clause{Source: source, Values: values})
		}}
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

// opposite is true where the test is false and both sides are there; a list
// that is missing is an empty one.
func opposite(n *ast.BinaryNode, test boolFunc, left, right operand) boolFunc {
	if n.Operator == "in" && right.kind != span {
		return func(s *engine.Scope, e element) bool { return left.there(s, e) && !test(s, e) }
	}
	return func(s *engine.Scope, e element) bool { return left.there(s, e) && right.there(s, e) && !test(s, e) }
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
		return func(s *engine.Scope, e element) bool { return (left.bool(s, e) == right.bool(s, e)) == equal }
	case left.kind.isText() && right.kind.isText():
		return c.textEquality(n, left, right, equal)
	}
	l, leftOK := left.asNumber()
	r, rightOK := right.asNumber()
	if leftOK && rightOK {
		return compareNumbers(l, r, func(order int) bool { return (order == 0) == equal })
	}
	c.misfit(n, left, right, "compared with")
	return nil
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
	if !leftOK || !rightOK {
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

func (c *checker) textEquality(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	left, right, ok := c.alignText(n, left, right)
	if !ok {
		return nil
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

// alignText checks a constant text that is compared with a weekday or a date,
// and brings it into the form that these have.
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
	return func(s *engine.Scope, e element) bool {
		t, ok := l(s, e)
		return ok && re.MatchString(t)
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

// fallback is ??: the left side, or the right one when it is missing.
func (c *checker) fallback(n *ast.BinaryNode, left, right operand) operand {
	if left.kind != fact || right.kind != fact {
		left, right = readFactAs(left, right.kind), readFactAs(right, left.kind)
	}
	switch {
	case left.kind == number && right.kind == number:
		return operand{kind: number, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			if d, ok := left.number(s, e); ok {
				return d, true
			}
			return right.number(s, e)
		}}
	case left.kind.isText() && right.kind.isText():
		return operand{kind: text, text: func(s *engine.Scope, e element) (string, bool) {
			if t, ok := left.text(s, e); ok {
				return t, true
			}
			return right.text(s, e)
		}}
	case left.kind == fact:
		r, ok := right.asFact()
		if !ok {
			return c.want(n.Right, right, "a text, a number or a condition after ??")
		}
		return operand{kind: fact, fact: func(s *engine.Scope, e element) engine.Value {
			if v := left.fact(s, e); v.Kind() != engine.KindNone {
				return v
			}
			return r(s, e)
		}}
	default:
		return c.fault(n, diag.TypeMismatch, "", "?? wants two of a kind, got %s and %s", left.kind, right.kind)
	}
}

// readFactAs returns an attribute as a number or a text, where that is asked
// for.
func readFactAs(o operand, wanted kind) operand {
	switch {
	case o.kind != fact:
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
	if yes.kind == fact && no.kind == fact {
		return operand{kind: fact, fact: choose(test, yes.fact, no.fact)}
	}
	if a, b, ok := pair(yes, no, operand.asBool); ok {
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

// array is a literal list of texts or of numbers.
func (c *checker) array(n *ast.ArrayNode) operand {
	o := operand{kind: array, constant: true}
	for _, child := range n.Nodes {
		item := c.compile(child)
		switch {
		case item.kind == invalid:
			return item
		case item.kind != number && !item.kind.isText() && item.kind != fact:
			return c.want(child, item, "a text or a number in a list")
		}
		o.items = append(o.items, item)
		o.constant = o.constant && item.constant
	}
	return o
}

// membership is in.
func (c *checker) membership(n *ast.BinaryNode, left, right operand) boolFunc {
	switch right.kind {
	case array:
		return c.inArray(n, left, right)
	case span:
		return c.inSpan(n, left, right)
	default:
		return c.inList(n, left, right)
	}
}

// inArray compares with each element as == does.
func (c *checker) inArray(n *ast.BinaryNode, left, right operand) boolFunc {
	if index, ok := constantTexts(left, right); ok {
		return func(s *engine.Scope, e element) bool {
			t, ok := left.text(s, e)
			_, found := index[t]
			return ok && found
		}
	}
	elements := n.Right.(*ast.ArrayNode).Nodes
	tests := make([]boolFunc, len(right.items))
	for i, item := range right.items {
		as := &ast.BinaryNode{Operator: "==", Left: n.Left, Right: elements[i]}
		as.SetLocation(elements[i].Location())
		if tests[i] = c.equality(as, left, item); tests[i] == nil {
			return nil
		}
	}
	return func(s *engine.Scope, e element) bool {
		for _, test := range tests {
			if test(s, e) {
				return true
			}
		}
		return false
	}
}

// constantTexts returns an index of a list of constant texts that a plain text
// is looked up in.
func constantTexts(left, right operand) (map[string]struct{}, bool) {
	if left.kind != text || !right.constant {
		return nil, false
	}
	index := make(map[string]struct{}, len(right.items))
	for _, item := range right.items {
		t, ok := item.constText()
		if !ok {
			return nil, false
		}
		index[t] = struct{}{}
	}
	return index, true
}

// inSpan is x in a..b, both ends included, for whole numbers as in expr.
func (c *checker) inSpan(n *ast.BinaryNode, left, right operand) boolFunc {
	x, ok := left.asNumber()
	low, lowOK := right.items[0].asNumber()
	high, highOK := right.items[1].asNumber()
	if !ok || !lowOK || !highOK {
		c.fault(n, diag.TypeMismatch, "", "a range holds numbers, got %s", left.kind)
		return nil
	}
	return func(s *engine.Scope, e element) bool {
		v, vOK := x(s, e)
		a, aOK := low(s, e)
		b, bOK := high(s, e)
		return vOK && aOK && bOK && a.Cmp(v) <= 0 && v.Cmp(b) <= 0 && v.Floor().Cmp(v) == 0
	}
}

// inList looks a text up in a list that the cart, the customer or an item has.
func (c *checker) inList(n *ast.BinaryNode, left, right operand) boolFunc {
	list, listOK := right.asList()
	t, textOK := left.asText()
	if !listOK || !textOK {
		c.fault(n, diag.TypeMismatch, c.listHint(n, right), "in wants a text and a list, got %s and %s", left.kind, right.kind)
		return nil
	}
	same := sameText(left.kind, text)
	switch right.kind {
	case categoryList:
		same = func(wanted, path string) bool { return engine.InCategory(path, wanted) }
	case couponList:
		same = func(wanted, code string) bool { return engine.NormalizeCoupon(wanted) == code }
	}
	return func(s *engine.Scope, e element) bool {
		wanted, ok := t(s, e)
		if !ok {
			return false
		}
		for _, candidate := range list(s, e) {
			if same(wanted, candidate) {
				return true
			}
		}
		return false
	}
}

// listHint is the advice where something else than a list stands after in.
func (c *checker) listHint(n *ast.BinaryNode, right operand) string {
	name, ok := n.Right.(*ast.IdentifierNode)
	switch {
	case ok && c.vars.isSet(name.Value):
		return fmt.Sprintf("%s tells by itself whether an item is in the set", name.Value)
	case right.kind == text || right.kind == number:
		return fmt.Sprintf("write a list: [%s]", c.text(n.Right))
	default:
		return ""
	}
}
