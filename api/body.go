package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readBody reads a body of at most limit bytes, one JSON object, into its
// fields: values of the types below, whose contents are not checked yet.
func readBody[T any](w http.ResponseWriter, r *http.Request, limit int64) (fields T, err error) {
	if r.ContentLength > limit {
		return fields, &http.MaxBytesError{Limit: limit}
	}
	var body object[T]
	if err := json.UnmarshalRead(http.MaxBytesReader(unwrap(w), r.Body, limit), &body); err != nil {
		return fields, bodyError(err, body.kind)
	}
	var f faults
	f.want(path{}, body.kind, jsontext.KindBeginObject)
	return body.fields, f.err()
}

// bodyError says what is wrong with a body that could not be read to its end;
// kind is that of its value, 0 if none began.
func bodyError(err error, kind jsontext.Kind) error {
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLong
	}
	if known, ok := errors.AsType[*invalidError](err); ok {
		return known
	}
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errBodyLate
	case ok && errors.Is(syntax, jsontext.ErrDuplicateName):
		return invalid(pathTo(syntax.JSONPointer), "given twice")
	case ok && kind == jsontext.KindInvalid && errors.Is(syntax, io.ErrUnexpectedEOF):
		return invalid(path{}, "empty, want a JSON object")
	case ok && !errors.Is(syntax, io.ErrUnexpectedEOF):
		return invalid(pathTo(syntax.JSONPointer), fmt.Sprintf("not valid JSON after byte %d: %s", syntax.ByteOffset, syntax.Err))
	default:
		return invalid(path{}, "ended before it was complete")
	}
}

// The types below take any JSON value and keep its kind, 0 for a member that
// was not there, so that all faults of a body can be told together.

// scalar is a value that should be a text or a number.
type scalar struct {
	kind jsontext.Kind
	text string // or the digits of a number as they were written
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *scalar) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	s.kind = d.PeekKind()
	if s.kind == jsontext.KindBeginObject || s.kind == jsontext.KindBeginArray {
		return d.SkipValue()
	}
	token, err := d.ReadToken()
	if err != nil {
		return err
	}
	s.text = token.String()
	return nil
}

// maxElements keeps a short body from becoming a long list of large elements.
const maxElements = 100_000

// list is a value that should be a list of at most maxElements.
type list[T any] struct {
	kind     jsontext.Kind
	elements []T
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *list[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	l.kind = d.PeekKind()
	if l.kind != jsontext.KindBeginArray {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	l.elements = make([]T, 0, 16) // enough for most; it grows
	for d.PeekKind() != jsontext.KindEndArray {
		if len(l.elements) == maxElements {
			return invalid(pathTo(d.StackPointer().Parent()), fmt.Sprintf("more than %d entries", maxElements))
		}
		l.elements = append(l.elements, *new(T))
		if err := json.UnmarshalDecode(d, &l.elements[len(l.elements)-1]); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// object is a value that should be an object; members that are not in T are
// ignored.
type object[T any] struct {
	kind   jsontext.Kind
	fields T
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (o *object[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	o.kind = d.PeekKind()
	if o.kind != jsontext.KindBeginObject {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &o.fields)
}
