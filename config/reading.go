package config

import (
	"fmt"
	"strconv"
)

// reading is what one source says.
type reading struct {
	values map[string]any    // by key: the values that passed, typed
	names  map[string]string // by key: what the source calls the setting
	faults []Fault
}

func newReading() reading {
	return reading{values: map[string]any{}, names: map[string]string{}}
}

// text takes in a value that came as text.
func (r *reading) text(s setting, name, value string) {
	typed, ok := s.kind.parse(value)
	if !ok {
		r.wrong(s, name, describe(s.kind, value), "")
		return
	}
	r.values[s.key], r.names[s.key] = typed, name
}

// scalar takes in a value that came with a type of its own, which has to be the setting's.
func (r *reading) scalar(s setting, name string, value any) {
	written := fmt.Sprint(value)
	typed, ok := s.kind.parse(written)
	switch {
	case value == nil:
		r.wrong(s, name, "nothing", "give it a value, or remove the line")
	case ok && sameType(s.kind, value):
		r.values[s.key], r.names[s.key] = typed, name
	case ok && isText(value):
		r.wrong(s, name, "the text "+describe(s.kind, written), "remove the quotes")
	case ok && isSimple(value):
		r.wrong(s, name, describe(s.kind, value), "put it in quotes")
	default:
		r.wrong(s, name, describe(s.kind, value), "")
	}
}

func (r *reading) wrong(s setting, name, got, hint string) {
	r.faults = append(r.faults, Fault{Source: name, Problem: "want " + s.kind.want() + ", got " + got, Hint: hint})
}

// sameType tells whether the kind takes values of this type.
func sameType(k kind, value any) bool {
	switch k.(type) {
	case number:
		_, ok := value.(int)
		return ok
	case boolean:
		_, ok := value.(bool)
		return ok
	default:
		return isText(value)
	}
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

// isSimple tells whether the value is neither a mapping nor a list.
func isSimple(value any) bool {
	switch value.(type) {
	case map[string]any, map[any]any, []any:
		return false
	default:
		return true
	}
}

// describe words a value for a fault; of a secret it tells nothing.
func describe(k kind, value any) string {
	_, hidden := k.(secret)
	switch v := value.(type) {
	case map[string]any, map[any]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		if !hidden {
			return strconv.Quote(v)
		}
	case int, int64, uint64, float64:
		if !hidden {
			return fmt.Sprint("the number ", v)
		}
	}
	if hidden {
		return "something else"
	}
	return fmt.Sprint(value)
}
