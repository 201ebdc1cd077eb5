package backtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// MaxLine is how long one order may be, in bytes.
const MaxLine = 16 << 20

// lines reads orders as checkout orders export writes them.
type lines struct {
	in    *bufio.Reader
	meter *meter
	line  int64
	index int64
}

// NewLines reads JSON Lines in the form of checkout orders export. Size is how
// many bytes there are, below 0 where that is not known. The request of an order
// is read; its quote is passed over.
func NewLines(in io.Reader, size int64) Source {
	m := &meter{in: in, size: size}
	return &lines{in: bufio.NewReaderSize(m, 1<<18), meter: m}
}

// Next implements Source.
func (l *lines) Next(buf []byte) (Entry, []byte, error) {
	for {
		start := len(buf)
		var err error
		buf, err = l.read(buf)
		if err != nil && !(errors.Is(err, io.EOF) && len(buf) > start) {
			return Entry{}, buf, err
		}
		l.line++
		buf = buf[:start+len(bytes.TrimRight(buf[start:], " \t\r\n"))]
		text := bytes.TrimLeft(buf[start:], " \t\r\n")
		if len(text) == 0 {
			continue
		}
		l.index++
		return Entry{Line: l.line, Index: l.index - 1, Text: text}, buf, nil
	}
}

// read appends a line.
func (l *lines) read(buf []byte) ([]byte, error) {
	start := len(buf)
	for {
		part, err := l.in.ReadSlice('\n')
		buf = append(buf, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, err
		}
		if len(buf)-start > MaxLine {
			return buf, fmt.Errorf("line %d is longer than %d bytes: the input is no export of orders", l.line+1, MaxLine)
		}
	}
}

// Decoder implements Source.
func (l *lines) Decoder() Decoder { return &lineDecoder{requests: engine.NewRequestDecoder()} }

// Progress implements Source.
func (l *lines) Progress() (done, total int64) { return l.meter.progress() }

// lineDecoder reads lines of an export.
type lineDecoder struct{ requests *engine.RequestDecoder }

// envelope is a line without its quote.
type envelope struct {
	Version   int             `json:"version"`
	Reference string          `json:"reference"`
	PlacedAt  time.Time       `json:"placed_at"`
	Request   json.RawMessage `json:"request"`
}

// PlacedAt implements Decoder.
func (d *lineDecoder) PlacedAt(e Entry) (time.Time, error) {
	if _, placedAt, _, ok := cutEnvelope(e.Text); ok {
		return placedAt, nil
	}
	line, err := readEnvelope(e)
	return line.PlacedAt, err
}

// Decode implements Decoder.
func (d *lineDecoder) Decode(e Entry) (Order, error) {
	o := Order{Place: place("line ", e.Line)}
	if reference, placedAt, rest, ok := cutEnvelope(e.Text); ok {
		if request, n, fast := d.requests.Prefix(rest); fast && bytes.HasPrefix(rest[n:], []byte(`,"quote":{`)) && e.Text[len(e.Text)-1] == '}' {
			o.Reference, o.PlacedAt, o.Request = string(reference), placedAt, request
			return o, nil
		}
	}
	line, err := readEnvelope(e)
	if o.Reference, o.PlacedAt = line.Reference, line.PlacedAt; err != nil {
		return o, err
	}
	if len(line.Request) == 0 || string(line.Request) == "null" {
		return o, &Problem{Unrecorded, "the order is from before requests were kept"}
	}
	if o.Request, err = d.requests.Decode(line.Request); err != nil {
		return o, &Problem{Unreadable, err.Error()}
	}
	return o, nil
}

// readEnvelope reads a line in any form that JSON allows.
func readEnvelope(e Entry) (envelope, error) {
	var line envelope
	if err := json.Unmarshal(e.Text, &line); err != nil {
		return line, &Problem{Unreadable, "it is no line of checkout orders export: " + err.Error()}
	}
	switch {
	case line.Version > 1:
		return line, &Problem{Unreadable, fmt.Sprintf("it is of version %d of the export; this program knows version 1", line.Version)}
	case line.Version < 1 || line.Reference == "" || line.PlacedAt.IsZero():
		return line, &Problem{Unreadable, "it is no line of checkout orders export: version, reference or placed_at is missing"}
	}
	return line, nil
}

// cutEnvelope reads the beginning of a line as it is exported, and returns what
// begins with the request; false for a line in another form.
func cutEnvelope(text []byte) (reference []byte, placedAt time.Time, rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(text, []byte(`{"version":1,"reference":"`))
	if !ok {
		return nil, placedAt, nil, false
	}
	at := bytes.IndexByte(rest, '"')
	if at <= 0 || bytes.IndexByte(rest[:at], '\\') >= 0 {
		return nil, placedAt, nil, false
	}
	reference = rest[:at]
	if rest, ok = bytes.CutPrefix(rest[at:], []byte(`","placed_at":"`)); !ok {
		return nil, placedAt, nil, false
	}
	if at = bytes.IndexByte(rest, '"'); at < 0 || placedAt.UnmarshalText(rest[:at]) != nil {
		return nil, placedAt, nil, false
	}
	if rest, ok = bytes.CutPrefix(rest[at:], []byte(`","ruleset":"`)); !ok {
		return nil, placedAt, nil, false
	}
	if at = bytes.IndexByte(rest, '"'); at < 0 {
		return nil, placedAt, nil, false
	}
	rest, ok = bytes.CutPrefix(rest[at:], []byte(`","request":`))
	return reference, placedAt, rest, ok
}
