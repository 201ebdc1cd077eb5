package lsp

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// expressionScope says what an expression is about.
type expressionScope uint8

const (
	noExpression expressionScope = iota
	itemExpression
	cartExpression
)

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

func fromEntry(e entry, kind int) word { return word{label: e.name, kind: kind, doc: e.markdown()} }

var (
	chain       = regexp.MustCompile(`(?:([A-Za-z_][A-Za-z0-9_.]*|#?)\.)?([A-Za-z_][A-Za-z0-9_]*)?$`)
	lastFact    = regexp.MustCompile(`\b(sku|categories|category|brand|tags|name)\b[^"']*$`)
	attributeOf = regexp.MustCompile(`^\.?attributes$`)
)

// expressionWords returns what can stand at the end of an expression that has been
// written so far, and how much of it is already there.
func (a *analysis) expressionWords(r reference, source string, scope expressionScope) (words []word, typed int) {
	if begin, inText := openText(source); inText {
		return a.textWords(source[:begin]), len(source) - begin - 1
	}
	m := chain.FindStringSubmatchIndex(source)
	if m[4] >= 0 {
		typed = m[5] - m[4]
	}
	if m[2] < 0 {
		return a.variables(r, scope), typed
	}
	return a.partsOf(r, source[m[2]:m[3]], scope), typed
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
	fact := "sku"
	if m := lastFact.FindStringSubmatch(source); m != nil {
		fact = m[1]
	}
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
func (a *analysis) variables(r reference, scope expressionScope) []word {
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
	for _, e := range r.section(section, "") {
		name, _, part := strings.Cut(e.name, ".")
		if part {
			if name != "tvs" { // stands for any set
				add(word{label: name, kind: completeVariable, doc: "**" + name + "**: facts of the " + name})
			}
			continue
		}
		add(fromEntry(e, completeVariable))
	}
	for _, s := range a.outline.Symbols {
		switch {
		case s.Kind == compile.SetSymbol, s.Kind == compile.ConditionSymbol && scope == cartExpression:
			add(a.symbolWord(s))
		case s.Kind == compile.PluginSymbol && scope == cartExpression:
			add(word{label: strings.ReplaceAll(s.Name, "-", "_"), kind: completeVariable, detail: "plugin", doc: "facts of the plugin " + s.Name})
		}
	}
	for _, e := range r.section("Functions", "") {
		add(word{label: e.name, kind: completeFunction, doc: e.markdown(), insert: e.name + "("})
	}
	for _, operator := range []string{"and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "true", "false", "nil"} {
		e, _ := r.find("Expressions", operator)
		add(word{label: operator, kind: completeKeyword, doc: e.markdown()})
	}
	return words
}

func (a *analysis) symbolWord(s compile.Symbol) word {
	return word{label: s.Name, kind: completeReference, detail: string(s.Kind), doc: a.describe(s)}
}

// partsOf are what can stand after a point.
func (a *analysis) partsOf(r reference, of string, scope expressionScope) []word {
	var words []word
	switch {
	case of == "" || of == "#": // of an element of a predicate
		for _, e := range r.section("Items", "") {
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
	case attributeOf.MatchString(of):
		return a.attributeWords()
	}
	prefix := of + "."
	if a.outline.Find(compile.SetSymbol, of) >= 0 && scope == cartExpression {
		prefix = "tvs."
	}
	for _, e := range r.section("Carts", "") {
		if name, ok := strings.CutPrefix(e.name, prefix); ok {
			e.name = name
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
