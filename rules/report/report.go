package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// The formats that other programs read, of every command that reports what it has
// checked. What each command says to people, and its JSON, is its own.
const (
	Compact = "compact" // a line for each finding, as compilers write it
	JUnit   = "junit"
	TAP     = "tap"
	SARIF   = "sarif"
	GitHub  = "github" // annotations of a workflow
)

// Report is what a command has checked and found.
type Report struct {
	// Name is that of the command with its arguments.
	Name string
	// Cases are all that was checked, what passed too, for JUnit and TAP.
	Cases []Case
	// Findings are what is to be looked at, where it stands, for the others.
	Findings diag.List
	// Summary is the last line of Compact.
	Summary string
}

// Case is one thing that was checked and passed, failed or was skipped.
type Case struct {
	File string // that it stands in, which groups cases; "" where it has none
	Line int    // 0 where it has none
	Name string
	// Code is the kind of failure.
	Code diag.Code
	// Failure is what is wrong, on one line, "" for a case that passed or was
	// skipped; Detail says more on any number of lines.
	Failure, Detail string
	// Skipped is why it was not run, "" for one that was.
	Skipped string
}

// Write writes the report in one of the formats above.
func (r Report) Write(w io.Writer, format string) error {
	switch format {
	case Compact:
		return r.compact(w)
	case JUnit:
		return r.junit(w)
	case TAP:
		return r.tap(w)
	case SARIF:
		return r.sarif(w)
	case GitHub:
		return r.github(w)
	default:
		return fmt.Errorf("there is no report in the format %q", format)
	}
}

// compact writes a line for each finding and each case that was not run, and the
// summary.
func (r Report) compact(w io.Writer) error {
	var b strings.Builder
	for _, d := range r.Findings {
		text := d.String()
		if d.File == "" {
			text = string(d.Code) + " " + messageOf(d)
		}
		fmt.Fprintln(&b, oneLine(text))
	}
	for _, c := range r.Cases {
		if c.Skipped != "" {
			fmt.Fprintln(&b, oneLine(c.place()+"skipped "+c.Name+": "+c.Skipped))
		}
	}
	if r.Summary != "" {
		b.WriteString(r.Summary + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// place is where the case stands, before a text.
func (c Case) place() string {
	switch {
	case c.File == "":
		return ""
	case c.Line == 0:
		return c.File + ": "
	default:
		return fmt.Sprintf("%s:%d: ", c.File, c.Line)
	}
}

// FailedFindings returns a finding for each case that failed.
func FailedFindings(cases []Case) diag.List {
	var found diag.List
	for _, c := range cases {
		if c.Failure == "" {
			continue
		}
		d := diag.Diagnostic{Code: c.Code, File: c.File, Message: c.Name + ": " + c.Failure}
		if c.Line > 0 {
			d.Range.Start = diag.Position{Line: c.Line, Column: 1}
			d.Range.End = d.Range.Start
		}
		found = append(found, d)
	}
	return found
}

// FailedCases returns a case that failed for each finding.
func FailedCases(found diag.List) []Case {
	cases := make([]Case, len(found))
	for i, d := range found {
		cases[i] = Case{File: d.File, Line: d.Range.Start.Line, Name: place(d) + d.Message, Code: d.Code, Failure: d.Message, Detail: strings.TrimSpace(d.Render())}
	}
	return cases
}

// place is line:column before a text, which tells findings of a file apart.
func place(d diag.Diagnostic) string {
	if d.Range.Start.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d ", d.Range.Start.Line, d.Range.Start.Column)
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

// countCases counts the cases of a report.
func countCases(cases []Case) string {
	failed, skipped := 0, 0
	for _, c := range cases {
		switch {
		case c.Skipped != "":
			skipped++
		case c.Failure != "":
			failed++
		}
	}
	return counts(len(cases)-failed-skipped, failed, skipped)
}

// orEmpty is the list as JSON has it, which never is null.
func orEmpty[L ~[]T, T any](list L) L {
	if list == nil {
		return L{}
	}
	return list
}

func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// printable puts a mark in place of what no text file should have: control characters
// other than tabs and line ends, and bytes that are no UTF-8. XML, YAML and terminals
// would refuse or obey them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
