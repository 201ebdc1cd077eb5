package diag

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Position is a place in a file. Lines and columns count from 1; a column is a
// character (Unicode code point), not a byte.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Range is a half-open stretch of text, Start included and End not.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Diagnostic is one finding.
type Diagnostic struct {
	Code  Code   `json:"code"`
	File  string `json:"file"`
	Range Range  `json:"range"`
	// Message says what is wrong, without a full stop.
	Message string `json:"message"`
	// Hint says what to do, "" when the message says it all.
	Hint string `json:"hint,omitempty"`
	// Line is the source line on which the range starts, for the excerpt. Of a
	// long line it is the part around the range.
	Line string `json:"-"`
	// LineFrom is the column of the first character of Line, 0 meaning 1.
	LineFrom int `json:"-"`
	// Severity is an error unless it says otherwise.
	Severity Severity `json:"severity,omitzero"`
	// Fix puts it right, nil where no program can.
	Fix *Fix `json:"fix,omitempty"`
}

// String writes the diagnostic on one line: file:line:col: code message: hint.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s: %s %s", d.Location(), d.label(), d.Message)
	if d.Hint != "" {
		text += ": " + d.Hint
	}
	return text
}

// label is the code, with the severity before it unless it is an error.
func (d Diagnostic) label() string {
	if d.Severity == SeverityError {
		return string(d.Code)
	}
	return d.Severity.String() + " " + string(d.Code)
}

// Location writes file:line:column, or what of it is known.
func (d Diagnostic) Location() string {
	switch {
	case d.File == "":
		return "rules"
	case d.Range.Start.Line == 0:
		return d.File
	default:
		return fmt.Sprintf("%s:%d:%d", d.File, d.Range.Start.Line, d.Range.Start.Column)
	}
}

// Excerpt writes the source line with carets under the range, "" when the line
// is not known. Tabs stay tabs, so that the caret stands right at any tab
// width.
func (d Diagnostic) Excerpt() string {
	if d.Line == "" || d.Range.Start.Line == 0 {
		return ""
	}
	gutter := fmt.Sprintf("%4d", d.Range.Start.Line)
	blank := strings.Repeat(" ", len(gutter))
	return fmt.Sprintf("%s | %s\n%s | %s\n", gutter, d.Line, blank, d.caret())
}

func (d Diagnostic) caret() string {
	var b strings.Builder
	line, before := []rune(d.Line), max(1, d.LineFrom)-1
	start := d.Range.Start.Column - before // in Line
	for i := 0; i < start-1 && i < len(line); i++ {
		if line[i] == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteByte(' ')
	}
	end := d.Range.End.Column - before
	if d.Range.End.Line > d.Range.Start.Line {
		end = len(line) + 1
	}
	b.WriteString(strings.Repeat("^", max(1, min(end, len(line)+1)-start)))
	return b.String()
}

// Render writes the diagnostic with its excerpt and hint:
//
//	tv.yaml:4:30: R0103 unknown name "tv"
//	   4 |     when: tv.quantity > 3
//	     |           ^^
//	     = did you mean "tvs"?
func (d Diagnostic) Render() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s\n", d.Location(), d.label(), d.Message)
	b.WriteString(d.Excerpt())
	if d.Hint != "" {
		fmt.Fprintf(&b, "     = %s\n", d.Hint)
	}
	return b.String()
}

// List is a number of diagnostics. A non-empty list is an error.
type List []Diagnostic

// maxErrorLines bounds Error, which goes into logs; Render writes all.
const maxErrorLines = 50

// Error implements error with one line per diagnostic, at most fifty, and then
// how many more there are.
func (l List) Error() string {
	shown := l[:min(len(l), maxErrorLines)]
	lines := make([]string, len(shown), len(shown)+1)
	for i, d := range shown {
		lines[i] = d.String()
	}
	if more := len(l) - len(shown); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Err returns the list as an error, sorted and without repetitions, or nil when
// it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l.Sorted()
}

// Sorted returns the list by file and position, each finding once.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Hint, b.Hint),
		)
	})
	return slices.CompactFunc(sorted, Diagnostic.same)
}

// same reports whether two findings say the same. Their fixes are then the same, too,
// though not in the same place of memory.
func (d Diagnostic) same(e Diagnostic) bool {
	d.Fix, e.Fix = nil, nil
	return d == e
}

// InFolder returns the list with the files' names made paths below folder, which
// a user can open.
func (l List) InFolder(folder string) List {
	located := slices.Clone(l)
	for i := range located {
		located[i].File = path.Join(folder, located[i].File)
		located[i].Fix = located[i].Fix.inFolder(folder)
	}
	return located
}

// Render writes every diagnostic with its excerpt, separated by blank lines,
// and how many there are.
func (l List) Render() string {
	var b strings.Builder
	for _, d := range l {
		b.WriteString(d.Render())
		b.WriteByte('\n')
	}
	faults := "faults"
	if len(l) == 1 {
		faults = "fault"
	}
	fmt.Fprintf(&b, "%d %s\n", len(l), faults)
	return b.String()
}
