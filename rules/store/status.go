package store

import (
	"errors"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// Status says what is in force and whether that is what the folder holds. It is
// a value and never changes.
type Status struct {
	// Digest names the ruleset in force, as its quotes do.
	Digest string
	// Files and Promotions count what the ruleset in force is made of.
	Files, Promotions int
	// LoadedAt is when it came into force.
	LoadedAt time.Time
	// LastAttempt is when the folder was last compared with it.
	LastAttempt time.Time
	// LastSuccess reports whether they agreed, or were made to.
	LastSuccess bool
	// LastError is why not; nil when LastSuccess. It wraps what Compile or
	// Publish returned.
	LastError error
	// Loads counts the rulesets put in force, the first one included.
	Loads int64
	// Refusals counts the faults that kept the folder out of force. The same
	// fault of the same files counts once, however often it is found.
	Refusals int64
}

// Status returns the current status. It never blocks and is safe for concurrent
// use, also while Run reloads.
func (w *Watcher) Status() Status { return *w.status.Load() }

// loaded notes that r, made of the reading, is in force.
func (w *Watcher) loaded(r *engine.Ruleset, got reading) {
	now := time.Now()
	next := Status{
		Digest: r.Digest(), Files: len(got.files), Promotions: len(r.PromotionIDs()),
		LoadedAt: now, LastAttempt: now, LastSuccess: true, Loads: 1,
	}
	if old := w.status.Load(); old != nil {
		next.Loads, next.Refusals = old.Loads+1, old.Refusals
	}
	w.source, w.fault = got.digest, ""
	w.opts.Logger.Info("rules loaded", "dir", w.opts.Dir, "digest", next.Digest,
		"promotions", next.Promotions, "files", next.Files)
	w.change(next)
}

// agreed notes that the folder holds what is in force.
func (w *Watcher) agreed() {
	next := w.Status()
	next.LastAttempt, next.LastSuccess, next.LastError = time.Now(), true, nil
	if w.fault == "" {
		w.status.Store(&next)
		return
	}
	w.fault = ""
	w.opts.Logger.Info("rules good again; the ruleset in force did not change", "dir", w.opts.Dir, "digest", next.Digest)
	w.change(next)
}

// refused notes that the reading is not in force, and why.
func (w *Watcher) refused(got reading, err error) {
	next := w.Status()
	next.LastAttempt, next.LastSuccess, next.LastError = time.Now(), false, err
	fault := got.digest + ": " + err.Error()
	if fault == w.fault {
		w.status.Store(&next)
		return
	}
	w.fault = fault
	next.Refusals++
	attrs := []any{"dir", w.opts.Dir, "error", err, "in_force", next.Digest, "loaded_at", next.LoadedAt}
	if crash := (*panicError)(nil); errors.As(err, &crash) {
		attrs = append(attrs, "stack", crash.stack)
	}
	w.opts.Logger.Error("rules not loaded; the last good ruleset stays in force", attrs...)
	w.change(next)
}

func (w *Watcher) change(next Status) {
	w.status.Store(&next)
	w.opts.Observe(next)
}
