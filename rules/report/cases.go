package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Case is one thing that was checked and passed, failed or was skipped, for the
// formats of test reports.
type Case struct {
	File string // that it stands in, which groups cases
	Line int    // 0 where it has none
	Name string
	// Failure is what is wrong, on one line, "" for a case that passed or was
	// skipped; Detail says more on any number of lines.
	Failure, Detail string
	// Skipped is why it was not run, "" for one that was.
	Skipped string
}

// TestCases returns the cases of rule tests. command is as for TestsPretty.
func TestCases(r ruletest.Result, command string) []Case {
	cases := make([]Case, len(r.Cases))
	for i, c := range r.Cases {
		cases[i] = Case{File: c.File, Line: c.Line, Name: caseLabel(c), Skipped: c.Skipped}
		if c.Failed() {
			var b strings.Builder
			writeFailure(&b, c, command)
			cases[i].Failure, cases[i].Detail = failureOf(c), strings.TrimSpace(b.String())
		}
	}
	return cases
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
	return strings.Join(strings.Fields(strings.Join(parts, "; ")), " ")
}

// FindingCases returns a failed case for each finding of a list.
func FindingCases(found diag.List) []Case {
	cases := make([]Case, len(found))
	for i, d := range found {
		cases[i] = Case{File: d.File, Line: d.Range.Start.Line, Name: string(d.Code), Failure: d.Message, Detail: strings.TrimSpace(d.Render())}
	}
	return cases
}

// CaseFindings returns a finding for each case that failed.
func CaseFindings(cases []Case) diag.List {
	var found diag.List
	for _, c := range cases {
		if c.Failure != "" {
			at := diag.Position{Line: c.Line, Column: 1}
			found = append(found, diag.Diagnostic{Code: "test-failed", File: c.File, Range: diag.Range{Start: at, End: at}, Message: c.Name + ": " + c.Failure})
		}
	}
	return found
}

// junitSuites is JUnit's XML as Jenkins, GitLab and others read it.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Failure *junitMessage `xml:"failure,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// CasesJUnit writes JUnit's XML with a suite for each file, and every case in it.
func CasesJUnit(w io.Writer, name string, cases []Case) error {
	all := junitSuites{Name: name, Suites: []junitSuite{}}
	for _, c := range cases {
		i := slices.IndexFunc(all.Suites, func(s junitSuite) bool { return s.Name == c.File })
		if i < 0 {
			i = len(all.Suites)
			all.Suites = append(all.Suites, junitSuite{Name: c.File})
		}
		suite := &all.Suites[i]
		out := junitCase{Name: c.Name, Class: strings.TrimSuffix(c.File, ".yaml"), File: c.File, Line: c.Line}
		suite.Tests, all.Tests = suite.Tests+1, all.Tests+1
		switch {
		case c.Skipped != "":
			out.Skipped, suite.Skipped = &junitMessage{Message: c.Skipped}, suite.Skipped+1
		case c.Failure != "":
			out.Failure = &junitMessage{Message: c.Failure, Text: c.Detail}
			suite.Failures, all.Failures = suite.Failures+1, all.Failures+1
		}
		suite.Cases = append(suite.Cases, out)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// CasesTAP writes version 14 of the Test Anything Protocol.
func CasesTAP(w io.Writer, cases []Case) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(cases))
	for i, c := range cases {
		name := strings.NewReplacer("\\", "\\\\", "#", "\\#", "\n", " ").Replace(fmt.Sprintf("%s:%d %s", c.File, c.Line, c.Name))
		switch {
		case c.Skipped != "":
			fmt.Fprintf(&b, "ok %d - %s # SKIP %s\n", i+1, name, oneLine(c.Skipped))
		case c.Failure != "":
			fmt.Fprintf(&b, "not ok %d - %s\n  ---\n  message: %q\n  detail: |\n%s\n  ...\n", i+1, name, c.Failure, indented(cmp.Or(c.Detail, c.Failure)))
		default:
			fmt.Fprintf(&b, "ok %d - %s\n", i+1, name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func indented(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// CasesCompact writes a line for each case that failed or was skipped, and the
// counts.
func CasesCompact(w io.Writer, cases []Case) error {
	var b strings.Builder
	failed, skipped := 0, 0
	for _, c := range cases {
		switch {
		case c.Skipped != "":
			skipped++
			fmt.Fprintf(&b, "%s:%d: skipped: %s: %s\n", c.File, c.Line, c.Name, oneLine(c.Skipped))
		case c.Failure != "":
			failed++
			fmt.Fprintf(&b, "%s:%d: failed: %s: %s\n", c.File, c.Line, c.Name, c.Failure)
		}
	}
	b.WriteString(counts(len(cases)-failed-skipped, failed, skipped) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// counts writes how many cases failed, were skipped and passed.
func counts(passed, failed, skipped int) string {
	text := fmt.Sprintf("%d passed", passed)
	if failed > 0 {
		text = fmt.Sprintf("%d failed, %s", failed, text)
	}
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	return text
}
