package report

import (
	"fmt"
	"io"
	"strings"

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

func writeMutant(b *strings.Builder, f mutate.Finding) {
	of := ""
	if f.Owner.Name != "" {
		of = fmt.Sprintf("  (%s %s)", f.Owner.Kind, f.Owner.Name)
	}
	fmt.Fprintf(b, "SURVIVED %s:%d:%d  %s%s\n", f.Path, f.At.Line, f.At.Column, f.What, of)
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
		Seed: seed, Mutants: r.Findings,
	}
	if out.Mutants == nil {
		out.Mutants = []mutate.Finding{}
	}
	return writeJSON(w, out)
}
