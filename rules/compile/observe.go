package compile

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser/lexer"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Observed is a ruleset that notes which parts of its conditions were true and
// which were false, together with where these parts stand.
type Observed struct {
	// Rules gives the quotes that the ruleset of Compile gives. It looks at every
	// condition and every set anew for each quote, where that of Compile leaves out
	// what cannot matter, so that what it notes is whole; it is slower for that.
	Rules *engine.Ruleset
	// Probes are the parts, in the order of files and of places in them.
	Probes []Probe
	// Branches are what deals and limits can do beyond being applied, in the order
	// of promotions and of keys in them.
	Branches []Branch
	// Expressions are all expressions, each once, in the order of files and places.
	Expressions []Expression
	// Places are the ids of the promotions.
	Places map[string]Place

	cells  []*cell // by probe; two probes may share one
	config engine.RulesetConfig
}

// Place is a stretch of a file.
type Place struct {
	File  string
	Range diag.Range
}

// Part says what a probe is of an expression.
type Part string

// The parts. Operands of a chain of and, or of or, are parts of one and.
const (
	Whole       Part = "whole"
	AndOperand  Part = "and"
	OrOperand   Part = "or"
	NotOperand  Part = "not"
	Chooser     Part = "?" // what stands before the ?
	Outcome     Part = ":" // what is chosen, where that is a condition
	EachElement Part = "each"
)

// Owner is what a part of a file belongs to: a promotion, set or condition, or the
// policy, whose name is empty.
type Owner struct {
	Kind SymbolKind `json:"kind"`
	Name string     `json:"name"`
}

// Probe is a part of an expression that is true or false. A negation has none of its
// own, because its operand tells; neither has a constant.
type Probe struct {
	Place
	// Text is the part's source.
	Text  string
	Owner Owner
	Part  Part

	expression int
}

// Seen is what a probe has met.
type Seen struct{ True, False bool }

// cell is what a probe has seen since it was asked last: seenTrue, seenFalse. It is
// safe for concurrent use.
type cell struct{ seen atomic.Uint32 }

const (
	seenTrue  = 1
	seenFalse = 2
)

// note notes a value.
func (c *cell) note(held bool) {
	bit := uint32(seenFalse)
	if held {
		bit = seenTrue
	}
	if c.seen.Load()&bit == 0 {
		c.seen.Or(bit)
	}
}

// Take returns what the probes have seen since it was called last, by probe. Quotes
// that are being made at the same time may fall on either side.
func (o *Observed) Take() []Seen {
	values := make(map[*cell]uint32, len(o.cells))
	taken := make([]Seen, len(o.cells))
	for i, c := range o.cells {
		seen, known := values[c]
		if !known {
			seen = c.seen.Swap(0)
			values[c] = seen
		}
		taken[i] = Seen{True: seen&seenTrue != 0, False: seen&seenFalse != 0}
	}
	return taken
}

// Expression is an expression of a rule file with its tokens.
type Expression struct {
	Owner  Owner
	Place  Place
	Tokens []Token
}

// Token is a word, a number, a text or a sign of an expression.
type Token struct {
	// Kind is that of expr-lang: Identifier, Number, String, Operator or Bracket.
	Kind string
	// Text is what it says; of a text what stands between the quotes.
	Text  string
	Range diag.Range
}

// Observe compiles the files as Compile does, with the same faults, into a ruleset
// that gives the same quotes and notes what its conditions see.
func Observe(files []File) (*Observed, error) {
	watch := &observer{sets: make(map[string]int)}
	config, c, err := compileFiles(files, watch)
	if err != nil {
		return nil, err
	}
	for i := range config.Promotions {
		config.Promotions[i].Requires = nil // every condition is asked
	}
	for i := range config.Sets {
		config.Sets[i].ReadsQuantity, config.Sets[i].Within = true, nil // no answer is kept, and none is needed beforehand
	}
	o := &Observed{config: config, Expressions: watch.expressions, Places: make(map[string]Place)}
	o.Branches = branchesOf(c, config)
	for i, m := range c.promotions {
		id := m.Get("id")
		o.Places[config.Promotions[i].ID] = placeOf(id, id.Range())
	}
	watch.order(o)
	o.Rules, err = engine.NewRuleset(cloned(config))
	return o, err
}

// cloned is the config with slices of its own, which NewRuleset takes over.
func cloned(config engine.RulesetConfig) engine.RulesetConfig {
	config.Promotions, config.Sets = slices.Clone(config.Promotions), slices.Clone(config.Sets)
	return config
}

// observer collects the probes while files are compiled. A nil one collects none.
type observer struct {
	probes      []Probe
	cells       []*cell
	aliases     [][2]int // expressions of sets that are one set of the ruleset
	sets        map[string]int
	expressions []Expression
	count       int // expressions so far
	owners      []Owner
}

// owned says to what the expressions belong that come until the returned function
// is called.
func (w *observer) owned(kind SymbolKind, name string) (end func()) {
	if w == nil {
		return func() {}
	}
	w.owners = append(w.owners, Owner{kind, name})
	return func() { w.owners = w.owners[:len(w.owners)-1] }
}

func (w *observer) owner() Owner {
	if len(w.owners) == 0 {
		return Owner{}
	}
	return w.owners[len(w.owners)-1]
}

// begin takes up an expression and returns its number.
func (w *observer) begin(v syntax.Value) int {
	if w == nil {
		return 0
	}
	e := Expression{Owner: w.owner(), Place: placeOf(v, v.Range())}
	for _, t := range tokensOf(v.Text()) {
		if t.Kind != lexer.EOF {
			e.Tokens = append(e.Tokens, Token{Kind: string(t.Kind), Text: t.Value, Range: v.RangeOf(t.From, t.To)})
		}
	}
	w.expressions = append(w.expressions, e)
	w.count++
	return w.count
}

// watch adds a probe and returns the test that notes what it sees.
func (w *observer) watch(p Probe, test boolFunc) boolFunc {
	c := new(cell)
	p.Owner = w.owner()
	w.probes, w.cells = append(w.probes, p), append(w.cells, c)
	return func(s *engine.Scope, e element) bool {
		held := test(s, e)
		c.note(held)
		return held
	}
}

// whole watches a whole expression. What it joins is no longer seen, so that nothing
// joins it further without asking the whole.
func (w *observer) whole(v syntax.Value, o operand) operand {
	if w == nil {
		return o
	}
	o.joins, o.joined = unjoined, nil
	if o.constant || o.probed {
		return o
	}
	p := Probe{Place: placeOf(v, v.Range()), Text: strings.TrimSpace(v.Text()), Part: Whole, expression: o.expression}
	o.bool = w.watch(p, o.bool)
	return o
}

// sameSet notes that the expression is a set that another one was before.
func (w *observer) sameSet(words string, o operand) {
	if w == nil {
		return
	}
	if first, known := w.sets[words]; known {
		w.aliases = append(w.aliases, [2]int{first, o.expression})
		return
	}
	w.sets[words] = o.expression
}

// order hands the probes over by place. A set that is written twice is one set of
// the ruleset, which asks only the first: the probes of both share what they see.
func (w *observer) order(o *Observed) {
	byExpression := make(map[int][]int)
	for i, p := range w.probes {
		byExpression[p.expression] = append(byExpression[p.expression], i)
	}
	for _, pair := range w.aliases {
		first, again := byExpression[pair[0]], byExpression[pair[1]]
		for i := range min(len(first), len(again)) {
			w.cells[again[i]] = w.cells[first[i]]
		}
	}
	indexes := make([]int, len(w.probes))
	for i := range indexes {
		indexes[i] = i
	}
	slices.SortStableFunc(indexes, func(a, b int) int { return w.probes[a].Place.Compare(w.probes[b].Place) })
	for _, i := range indexes {
		o.Probes, o.cells = append(o.Probes, w.probes[i]), append(o.cells, w.cells[i])
	}
	slices.SortStableFunc(o.Expressions, func(a, b Expression) int { return a.Place.Compare(b.Place) })
}

// Compare orders places by file and beginning; of those that begin alike the longer
// one is first.
func (p Place) Compare(other Place) int {
	if c := strings.Compare(p.File, other.File); c != 0 {
		return c
	}
	if c := comparePlaces(p.Range.Start, other.Range.Start); c != 0 {
		return c
	}
	return comparePlaces(other.Range.End, p.Range.End)
}

func placeOf(v syntax.Value, at diag.Range) Place { return Place{File: v.File(), Range: at} }

// observe returns the test of an operand, which notes what it sees where somebody
// observes. A negation and a chain of the same kind are known from their parts.
func (c *checker) observe(n ast.Node, o operand, test boolFunc, part Part) boolFunc {
	if c.vars.watch == nil || o.constant || o.probed || part == AndOperand && o.joins == andJoins || part == OrOperand && o.joins == orJoins {
		return test
	}
	from, to := c.span(n)
	return c.vars.watch.watch(Probe{
		Place: placeOf(c.value, c.value.RangeOf(from, to)), Text: c.text(n), Part: part, expression: c.expression,
	}, test)
}
