package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// Compiler turns the rule files of a folder into a ruleset, or refuses them.
// compile.Compile is one. A Watcher calls it from one goroutine at a time. It must
// not change the files, which Publish gets too.
type Compiler func([]compile.File) (*engine.Ruleset, error)

// Mode says how a Watcher learns of changes.
type Mode string

// The modes. The empty Mode means ModeAuto.
const (
	// ModeAuto uses the events of the file system besides the poll. Where there
	// are none it says so in the log and polls.
	ModeAuto Mode = "auto"
	// ModePoll polls only, for file systems whose events mislead.
	ModePoll Mode = "poll"
)

// What Open fills in for options that are 0.
const (
	DefaultDebounce = 150 * time.Millisecond
	DefaultMaxDelay = 2 * time.Second
	DefaultPoll     = 15 * time.Second
)

// Options say what a Watcher watches and where rulesets go. Dir, Compile and
// Publish are needed; the rest has defaults.
type Options struct {
	// Dir is the rule folder, or a symbolic link to it. A relative path is
	// resolved once, by Open.
	Dir string
	// Compile makes the rulesets.
	Compile Compiler
	// Publish puts a ruleset in force. It also gets the files that the ruleset
	// was compiled from, which it may keep and must not change. An error refuses
	// the ruleset: then Publish must have changed nothing that quotes depend on,
	// and the ruleset before stays in force; it is called again with the next
	// poll. It is called by Open and then by Run, whose context it gets, never by
	// two goroutines at once.
	Publish func(context.Context, *engine.Ruleset, []compile.File) error
	// Observe is told each change of the status, in order, from the goroutine
	// that made it. It must not block: nothing is reloaded until it returns.
	Observe func(Status)
	// Logger gets one record per change of state; nil discards them.
	Logger *slog.Logger
	// Debounce is how long the folder must be quiet before it is read.
	Debounce time.Duration
	// MaxDelay is how long reading may be put off while changes keep coming.
	MaxDelay time.Duration
	// Poll is the time between looks at the folder without any event.
	Poll time.Duration
	// Mode is ModeAuto or ModePoll.
	Mode Mode

	notify func() (*fsnotify.Watcher, error) // replaced by tests
}

// withDefaults returns the options completed, or all that is wrong with them.
func (o Options) withDefaults() (Options, error) {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("rule store: "+format, args...))
		}
	}
	dir, err := filepath.Abs(o.Dir)
	fault(o.Dir == "", "no folder given")
	fault(err != nil, "resolve folder %q: %w", o.Dir, err)
	fault(o.Compile == nil, "no Compile given")
	fault(o.Publish == nil, "no Publish given")
	fault(o.Debounce < 0, "debounce of %v is negative", o.Debounce)
	fault(o.MaxDelay < 0, "max delay of %v is negative", o.MaxDelay)
	fault(o.Poll < 0, "poll interval of %v is negative; polling cannot be switched off", o.Poll)
	o.Mode = cmp.Or(o.Mode, ModeAuto)
	fault(o.Mode != ModeAuto && o.Mode != ModePoll, "mode %q is neither %q nor %q", o.Mode, ModeAuto, ModePoll)

	o.Dir = dir
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	o.Debounce = cmp.Or(o.Debounce, DefaultDebounce)
	o.MaxDelay = cmp.Or(o.MaxDelay, DefaultMaxDelay)
	o.Poll = cmp.Or(o.Poll, DefaultPoll)
	if o.Observe == nil {
		o.Observe = func(Status) {}
	}
	if o.notify == nil {
		o.notify = fsnotify.NewWatcher
	}
	return o, errors.Join(faults...)
}
