package format

import (
	"strings"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/rules/syntax"
)

// row is an item of a list that is a mapping in brackets on one line.
type row struct {
	line       int
	start, end int // the places of its brackets
	keys       []string
	cells      []string
}

// tables aligns the rows of a list that follow one another, where their author has
// aligned any of them.
func (f *formatter) tables(items []syntax.Value) {
	var rows []row
	for _, item := range items {
		r, ok := f.row(item)
		if len(rows) > 0 && (!ok || r.line != rows[len(rows)-1].line+1) {
			f.align(rows)
			rows = nil
		}
		if ok {
			rows = append(rows, r)
		}
	}
	f.align(rows)
}

func (f *formatter) row(item syntax.Value) (row, bool) {
	extent := item.Extent()
	if item.Kind() != syntax.Mapping || !item.Flow() || extent.Start.Line != extent.End.Line {
		return row{}, false
	}
	r := row{line: extent.Start.Line, start: extent.Start.Column - 1, end: extent.End.Column - 1}
	for _, e := range item.Entries() {
		r.keys = append(r.keys, e.Name)
	}
	var ok bool
	r.cells, ok = f.cells(item)
	return r, ok && bare("{"+strings.Join(r.cells, ",")+"}") == bare(string(f.at(r.line).source[r.start:r.end]))
}

// align writes rows so that what stands under the same key stands below each other,
// as far as all rows go on and have the same keys.
func (f *formatter) align(rows []row) {
	if len(rows) < 2 || !f.padded(rows) {
		return
	}
	columns := commonKeys(rows)
	for column := range columns {
		width := 0
		for _, r := range rows {
			width = max(width, utf8.RuneCountInString(r.cells[column]))
			if column+1 == len(r.cells) {
				columns = column
			}
		}
		if column == columns {
			break
		}
		for _, r := range rows {
			r.cells[column] += "," + strings.Repeat(" ", width-utf8.RuneCountInString(r.cells[column])+1)
		}
	}
	for _, r := range rows {
		text := strings.Join(r.cells[:columns], "") + strings.Join(r.cells[columns:], ", ")
		l := f.at(r.line)
		l.edits = []edit{{r.start, r.end, "{" + text + "}"}}
	}
}

// padded tells whether any row has more than a blank between its cells.
func (f *formatter) padded(rows []row) bool {
	for _, r := range rows {
		if string(f.at(r.line).source[r.start:r.end]) != "{"+strings.Join(r.cells, ", ")+"}" {
			return true
		}
	}
	return false
}

// commonKeys is how many keys all rows begin with.
func commonKeys(rows []row) int {
	common := len(rows[0].keys)
	for _, r := range rows[1:] {
		n := 0
		for n < min(common, len(r.keys)) && r.keys[n] == rows[0].keys[n] {
			n++
		}
		common = n
	}
	return common
}
