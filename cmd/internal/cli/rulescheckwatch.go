package cli

import (
	"bytes"
	"context"
	"io"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/report"
)

// checkWatch checks rules again when their files change.
type checkWatch struct {
	screen screen
	check  func(context.Context) (findings, error)
	shown  bool
	last   findings
	said   []byte // all of last
}

// again checks, and shows what is new and what is gone.
func (w *checkWatch) again(ctx context.Context) error {
	found, err := w.check(ctx)
	if err != nil {
		return err
	}
	for _, unread := range found.unread {
		w.screen.failed(unread, "")
		return nil
	}
	var said bytes.Buffer
	if err := found.report(&said, formatJSON); err != nil {
		return err
	}
	recovered := w.screen.recovered()
	if w.shown && !recovered && bytes.Equal(said.Bytes(), w.said) {
		return nil
	}
	first, before := !w.shown, w.last
	w.shown, w.last, w.said = true, found, said.Bytes()
	return w.screen.write(func(out io.Writer, format string) error {
		if first || format != formatPretty || w.screen.redraws {
			return found.report(out, format)
		}
		return report.CheckChangedPretty(out, found.since(before))
	}, found.report)
}

// since returns what is new and what is gone since another check.
func (f *findings) since(before findings) report.CheckChange {
	change := report.CheckChange{Faults: len(f.faults), Level: f.level}
	was, is := before.known(), f.known()
	for _, d := range f.faults {
		if !was[sayingOf(d)] {
			change.NewFaults = append(change.NewFaults, d)
		}
	}
	for _, checked := range f.good {
		change.Checked = append(change.Checked, checked)
		for _, found := range f.grave(checked) {
			if !was[sayingOf(found.Diagnostic)] {
				change.New = append(change.New, found)
			}
		}
	}
	gone := func(d diag.Diagnostic) {
		if !is[sayingOf(d)] {
			change.Gone = append(change.Gone, d)
		}
	}
	for _, d := range before.faults {
		gone(d)
	}
	for _, checked := range before.good {
		for _, found := range before.grave(checked) {
			gone(found.Diagnostic)
		}
	}
	return change
}

// known are the findings, wherever in their files they stand.
func (f *findings) known() map[diag.Diagnostic]bool {
	known := make(map[diag.Diagnostic]bool)
	for _, d := range f.faults {
		known[sayingOf(d)] = true
	}
	for _, checked := range f.good {
		for _, found := range f.grave(checked) {
			known[sayingOf(found.Diagnostic)] = true
		}
	}
	return known
}

// grave are the findings of a folder that are shown.
func (f *findings) grave(checked report.Checked) []lint.Finding {
	var grave []lint.Finding
	for _, found := range checked.Findings {
		if found.Severity.AtLeast(f.level) {
			grave = append(grave, found)
		}
	}
	return grave
}

// sayingOf is what a finding says, without its place, which moves with the lines
// before it.
func sayingOf(d diag.Diagnostic) diag.Diagnostic {
	return diag.Diagnostic{Code: d.Code, File: d.File, Message: d.Message}
}
