package report

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/rules/backtest"
)

// BacktestReport returns a report with a case for each thing that a backtest is judged
// by: that orders can be priced, but for so many, what must always be true, and what
// fails it. Where invariants are judged by the latter, they fail nothing themselves.
func BacktestReport(name string, r *backtest.Result, unpriced int64, judged bool) Report {
	report := Report{Name: name}
	priced := Case{Name: "orders can be priced", Code: notPriced}
	if r.Orders.Failed > unpriced {
		var b strings.Builder
		writeUnpriced(&b, r)
		priced.Failure, priced.Detail = counted(int(r.Orders.Failed), "order")+" could not be priced", strings.TrimSpace(b.String())
	}
	report.Cases = append(report.Cases, priced)
	for i := range r.Invariants {
		report.Cases = append(report.Cases, invariantCase(&r.Invariants[i], judged))
	}
	if v := r.FailIf; v != nil {
		c := Case{Name: "not " + v.Condition, Code: failIfHolds}
		if len(v.Met) > 0 {
			c.Failure = "it is so (" + strings.Join(v.Met, ", ") + ")"
		}
		report.Cases = append(report.Cases, c)
	}
	report.Findings, report.Summary = FailedFindings(report.Cases), countCases(report.Cases)
	return report
}

func invariantCase(v *backtest.Checked, judged bool) Case {
	file, at := placeIn("", v.Place)
	c := Case{File: file, Line: at.Start.Line, Name: "always " + v.Invariant, Code: invariantBroken}
	switch {
	case v.New == 0:
	case judged:
		c.Skipped = fmt.Sprintf("it is broken in %s of %d, which the condition judges", counted(int(v.New), "order"), v.Orders)
	default:
		c.Failure = fmt.Sprintf("broken in %s of %d under the new rules, in %d under the old", counted(int(v.New), "order"), v.Orders, v.Old)
		var b strings.Builder
		writeBreaches(&b, v.Examples)
		c.Detail = strings.TrimRight(b.String(), "\n")
	}
	return c
}
