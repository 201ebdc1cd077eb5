package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/creachadair/jrpc2"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// runTests is the command that runs tests.
const runTests = "checkout.runTests"

// runArguments say which tests are run: those of the rules of a file, of these those
// of a test file, and of these those of a name or those that name a promotion.
type runArguments struct {
	URI       string `json:"uri"`
	Test      string `json:"test,omitempty"`
	Promotion string `json:"promotion,omitempty"`
}

// codeLens offers to run the tests beside what they are about.
func (s *Server) codeLens(ctx context.Context, p documentParams) (any, error) {
	lenses := []codeLens{}
	f, ok, err := s.fileOf(ctx, p.TextDocument.URI)
	if !ok {
		return lenses, err
	}
	promotions := 0
	lens := func(at diag.Range, title, command string, arguments runArguments) {
		arguments.URI = p.TextDocument.URI
		lenses = append(lenses, codeLens{Range: f.sources[f.name].span(at), Command: lspCommand{Title: title, Command: command, Arguments: []any{arguments}}})
	}
	isTest := ruletest.IsTestFile(f.name)
	for _, symbol := range f.outline.Symbols {
		switch {
		case symbol.File != f.name:
		case isTest && symbol.Kind == compile.TestSymbol:
			lens(symbol.Key, "run test", runTests, runArguments{Test: symbol.Name})
			lens(symbol.Key, "explain", explainCart, runArguments{Test: symbol.Name})
		case symbol.Kind == compile.PromotionSymbol && len(f.tests) > 0:
			if n := f.testsNaming(symbol.Name); n > 0 {
				lens(symbol.Key, "run "+counted(n, "test"), runTests, runArguments{Promotion: symbol.Name})
			}
			lens(symbol.Key, "explain with cart…", explainCart, runArguments{Promotion: symbol.Name})
			promotions++
		}
	}
	switch {
	case isTest && len(lenses) > 0:
		lens(diag.Range{}, "run all tests of the file", runTests, runArguments{})
	case promotions > 0:
		lens(diag.Range{}, "show coverage", showCoverage, runArguments{})
	}
	return lenses, nil
}

// testOutcome is the result of the command.
type testOutcome struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped,omitempty"`
}

// execute runs a command. What keeps it from being done the user is told too.
func (s *Server) execute(ctx context.Context, p executeParams) (any, error) {
	if !slices.Contains(commands(), p.Command) {
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "there is no command %q", p.Command)
	}
	var arguments runArguments
	if len(p.Arguments) != 1 || json.Unmarshal(p.Arguments[0], &arguments) != nil {
		return nil, jrpc2.Errorf(jrpc2.InvalidParams, "%s takes one argument, with uri and at most one of test and promotion", p.Command)
	}
	f, ok, err := s.fileOf(ctx, arguments.URI)
	if !ok {
		if err == nil {
			err = jrpc2.Errorf(requestFailed, "the file is not open, or has nothing to do with rules")
		}
		return nil, err
	}
	var result any
	switch p.Command {
	case explainCart:
		result, err = s.explain(ctx, f, arguments)
	case showCoverage:
		result, err = s.cover(ctx, f)
	default:
		result, err = s.test(ctx, f, arguments)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.show(messageError, err.Error())
		}
		return nil, jrpc2.Errorf(requestFailed, "%v", err)
	}
	return result, nil
}

func commands() []string { return []string{runTests, explainCart, showCoverage} }

// test runs tests, with a message of how it went and diagnostics at those that failed.
func (s *Server) test(ctx context.Context, f file, arguments runArguments) (any, error) {
	cases, err := f.run(ctx, arguments)
	if err != nil {
		return nil, err
	}
	var outcome testOutcome
	var failed []ruletest.CaseResult
	for _, c := range cases {
		switch {
		case c.Failed():
			outcome.Failed++
			failed = append(failed, c)
		case c.Passed:
			outcome.Passed++
		default:
			outcome.Skipped++
		}
	}
	s.showFailed(f.analysis, failed)
	if outcome.Failed > 0 {
		s.show(messageError, fmt.Sprintf("%s failed, %d passed: %s", counted(outcome.Failed, "test"), outcome.Passed, titles(failed)))
	} else {
		message := counted(outcome.Passed, "test") + " passed"
		if outcome.Skipped > 0 {
			message += fmt.Sprintf(", %d skipped", outcome.Skipped)
		}
		s.show(messageInfo, message)
	}
	return outcome, nil
}

// suites are the tests of the file, or for a rule file those of all its folder, as the
// editor has them.
func (f file) suites() ([]ruletest.Suite, error) {
	var names []string
	for _, test := range f.tests {
		if test.Name == f.name || !ruletest.IsTestFile(f.name) {
			names = append(names, test.Name)
		}
	}
	suites, err := ruletest.LoadFrom(f.workspace, names)
	var faults diag.List
	if errors.As(err, &faults) {
		return nil, fmt.Errorf("the tests cannot be run while the files have faults: %s", faults[0])
	}
	return suites, err
}

// run runs the tests that the arguments mean, of the files as the editor has them.
func (f file) run(ctx context.Context, a runArguments) ([]ruletest.CaseResult, error) {
	suites, err := f.suites()
	if err != nil {
		return nil, err
	}
	result, err := ruletest.RunWith(ctx, suites, ruletest.Filter{}, ruletest.Options{})
	if err != nil {
		return nil, err
	}
	cases := slices.DeleteFunc(result.Cases, func(c ruletest.CaseResult) bool {
		return a.Test != "" && c.Name != a.Test || a.Promotion != "" && !f.names(c, a.Promotion)
	})
	if len(cases) == 0 {
		return nil, errors.New("there is no such test")
	}
	return cases, nil
}

// names reports whether the test of a case names the promotion.
func (f file) names(c ruletest.CaseResult, promotion string) bool {
	symbol := f.outline.Find(compile.PromotionSymbol, promotion)
	return slices.ContainsFunc(f.outline.References, func(r compile.Reference) bool {
		return r.Symbol == symbol && r.In >= 0 && f.outline.Symbols[r.In].Kind == compile.TestSymbol &&
			r.File == c.File && f.outline.Symbols[r.In].Name == c.Name
	})
}

func titles(cases []ruletest.CaseResult) string {
	var names []string
	for _, c := range cases[:min(len(cases), 5)] {
		names = append(names, title(c))
	}
	if more := len(cases) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func title(c ruletest.CaseResult) string { return titleOf(c.Name, c.Row) }

// showFailed shows the tests that failed as diagnostics, until a file changes.
func (s *Server) showFailed(a *analysis, failed []ruletest.CaseResult) {
	found := make(map[string][]diagnostic)
	for _, c := range failed {
		found[c.File] = append(found[c.File], a.failure(c))
	}
	s.showRun(a, "tests", found)
}

// showRun shows what a run of a command has found, in place of what its last run has.
func (s *Server) showRun(a *analysis, what string, found map[string][]diagnostic) {
	s.mu.Lock()
	f := s.state(a.folder)
	current := f.analysis == a
	if f.runs == nil {
		f.runs = make(map[string]map[string][]diagnostic)
	}
	f.runs[what] = found
	s.mu.Unlock()
	if current {
		s.publish(s.ctx, a.folder, a)
	}
}

// failure is a diagnostic at the line of a case.
func (a *analysis) failure(c ruletest.CaseResult) diagnostic {
	lines := []string{"failed: " + title(c)}
	for _, m := range c.Mismatches {
		lines = append(lines, fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got))
	}
	for _, why := range c.WhyNot {
		lines = append(lines, fmt.Sprintf("why not %s: %s", why.Promotion, why.Reason))
	}
	d := diagnostic{Severity: severityError, Source: "checkout test", Message: strings.Join(lines, "\n")}
	if t := a.texts[c.File]; t != nil {
		at := diag.Range{Start: diag.Position{Line: c.Line, Column: 1}, End: diag.Position{Line: c.Line + 1, Column: 1}}
		line := t.within(at)
		at.Start.Column += len(line) - len(strings.TrimLeft(line, " -"))
		at.End = diag.Position{Line: c.Line, Column: 1 + len([]rune(strings.TrimRight(line, "\r\n")))}
		d.Range = t.span(at)
	}
	return d
}
