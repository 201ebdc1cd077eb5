package compile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// part is a piece of a generated expression: its source, how tightly it binds,
// and the parts that the parser makes of it.
type part struct {
	source string
	binds  int // as in expr's table of operators; 1000 for what needs no brackets
	parts  []*part
}

// writer writes random expressions in all of expr's syntax, with blanks,
// comments and needless brackets in random places.
type writer struct {
	t      *rapid.T
	spaces []string
}

func (w *writer) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(w.t, label)
}

func (w *writer) chance(label string, outOf int) bool {
	return rapid.IntRange(1, outOf).Draw(w.t, label) == 1
}

// gap is white space, which may hold a comment with a bracket.
func (w *writer) gap() string { return w.pick("gap", w.spaces...) }

// inside writes p where something that binds at least as tightly is needed.
func (w *writer) inside(p *part, binds int) string {
	source := p.source
	if p.binds < binds || w.chance("brackets", 8) {
		source = "(" + w.gap() + source + w.gap() + ")"
	}
	return source
}

func leaf(source string) *part { return &part{source: source, binds: 1000} }

func (w *writer) expression(depth int) *part {
	if depth <= 0 {
		return w.primary()
	}
	kinds := []func(int) *part{
		w.binary, w.binary, w.binary, w.chain, w.unary, w.notIn, w.member, w.index, w.slice,
		w.choice, w.ifElse, w.call, w.predicate, w.pipe, w.list, w.mapping, w.coalesce,
	}
	return kinds[rapid.IntRange(0, len(kinds)-1).Draw(w.t, "kind")](depth - 1)
}

func (w *writer) primary() *part {
	return leaf(w.pick("primary", "a", "größe", "x1", "12", "0.5", "1_000", "true", "nil", `"tv"`, `'(]'`, `"it's {"`, "`a ) b`", `"\"("`, `'ä]'`, `""`))
}

func (w *writer) binary(depth int) *part {
	op := w.pick("operator", "or", "and", "&&", "||", "==", "!=", "in", "contains", "matches", "..", "+", "-", "*", "/", "%")
	binds := map[string]int{"or": 10, "||": 10, "and": 15, "&&": 15, "..": 25, "+": 30, "-": 30, "*": 60, "/": 60, "%": 60}[op]
	left := binds
	if binds == 0 { // the comparisons
		binds, left = 20, 21
	}
	a, b := w.expression(depth), w.expression(depth)
	source := w.inside(a, left) + " " + w.gap() + op + " " + w.gap() + w.inside(b, binds+1)
	return &part{source: source, binds: binds, parts: []*part{a, b}}
}

// chain is a < b < c, which the parser reads as a < b && b < c.
func (w *writer) chain(depth int) *part {
	a, b, c := w.expression(depth), w.expression(depth), w.expression(depth)
	first, second, third := w.inside(a, 21), w.inside(b, 21), w.inside(c, 21)
	left := &part{source: first + " < " + second, binds: 20, parts: []*part{a, b}}
	right := &part{source: second + " <= " + third, binds: 20, parts: []*part{b, c}}
	return &part{source: first + " < " + second + " <= " + third, binds: 20, parts: []*part{left, right}}
}

func (w *writer) unary(depth int) *part {
	op := w.pick("prefix", "not ", "!", "-", "+")
	binds := map[string]int{"not ": 50, "!": 50}[op]
	if binds == 0 {
		binds = 90
	}
	a := w.expression(depth)
	return &part{source: op + w.gap() + w.inside(a, binds+1), binds: binds, parts: []*part{a}}
}

// notIn is a not in b: to the parser a not around an in, both of the same text.
func (w *writer) notIn(depth int) *part {
	op := w.pick("negated", "in", "contains", "startsWith", "endsWith", "matches")
	a, b := w.expression(depth), w.expression(depth)
	source := w.inside(a, 21) + " not " + op + " " + w.inside(b, 21)
	return &part{source: source, binds: 20, parts: []*part{{source: source, parts: []*part{a, b}}}}
}

func (w *writer) member(depth int) *part {
	a := w.expression(depth)
	name := w.pick("name", "quantity", "x", "in", "größe")
	dot := w.pick("dot", ".", ".", ".", "?.")
	return &part{source: w.base(a) + w.gap() + dot + name, binds: 1000, parts: []*part{a, leaf(name)}}
}

// base writes what a part is taken of, which to the parser is no number, true,
// false or nil.
func (w *writer) base(p *part) string {
	source := w.inside(p, 999)
	if strings.Trim(source, "0123456789._") == "" || source == "true" || source == "nil" {
		return "(" + source + ")"
	}
	return source
}

func (w *writer) index(depth int) *part {
	a, i := w.expression(depth), w.expression(depth)
	return &part{source: w.base(a) + "[" + w.gap() + w.inside(i, 0) + "]", binds: 1000, parts: []*part{a, i}}
}

func (w *writer) slice(depth int) *part {
	a, from, to := w.expression(depth), w.expression(depth), w.expression(depth)
	source := w.base(a) + "[" + w.inside(from, 1) + w.gap() + ":" + w.inside(to, 1) + "]"
	return &part{source: source, binds: 1000, parts: []*part{a, from, to}}
}

func (w *writer) choice(depth int) *part {
	a, b, c := w.expression(depth), w.expression(depth), w.expression(depth)
	source := w.inside(a, 5) + w.gap() + " ? " + w.inside(b, 5) + " : " + w.gap() + w.inside(c, 5)
	return &part{source: source, binds: 3, parts: []*part{a, b, c}}
}

func (w *writer) ifElse(depth int) *part {
	a, b, c := w.expression(depth), w.expression(depth), w.expression(depth)
	source := "if " + w.inside(a, 5) + " {" + w.inside(b, 1) + "}" + w.gap() + "else { " + w.inside(c, 1) + "}"
	return &part{source: source, binds: 2, parts: []*part{a, b, c}}
}

// call is a function of expr, or one that it does not know, of which the name
// is a part of its own.
func (w *writer) call(depth int) *part {
	name := w.pick("function", "lower", "max", "hasPrefix", "unknown")
	p := &part{binds: 1000}
	if name == "unknown" {
		p.parts = append(p.parts, leaf(name))
	}
	var sources []string
	for range rapid.IntRange(0, 2).Draw(w.t, "arguments") {
		a := w.expression(depth)
		p.parts, sources = append(p.parts, a), append(sources, w.inside(a, 1))
	}
	p.source = name + w.gap() + "(" + w.gap() + strings.Join(sources, w.gap()+", ") + ")"
	return p
}

// predicate is any(a, b), where b may stand in braces and begin with # or a dot.
func (w *writer) predicate(depth int) *part {
	a, body := w.expression(depth), w.body(depth)
	source := w.pick("predicate", "any", "filter", "sum") + "(" + w.inside(a, 1) + "," + w.gap() + body.source + w.gap() + ")"
	return &part{source: source, binds: 1000, parts: []*part{a, body}}
}

func (w *writer) body(depth int) *part {
	var a *part
	switch w.pick("element", "#", ".x", "other") {
	case "#":
		a = leaf("#")
	case ".x":
		a = &part{source: ".quantity", binds: 1000, parts: []*part{leaf("."), leaf("quantity")}}
	default:
		a = w.expression(depth)
	}
	source := w.inside(a, 1)
	if w.chance("braces", 4) {
		source = "{" + w.gap() + source + "}"
	}
	return &part{source: source, parts: []*part{a}}
}

func (w *writer) pipe(depth int) *part {
	a, body := w.expression(depth), w.body(depth)
	source := w.inside(a, 999) + w.gap() + "| " + w.pick("predicate", "any", "count") + "(" + body.source + ")"
	return &part{source: source, binds: 1, parts: []*part{a, body}}
}

func (w *writer) list(depth int) *part {
	p := &part{binds: 1000}
	var sources []string
	for range rapid.IntRange(0, 3).Draw(w.t, "elements") {
		a := w.expression(depth)
		p.parts, sources = append(p.parts, a), append(sources, w.inside(a, 1))
	}
	p.source = "[" + strings.Join(sources, ", "+w.gap()) + w.gap() + "]"
	return p
}

func (w *writer) mapping(depth int) *part {
	a := w.expression(depth)
	pair := &part{source: "key:" + w.gap() + w.inside(a, 1), parts: []*part{leaf("key"), a}}
	return &part{source: "{" + w.gap() + pair.source + "}", binds: 1000, parts: []*part{pair}}
}

func (w *writer) coalesce(depth int) *part {
	a, b := w.expression(depth), w.expression(depth)
	return &part{source: w.inside(a, 999) + " ?? " + w.inside(b, 999), binds: 4, parts: []*part{a, b}}
}

// program is what only the top of an expression may be.
func (w *writer) program(depth int) *part {
	a, b := w.expression(depth), w.expression(depth)
	switch w.pick("program", "expression", "expression", "let", "sequence") {
	case "let":
		return &part{source: "let x = " + w.inside(a, 1) + "; " + w.inside(b, 1), parts: []*part{a, b}}
	case "sequence":
		return &part{source: w.inside(a, 1) + "; " + w.inside(b, 1), parts: []*part{a, b}}
	default:
		return a
	}
}

// scalarStyles writes an expression as a YAML scalar.
func scalarStyles() map[string]func(source string) string {
	return map[string]func(source string) string{
		"plain":  func(s string) string { return "when: " + s + "\n" },
		"single": func(s string) string { return "a: 1\nwhen:   '" + strings.ReplaceAll(s, "'", "''") + "'\n" },
		"double": func(s string) string {
			return `{ü: "größe", when: "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "ä", `\u00e4`, "(", `\x28`).Replace(s) + "\"}\n"
		},
		"literal": func(s string) string { return "when: |\n    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n" },
		"folded":  func(s string) string { return "when: >-\n  " + strings.ReplaceAll(s, "\n", "\n\n  ") + "\n" },
		"folded over lines": func(s string) string {
			return "when: >-\n  " + strings.ReplaceAll(strings.ReplaceAll(s, "\n", "\n\n  "), " ? ", " ?\n  ") + "\n"
		},
	}
}

// TestSpansAreTheSourceOfTheirParts demands of every part of random expressions
// that its text is its source, and that its ends are found in the file.
func TestSpansAreTheSourceOfTheirParts(t *testing.T) {
	for style, write := range scalarStyles() {
		t.Run(style, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := &writer{t: t, spaces: []string{"", "", " ", "  ", "/* )[ */"}}
				if style != "plain" && style != "single" { // these cannot hold a line end
					w.spaces = append(w.spaces, "\n", "// ( \n")
				}
				p := w.program(3)
				file := write(p.source)
				v := syntax.Parse("f.yaml", []byte(file)).Root().Map("when", "a", "ü").Get("when")
				if strings.TrimSpace(v.Text()) != strings.TrimSpace(p.source) {
					t.Skip("this text cannot be written in this style")
				}
				checkSpans(t, v, file, p)
			})
		})
	}
}

func checkSpans(t *rapid.T, v syntax.Value, file string, p *part) {
	tree, err := parser.Parse(v.Text())
	if err != nil {
		t.Skip("not an expression, draw another: ", err) // few are; rapid fails when too many are
	}
	c := &checker{value: v, source: []rune(v.Text())}
	var walk func(n ast.Node, p *part)
	walk = func(n ast.Node, p *part) {
		if got := c.text(n); got != p.source {
			t.Fatalf("in %s\nthe %T has the text %q, want %q", v.Text(), n, got, p.source)
		}
		checkEnds(t, c, file, n)
		if chain, ok := n.(*ast.ChainNode); ok {
			n = chain.Node // of the same text
		}
		below := children(n)
		if len(below) != len(p.parts) {
			t.Fatalf("%q: the parser sees %d parts, want %d", p.source, len(below), len(p.parts))
		}
		for i, child := range below {
			walk(child, p.parts[i])
		}
	}
	walk(tree.Node, p)
}

// checkEnds compares the first and the last character of a part with what
// stands in the file there.
func checkEnds(t *rapid.T, c *checker, file string, n ast.Node) {
	from, to := c.span(n)
	whole := c.value.RangeOf(from, to)
	first, last := c.value.RangeOf(from, from+1), c.value.RangeOf(to-1, to)
	if whole.Start != first.Start || whole.End != last.End {
		t.Fatalf("%q ranges over %v, its ends over %v and %v", c.text(n), whole, first, last)
	}
	for at, r := range map[diag.Range]rune{first: c.source[from], last: c.source[to-1]} {
		if got := characterAt(file, at); got != string(r) {
			t.Fatalf("in\n%s\n%q of %q is said to stand at %v, where %q is", file, r, c.text(n), at.Start, got)
		}
	}
}

// characterAt is the character that the file has in the range, without the
// quoting of YAML.
func characterAt(file string, at diag.Range) string {
	line := []rune(strings.Split(file, "\n")[at.Start.Line-1])
	written := string(line[at.Start.Column-1 : at.End.Column-1])
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, "''", "'", `\u00e4`, "ä", `\x28`, "(").Replace(written)
}

func TestSpansOfPartsThatEndInBrackets(t *testing.T) {
	for _, c := range []struct{ name, source, find, want string }{
		{"brackets at the start", "(price + 1) * 2 > 3", ">", "(price + 1) * 2 > 3"},
		{"brackets on both sides", "(a or b) and (c or d)", "and", "(a or b) and (c or d)"},
		{"needless brackets around the whole are left out", "((a and b))", "and", "a and b"},
		{"a choice ends with itself", "f(a ? b : c, d)", "?", "a ? b : c"},
		{"an empty call", "a == now()", "==", "a == now()"},
		{"a bracket in a text", `a == "(" or b == ")"`, "==", `a == "("`},
		{"a bracket in a comment", "a /* ( */ == b /* ) */ or c", "==", "a /* ( */ == b"},
		{"an index", "x[(1)] == y[2]", "==", "x[(1)] == y[2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, err := parser.Parse(c.source)
			if err != nil {
				t.Fatal(err)
			}
			check := &checker{source: []rune(c.source)}
			found := finder{operator: c.find}
			ast.Walk(&tree.Node, &found)
			if got := check.text(found.node); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// finder finds the first node with an operator.
type finder struct {
	operator string
	node     ast.Node
}

func (f *finder) Visit(node *ast.Node) {
	name := ""
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		name = n.Operator
	case *ast.ConditionalNode:
		name = "?"
	}
	if f.node == nil && name == f.operator {
		f.node = *node
	}
}

// TestSpansOfSharedPartsAreFoundOnce would not end if the middle of each
// comparison were looked at twice at every depth.
func TestSpansOfSharedPartsAreFoundOnce(t *testing.T) {
	source := "1"
	for i := range 60 {
		source = fmt.Sprintf("(0 < %s < %d ? 1 : 2)", source, i)
	}
	tree, err := parser.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{source: []rune(source)}
	if got, want := c.text(tree.Node), source[1:len(source)-1]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
