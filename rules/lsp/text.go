package lsp

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// byteOrderMark may stand before the text of a file, which is without it to diag.
const byteOrderMark = "\uFEFF"

// text is the content of a file with its lines: those of the protocol, which counts
// UTF-16 code units, and those of YAML, which has more ways to end a line and counts
// characters. Bytes are what both are turned into. It is immutable.
type text struct {
	content string
	lines   []int // where the protocol's begin
	yaml    []int // where YAML's begin
}

func newText(content string) *text {
	t := &text{content: content, lines: protocolLines(content)}
	before := 0
	if strings.HasPrefix(content, byteOrderMark) {
		before = len(byteOrderMark)
	}
	t.yaml = syntax.LineStarts(content[before:])
	for i := range t.yaml {
		t.yaml[i] += before
	}
	return t
}

// protocolLines returns where each line begins; \n, \r\n and \r end one.
func protocolLines(content string) []int {
	starts := []int{0}
	for i := 0; i < len(content); i++ {
		switch {
		case content[i] == '\n', content[i] == '\r' && !strings.HasPrefix(content[i+1:], "\n"):
			starts = append(starts, i+1)
		}
	}
	return starts
}

// lineAt returns the line in which the byte is.
func lineAt(starts []int, offset int) int {
	return sort.SearchInts(starts, offset+1) - 1
}

// position is where a byte is for the protocol.
func (t *text) position(offset int) position {
	offset = max(0, min(offset, len(t.content)))
	line := lineAt(t.lines, offset)
	units := 0
	for _, r := range t.content[t.lines[line]:offset] {
		units += utf16Length(r)
	}
	return position{Line: line, Character: units}
}

// offset is the byte that the protocol means. A place beyond the line is its end, as
// the protocol asks, and one beyond the text the text's.
func (t *text) offset(at position) int {
	switch {
	case at.Line < 0:
		return 0
	case at.Line >= len(t.lines):
		return len(t.content)
	}
	units := 0
	start := t.lines[at.Line]
	for i, r := range t.content[start:] {
		if units >= at.Character || r == '\n' || r == '\r' {
			return start + i
		}
		units += utf16Length(r)
	}
	return len(t.content)
}

// utf16Length is how many code units a character has.
func utf16Length(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// byteOf is the byte of a place as diagnostics have it. A place that is not known is
// the beginning.
func (t *text) byteOf(at diag.Position) int {
	switch {
	case at.Line < 1:
		return 0
	case at.Line > len(t.yaml):
		return len(t.content)
	}
	offset := t.yaml[at.Line-1]
	end := len(t.content)
	if at.Line < len(t.yaml) {
		end = t.yaml[at.Line]
	}
	for range at.Column - 1 {
		if offset >= end {
			break
		}
		_, size := utf8.DecodeRuneInString(t.content[offset:])
		offset += size
	}
	return offset
}

// place is where a byte is for diagnostics.
func (t *text) place(offset int) diag.Position {
	line := max(0, lineAt(t.yaml, offset))
	start := min(t.yaml[line], offset)
	return diag.Position{Line: line + 1, Column: utf8.RuneCountInString(t.content[start:offset]) + 1}
}

// span is a range for the protocol.
func (t *text) span(r diag.Range) span {
	from := t.byteOf(r.Start)
	return span{t.position(from), t.position(max(from, t.byteOf(r.End)))}
}

// within returns the text in a range.
func (t *text) within(r diag.Range) string {
	from := t.byteOf(r.Start)
	return t.content[from:max(from, t.byteOf(r.End))]
}

// changed returns the text after the changes, of which each is about the text that
// the one before left.
func (t *text) changed(changes []contentChange) (*text, error) {
	for _, c := range changes {
		if c.Range == nil {
			t = newText(c.Text)
			continue
		}
		from, to := t.offset(c.Range.Start), t.offset(c.Range.End)
		if to < from {
			return t, fmt.Errorf("the range of a change ends before it begins: %+v", *c.Range)
		}
		t = newText(t.content[:from] + c.Text + t.content[to:])
	}
	return t, nil
}

// edited returns the text after edits, which are all about the text as it is and do
// not overlap.
func (t *text) edited(edits []textEdit) *text {
	sorted := slices.Clone(edits)
	slices.SortFunc(sorted, func(a, b textEdit) int {
		return cmp.Compare(t.offset(a.Range.Start), t.offset(b.Range.Start))
	})
	var b strings.Builder
	done := 0
	for _, e := range sorted {
		b.WriteString(t.content[done:t.offset(e.Range.Start)])
		b.WriteString(e.NewText)
		done = t.offset(e.Range.End)
	}
	b.WriteString(t.content[done:])
	return newText(b.String())
}
