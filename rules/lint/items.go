package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// stocked is what the items of the inventory have, by the kind of fact.
type stocked map[string]map[string]bool

func (l *linter) stocked() stocked {
	s := stocked{"SKU": {}, "brand": {}, "category": {}, "tag": {}}
	for i := range l.options.Inventory {
		item := &l.options.Inventory[i]
		s["SKU"][item.SKU] = true
		if item.Brand != "" {
			s["brand"][item.Brand] = true
		}
		for _, path := range item.Categories {
			for path != "" {
				s["category"][path] = true
				path = path[:max(0, strings.LastIndex(path, "/"))]
			}
		}
		for _, tag := range item.Tags {
			s["tag"][tag] = true
		}
	}
	return s
}

// items finds SKUs, brands, categories and tags that no item of the inventory has.
func (l *linter) items() {
	if len(l.options.Inventory) == 0 {
		return
	}
	s := l.stocked()
	for _, name := range l.names {
		if d := l.definitions[name]; d.tree != nil {
			l.inTree(s, d.tree, d.isSet, nil)
		}
	}
	for _, p := range l.promotions {
		if p.when != nil {
			l.inTree(s, p.when, false, p)
		}
		for _, key := range []string{"deal", "deals"} {
			l.inDeal(s, p.Get(key), p)
		}
	}
}

// inDeal looks at the selections and the gifts of a deal.
func (l *linter) inDeal(s stocked, v syntax.Value, p *promotion) {
	switch v.Kind() {
	case syntax.Sequence:
		for _, item := range v.Items() {
			l.inDeal(s, item, p)
		}
	case syntax.Mapping:
		for _, e := range v.Entries() {
			switch e.Name {
			case "of":
				if tree, ok := compile.ParseTree(e.Value); ok {
					l.inTree(s, tree, true, p)
				}
			case "item", "choose_from", "gifts":
				for _, sku := range e.Value.Texts() {
					l.known(s, "SKU", sku.Text(), sku, 0, len([]rune(sku.Text())), p)
				}
			case "config":
			default:
				l.inDeal(s, e.Value, p)
			}
		}
	}
}

// inTree looks at what an expression compares facts of items with.
func (l *linter) inTree(s stocked, tree *compile.Tree, ofItems bool, p *promotion) {
	check := func(kind string, n ast.Node) {
		text, ok := n.(*ast.StringNode)
		if !ok || text.Value == "" || kind == "SKU" && !engine.ValidSKU(text.Value) {
			return
		}
		from, to := tree.Span(n)
		l.known(s, kind, text.Value, tree.Value(), from+1, to-1, p)
	}
	visit(tree.Root, func(n ast.Node) {
		b, ok := n.(*ast.BinaryNode)
		if !ok {
			return
		}
		left, right := factKind(b.Left, ofItems), factKind(b.Right, ofItems)
		switch {
		case b.Operator == "==" || b.Operator == "!=":
			if left.single {
				check(left.kind, b.Right)
			}
			if right.single {
				check(right.kind, b.Left)
			}
		case b.Operator == "in" && left.single:
			if list, ok := b.Right.(*ast.ArrayNode); ok {
				for _, element := range list.Nodes {
					check(left.kind, element)
				}
			}
		case b.Operator == "in" && right.kind != "" && !right.single:
			check(right.kind, b.Left)
		}
	})
}

type kindOfFact struct {
	kind   string // "" for another fact
	single bool   // not a list
}

// factKind is which fact of an item the node reads.
func factKind(n ast.Node, ofItems bool) kindOfFact {
	name := ""
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if ofItems {
			name = n.Value
		}
	case *ast.MemberNode:
		property, ok := n.Property.(*ast.StringNode)
		if _, element := n.Node.(*ast.PointerNode); ok && element {
			name = property.Value
		}
	}
	switch name {
	case "sku":
		return kindOfFact{"SKU", true}
	case "brand", "category":
		return kindOfFact{name, true}
	case "categories":
		return kindOfFact{"category", false}
	case "tags":
		return kindOfFact{"tag", false}
	default:
		return kindOfFact{}
	}
}

// visit calls look for the node and all below it.
func visit(n ast.Node, look func(ast.Node)) {
	ast.Walk(&n, visitor(look))
}

type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (v visitor) Visit(n *ast.Node) { v(*n) }

// maxSuggestions bounds how many words are searched for others like them.
const maxSuggestions = 100

// known reports a word that no item has. from and to are its characters. There is no
// fix: the word that is nearest to a SKU that has gone is another item.
func (l *linter) known(s stocked, kind, word string, v syntax.Value, from, to int, p *promotion) {
	if s[kind][word] {
		return
	}
	hint := ""
	if l.suggested++; l.suggested <= maxSuggestions {
		hint = diag.Suggest(word, slices.Collect(maps.Keys(s[kind])))
	}
	finding := l.add(v.DiagnosticAt(from, to, diag.NotInCatalogue, hint, "no item has the %s %q", kind, word), diag.SeverityWarning)
	if p != nil {
		finding.Promotions = []string{p.ID}
	}
}
