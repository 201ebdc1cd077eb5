package lsp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

func (s *Server) hover(ctx context.Context, p positionParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	from, to := f.wordAround(f.doc.text.offset(p.Position))
	if from == to {
		return nil, nil
	}
	doc := f.explain(s.manual, from, to)
	if doc == "" {
		return nil, nil
	}
	at := span{f.doc.text.position(from), f.doc.text.position(to)}
	return hover{Contents: markup{Kind: "markdown", Value: doc}, Range: at}, nil
}

// wordAround returns the word at the offset: letters, digits, _ and what stands
// between them in ids.
func (f file) wordAround(offset int) (from, to int) {
	content := f.doc.text.content
	from, to = offset, offset
	for from > 0 && isWordByte(content[from-1]) {
		from--
	}
	for to < len(content) && isWordByte(content[to]) {
		to++
	}
	return from, to
}

// isWordByte reports whether the byte is part of a word; those of characters beyond
// ASCII are.
func isWordByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// explain says what the word is.
func (f file) explain(m manual, from, to int) string {
	content := f.doc.text.content
	name := content[from:to]
	if i := f.symbolAt(from, to); i >= 0 {
		return f.describe(f.outline.Symbols[i])
	}
	c, ok := cursorAt(content, to)
	if !ok {
		return ""
	}
	isKey := strings.HasPrefix(strings.TrimLeft(content[to:], "\"' "), ":")
	if c.key || c.either && isKey || !c.either && isKey && c.start == from {
		for _, w := range f.keysAt(m, c) {
			if w.label == name {
				return w.doc
			}
		}
		return f.explainItem(name)
	}
	if scope := f.scopeAt(c.path); scope != noExpression {
		if doc := f.explainInExpression(m, content[c.start:to], name, scope); doc != "" {
			return doc
		}
	}
	for _, page := range diag.ReasonPages() {
		if page.Reason == name && ruletest.IsTestFile(f.name) {
			return reasonDoc(page)
		}
	}
	return f.explainItem(name)
}

// explainInExpression says what the last word of an expression is.
func (f file) explainInExpression(m manual, source, name string, scope expressionScope) string {
	if _, inText := openText(source); inText {
		return f.explainItem(name)
	}
	words, typed := f.expressionWords(m, source, scope)
	for _, w := range words {
		if w.label == source[len(source)-typed:] {
			return w.doc
		}
	}
	return ""
}

// explainItem describes the item with the SKU.
func (a *analysis) explainItem(sku string) string {
	i := slices.IndexFunc(a.items, func(item *engine.Item) bool { return item.SKU == sku })
	if i < 0 {
		return ""
	}
	item := a.items[i]
	doc := fmt.Sprintf("**%s**: %s, %s", item.SKU, item.Name, a.currency().Format(item.Price))
	if len(item.Categories) > 0 {
		doc += ", " + strings.Join(item.Categories, ", ")
	}
	return doc
}

func (a *analysis) currency() engine.Currency {
	if a.ruleset != nil {
		return a.ruleset.Currency()
	}
	c, _ := engine.ParseCurrency(compile.DefaultCurrency)
	return c
}

// symbolAt returns the symbol that the word stands for, -1 for none. In a file that
// is broken places have moved since its outline was read, so that only the name
// tells.
func (f file) symbolAt(from, to int) int {
	content := f.doc.text.content
	if !f.broken[f.name] {
		i, _ := f.outline.At(f.name, f.doc.text.place(from))
		if i < 0 {
			i, _ = f.outline.At(f.name, f.doc.text.place(to))
		}
		return i
	}
	return slices.IndexFunc(f.outline.Symbols, func(s compile.Symbol) bool { return s.Name == content[from:to] })
}

// mostItems is how many items of a set a description lists.
const mostItems = 10

// describe says what a symbol stands for.
func (a *analysis) describe(s compile.Symbol) string {
	title := fmt.Sprintf("**%s** (%s)", s.Name, s.Kind)
	switch s.Kind {
	case compile.SetSymbol:
		return title + a.source(s) + a.listItems(s.Name)
	case compile.ConditionSymbol:
		return title + a.source(s)
	case compile.PromotionSymbol:
		return title + a.summary(s.Name) + a.source(s)
	case compile.TestSymbol:
		return ""
	default:
		uses := 0
		for _, r := range a.outline.References {
			if a.outline.Symbols[r.Symbol] == s {
				uses++
			}
		}
		return fmt.Sprintf("%s, used in %s more", title, counted(uses, "place"))
	}
}

// source shows what a name stands for, as the file has it.
func (a *analysis) source(s compile.Symbol) string {
	t := a.sources[s.File]
	if t == nil {
		return ""
	}
	return "\n\n```yaml\n" + undent(t.within(s.Value), s.Value.Start.Column-1) + "\n```"
}

// undent takes the indentation of the first line from those after it.
func undent(block string, blanks int) string {
	lines := strings.Split(strings.ReplaceAll(block, "\r\n", "\n"), "\n")
	for i := range lines[1:] {
		own := len(lines[i+1]) - len(strings.TrimLeft(lines[i+1], " "))
		lines[i+1] = lines[i+1][min(own, blanks):]
	}
	return strings.Join(lines, "\n")
}

// listItems says which items are in a set.
func (a *analysis) listItems(name string) string {
	items, ok := a.matches(name)
	if !ok || len(a.items) == 0 {
		return ""
	}
	var skus []string
	for _, item := range items[:min(len(items), mostItems)] {
		skus = append(skus, item.SKU)
	}
	text := "\n\n" + counted(len(items), "item")
	if len(skus) > 0 {
		text += ": " + strings.Join(skus, ", ")
	}
	if more := len(items) - len(skus); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + fmt.Sprintf(", of %d that the tests know", len(a.items))
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// summary says what a promotion is once it is compiled.
func (a *analysis) summary(id string) string {
	if a.ruleset == nil {
		return ""
	}
	p, ok := a.ruleset.Promotion(id)
	if !ok {
		return ""
	}
	var facts []string
	if p.Disabled {
		facts = append(facts, "switched off")
	}
	var levels []string
	for _, d := range p.Deals {
		levels = append(levels, levelName(d.Level()))
	}
	slices.Sort(levels)
	group := p.Group
	if group == "" {
		group = engine.DefaultGroup
	}
	facts = append(facts, "level "+strings.Join(slices.Compact(levels), " and "), "group "+group)
	if p.Priority != 0 {
		facts = append(facts, fmt.Sprintf("priority %d", p.Priority))
	}
	switch {
	case p.Coupon.Code != "":
		facts = append(facts, "with the coupon "+p.Coupon.Code)
	case p.Coupon.Pool != "":
		facts = append(facts, "with a code of the pool "+p.Coupon.Pool)
	}
	for _, c := range p.Currencies {
		facts = append(facts, "in "+c.Code())
	}
	if p.Timed {
		facts = append(facts, "depends on the time")
	}
	if tests := a.testsNaming(id); tests > 0 {
		facts = append(facts, "named by "+counted(tests, "test"))
	} else {
		facts = append(facts, "named by no test")
	}
	name := ""
	if p.Name != "" {
		name = "\n\n" + p.Name
	}
	return name + "\n\n" + strings.Join(facts, " · ")
}

func levelName(l engine.Level) string {
	return [...]string{"items", "order", "shipping", "awards"}[l]
}

// testsNaming counts the tests that name a promotion.
func (a *analysis) testsNaming(id string) int {
	symbol := a.outline.Find(compile.PromotionSymbol, id)
	tests := make(map[int]bool)
	for _, r := range a.outline.References {
		if r.Symbol == symbol && r.In >= 0 && a.outline.Symbols[r.In].Kind == compile.TestSymbol {
			tests[r.In] = true
		}
	}
	return len(tests)
}
