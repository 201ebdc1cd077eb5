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
	readsUnits                   // how many units of the item at hand the cart holds
	readsPrice                   // the price of the item at hand, with the shop's digits
)

// joint is how conditions are joined.
type joint uint8

const (
	unjoined joint = iota
	andJoins
	orJoins
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
	wholeFunc  func(*engine.Scope, element) int64
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
	// whole is the number once more where it is never missing and always whole:
	// a count, or an amount in smallest units. It is nil for other numbers.
	whole wholeFunc
	// money says that whole is an amount, with as many digits in the shop's
	// currency.
	money  bool
	digits int
	// source is the fact that the operand is, of a set the one with the index.
	source source
	set    int
	// flag says of a fact that it is true, false or missing, and nothing else.
	flag bool
	// constant says that the operand depends on nothing.
	constant bool
	// needs are facts without which a condition is false, a list of lines
	// empty and a number 0, or missing where it is optional.
	needs    []engine.Fact
	optional bool
	// told is the kind of fact that a text, or each text of a list, is. No text
	// is of the kind HasItems, which stands for none.
	told engine.FactKind
	// grows is what more in the cart makes the number greater.
	grows growth
	// reads says what a variable depends on, for a whole expression what any
	// part of it does.
	reads reads
	// steps is what the operand costs beyond one step, for a whole expression
	// what it costs altogether.
	steps int64
	// joined are the conditions that a condition joins, and joins how.
	joined []boolFunc
	joins  joint
	// within is what a condition on an item that reads the quantity requires of the
	// item alone, nil where it is not known.
	within boolFunc
	// expression is the number of a whole expression that is observed, and probed
	// says that what a part of the condition sees tells what the condition is.
	expression int
	probed     bool
	// why explains a condition, nil for one that is explained by its value.
	why whyFunc
	// misses tells what a condition lacks, nil for one that buying more does not
	// help.
	misses missFunc
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
		get := o.fact
		return func(s *engine.Scope, e element) bool {
			value, ok := get(s, e).Bool()
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
		if o.flag {
			return nil, false
		}
		get := o.fact
		return func(s *engine.Scope, e element) (engine.Decimal, bool) { return get(s, e).Number() }, true
	case lines:
		return o.number, true
	default:
		return nil, false
	}
}

// asText returns the operand as a text, if it can be one.
func (o operand) asText() (textFunc, bool) {
	switch {
	case o.kind.isText():
		return o.text, true
	case o.kind == fact && !o.flag:
		get := o.fact
		return func(s *engine.Scope, e element) (string, bool) { return get(s, e).Text() }, true
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
		if o.flag {
			return nil, false
		}
		get := o.fact
		return func(s *engine.Scope, e element) []string {
			list, _ := get(s, e).Texts()
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
		get := o.bool
		return func(s *engine.Scope, e element) engine.Value { return engine.BoolValue(get(s, e)) }, true
	case o.kind == number:
		get := o.number
		return func(s *engine.Scope, e element) engine.Value {
			if d, ok := get(s, e); ok {
				return engine.NumberValue(d)
			}
			return engine.Value{}
		}, true
	case o.kind.isText():
		get := o.text
		return func(s *engine.Scope, e element) engine.Value {
			if t, ok := get(s, e); ok {
				return engine.TextValue(t)
			}
			return engine.Value{}
		}, true
	default:
		return nil, false
	}
}

// there returns the test of whether no fact that the operand stands for is
// missing. Lists and conditions always are there.
func (o operand) there() boolFunc {
	switch {
	case o.kind == span:
		low, high := o.items[0].there(), o.items[1].there()
		return func(s *engine.Scope, e element) bool { return low(s, e) && high(s, e) }
	case o.kind == number && o.whole == nil, o.kind == fact, o.kind.isText():
		value, _ := o.asFact()
		return func(s *engine.Scope, e element) bool { return value(s, e).Kind() != engine.KindNone }
	default:
		return func(*engine.Scope, element) bool { return true }
	}
}

// showFunc writes what an operand is worth now, for an explanation.
type showFunc func(*engine.Scope, element) string

// shown returns how the operand is written. The function holds no more of the
// operand than it needs, because it stays as long as the rules do.
func (o operand) shown() showFunc {
	if value, ok := o.asFact(); ok {
		return func(s *engine.Scope, e element) string { return value(s, e).String() }
	}
	if list, ok := o.asList(); ok {
		return func(s *engine.Scope, e element) string { return engine.TextsValue(list(s, e)).String() }
	}
	if n, ok := o.asNumber(); ok {
		return func(s *engine.Scope, e element) string {
			d, _ := n(s, e)
			return d.String()
		}
	}
	switch o.kind {
	case array:
		items := shownEach(o.items, ", ")
		return func(s *engine.Scope, e element) string { return "[" + items(s, e) + "]" }
	case span:
		return shownEach(o.items, "..")
	default:
		return func(*engine.Scope, element) string { return "nil" }
	}
}

// shownEach writes the items with something between them.
func shownEach(items []operand, between string) showFunc {
	each := make([]showFunc, len(items))
	for i, item := range items {
		each[i] = item.shown()
	}
	return func(s *engine.Scope, e element) string {
		texts := make([]string, len(each))
		for i, show := range each {
			texts[i] = show(s, e)
		}
		return strings.Join(texts, between)
	}
}
