package compile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

func (c *checker) unary(n *ast.UnaryNode) operand {
	inner := c.compile(n.Node)
	switch n.Operator {
	case "not", "!":
		test, ok := inner.asBool()
		if !ok {
			return c.want(n.Node, inner, "a condition after not")
		}
		o := operand{kind: boolean, constant: inner.constant,
			bool: func(s *engine.Scope, e element) bool { return !test(s, e) }}
		o.why = c.reasons(n.Node, inner)
		return o
	case "-", "+":
		value, ok := inner.asNumber()
		if !ok {
			return c.want(n.Node, inner, "a number")
		}
		if n.Operator == "+" {
			return inner
		}
		return operand{kind: number, constant: inner.constant,
			number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
				d, ok := value(s, e)
				return d.Neg(), ok
			}}
	default:
		return c.fault(n, diag.NotAllowed, "", "operator %s cannot be used in rules", n.Operator)
	}
}

func (c *checker) binary(n *ast.BinaryNode) operand {
	if n.Operator == "in" {
		return c.membership(n)
	}
	left, right := c.compile(n.Left), c.compile(n.Right)
	if left.kind == invalid || right.kind == invalid {
		return operand{}
	}
	var o operand
	switch n.Operator {
	case "and", "&&", "or", "||":
		o = c.logic(n, left, right)
	case "==", "!=":
		o = c.leaf(n, left, right, c.equality(n, left, right))
	case "<", "<=", ">", ">=":
		o = c.leaf(n, left, right, c.ordering(n, left, right))
	case "contains", "startsWith", "endsWith":
		o = c.leaf(n, left, right, c.textTest(n, left, right))
	case "matches":
		o = c.leaf(n, left, right, c.pattern(n, left, right))
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
	whyLeft, whyRight := c.reasons(n.Left, left), c.reasons(n.Right, right)
	both := func(s *engine.Scope, e element, out []engine.Clause) []engine.Clause {
		return whyRight(s, e, whyLeft(s, e, out))
	}
	o := operand{kind: boolean}
	decides := n.Operator == "or" || n.Operator == "||" // the value of one side that settles the whole
	if decides {
		o.bool = func(s *engine.Scope, e element) bool { return l(s, e) || r(s, e) }
	} else {
		o.bool = func(s *engine.Scope, e element) bool { return l(s, e) && r(s, e) }
	}
	o.why = func(s *engine.Scope, e element, out []engine.Clause) []engine.Clause {
		switch {
		case l(s, e) == decides:
			return whyLeft(s, e, out)
		case r(s, e) == decides:
			return whyRight(s, e, out)
		default:
			return both(s, e, out)
		}
	}
	return o
}

// reasons returns what explains a condition: its own account, or the condition
// itself.
func (c *checker) reasons(n ast.Node, o operand) func(*engine.Scope, element, []engine.Clause) []engine.Clause {
	if o.why != nil {
		return o.why
	}
	source := c.text(n)
	return func(s *engine.Scope, e element, out []engine.Clause) []engine.Clause {
		return append(out, engine.Clause{Source: source, Values: o.show(s, e)})
	}
}

// leaf makes a condition of a test of two operands, which is explained by their
// values. A nil test is a fault that has been reported.
func (c *checker) leaf(n *ast.BinaryNode, left, right operand, test boolFunc) operand {
	if test == nil {
		return operand{}
	}
	source, operator := c.text(n), n.Operator
	return operand{kind: boolean, bool: test,
		why: func(s *engine.Scope, e element, out []engine.Clause) []engine.Clause {
			values := left.show(s, e) + " " + operator + " " + right.show(s, e)
			return append(out, engine.Clause{Source: source, Values: values})
		}}
}

// equality is == and !=. Both are false when a side is missing, except against
// nil.
func (c *checker) equality(n *ast.BinaryNode, left, right operand) boolFunc {
	equal := n.Operator == "=="
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
	hint := ""
	if left.kind == textList || left.kind == categoryList || left.kind == couponList {
		hint = "use in to look into a list"
	}
	c.fault(n, diag.TypeMismatch, hint, "%s cannot be compared with %s", left.kind, right.kind)
	return nil
}

// presence compares with nil, which asks whether a fact is missing.
func (c *checker) presence(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	o := left
	if left.kind == nothing {
		o = right
	}
	value, ok := o.asFact()
	if !ok {
		c.fault(n, diag.TypeMismatch, "", "%s is never missing", o.kind)
		return nil
	}
	return func(s *engine.Scope, e element) bool { return (value(s, e).Kind() == engine.KindNone) == equal }
}

func (c *checker) factEquality(n *ast.BinaryNode, left, right operand, equal bool) boolFunc {
	l, leftOK := left.asFact()
	r, rightOK := right.asFact()
	if !leftOK || !rightOK {
		c.fault(n, diag.TypeMismatch, "use in to look into a list", "%s cannot be compared with %s", left.kind, right.kind)
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
		c.fault(n, diag.TypeMismatch, "", "%s cannot be ordered against %s", left.kind, right.kind)
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
			hint = "write the text first: \"x\" in " + c.text(n.Left)
		}
		c.fault(n, diag.TypeMismatch, hint, "%s wants two texts, got %s and %s", n.Operator, left.kind, right.kind)
		return nil
	}
	test := map[string]func(s, part string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	}[n.Operator]
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && test(a, b)
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
	return a.Sub(taken)
}

// fallback is ??: the left side, or the right one when it is missing.
func (c *checker) fallback(n *ast.BinaryNode, left, right operand) operand {
	if left.kind == fact && right.kind != fact {
		left = readFactAs(left, right.kind)
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
	if a, b, ok := pair(yes, no, operand.asNumber); ok {
		return operand{kind: number, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			if test(s, e) {
				return a(s, e)
			}
			return b(s, e)
		}}
	}
	if a, b, ok := pair(yes, no, operand.asBool); ok {
		return operand{kind: boolean, bool: func(s *engine.Scope, e element) bool {
			if test(s, e) {
				return a(s, e)
			}
			return b(s, e)
		}}
	}
	if a, b, ok := pair(yes, no, operand.asText); ok {
		return operand{kind: text, text: func(s *engine.Scope, e element) (string, bool) {
			if test(s, e) {
				return a(s, e)
			}
			return b(s, e)
		}}
	}
	return c.fault(n, diag.TypeMismatch, "", "the two outcomes are %s and %s", yes.kind, no.kind)
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
func (c *checker) membership(n *ast.BinaryNode) operand {
	left, right := c.compile(n.Left), c.compile(n.Right)
	if left.kind == invalid || right.kind == invalid {
		return operand{}
	}
	var test boolFunc
	switch right.kind {
	case array:
		test = c.inArray(n, left, right)
	case span:
		test = c.inSpan(n, left, right)
	default:
		test = c.inList(n, left, right)
	}
	return c.leaf(n, left, right, test)
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
	var tests []boolFunc
	for i, item := range right.items {
		as := &ast.BinaryNode{Operator: "==", Left: n.Left, Right: elements[i]}
		as.SetLocation(elements[i].Location())
		test := c.equality(as, left, item)
		if test == nil {
			return nil
		}
		tests = append(tests, test)
	}
	return func(s *engine.Scope, e element) bool {
		return slices.ContainsFunc(tests, func(test boolFunc) bool { return test(s, e) })
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
		c.fault(n, diag.TypeMismatch, "", "in wants a text and a list, got %s and %s", left.kind, right.kind)
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
