package sdk

import (
	"fmt"
	"strconv"
)

// Value is a number, a text, true or false, or a list of texts. The zero value is none.
type Value struct {
	kind  valueKind
	text  string
	flag  bool
	texts []string
}

type valueKind uint8

const (
	noValue valueKind = iota
	numberValue
	textValue
	boolValue
	textsValue
)

// Int returns a whole number.
func Int(n int64) Value { return Value{kind: numberValue, text: strconv.FormatInt(n, 10)} }

// Decimal returns the number that a text such as 12.50 writes: an optional -, digits, a point and digits. Checkout refuses others.
func Decimal(text string) Value { return Value{kind: numberValue, text: text} }

// Text returns a text.
func Text(text string) Value { return Value{kind: textValue, text: text} }

// Bool returns true or false.
func Bool(flag bool) Value { return Value{kind: boolValue, flag: flag} }

// Texts returns a list of texts.
func Texts(texts ...string) Value { return Value{kind: textsValue, texts: texts} }

// Number returns the digits of a number and whether the value is one.
func (v Value) Number() (decimal string, ok bool) { return v.text, v.kind == numberValue }

// Text returns a text and whether the value is one.
func (v Value) Text() (text string, ok bool) { return v.text, v.kind == textValue }

// Bool returns true or false and whether the value is either.
func (v Value) Bool() (flag, ok bool) { return v.flag, v.kind == boolValue }

// Texts returns a list of texts and whether the value is one.
func (v Value) Texts() (texts []string, ok bool) { return v.texts, v.kind == textsValue }

// String writes the value as expressions do.
func (v Value) String() string {
	switch v.kind {
	case numberValue:
		return v.text
	case textValue:
		return strconv.Quote(v.text)
	case boolValue:
		return strconv.FormatBool(v.flag)
	case textsValue:
		return fmt.Sprintf("%q", v.texts)
	default:
		return "missing"
	}
}
