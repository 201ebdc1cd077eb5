package format

import (
	"slices"
	"strings"
)

// text writes the lines as they are to be.
func (f *formatter) text() string {
	var b strings.Builder
	blank := true // so that none comes first
	held := false
	for i := range f.lines {
		l := &f.lines[i]
		text := f.written(i)
		if text == "" && !l.within {
			held = !blank
			continue
		}
		if held {
			b.WriteString("\n")
			held = false
		}
		b.WriteString(text + "\n")
		blank = false
	}
	return b.String()
}

// written writes a line.
func (f *formatter) written(i int) string {
	l := &f.lines[i]
	switch {
	case l.placed:
		return trimmed(l, l.prefix+l.edited(l.from))
	case l.continues:
		return trimmed(l, moved(l, l.shift))
	default:
		text := strings.TrimSpace(string(l.source))
		if text == "" {
			return ""
		}
		return strings.Repeat(" ", f.indentOfComment(i)) + text
	}
}

// trimmed takes the blanks at the end away, unless they may be part of a text.
func trimmed(l *line, text string) string {
	if l.within {
		return text
	}
	return strings.TrimRight(text, " \t")
}

// moved writes a line so many places further right.
func moved(l *line, shift int) string {
	text := l.edited(0)
	bare := strings.TrimLeft(text, " ")
	if bare == "" && !l.within {
		return ""
	}
	return strings.Repeat(" ", max(0, len(text)-len(bare)+shift)) + bare
}

// edited writes the line from a place on, with its edits.
func (l *line) edited(from int) string {
	var b strings.Builder
	edits := slices.Clone(l.edits)
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	for _, e := range edits {
		if e.from < from {
			continue
		}
		b.WriteString(string(l.source[from:e.from]) + e.text)
		from = e.to
	}
	b.WriteString(string(l.source[min(from, len(l.source)):]))
	return b.String()
}

// indentOfComment is where a comment on a line of its own goes: with what follows,
// if it stands in front of that, else with what stands before it at its place.
func (f *formatter) indentOfComment(i int) int {
	at := f.lines[i].start()
	next := -1
	for n := i + 1; n < len(f.lines) && next < 0; n++ {
		if f.lines[n].placed {
			next = n
		}
	}
	if next >= 0 && f.lines[next].start() == at {
		return f.lines[next].indent()
	}
	for n := i - 1; n >= 0; n-- {
		if l := &f.lines[n]; l.placed && l.start() <= at {
			if l.start() == at || next < 0 {
				return l.indent()
			}
			break
		}
	}
	if next >= 0 {
		return f.lines[next].indent()
	}
	return 0
}

// start is the place of the first character that is no blank.
func (l *line) start() int {
	text := string(l.source)
	return len(text) - len(strings.TrimLeft(text, " "))
}

// indent is how far the line is to be indented.
func (l *line) indent() int {
	return len(l.prefix) - len(strings.TrimLeft(l.prefix, " "))
}
