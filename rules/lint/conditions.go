package lint

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// conditions looks for what is never or always true, in definitions and in
// promotions. A finding in a definition is not repeated where it is used.
func (l *linter) conditions() {
	for _, name := range l.names {
		d := l.definitions[name]
		if d.tree == nil {
			continue
		}
		c := &conditionLinter{linter: l, expression: l.inCart(d.tree), what: "the condition " + name, removable: false}
		if d.isSet {
			c.expression, c.what, c.isSet = l.inItem(d.tree), "the set "+name, true
		}
		before := len(l.findings)
		c.whole(constant(true))
		l.reported[name] = len(l.findings) > before
	}
	for _, p := range l.promotions {
		if p.when == nil {
			continue
		}
		c := &conditionLinter{linter: l, expression: l.inCart(p.when), what: "the condition of " + p.ID, promotion: p}
		c.whole(l.during(p.Schedule))
	}
}

// during is what the schedule says of the instant.
func (l *linter) during(s engine.Schedule) *formula {
	e := expression{translator: l.translator}
	zone := s.Location
	if zone == nil {
		zone = time.UTC
	}
	var parts []*formula
	date, _ := e.cartOperand("now", "date")
	year, _ := e.cartOperand("now", "year")
	if !s.From.IsZero() {
		from := s.From.In(zone)
		parts = append(parts, ofFact(e.fact(date), passing(">=", textPoint(from.Format(time.DateOnly)))),
			ofFact(e.fact(year), passing(">=", numberPoint(engine.NewDecimal(int64(from.Year()))))))
	}
	if !s.Until.IsZero() {
		until := s.Until.Add(-1).In(zone)
		parts = append(parts, ofFact(e.fact(date), passing("<=", textPoint(until.Format(time.DateOnly)))),
			ofFact(e.fact(year), passing("<=", numberPoint(engine.NewDecimal(int64(until.Year()))))))
	}
	if from, until := s.From.In(zone), s.Until.Add(-1).In(zone); !s.From.IsZero() && !s.Until.IsZero() && from.Year() == until.Year() {
		month, _ := e.cartOperand("now", "month")
		whole := func(m time.Month) bound { return closed(numberPoint(engine.NewDecimal(int64(m)))) }
		parts = append(parts, ofFact(e.fact(month), between(whole(from.Month()), whole(until.Month()))))
	}
	if s.Days != 0 {
		var days []point
		for d := time.Sunday; d <= time.Saturday; d++ {
			if s.Days.Has(d) {
				days = append(days, textPoint(strings.ToLower(d.String()[:3])))
			}
		}
		day, _ := e.cartOperand("now", "weekday")
		parts = append(parts, ofFact(e.fact(day), onlyPoints(days...)))
	}
	return all(parts...)
}

// conditionLinter looks at one expression.
type conditionLinter struct {
	*linter
	expression
	what      string
	isSet     bool
	removable bool
	promotion *promotion // nil for a definition
}

// whole looks at the whole expression, where the context holds.
func (c *conditionLinter) whole(context *formula) {
	root := c.tree.Root
	f := c.formula(root)
	switch {
	case c.never2(context, f):
		if c.blamed(root) {
			return
		}
		finding := c.at(root, diag.NeverTrue, c.neverHint(), "%s is never true", c.what)
		if c.isSet {
			finding.Message = "no item can be in " + c.what
		}
		c.concern(finding)
		c.nearest(finding)
	case c.never2(context, not(f)):
		if c.blamed(root) {
			return
		}
		finding := c.at(root, diag.AlwaysTrue, "leave it out", "%s is always true", c.what)
		c.concern(finding)
		if c.isSet {
			finding.Message, finding.Hint = "every item is in "+c.what, "use order, or say which items are meant"
		} else if c.promotion != nil {
			finding.Fix = c.withoutEntry(c.promotion.Value, "when", "Remove the condition, which is always true")
			c.anyCart(finding)
		}
	default:
		c.parts(root, context)
	}
}

func (c *conditionLinter) neverHint() string {
	if c.isSet {
		return "two of its parts contradict each other"
	}
	return "two of its parts, or a part and the schedule, contradict each other"
}

func (c *conditionLinter) concern(f *Finding) {
	if c.promotion != nil {
		f.Promotions = []string{c.promotion.ID}
	}
}

// never2 reports whether both never hold at once.
func (c *conditionLinter) never2(a, b *formula) bool { return c.folder.solver().never(all(a, b)) }

// blamed reports whether the node is a name about which there is a finding already,
// or a constant that somebody wrote on purpose.
func (c *conditionLinter) blamed(n ast.Node) bool {
	name, ok := n.(*ast.IdentifierNode)
	return ok && c.reported[name.Value]
}

func (c *conditionLinter) at(n ast.Node, code diag.Code, hint, format string, args ...any) *Finding {
	from, to := c.tree.Span(n)
	return c.add(c.tree.Value().DiagnosticAt(from, to, code, hint, format, args...), diag.SeverityWarning)
}

// parts looks at the parts that and or or join. A part of and is looked at where
// the others hold, a part of or where they do not; of two that say the same the
// later one is found.
func (c *conditionLinter) parts(n ast.Node, context *formula) {
	b, ok := n.(*ast.BinaryNode)
	if !ok {
		return
	}
	isAnd := b.Operator == "and" || b.Operator == "&&"
	if !isAnd && b.Operator != "or" && b.Operator != "||" {
		return
	}
	terms := termsOf(b, isAnd)
	dropped := make([]bool, len(terms))
	for i := len(terms) - 1; i >= 0; i-- {
		around := []*formula{context}
		for j, other := range terms {
			switch {
			case i == j || dropped[j]:
			case isAnd:
				around = append(around, c.formula(other.node))
			default:
				around = append(around, not(c.formula(other.node)))
			}
		}
		dropped[i] = c.part(terms[i], isAnd, all(around...))
	}
}

// part looks at one of several parts, and reports whether it has no bearing.
func (c *conditionLinter) part(t term, isAnd bool, context *formula) bool {
	f := c.formula(t.node)
	var finding *Finding
	switch {
	case c.blamed(t.node):
		return false
	case isAnd && c.never2(constant(true), not(f)):
		finding = c.at(t.node, diag.AlwaysTrue, "leave it out", "%s is always true", c.tree.Text(t.node))
	case isAnd && c.never2(context, not(f)):
		finding = c.at(t.node, diag.AlwaysTrue, "leave it out", "%s is true wherever the other parts are", c.tree.Text(t.node))
	case !isAnd && c.never2(constant(true), f):
		finding = c.at(t.node, diag.NeverTrue, "leave it out, or put it right", "%s is never true", c.tree.Text(t.node))
	case !isAnd && c.never2(context, f):
		finding = c.at(t.node, diag.NeverTrue, "leave it out, or put it right", "%s is true only where another part is", c.tree.Text(t.node))
	default:
		c.parts(t.node, context)
		return false
	}
	c.concern(finding)
	finding.Fix = c.withoutPart(t)
	return true
}

// term is a part that an operator joins with another.
type term struct {
	node ast.Node
	in   *ast.BinaryNode
	left bool
}

func termsOf(b *ast.BinaryNode, isAnd bool) []term {
	var terms []term
	for i, side := range []ast.Node{b.Left, b.Right} {
		inner, ok := side.(*ast.BinaryNode)
		sameAnd := ok && (inner.Operator == "and" || inner.Operator == "&&")
		sameOr := ok && (inner.Operator == "or" || inner.Operator == "||")
		if isAnd && sameAnd || !isAnd && sameOr {
			terms = append(terms, termsOf(inner, isAnd)...)
			continue
		}
		terms = append(terms, term{side, b, i == 0})
	}
	return terms
}

// withoutPart takes a part and its operator out of the expression. There is none
// for parts that share their text, as in 1 < x < 3.
func (c *conditionLinter) withoutPart(t term) *diag.Fix {
	source := c.tree.Source()
	from, to := c.tree.Span(t.in)
	_, leftEnd := c.tree.Span(t.in.Left)
	rightStart, _ := c.tree.Span(t.in.Right)
	at := t.in.Location()
	if leftEnd > at.From || rightStart < at.To || at.From <= from || at.To >= to {
		return nil
	}
	if t.left {
		to = at.To
		for to < len(source) && unicode.IsSpace(source[to]) {
			to++
		}
	} else {
		from = at.From
		for from > 0 && unicode.IsSpace(source[from-1]) {
			from--
		}
	}
	value := c.tree.Value()
	return &diag.Fix{Title: "Remove " + c.tree.Text(t.node), Edits: []diag.Edit{{File: value.File(), Range: value.RangeOf(from, to)}}}
}

// withoutEntry takes an entry out of a mapping, nil where that cannot be done
// without touching more.
func (l *linter) withoutEntry(m syntax.Value, key, title string) *diag.Fix {
	entries := m.Entries()
	i := slices.IndexFunc(entries, func(e syntax.Entry) bool { return e.Name == key })
	if i < 0 || len(entries) < 2 {
		return nil
	}
	e := entries[i]
	at := diag.Range{Start: e.Key.Position(), End: e.Value.Extent().End}
	switch {
	case m.IsFlow() && i+1 < len(entries):
		at.End = entries[i+1].Key.Position()
	case m.IsFlow():
		at.Start = entries[i-1].Value.Extent().End
	case strings.TrimSpace(string([]rune(e.Key.SourceLine(at.Start.Line))[:at.Start.Column-1])) != "":
		return nil // the first of a list's element
	default:
		at.Start.Column = 1
		at.End = diag.Position{Line: at.End.Line + 1, Column: 1}
	}
	return &diag.Fix{Title: title, Edits: []diag.Edit{{File: m.File(), Range: at}}}
}
