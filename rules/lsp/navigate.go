package lsp

import (
	"cmp"
	"context"
	"slices"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// symbolUnder returns the index of the symbol under the cursor, -1 for none.
func (f file) symbolUnder(at position) int {
	from, to := f.wordAround(f.doc.text.offset(at))
	return f.symbolAt(from, to)
}

// location is a place of a file of the outline. In a file that is broken it is where
// the name was when it was not.
func (a *analysis) location(name string, r diag.Range) location {
	uri := uriOf(name)
	if d := a.workspace.open[name]; d != nil {
		uri = d.uri
	}
	l := location{URI: uri}
	if t := a.sources[name]; t != nil {
		l.Range = t.span(r)
	}
	return l
}

func (s *Server) definition(ctx context.Context, p positionParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	i := f.symbolUnder(p.Position)
	if i < 0 {
		return nil, nil
	}
	symbol := f.outline.Symbols[i]
	return f.location(symbol.File, symbol.Key), nil
}

func (s *Server) references(ctx context.Context, p referenceParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	found := []location{}
	i := f.symbolUnder(p.Position)
	if i < 0 {
		return found, nil
	}
	if p.Context.IncludeDeclaration {
		found = append(found, f.location(f.outline.Symbols[i].File, f.outline.Symbols[i].Key))
	}
	for _, r := range f.outline.References {
		if r.Symbol == i {
			found = append(found, f.location(r.File, r.At))
		}
	}
	return found, nil
}

func (s *Server) documentSymbols(ctx context.Context, p documentParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	symbols := []documentSymbol{}
	for _, symbol := range f.outline.Symbols {
		if symbol.File != f.name || symbolKind(symbol.Kind) == 0 {
			continue
		}
		t := f.sources[f.name]
		symbols = append(symbols, documentSymbol{
			Name: symbol.Name, Detail: string(symbol.Kind), Kind: symbolKind(symbol.Kind),
			Range: t.span(symbol.Whole()), SelectionRange: t.span(symbol.Key),
		})
	}
	slices.SortStableFunc(symbols, func(a, b documentSymbol) int { return cmp.Compare(a.Range.Start.Line, b.Range.Start.Line) })
	return symbols, nil
}

// symbolKind is what the protocol calls a kind of symbol, 0 for what is only a word.
func symbolKind(k compile.SymbolKind) int {
	switch k {
	case compile.SetSymbol:
		return symbolArray
	case compile.ConditionSymbol:
		return symbolBoolean
	case compile.PromotionSymbol:
		return symbolEvent
	case compile.GroupSymbol:
		return symbolNamespace
	case compile.TestSymbol:
		return symbolMethod
	default:
		return 0
	}
}
