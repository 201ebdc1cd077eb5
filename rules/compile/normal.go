package compile

import (
	"errors"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// Normal writes an expression as all are written that have the same parts: with its
// own brackets and blanks, and with and, or and not for their signs. Define says what
// a name stands for, in the same form, and false for others; it may be nil. A text
// that is no expression comes back as it is.
func Normal(expression string, define func(name string) (string, bool)) string {
	tree, err := normalTree(expression)
	if err != nil {
		return expression
	}
	ast.Walk(&tree.Node, normaliser{define})
	return tree.Node.String()
}

func normalTree(expression string) (*parser.Tree, error) {
	if len(expression) > maxSource {
		return nil, errors.New("too long")
	}
	return parser.ParseWithConfig(expression, &conf.Config{MaxNodes: maxNodes})
}

type normaliser struct {
	define func(name string) (string, bool)
}

// Visit implements ast.Visitor.
func (n normaliser) Visit(node *ast.Node) {
	switch x := (*node).(type) {
	case *ast.BinaryNode:
		switch x.Operator {
		case "&&":
			x.Operator = "and"
		case "||":
			x.Operator = "or"
		}
	case *ast.UnaryNode:
		if x.Operator == "!" {
			x.Operator = "not"
		}
	case *ast.IdentifierNode:
		if n.define == nil {
			return
		}
		if definition, ok := n.define(x.Value); ok {
			if tree, err := normalTree(definition); err == nil {
				*node = tree.Node
			}
		}
	}
}
