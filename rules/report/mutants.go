package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/mutate"
)

// MutantsPretty writes the mutants that no test killed, each with the lines that
// differ and the test that would kill it, and then the counts.
func MutantsPretty(w io.Writer, r mutate.Result) error {
	var b strings.Builder
	for _, f := range r.Findings {
		if !f.Killed {
			writeMutant(&b, f)
		}
	}
	fmt.Fprintln(&b, MutantsLine(r))
	_, err := io.WriteString(w, b.String())
	return err
}

// MutantsLine writes the whole in one line: 90.0 % of 10 mutants killed, 1 survived.
func MutantsLine(r mutate.Result) string {
	tenths := 1000
	if n := len(r.Findings); n > 0 {
		tenths = 1000 * r.Killed / n
	}
	return fmt.Sprintf("%d.%d %% of %s killed, %d survived", tenths/10, tenths%10, counted(len(r.Findings), "mutant"), len(r.Findings)-r.Killed)
}

// MutantsReport returns a report with a case for each mutant, which failed where it
// survived.
func MutantsReport(name string, r mutate.Result) Report {
	report := Report{Name: name, Summary: MutantsLine(r)}
	for _, f := range r.Findings {
		c := Case{File: f.Path, Line: f.At.Line, Name: fmt.Sprintf("%d:%d %s", f.At.Line, f.At.Column, mutantLabel(f)), Code: mutantSurvived}
		if !f.Killed {
			var b strings.Builder
			writeMutant(&b, f)
			c.Failure, c.Detail = "no test notices", strings.TrimSpace(b.String())
			report.Findings = append(report.Findings, diag.Diagnostic{
				Code: mutantSurvived, Severity: diag.SeverityWarning, File: f.Path, Range: diag.Range{Start: f.At, End: f.At},
				Message: "no test notices when " + mutantLabel(f), Hint: mutantHint(f),
			})
		}
		report.Cases = append(report.Cases, c)
	}
	return report
}

// mutantLabel says what was changed, and of what.
func mutantLabel(f mutate.Finding) string {
	if f.Owner.Name == "" {
		return f.What
	}
	return fmt.Sprintf("%s  (%s %s)", f.What, f.Owner.Kind, f.Owner.Name)
}

func mutantHint(f mutate.Finding) string {
	if f.Test == "" {
		return ""
	}
	return "checkout rules mutate shows a test for " + f.TestFile + " that does"
}

func writeMutant(b *strings.Builder, f mutate.Finding) {
	fmt.Fprintf(b, "SURVIVED %s:%d:%d  %s\n", f.Path, f.At.Line, f.At.Column, mutantLabel(f))
	for _, line := range f.Before {
		fmt.Fprintf(b, "  -%s\n", line)
	}
	for _, line := range f.After {
		fmt.Fprintf(b, "  +%s\n", line)
	}
	if f.Test == "" {
		b.WriteString("  no cart near those of the tests has another price; it may mean the same\n\n")
		return
	}
	fmt.Fprintf(b, "  a test that kills it, for %s:\n\n", f.TestFile)
	for line := range strings.Lines(f.Test) {
		b.WriteString("    " + line)
	}
	b.WriteByte('\n')
}

// mutantsJSON is version 1 of the format. Fields are only ever added.
type mutantsJSON struct {
	Version  int              `json:"version"`
	Percent  float64          `json:"percent"`
	Killed   int              `json:"killed"`
	Survived int              `json:"survived"`
	Seed     *uint64          `json:"seed,omitempty"`
	Mutants  []mutate.Finding `json:"mutants"`
}

// MutantsJSON writes every mutant, killed or not. seed is that of a sample, nil where
// all were run.
func MutantsJSON(w io.Writer, r mutate.Result, seed *uint64) error {
	out := mutantsJSON{
		Version: 1, Percent: float64(int(r.Percent()*10)) / 10, Killed: r.Killed, Survived: len(r.Findings) - r.Killed,
		Seed: seed, Mutants: orEmpty(slices.Clone(r.Findings)),
	}
	for i := range out.Mutants {
		m := &out.Mutants[i]
		m.Before, m.After = orEmpty(m.Before), orEmpty(m.After)
	}
	return writeJSON(w, out)
}
