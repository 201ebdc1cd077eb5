package syntax

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/checkout-promotions/checkout/rules/diag"
)

// Extent returns all of the source that the value covers, over as many lines as it
// has: with its quotes, and with its brackets. An absent value covers nothing.
func (v Value) Extent() diag.Range {
	start := v.Position()
	if v.node == nil {
		return diag.Range{}
	}
	return diag.Range{Start: start, End: v.end()}
}

// end is the place after the last character of the value.
func (v Value) end() diag.Position {
	switch v.Kind() {
	case Mapping, Sequence:
		return v.endOfParts()
	case Null:
		at := v.Position()
		at.Column += utf8.RuneCountInString(v.node.Value) // ~ or null, or nothing
		return at
	default:
		if v.Quoted() && !v.doc.built {
			end := v.RangeOf(0, utf8.RuneCountInString(v.node.Value)).End
			end.Column++
			return end
		}
		return v.RangeOf(0, utf8.RuneCountInString(strings.TrimRightFunc(v.node.Value, isSpace))).End // a block's last line end is not its
	}
}

// endOfParts is the end of the last part, or of the bracket after it.
func (v Value) endOfParts() diag.Position {
	end, flow := v.Position(), v.node.Style&yaml.FlowStyle != 0
	if flow {
		end.Column++
	}
	if n := len(v.node.Content); n > 0 && v.node.Content[n-1] != nil {
		end = Value{v.doc, v.node.Content[n-1]}.end()
	}
	if closed, ok := v.doc.bracketAfter(end); flow && ok {
		return closed
	}
	return end
}

// bracketAfter returns the place after the closing bracket that follows, where
// nothing but blanks, comments and signs stand before it.
func (d *Document) bracketAfter(at diag.Position) (diag.Position, bool) {
	for ; at.Line-d.before <= len(d.lines); at.Line, at.Column = at.Line+1, 1 {
		line := d.sourceLine(at.Line).runes
		for ; at.Column <= len(line); at.Column++ {
			switch line[at.Column-1] {
			case ' ', '\t', ',', ':', '"', '\'':
				continue
			case '}', ']':
				at.Column++
				return at, true
			case '#':
				at.Column = len(line)
			default:
				return at, false
			}
		}
	}
	return at, false
}
