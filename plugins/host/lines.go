package host

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// maxLine is how much of a line is kept, in bytes.
	maxLine = 500
	// maxLines is how many lines are told of within a second.
	maxLines = 20
)

// lines makes lines of what a program prints. It never waits, and keeps little:
// who prints a flood is told of in part.
type lines struct {
	tell func(line string)

	mu      sync.Mutex
	line    []byte
	latest  string
	cause   string // of the end of a Go program
	second  time.Time
	told    int
	dropped int
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(text)
	for len(text) > 0 {
		part, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if room := maxLine - len(l.line); room > 0 {
			l.line = append(l.line, part[:min(room, len(part))]...)
		}
		if ended {
			l.end()
		}
	}
	return n, nil
}

// end tells of a line that is complete.
func (l *lines) end() {
	line := string(bytes.TrimSpace(l.line))
	l.line = l.line[:0]
	if line == "" {
		return
	}
	l.latest = line
	if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		l.cause = line
	}
	if now := time.Now(); now.Sub(l.second) >= time.Second {
		if l.dropped > 0 {
			l.tell(fmt.Sprintf("(%d more lines)", l.dropped))
		}
		l.second, l.told, l.dropped = now, 0, 0
	}
	if l.told == maxLines {
		l.dropped++
		return
	}
	l.told++
	l.tell(line)
}

// last returns the last line that was printed, and for a Go program that has
// panicked why: the last line then is one of a trace.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != "" {
		return l.cause
	}
	if len(l.line) > 0 {
		return string(l.line)
	}
	return l.latest
}
