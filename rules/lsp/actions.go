package lsp

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/format"
)

func (s *Server) codeActions(ctx context.Context, p codeActionParams) (any, error) {
	actions := []codeAction{}
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok || !wanted(p.Context.Only) {
		return actions, err
	}
	for _, d := range slices.Concat(f.faults, s.findingsOf(f.analysis)) {
		if d.File != f.name || !touch(f.doc.text.span(d.Range), p.Range) {
			continue
		}
		if d.Fix == nil {
			d.Fix = f.respelt(d)
		}
		if d.Fix == nil {
			continue
		}
		actions = append(actions, codeAction{
			Title: d.Fix.Title, Kind: "quickfix", Diagnostics: []diagnostic{f.diagnostic(d)}, IsPreferred: true,
			Edit: s.workspaceEdit(f.workspace, f.fixEdits(d.Fix)),
		})
	}
	return actions, nil
}

// wanted reports whether the editor asks for quick fixes, among others.
func wanted(only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(kind string) bool { return kind == "quickfix" || kind == "" })
}

// touch reports whether two ranges have a place in common.
func touch(a, b span) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// respelt is the fix of a misspelt name that stands beside something else, such as a
// SKU beside its quantity, nil for what is none.
func (f file) respelt(d diag.Diagnostic) *diag.Fix {
	meant, isMeant := between(d.Hint, `did you mean "`, `"?`)
	wrong, isNamed := between(d.Message, `"`, `"`)
	if !isMeant || !isNamed {
		return nil
	}
	t := f.doc.text
	from, to := t.byteOf(d.Range.Start), t.byteOf(d.Range.End)
	if strings.Count(t.content[from:to], wrong) != 1 {
		return nil
	}
	from += strings.Index(t.content[from:to], wrong)
	at := diag.Range{Start: t.place(from), End: t.place(from + len(wrong))}
	return &diag.Fix{Title: "Write " + meant, Edits: []diag.Edit{{File: d.File, Range: at, Text: meant}}}
}

// between returns what stands between two parts of a text; not ok for nothing.
func between(s, before, after string) (string, bool) {
	_, rest, found := strings.Cut(s, before)
	inside, _, closed := strings.Cut(rest, after)
	return inside, found && closed && inside != ""
}

// fixEdits are the edits of a fix, by file.
func (a *analysis) fixEdits(fix *diag.Fix) map[string][]textEdit {
	edits := make(map[string][]textEdit)
	for _, e := range fix.Edits {
		if t := a.textOf(e.File); t != nil {
			edits[e.File] = append(edits[e.File], textEdit{Range: t.span(e.Range), NewText: e.Text})
		}
	}
	return edits
}

// formatting formats a file. One that cannot be formatted is left as it is: its faults
// are shown already.
func (s *Server) formatting(ctx context.Context, p documentParams) (any, error) {
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return []textEdit{}, err
	}
	content := f.doc.text.content
	formatted, err := format.Source(path.Base(f.name), []byte(content))
	if err != nil || string(formatted) == content {
		return []textEdit{}, nil
	}
	return []textEdit{difference(f.doc.text, string(formatted))}, nil
}

// difference is the edit that turns one text into another, with what both begin and
// end with left out, line by line.
func difference(t *text, after string) textEdit {
	before := strings.SplitAfter(t.content, "\n")
	lines := strings.SplitAfter(after, "\n")
	head := 0
	for head < min(len(before), len(lines)) && before[head] == lines[head] {
		head++
	}
	tail := 0
	for tail < min(len(before), len(lines))-head && before[len(before)-1-tail] == lines[len(lines)-1-tail] {
		tail++
	}
	from := len(strings.Join(before[:head], ""))
	to := len(t.content) - len(strings.Join(before[len(before)-tail:], ""))
	return textEdit{Range: span{t.position(from), t.position(to)}, NewText: strings.Join(lines[head:len(lines)-tail], "")}
}
