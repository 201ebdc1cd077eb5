package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"
)

// maxFaults is how many faults of a request are told.
const maxFaults = 10

// invalidError lists what is wrong with a body.
type invalidError struct {
	faults []string
	more   int // faults that were not kept
}

// Error implements error; callers see the text.
func (e *invalidError) Error() string {
	text := strings.Join(e.faults, "; ")
	if e.more > 0 {
		text += fmt.Sprintf("; and %d more", e.more)
	}
	return text
}

// path names a field: list[index].field with parts left out.
type path struct {
	list  string
	index int
	field string
}

// String writes the path the way a caller knows it; the empty one is the body.
func (p path) String() string {
	switch {
	case p == path{}:
		return "body"
	case p.list == "":
		return p.field
	case p.field == "":
		return fmt.Sprintf("%s[%d]", p.list, p.index)
	default:
		return fmt.Sprintf("%s[%d].%s", p.list, p.index, p.field)
	}
}

// faults collects what is wrong with a body, so that all of it can be told.
type faults struct{ invalidError }

func (f *faults) add(at path, problem string) {
	if len(f.faults) == maxFaults {
		f.more++
		return
	}
	f.faults = append(f.faults, at.String()+": "+problem)
}

// err returns the faults, nil if there are none.
func (f *faults) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return &f.invalidError
}

func invalidBody(problem string) error {
	return &invalidError{faults: []string{path{}.String() + ": " + problem}}
}

// object returns the values of the named members in their order, "" for a
// member that is not there, and whether the value is an object at all. Other
// members are ignored.
func (f *faults) object(at path, value string, names ...string) (values [4]string, ok bool) {
	if !f.want(at, value, '{', "an object") {
		return values, false
	}
	for quoted, value := range members(value) {
		key, _ := unquote(quoted)
		for i, name := range names {
			if key != name {
				continue
			}
			if values[i] != "" {
				f.add(at.member(name), "given twice")
			}
			values[i] = value
		}
	}
	return values, true
}

// list returns the list that the body has under name; where there is none, an
// empty one.
func (f *faults) list(body, name string) string {
	fields, ok := f.object(path{}, body, name)
	at := path{field: name}
	if !ok || !f.want(at, fields[0], '[', "a list") {
		return "[]"
	}
	if list := fields[0]; list[skipSpace(list, 1)] == ']' {
		f.add(at, "want at least one")
	}
	return fields[0]
}

func (p path) member(name string) path {
	p.field = name
	return p
}

// want notes a fault unless the value is there and begins as the type does.
func (f *faults) want(at path, value string, begins byte, name string) bool {
	switch {
	case value == "":
		f.add(at, "missing")
	case value[0] != begins:
		f.add(at, "want "+name+", got "+kindOf(value))
	default:
		return true
	}
	return false
}

// text returns the text of a value.
func (f *faults) text(at path, value string) (string, bool) {
	if !f.want(at, value, '"', "a text") {
		return "", false
	}
	text, ok := unquote(value)
	if !ok {
		f.add(at, "half of a \\u surrogate pair")
	}
	return text, ok
}

// number returns the digits of a value as they were written.
func (f *faults) number(at path, value string) (string, bool) {
	begins := byte('0')
	if value != "" && (value[0] == '-' || value[0] >= '0' && value[0] <= '9') {
		begins = value[0]
	}
	return value, f.want(at, value, begins, "a number")
}

// body reads the request's body and returns its JSON text, which is valid.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (string, error) {
	limit := s.options.MaxBody
	if r.ContentLength > limit {
		return "", &http.MaxBytesError{Limit: limit}
	}
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	var err error
	*buffer, err = readInto((*buffer)[:0], http.MaxBytesReader(unwrap(w), r.Body, limit))
	if err != nil {
		return "", readError(err)
	}
	return checkJSON(*buffer)
}

// readInto appends all of r to b. Unlike io.ReadAll it uses the room b has.
func readInto(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

func readError(err error) error {
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLong
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errBodyLate
	}
	return invalidBody("ended before it was complete")
}

// checkJSON returns the body without blanks around it if it is valid JSON in
// valid UTF-8.
func checkJSON(body []byte) (string, error) {
	if !utf8.Valid(body) {
		return "", invalidBody("not valid UTF-8")
	}
	if !json.Valid(body) {
		return "", syntaxError(body)
	}
	return strings.Trim(string(body), " \n\r\t"), nil
}

func syntaxError(body []byte) error {
	err := json.Unmarshal(body, new(json.RawMessage))
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return invalidBody("empty, want a JSON object")
	case ok:
		return invalidBody(fmt.Sprintf("not valid JSON at byte %d: %s", syntax.Offset, syntax))
	default:
		return invalidBody("not valid JSON")
	}
}
