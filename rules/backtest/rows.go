package backtest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
)

// rows reads the rows of a table as encoding/csv does, with the same faults. Lines
// without quotes, which are most, are cut where they stand; others go through a
// csv.Reader, which is given one line at a time and so takes none that is not its.
type rows struct {
	in      *bufio.Reader
	lines   int64 // read so far
	long    []byte
	fields  [][]byte
	want    int // fields of a row, 0 before the first
	quoted  *csv.Reader
	pending []byte // of the line that quoted is given
	given   int64  // lines that quoted has been given
	buf     []byte // of the fields that quoted has read
}

func newRows(in io.Reader) *rows {
	r := &rows{in: bufio.NewReaderSize(in, 1<<16)}
	r.quoted = csv.NewReader(r)
	r.quoted.ReuseRecord, r.quoted.FieldsPerRecord = true, -1
	return r
}

// next returns the fields of the next row, which are valid until it is called again,
// and the line that it begins at.
func (r *rows) next() (fields [][]byte, line int64, err error) {
	for {
		text, err := r.readLine()
		if err != nil {
			return nil, 0, err
		}
		plain := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		if len(plain) == 0 {
			continue
		}
		line = r.lines
		if bytes.IndexByte(plain, '"') < 0 {
			r.cut(plain)
		} else if err := r.unquote(text); err != nil {
			return nil, 0, err
		}
		if r.want == 0 {
			r.want = len(r.fields)
		}
		if len(r.fields) != r.want {
			return nil, 0, &csv.ParseError{StartLine: int(line), Line: int(line), Column: 1, Err: csv.ErrFieldCount}
		}
		return r.fields, line, nil
	}
}

// cut finds the fields of a line without quotes.
func (r *rows) cut(line []byte) {
	r.fields = r.fields[:0]
	for {
		at := bytes.IndexByte(line, ',')
		if at < 0 {
			r.fields = append(r.fields, line)
			return
		}
		r.fields = append(r.fields, line[:at])
		line = line[at+1:]
	}
}

// unquote reads the row that begins with the line.
func (r *rows) unquote(line []byte) error {
	before := int(r.lines - r.given - 1) // lines that quoted has not seen
	r.pending, r.given = line, r.given+1
	record, err := r.quoted.Read()
	var fault *csv.ParseError
	if errors.As(err, &fault) {
		fault.StartLine, fault.Line = fault.StartLine+before, fault.Line+before
	}
	if err != nil {
		return err
	}
	r.buf, r.fields = r.buf[:0], r.fields[:0]
	for _, field := range record {
		r.buf = append(r.buf, field...)
	}
	rest := r.buf
	for _, field := range record {
		r.fields, rest = append(r.fields, rest[:len(field)]), rest[len(field):]
	}
	return nil
}

// Read implements io.Reader for quoted: it ends with each line.
func (r *rows) Read(p []byte) (int, error) {
	if len(r.pending) == 0 {
		line, err := r.readLine()
		if err != nil {
			return 0, err
		}
		r.pending, r.given = line, r.given+1
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// readLine returns a line with its end, valid until it is called again.
func (r *rows) readLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = slices.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(r.long) > MaxLine {
				return nil, fmt.Errorf("line %d is longer than %d bytes: the input is no table of orders", r.lines+1, MaxLine)
			}
			line, err = r.in.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if err != nil && !(errors.Is(err, io.EOF) && len(line) > 0) {
		return nil, err
	}
	r.lines++
	return line, nil
}
