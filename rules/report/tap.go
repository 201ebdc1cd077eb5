package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// tap writes version 14 of the Test Anything Protocol.
func (r Report) tap(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", len(r.Cases))
	for i, c := range r.Cases {
		name := tapText(strings.TrimSpace(strings.TrimSuffix(c.place(), ": ") + " " + c.Name))
		switch {
		case c.Skipped != "":
			fmt.Fprintf(&b, "ok %d - %s # SKIP %s\n", i+1, name, tapText(c.Skipped))
		case c.Failure != "":
			fmt.Fprintf(&b, "not ok %d - %s\n  ---\n  message: %q\n  detail: |2\n%s\n  ...\n", i+1, name, oneLine(c.Failure), tapDetail(cmp.Or(c.Detail, c.Failure)))
		default:
			fmt.Fprintf(&b, "ok %d - %s\n", i+1, name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tapText is a text on a line of TAP, where # begins a directive.
func tapText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(oneLine(text))
}

// tapDetail is a text in a block of YAML, whose lines are indented by four.
func tapDetail(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(printable(text))
	return "    " + strings.ReplaceAll(text, "\n", "\n    ")
}
