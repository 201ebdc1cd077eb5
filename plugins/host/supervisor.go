package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/checkout-promotions/checkout/engine"
)

// pace is how fast a supervisor works.
type pace struct {
	// look is how often the file of a program, and what it uses, is looked at.
	look time.Duration
	// health is how often a program is asked for its health, healthWait how long it
	// may take to tell, and healthTries how often in a row it may not.
	health, healthWait time.Duration
	healthTries        int
	// drain is how long calls on a program may still take when it is replaced.
	drain time.Duration
	// steady is how long a program must have run for its next failure to count as
	// the first.
	steady time.Duration
	// Restarts wait from firstPause to longestPause.
	firstPause, longestPause time.Duration
}

func defaultPace() pace {
	return pace{
		look: time.Second, health: 5 * time.Second, healthWait: 2 * time.Second, healthTries: 3, drain: 10 * time.Second,
		steady: 30 * time.Second, firstPause: 250 * time.Millisecond, longestPause: time.Minute,
	}
}

// program is a plugin that has been started and serves.
type program interface {
	// version is what it says of itself, and digest the SHA-256 of its file.
	version() string
	digest() string
	pid() int
	// timeout is how long a call of it may take, and inFlight how many may run.
	timeout() time.Duration
	inFlight() int64
	// fits tells whether it is what the pin says; an error is a *startError.
	fits(pin Pin) error
	// check asks for its health.
	check(ctx context.Context) error
	evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) ([]engine.Answer, error)
	facts(ctx context.Context, cart *engine.Cart, at time.Time, names []string) (map[string]engine.Value, error)
	// exceeds says which limit of the machine it is beyond, "" for none.
	exceeds() string
	// ended is closed when it has ended, by itself or not; ending then tells how.
	ended() <-chan struct{}
	ending() string
	// kill ends it and everything it has started, and waits for that.
	kill()
}

// launcher starts the program of a plugin: it describes itself as the pin says,
// is configured and healthy. An error wraps a *startError.
type launcher func(ctx context.Context, pin Pin) (program, error)

// startError says why a program does not serve. One that is final is not tried
// again before its file or its pin changes.
type startError struct {
	fault engine.PluginFault
	final bool
	err   error
}

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// supervisor keeps one plugin running: it starts it, watches over it, starts it
// again when it ends, with longer and longer pauses, and replaces it when its file
// changes.
type supervisor struct {
	name   string
	launch launcher
	look   func() (fileState, error) // at the program's file
	log    *slog.Logger
	pace   pace

	current    atomic.Pointer[instance]
	complaints complaints
	stats      stats

	mu      sync.Mutex
	pin     Pin
	status  Status
	settled chan struct{} // closed when the first attempt to start has ended
	once    sync.Once

	repinned chan struct{}
	doubted  chan struct{}
	leaving  sync.WaitGroup // instances that are drained
}

// fileState tells one state of a file from another.
type fileState struct{ info fs.FileInfo }

// is tells whether the file is the same, and unchanged.
func (f fileState) is(other fileState) bool {
	if f.info == nil || other.info == nil {
		return f.info == other.info
	}
	return os.SameFile(f.info, other.info) && f.info.Size() == other.info.Size() &&
		f.info.ModTime().Equal(other.info.ModTime()) && f.info.Mode() == other.info.Mode()
}

func newSupervisor(pin Pin, log *slog.Logger, pace pace, launch launcher, look func() (fileState, error)) *supervisor {
	return &supervisor{
		name: pin.Name, launch: launch, look: look, log: log.With("plugin", pin.Name), pace: pace,
		pin: pin, status: Status{Name: pin.Name, State: Starting, Since: time.Now(), Fault: engine.NotRunning, Detail: "it is being started"},
		settled: make(chan struct{}), repinned: make(chan struct{}, 1), doubted: make(chan struct{}, 1),
	}
}

// repin changes what the rules want of the plugin.
func (s *supervisor) repin(pin Pin) {
	s.mu.Lock()
	s.pin = pin
	s.mu.Unlock()
	poke(s.repinned)
}

// doubt has the health of the program checked soon: a call has lost its connection.
func (s *supervisor) doubt() { poke(s.doubted) }

func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *supervisor) pinned() Pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pin
}

// now notes the state of the plugin.
func (s *supervisor) now(state State, fault engine.PluginFault, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.State != state {
		s.status.State, s.status.Since = state, time.Now()
	}
	s.status.Fault, s.status.Detail = fault, engine.CleanPluginText(detail)
	if state != Starting {
		s.once.Do(func() { close(s.settled) })
	}
}

// fault says why there is no instance to call.
func (s *supervisor) fault() (engine.PluginFault, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Fault == "" {
		return engine.NotRunning, "it is being started"
	}
	return s.status.Fault, s.status.Detail
}

// state returns how the plugin is.
func (s *supervisor) state() Status {
	s.mu.Lock()
	now := s.status
	s.mu.Unlock()
	now.Circuit = gobreaker.StateClosed.String()
	if i := s.current.Load(); i != nil {
		now.Version, now.Digest, now.PID = i.program.version(), i.program.digest(), i.program.pid()
		now.Circuit = i.breaker.State().String()
	}
	s.stats.fill(&now)
	return now
}

// run keeps the plugin running until the context ends, and then ends it.
func (s *supervisor) run(ctx context.Context) {
	defer s.leaving.Wait()
	defer s.now(Stopped, engine.NotRunning, "it was stopped")
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: s.pace.firstPause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: s.pace.longestPause,
	}
	pauses.Reset()
	for {
		seen, lookErr := s.look()
		began := time.Now()
		failure := s.runOnce(ctx, seen, lookErr)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > s.pace.steady {
			pauses.Reset()
		}
		s.note(failure)
		s.log.Error("plugin does not run", "fault", failure.fault, "error", engine.CleanPluginText(failure.Error()))
		if failure.final {
			s.awaitChange(ctx, seen, nil)
			pauses.Reset()
			continue
		}
		s.stats.restarted()
		s.awaitChange(ctx, seen, time.After(pauses.NextBackOff()))
	}
}

// note makes the state of the plugin that of a failure.
func (s *supervisor) note(failure *startError) {
	if failure.final {
		s.now(Refused, failure.fault, failure.Error())
	} else {
		s.now(Waiting, failure.fault, failure.Error())
	}
}

// failureOf returns the error as one of a start.
func failureOf(err error) *startError {
	var e *startError
	if errors.As(err, &e) {
		return &startError{e.fault, e.final, err}
	}
	return &startError{engine.NotRunning, false, err}
}

// runOnce starts the program, lets it take the calls, and returns when it serves no
// more, with the reason, or with the context.
func (s *supervisor) runOnce(ctx context.Context, seen fileState, lookErr error) *startError {
	if errors.Is(lookErr, fs.ErrNotExist) {
		return &startError{engine.NotRunning, true, fmt.Errorf("the folder of plugins has no program %s; put it there", s.name)}
	}
	if lookErr != nil {
		return failureOf(lookErr)
	}
	p, err := s.launch(ctx, s.pinned())
	if err != nil {
		return failureOf(err)
	}
	s.swap(newInstance(p, s.log))
	defer s.swap(nil)
	failure := s.watch(ctx, seen)
	if failure != nil {
		s.note(failure) // before calls find no instance
	}
	return failure
}

// swap lets a new instance take the calls, and ends the old one when those under
// way on it have ended.
func (s *supervisor) swap(next *instance) {
	old := s.current.Swap(next)
	if next != nil {
		s.now(Running, "", "")
		s.log.Info("plugin runs", "version", next.program.version(), "digest", next.program.digest(), "pid", next.program.pid())
	}
	if old == nil {
		return
	}
	s.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.pace.drain)
		defer cancel()
		old.drain(ctx)
		old.program.kill()
	})
}

// watch returns when the instance is of no use any more, or nil with the context.
func (s *supervisor) watch(ctx context.Context, seen fileState) *startError {
	looks, health := time.NewTicker(s.pace.look), time.NewTicker(s.pace.health)
	defer looks.Stop()
	defer health.Stop()
	next := replacement{launch: s.launch}
	defer next.stop()
	ill := 0
	for {
		i := s.current.Load()
		select {
		case <-ctx.Done():
			return nil
		case <-i.program.ended():
			return &startError{engine.Crashed, false, errors.New(i.program.ending())}
		case <-health.C:
			if err := s.checkUp(ctx, i); err == nil {
				ill = 0
			} else if ill++; ill >= s.pace.healthTries || status.Code(err) == codes.Unavailable {
				return sick(i, err)
			}
		case <-s.doubted:
			if err := s.checkUp(ctx, i); status.Code(err) == codes.Unavailable {
				return sick(i, err)
			}
		case <-s.repinned:
			if i.program.fits(s.pinned()) == nil {
				s.now(Running, "", "")
			} else {
				next.start(ctx, s.pinned(), true)
			}
		case <-looks.C:
			if limit := i.program.exceeds(); limit != "" {
				return &startError{engine.Crashed, false, errors.New(limit)}
			}
			if now, err := s.look(); err == nil && !now.is(seen) {
				seen = now
				next.start(ctx, s.pinned(), false)
			}
		case l := <-next.done:
			needed := next.ended()
			if l.err == nil {
				s.swap(newInstance(l.program, s.log))
			} else if failure := failureOf(l.err); needed {
				return failure
			} else {
				s.now(Running, "", "its replacement is not used: "+failure.Error())
				s.log.Error("plugin is not replaced", "fault", failure.fault, "error", engine.CleanPluginText(failure.Error()))
			}
			next.again(ctx, s.pinned())
		}
	}
}

// sick is the failure of a program whose health check fails.
func sick(i *instance, err error) *startError {
	select {
	case <-i.program.ended():
		return &startError{engine.Crashed, false, errors.New(i.program.ending())}
	case <-time.After(endingWait):
	}
	if status.Code(err) == codes.Unavailable {
		return &startError{engine.Crashed, false, fmt.Errorf("it runs, but %s: %w", connectionLost, err)}
	}
	return &startError{engine.TimedOut, false, fmt.Errorf("its health check fails: %w", err)}
}

func (s *supervisor) checkUp(ctx context.Context, i *instance) error {
	ctx, cancel := context.WithTimeout(ctx, s.pace.healthWait)
	defer cancel()
	return i.program.check(ctx)
}

// replacement starts a program beside the running one, which goes on when the new
// one is not wanted or does not serve. One goroutine uses it.
type replacement struct {
	launch launcher
	done   chan launched // nil while none starts
	cancel context.CancelFunc
	needed bool // the rules do not want the running one
	stale  bool // what is being started is out of date
}

type launched struct {
	program program
	err     error
}

// start starts the program, once more if it is being started.
func (r *replacement) start(ctx context.Context, pin Pin, needed bool) {
	r.needed = r.needed || needed
	if r.done != nil {
		r.stale = true
		return
	}
	ctx, r.cancel = context.WithCancel(ctx)
	done := make(chan launched, 1)
	r.done = done
	go func() {
		p, err := r.launch(ctx, pin)
		done <- launched{p, err}
	}()
}

// ended notes that the start has ended, and reports whether it was needed.
func (r *replacement) ended() bool {
	r.cancel()
	needed := r.needed && !r.stale
	r.done, r.needed = nil, r.needed && r.stale
	return needed
}

// again starts the program anew if what was started is out of date.
func (r *replacement) again(ctx context.Context, pin Pin) {
	if r.stale {
		r.stale = false
		r.start(ctx, pin, r.needed)
	}
}

// stop ends what is being started.
func (r *replacement) stop() {
	if r.done == nil {
		return
	}
	r.cancel()
	if l := <-r.done; l.err == nil {
		l.program.kill()
	}
}

// awaitChange waits for the file to change, for another pin, or for the pause to
// end; a nil pause never does.
func (s *supervisor) awaitChange(ctx context.Context, seen fileState, pause <-chan time.Time) {
	looks := time.NewTicker(s.pace.look)
	defer looks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause:
			return
		case <-s.repinned:
			return
		case <-looks.C:
			if now, err := s.look(); !now.is(seen) && !errors.Is(err, fs.ErrNotExist) {
				return
			}
		}
	}
}
