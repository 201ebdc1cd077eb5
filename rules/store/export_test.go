package store

import (
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// WithNotify returns the options with another way to start fsnotify.
func (o Options) WithNotify(start func() (*fsnotify.Watcher, error)) Options {
	o.notify = start
	return o
}

// Settle runs settle over what look returns.
func Settle(look func() ([]compile.File, error)) (digest string, err error) {
	got := settle(func() reading {
		files, err := look()
		if err != nil {
			return reading{err: err}
		}
		return reading{files: files, digest: compile.Digest(files)}
	})
	return got.digest, got.err
}

// Trail runs trail and collects what it visits.
func Trail(path string) (visited []string, real string, err error) {
	real, err = trail(path, func(name string) { visited = append(visited, name) })
	return visited, real, err
}

// Concerns reports whether an event of the name would be a hint about dir.
func Concerns(dir, name string) bool { return survey(dir).concerns(name) }

// Watched refreshes the watches of a folder and returns them; after is called
// between each survey and the watches it asks for.
func Watched(opts Options, after func()) ([]string, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	n := newNotifier(opts, func() plan {
		defer after()
		return survey(opts.Dir)
	})
	n.refresh()
	defer n.close()
	return n.fs.WatchList(), nil
}

// Debounce gives hints with the gaps between them and returns when the first
// quiet period was over, counted from the first hint. It is for a synctest.
func Debounce(quiet, limit time.Duration, gaps []time.Duration) time.Duration {
	d := newDebounce(quiet, limit)
	defer d.stop()
	start := time.Now()
	d.hint()
	for _, gap := range gaps {
		select {
		case <-d.over():
			return time.Since(start)
		case <-time.After(gap):
			d.hint()
		}
	}
	<-d.over()
	return time.Since(start)
}
