package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/explain"
	"github.com/checkout-promotions/checkout/rules/invariant"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestsPretty writes the failed cases with what was wanted, what came, why
// promotions were not applied and how to run the case again, then the counts.
// command is what the user typed before the filter: checkout rules test examples.
func TestsPretty(w io.Writer, r ruletest.Result, command string) error {
	var b strings.Builder
	for _, c := range r.Cases {
		switch {
		case c.Skipped != "":
			writeSkipped(&b, c)
		case !c.Passed:
			writeFailure(&b, c, command)
		}
	}
	for _, line := range surfaceCounts(r) {
		b.WriteString(line + "\n")
	}
	b.WriteString(TestCounts(r) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeSkipped(b *strings.Builder, c ruletest.CaseResult) {
	fmt.Fprintf(b, "skipped %s:%d  %s: %s\n", c.File, c.Line, caseLabel(c), oneLine(c.Skipped))
}

// surfaceCounts writes the counts of each surface, where there are several.
func surfaceCounts(r ruletest.Result) []string {
	type tally struct{ passed, failed, skipped int }
	var names []string
	tallies := make(map[string]*tally)
	for _, c := range r.Cases {
		if c.Surface == "" {
			return nil
		}
		if tallies[c.Surface] == nil {
			names, tallies[c.Surface] = append(names, c.Surface), &tally{}
		}
		switch t := tallies[c.Surface]; {
		case c.Skipped != "":
			t.skipped++
		case c.Passed:
			t.passed++
		default:
			t.failed++
		}
	}
	lines := make([]string, len(names))
	for i, name := range names {
		t := tallies[name]
		lines[i] = fmt.Sprintf("%s: %s", name, counts(t.passed, t.failed, t.skipped))
	}
	return lines
}

// TestReport returns the report of rule tests. command is as for TestsPretty.
func TestReport(r ruletest.Result, command string) Report {
	cases := make([]Case, len(r.Cases))
	for i, c := range r.Cases {
		cases[i] = Case{File: c.File, Line: c.Line, Name: caseLabel(c), Code: testFailed, Skipped: c.Skipped}
		if c.Failed() {
			var b strings.Builder
			writeFailure(&b, c, command)
			cases[i].Failure, cases[i].Detail = failureOf(c), strings.TrimSpace(b.String())
		}
	}
	summary := countCases(cases)
	if surfaces := surfaceCounts(r); surfaces != nil {
		summary += " (" + strings.Join(surfaces, "; ") + ")"
	}
	return Report{Name: command, Cases: cases, Findings: FailedFindings(cases), Summary: summary}
}

// failureOf writes what is wrong with a case on one line.
func failureOf(c ruletest.CaseResult) string {
	var parts []string
	for _, m := range c.Mismatches {
		parts = append(parts, fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got))
	}
	for _, v := range c.Broken {
		parts = append(parts, fmt.Sprintf("always %s: %s", v.Invariant, v.Values))
	}
	return oneLine(strings.Join(parts, "; "))
}

func writeFailure(b *strings.Builder, c ruletest.CaseResult, command string) {
	fmt.Fprintf(b, "FAIL %s:%d  %s\n", c.File, c.Line, caseLabel(c))
	for _, m := range c.Mismatches {
		if strings.Contains(m.Want+m.Got, "\n") {
			fmt.Fprintf(b, "  %s\n    want\n%s\n    got\n%s\n", m.Field, deeper(m.Want), deeper(m.Got))
			continue
		}
		fmt.Fprintf(b, "  %-12s want %s, got %s\n", m.Field, m.Want, m.Got)
	}
	for _, v := range c.Broken {
		fmt.Fprintf(b, "  always       %s, got %s\n", v.Invariant, v.Values)
	}
	for _, w := range c.WhyNot {
		fmt.Fprintf(b, "  why not %s  (%s, %s)\n", w.Promotion, w.Source, w.Reason)
		explain.WriteObstacle(b, "    ", w.Reason, w.Obstacle)
		if w.Nearest != nil {
			explain.WriteHint(b, "    ", w.Currency, *w.Nearest)
		}
	}
	fmt.Fprintf(b, "  run it again: %s --run %s\n\n", command, quoteArgument(c.Filter))
}

// caseLabel names a case with its row, and where it was priced.
func caseLabel(c ruletest.CaseResult) string {
	label := c.Name + rowLabel(c.Row)
	if c.Surface != "" {
		label += " on " + c.Surface
	}
	return label
}

// deeper indents the lines of a text.
func deeper(text string) string { return "      " + strings.ReplaceAll(text, "\n", "\n      ") }

func rowLabel(row string) string {
	if row == "" {
		return ""
	}
	return " [" + row + "]"
}

// quoteArgument quotes for a POSIX shell.
func quoteArgument(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// testsJSON is version 1 of the format. Fields are only ever added.
type testsJSON struct {
	Version int        `json:"version"`
	Passed  int        `json:"passed"`
	Failed  int        `json:"failed"`
	Skipped int        `json:"skipped,omitempty"`
	Seed    *uint64    `json:"seed,omitempty"` // of the order, where it was shuffled
	Cases   []caseJSON `json:"cases"`
}

type caseJSON struct {
	File       string                `json:"file"`
	Line       int                   `json:"line"`
	Name       string                `json:"name"`
	Row        string                `json:"row,omitempty"` // its variables
	Tags       []string              `json:"tags,omitempty"`
	Surface    string                `json:"surface,omitempty"` // where it was priced, of several
	Passed     bool                  `json:"passed"`
	Skipped    string                `json:"skipped,omitempty"` // why it was not run
	Mismatches []ruletest.Mismatch   `json:"mismatches,omitempty"`
	Broken     []invariant.Violation `json:"always,omitempty"` // the invariants that do not hold
	WhyNot     []whyNotJSON          `json:"why_not,omitempty"`
	Run        string                `json:"run"`             // what --run selects it by
	Trace      []traceJSON           `json:"trace,omitempty"` // where --trace asks for it
	Bench      *benchJSON            `json:"bench,omitempty"` // where --bench asks for it
}

// traceJSON is what promotions did to a cart of a case, as rules explain tells it.
type traceJSON struct {
	Step    string                    `json:"step,omitempty"` // of several
	Sources map[string]string         `json:"sources"`        // of the promotions, as file:line:column
	Quote   engine.Quote              `json:"quote"`
	Parts   map[string][]explain.Part `json:"parts,omitempty"` // by set, condition and promotion
}

// benchJSON is how long it takes to price a case, in nanoseconds.
type benchJSON struct {
	P50  int64 `json:"p50_ns"`
	P99  int64 `json:"p99_ns"`
	Runs int   `json:"runs"`
}

type whyNotJSON struct {
	Promotion string       `json:"promotion"`
	Source    string       `json:"source"`
	Reason    string       `json:"reason"`
	Clauses   []clauseJSON `json:"clauses,omitempty"`
	By        []string     `json:"by,omitempty"`
	Detail    string       `json:"detail,omitempty"`
	Fault     string       `json:"fault,omitempty"`
	Nearest   *nearestJSON `json:"nearest,omitempty"` // what to add so that it is applied
}

type nearestJSON struct {
	Add   []engine.HintItem `json:"add"`
	Saves string            `json:"saves"`
	Costs string            `json:"costs"`
}

type clauseJSON struct {
	Source string `json:"source"`
	Values string `json:"values"`
}

// TestsJSON writes every case, passed or failed.
func TestsJSON(w io.Writer, r ruletest.Result) error {
	out := testsJSON{Version: 1, Passed: r.Passed, Failed: r.Failed, Skipped: r.Skipped, Seed: r.Seed, Cases: make([]caseJSON, 0, len(r.Cases))}
	for _, c := range r.Cases {
		j := caseJSON{
			File: c.File, Line: c.Line, Name: c.Name, Row: c.Row, Tags: c.Tags, Surface: c.Surface, Passed: c.Passed, Skipped: c.Skipped,
			Mismatches: c.Mismatches, Broken: c.Broken, Run: c.Filter,
		}
		for _, w := range c.WhyNot {
			why := whyNotJSON{Promotion: w.Promotion, Source: w.Source, Reason: w.Reason.String(), By: w.By, Detail: w.Detail, Fault: string(w.Fault)}
			for _, clause := range w.Why {
				why.Clauses = append(why.Clauses, clauseJSON(clause))
			}
			if w.Nearest != nil {
				why.Nearest = &nearestJSON{w.Nearest.Add, w.Currency.Format(w.Nearest.Saves), w.Currency.Format(w.Nearest.Costs)}
			}
			j.WhyNot = append(j.WhyNot, why)
		}
		for _, t := range c.Trace {
			e := explanationOf(&t.Explanation)
			j.Trace = append(j.Trace, traceJSON{t.Step, e.Sources, e.Quote, e.Parts})
		}
		if c.Timing != nil {
			j.Bench = &benchJSON{c.Timing.P50.Nanoseconds(), c.Timing.P99.Nanoseconds(), c.Timing.Runs}
		}
		out.Cases = append(out.Cases, j)
	}
	return writeJSON(w, out)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
