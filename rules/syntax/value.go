package syntax

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Kind is the shape of a Value.
type Kind uint8

// The kinds. Absent is the zero Value, Null a key without a value.
const (
	Absent Kind = iota
	Null
	Scalar
	Sequence
	Mapping
)

// Value is a part of a document. The zero Value is absent.
type Value struct {
	doc  *Document
	node *yaml.Node
}

// Kind returns the value's shape.
func (v Value) Kind() Kind {
	switch {
	case v.node == nil:
		return Absent
	case v.node.Kind == yaml.MappingNode:
		return Mapping
	case v.node.Kind == yaml.SequenceNode:
		return Sequence
	case v.node.Tag == "!!null" && v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		return Null
	default:
		return Scalar
	}
}

// Present reports whether there is a value, even an empty one.
func (v Value) Present() bool { return v.node != nil }

// Text returns a scalar's text without quotes and indentation, "" for others.
func (v Value) Text() string {
	if v.Kind() != Scalar {
		return ""
	}
	return v.node.Value
}

// Quoted reports whether a scalar is written in quotes, which says that it is
// text even where it looks like a number.
func (v Value) Quoted() bool {
	return v.node != nil && v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

// Flow reports whether a mapping or a sequence is written in brackets.
func (v Value) Flow() bool {
	return v.node != nil && v.node.Style&yaml.FlowStyle != 0
}

// Block reports whether a scalar is written below | or >.
func (v Value) Block() bool {
	return v.node != nil && v.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// Position is where the value begins.
func (v Value) Position() diag.Position {
	if v.node == nil {
		return diag.Position{}
	}
	return diag.Position{Line: v.node.Line, Column: v.node.Column}
}

// Location writes file:line:column of the value.
func (v Value) Location() string {
	if v.node == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", v.doc.name, v.node.Line, v.node.Column)
}

// File is the name of the document that the value is part of.
func (v Value) File() string {
	if v.doc == nil {
		return ""
	}
	return v.doc.name
}

// Range is the value's text on its first line; for a mapping or a sequence, its
// beginning.
func (v Value) Range() diag.Range {
	start := v.Position()
	if v.Kind() != Scalar || v.Text() == "" {
		return diag.Range{Start: start, End: start}
	}
	return v.RangeOf(0, len([]rune(v.Text())))
}

// RangeOf returns where the characters from (included) to (not included) of a
// scalar's text stand in the file.
func (v Value) RangeOf(from, to int) diag.Range {
	if v.Kind() != Scalar {
		return v.Range()
	}
	positions := v.positions()
	from = max(0, min(from, len(positions)-1))
	start := positions[from]
	if to = min(to, len(positions)-1); to <= from {
		return diag.Range{Start: start, End: start}
	}
	last, end := positions[to-1], positions[to]
	if end.Line != last.Line || end.Column <= last.Column {
		end = diag.Position{Line: last.Line, Column: last.Column + 1}
	}
	return diag.Range{Start: start, End: end}
}

// Report adds a fault at the value. It does nothing on an absent value, whose
// absence has been reported already.
func (v Value) Report(code diag.Code, hint, format string, args ...any) {
	if v.doc != nil && v.node != nil {
		v.doc.report(code, v.Range(), hint, format, args...)
	}
}

// ReportAt adds a fault at some characters of a scalar.
func (v Value) ReportAt(from, to int, code diag.Code, hint, format string, args ...any) {
	if v.doc != nil && v.node != nil {
		v.doc.report(code, v.RangeOf(from, to), hint, format, args...)
	}
}

// Diagnostic makes a diagnostic at the value without adding it to the
// document's faults.
func (v Value) Diagnostic(code diag.Code, hint, format string, args ...any) diag.Diagnostic {
	return v.doc.diagnostic(code, v.Range(), hint, format, args...)
}

// DiagnosticAt is Diagnostic at some characters of a scalar.
func (v Value) DiagnosticAt(from, to int, code diag.Code, hint, format string, args ...any) diag.Diagnostic {
	return v.doc.diagnostic(code, v.RangeOf(from, to), hint, format, args...)
}

// DiagnosticOn is Diagnostic at a line of the value's file, from a column to the
// line's end.
func (v Value) DiagnosticOn(line, column int, code diag.Code, hint, format string, args ...any) diag.Diagnostic {
	at := diag.Range{Start: diag.Position{Line: line, Column: column}, End: diag.Position{Line: line, Column: len([]rune(v.SourceLine(line))) + 1}}
	return v.doc.diagnostic(code, at, hint, format, args...)
}

// SourceLines is how many lines the file that the value is in has.
func (v Value) SourceLines() int {
	if v.doc == nil {
		return 0
	}
	return len(v.doc.lines)
}

// IsFlow reports whether a mapping or a sequence is written in brackets.
func (v Value) IsFlow() bool { return v.node != nil && v.node.Style&yaml.FlowStyle != 0 }

// SourceLine is a line of the file that the value is in, counted from 1.
func (v Value) SourceLine(n int) string {
	if v.doc == nil {
		return ""
	}
	return v.doc.line(n)
}

func (d *Document) diagnostic(code diag.Code, at diag.Range, hint, format string, args ...any) diag.Diagnostic {
	line, from := d.excerpt(at.Start)
	return diag.Diagnostic{
		Code: code, File: d.name, Range: at, Hint: hint,
		Message: fmt.Sprintf(format, args...), Line: line, LineFrom: from, Fix: d.respelt(code, at, hint),
	}
}

// respelt is the change to the name that a misspelt one most likely means, nil
// where it is not sure that the range is the name alone.
func (d *Document) respelt(code diag.Code, at diag.Range, hint string) *diag.Fix {
	meant, ok := strings.CutPrefix(hint, `did you mean "`)
	meant, ended := strings.CutSuffix(meant, `"?`)
	if !ok || !ended || code != diag.UnknownName && code != diag.UnknownKey || at.Start.Line != at.End.Line || !plain.MatchString(meant) {
		return nil
	}
	line := []rune(d.line(at.Start.Line))
	if at.End.Column > len(line)+1 || !plain.MatchString(string(line[at.Start.Column-1:at.End.Column-1])) {
		return nil
	}
	return &diag.Fix{Title: "Write " + meant, Edits: []diag.Edit{{File: d.name, Range: at, Text: meant}}}
}

// plain is a name that YAML and expressions read as it is.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// maxExcerpt is how many characters of a line an excerpt shows.
const maxExcerpt = 160

// excerpt returns the line at the position and the column of its first
// character. Of a long line it is the part around the position, with dots in
// place of the characters where it is cut.
func (d *Document) excerpt(at diag.Position) (line string, from int) {
	line = d.line(at.Line)
	if len(line) <= maxExcerpt {
		return line, 1
	}
	runes := d.sourceLine(at.Line).runes
	first := max(0, min(at.Column-maxExcerpt/2, len(runes)-maxExcerpt))
	last := min(first+maxExcerpt, len(runes))
	part := slices.Clone(runes[first:last])
	if first > 0 {
		part[0] = '…'
	}
	if last < len(runes) {
		part[len(part)-1] = '…'
	}
	return string(part), first + 1
}

// Next returns the first character after a plain scalar on its last line that
// is no blank, and 0 when there is none: '#' where a comment cuts an expression
// off, ',' where a flow mapping goes on.
func (v Value) Next() rune {
	if v.Kind() != Scalar || v.node.Style&^yaml.FlowStyle != 0 {
		return 0
	}
	positions := v.positions()
	end := positions[len(positions)-1]
	line := v.doc.sourceLine(end.Line)
	for _, r := range line.runes[min(max(0, end.Column-1), len(line.runes)):] {
		if !isBlank(r) {
			return r
		}
	}
	return 0
}

// Items returns the elements of a sequence. Another kind of value is reported.
func (v Value) Items() []Value {
	switch v.Kind() {
	case Absent, Null:
		return nil
	case Sequence:
		items := make([]Value, len(v.node.Content))
		for i, child := range v.node.Content {
			items[i] = Value{v.doc, child}
		}
		return items
	default:
		v.Report(diag.WrongValue, "", "want a list, got %s", v.Describe())
		return nil
	}
}

// Texts returns the elements of a sequence of texts, or a single text as a list
// of one.
func (v Value) Texts() []Value {
	if v.Kind() == Scalar {
		return []Value{v}
	}
	var texts []Value
	for _, item := range v.Items() {
		if item.Kind() != Scalar {
			item.Report(diag.WrongValue, "", "want a text, got %s", item.Describe())
			continue
		}
		texts = append(texts, item)
	}
	return texts
}

// Describe names the value for a message: its text, or its kind.
func (v Value) Describe() string {
	switch v.Kind() {
	case Mapping:
		return "a mapping"
	case Sequence:
		return "a list"
	case Scalar:
		return fmt.Sprintf("%.40q", v.Text())
	default:
		return "nothing"
	}
}

// WantText reports a value that is not a scalar and returns the text.
func (v Value) WantText() (string, bool) {
	switch v.Kind() {
	case Absent:
		return "", false
	case Scalar:
		return v.Text(), true
	default:
		v.Report(diag.WrongValue, "", "want a text, got %s", v.Describe())
		return "", false
	}
}

// WantBool reports a value that is not true or false; an absent value is
// fallback.
func (v Value) WantBool(fallback bool) bool {
	switch {
	case v.Kind() == Absent:
		return fallback
	case v.Kind() == Scalar && !v.Quoted() && v.Text() == "true":
		return true
	case v.Kind() == Scalar && !v.Quoted() && v.Text() == "false":
		return false
	default:
		hint := ""
		if v.Quoted() {
			hint = "without quotes"
		}
		v.Report(diag.WrongValue, hint, "want true or false, got %s", v.Describe())
		return fallback
	}
}

// Map is a mapping with its entries in source order.
type Map struct {
	Value
	entries []Entry
}

// Entry is a key with its value.
type Entry struct {
	Name  string
	Key   Value
	Value Value
}

// Entries reads a mapping whose keys are names that the author chose, and
// reports other kinds of values and names given twice.
func (v Value) Entries() []Entry {
	switch v.Kind() {
	case Absent, Null:
		return nil
	case Mapping:
	default:
		v.Report(diag.WrongValue, "", "want a mapping, got %s", v.Describe())
		return nil
	}
	var entries []Entry
	seen := make(map[string]bool)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, value := Value{v.doc, v.node.Content[i]}, Value{v.doc, v.node.Content[i+1]}
		name, ok := key.WantText()
		switch {
		case !ok:
			continue
		case seen[name]:
			key.Report(diag.Duplicate, "", "key %q is given twice", name)
			continue
		}
		seen[name] = true
		entries = append(entries, Entry{Name: name, Key: key, Value: value})
	}
	return entries
}

// Map reads a mapping that may have the given keys and reports all others.
func (v Value) Map(keys ...string) Map {
	m := Map{Value: v}
	for _, e := range v.Entries() {
		if !slices.Contains(keys, e.Name) {
			e.Key.Report(diag.UnknownKey, diag.Suggest(e.Name, keys), "unknown key %q", e.Name)
			continue
		}
		m.entries = append(m.entries, e)
	}
	return m
}

// Get returns the value of the key, absent when it is not there.
func (m Map) Get(key string) Value {
	for _, e := range m.entries {
		if e.Name == key {
			return e.Value
		}
	}
	return Value{}
}

// Key returns the key itself, absent when it is not there.
func (m Map) Key(key string) Value {
	for _, e := range m.entries {
		if e.Name == key {
			return e.Key
		}
	}
	return Value{}
}

// Entries returns the known entries in source order.
func (m Map) Entries() []Entry { return m.entries }

// Has reports whether the key is there, even without a value.
func (m Map) Has(key string) bool { return m.Key(key).Present() }

// Require returns the value of the key and reports when it is missing or empty.
func (m Map) Require(key string) Value {
	v := m.Get(key)
	switch {
	case m.Kind() != Mapping, v.Kind() == Absent && m.Has(key):
		return Value{} // reported already
	case v.Kind() == Absent:
		m.Report(diag.MissingKey, "", "key %q is missing", key)
		return Value{}
	case v.Kind() == Null:
		m.Key(key).Report(diag.MissingKey, "", "key %q has no value", key)
		return Value{}
	default:
		return v
	}
}

// OneOf returns the name of the one key of the list that is given, and reports
// when there is none or more than one.
func (m Map) OneOf(keys ...string) (string, Value) {
	var found []Entry
	for _, e := range m.entries {
		if slices.Contains(keys, e.Name) {
			found = append(found, e)
		}
	}
	switch {
	case m.Kind() != Mapping:
		return "", Value{}
	case len(found) == 0:
		m.Report(diag.MissingKey, "", "one of %s is missing", strings.Join(keys, ", "))
		return "", Value{}
	case len(found) > 1:
		found[1].Key.Report(diag.WrongValue, "keep one of the two", "%s and %s cannot stand together", found[0].Name, found[1].Name)
	}
	return found[0].Name, found[0].Value
}
