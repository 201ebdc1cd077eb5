package api

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxFaults is how many faults of a request are told.
const maxFaults = 10

// invalidError lists what is wrong with a body.
type invalidError struct {
	faults []fault
	more   int // faults that were not kept
}

// fault is what is wrong at one place.
type fault struct {
	at      string // as version 0 names the place
	pointer string // as version 1 does
	problem string
}

// Error implements error; callers see the text.
func (e *invalidError) Error() string {
	texts := make([]string, len(e.faults))
	for i, f := range e.faults {
		texts[i] = f.at + ": " + f.problem
	}
	text := strings.Join(texts, "; ")
	if e.more > 0 {
		text += fmt.Sprintf("; and %d more", e.more)
	}
	return text
}

func invalid(at path, problem string) error {
	var f faults
	f.add(at, problem)
	return f.err()
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

func (p path) member(name string) path {
	p.field = name
	return p
}

// pathTo is the place that a pointer into a body names, also in members that
// are not ours.
func pathTo(p jsontext.Pointer) path {
	var text strings.Builder
	for token := range p.Tokens() {
		switch _, err := strconv.ParseUint(token, 10, 32); {
		case err == nil && text.Len() > 0:
			text.WriteString("[" + token + "]")
		case text.Len() > 0:
			text.WriteString("." + token)
		default:
			text.WriteString(token)
		}
	}
	return path{field: fmt.Sprintf("%.100s", text.String())}
}

// faults collects what is wrong with a body, so that all of it can be told.
type faults struct{ invalidError }

func (f *faults) add(at path, problem string) {
	f.note(fault{at: at.String(), problem: problem})
}

// at notes a fault at a place in a body of version 1; parts are the tokens of a
// JSON pointer, texts and numbers.
func (f *faults) at(problem string, parts ...any) {
	pointer := pointerTo(parts...)
	f.note(fault{at: pointer, pointer: pointer, problem: problem})
}

func (f *faults) note(found fault) {
	if len(f.faults) == maxFaults {
		f.more++
		return
	}
	f.faults = append(f.faults, found)
}

// pointerTo is the JSON pointer (RFC 6901) of the tokens, "" for the body.
func pointerTo(parts ...any) string {
	var pointer jsontext.Pointer
	for _, part := range parts {
		pointer = pointer.AppendToken(fmt.Sprint(part))
	}
	return string(pointer)
}

// err returns the faults, nil if there are none.
func (f *faults) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return &f.invalidError
}

// want notes a fault unless the value is there and of the kind.
func (f *faults) want(at path, got, want jsontext.Kind) bool {
	switch got {
	case want:
		return true
	case jsontext.KindInvalid:
		f.add(at, "missing")
	default:
		f.add(at, "want "+kindName(want)+", got "+kindName(got))
	}
	return false
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindString:
		return "a text"
	case jsontext.KindNumber:
		return "a number"
	default:
		return k.String() // null, true, false
	}
}
