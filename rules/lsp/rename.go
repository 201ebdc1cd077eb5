package lsp

import (
	"context"
	"maps"
	"slices"

	"github.com/creachadair/jrpc2"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// renamed are the kinds of things that can be given another name.
func renamed(k compile.SymbolKind) bool {
	return k == compile.SetSymbol || k == compile.ConditionSymbol || k == compile.PromotionSymbol
}

// toRename returns the symbol under the cursor, if it can be given another name now.
func (f file) toRename(at position) (int, error) {
	i := f.symbolUnder(at)
	switch broken := slices.Sorted(maps.Keys(f.broken)); {
	case i < 0 || !renamed(f.outline.Symbols[i].Kind):
		return -1, jrpc2.Errorf(requestFailed, "only sets, conditions and promotions can be renamed")
	case len(broken) > 0:
		return -1, jrpc2.Errorf(requestFailed, "%s is no YAML, so that not all places of the name are known; put it right first", broken[0])
	default:
		return i, nil
	}
}

func (s *Server) prepareRename(ctx context.Context, p positionParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	i, err := f.toRename(p.Position)
	if err != nil {
		return nil, err
	}
	from, to := f.wordAround(f.doc.text.offset(p.Position))
	_, at := f.outline.At(f.name, f.doc.text.place(from))
	if at == (diag.Range{}) {
		_, at = f.outline.At(f.name, f.doc.text.place(to))
	}
	return prepareRenameResult{Range: f.doc.text.span(at), Placeholder: f.outline.Symbols[i].Name}, nil
}

// rename changes a name in all files of the folder and its tests. What the result
// would be is looked at first: the language decides which names there can be.
func (s *Server) rename(ctx context.Context, p renameParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return nil, err
	}
	i, err := f.toRename(p.Position)
	if err != nil {
		return nil, err
	}
	symbol := f.outline.Symbols[i]
	if p.NewName == symbol.Name {
		return workspaceEdit{}, nil
	}
	places := map[string][]diag.Range{symbol.File: {symbol.Key}}
	for _, r := range f.outline.References {
		if r.Symbol == i {
			places[r.File] = append(places[r.File], r.At)
		}
	}
	edits := make(map[string][]textEdit)
	for name, ranges := range places {
		for _, r := range ranges {
			edits[name] = append(edits[name], textEdit{Range: f.texts[name].span(r), NewText: p.NewName})
		}
	}
	if err := f.tryRename(ctx, i, p.NewName, edits); err != nil {
		return nil, err
	}
	return s.workspaceEdit(f.workspace, edits), nil
}

// tryRename looks at the folder as it would be, and refuses what brings new faults or
// means something else.
func (f file) tryRename(ctx context.Context, i int, name string, edits map[string][]textEdit) error {
	w := f.workspace
	for file, list := range edits {
		w = w.with(file, &document{text: f.texts[file].edited(list)})
	}
	after, err := analyse(ctx, w, f.folder, nil)
	if err != nil {
		return err
	}
	symbol := f.outline.Symbols[i]
	if len(after.faults) > len(f.faults) {
		return jrpc2.Errorf(requestFailed, "%s cannot be called %q: %s", symbol.Name, name, newFault(f.faults, after.faults))
	}
	j := after.outline.Find(symbol.Kind, name)
	if j < 0 || uses(after.outline, j) != uses(f.outline, i) {
		return jrpc2.Errorf(requestFailed, "%s cannot be called %q: the name means something else in some places", symbol.Name, name)
	}
	return nil
}

// newFault writes the first fault that there was not before.
func newFault(before, after diag.List) string {
	known := make(map[string]bool)
	for _, d := range before {
		known[string(d.Code)+d.Message] = true
	}
	for _, d := range after {
		if !known[string(d.Code)+d.Message] {
			return d.Message
		}
	}
	return after[0].Message
}

func uses(o compile.Outline, symbol int) int {
	n := 0
	for _, r := range o.References {
		if r.Symbol == symbol {
			n++
		}
	}
	return n
}

// workspaceEdit writes edits of files as the editor understands them. Files that are
// open must still be of the version that was looked at.
func (s *Server) workspaceEdit(w workspace, edits map[string][]textEdit) workspaceEdit {
	s.mu.Lock()
	versioned := s.client.Capabilities.Workspace.WorkspaceEdit.DocumentChanges
	s.mu.Unlock()
	var out workspaceEdit
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		doc := versionedDocument{URI: uriOf(name)}
		if d := w.open[name]; d != nil {
			doc = versionedDocument{URI: d.uri, Version: &d.version}
		}
		if versioned {
			out.DocumentChanges = append(out.DocumentChanges, documentEdit{TextDocument: doc, Edits: edits[name]})
			continue
		}
		if out.Changes == nil {
			out.Changes = make(map[string][]textEdit)
		}
		out.Changes[doc.URI] = edits[name]
	}
	return out
}
