package compile

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Limits on one expression. They bound the cost of evaluating it. A step is the
// evaluation of one part of the expression; what a predicate holds counts once
// for each element, and a name counts as much as what it stands for, so that
// neither names built on names nor predicates inside them grow without bound.
const (
	maxSource     = 4096 // bytes; checked before parsing, because the parser recurses
	maxNodes      = 512
	maxPredicates = 2
	maxPattern    = 256        // bytes of a regular expression
	maxSteps      = 10_000_000 // for one cart of engine.MaxLines lines
	usualTexts    = 50         // the length that a list of texts is taken to have
)

// checker compiles one expression: it finds every fault in the expression's
// syntax tree and builds the functions that evaluate it.
type checker struct {
	value      syntax.Value // the scalar that holds the expression
	source     []rune
	spans      *spans // built when it is first needed
	vars       variables
	pointer    []operand // what # stands for, innermost last
	predicates int
	parts      int
	weight     int64 // how often the part at hand is evaluated at most
	steps      int64
	reads      reads // what the variables met so far depend on
	expression int   // its number where somebody observes
}

// compileExpression compiles the scalar's text. The operand is invalid when a
// fault was reported.
func compileExpression(v syntax.Value, vars variables) operand {
	if vars.met != nil {
		vars.met(v)
	}
	if v.Kind() != syntax.Scalar {
		v.Report(diag.WrongValue, "", "want an expression, got %s", v.Describe())
		return operand{}
	}
	source := v.Text()
	if len(source) > maxSource {
		v.Report(diag.TooCostly, "split it into named conditions or sets",
			"the expression has %d bytes; at most %d are allowed", len(source), maxSource)
		return operand{}
	}
	c := &checker{value: v, source: []rune(source), vars: vars, weight: 1, expression: vars.watch.begin(v)}
	tree, err := parser.ParseWithConfig(source, &conf.Config{MaxNodes: maxNodes})
	if err != nil {
		c.reportSyntax(err)
		return operand{}
	}
	o := c.compile(tree.Node)
	o.reads, o.steps, o.expression = c.reads, c.steps, c.expression
	return c.affordable(o)
}

// affordable reports an expression that could take too long.
func (c *checker) affordable(o operand) operand {
	switch {
	case c.parts > maxNodes:
		c.value.Report(diag.TooCostly, "split it into named conditions or sets", "the expression has more than %d parts", maxNodes)
	case o.kind != invalid && c.steps > c.vars.budget:
		c.value.Report(diag.TooCostly, "use fewer predicates inside predicates, and fewer names that are built on such",
			"the expression can take more than the %d steps that are allowed", c.vars.budget)
	default:
		return o
	}
	return operand{}
}

// fault reports a fault at the node and returns the invalid operand.
func (c *checker) fault(n ast.Node, code diag.Code, hint, format string, args ...any) operand {
	from, to := c.span(n)
	c.value.ReportAt(from, to, code, hint, format, args...)
	return operand{}
}

// span returns the characters of the source that the node covers, without
// brackets around the whole.
func (c *checker) span(n ast.Node) (from, to int) {
	if c.spans == nil {
		c.spans = newSpans(string(c.source))
	}
	return c.spans.characters(n)
}

// text returns the source of the node.
func (c *checker) text(n ast.Node) string {
	from, to := c.span(n)
	return string(c.source[from:to])
}

// compile compiles a node. A part that the tree holds twice, such as the middle
// of 1 < a < 3, is compiled twice and counted twice.
func (c *checker) compile(node ast.Node) operand {
	if c.parts++; c.parts > maxNodes {
		return operand{} // reported at the end
	}
	o := c.part(node)
	if o.constant {
		return o.folded()
	}
	c.charge(c.weight)
	return o
}

func (c *checker) part(node ast.Node) operand {
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
		return c.notAllowed(node)
	}
}

// notAllowed reports a part of expr's language that rules have no use for.
func (c *checker) notAllowed(n ast.Node) operand {
	what, hint := "this", ""
	switch n.(type) {
	case *ast.VariableDeclaratorNode:
		what, hint = "let", "give the part a name under sets or conditions"
	case *ast.SequenceNode:
		what, hint = "a ; between expressions", "join conditions with and"
	case *ast.MapNode:
		what = "a mapping in { }"
	case *ast.SliceNode:
		what = "a part of a text or of a list"
	case *ast.BytesNode:
		what = "a text of bytes"
	}
	return c.fault(n, diag.NotAllowed, hint, "%s cannot be used in rules", what)
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
		c.use(o)
		return o
	}
	hint := c.ofElement(n)
	if hint == "" {
		hint = c.vars.hint(n.Value)
	}
	return c.fault(n, diag.UnknownName, hint, "unknown name %q", n.Value)
}

// use notes what a variable costs and depends on.
func (c *checker) use(o operand) {
	c.reads |= o.reads
	c.charge(c.weight * o.steps)
}

// charge adds steps, of which there are soon more than can be counted.
func (c *checker) charge(steps int64) { c.steps = min(c.steps+steps, 1<<40) }

// ofElement is the advice to write .quantity where quantity stands in a
// predicate over lines.
func (c *checker) ofElement(n ast.Node) string {
	if len(c.pointer) == 0 {
		return ""
	}
	return partOf(c.pointer[len(c.pointer)-1], n)
}

func partOf(element operand, n ast.Node) string {
	name, ok := n.(*ast.IdentifierNode)
	if !ok || element.kind != record {
		return ""
	}
	if _, ok := element.fields.get(name.Value); !ok {
		return ""
	}
	return fmt.Sprintf("write .%s for that of the line", name.Value)
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
	case base.kind != record:
		return c.fault(n, diag.TypeMismatch, c.memberHint(n), "%s has no parts", base.kind)
	case !named:
		return c.fault(n, diag.TypeMismatch, base.fields.hint, "a part of %s is named by a text in quotes", base.fields.title)
	}
	if o, ok := base.fields.get(property.Value); ok {
		c.use(o)
		return o
	}
	return c.fault(property, diag.UnknownName, base.fields.missing(property.Value, c.vars), "%s has no %q", base.fields.title, property.Value)
}

// memberHint explains why a set has no facts in an item expression.
func (c *checker) memberHint(n *ast.MemberNode) string {
	name, ok := n.Node.(*ast.IdentifierNode)
	if !ok || !c.vars.isSet(name.Value) {
		return ""
	}
	return fmt.Sprintf("here %s tells whether one item is in the set; use %s in when", name.Value, c.text(n))
}

// want reports that the node is not what is needed there.
func (c *checker) want(n ast.Node, got operand, wanted string) operand {
	if got.kind == invalid {
		return got
	}
	hint := c.ofElement(n)
	if hint == "" && got.fields != nil {
		hint = got.fields.hint
	}
	return c.fault(n, diag.TypeMismatch, hint, "want %s, got %s", wanted, got.kind)
}
