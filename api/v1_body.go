package api

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// bodies are buffers that bodies were read into or written from, to be used again.
type bodies struct{ idle sync.Pool }

func (b *bodies) take() *bytes.Buffer {
	if buffer, ok := b.idle.Get().(*bytes.Buffer); ok {
		return buffer
	}
	return new(bytes.Buffer)
}

func (b *bodies) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= maxIdleBody {
		buffer.Reset()
		b.idle.Put(buffer)
	}
}

// maxIdleBody is how large a buffer may be to be kept.
const maxIdleBody = 64 << 10

// readV1 reads a body of version 1: JSON of one object, without members that are
// not in T, without null, and in UTF-8 without NUL. What its members hold is not checked yet.
func readV1[T any](s *Server, w http.ResponseWriter, r *http.Request) (*T, error) {
	body := new(T)
	if err := s.readInto(w, r, body); err != nil {
		return nil, err
	}
	return body, nil
}

// readInto is readV1 into a body, whose lists may have room for what is read.
func (s *Server) readInto(w http.ResponseWriter, r *http.Request, body any) error {
	if !saysJSON(r.Header.Get("Content-Type")) {
		return errNotJSON
	}
	if r.ContentLength > s.options.MaxBody {
		return &http.MaxBytesError{Limit: s.options.MaxBody}
	}
	buffer := s.bodies.take()
	defer s.bodies.put(buffer)
	if _, err := buffer.ReadFrom(http.MaxBytesReader(unwrap(w), r.Body, s.options.MaxBody)); err != nil {
		return v1BodyError(err)
	}
	text := buffer.Bytes()
	if len(text) == 0 {
		return faultAt("", "empty, want a JSON object")
	}
	if err := json.Unmarshal(text, body, json.RejectUnknownMembers(true)); err != nil {
		return v1BodyError(err)
	}
	return refuseNull(text)
}

// saysJSON reports whether a media type is the one of JSON.
func saysJSON(mediaType string) bool {
	if mediaType == "application/json" {
		return true
	}
	kind, _, err := mime.ParseMediaType(mediaType)
	return err == nil && kind == "application/json"
}

// refuseNull finds null, which the decoder takes for what is not there, and texts with
// the character NUL, which databases do not keep.
func refuseNull(text []byte) error {
	if !bytes.Contains(text, []byte("null")) && !bytes.Contains(text, []byte(`\u0000`)) { // which few have, even in texts
		return nil
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.ReadToken()
		switch {
		case err != nil:
			return nil // the end: it has been read before
		case token.Kind() == jsontext.KindNull:
			return faultAt(decoder.StackPointer(), "want a value: leave the member out where there is none")
		case token.Kind() == jsontext.KindString && strings.Contains(token.String(), "\x00"):
			return faultAt(decoder.StackPointer(), "has the character NUL")
		}
	}
}

// v1BodyError says what is wrong with a body that could not be read.
func v1BodyError(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		return faultAt(semantic.JSONPointer, semanticProblem(semantic))
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return faultAt(syntactic.JSONPointer, "given twice")
	case errors.As(err, &syntactic) && !errors.Is(err, io.ErrUnexpectedEOF):
		return faultAt(syntactic.JSONPointer, fmt.Sprintf("not valid JSON after byte %d: %s", syntactic.ByteOffset, syntactic.Err))
	default:
		return bodyError(err, jsontext.KindNull)
	}
}

func faultAt(pointer jsontext.Pointer, problem string) error {
	if len(pointer) > 300 { // which no member of ours has
		pointer = pointer[:300]
	}
	var f faults
	f.note(fault{at: cmp.Or(string(pointer), "body"), pointer: string(pointer), problem: problem})
	return f.err()
}

// semanticProblem says what the member should be, and is.
func semanticProblem(err *json.SemanticError) string {
	if errors.Is(err, json.ErrUnknownName) {
		return "not known"
	}
	want := wantedKind(err.GoType)
	if err.JSONKind == 0 {
		return "want " + want
	}
	if err.JSONKind == jsontext.KindNumber && len(err.JSONValue) > 0 {
		return fmt.Sprintf("want %s, got %.40s", want, err.JSONValue)
	}
	if got := kindName(err.JSONKind); got != want {
		return "want " + want + ", got " + got
	}
	return "want " + want
}

// wantedKind names a type as a caller knows it.
func wantedKind(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	switch {
	case t.String() == "engine.Decimal":
		return `a decimal number in a text, such as "49.99"`
	case t.String() == "engine.Value":
		return "a text, a number, true, false or a list of texts"
	case t.String() == "time.Time":
		return `an instant in a text, such as "2026-11-27T10:00:00Z"`
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return "a text"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "an object"
	default:
		return "another value"
	}
}

// oneOf notes a fault unless the value is among those that are allowed, or not there.
func oneOf[E interface {
	~string
	Valid() bool
}](f *faults, value *E, allowed string, parts ...any) {
	if value != nil && !(*value).Valid() {
		f.at("want "+allowed, parts...)
	}
}

// texts notes a fault where there are too many, or one is too long.
func (f *faults) texts(list []string, atMost, longest int, parts ...any) {
	if len(list) > atMost {
		f.at(fmt.Sprintf("want at most %d, got %d", atMost, len(list)), parts...)
	}
	for i, text := range list {
		if tooLong(text, longest) {
			f.at(fmt.Sprintf("want at most %d characters", longest), append(parts[:len(parts):len(parts)], i)...)
		}
	}
}

// text notes a fault where it is too long.
func (f *faults) text(text string, parts ...any) {
	if tooLong(text, maxText) {
		f.at(fmt.Sprintf("want at most %d characters", maxText), parts...)
	}
}

// maxText is how many characters most texts of a body may have.
const maxText = 200

func tooLong(text string, most int) bool {
	if len(text) <= most {
		return false
	}
	n := 0
	for range text {
		n++
	}
	return n > most
}
