package catalogue

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Format is how a file of many items is written.
type Format string

// The formats.
const (
	CSV   Format = "csv"   // RFC 4180 with a header; read also with semicolons or tabs
	JSONL Format = "jsonl" // JSON Lines: one object on each line
)

// MaxRecord is how many bytes a Reader takes for one item, so that a quote that
// is never closed does not fill the memory.
const MaxRecord = 1 << 20

// Record is one item of a file, or what is wrong with it.
type Record struct {
	// Item has what the file says; the rest is empty.
	Item engine.Item
	// Faults are all that was found; with any, Item is not complete.
	Faults diag.List
	// Raw is the record as it stands in the file, without the line's end.
	Raw []byte
	// Header says that Raw is not an item but the header, which has faults.
	Header bool

	m          syntax.Map
	given      map[string]bool // fields
	attributes []string        // those a CSV file has columns for
}

// Fault makes a diagnostic at the field of the record, or at the record when it
// does not have it.
func (r *Record) Fault(field string, code diag.Code, hint, format string, args ...any) diag.Diagnostic {
	at := r.m.Value
	if v := r.m.Get(field); v.Present() {
		at = v
	}
	return at.Diagnostic(code, hint, format, args...)
}

// Names reports whether the file gives the item a name.
func (r *Record) Names() bool { return r.given["name"] }

// Release lets go of the source of a record without faults, which takes many
// times the memory of its item: Raw is gone, and Fault must not be called.
func (r *Record) Release() { r.Raw, r.m = nil, syntax.Map{} }

// Over returns the item of the record over what is known of it, which is kept
// where the file has no column or key. Known may be nil: then an item without a
// name is called by its SKU, and one without a stock has none.
func (r *Record) Over(known *engine.Item) engine.Item {
	item := r.Item
	if known == nil {
		known = &engine.Item{Name: item.Name}
	}
	item.ID = known.ID
	if !r.given["name"] {
		item.Name = known.Name
	}
	if !r.given["min_price"] {
		item.MinPrice = known.MinPrice
	}
	if !r.given["stock"] {
		item.Stock = known.Stock
	}
	if !r.given["category"] && !r.given["categories"] {
		item.Categories = known.Categories
	}
	if !r.given["brand"] {
		item.Brand = known.Brand
	}
	if !r.given["tags"] {
		item.Tags = known.Tags
	}
	if !r.given["attributes"] {
		item.Attributes = r.attributesOver(known.Attributes)
	}
	return item
}

// attributesOver changes those attributes that the file has columns for.
func (r *Record) attributesOver(known engine.Attributes) engine.Attributes {
	merged := make(engine.Attributes, len(known)+len(r.Item.Attributes))
	maps.Copy(merged, known)
	for _, name := range r.attributes {
		delete(merged, name)
	}
	maps.Copy(merged, r.Item.Attributes)
	return merged
}

// ReaderOptions says what a Reader reads. Name and Currency are required.
type ReaderOptions struct {
	// Name is the file's, for faults.
	Name     string
	Currency engine.Currency
	// Seen makes SKUs and names unique over several files; nil means this one.
	Seen *Seen
}

// Reader reads items from CSV or JSON Lines, one at a time. It is not safe for
// concurrent use.
type Reader struct {
	options ReaderOptions
	format  Format
	header  []byte
	next    func() (*Record, error)
}

// NewReader returns a reader of the file, whose format it finds out by its
// beginning: an object is JSON Lines, anything else is CSV, with the delimiter
// that the header has most of. A byte order mark is passed over. The error is one
// of reading.
func NewReader(in io.Reader, o ReaderOptions) (*Reader, error) {
	if o.Seen == nil {
		o.Seen = NewSeen()
	}
	r := &Reader{options: o, format: CSV}
	buffered := bufio.NewReaderSize(in, 64<<10)
	beginning, err := buffered.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	if mark := []byte("\uFEFF"); bytes.HasPrefix(beginning, mark) {
		beginning = beginning[len(mark):]
		_, _ = buffered.Discard(len(mark)) // in the buffer since Peek
	}
	if bytes.HasPrefix(bytes.TrimLeft(beginning, " \t\r\n"), []byte("{")) {
		r.format = JSONL
		r.next = (&lineReader{Reader: r, in: buffered}).read
		return r, nil
	}
	r.next = newCSVReader(r, buffered, delimiter(beginning)).read
	return r, nil
}

// Format returns the format of the file.
func (r *Reader) Format() Format { return r.format }

// Header returns the header of a CSV file as it stands there, once the first
// record was read.
func (r *Reader) Header() []byte { return r.header }

// Next returns the next record, with its faults. The error is io.EOF at the end,
// or that of reading the file.
func (r *Reader) Next() (*Record, error) {
	record, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", r.options.Name, err)
	}
	return record, err
}

// finish reads the item of a record from its value.
func (r *Reader) finish(doc *syntax.Document, v syntax.Value, record *Record) *Record {
	if v.Present() && len(doc.Faults()) == 0 {
		record.m = v.Map(Keys()...)
		r.readRecord(record)
	}
	record.Faults = doc.Faults()
	return record
}

func (r *Reader) readRecord(record *Record) {
	m := record.m
	if record.given == nil {
		record.given = make(map[string]bool)
		for _, e := range m.Entries() {
			record.given[e.Name] = true
		}
	}
	item := readItem(m, r.options.Currency)
	if m.Kind() != syntax.Mapping {
		return // reported
	}
	for _, field := range []string{"price", "min_price"} {
		if m.Get(field).Kind() == syntax.Mapping {
			m.Get(field).Report(diag.WrongValue, "", "the inventory keeps one amount, in %s", r.options.Currency)
		}
	}
	if !record.given["stock"] {
		item.Stock = 0
	}
	r.options.Seen.add(m, item.SKU, item.Name)
	record.Item = item
}

// lineReader reads JSON Lines.
type lineReader struct {
	*Reader
	in   *bufio.Reader
	line int
}

func (r *lineReader) read() (*Record, error) {
	for {
		line, tooLong, err := readLine(r.in)
		if err != nil {
			return nil, err
		}
		r.line++
		if len(bytes.TrimSpace(line)) > 0 {
			return r.record(line, tooLong), nil
		}
	}
}

func (r *lineReader) record(line []byte, tooLong bool) *Record {
	doc := syntax.NewDocument(r.options.Name, r.line, string(line))
	record, start := &Record{Raw: line}, diag.Position{Line: r.line, Column: 1}
	switch at, problem := textFault(line, start); {
	case tooLong:
		doc.Report(start, diag.OutOfRange, "", "the line is longer than %d bytes", MaxRecord)
	case problem != "":
		doc.Report(at, diag.Syntax, "save the file as UTF-8 text", "%s", problem)
	default:
		return r.finish(doc, doc.JSON(string(line), start), record)
	}
	record.Faults = doc.Faults()
	return record
}

// readLine reads a line without its end. Of a line that is too long it returns
// the beginning and passes over the rest.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if line == nil && len(part) == 0 && err != nil {
			return nil, false, err
		}
		if len(line)+len(part) > MaxRecord+2 {
			part, tooLong = part[:max(0, min(len(part), MaxRecord-len(line)))], true
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, false, err
		}
		return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), tooLong, nil
	}
}

// textFault returns the first place of a text, which begins at start, that is
// not UTF-8 or a NUL character, and what it is; "" when there is none.
func textFault(text []byte, start diag.Position) (at diag.Position, problem string) {
	if utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
		return start, ""
	}
	at = start
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && size == 1:
			return at, "this is not UTF-8"
		case c == 0:
			return at, "a NUL character cannot stand here"
		case c == '\n':
			at.Line, at.Column = at.Line+1, 0
		}
		at.Column++
		text = text[size:]
	}
	return at, ""
}

// delimiter returns that of the delimiters which the first line has most of.
func delimiter(beginning []byte) rune {
	header, _, _ := bytes.Cut(bytes.TrimLeft(beginning, "\r\n"), []byte("\n"))
	return slices.MaxFunc([]rune{',', ';', '\t'}, func(a, b rune) int {
		return strings.Count(string(header), string(a)) - strings.Count(string(header), string(b))
	})
}
