package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values that an attribute can have. KindNone is the kind of a
// value that is not there.
const (
	KindNone Kind = iota
	KindText
	KindNumber
	KindBool
	KindTexts
)

// Value is an attribute's value: text, an exact number, true or false, or a
// list of texts. The zero value is "not there".
type Value struct {
	kind   Kind
	flag   bool
	text   string
	number Decimal
	texts  []string
}

// TextValue returns a text.
func TextValue(s string) Value { return Value{kind: KindText, text: s} }

// NumberValue returns a number.
func NumberValue(d Decimal) Value { return Value{kind: KindNumber, number: d} }

// BoolValue returns true or false.
func BoolValue(b bool) Value { return Value{kind: KindBool, flag: b} }

// TextsValue returns a list of texts, which the caller must not change later.
func TextsValue(list []string) Value { return Value{kind: KindTexts, texts: list} }

// Kind returns the value's type.
func (v Value) Kind() Kind { return v.kind }

// Text returns the text and whether the value is one.
func (v Value) Text() (string, bool) { return v.text, v.kind == KindText }

// Number returns the number and whether the value is one.
func (v Value) Number() (Decimal, bool) { return v.number, v.kind == KindNumber }

// Bool returns the truth value and whether the value is one.
func (v Value) Bool() (value, ok bool) { return v.flag, v.kind == KindBool }

// Texts returns the list and whether the value is one.
func (v Value) Texts() ([]string, bool) { return v.texts, v.kind == KindTexts }

// Equal reports whether both values are there, of one kind, and the same.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindText:
		return v.text == w.text
	case KindNumber:
		return v.number.Cmp(w.number) == 0
	case KindBool:
		return v.flag == w.flag
	case KindTexts:
		return slices.Equal(v.texts, w.texts)
	default:
		return false
	}
}

// String writes the value as the rule language does.
func (v Value) String() string {
	switch v.kind {
	case KindText:
		return fmt.Sprintf("%q", v.text)
	case KindNumber:
		return v.number.String()
	case KindBool:
		return fmt.Sprint(v.flag)
	case KindTexts:
		return fmt.Sprintf("%q", v.texts)
	default:
		return "missing"
	}
}

// MarshalJSON implements json.Marshaler; numbers keep their digits.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case KindText:
		return json.Marshal(v.text)
	case KindNumber:
		return []byte(v.number.String()), nil
	case KindBool:
		return json.Marshal(v.flag)
	case KindTexts:
		return json.Marshal(append([]string{}, v.texts...)) // a list without texts is [], never null
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON implements json.Unmarshaler for a text, a number, a truth value
// or a list of texts.
func (v *Value) UnmarshalJSON(data []byte) error {
	switch trimmed := bytes.TrimSpace(data); {
	case len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")):
		*v = Value{}
		return nil
	case trimmed[0] == '"':
		v.kind = KindText
		return json.Unmarshal(trimmed, &v.text)
	case trimmed[0] == '[':
		v.kind = KindTexts
		return json.Unmarshal(trimmed, &v.texts)
	case trimmed[0] == 't' || trimmed[0] == 'f':
		v.kind = KindBool
		return json.Unmarshal(trimmed, &v.flag)
	case trimmed[0] == '{':
		return fmt.Errorf("attribute value %.40s: want a text, a number, true, false or a list of texts", trimmed)
	default:
		d, err := ParseDecimal(string(trimmed))
		if err != nil {
			return err
		}
		*v = NumberValue(d)
		return nil
	}
}

// Attributes are named facts that a shop attaches to items, customers and
// carts.
type Attributes map[string]Value
