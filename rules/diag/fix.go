package diag

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fix is a change that puts a finding right and that a program can make. It
// changes nothing else that the file says, comments included.
type Fix struct {
	// Title says in a few words what is changed.
	Title string `json:"title"`
	// Edits do not overlap.
	Edits []Edit `json:"edits"`
}

// Edit replaces a stretch of a file by a text.
type Edit struct {
	File  string `json:"file"`
	Range Range  `json:"range"`
	Text  string `json:"text"`
}

// inFolder returns the fix with the files' names made paths below folder.
func (f *Fix) inFolder(folder string) *Fix {
	if f == nil {
		return nil
	}
	located := &Fix{Title: f.Title, Edits: slices.Clone(f.Edits)}
	for i := range located.Edits {
		located.Edits[i].File = path.Join(folder, located.Edits[i].File)
	}
	return located
}

// Apply makes the edits in the text of the file; those of other files are passed
// over. It fails for edits that overlap or lie outside the text.
func Apply(file string, text []byte, edits []Edit) ([]byte, error) {
	ours := slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.File != file })
	slices.SortStableFunc(ours, func(a, b Edit) int {
		return cmp.Or(compare(a.Range.Start, b.Range.Start), compare(a.Range.End, b.Range.End))
	})
	places := newPlaces(string(text))
	var b strings.Builder
	done := 0
	for _, e := range ours {
		from, fromOK := places.offset(e.Range.Start)
		to, toOK := places.offset(e.Range.End)
		if !fromOK || !toOK || from < done || to < from {
			return nil, fmt.Errorf("edit %s:%d:%d: the place overlaps another edit or is not in the file", file, e.Range.Start.Line, e.Range.Start.Column)
		}
		b.Write(text[done:from])
		b.WriteString(e.Text)
		done = to
	}
	b.Write(text[done:])
	return []byte(b.String()), nil
}

func compare(a, b Position) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// places knows where the lines of a text begin.
type places struct {
	text   string
	starts []int
}

// bom is what some editors write before UTF-8; it is no column.
const bom = "\uFEFF"

func newPlaces(text string) places {
	p := places{text: text}
	if strings.HasPrefix(text, bom) {
		p.starts = []int{len(bom)}
	} else {
		p.starts = []int{0}
	}
	for i, r := range text {
		isBreak := r == '\n' || r == '\r' && !strings.HasPrefix(text[i+1:], "\n") || r == '\u0085' || r == '\u2028' || r == '\u2029'
		if isBreak {
			p.starts = append(p.starts, i+utf8.RuneLen(r))
		}
	}
	return p
}

// offset returns the byte at which the place is. The place after the last
// character of a line is in it, and the beginning of the line after the last is
// the end of the text.
func (p places) offset(at Position) (int, bool) {
	if at.Line == len(p.starts)+1 && at.Column == 1 {
		return len(p.text), true
	}
	if at.Line < 1 || at.Line > len(p.starts) || at.Column < 1 {
		return 0, false
	}
	i := p.starts[at.Line-1]
	for column := 1; column < at.Column; column++ {
		if i >= len(p.text) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(p.text[i:])
		i += size
	}
	return i, true
}
