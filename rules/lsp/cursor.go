package lsp

import (
	"slices"
	"strings"
)

// cursor is what a YAML file means at a place, as far as the text before the place
// tells, which need not be YAML yet.
type cursor struct {
	// path leads to the value at the place, or to the mapping whose key is there;
	// "-" stands for an element of a list.
	path []string
	// key says that the place is in a key; either that it may be in a key or in a
	// value of its own, such as the first word of a line.
	key, either bool
	// seen are the keys that the mapping has before the place.
	seen []string
	// start is the byte at which the key or the value begins, without its quote.
	start int
	// quote is the quote that it is in, 0 for none.
	quote byte
}

// cursorAt reads the text up to the offset; not ok in a comment.
func cursorAt(content string, offset int) (cursor, bool) {
	s := &scanner{src: strings.TrimPrefix(content[:offset], byteOrderMark), frames: []frame{{indent: -1}}}
	s.before = offset - len(s.src)
	for !s.found {
		s.line()
	}
	s.at.start += s.before
	return s.at, !s.comment
}

// scanner reads YAML up to where the source ends, which is where the cursor is. It
// knows no more of YAML than is needed to tell keys from values.
type scanner struct {
	src     string
	pos     int
	before  int // bytes of the file before the source
	frames  []frame
	at      cursor
	found   bool
	comment bool // the cursor is in one
}

// frame is something that holds what follows: a key, an element of a list, or an
// open bracket.
type frame struct {
	indent int
	name   string // "" for the file and for a bracket without a key
	flow   byte   // the bracket, 0 for none
	keys   []string
}

func (s *scanner) top() *frame { return &s.frames[len(s.frames)-1] }

func (s *scanner) push(f frame) { s.frames = append(s.frames, f) }

// popTo ends what a line with the indentation ends.
func (s *scanner) popTo(indent int) {
	for len(s.frames) > 1 && s.top().indent >= indent {
		s.frames = s.frames[:len(s.frames)-1]
	}
}

// finish says that the cursor is in what begins at the byte.
func (s *scanner) finish(start int, quote byte, key, either bool) {
	s.found = true
	var path []string
	for _, f := range s.frames {
		if f.name != "" {
			path = append(path, f.name)
		}
	}
	s.at = cursor{path: path, key: key, either: either, seen: slices.Clone(s.top().keys), start: start, quote: quote}
}

func (s *scanner) finishComment() { s.found, s.comment = true, true }

func (s *scanner) ended() bool { return s.pos >= len(s.src) }

// current is the character at hand, a line's end where there is none.
func (s *scanner) current() byte {
	if s.ended() {
		return '\n'
	}
	return s.src[s.pos]
}

func (s *scanner) blanks() {
	for !s.ended() && (s.current() == ' ' || s.current() == '\t') {
		s.pos++
	}
}

// toLineEnd moves to the beginning of the next line, if there is one.
func (s *scanner) toLineEnd() {
	if i := strings.IndexByte(s.src[s.pos:], '\n'); i >= 0 {
		s.pos += i + 1
		return
	}
	s.pos = len(s.src)
}

// lineEnds reports whether nothing but a line's end is at hand.
func (s *scanner) lineEnds() bool { return s.current() == '\n' || s.current() == '\r' }

// line reads a line of block YAML, and the lines that its value goes on over.
func (s *scanner) line() {
	begin := s.pos
	s.blanks()
	if s.ended() {
		s.popTo(s.pos - begin)
		s.finish(s.pos, 0, false, true)
		return
	}
	switch {
	case s.lineEnds():
		s.toLineEnd()
		return
	case s.current() == '#':
		s.skipComment()
		return
	case strings.HasPrefix(s.src[s.pos:], "---") && s.pos == begin:
		s.toLineEnd()
		s.endAtLineStart()
		return
	}
	for s.current() == '-' && s.blankAfter(s.pos) {
		s.popDash(s.pos - begin)
		s.push(frame{indent: s.pos - begin, name: "-"})
		s.pos++
		s.blanks()
		if s.ended() {
			s.finish(s.pos, 0, false, true)
			return
		}
	}
	if s.lineEnds() {
		s.toLineEnd()
		s.endAtLineStart()
		return
	}
	s.popTo(s.pos - begin)
	s.entry(s.pos - begin)
}

// endAtLineStart is the cursor at the beginning of a line of which there is nothing.
func (s *scanner) endAtLineStart() {
	if s.ended() && strings.HasSuffix(s.src, "\n") {
		s.popTo(0)
		s.finish(s.pos, 0, false, true)
	}
}

func (s *scanner) skipComment() {
	if !strings.Contains(s.src[s.pos:], "\n") {
		s.finishComment()
		return
	}
	s.toLineEnd()
}

// blankAfter reports whether a blank or the end follows the byte.
func (s *scanner) blankAfter(i int) bool {
	return i+1 >= len(s.src) || strings.IndexByte(" \t\r\n", s.src[i+1]) >= 0
}

// popDash ends what an element of a list ends: elements and keys within, but not the
// key of the list, which may be as far to the left.
func (s *scanner) popDash(indent int) {
	for len(s.frames) > 1 && (s.top().indent > indent || s.top().indent == indent && s.top().name == "-") {
		s.frames = s.frames[:len(s.frames)-1]
	}
}

// entry reads a key with its value, or a value alone.
func (s *scanner) entry(indent int) {
	start := s.pos
	switch s.current() {
	case '{', '[':
		s.flow()
		s.restOfLine()
		return
	case '|', '>':
		s.block(indent - 1)
		return
	case '"', '\'':
		quote := s.current()
		if !s.quoted() {
			s.finish(start+1, quote, false, true)
			return
		}
		name := s.src[start+1 : s.pos-1]
		s.blanks()
		if s.current() == ':' && s.blankAfter(s.pos) && !s.ended() {
			s.value(name, indent)
			return
		}
		s.restOfLine()
		return
	}
	if name, ok := s.plainKey(); ok {
		s.value(name, indent)
		return
	}
	s.plain(start, s.top().indent, true)
}

// plainKey moves to the colon of a key on this line, if there is one.
func (s *scanner) plainKey() (string, bool) {
	for i := s.pos; i < len(s.src) && s.src[i] != '\n'; i++ {
		switch {
		case s.src[i] == ':' && s.blankAfter(i):
			name := strings.TrimSpace(s.src[s.pos:i])
			s.pos = i
			return name, true
		case s.src[i] == '#' && i > s.pos && (s.src[i-1] == ' ' || s.src[i-1] == '\t'):
			return "", false
		}
	}
	return "", false
}

// value reads what follows the colon of a key.
func (s *scanner) value(name string, indent int) {
	s.top().keys = append(s.top().keys, name)
	s.push(frame{indent: indent, name: name})
	s.pos++
	s.blanks()
	start := s.pos
	switch {
	case s.ended():
		s.finish(start, 0, false, false)
	case s.lineEnds():
		s.toLineEnd()
		s.endAtLineStart()
	case s.current() == '#':
		s.skipComment()
	case s.current() == '{' || s.current() == '[':
		s.flow()
		s.restOfLine()
	case s.current() == '"' || s.current() == '\'':
		quote := s.current()
		if !s.quoted() {
			s.finish(start+1, quote, false, false)
			return
		}
		s.restOfLine()
	case s.current() == '|' || s.current() == '>':
		s.block(indent)
	default:
		s.plain(start, indent, false)
	}
}

// restOfLine passes over what follows a value that has ended.
func (s *scanner) restOfLine() {
	if s.found {
		return
	}
	rest := s.src[s.pos:]
	if i := strings.IndexByte(rest, '\n'); i < 0 {
		s.finishComment() // nothing belongs here but a comment
		return
	}
	s.toLineEnd()
	s.endAtLineStart()
}

// plain reads a plain value, which goes on over lines that are further to the right.
// In a word of its own the cursor may be in a key.
func (s *scanner) plain(start, indent int, either bool) {
	for {
		line := s.src[s.pos:]
		end := strings.IndexByte(line, '\n')
		comment := strings.Index(line, " #")
		switch {
		case comment >= 0 && (end < 0 || comment < end):
			s.pos += comment + 1
			s.skipComment()
			return
		case end < 0:
			s.finish(start, 0, false, either)
			return
		}
		s.pos += end + 1
		next := s.src[s.pos:]
		blanks := len(next) - len(strings.TrimLeft(next, " "))
		rest := strings.TrimRight(next[blanks:], "\r")
		if blanks <= indent || rest == "" || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '#' {
			s.endAtLineStart()
			return
		}
		if either {
			return // the line may be anything
		}
	}
}

// quoted moves past a text in quotes; not ok when it is not closed.
func (s *scanner) quoted() bool {
	quote := s.current()
	for s.pos++; !s.ended(); s.pos++ {
		switch c := s.current(); {
		case c == '\\' && quote == '"':
			s.pos++
		case c == quote && quote == '\'' && s.pos+1 < len(s.src) && s.src[s.pos+1] == quote:
			s.pos++
		case c == quote:
			s.pos++
			return true
		}
	}
	return false
}

// block reads a literal or folded text.
func (s *scanner) block(indent int) {
	s.toLineEnd()
	start := -1
	for {
		line := s.src[s.pos:]
		end := strings.IndexByte(line, '\n')
		blanks := len(line) - len(strings.TrimLeft(line, " "))
		if text := strings.TrimRight(line[blanks:], "\r\n"); text != "" && line[blanks] != '\n' && blanks <= indent {
			return
		}
		if start < 0 && blanks > indent {
			start = s.pos + blanks
		}
		if end < 0 {
			if blanks <= indent {
				return // on a blank line the cursor may begin a key
			}
			s.finish(start, 0, false, false)
			return
		}
		s.pos += end + 1
	}
}

// flow reads what is in brackets.
func (s *scanner) flow() {
	depth := len(s.frames)
	s.open()
	for len(s.frames) > depth && !s.found {
		for !s.ended() && strings.IndexByte(" \t\r\n", s.current()) >= 0 {
			s.pos++
		}
		if s.ended() {
			s.inFlow(s.pos, 0)
			return
		}
		switch s.current() {
		case '{', '[':
			s.open()
		case '}', ']':
			s.frames = s.frames[:len(s.frames)-1]
			s.pos++
		case ',':
			if s.top().flow == '{' {
				s.top().name = ""
			}
			s.pos++
		case '#':
			s.skipComment()
		case '"', '\'':
			s.flowQuoted()
		default:
			s.flowPlain()
		}
	}
}

func (s *scanner) open() {
	f := frame{flow: s.current(), indent: 1 << 30}
	if f.flow == '[' {
		f.name = "-"
	}
	s.push(f)
	s.pos++
}

// inFlow is the cursor in brackets.
func (s *scanner) inFlow(start int, quote byte) {
	f := s.top()
	s.finish(start, quote, f.flow == '{' && f.name == "", false)
}

func (s *scanner) flowQuoted() {
	start, quote := s.pos, s.current()
	if !s.quoted() {
		s.inFlow(start+1, quote)
		return
	}
	s.flowKey(s.src[start+1 : s.pos-1])
}

// flowKey takes what has been read as a key, if a colon follows.
func (s *scanner) flowKey(name string) {
	f := s.top()
	if s.ended() || s.current() != ':' || f.flow != '{' || f.name != "" {
		return
	}
	f.keys, f.name = append(f.keys, name), name
	s.pos++
}

func (s *scanner) flowPlain() {
	start := s.pos
	for ; !s.ended(); s.pos++ {
		c := s.current()
		switch {
		case c == ':' && (s.blankAfter(s.pos) || strings.IndexByte(",]}", s.src[s.pos+1]) >= 0):
			s.flowKey(strings.TrimSpace(s.src[start:s.pos]))
			if s.current() == ':' {
				s.pos++ // of a text that contains one
			}
			return
		case strings.IndexByte(",{}[]\n", c) >= 0, c == '#' && s.src[s.pos-1] == ' ':
			return
		}
	}
	s.inFlow(start, 0)
}
