package lsp

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// expressionScope says what an expression is about.
type expressionScope uint8

const (
	noExpression expressionScope = iota
	itemExpression
	cartExpression
	quoteExpression // over a cart and its quote, for any rules
)

// scopeAt returns what the value at the path of the file is an expression about.
func (f file) scopeAt(at []string) expressionScope {
	if !ruletest.IsTestFile(f.name) {
		return scopeOf(at, isPolicy(path.Base(f.name)))
	}
	if strings.Join(at, "/") == "always/-" {
		return quoteExpression
	}
	return noExpression
}

// scopeOf returns what the value at the path of a rule file is an expression about.
func scopeOf(path []string, policy bool) expressionScope {
	if len(path) == 0 {
		return noExpression
	}
	last := path[len(path)-1]
	switch {
	case policy:
		if path[0] == "cap" && len(path) > 1 {
			return cartExpression
		}
		return noExpression
	case path[0] == "sets" && len(path) == 2:
		return itemExpression
	case path[0] == "conditions" && len(path) == 2:
		return cartExpression
	case path[0] != "promotions" || len(path) < 3:
		return noExpression
	case path[2] == "when", path[2] == "limits" && len(path) > 3 && last != "per":
		return cartExpression
	case path[2] != "deal" && path[2] != "deals":
		return noExpression
	case last == "of":
		return itemExpression
	}
	numbers := []string{"percent", "max_units", "max_discount", "amount", "price", "quantity", "pay_for", "percent_off", "amount_off", "repeat", "spend", "from"}
	if slices.Contains(numbers, last) && !slices.Contains(path, "config") && len(path) > 4 {
		return cartExpression
	}
	return noExpression
}

// word is something that can stand at a place.
type word struct {
	label  string
	kind   int
	detail string
	doc    string
	insert string // in place of the label, "" for the label
}

func fromEntry(e reference.Entry, kind int) word {
	return word{label: e.Name, kind: kind, doc: e.Markdown()}
}

// expressionWords returns what can stand at the end of an expression that has been
// written so far, and how much of it is already there.
func (a *analysis) expressionWords(m manual, source string, scope expressionScope) (words []word, typed int) {
	if begin, inText := openText(source); inText {
		return a.textWords(source[:begin]), len(source) - begin - 1
	}
	of, begun, isPart := lastWord(source)
	if !isPart {
		return a.variables(m, scope), len(begun)
	}
	return a.partsOf(m, of, scope), len(begun)
}

// lastWord splits the end of an expression: the word that has been begun, and what
// stands before its point, if there is one: a name, a path, # or nothing.
func lastWord(source string) (of, begun string, isPart bool) {
	rest := strings.TrimRightFunc(source, isNameRune)
	begun = strings.TrimLeft(source[len(rest):], digits)
	before, isPart := strings.CutSuffix(source[:len(source)-len(begun)], ".")
	if !isPart {
		return "", begun, false
	}
	if strings.HasSuffix(before, "#") {
		return "#", begun, true
	}
	rest = strings.TrimRightFunc(before, func(r rune) bool { return r == '.' || isNameRune(r) })
	return strings.TrimLeft(before[len(rest):], "."+digits), begun, true
}

const digits = "0123456789"

// isNameRune reports whether the character can be part of a variable's name.
func isNameRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// lastFact returns the fact of an item that the expression names last, outside of
// quotes; "sku" where it names none.
func lastFact(source string) string {
	fact := "sku"
	for _, word := range strings.FieldsFunc(withoutTexts(source), func(r rune) bool { return !isNameRune(r) }) {
		if slices.Contains([]string{"sku", "categories", "category", "brand", "tags", "name"}, word) {
			fact = word
		}
	}
	return fact
}

// withoutTexts leaves out what is in quotes.
func withoutTexts(source string) string {
	var b strings.Builder
	var quote rune
	escaped := false
	for _, r := range source {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// openText returns where a text in quotes begins that is not closed.
func openText(source string) (int, bool) {
	begin, quote := 0, byte(0)
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			begin, quote = i, c
		}
	}
	return begin, quote != 0
}

// textWords are the texts that the items have of the fact that the expression names
// last.
func (a *analysis) textWords(source string) []word {
	fact := lastFact(source)
	known := make(map[string]string)
	for _, item := range a.items {
		switch fact {
		case "brand":
			known[item.Brand] = item.Name
		case "name":
			known[item.Name] = item.SKU
		case "category", "categories":
			for _, category := range item.Categories {
				for parent := category; parent != ""; parent, _ = cutLast(parent) {
					known[parent] = "category"
				}
			}
		case "tags":
			for _, tag := range item.Tags {
				known[tag] = "tag"
			}
		default:
			known[item.SKU] = item.Name
		}
	}
	delete(known, "")
	var words []word
	for _, text := range slices.Sorted(maps.Keys(known)) {
		words = append(words, word{label: text, kind: completeConstant, detail: known[text]})
	}
	return words
}

// cutLast cuts tv/oled into tv.
func cutLast(category string) (string, bool) {
	i := strings.LastIndexByte(category, '/')
	if i < 0 {
		return "", false
	}
	return category[:i], true
}

// variables are the names that an expression can begin with.
func (a *analysis) variables(m manual, scope expressionScope) []word {
	var words []word
	seen := make(map[string]bool)
	add := func(w word) {
		if !seen[w.label] {
			seen[w.label] = true
			words = append(words, w)
		}
	}
	section := "Carts"
	if scope == itemExpression {
		section = "Items"
	}
	for _, e := range m.language.Section(section, "") {
		name, _, part := strings.Cut(e.Name, ".")
		if part {
			if name != "tvs" { // stands for any set
				add(word{label: name, kind: completeVariable, doc: "**" + name + "**: facts of the " + name})
			}
			continue
		}
		add(fromEntry(e, completeVariable))
	}
	if scope == quoteExpression {
		add(word{label: "quote", kind: completeVariable, doc: "**quote**: facts of the quote"})
	}
	for _, s := range a.outline.Symbols {
		switch {
		case scope == quoteExpression: // the names of these rules are not known to others
		case s.Kind == compile.SetSymbol, s.Kind == compile.ConditionSymbol && scope == cartExpression:
			add(a.symbolWord(s))
		case s.Kind == compile.PluginSymbol && scope == cartExpression:
			add(word{label: strings.ReplaceAll(s.Name, "-", "_"), kind: completeVariable, detail: "plugin", doc: "facts of the plugin " + s.Name})
		}
	}
	for _, e := range m.language.Section("Functions", "") {
		add(word{label: e.Name, kind: completeFunction, doc: e.Markdown(), insert: e.Name + "("})
	}
	for _, operator := range []string{"and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "true", "false", "nil"} {
		e := m.language.Find("Expressions", operator)
		add(word{label: operator, kind: completeKeyword, doc: e.Markdown()})
	}
	return words
}

func (a *analysis) symbolWord(s compile.Symbol) word {
	return word{label: s.Name, kind: completeReference, detail: string(s.Kind), doc: a.describe(s)}
}

// partsOf are what can stand after a point.
func (a *analysis) partsOf(m manual, of string, scope expressionScope) []word {
	var words []word
	switch {
	case of == "" || of == "#": // of an element of a predicate
		for _, e := range m.language.Section("Items", "") {
			words = append(words, fromEntry(e, completeField))
		}
		words = append(words, word{label: "subtotal", kind: completeField, doc: "the list price of the line"},
			word{label: "total", kind: completeField, doc: "what is left of the line's price"})
		for _, s := range a.outline.Symbols {
			if s.Kind == compile.SetSymbol {
				words = append(words, a.symbolWord(s))
			}
		}
		return words
	case of == "attributes":
		return a.attributeWords()
	}
	if scope == quoteExpression && of == "quote" {
		return m.quoteParts()
	}
	prefix := of + "."
	if a.outline.Find(compile.SetSymbol, of) >= 0 && scope == cartExpression {
		prefix = "tvs."
	}
	for _, e := range m.language.Section("Carts", "") {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok {
			e.Name = name
			words = append(words, fromEntry(e, completeField))
		}
	}
	for _, plugin := range a.lock.Plugins {
		if strings.ReplaceAll(plugin.Name, "-", "_") == of {
			for _, f := range plugin.Facts {
				words = append(words, word{label: f.Name, kind: completeField, detail: "a fact of the plugin " + plugin.Name, doc: f.Doc})
			}
		}
	}
	return words
}

// attributeWords are the attributes that the items have.
func (a *analysis) attributeWords() []word {
	known := make(map[string]bool)
	for _, item := range a.items {
		for name := range item.Attributes {
			known[name] = true
		}
	}
	var words []word
	for _, name := range slices.Sorted(maps.Keys(known)) {
		words = append(words, word{label: name, kind: completeField, detail: "attribute"})
	}
	return words
}

// matches returns the items that a set has, one of each; not ok for a set that has
// faults.
func (a *analysis) matches(name string) ([]*engine.Item, bool) {
	set, ok := a.sets[name]
	if !ok {
		return nil, false
	}
	var items []*engine.Item
	for _, item := range a.items {
		if set.Match(item, 1) {
			items = append(items, item)
		}
	}
	return items, true
}
