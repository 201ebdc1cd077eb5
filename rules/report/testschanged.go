package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// TestCounts writes how many cases failed, were skipped and passed.
func TestCounts(r ruletest.Result) string { return counts(r.Passed, r.Failed, r.Skipped) }

// TestsChangedPretty writes the cases that came out otherwise than the last time, and
// the counts of all. command is as for TestsPretty. Those that go on failing are named
// where that is asked for.
func TestsChangedPretty(w io.Writer, u ruletest.Refreshed, command string, others bool) error {
	var b strings.Builder
	for _, c := range u.Changed {
		switch {
		case c.Skipped != "":
			writeSkipped(&b, c)
		case c.Passed:
			fmt.Fprintf(&b, "ok   %s:%d  %s\n", c.File, c.Line, caseLabel(c))
		default:
			writeFailure(&b, c, command)
		}
	}
	for _, c := range u.Cases {
		if others && c.Failed() && !has(u.Changed, c) {
			fmt.Fprintf(&b, "still failing %s:%d  %s\n", c.File, c.Line, caseLabel(c))
		}
	}
	b.WriteString(TestCounts(u.Result) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func has(cases []ruletest.CaseResult, c ruletest.CaseResult) bool {
	return slices.ContainsFunc(cases, func(other ruletest.CaseResult) bool {
		return other.File == c.File && other.Line == c.Line && other.Filter == c.Filter && other.Surface == c.Surface
	})
}

// TestsChangedReport returns the report of the cases that came out otherwise than the
// last time. Its summary has those that pass now, and the counts of all.
func TestsChangedReport(u ruletest.Refreshed, command string) Report {
	r := TestReport(ruletest.Result{Cases: u.Changed}, command)
	var b strings.Builder
	for _, c := range r.Cases {
		if c.Failure == "" && c.Skipped == "" {
			b.WriteString(oneLine(c.place()+"passed "+c.Name) + "\n")
		}
	}
	r.Summary = b.String() + TestCounts(u.Result)
	return r
}
