package compile

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Tree is the syntax tree of an expression, for tools that look into it. It is not
// safe for concurrent use.
type Tree struct {
	Root   ast.Node
	value  syntax.Value
	source []rune
	spans  *spans
}

// ParseTree reads the expression that a scalar holds. It fails for what Compile
// refuses to read.
func ParseTree(v syntax.Value) (*Tree, bool) {
	source := v.Text()
	if v.Kind() != syntax.Scalar || len(source) > maxSource {
		return nil, false
	}
	parsed, err := parser.ParseWithConfig(source, &conf.Config{MaxNodes: maxNodes})
	if err != nil {
		return nil, false
	}
	return &Tree{Root: parsed.Node, value: v, source: []rune(source), spans: newSpans(source)}, true
}

// Span returns the characters of the expression that the node covers, without
// brackets around the whole.
func (t *Tree) Span(n ast.Node) (from, to int) { return t.spans.characters(n) }

// Text is the source of the node.
func (t *Tree) Text(n ast.Node) string {
	from, to := t.Span(n)
	return string(t.source[from:to])
}

// Range is the place of the node in the file.
func (t *Tree) Range(n ast.Node) diag.Range {
	from, to := t.Span(n)
	return t.value.RangeOf(from, to)
}

// RangeOf is the place of some characters of the expression in the file.
func (t *Tree) RangeOf(from, to int) diag.Range { return t.value.RangeOf(from, to) }

// Source is the expression, as it reads without YAML's quotes.
func (t *Tree) Source() []rune { return t.source }

// Value is the scalar that holds the expression.
func (t *Tree) Value() syntax.Value { return t.value }

// Words writes the expression so that two of the same words are equal, whatever
// their blanks and quotes.
func Words(source string) string { return wordsOf(source) }
