package lint

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// maxRange is how many whole numbers of x in a..b are listed where x need not be
// whole.
const maxRange = 64

// scope is what an expression is about.
type scope uint8

const (
	ofCart scope = iota
	ofItem
	ofLine // in a predicate over lines, where .price is that of the line
)

// translator makes formulas of expressions. What it does not understand becomes a
// fact of its own that is true or false: the same words are the same fact.
type translator struct {
	folder *folder
	facts  map[string]*fact
}

// expression is a part of an expression in its scope.
type expression struct {
	*translator
	tree  *compile.Tree
	scope scope
}

// formula returns what a node means.
func (e expression) formula(n ast.Node) *formula {
	switch n := n.(type) {
	case *ast.BoolNode:
		return constant(n.Value)
	case *ast.ChainNode:
		return e.formula(n.Node)
	case *ast.UnaryNode:
		return e.negation(n)
	case *ast.BinaryNode:
		return e.binary(n)
	case *ast.ConditionalNode:
		c := e.formula(n.Cond)
		return either(all(c, e.formula(n.Exp1)), all(not(c), e.formula(n.Exp2)))
	case *ast.IdentifierNode:
		if f := e.named(n.Value); f != nil {
			return f
		}
	case *ast.MemberNode:
		return e.member(n)
	case *ast.BuiltinNode:
		return e.builtin(n)
	}
	return e.opaque(n)
}

// named is what a set or a condition stands for, nil for other names.
func (e expression) named(name string) *formula {
	d := e.folder.definitions[name]
	if d == nil || d.isSet != (e.scope != ofCart) {
		return nil
	}
	return e.folder.formulaOf(d)
}

func (e expression) member(n *ast.MemberNode) *formula {
	property, ok := n.Property.(*ast.StringNode)
	if _, element := n.Node.(*ast.PointerNode); element && ok && e.scope == ofLine {
		if d := e.folder.definitions[property.Value]; d != nil && d.isSet {
			return e.folder.formulaOf(d)
		}
	}
	if o, ok := e.operand(n); ok {
		return ofFact(e.flag(o.key+" is true"), yes())
	}
	return e.opaque(n)
}

// builtin knows what predicates that hold for no element, or for every one, make
// of the function.
func (e expression) builtin(n *ast.BuiltinNode) *formula {
	if len(n.Arguments) == 2 && e.scope == ofCart && e.overLines(n.Arguments[0]) {
		body := n.Arguments[1]
		if p, ok := body.(*ast.PredicateNode); ok {
			body = p.Node
		}
		inner := expression{e.translator, e.tree, ofLine}
		solver := e.folder.solver()
		switch f := inner.formula(body); n.Name {
		case "any", "one":
			if solver.never(f) {
				return constant(false)
			}
		case "none":
			if solver.never(f) {
				return constant(true)
			}
		case "all":
			if solver.never(not(f)) {
				return constant(true)
			}
		}
	}
	return e.opaque(n)
}

// overLines reports whether the node is the lines of the cart or of a set.
func (e expression) overLines(n ast.Node) bool {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return false
	}
	property, ok := m.Property.(*ast.StringNode)
	_, named := m.Node.(*ast.IdentifierNode)
	return ok && named && property.Value == "lines"
}

// negation is the opposite; between two operands it is false where one is missing.
func (e expression) negation(n *ast.UnaryNode) *formula {
	if n.Operator != "not" && n.Operator != "!" {
		return e.opaque(n)
	}
	b, ok := n.Node.(*ast.BinaryNode)
	if !ok || b.Location() != n.Location() {
		return not(e.formula(n.Node))
	}
	f, there := e.comparison(b)
	if f == nil {
		return e.opaque(n)
	}
	return all(not(f), there)
}

func (e expression) binary(n *ast.BinaryNode) *formula {
	switch n.Operator {
	case "and", "&&":
		return all(e.formula(n.Left), e.formula(n.Right))
	case "or", "||":
		return either(e.formula(n.Left), e.formula(n.Right))
	}
	if f, _ := e.comparison(n); f != nil {
		return f
	}
	return e.opaque(n)
}

// comparison returns what a comparison requires, and what it takes for both sides
// to be there; nil for one that is not understood.
func (e expression) comparison(n *ast.BinaryNode) (f, there *formula) {
	if _, isNil := n.Right.(*ast.NilNode); isNil {
		return e.missing(n), constant(true)
	}
	switch n.Operator {
	case "in":
		return e.membership(n)
	case "==", "!=", "<", "<=", ">", ">=":
	default:
		return nil, nil
	}
	if f := e.constants(n); f != nil {
		return f, constant(true)
	}
	left, right, operator := n.Left, n.Right, n.Operator
	o, ok := e.operand(left)
	k, isConstant := e.constant(right)
	if !ok || !isConstant {
		o, ok = e.operand(right)
		k, isConstant = e.constant(left)
		operator = mirrored(operator)
	}
	if !ok || !isConstant {
		return nil, nil
	}
	return e.against(o, operator, []point{k})
}

// constants compares two constants.
func (e expression) constants(n *ast.BinaryNode) *formula {
	left, leftOK := e.constant(n.Left)
	right, rightOK := e.constant(n.Right)
	if !leftOK || !rightOK || left.isText != right.isText {
		return nil
	}
	return constant(!onlyPoints(left).intersect(passing(n.Operator, right)).empty())
}

// missing is == nil and != nil.
func (e expression) missing(n *ast.BinaryNode) *formula {
	o, ok := e.operand(n.Left)
	if !ok || n.Operator != "==" && n.Operator != "!=" {
		return nil
	}
	var f *formula
	if f = ofFact(e.flag(o.key+" is missing"), yes()); o.kind != anyOperand {
		f = ofFact(e.fact(o), values{missing: true})
	}
	if n.Operator == "!=" {
		return not(f)
	}
	return f
}

// against compares a fact with constants, with one of which "==" has to hold.
func (e expression) against(o operand, operator string, constants []point) (f, there *formula) {
	isText := constants[0].isText
	switch {
	case o.kind == listOperand, o.kind == couponsOperand, o.kind == flagOperand:
		return nil, nil
	case o.kind == anyOperand && isText:
		o.key, o.kind, o.optional = o.key+" as a text", textOperand, true
	case o.kind == anyOperand:
		o.key, o.kind, o.optional = o.key+" as a number", numberOperand, true
	case o.kind == categoryOperand && isText && (operator == "==" || operator == "!="):
		return ofCategories(operator, constants), constant(true)
	case isText != o.isText():
		return nil, nil
	case o.kind == weekdayOperand:
		if operator != "==" && operator != "!=" {
			return nil, nil
		}
		for i := range constants {
			constants[i] = textPoint(strings.ToLower(constants[i].text[:min(3, len(constants[i].text))]))
		}
	case o.kind == categoryOperand:
		return nil, nil
	}
	known := e.fact(o)
	allowed := passing(operator, constants[0])
	if len(constants) > 1 {
		allowed = onlyPoints(constants...)
	}
	return ofFact(known, allowed), ofFact(known, everything())
}

func ofCategories(operator string, paths []point) *formula {
	f := constant(false)
	for _, p := range paths {
		f = either(f, &formula{kind: isCategory, path: p.text})
	}
	if operator == "!=" {
		return not(f)
	}
	return f
}

// membership is in.
func (e expression) membership(n *ast.BinaryNode) (f, there *formula) {
	switch right := n.Right.(type) {
	case *ast.ArrayNode:
		var points []point
		for _, element := range right.Nodes {
			p, ok := e.constant(element)
			if !ok || len(points) > 0 && points[0].isText != p.isText {
				return nil, nil
			}
			points = append(points, p)
		}
		o, ok := e.operand(n.Left)
		if !ok || len(points) == 0 {
			return nil, nil
		}
		return e.against(o, "==", points)
	case *ast.BinaryNode:
		return e.inRange(n, right)
	}
	o, ok := e.operand(n.Right)
	k, isConstant := e.constant(n.Left)
	if !ok || !isConstant || !k.isText || o.kind != listOperand && o.kind != couponsOperand {
		return nil, nil
	}
	text := k.text
	if o.kind == couponsOperand {
		if text = engine.NormalizeCoupon(text); text == "" {
			return constant(false), constant(true) // no code is empty
		}
	}
	return ofFact(e.flag(o.key+" has "+text), yes()), constant(true)
}

func (e expression) inRange(n, ends *ast.BinaryNode) (f, there *formula) {
	low, lowOK := e.constant(ends.Left)
	high, highOK := e.constant(ends.Right)
	o, ok := e.operand(n.Left)
	if !ok || !lowOK || !highOK || ends.Operator != ".." || low.isText || high.isText || o.kind != numberOperand {
		return nil, nil
	}
	known := e.fact(o)
	if known.whole {
		return ofFact(known, between(closed(low), closed(high))), ofFact(known, everything())
	}
	var points []point
	for i := wholeFrom(closed(low)); i.Cmp(high.number) <= 0; i, _ = i.Add(engine.NewDecimal(1)) {
		if points = append(points, numberPoint(i)); len(points) > maxRange {
			return nil, nil
		}
	}
	return ofFact(known, onlyPoints(points...)), ofFact(known, everything())
}

// opaque is a condition of which nothing is known but its words.
func (e expression) opaque(n ast.Node) *formula {
	return ofFact(e.flag(compile.Words(e.tree.Text(n))), yes())
}

func yes() values { return onlyPoints(textPoint("yes")) }

// flag is a fact that is true or false.
func (e expression) flag(key string) *fact {
	return e.intern(&fact{key: key, universe: onlyPoints(textPoint("yes"), textPoint("no"))})
}

// intern returns the fact that is known by the key.
func (e expression) intern(f *fact) *fact {
	scoped := [...]string{"cart: ", "item: ", "line: "}[e.scope] + f.key
	if known := e.facts[scoped]; known != nil {
		return known
	}
	e.facts[scoped] = f
	return f
}

// constant evaluates a number or a text.
func (e expression) constant(n ast.Node) (point, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return textPoint(n.Value), true
	case *ast.IntegerNode, *ast.FloatNode:
		d, err := engine.ParseDecimal(strings.TrimSpace(e.literal(n)))
		return numberPoint(d), err == nil
	case *ast.UnaryNode:
		p, ok := e.constant(n.Node)
		if !ok || p.isText || n.Operator != "-" && n.Operator != "+" {
			return point{}, false
		}
		if n.Operator == "-" {
			p.number = p.number.Neg()
		}
		return p, true
	case *ast.BinaryNode:
		return e.arithmetic(n)
	default:
		return point{}, false
	}
}

// literal is the text of a number, which the parser has lost.
func (e expression) literal(n ast.Node) string {
	at := n.Location()
	source := e.tree.Source()
	return string(source[max(0, at.From):min(at.To, len(source))])
}

func (e expression) arithmetic(n *ast.BinaryNode) (point, bool) {
	left, leftOK := e.constant(n.Left)
	right, rightOK := e.constant(n.Right)
	if !leftOK || !rightOK || left.isText || right.isText {
		return point{}, false
	}
	calculate := map[string]func(engine.Decimal, engine.Decimal) (engine.Decimal, bool){
		"+": engine.Decimal.Add, "-": engine.Decimal.Sub, "*": engine.Decimal.Mul,
	}[n.Operator]
	if calculate == nil {
		return point{}, false
	}
	d, ok := calculate(left.number, right.number)
	return numberPoint(d), ok
}

func mirrored(operator string) string {
	if other, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]; ok {
		return other
	}
	return operator
}
