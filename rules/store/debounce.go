package store

import "time"

// debounce tells when hints have been quiet long enough, or have gone on for too
// long. It belongs to one goroutine.
type debounce struct {
	quiet, limit time.Duration
	timer        *time.Timer
	first        time.Time // of the hints since the last end; zero when none
}

func newDebounce(quiet, limit time.Duration) *debounce {
	timer := time.NewTimer(limit)
	timer.Stop()
	return &debounce{quiet: quiet, limit: limit, timer: timer}
}

// hint begins the quiet period anew, within the limit.
func (d *debounce) hint() {
	now := time.Now()
	if !d.pending() {
		d.first = now
	}
	d.timer.Reset(min(d.quiet, d.first.Add(d.limit).Sub(now)))
}

// over delivers at the end of the quiet period; the receiver calls done.
func (d *debounce) over() <-chan time.Time { return d.timer.C }

func (d *debounce) done() { d.first = time.Time{} }

// pending reports whether there were hints since the last end.
func (d *debounce) pending() bool { return !d.first.IsZero() }

func (d *debounce) stop() { d.timer.Stop() }
