package compile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Limits on one expression. They bound the cost of evaluating it: a predicate
// runs once for each of at most engine.MaxLines lines, so the deepest one runs
// MaxLines^maxPredicates times.
const (
	maxSource     = 4096 // bytes; checked before parsing, because the parser recurses
	maxNodes      = 512
	maxPredicates = 2
	maxPattern    = 256 // bytes of a regular expression
)

// namespace is the set of variables an expression may use.
type namespace interface {
	// lookup returns the variable, and false when there is none.
	lookup(name string) (operand, bool)
	// names returns all variables, for suggestions.
	names() []string
}

// checker compiles one expression: it finds every fault in the expression's
// syntax tree and builds the functions that evaluate it.
type checker struct {
	value      syntax.Value // the scalar that holds the expression
	source     []rune
	vars       namespace
	pointer    []operand // what # stands for, innermost last
	predicates int
	reads      reads // what the variables met so far depend on
}

// compileExpression compiles the scalar's text. The operand is invalid when a
// fault was reported.
func compileExpression(v syntax.Value, vars namespace) operand {
	if v.Kind() != syntax.Scalar {
		v.WantText()
		return operand{}
	}
	source := v.Text()
	if len(source) > maxSource {
		v.Report(diag.TooCostly, "split it into named conditions or sets",
			"the expression has %d bytes; at most %d are allowed", len(source), maxSource)
		return operand{}
	}
	c := &checker{value: v, source: []rune(source), vars: vars}
	tree, err := parser.ParseWithConfig(source, &conf.Config{MaxNodes: maxNodes})
	if err != nil {
		c.reportSyntax(err)
		return operand{}
	}
	o := c.compile(tree.Node)
	o.reads = c.reads
	return o
}

// reportSyntax reports what the parser says.
func (c *checker) reportSyntax(err error) {
	var at *file.Error
	if !errors.As(err, &at) {
		c.value.Report(diag.BadExpression, "", "%v", err)
		return
	}
	if strings.Contains(at.Message, "maximum allowed nodes") {
		c.value.Report(diag.TooCostly, "split it into named conditions or sets",
			"the expression has more than %d parts", maxNodes)
		return
	}
	message := strings.ReplaceAll(at.Message, "token EOF", "end of the expression")
	c.value.ReportAt(at.From, max(at.To, at.From+1), diag.BadExpression, "", "%s", message)
}

// fault reports a fault at the node and returns the invalid operand.
func (c *checker) fault(n ast.Node, code diag.Code, hint, format string, args ...any) operand {
	from, to := c.span(n)
	c.value.ReportAt(from, to, code, hint, format, args...)
	return operand{}
}

// text returns the source of the node.
func (c *checker) text(n ast.Node) string {
	from, to := c.span(n)
	return string(c.source[from:to])
}

// compile compiles a node.
func (c *checker) compile(node ast.Node) operand {
	switch n := node.(type) {
	case *ast.BoolNode:
		return constantBool(n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		return c.number(node)
	case *ast.StringNode:
		return constantText(n.Value)
	case *ast.NilNode:
		return operand{kind: nothing, constant: true}
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.PointerNode:
		return c.pointerTo(n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.ChainNode:
		return c.compile(n.Node)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.CallNode:
		return c.call(n)
	default:
		return c.fault(node, diag.NotAllowed, "", "this cannot be used in rules")
	}
}

// number reads a literal from the source, because the parser's float has lost
// digits.
func (c *checker) number(n ast.Node) operand {
	location := n.Location()
	literal := string(c.source[location.From:location.To])
	d, err := engine.ParseDecimal(literal)
	if err != nil {
		return c.fault(n, diag.BadExpression, "write it as a decimal number of at most 18 digits", "%q is not a number that can be kept exactly", literal)
	}
	return constantNumber(d)
}

func (c *checker) identifier(n *ast.IdentifierNode) operand {
	if o, ok := c.vars.lookup(n.Value); ok {
		c.reads |= o.reads
		return o
	}
	return c.fault(n, diag.UnknownName, diag.Suggest(n.Value, c.vars.names()), "unknown name %q", n.Value)
}

func (c *checker) pointerTo(n *ast.PointerNode) operand {
	if n.Name != "" || len(c.pointer) == 0 {
		return c.fault(n, diag.NotAllowed, "use # for the element", "#%s cannot be used in rules", n.Name)
	}
	return c.pointer[len(c.pointer)-1]
}

func (c *checker) member(n *ast.MemberNode) operand {
	base := c.compile(n.Node)
	property, named := n.Property.(*ast.StringNode)
	switch {
	case base.kind == invalid:
		return base
	case base.kind != record || !named || n.Method:
		return c.fault(n, diag.TypeMismatch, "", "%s has no parts to pick from", base.kind)
	}
	if o, ok := base.fields.get(property.Value); ok {
		c.reads |= o.reads
		return o
	}
	hint := diag.Suggest(property.Value, base.fields.names)
	if base.fields.title == "customer" {
		hint = fmt.Sprintf("write customer.attributes.%s for a fact of your own; customer itself has %s", property.Value, strings.Join(base.fields.names, ", "))
	}
	return c.fault(n, diag.UnknownName, hint, "%s has no %q", base.fields.title, property.Value)
}

// want reports that the node is not what is needed there.
func (c *checker) want(n ast.Node, got operand, wanted string) operand {
	if got.kind == invalid {
		return got
	}
	hint := ""
	if got.fields != nil {
		hint = got.fields.hint
	}
	return c.fault(n, diag.TypeMismatch, hint, "want %s, got %s", wanted, got.kind)
}

// span returns the characters of the source that the node covers. The parser
// keeps the place of operators and names only, so the span is that of the whole
// subtree, extended over the brackets that belong to it.
func (c *checker) span(n ast.Node) (from, to int) {
	bounds := &extent{from: len(c.source), to: 0}
	ast.Walk(&n, bounds)
	from, to = bounds.from, min(bounds.to, len(c.source))
	if from > to {
		from = to
	}
	return from, c.closeBrackets(from, to)
}

// extent is a visitor that finds the first and the last character of a tree.
type extent struct{ from, to int }

// Visit implements ast.Visitor.
func (x *extent) Visit(node *ast.Node) {
	location := (*node).Location()
	if _, pointer := (*node).(*ast.PointerNode); !pointer && location.To == location.From {
		return
	}
	x.from, x.to = min(x.from, location.From), max(x.to, location.To)
}

// closeBrackets moves to over the brackets that are opened but not closed
// between from and to.
func (c *checker) closeBrackets(from, to int) int {
	open := 0
	var quote rune
	for i := from; i < len(c.source); i++ {
		r := c.source[i]
		switch {
		case quote != 0 && r == '\\':
			i++
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			if i >= to {
				return to
			}
			quote = r
		case r == '(' || r == '[' || r == '{':
			open++
		case r == ')' || r == ']' || r == '}':
			if open == 0 {
				return to
			}
			open--
			if i >= to {
				to = i + 1
			}
		}
		if i+1 >= to && open == 0 && quote == 0 {
			return to
		}
	}
	return to
}
