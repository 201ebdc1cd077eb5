package compile

import (
	"fmt"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
)

// kind is the type of an operand. Every kind but invalid is a type an author
// can meet in a message.
type kind uint8

const (
	invalid kind = iota // a fault has been reported
	boolean
	number
	text
	category // a path that is equal to each of its prefixes
	weekday
	date
	coupon // a code, compared as coupons are
	textList
	categoryList
	couponList
	array  // a literal list
	span   // a literal range a..b
	fact   // an attribute, whose type is only known when it is read
	lines  // lines of the cart; also the number of them
	record // something with fields
	nothing
)

func (k kind) String() string {
	return [...]string{
		"a fault", "a condition", "a number", "a text", "a category", "a weekday", "a date", "a coupon code",
		"a list of texts", "a list of categories", "the cart's coupons", "a list", "a range",
		"an attribute", "lines of the cart", "a group of facts", "nil",
	}[k]
}

// isText reports whether operands of the kind have a text.
func (k kind) isText() bool {
	return k == text || k == category || k == weekday || k == date || k == coupon
}

// reads is what an expression depends on besides the cart's contents.
type reads uint8

const (
	readsMoney reads = 1 << iota // amounts, which are in the shop's currency
	readsClock                   // the instant of the quote
)

// element is what an item expression or a predicate looks at: an item with the
// number of its units, a line of the cart, or a text of a list.
type element struct {
	item     *engine.Item
	quantity int64
	line     int
	text     string
}

// The functions an operand evaluates with. They allocate nothing by
// themselves. A second result of false means that a fact is missing.
type (
	boolFunc   func(*engine.Scope, element) bool
	numberFunc func(*engine.Scope, element) (engine.Decimal, bool)
	textFunc   func(*engine.Scope, element) (string, bool)
	listFunc   func(*engine.Scope, element) []string
	factFunc   func(*engine.Scope, element) engine.Value
	// lineFunc returns line i of the cart, and whether it is among the lines.
	lineFunc func(s *engine.Scope, e element, i int) (element, bool)
)

// operand is a compiled part of an expression: its type and, for that type, the
// function that evaluates it.
type operand struct {
	kind   kind
	bool   boolFunc
	number numberFunc
	text   textFunc
	list   listFunc
	fact   factFunc
	line   lineFunc
	fields *fields
	items  []operand // of an array; the two bounds of a span
	// constant says that the operand depends on nothing.
	constant bool
	// reads says what a variable depends on, for a whole expression what any
	// part of it does.
	reads reads
	// steps is what the operand costs beyond one step, for a whole expression
	// what it costs altogether.
	steps int64
	// why explains a condition, nil for one that is explained by its value.
	why whyFunc
}

// whyFunc evaluates a condition and appends the clauses that make it what it
// is.
type whyFunc func(*engine.Scope, element, []engine.Clause) (bool, []engine.Clause)

// fields are the parts of a record.
type fields struct {
	title string
	names []string
	get   func(name string) (operand, bool)
	// hint says what to write instead of the record itself.
	hint string
	// attributes is what the names of the shop's own facts begin with, "" where
	// there are none.
	attributes string
}

// missing is the advice for a name that is no field.
func (f *fields) missing(name string, vars variables) string {
	hint := vars.suggest(name, func() []string { return f.names })
	switch {
	case f.attributes == "", strings.HasPrefix(hint, "did you mean"):
		return hint
	case hint == "":
		return fmt.Sprintf("write %s.%s for a fact of your own", f.attributes, name)
	default:
		return fmt.Sprintf("%s; write %s.%s for a fact of your own", hint, f.attributes, name)
	}
}

func constantNumber(d engine.Decimal) operand {
	return operand{kind: number, constant: true, number: func(*engine.Scope, element) (engine.Decimal, bool) { return d, true }}
}

func constantText(s string) operand {
	return operand{kind: text, constant: true, text: func(*engine.Scope, element) (string, bool) { return s, true }}
}

func constantBool(b bool) operand {
	return operand{kind: boolean, constant: true, bool: func(*engine.Scope, element) bool { return b }}
}

// folded evaluates a constant once and for all.
func (o operand) folded() operand {
	switch o.kind {
	case number:
		d, ok := o.number(nil, element{})
		o.number = func(*engine.Scope, element) (engine.Decimal, bool) { return d, ok }
	case boolean:
		b := o.bool(nil, element{})
		o.bool = func(*engine.Scope, element) bool { return b }
	}
	return o
}

// constText returns the text of a constant operand.
func (o operand) constText() (string, bool) {
	if !o.constant || !o.kind.isText() {
		return "", false
	}
	return o.text(nil, element{})
}

// constNumber returns the number of a constant operand.
func (o operand) constNumber() (engine.Decimal, bool) {
	if !o.constant || o.kind != number {
		return engine.Decimal{}, false
	}
	return o.number(nil, element{})
}

// asBool returns the operand as a condition, if it can be one. A missing
// attribute is false.
func (o operand) asBool() (boolFunc, bool) {
	switch o.kind {
	case boolean:
		return o.bool, true
	case fact:
		return func(s *engine.Scope, e element) bool {
			value, ok := o.fact(s, e).Bool()
			return ok && value
		}, true
	default:
		return nil, false
	}
}

// asNumber returns the operand as a number, if it can be one.
func (o operand) asNumber() (numberFunc, bool) {
	switch o.kind {
	case number:
		return o.number, true
	case fact:
		return func(s *engine.Scope, e element) (engine.Decimal, bool) { return o.fact(s, e).Number() }, true
	case lines:
		if o.number != nil {
			return o.number, true
		}
		return func(s *engine.Scope, e element) (engine.Decimal, bool) {
			var n int64
			for i := range s.Lines() {
				if _, ok := o.line(s, e, i); ok {
					n++
				}
			}
			return engine.NewDecimal(n), true
		}, true
	default:
		return nil, false
	}
}

// asText returns the operand as a text, if it can be one.
func (o operand) asText() (textFunc, bool) {
	switch {
	case o.kind.isText():
		return o.text, true
	case o.kind == fact:
		return func(s *engine.Scope, e element) (string, bool) { return o.fact(s, e).Text() }, true
	default:
		return nil, false
	}
}

// asList returns the operand as a list of texts, if it can be one. A missing
// attribute is an empty list.
func (o operand) asList() (listFunc, bool) {
	switch o.kind {
	case textList, categoryList, couponList:
		return o.list, true
	case fact:
		return func(s *engine.Scope, e element) []string {
			list, _ := o.fact(s, e).Texts()
			return list
		}, true
	default:
		return nil, false
	}
}

// asFact returns a text, a number, a condition or an attribute as a value.
func (o operand) asFact() (factFunc, bool) {
	switch {
	case o.kind == fact:
		return o.fact, true
	case o.kind == boolean:
		return func(s *engine.Scope, e element) engine.Value { return engine.BoolValue(o.bool(s, e)) }, true
	case o.kind == number:
		return func(s *engine.Scope, e element) engine.Value {
			if d, ok := o.number(s, e); ok {
				return engine.NumberValue(d)
			}
			return engine.Value{}
		}, true
	case o.kind.isText():
		return func(s *engine.Scope, e element) engine.Value {
			if t, ok := o.text(s, e); ok {
				return engine.TextValue(t)
			}
			return engine.Value{}
		}, true
	default:
		return nil, false
	}
}

// there reports whether no fact that the operand stands for is missing. Lists
// and conditions always are there.
func (o operand) there(s *engine.Scope, e element) bool {
	switch {
	case o.kind == span:
		return o.items[0].there(s, e) && o.items[1].there(s, e)
	case o.kind == number:
		_, ok := o.number(s, e)
		return ok
	case o.kind.isText():
		_, ok := o.text(s, e)
		return ok
	case o.kind == fact:
		return o.fact(s, e).Kind() != engine.KindNone
	default:
		return true
	}
}

// show writes what the operand is worth now, for an explanation.
func (o operand) show(s *engine.Scope, e element) string {
	if value, ok := o.asFact(); ok {
		return value(s, e).String()
	}
	if list, ok := o.asList(); ok {
		return engine.TextsValue(list(s, e)).String()
	}
	if n, ok := o.asNumber(); ok {
		d, _ := n(s, e)
		return d.String()
	}
	if o.kind == array || o.kind == span {
		shown := make([]string, len(o.items))
		for i, item := range o.items {
			shown[i] = item.show(s, e)
		}
		if o.kind == span {
			return strings.Join(shown, "..")
		}
		return "[" + strings.Join(shown, ", ") + "]"
	}
	return "nil"
}
