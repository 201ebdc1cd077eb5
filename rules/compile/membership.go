package compile

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// array is a literal list of texts or of numbers.
func (c *checker) array(n *ast.ArrayNode) operand {
	o := operand{kind: array, constant: true}
	for _, child := range n.Nodes {
		item := c.compile(child)
		switch {
		case item.kind == invalid:
			return item
		case item.kind != number && !item.kind.isText() && item.kind != fact, item.flag:
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
	if areTexts(left, right) {
		return amongTexts(left, constantTexts(right.items))
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

// areTexts reports whether a plain text is looked for among constant texts,
// which takes one step.
func areTexts(left, right operand) bool {
	return left.kind == text && right.constant && !slices.ContainsFunc(right.items, func(o operand) bool { return !o.kind.isText() })
}

// constantTexts returns the texts of a list, each once.
func constantTexts(items []operand) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.constText()
	}
	slices.Sort(texts)
	return slices.Clip(slices.Compact(texts))
}

// shortList is how many texts are compared one after the other as fast as one of
// them is looked up, and in less memory.
const shortList = 6

// amongTexts looks a text up among constant ones.
func amongTexts(o operand, texts []string) boolFunc {
	if len(texts) <= shortList {
		return textAmong(o, texts)
	}
	get, index := o.text, make(map[string]struct{}, len(texts))
	for _, t := range texts {
		index[t] = struct{}{}
	}
	return func(s *engine.Scope, e element) bool {
		t, ok := get(s, e)
		_, found := index[t]
		return ok && found
	}
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
	if right.kind == couponList {
		left, _ = c.readAs(n.Left, left, coupon)
	}
	list, listOK := right.asList()
	t, textOK := left.asText()
	if !listOK || !textOK {
		c.fault(n, diag.TypeMismatch, c.listHint(n, right), "in wants a text and a list, got %s and %s", left.kind, right.kind)
		return nil
	}
	if wanted, constant := left.constText(); constant && right.kind != categoryList { // a code is in the form of those of the cart
		return listHas(right, list, wanted)
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
