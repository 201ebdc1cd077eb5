package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Watcher keeps the ruleset in force equal to a folder. Its methods are safe for
// concurrent use.
type Watcher struct {
	opts    Options
	status  atomic.Pointer[Status]
	running atomic.Bool

	// The rest belongs to Open, then to the goroutine of Run.
	source string // digest of the files in force
	fault  string // identifies the standing fault, "" when all is well
}

// Open loads and publishes the rules of the folder for the first time. It
// returns an error, and no Watcher, for options that make no sense and when the
// rules cannot be loaded; the latter is as described at Load, or what Publish
// returned. A Watcher holds no resources until Run.
func Open(opts Options) (*Watcher, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Watcher{opts: opts}
	got := settle(w.read)
	if got.err != nil {
		return nil, got.err
	}
	if err := w.bring(context.Background(), got, opts.Compile); err != nil {
		return nil, err
	}
	return w, nil
}

// Run watches the folder and reloads until ctx is done, then returns nil. No
// fault of the folder, the rules or the file system's events ends it. A reload
// under way when ctx ends is not published. The only error is that of a second
// Run during the first.
func (w *Watcher) Run(ctx context.Context) error {
	if !w.running.CompareAndSwap(false, true) {
		return errors.New("watch rules: this Watcher is running already")
	}
	defer w.running.Store(false)
	n := newNotifier(w.opts, func() plan { return survey(w.opts.Dir) })
	w.opts.Logger.Info("watching rules", "dir", w.opts.Dir, "mode", w.opts.Mode, "poll", w.opts.Poll)
	listen(ctx, w.opts, n, func(quiet *debounce) { w.poll(n, quiet) }, func() bool {
		n.refresh()
		return w.reload(ctx)
	})
	return nil
}

// listen waits for hints until ctx is done. It calls poll at first and with each tick
// of the poll, and settled once hints have been quiet; where that returns false, what
// it looked at would not hold still.
func listen(ctx context.Context, opts Options, n *notifier, poll func(*debounce), settled func() bool) {
	defer n.close()
	quiet := newDebounce(opts.Debounce, opts.MaxDelay)
	defer quiet.stop()
	ticks := time.NewTicker(opts.Poll)
	defer ticks.Stop()
	poll(quiet)
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-n.events():
			if n.matters(event, open) {
				quiet.hint()
			}
		case err := <-n.errors():
			n.complain(err)
			quiet.hint()
		case <-ticks.C:
			poll(quiet)
		case <-quiet.over():
			quiet.done()
			if !settled() {
				quiet.hint()
			}
		}
	}
}

// poll looks at the folder once; what it finds is only a hint, since a file may
// be half written.
func (w *Watcher) poll(n *notifier, quiet *debounce) {
	n.refresh()
	if quiet.pending() {
		return
	}
	if got := w.read(); got.err == nil && got.digest == w.source && w.fault == "" {
		w.agreed()
		return
	}
	quiet.hint()
}

// reload brings into force what the folder holds. It reports false when the
// folder would not hold still.
func (w *Watcher) reload(ctx context.Context) bool {
	got := settle(w.read)
	switch {
	case got.err != nil:
		w.refused(got, got.err)
	case got.digest == w.source:
		w.agreed()
	default:
		err := w.bring(ctx, got, w.opts.Compile.guarded())
		if err != nil && ctx.Err() == nil {
			w.refused(got, err)
		}
	}
	return !errors.Is(got.err, errUnsettled)
}

// bring compiles and publishes. On an error nothing has changed.
func (w *Watcher) bring(ctx context.Context, got reading, compiler Compiler) error {
	r, err := compiler.compile(got.files)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.opts.Publish(ctx, r, got.files); err != nil {
		return fmt.Errorf("publish ruleset %s: %w", r.Digest(), err)
	}
	w.loaded(r, got)
	return nil
}

func (w *Watcher) read() reading { return read(w.opts.Dir) }
