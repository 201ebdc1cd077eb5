package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestsTrace writes what each promotion did in the cases that have a trace.
func TestsTrace(w io.Writer, cases []ruletest.CaseResult) error {
	var b strings.Builder
	for _, c := range cases {
		for _, t := range c.Trace {
			fmt.Fprintf(&b, "TRACE %s:%d  %s", c.File, c.Line, caseLabel(c))
			if t.Step != "" {
				fmt.Fprintf(&b, "  %s", t.Step)
			}
			b.WriteString("\n")
			var text strings.Builder
			_ = t.Pretty(&text) // a Builder has no errors
			for line := range strings.Lines(text.String()) {
				if line != "\n" {
					b.WriteString("  ")
				}
				b.WriteString(line)
			}
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// TestsBench writes how long it takes to price each case, the slowest first.
func TestsBench(w io.Writer, cases []ruletest.CaseResult) error {
	timed := slices.DeleteFunc(slices.Clone(cases), func(c ruletest.CaseResult) bool { return c.Timing == nil })
	slices.SortStableFunc(timed, func(a, b ruletest.CaseResult) int {
		return cmp.Or(cmp.Compare(b.Timing.P99, a.Timing.P99), cmp.Compare(b.Timing.P50, a.Timing.P50))
	})
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "p50\tp99\t\n")
	for _, c := range timed {
		fmt.Fprintf(table, "%s\t%s\t  %s:%d  %s\n", c.Timing.P50, c.Timing.P99, c.File, c.Line, caseLabel(c))
	}
	return table.Flush()
}
