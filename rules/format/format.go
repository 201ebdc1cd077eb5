package format

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

// step is how much deeper a block stands than what it belongs to, in blanks.
const step = 2

// UnsafeError says that a file is written so that it cannot be formatted without
// changing what it says.
type UnsafeError struct {
	File    string
	Problem string
}

// Error implements error.
func (e *UnsafeError) Error() string {
	return fmt.Sprintf("format %s: %s; nothing was changed, so please format it by hand", e.File, e.Problem)
}

// Source formats a file. Faults of its syntax are a diag.List.
func Source(name string, data []byte) ([]byte, error) {
	formatted, err := once(name, data)
	if err != nil {
		return nil, err
	}
	if problem := changed(name, data, formatted); problem != "" {
		return nil, &UnsafeError{name, problem}
	}
	if again, err := once(name, formatted); err != nil || string(again) != string(formatted) {
		return nil, &UnsafeError{name, "it comes out in another way each time"}
	}
	return formatted, nil
}

// once formats without a proof.
func once(name string, data []byte) ([]byte, error) {
	data = []byte(strings.TrimPrefix(string(data), "\uFEFF"))
	doc := syntax.Parse(name, data)
	if err := doc.Faults().Err(); err != nil {
		return nil, err
	}
	f := newFormatter(string(data))
	f.block(doc.Root(), 0)
	if f.problem != "" {
		return nil, &UnsafeError{name, f.problem}
	}
	return []byte(f.text()), nil
}

// formatter has the lines of a file, and what is to become of each.
type formatter struct {
	lines   []line
	problem string
}

// line is a line of the file. Places in it are counted in characters from 0.
type line struct {
	source []rune
	// prefix replaces what stands before from, where placed.
	placed bool
	prefix string
	from   int
	// shift moves a line that goes on with a value, where it is of one; within
	// says that all of it is inside of a text, which may have blanks at its ends.
	continues bool
	shift     int
	within    bool
	edits     []edit // in order
}

// edit replaces some characters of a line.
type edit struct {
	from, to int
	text     string
}

func newFormatter(text string) *formatter {
	f := new(formatter)
	for text := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		f.lines = append(f.lines, line{source: []rune(strings.TrimSuffix(text, "\n"))})
	}
	return f
}

// at returns a line by its number.
func (f *formatter) at(number int) *line {
	if number < 1 || number > len(f.lines) {
		f.fail(number, "it ends inside of a value")
		return new(line)
	}
	return &f.lines[number-1]
}

func (f *formatter) fail(number int, problem string) {
	if f.problem == "" {
		f.problem = fmt.Sprintf("line %d: %s", number, problem)
	}
}

// block places a value that begins on a line of its own, or after a dash.
func (f *formatter) block(v syntax.Value, indent int) {
	switch {
	case v.Kind() == syntax.Mapping && !v.Flow():
		f.mapping(v, indent)
	case v.Kind() == syntax.Sequence && !v.Flow():
		f.sequence(v, indent)
	case v.Present():
		f.place(v, indent)
		f.inline(v)
	}
}

// place puts the line on which a value begins to its indentation, unless a dash
// before the value has done so.
func (f *formatter) place(v syntax.Value, indent int) {
	at := v.Position()
	l := f.at(at.Line)
	if !l.placed {
		l.placed, l.prefix = true, strings.Repeat(" ", indent)
	}
	l.from = at.Column - 1
}

func (f *formatter) mapping(v syntax.Value, indent int) {
	entries := v.Entries()
	for i, e := range entries {
		f.place(e.Key, indent)
		switch key, value := e.Key.Extent(), e.Value.Position(); {
		case e.Value.Kind() == syntax.Null:
		case value.Line > key.End.Line:
			f.block(e.Value, indent+step)
		default:
			if !aligned(entries, i) {
				f.gap(value.Line, key.End.Column-1, value.Column-1, ": ")
			}
			f.inline(e.Value)
		}
	}
}

// aligned tells whether the value of an entry stands below or above that of the
// entry on the next line.
func aligned(entries []syntax.Entry, i int) bool {
	at := entries[i].Value.Position()
	for _, near := range []int{i - 1, i + 1} {
		if near < 0 || near >= len(entries) {
			continue
		}
		other := entries[near].Value.Position()
		if other.Column == at.Column && (other.Line == at.Line-1 || other.Line == at.Line+1) {
			return true
		}
	}
	return false
}

// gap replaces what stands between two places, which is signs and blanks.
func (f *formatter) gap(number, from, to int, text string) {
	l := f.at(number)
	if from > to || to > len(l.source) {
		f.fail(number, "a key and its value are not where they are expected")
		return
	}
	if old := string(l.source[from:to]); strings.TrimSpace(old) == strings.TrimSpace(text) && old != text {
		l.edits = append(l.edits, edit{from, to, text})
	}
}

func (f *formatter) sequence(v syntax.Value, indent int) {
	items := v.Items()
	for _, item := range items {
		if !f.dash(item, indent) {
			return
		}
		f.block(item, indent+step)
	}
	f.tables(items)
}

// dash places the line with the dash before an item.
func (f *formatter) dash(item syntax.Value, indent int) bool {
	at := item.Position()
	l := f.at(at.Line)
	before := strings.TrimRight(string(l.source[min(l.from, len(l.source)):min(max(at.Column-1, l.from), len(l.source))]), " ")
	if item.Kind() == syntax.Null || strings.TrimSpace(before) != "-" {
		f.fail(at.Line, "an item does not stand beside its dash")
		return false
	}
	if !l.placed {
		l.placed, l.prefix = true, strings.Repeat(" ", indent)
	}
	l.prefix += "- "
	l.from = at.Column - 1
	return true
}

// inline formats a text or a collection in brackets, which begins on a line that is
// placed. The lines that it goes on with move as that line does.
func (f *formatter) inline(v syntax.Value) {
	extent := v.Extent()
	first := f.at(extent.Start.Line)
	last := extent.End.Line
	if v.Block() {
		last = f.endOfBlock(extent.Start.Line, last)
	}
	for n := extent.Start.Line + 1; n <= last; n++ {
		l := f.at(n)
		l.continues, l.shift, l.within = true, len([]rune(first.prefix))-first.from, v.Kind() == syntax.Scalar
	}
	if last == extent.Start.Line && v.Flow() {
		from, to := extent.Start.Column-1, extent.End.Column-1
		if text, ok := f.flow(v); ok && bare(text) == bare(string(first.source[from:to])) {
			first.edits = append(first.edits, edit{from, to, text})
		}
	}
}

// endOfBlock returns the last line of a block of text, which may end with empty
// lines.
func (f *formatter) endOfBlock(first, last int) int {
	header := string(f.at(first).source)
	if cut := strings.LastIndexAny(header, "|>"); cut < 0 || !strings.Contains(header[cut:], "+") {
		return last
	}
	for last < len(f.lines) && strings.TrimSpace(string(f.lines[last].source)) == "" {
		last++ // they are part of the text
	}
	return last
}

// flow writes a collection in brackets, and says whether it could. A key without a
// value is left as it is.
func (f *formatter) flow(v syntax.Value) (string, bool) {
	switch v.Kind() {
	case syntax.Mapping:
		cells, ok := f.cells(v)
		return "{" + strings.Join(cells, ", ") + "}", ok
	case syntax.Sequence:
		var items []string
		for _, item := range v.Items() {
			text, ok := f.flow(item)
			if !ok {
				return "", false
			}
			items = append(items, text)
		}
		return "[" + strings.Join(items, ", ") + "]", true
	case syntax.Scalar:
		extent := v.Extent()
		if extent.End.Line != extent.Start.Line {
			return "", false
		}
		return string(f.at(extent.Start.Line).source[extent.Start.Column-1 : extent.End.Column-1]), true
	default:
		return "", false
	}
}

// cells writes the entries of a mapping in brackets.
func (f *formatter) cells(v syntax.Value) ([]string, bool) {
	cells := []string{}
	for _, e := range v.Entries() {
		key, readable := f.flow(e.Key)
		value, ok := f.flow(e.Value)
		if !ok || !readable {
			return nil, false
		}
		cells = append(cells, key+": "+value)
	}
	return cells, true
}
