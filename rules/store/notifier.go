package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// maxSurveys bounds how often a growing folder is surveyed in a row.
const maxSurveys = 10

// notifier turns events of the file system into hints. It belongs to the
// goroutine of listen, which closes it; fsnotify's own goroutine ends with close.
type notifier struct {
	dir  string
	poll time.Duration
	log  *slog.Logger
	open func() (*fsnotify.Watcher, error) // nil when only polling
	look func() plan                       // what there is to watch

	fs        *fsnotify.Watcher // nil while there are no events
	plan      plan
	complaint string // the last one in the log, "" when all is well
}

func newNotifier(opts Options, look func() plan) *notifier {
	n := &notifier{dir: opts.Dir, poll: opts.Poll, log: opts.Logger, look: look}
	if opts.Mode == ModeAuto {
		n.open = opts.notify
	}
	return n
}

// events is nil, and so never ready, while there are no events.
func (n *notifier) events() <-chan fsnotify.Event {
	if n.fs == nil {
		return nil
	}
	return n.fs.Events
}

func (n *notifier) errors() <-chan error {
	if n.fs == nil {
		return nil
	}
	return n.fs.Errors
}

// matters reports whether what came from events calls for a look at the folder.
// When events have ended it does not; the next poll begins them anew.
func (n *notifier) matters(event fsnotify.Event, open bool) bool {
	if !open {
		n.close()
		return false
	}
	return n.plan.concerns(filepath.Clean(event.Name))
}

// refresh makes the watches fit the folder as it is. It starts fsnotify where
// that is wanted and did not work before.
func (n *notifier) refresh() {
	if n.open == nil {
		return
	}
	if n.fs == nil {
		watcher, err := n.open()
		if err != nil {
			n.complain(fmt.Errorf("start file system events: %w", err))
			return
		}
		n.fs = watcher
	}
	err := n.add()
	n.dropStale()
	if err != nil {
		n.complain(err)
		return
	}
	if n.complaint != "" {
		n.complaint = ""
		n.log.Info("file system events work again", "dir", n.dir)
	}
}

// add surveys the folder and watches what it finds, until a survey made with all
// its watches in place finds nothing else. A path that is watched already is
// added all the same: it may be another directory by now.
func (n *notifier) add() (fault error) {
	added := make(map[string]bool)
	for range maxSurveys {
		n.plan = n.look()
		more := false
		for _, dir := range slices.Sorted(maps.Keys(n.plan.dirs)) {
			if added[dir] {
				continue
			}
			added[dir], more = true, true
			err := n.fs.Add(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // gone: its parent says so
				fault = cmp.Or(fault, fmt.Errorf("watch %s: %w", dir, err))
			}
		}
		if !more {
			return fault
		}
	}
	return fault
}

// dropStale ends watches that nothing hangs on any more.
func (n *notifier) dropStale() {
	for _, dir := range n.fs.WatchList() {
		if !n.plan.dirs[dir] {
			_ = n.fs.Remove(dir) // it may have ended by itself
		}
	}
}

// complain says once that events are missing or incomplete.
func (n *notifier) complain(err error) {
	if err == nil || err.Error() == n.complaint {
		return
	}
	n.complaint = err.Error()
	n.log.Warn("file system events are missing; the poll finds changes", "dir", n.dir, "error", err,
		"poll", n.poll, "remedy", remedy(err))
}

// remedy says how an operator gets events back.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "raise the limit of instances, sysctl fs.inotify.max_user_instances=1024, or of open files, ulimit -n"
	case errors.Is(err, syscall.ENOSPC):
		return "raise the limit of watches, sysctl fs.inotify.max_user_watches=1048576"
	case errors.Is(err, fsnotify.ErrEventOverflow):
		return "none needed; if it happens often, sysctl fs.inotify.max_queued_events=65536"
	default:
		return "none known; mode poll stops the attempts"
	}
}

// close ends the events. It may be called twice, and refresh starts anew.
func (n *notifier) close() {
	if n.fs != nil {
		_ = n.fs.Close() // there is nothing left to lose
		n.fs = nil
	}
}
