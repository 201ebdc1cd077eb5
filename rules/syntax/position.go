package syntax

import (
	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// positions returns where each character of a scalar's text stands in the
// source, and as a last element where the text ends. It walks the source beside
// the text: line breaks and indentation that YAML folds away, doubled quotes
// and escapes are passed over on the way. Should the two not agree, which would
// be a mistake here, the rest of the text is placed where they parted.
func (v Value) positions() []diag.Position {
	if v.doc.built {
		return v.columns()
	}
	w := walker{doc: v.doc, column: v.node.Column, style: v.node.Style}
	w.read(v.node.Line)
	w.open()
	text := []rune(v.node.Value)
	positions := make([]diag.Position, 0, len(text)+1)
	for i := 0; i < len(text); i++ {
		if w.atLineEnd() && isSpace(text[i]) {
			at := w.position()
			for ; i < len(text) && isSpace(text[i]); i++ {
				positions = append(positions, at)
			}
			i--
			w.nextLine()
			continue
		}
		w.skipContinuation()
		positions = append(positions, w.position())
		w.step(text[i])
	}
	return append(positions, w.position())
}

// columns returns the positions of a text that stands on one line, with nothing
// that is written in another way than it reads. Where there is, as with escapes,
// no position is beyond the line.
func (v Value) columns() []diag.Position {
	start, line := v.Position(), v.doc.sourceLine(v.node.Line)
	if v.Quoted() {
		start.Column++
	}
	positions := make([]diag.Position, 0, len(v.node.Value)+1)
	for range v.node.Value {
		positions = append(positions, start)
		start.Column = min(start.Column+1, max(start.Column, len(line.runes)+1))
	}
	return append(positions, start)
}

// isBlank and isBreak are what YAML takes for blanks and for the end of a line.
// Other blanks of Unicode, such as the non-breaking one, are text.
func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func isSpace(r rune) bool { return isBlank(r) || isBreak(r) }

// walker is a place in the source of a scalar.
type walker struct {
	doc    *Document
	line   int         // from 1
	text   *sourceLine // that line
	column int         // from 1
	style  yaml.Style
}

func (w *walker) position() diag.Position { return diag.Position{Line: w.line, Column: w.column} }

// read moves to the line n, but not to another column.
func (w *walker) read(n int) { w.line, w.text = n, w.doc.sourceLine(n) }

// rest is the current line from the current column on.
func (w *walker) rest() []rune { return w.text.runes[min(w.column-1, len(w.text.runes)):] }

// open moves from the node's position to the first character of its text.
func (w *walker) open() {
	switch {
	case w.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.column++
	case w.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.nextLine()
	}
}

// atLineEnd reports whether only blanks are left on the line. A backslash at
// the end of a double-quoted line is not text either.
func (w *walker) atLineEnd() bool { return w.column > w.text.end }

// nextLine moves to the first character of the next line that has one.
func (w *walker) nextLine() {
	for w.line < len(w.doc.lines) {
		w.read(w.line + 1)
		w.column = 1
		for _, r := range w.text.runes {
			if !isBlank(r) {
				return
			}
			w.column++
		}
	}
}

// skipContinuation passes over an escaped line break of a double-quoted text.
func (w *walker) skipContinuation() {
	for w.style&yaml.DoubleQuotedStyle != 0 && w.line < len(w.doc.lines) {
		if rest := w.rest(); len(rest) != 1 || rest[0] != '\\' {
			return
		}
		w.nextLine()
	}
}

// step passes over the source of one character of the text.
func (w *walker) step(r rune) {
	rest := w.rest()
	switch {
	case len(rest) == 0:
	case w.style&yaml.SingleQuotedStyle != 0 && r == '\'':
		w.column += 2
	case w.style&yaml.DoubleQuotedStyle != 0 && rest[0] == '\\' && len(rest) > 1:
		w.column += escapeLength(rest[1])
	case rest[0] == r:
		w.column++
	}
}

// escapeLength is how long a double-quoted escape is, backslash included.
func escapeLength(kind rune) int {
	switch kind {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	default:
		return 2
	}
}
