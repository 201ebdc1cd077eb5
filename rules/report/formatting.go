package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Formatted is a file that was compared with what it is when it is formatted.
type Formatted struct {
	File string `json:"file"`
	// Formatted is false for one that would change, first at Line.
	Formatted bool `json:"formatted"`
	Line      int  `json:"line,omitempty"`
}

// FormattingPretty writes the files that would change.
func FormattingPretty(w io.Writer, files []Formatted, faults diag.List) error {
	var b strings.Builder
	if len(faults) > 0 {
		b.WriteString(faults.Render())
	}
	for _, f := range files {
		if !f.Formatted {
			fmt.Fprintf(&b, "%s:%d: would be formatted otherwise\n", f.File, f.Line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// formattingJSON is version 1 of the format. Fields are only ever added.
type formattingJSON struct {
	Version int         `json:"version"`
	Files   []Formatted `json:"files"`
	Faults  diag.List   `json:"faults"`
}

// FormattingJSON writes every file that can be formatted, and the faults of others.
func FormattingJSON(w io.Writer, files []Formatted, faults diag.List) error {
	return writeJSON(w, formattingJSON{Version: 1, Files: orEmpty(files), Faults: orEmpty(faults)})
}

// FormattingReport returns a report with a case for each file.
func FormattingReport(name string, files []Formatted, faults diag.List) Report {
	r := Report{Name: name}
	for _, f := range files {
		c := Case{File: f.File, Line: f.Line, Name: "formatted", Code: notFormatted}
		if !f.Formatted {
			c.Failure, c.Detail = "would be formatted otherwise", fmt.Sprintf("checkout rules fmt -d %s shows how", f.File)
		}
		r.Cases = append(r.Cases, c)
	}
	r.Findings = append(FailedFindings(r.Cases), faults...)
	r.Cases = append(r.Cases, FailedCases(faults)...)
	r.Summary = countCases(r.Cases)
	return r
}
