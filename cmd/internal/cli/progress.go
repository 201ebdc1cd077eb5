package cli

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressAfter is how long something takes before its bar is drawn, so that none
// flickers for what is done at once.
const progressAfter = 300 * time.Millisecond

// progress is a bar on a terminal, and nothing elsewhere. It is drawn in one colour.
type progress struct {
	bar   *progressbar.ProgressBar
	since time.Time
}

// newProgress starts a bar for things, such as "codes of spring".
func newProgress(w io.Writer, things string) *progress {
	if !isTerminal(w) {
		return &progress{}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(things),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine that draws
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	return &progress{bar: bar, since: time.Now()}
}

// set shows how far it is. A total below 0 is not known.
func (p *progress) set(done, total int64) {
	if p.bar == nil || time.Since(p.since) < progressAfter {
		return
	}
	if total >= 0 && p.bar.GetMax64() != total {
		p.bar.ChangeMax64(total)
	}
	_ = p.bar.Set64(done) // a terminal that is gone is no reason to stop
}

// counter is set for any number of goroutines; nil where nothing is shown.
func (p *progress) counter() func(done, total int) {
	if p.bar == nil {
		return nil
	}
	var mu sync.Mutex
	return func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		p.set(int64(done), int64(total))
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
