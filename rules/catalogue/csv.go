package catalogue

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// attributePrefix begins the columns of attributes.
const attributePrefix = "attributes."

// errTooLong ends the reading of a record that is longer than MaxRecord.
var errTooLong = errors.New("the record is too long")

// csvReader reads CSV. It keeps the bytes of the current record beside what
// package csv makes of them, for excerpts and for what is rejected.
type csvReader struct {
	*Reader
	in       *keeper
	csv      *csv.Reader
	line     int // the first of the current record
	columns  []string
	given    map[string]bool
	attrs    []string
	finished bool
}

func newCSVReader(r *Reader, in io.Reader, delimiter rune) *csvReader {
	kept := &keeper{in: in}
	reader := csv.NewReader(kept)
	reader.Comma, reader.FieldsPerRecord = delimiter, -1
	return &csvReader{Reader: r, in: kept, csv: reader, line: 1}
}

// row is a record of CSV with its source.
type row struct {
	doc   *syntax.Document
	raw   string
	cells []string
	start diag.Position
	at    func(i int) (at diag.Position, quoted bool)
}

func (r *csvReader) read() (*Record, error) {
	if r.finished {
		return nil, io.EOF
	}
	if r.columns == nil {
		record, err := r.readHeader()
		if record != nil || err != nil {
			r.finished = true
			return record, err
		}
	}
	row, err := r.row()
	if err != nil {
		return nil, err
	}
	record := &Record{Raw: []byte(row.raw), given: r.given, attributes: r.attrs}
	switch {
	case len(row.doc.Faults()) > 0:
	case len(row.cells) != len(r.columns):
		row.doc.Report(row.start, diag.Syntax, "", "the record has %d cells, the header has %d", len(row.cells), len(r.columns))
	default:
		return r.finish(row.doc, r.value(row), record), nil
	}
	record.Faults = row.doc.Faults()
	return record, nil
}

// readHeader reads the header. The record is one that tells its faults.
func (r *csvReader) readHeader() (*Record, error) {
	row, err := r.row()
	if err != nil {
		return nil, err
	}
	r.header, r.given = []byte(row.raw), make(map[string]bool)
	for i, column := range row.cells {
		if !strings.HasPrefix(column, attributePrefix) {
			column = strings.TrimSpace(column)
		}
		r.column(row, i, column)
	}
	for _, column := range []string{"sku", "price"} {
		if len(row.doc.Faults()) == 0 && !r.given[column] {
			row.doc.Report(row.start, diag.MissingKey, "the first record names the columns", "the column %s is missing", column)
		}
	}
	if len(row.doc.Faults()) > 0 {
		return &Record{Raw: r.header, Header: true, Faults: row.doc.Faults()}, nil
	}
	return nil, nil
}

func (r *csvReader) column(row *row, i int, column string) {
	at, quoted := row.at(i)
	v := row.doc.Scalar(column, at, quoted)
	attribute, isAttribute := strings.CutPrefix(column, attributePrefix)
	switch {
	case r.given[column] || isAttribute && slices.Contains(r.attrs, attribute):
		v.Report(diag.Duplicate, "", "the column %s is there twice", column)
	case isAttribute && attribute != "":
		r.attrs = append(r.attrs, attribute)
	case column == "attributes" || !slices.Contains(Keys(), column):
		known := append(slices.DeleteFunc(Keys(), func(f string) bool { return f == "attributes" }), attributePrefix+"*")
		v.Report(diag.UnknownKey, diag.Suggest(column, known), "unknown column %q", column)
	default:
		r.given[column] = true
	}
	r.columns = append(r.columns, column)
}

// row reads the next record. What is wrong with its form is among the faults of
// its document.
func (r *csvReader) row() (*row, error) {
	cells, err := r.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, errTooLong):
		r.finished = true
	case errors.As(err, &broken):
	case err != nil:
		return nil, err
	}
	source := r.in.take(r.csv.InputOffset())
	first := r.line
	r.line += strings.Count(source, "\n")
	record := strings.TrimLeft(source, "\r\n")
	row := &row{
		doc:   syntax.NewDocument(r.options.Name, first, source),
		raw:   strings.TrimSuffix(strings.TrimSuffix(record, "\n"), "\r"),
		cells: cells,
		start: diag.Position{Line: first + strings.Count(source[:len(source)-len(record)], "\n"), Column: 1},
	}
	lines := strings.Split(source, "\n")
	row.at = func(i int) (diag.Position, bool) {
		line, column := r.csv.FieldPos(i)
		text := lines[line-first]
		before := text[:min(column-1, len(text))]
		quoted := strings.HasPrefix(text[len(before):], `"`)
		return diag.Position{Line: line, Column: utf8.RuneCountInString(before) + 1}, quoted
	}
	r.judge(row, err, broken)
	return row, nil
}

// judge reports what is wrong with the form of a record.
func (r *csvReader) judge(row *row, err error, broken *csv.ParseError) {
	at, problem := textFault([]byte(row.raw), row.start)
	switch {
	case errors.Is(err, errTooLong):
		row.doc.Report(row.start, diag.OutOfRange, "look for a quote that is not closed", "the record is longer than %d bytes", MaxRecord)
	case problem != "":
		row.doc.Report(at, diag.Syntax, "save the file as UTF-8 text", "%s", problem)
	case broken != nil && errors.Is(broken.Err, csv.ErrBareQuote):
		row.doc.Report(row.place(broken), diag.Syntax, `put the whole cell in quotes, and write each " in it twice`, "a quote in a cell that does not begin with one")
	case broken != nil:
		row.doc.Report(row.place(broken), diag.Syntax, `a cell in quotes ends with one, and a " in it is written twice`, "the quotes of this cell are not right")
	}
}

// place returns where package csv found a fault. It counts bytes.
func (r *row) place(broken *csv.ParseError) diag.Position {
	lines := strings.Split(r.raw, "\n")
	i := max(0, min(broken.Line-r.start.Line, len(lines)-1))
	text := lines[i]
	return diag.Position{Line: r.start.Line + i, Column: utf8.RuneCountInString(text[:max(0, min(broken.Column-1, len(text)))]) + 1}
}

// value makes of the cells what JSON would say.
func (r *csvReader) value(row *row) syntax.Value {
	var entries, attributes []syntax.Entry
	for i, column := range r.columns {
		cell := row.cells[i]
		at, quoted := row.at(i)
		name, isAttribute := strings.CutPrefix(column, attributePrefix)
		key := row.doc.Scalar(name, at, false)
		switch {
		case isAttribute && cell != "":
			attributes = append(attributes, syntax.Entry{Key: key, Value: attributeCell(row.doc, cell, at, quoted)})
		case isAttribute:
		case cell == "" && (column == "sku" || column == "price" || column == "name" || column == "stock"):
			entries = append(entries, syntax.Entry{Key: key, Value: row.doc.Null(at)})
		case cell == "":
		case column == "categories" || column == "tags":
			entries = append(entries, syntax.Entry{Key: key, Value: listCell(row.doc, cell, at, quoted)})
		default:
			entries = append(entries, syntax.Entry{Key: key, Value: row.doc.Scalar(cell, at, quoted)})
		}
	}
	if len(attributes) > 0 {
		entries = append(entries, syntax.Entry{Key: row.doc.Scalar("attributes", row.start, false), Value: row.doc.Mapping(row.start, attributes...)})
	}
	return row.doc.Mapping(row.start, entries...)
}

// attributeCell reads an attribute as JSON where it is JSON.
func attributeCell(doc *syntax.Document, cell string, at diag.Position, quoted bool) syntax.Value {
	if json.Valid([]byte(cell)) {
		if quoted {
			at.Column++
		}
		return doc.JSON(cell, at)
	}
	return doc.Scalar(cell, at, true)
}

func listCell(doc *syntax.Document, cell string, at diag.Position, quoted bool) syntax.Value {
	var values []syntax.Value
	for _, text := range splitList(cell) {
		values = append(values, doc.Scalar(text, at, quoted))
	}
	return doc.List(at, values...)
}

// splitList takes a list of a cell apart; see the package's documentation.
func splitList(cell string) []string {
	var list []string
	var text strings.Builder
	escaped := false
	for _, c := range cell {
		switch {
		case !escaped && c == '\\':
			escaped = true
			continue
		case !escaped && c == ';':
			list = append(list, text.String())
			text.Reset()
			continue
		case escaped && c != ';' && c != '\\':
			text.WriteByte('\\') // of a text such as C:\tmp
		}
		escaped = false
		text.WriteRune(c)
	}
	return append(list, text.String())
}

// joinList is the inverse of splitList.
func joinList(list []string) string {
	if len(list) == 1 && list[0] == "" {
		return `\`
	}
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = strings.NewReplacer(`\`, `\\`, `;`, `\;`).Replace(text)
	}
	return strings.Join(texts, ";")
}

// keeper keeps what was read of in and not yet taken.
type keeper struct {
	in     io.Reader
	kept   []byte
	offset int64 // of the first byte kept
}

// Read implements io.Reader. It ends a record that is too long.
func (k *keeper) Read(p []byte) (int, error) {
	if len(k.kept) > MaxRecord+64<<10 {
		return 0, errTooLong
	}
	n, err := k.in.Read(p)
	k.kept = append(k.kept, p[:n]...)
	return n, err
}

// take returns what was kept before the offset and forgets it.
func (k *keeper) take(offset int64) string {
	n := min(offset-k.offset, int64(len(k.kept)))
	text := string(k.kept[:n])
	k.kept, k.offset = append(k.kept[:0], k.kept[n:]...), offset
	return text
}
