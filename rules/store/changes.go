package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// ChangesOptions say what Changes watches. Paths and Changed are needed; the rest has
// the defaults of Options.
type ChangesOptions struct {
	// Paths returns the files to watch, and the folders, with all that is below them
	// but hidden folders. A path at which there is nothing is waited for. It is asked
	// again after each call of Changed, which may have found more.
	Paths func() []string
	// Changed is called at the beginning and whenever something may have changed, as
	// far as can be told; nothing need have. Nothing is called at the same time.
	Changed func(context.Context)
	// Logger is told where the file system sends no events; nil discards that.
	Logger   *slog.Logger
	Debounce time.Duration
	MaxDelay time.Duration
	Poll     time.Duration
	Mode     Mode
}

// Changes calls Changed when files have changed, until ctx is done; then it returns
// nil. It finds changes in the ways that a Watcher finds them, and reads no files.
func Changes(ctx context.Context, o ChangesOptions) error {
	if o.Paths == nil || o.Changed == nil {
		return errors.New("watch files: Paths and Changed are needed")
	}
	opts := Options{
		Logger: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), Mode: cmp.Or(o.Mode, ModeAuto), notify: fsnotify.NewWatcher,
		Debounce: cmp.Or(o.Debounce, DefaultDebounce), MaxDelay: cmp.Or(o.MaxDelay, DefaultMaxDelay), Poll: cmp.Or(o.Poll, DefaultPoll),
	}
	paths, err := absolute(o.Paths())
	if err != nil {
		return err
	}
	n := newNotifier(opts, func() plan { return survey(paths...) })
	begun := false
	listen(ctx, opts, n, func(quiet *debounce) {
		n.refresh()
		if !begun {
			begun = true
			o.Changed(ctx)
		}
		quiet.hint() // what is new to be watched may have changed meanwhile
	}, func() bool {
		n.refresh()
		o.Changed(ctx)
		more, err := absolute(o.Paths())
		if err != nil || slices.Equal(more, paths) {
			return true
		}
		paths = more
		n.refresh()
		return false
	})
	return nil
}

// absolute makes paths absolute, in order.
func absolute(paths []string) ([]string, error) {
	all := make([]string, len(paths))
	for i, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("watch %q: %w", path, err)
		}
		all[i] = abs
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
