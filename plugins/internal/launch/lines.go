package launch

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxLine is how much of a line is kept, in bytes.
	MaxLine = 500
	// Of what a program has printed last, at most so many lines and bytes are kept.
	maxTail      = 20
	maxTailBytes = 2 << 10
)

// Lines makes lines of what a program prints. It is not safe for concurrent use.
type Lines struct {
	// Each is called with every line that is not empty, without the spaces around it and without what is beyond MaxLine.
	Each func(line string)

	line []byte
}

// Write implements io.Writer. It never fails.
func (l *Lines) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		part, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if room := MaxLine - len(l.line); room > 0 {
			l.line = append(l.line, part[:min(room, len(part))]...)
		}
		if ended {
			l.End()
		}
	}
	return n, nil
}

// End ends a line that has no end.
func (l *Lines) End() {
	line := string(bytes.TrimSpace(l.line))
	if l.line = l.line[:0]; line != "" {
		l.Each(line)
	}
}

// Tail keeps what a program has printed last. It is safe for concurrent use.
type Tail struct {
	mu    sync.Mutex
	lines Lines
	kept  []string
	size  int
	panic string // why a program in Go has ended: what follows is a trace of any length
}

// Write implements io.Writer. It never fails and never waits for long.
func (t *Tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines.Each = t.keep
	return t.lines.Write(text)
}

func (t *Tail) keep(line string) {
	if line = clean(line); line == "" {
		return
	}
	if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		t.panic = line
	}
	t.kept, t.size = append(t.kept, line), t.size+len(line)
	for len(t.kept) > maxTail || t.size > maxTailBytes {
		t.kept, t.size = t.kept[1:], t.size-len(t.kept[0])
	}
}

// clean takes out what would change how a terminal shows the line.
func clean(line string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(line, " ")))
}

// Lines returns the last lines, at most 20 of together at most 2 KiB, without control characters. The first is what a program in Go says
// of its panic, where the trace after it is longer.
func (t *Tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines.Each = t.keep
	t.lines.End()
	lines := append([]string(nil), t.kept...)
	if t.panic != "" && !slices.Contains(lines, t.panic) {
		lines = append([]string{t.panic, "…"}, lines...)
	}
	return lines
}

// Cause returns the line that says why the program has ended, as far as that can be told from what it has printed: that of a panic or an
// error, else the last, "" for none.
func (t *Tail) Cause() string {
	lines := t.Lines()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.panic != "" || len(lines) == 0 {
		return t.panic
	}
	// How runtimes of JavaScript and Python begin what they say of an error that ends a program; lines of a trace follow or precede it.
	failure := regexp.MustCompile(`^(Uncaught )?[A-Za-z_.]*(Error|Exception)( \[\w+\])?(:|$)`)
	for i := len(lines) - 1; i >= 0; i-- {
		if failure.MatchString(lines[i]) {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}

// Printed is the end of a message about a program: its last lines, "" for none.
func (t *Tail) Printed() string {
	lines := t.Lines()
	if len(lines) == 0 {
		return ""
	}
	return "; it printed:\n  " + strings.Join(lines, "\n  ")
}
