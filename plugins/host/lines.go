package host

import (
	"fmt"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
)

// maxLines is how many lines are told of within a second.
const maxLines = 20

// lines tells of what a program prints. It never waits: who prints a flood is told
// of in part.
type lines struct {
	tell func(line string)

	mu      sync.Mutex
	split   launch.Lines
	second  time.Time
	told    int
	dropped int
}

// Write implements io.Writer.
func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.split.Each = l.line
	return l.split.Write(text)
}

// line tells of a line.
func (l *lines) line(line string) {
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
