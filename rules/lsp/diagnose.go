package lsp

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
)

// folderState is what the server keeps of a folder of rules.
type folderState struct {
	gate       chan struct{} // held by who analyses the folder
	generation int           // grows with every change that the analysis depends on
	analysis   *analysis     // the last one
	analysed   int           // the generation that it is of
	supersede  context.CancelFunc
	published  map[string]bool // files of which the editor shows diagnostics
	findings   diag.List       // of the analysis, once they have been found
	// runs are what commands have found since the last change, by command and file.
	runs map[string]map[string][]diagnostic
}

// state returns what is kept of the folder. The caller holds mu.
func (s *Server) state(folder string) *folderState {
	f := s.folders[folder]
	if f == nil {
		f = &folderState{gate: make(chan struct{}, 1), generation: 1, supersede: func() {}, published: make(map[string]bool)}
		s.folders[folder] = f
	}
	return f
}

// changed takes note that files have changed, and has the folders looked at that they
// are part of and that have files open. It does not wait for that.
func (s *Server) changed(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	affected := make(map[string]bool)
	for _, name := range names {
		if folder, ours := s.workspace.ruleFolder(name); ours {
			affected[folder] = true
		}
		for folder, f := range s.folders {
			inside, in := below(folder, name)
			if f.analysis == nil || in && isRuleFileIn(inside) || f.analysis.read[name] {
				affected[folder] = true
			}
		}
	}
	for folder := range affected {
		f := s.state(folder)
		f.generation++
		f.runs = nil
		f.supersede()
		var ctx context.Context
		ctx, f.supersede = context.WithCancel(s.ctx)
		s.work.Go(func() { s.diagnoseLater(ctx, folder) })
	}
}

// stopDiagnosing ends what is under way, after which nothing new begins.
func (s *Server) stopDiagnosing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, f := range s.folders {
		f.supersede()
	}
}

// diagnoseLater waits for more changes, of which each has a context of its own that
// ends this one's, and then shows what is wrong in the folder.
func (s *Server) diagnoseLater(ctx context.Context, folder string) {
	wait := time.NewTimer(s.options.Debounce)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return
	}
	a, err := s.analysisOf(ctx, folder)
	if err != nil {
		return // superseded
	}
	if len(a.faults) > 0 || a.err != nil || len(a.rules) == 0 {
		s.publish(ctx, folder, a)
		return // what does not compile has no findings beyond its faults
	}
	s.findMore(ctx, folder, a)
}

// patience is how long diagnostics wait for the findings beyond faults, so that these
// do not come and go with every keystroke.
const patience = 200 * time.Millisecond

// findMore looks for what is hardly meant in rules that compile, one folder's state
// after the other, and shows it.
func (s *Server) findMore(ctx context.Context, folder string, a *analysis) {
	done := make(chan struct{})
	s.work.Go(func() {
		defer close(done)
		s.lint(ctx, folder, a)
	})
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-wait.C:
		s.publish(ctx, folder, a)
		<-done
	case <-done:
	}
	s.publish(ctx, folder, a)
}

// lint finds what is hardly meant. It cannot be interrupted, so that it begins only
// when what it looks at has not been superseded.
func (s *Server) lint(ctx context.Context, folder string, a *analysis) {
	s.linting.Lock()
	defer s.linting.Unlock()
	if ctx.Err() != nil {
		return
	}
	found, err := lint.Check(a.inFolder(a.rules), lint.Options{At: time.Now()})
	if err != nil {
		return // of the faults that are shown
	}
	var list diag.List
	for _, f := range found {
		if f.Witness != nil {
			f.Message += " (" + f.Witness.Shows + ")"
		}
		list = append(list, f.Diagnostic)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.state(folder); f.analysis == a {
		f.findings = list.InFolder(folder)
	}
}

// findingsOf are the findings of the analysis beyond faults, none while they are not
// known.
func (s *Server) findingsOf(a *analysis) diag.List {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.state(a.folder); f.analysis == a {
		return f.findings
	}
	return nil
}

// analysisOf returns the analysis of a folder as it is now. The error is that of the
// context.
func (s *Server) analysisOf(ctx context.Context, folder string) (*analysis, error) {
	s.mu.Lock()
	f := s.state(folder)
	s.mu.Unlock()
	select {
	case f.gate <- struct{}{}:
		defer func() { <-f.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	w, generation, before, analysed := s.workspace, f.generation, f.analysis, f.analysed
	s.mu.Unlock()
	if before != nil && analysed == generation {
		return before, nil
	}
	a, err := analyse(ctx, w, folder, before)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	f.analysis, f.analysed, f.findings = a, generation, nil
	s.mu.Unlock()
	return a, nil
}

// publish sends the diagnostics of all files of the folder, and empty ones of those
// that had some. While none of its files is open, none are shown.
func (s *Server) publish(ctx context.Context, folder string, a *analysis) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	for _, params := range s.toPublish(ctx, folder, a) {
		if s.rpc.Notify(ctx, "textDocument/publishDiagnostics", params) != nil {
			return // the editor has gone
		}
	}
}

// toPublish returns what publish sends, which is taken for sent; nothing when the
// analysis is superseded, because a later state is looked at, or has been.
func (s *Server) toPublish(ctx context.Context, folder string, a *analysis) []publishParams {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	f := s.state(folder)
	found := make(map[string][]diagnostic)
	opened := a.openFiles()
	if len(opened) > 0 {
		found = a.diagnostics(opened[0])
		if f.analysis == a {
			for _, d := range f.findings {
				found[d.File] = append(found[d.File], a.diagnostic(d))
			}
		}
		for _, what := range slices.Sorted(maps.Keys(f.runs)) {
			for name, of := range f.runs[what] {
				found[name] = append(found[name], of...)
			}
		}
	}
	for name := range f.published {
		opened = append(opened, name)
	}
	for _, name := range opened {
		if found[name] == nil {
			found[name] = []diagnostic{} // so that the editor knows that it has been looked at
		}
	}
	var all []publishParams
	for _, name := range slices.Sorted(maps.Keys(found)) {
		params := publishParams{URI: uriOf(name), Diagnostics: found[name]}
		if d := a.workspace.open[name]; d != nil {
			params.URI, params.Version = d.uri, &d.version
		}
		all = append(all, params)
		f.published[name] = true
		if len(found[name]) == 0 {
			delete(f.published, name)
		}
	}
	return all
}

// openFiles are the files of the folder, and its tests, that the editor has open,
// sorted.
func (a *analysis) openFiles() []string {
	var names []string
	for name := range a.workspace.open {
		if a.texts[name] != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// diagnostics are the faults of each file. What is about no file is shown in the one
// given.
func (a *analysis) diagnostics(fallback string) map[string][]diagnostic {
	found := make(map[string][]diagnostic)
	for _, d := range a.faults {
		if d.File == "" || d.File == a.folder {
			d.File = fallback
		}
		found[d.File] = append(found[d.File], a.diagnostic(d))
	}
	if a.err != nil {
		found[fallback] = append(found[fallback], diagnostic{Severity: severityError, Source: "checkout", Message: a.err.Error()})
	}
	return found
}

func (a *analysis) diagnostic(d diag.Diagnostic) diagnostic {
	message := d.Message
	if d.Hint != "" {
		message += ": " + d.Hint
	}
	out := diagnostic{Severity: severityOf(d.Severity), Code: string(d.Code), Source: "checkout", Message: message}
	if t := a.textOf(d.File); t != nil {
		out.Range = t.span(d.Range)
	}
	return out
}

func severityOf(s diag.Severity) int {
	switch s {
	case diag.SeverityWarning:
		return severityWarning
	case diag.SeverityNote:
		return severityInformation
	default:
		return severityError
	}
}

// textOf is the text of a file of the folder, or of a catalogue, nil when there is none.
func (a *analysis) textOf(name string) *text {
	if t := a.texts[name]; t != nil {
		return t
	}
	data, err := a.workspace.ReadFile(name)
	if err != nil {
		return nil
	}
	return newText(string(data))
}
