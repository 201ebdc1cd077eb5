package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/parser/lexer"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// SymbolKind says what a name stands for.
type SymbolKind string

// The kinds of names that files give.
const (
	SetSymbol       SymbolKind = "set"
	ConditionSymbol SymbolKind = "condition"
	PromotionSymbol SymbolKind = "promotion"
	// GroupSymbol is a group of promotions. Where policy.yaml lists none, the first
	// promotion that is in the group gives it its name.
	GroupSymbol SymbolKind = "group"
	// CouponSymbol is a coupon code as the engine compares codes, PoolSymbol a pool
	// of codes, and AwardSymbol a kind of award. Who names one first gives it.
	CouponSymbol SymbolKind = "coupon"
	PoolSymbol   SymbolKind = "pool"
	AwardSymbol  SymbolKind = "award"
	// PluginSymbol is a plugin of plugins.lock.yaml.
	PluginSymbol SymbolKind = "plugin"
	TestSymbol   SymbolKind = "test"
)

// Symbol is a thing with a name, where it gets the name.
type Symbol struct {
	Kind SymbolKind
	Name string
	File string
	// Key is the name in the file, without quotes: the key of a set, the text of a
	// promotion's id.
	Key diag.Range
	// Value is what the name stands for, with quotes and brackets: the expression of
	// a set, the mapping of a promotion, which Key is then part of.
	Value diag.Range
}

// Whole covers the name and what it stands for.
func (s Symbol) Whole() diag.Range {
	return diag.Range{Start: earlier(s.Key.Start, s.Value.Start), End: later(s.Key.End, s.Value.End)}
}

// Reference is a place at which the name of a symbol stands, other than the one
// where the symbol gets it.
type Reference struct {
	// Symbol is the index of the symbol in the outline.
	Symbol int
	File   string
	// At is the name in the file, without quotes.
	At diag.Range
	// In is the index of the set, condition, promotion or test that the reference is
	// part of, and -1 in policy.yaml.
	In int
}

// Outline is what files give names to, and where they use the names, both in the
// order of files and of places in them.
type Outline struct {
	Symbols    []Symbol
	References []Reference
}

// Find returns the index of the symbol, -1 for none. Of tests of the same name it is
// the first.
func (o Outline) Find(kind SymbolKind, name string) int {
	return slices.IndexFunc(o.Symbols, func(s Symbol) bool { return s.Kind == kind && s.Name == name })
}

// At returns the index of the symbol whose name, given or used, is at the place, and
// where the name stands; -1 for none. The place after the last character counts, as
// it is where a cursor stands.
func (o Outline) At(file string, at diag.Position) (symbol int, name diag.Range) {
	for i, s := range o.Symbols {
		if s.File == file && covers(s.Key, at) {
			return i, s.Key
		}
	}
	for _, r := range o.References {
		if r.File == file && covers(r.At, at) {
			return r.Symbol, r.At
		}
	}
	return -1, diag.Range{}
}

// OutlineOf returns the outline of the files of one folder and of tests of its
// rules, which are files called *_test.yaml. It reads what Compile reads, and goes on
// where Compile reports faults: files that are no YAML, expressions that end within a
// text and names that nothing stands for are left out. It is safe for concurrent use.
func OutlineOf(files []File) Outline {
	o := newOutliner(files)
	if len(o.docs) > 0 {
		o.compile()
	}
	return o.outline()
}

// newOutliner reads the files.
func newOutliner(files []File) *outliner {
	o := &outliner{compiler: newCompiler(), known: make(map[symbolName]int)}
	o.met = func(v syntax.Value) { o.expressions = append(o.expressions, v) }
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range files {
		if doc := syntax.Parse(f.Name, f.Data); IsRuleFile(f.Name) {
			o.read(doc)
			o.rules = append(o.rules, f)
		} else {
			o.tests = append(o.tests, doc)
		}
	}
	return o
}

// outline finds the names in what has been compiled.
func (o *outliner) outline() Outline {
	for _, doc := range o.docs {
		o.definitions(doc)
	}
	o.ofPolicy()
	o.ofPromotions()
	o.ofPlugins()
	for _, v := range o.expressions {
		o.inExpression(v)
	}
	for _, doc := range o.tests {
		o.ofTests(doc)
	}
	return o.sorted()
}

// outliner collects symbols, and names that may be references to them.
type outliner struct {
	*compiler
	symbols     []Symbol
	known       map[symbolName]int // the index of each
	mentions    []mention
	expressions []syntax.Value
	rules       []File
	tests       []*syntax.Document
}

type symbolName struct {
	kind SymbolKind
	name string
}

// mention is a name that a file uses, for a thing of one of the kinds.
type mention struct {
	kinds []SymbolKind
	name  string
	file  string
	at    diag.Range
}

// name adds a symbol. A name stands for what it is given to first.
func (o *outliner) name(kind SymbolKind, name string, key, value syntax.Value) {
	id := symbolName{kind, name}
	if _, taken := o.known[id]; name == "" || taken && kind != TestSymbol {
		return
	}
	if _, taken := o.known[id]; !taken {
		o.known[id] = len(o.symbols)
	}
	o.symbols = append(o.symbols, Symbol{Kind: kind, Name: name, File: key.File(), Key: textRange(key), Value: value.Extent()})
}

// mention adds a place that names something.
func (o *outliner) mention(v syntax.Value, kinds ...SymbolKind) {
	o.mentionAs(v, v.Text(), kinds...)
}

// mentionAs is mention where the name is not written as the thing is called.
func (o *outliner) mentionAs(v syntax.Value, name string, kinds ...SymbolKind) {
	if v.Kind() == syntax.Scalar && name != "" {
		o.mentions = append(o.mentions, mention{kinds, name, v.File(), textRange(v)})
	}
}

// textRange is the text of a scalar without blanks around it.
func textRange(v syntax.Value) diag.Range {
	text := []rune(v.Text())
	trimmed := []rune(strings.TrimSpace(v.Text()))
	before := len(text) - len([]rune(strings.TrimLeft(v.Text(), " \t\r\n")))
	return v.RangeOf(before, before+len(trimmed))
}

// definitions are the sets and conditions of a file.
func (o *outliner) definitions(doc *syntax.Document) {
	if isPolicy(doc.Name()) || isLock(doc.Name()) {
		return
	}
	for key, kind := range map[string]SymbolKind{"sets": SetSymbol, "conditions": ConditionSymbol} {
		section := doc.Root().At([]string{key})
		if doc.Root().KeyOf(key).Present() && section.Kind() == syntax.Mapping {
			for _, e := range section.Entries() {
				o.name(kind, e.Name, e.Key, e.Value)
				o.expressions = append(o.expressions, e.Value)
			}
		}
	}
}

func (o *outliner) ofPolicy() {
	for _, entry := range listIn(o.policy.Get("groups")) {
		id, m := groupEntry(entry)
		o.name(GroupSymbol, id.Text(), id, entry)
		for _, excluded := range m.Get("excludes").Texts() {
			o.mention(excluded, GroupSymbol)
		}
	}
}

func (o *outliner) ofPromotions() {
	for _, m := range o.promotions {
		id := m.Get("id")
		o.name(PromotionSymbol, id.Text(), id, m.Value)
		group := m.Get("group")
		if !o.peers.closed {
			o.name(GroupSymbol, group.Text(), group, group)
		}
		o.mention(group, GroupSymbol)
		for _, excluded := range m.Get("excludes").Texts() {
			o.mention(excluded, PromotionSymbol, GroupSymbol)
		}
		o.ofCoupon(m.Get("coupon"))
		o.ofDeals(m)
	}
}

func (o *outliner) ofCoupon(v syntax.Value) {
	pool := v.KeyOf("pool")
	switch {
	case pool.Present():
		v = v.At([]string{"pool"})
		o.name(PoolSymbol, v.Text(), v, v)
		o.mention(v, PoolSymbol)
		return
	case v.KeyOf("code").Present():
		v = v.At([]string{"code"})
	}
	code := engine.NormalizeCoupon(v.Text())
	o.name(CouponSymbol, code, v, v)
	o.mentionAs(v, code, CouponSymbol)
}

// ofDeals finds the kinds of awards, and what deals ask plugins.
func (o *outliner) ofDeals(m syntax.Map) {
	for _, key := range []string{"deal", "deals"} {
		visit("", m.Get(key), func(key string, v syntax.Value) {
			switch {
			case key == "award" && v.KeyOf("kind").Present():
				kind := v.At([]string{"kind"})
				o.name(AwardSymbol, kind.Text(), kind, kind)
				o.mention(kind, AwardSymbol)
			case key == "plugin" && v.KeyOf("name").Present():
				o.mention(v.At([]string{"name"}), PluginSymbol)
			}
		})
	}
}

func (o *outliner) ofPlugins() {
	for _, name := range o.plugins.locked.Names() {
		key := o.plugins.places[name]
		o.name(PluginSymbol, name, key, key)
	}
}

// inExpression finds the names that an expression uses.
func (o *outliner) inExpression(v syntax.Value) {
	tokens := tokensOf(v.Text())
	for i, t := range tokens {
		if !isName(tokens, i) {
			continue
		}
		m := mention{[]SymbolKind{SetSymbol, ConditionSymbol}, t.Value, v.File(), v.RangeOf(t.From, t.To)}
		if plugin := o.plugins.named(t.Value); plugin != "" {
			m.kinds, m.name = []SymbolKind{PluginSymbol}, plugin
		}
		o.mentions = append(o.mentions, m)
	}
}

// isName reports whether the token is a name, and neither a function nor a part of
// something, except for a set that an element of a predicate is asked for.
func isName(tokens []lexer.Token, i int) bool {
	t := tokens[i]
	if t.Kind != lexer.Identifier || i+1 < len(tokens) && tokens[i+1].Is(lexer.Bracket, "(") {
		return false
	}
	if i == 0 || !tokens[i-1].Is(lexer.Operator, ".", "?.") {
		return true
	}
	return i == 1 || !endsOperand(tokens[i-2])
}

// endsOperand reports whether a point after the token asks for a part of something
// other than an element.
func endsOperand(t lexer.Token) bool {
	switch t.Kind {
	case lexer.Identifier, lexer.Number, lexer.String:
		return true
	default:
		return t.Is(lexer.Bracket, ")", "]", "}")
	}
}

// sorted puts the outline in order, and finds what each reference stands for.
func (o *outliner) sorted() Outline {
	order := make([]int, len(o.symbols))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := o.symbols[a], o.symbols[b]
		return cmp.Or(cmp.Compare(x.File, y.File), comparePlaces(x.Key.Start, y.Key.Start), cmp.Compare(x.Kind, y.Kind))
	})
	var out Outline
	newIndex := make([]int, len(order))
	for to, from := range order {
		newIndex[from] = to
		out.Symbols = append(out.Symbols, o.symbols[from])
	}
	for _, m := range o.mentions {
		for _, kind := range m.kinds {
			from, known := o.known[symbolName{kind, m.name}]
			if !known {
				continue
			}
			if s := o.symbols[from]; s.File != m.file || s.Key != m.at {
				out.References = append(out.References, Reference{Symbol: newIndex[from], File: m.file, At: m.at, In: -1})
			}
			break
		}
	}
	slices.SortFunc(out.References, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.File, b.File), comparePlaces(a.At.Start, b.At.Start), cmp.Compare(a.Symbol, b.Symbol))
	})
	out.References = slices.Compact(out.References)
	out.place()
	return out
}

// place finds which symbol each reference is part of. Those that have parts follow
// one another in a file.
func (o Outline) place() {
	var holders []int
	for i, s := range o.Symbols {
		if slices.Contains([]SymbolKind{SetSymbol, ConditionSymbol, PromotionSymbol, TestSymbol}, s.Kind) {
			holders = append(holders, i)
		}
	}
	slices.SortFunc(holders, func(a, b int) int {
		x, y := o.Symbols[a], o.Symbols[b]
		return cmp.Or(cmp.Compare(x.File, y.File), comparePlaces(x.Whole().Start, y.Whole().Start))
	})
	for i, r := range o.References {
		after, _ := slices.BinarySearchFunc(holders, r, func(h int, r Reference) int {
			s := o.Symbols[h]
			if before := cmp.Or(cmp.Compare(s.File, r.File), comparePlaces(s.Whole().Start, r.At.Start)); before <= 0 {
				return -1
			}
			return 1
		})
		if after == 0 {
			continue
		}
		if s := o.Symbols[holders[after-1]]; s.File == r.File && covers(s.Whole(), r.At.Start) {
			o.References[i].In = holders[after-1]
		}
	}
}

func isPolicy(name string) bool { return name == "policy.yaml" || name == "policy.yml" }

// listIn is the elements of a list, none for what is no list.
func listIn(v syntax.Value) []syntax.Value {
	if v.Kind() != syntax.Sequence {
		return nil
	}
	return v.Items()
}

func comparePlaces(a, b diag.Position) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

func earlier(a, b diag.Position) diag.Position {
	if comparePlaces(a, b) <= 0 {
		return a
	}
	return b
}

func later(a, b diag.Position) diag.Position {
	if comparePlaces(a, b) >= 0 {
		return a
	}
	return b
}

// covers reports whether the place is in the range or at its end.
func covers(r diag.Range, at diag.Position) bool {
	return comparePlaces(r.Start, at) <= 0 && comparePlaces(at, r.End) <= 0
}
