package syntax

import (
	"encoding/json"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// maxDataDepth bounds how deep Data nests, maxNumber how long a number is, and
// maxExponent how many digits its exponent has: whoever computes with it exactly
// writes it out.
const (
	maxDataDepth = 64
	maxNumber    = 64
	maxExponent  = 3
)

// Data returns the value as encoding/json reads JSON into an any, where numbers
// are json.Number with the digits of the file. What JSON has no form for is
// reported, and the second result is then false. An absent value is nil.
func (v Value) Data() (any, bool) { return v.data(0) }

func (v Value) data(depth int) (any, bool) {
	if depth > maxDataDepth {
		v.Report(diag.WrongValue, "", "this nests deeper than %d levels", maxDataDepth)
		return nil, false
	}
	switch v.Kind() {
	case Sequence:
		all, list := true, []any{}
		for _, item := range v.Items() {
			element, ok := item.data(depth + 1)
			all, list = all && ok, append(list, element)
		}
		return list, all
	case Mapping:
		entries := v.Entries()
		all, object := 2*len(entries) == len(v.node.Content), make(map[string]any, len(entries))
		for _, e := range entries {
			member, ok := e.Value.data(depth + 1)
			all, object[e.Name] = all && ok, member
		}
		return object, all
	case Scalar:
		return v.scalar()
	default:
		return nil, true
	}
}

// jsonNumber is a number as JSON writes it, with the digits of its exponent.
var jsonNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?([0-9]+))?$`)

// scalar reads a text, a number, true or false.
func (v Value) scalar() (any, bool) {
	const written = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	text := v.Text()
	number := jsonNumber.FindStringSubmatch(text)
	switch {
	case v.node.Style&written != 0:
		return text, true
	case text == "true" || text == "false":
		return text == "true", true
	case number != nil:
		if len(text) > maxNumber || len(number[1]) > maxExponent {
			v.Report(diag.WrongValue, "", "a number has at most %d characters, and an exponent of at most %d digits", maxNumber, maxExponent)
			return nil, false
		}
		return json.Number(text), true
	case v.node.Tag == "!!int" || v.node.Tag == "!!float":
		v.Report(diag.WrongValue, "write a number with digits alone, or a text in quotes", "%.40q is no number that can be kept exactly", text)
		return nil, false
	default:
		return text, true
	}
}

// At returns the part of the value to which the path of keys and indexes leads,
// or where there is none the nearest that holds it.
func (v Value) At(path []string) Value {
	for _, step := range path {
		next := v.part(step)
		if !next.Present() {
			break
		}
		v = next
	}
	return v
}

func (v Value) part(step string) Value {
	switch v.Kind() {
	case Mapping:
		if at := v.keyIndex(step); at >= 0 {
			return Value{v.doc, v.node.Content[at+1]}
		}
	case Sequence:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v.node.Content) {
			return Value{v.doc, v.node.Content[i]}
		}
	}
	return Value{}
}

// KeyOf returns the key of a mapping, absent when it has none of the name.
func (v Value) KeyOf(name string) Value {
	if v.Kind() != Mapping {
		return Value{}
	}
	if at := v.keyIndex(name); at >= 0 {
		return Value{v.doc, v.node.Content[at]}
	}
	return Value{}
}

// keyIndex returns where the key is in the node, whose content has keys and
// values by turns; -1 for none.
func (v Value) keyIndex(name string) int {
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if key := v.node.Content[i]; key.Kind == yaml.ScalarNode && key.Value == name {
			return i
		}
	}
	return -1
}
