package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// github writes commands that a workflow on GitHub shows as annotations.
func (r Report) github(w io.Writer) error {
	var b strings.Builder
	for _, d := range r.Findings {
		level := map[diag.Severity]string{diag.SeverityError: "error", diag.SeverityWarning: "warning", diag.SeverityNote: "notice"}[d.Severity]
		var properties []string
		if d.File != "" {
			properties = append(properties, "file="+githubProperty(d.File))
		}
		properties = append(properties, "title="+githubProperty(string(d.Code)))
		if d.Range.Start.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", d.Range.Start.Line))
			if d.Range.End.Line > d.Range.Start.Line { // columns are those of one line
				properties = append(properties, fmt.Sprintf("endLine=%d", d.Range.End.Line))
			} else {
				properties = append(properties, fmt.Sprintf("col=%d", d.Range.Start.Column))
			}
		}
		fmt.Fprintf(&b, "::%s %s::%s\n", level, strings.Join(properties, ","), githubData(messageOf(d)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// messageOf is the message of a finding with what to do.
func messageOf(d diag.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + ": " + d.Hint
}

// githubData is a text that ends with its line, and begins no command.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(printable(s))
}

func githubProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(s))
}
