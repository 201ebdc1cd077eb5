package syntax

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// maxDepth bounds how deep JSON may nest.
const maxDepth = 16

// NewDocument returns a document for a part of a file that is not YAML: lines, of
// which first is the number of the first. Its values are made by Scalar, Null,
// List, Mapping and JSON, its root is absent, and its faults have the positions
// that the values were given.
func NewDocument(name string, first int, source string) *Document {
	return &Document{name: name, lines: strings.Split(strings.TrimSuffix(source, "\n"), "\n"), before: first - 1, built: true}
}

// Report adds a fault at a place of the document, of one character.
func (d *Document) Report(at diag.Position, code diag.Code, hint, format string, args ...any) {
	d.report(code, diag.Range{Start: at, End: diag.Position{Line: at.Line, Column: at.Column + 1}}, hint, format, args...)
}

// Scalar makes a text that stands at the place; quoted says that it begins there
// with a quote, and is text even where it looks like a number.
func (d *Document) Scalar(text string, at diag.Position, quoted bool) Value {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: text, Line: at.Line, Column: at.Column}
	if quoted {
		n.Style = yaml.DoubleQuotedStyle
	}
	return Value{d, n}
}

// Null makes a value that says nothing.
func (d *Document) Null(at diag.Position) Value {
	return Value{d, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: at.Line, Column: at.Column}}
}

// List makes a list of values of the document.
func (d *Document) List(at diag.Position, values ...Value) Value {
	n := &yaml.Node{Kind: yaml.SequenceNode, Line: at.Line, Column: at.Column}
	for _, v := range values {
		n.Content = append(n.Content, v.node)
	}
	return Value{d, n}
}

// Mapping makes a mapping of entries, whose keys and values are of the document.
func (d *Document) Mapping(at diag.Position, entries ...Entry) Value {
	n := &yaml.Node{Kind: yaml.MappingNode, Line: at.Line, Column: at.Column}
	for _, e := range entries {
		n.Content = append(n.Content, e.Key.node, e.Value.node)
	}
	return Value{d, n}
}

// JSON reads one JSON value from text, which is on one line and begins at the
// place. Faults are reported, and the value is then absent.
func (d *Document) JSON(text string, at diag.Position) Value {
	r := &jsonReader{doc: d, text: text, line: at.Line, column: at.Column, decoder: json.NewDecoder(strings.NewReader(text))}
	r.decoder.UseNumber()
	v, ok := r.value(0)
	if !ok {
		return Value{}
	}
	if rest := strings.TrimLeft(text[r.decoder.InputOffset():], " \t\r\n"); rest != "" {
		d.Report(r.place(len(text)-len(rest)), diag.Syntax, "write one value on each line", "something follows the JSON value")
		return Value{}
	}
	return v
}

// jsonReader makes values of the tokens of a JSON text.
type jsonReader struct {
	doc     *Document
	text    string
	decoder *json.Decoder
	line    int
	offset  int // a place in text that was asked for
	column  int // its column
}

// place returns where a byte of the text stands. Offsets only grow.
func (r *jsonReader) place(offset int) diag.Position {
	offset = max(r.offset, min(offset, len(r.text)))
	r.column += utf8.RuneCountInString(r.text[r.offset:offset])
	r.offset = offset
	return diag.Position{Line: r.line, Column: r.column}
}

// token reads a token and returns where it begins.
func (r *jsonReader) token() (json.Token, diag.Position, bool) {
	start := int(r.decoder.InputOffset())
	rest := r.text[start:]
	start += len(rest) - len(strings.TrimLeft(rest, " \t\r\n,:"))
	token, err := r.decoder.Token()
	if err == nil {
		return token, r.place(start), true
	}
	message, hint, at := "this is not JSON", "", start
	var fault *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		message, hint, at = "the JSON ends here before it is complete", "write one object on each line", len(r.text)
	case errors.As(err, &fault):
		hint, at = fault.Error(), max(start, int(fault.Offset)-1)
	}
	r.doc.Report(r.place(at), diag.Syntax, hint, "%s", message)
	return nil, diag.Position{}, false
}

func (r *jsonReader) value(depth int) (Value, bool) {
	token, at, ok := r.token()
	if !ok {
		return Value{}, false
	}
	return r.valueOf(token, at, depth)
}

// valueOf makes the value that begins with the token.
func (r *jsonReader) valueOf(token json.Token, at diag.Position, depth int) (Value, bool) {
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			r.doc.Report(at, diag.Syntax, "", "this nests deeper than %d levels", maxDepth)
			return Value{}, false
		}
		if token == '[' {
			return r.list(at, depth)
		}
		return r.object(at, depth)
	case string:
		if strings.ContainsRune(token, 0) {
			r.doc.Report(at, diag.WrongValue, "", "the text contains a NUL character")
			return Value{}, false
		}
		return r.doc.Scalar(token, at, true), true
	case json.Number:
		return r.doc.Scalar(token.String(), at, false), true
	case bool:
		if token {
			return r.doc.Scalar("true", at, false), true
		}
		return r.doc.Scalar("false", at, false), true
	default:
		return r.doc.Null(at), true
	}
}

func (r *jsonReader) list(at diag.Position, depth int) (Value, bool) {
	var values []Value
	for {
		token, begin, ok := r.token()
		if !ok {
			return Value{}, false
		}
		if token == json.Delim(']') {
			return r.doc.List(at, values...), true
		}
		v, ok := r.valueOf(token, begin, depth+1)
		if !ok {
			return Value{}, false
		}
		values = append(values, v)
	}
}

func (r *jsonReader) object(at diag.Position, depth int) (Value, bool) {
	var entries []Entry
	for {
		token, begin, ok := r.token()
		if !ok {
			return Value{}, false
		}
		if token == json.Delim('}') {
			return r.doc.Mapping(at, entries...), true
		}
		key, ok := r.valueOf(token, begin, depth+1)
		if !ok {
			return Value{}, false
		}
		v, ok := r.value(depth + 1)
		if !ok {
			return Value{}, false
		}
		entries = append(entries, Entry{Key: key, Value: v})
	}
}
