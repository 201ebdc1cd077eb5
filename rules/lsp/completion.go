package lsp

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// file is an open file with the analysis of its folder.
type file struct {
	*analysis
	name string
	doc  *document
}

// fileOf returns an open file as it is now; not ok for one that is not open, or has
// nothing to do with rules. The error is that of the context.
func (s *Server) fileOf(ctx context.Context, uri string) (f file, ok bool, err error) {
	name, isFile := pathOf(uri)
	s.mu.Lock()
	doc := s.workspace.open[name]
	folder, ours := "", false
	if isFile && doc != nil {
		folder, ours = s.workspace.ruleFolder(name)
	}
	s.mu.Unlock()
	if !ours {
		return file{}, false, nil
	}
	a, err := s.analysisOf(ctx, folder)
	if err != nil {
		return file{}, false, err
	}
	if doc = a.workspace.open[name]; doc == nil || a.texts[name] == nil {
		return file{}, false, nil
	}
	return file{a, name, doc}, true, nil
}

func (s *Server) completion(ctx context.Context, p positionParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return completionList{Items: []completionItem{}}, err
	}
	list := completionList{Items: []completionItem{}}
	offset := f.doc.text.offset(p.Position)
	words, typed := f.wordsAt(s.manual, offset)
	at := span{f.doc.text.position(offset - typed), p.Position}
	for i, w := range words {
		item := completionItem{Label: w.label, Kind: w.kind, Detail: w.detail, SortText: fmt.Sprintf("%04d", i),
			TextEdit: &textEdit{Range: at, NewText: w.insert}}
		if w.insert == "" {
			item.TextEdit.NewText = w.label
		}
		if w.doc != "" {
			item.Documentation = &markup{Kind: "markdown", Value: w.doc}
		}
		list.Items = append(list.Items, item)
	}
	return list, nil
}

// wordsAt returns what can stand at the offset, and how many bytes of it are there.
func (f file) wordsAt(m manual, offset int) (words []word, typed int) {
	c, ok := cursorAt(f.doc.text.content, offset)
	if !ok {
		return nil, 0
	}
	source := f.doc.text.content[c.start:offset]
	keys, scope := f.keysAt(m, c), f.scopeAt(c.path)
	isKey := c.key || c.either && len(keys) > 0
	if isKey {
		words, typed = f.keyWords(c, keys), len(source)
	}
	switch {
	case isKey && !c.either:
		return words, typed
	case scope != noExpression:
		values, begun := f.expressionWords(m, source, scope)
		if begun < len(source) {
			return values, begun // what is there already is no key
		}
		if scope == itemExpression && c.path[0] == "promotions" {
			values = append([]word{{label: "order", kind: completeKeyword, doc: "all lines together"}}, values...)
		}
		return slices.Concat(words, constants(choices(c.path)), values), begun
	default:
		return append(words, f.valuesAt(c.path)...), len(source)
	}
}

// keyWords are the keys that are not there yet, each with its colon.
func (f file) keyWords(c cursor, keys []word) []word {
	var words []word
	for _, w := range keys {
		if !slices.Contains(c.seen, w.label) {
			if c.quote == 0 {
				w.insert = w.label + ": "
			}
			words = append(words, w)
		}
	}
	return words
}

func constants(names []string) []word {
	var words []word
	for _, name := range names {
		words = append(words, word{label: name, kind: completeValue})
	}
	return words
}

// keysAt returns the keys of the mapping at the cursor.
func (f file) keysAt(m manual, c cursor) []word {
	base := path.Base(f.name)
	var entries []reference.Entry
	switch {
	case base == lock.File:
		return nil
	case ruletest.IsTestFile(f.name):
		if names := f.namedKeys(c.path); names != nil {
			return names
		}
		entries = m.testKeys(c.path)
	case isPolicy(base):
		entries = m.policyKeys(c.path)
	default:
		entries = m.ruleKeys(c.path)
	}
	var words []word
	for _, e := range entries {
		words = append(words, fromEntry(e, completeProperty))
	}
	return words
}

// symbolWords are the names of all things of some kinds.
func (a *analysis) symbolWords(kinds ...compile.SymbolKind) []word {
	var words []word
	for _, s := range a.outline.Symbols {
		if slices.Contains(kinds, s.Kind) {
			words = append(words, a.symbolWord(s))
		}
	}
	return words
}

func (a *analysis) itemWords() []word {
	var words []word
	for _, item := range a.items {
		words = append(words, word{label: item.SKU, kind: completeConstant, detail: item.Name})
	}
	return words
}

// valuesAt returns what the value at the path can be, where it is no expression.
func (f file) valuesAt(path []string) []word {
	if len(path) == 0 {
		return nil
	}
	last, key := path[len(path)-1], ""
	if key = last; last == "-" && len(path) > 1 {
		key = path[len(path)-2]
	}
	if ruletest.IsTestFile(f.name) {
		return f.testValues(path, key)
	}
	switch {
	case slices.Contains(path, "config"):
		return nil
	case key == "group", key == "excludes" && path[0] == "groups":
		return f.symbolWords(compile.GroupSymbol)
	case key == "excludes":
		return f.symbolWords(compile.PromotionSymbol, compile.GroupSymbol)
	case key == "item", key == "choose_from", key == "gifts":
		return f.itemWords()
	case key == "pool":
		return f.symbolWords(compile.PoolSymbol)
	case key == "kind" && slices.Contains(path, "award"):
		return f.symbolWords(compile.AwardSymbol)
	case key == "name" && slices.Contains(path, "plugin"):
		return f.symbolWords(compile.PluginSymbol)
	case key == "kind" && slices.Contains(path, "plugin"):
		return f.pluginKinds()
	default:
		return constants(choices(path))
	}
}

func (a *analysis) pluginKinds() []word {
	var words []word
	for _, p := range a.lock.Plugins {
		for _, d := range p.Deals {
			words = append(words, word{label: d.Kind, kind: completeConstant, detail: "of the plugin " + p.Name})
		}
	}
	return words
}

// reasons are why a promotion is not applied, and others.
func reasons(others ...engine.Reason) []word {
	var words []word
	for _, page := range diag.ReasonPages() {
		reason, err := engine.ParseReason(page.Reason)
		isOther := slices.Contains([]engine.Reason{engine.Applied, engine.UnknownCode}, reason)
		if err == nil && (!isOther || slices.Contains(others, reason)) {
			words = append(words, word{label: page.Reason, kind: completeConstant, detail: page.Title, doc: reasonDoc(page)})
		}
	}
	return words
}

func reasonDoc(page diag.ReasonPage) string {
	return "**" + page.Reason + "**: " + page.Title + "\n\n" + strings.ReplaceAll(page.Meaning, "\n", " ") + "\n\n" + strings.ReplaceAll(page.Do, "\n", " ")
}
