package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/checkout-promotions/checkout/engine"
)

const (
	// lookEvery is how often the file of a program is looked at.
	lookEvery = time.Second
	// healthEvery is how often a program is asked for its health, healthWait how
	// long it may take to tell, and healthTries how often in a row it may not.
	healthEvery = 5 * time.Second
	healthWait  = 2 * time.Second
	healthTries = 3
	// drainWait is how long calls on a program may still take when it is replaced.
	drainWait = 10 * time.Second
	// steadyAfter is how long a program must have run for its next failure to
	// count as the first.
	steadyAfter = time.Minute
	// Restarts wait from firstPause to longestPause.
	firstPause   = 250 * time.Millisecond
	longestPause = 2 * time.Minute
	// The circuit opens for openFor when within tripSpan so many calls, and half of
	// all, have failed.
	tripAfter = 10
	tripSpan  = 10 * time.Second
	openFor   = 2 * time.Second
)

// program is a plugin that has been started and serves.
type program interface {
	// version is what it says of itself.
	version() string
	pid() int
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
// is configured and healthy, and has the digest. An error is a *startError.
type launcher func(ctx context.Context, pin Pin) (p program, digest string, err error)

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
// changes. See stack of failures in the package documentation.
type supervisor struct {
	name   string
	launch launcher
	look   func() (fileState, error) // at the program's file
	log    *slog.Logger

	current    atomic.Pointer[instance]
	breaker    *gobreaker.CircuitBreaker[any]
	slots      *semaphore.Weighted
	timeout    time.Duration
	complaints complaints
	stats      stats

	mu      sync.Mutex
	pin     Pin
	status  Status
	settled chan struct{} // closed when the first attempt to start has ended
	once    sync.Once

	repinned chan struct{}
	leaving  sync.WaitGroup // instances that are drained
}

// fileState tells one state of a file from another.
type fileState struct {
	size     int64
	modified time.Time
}

func newSupervisor(pin Pin, o *Options, launch launcher, look func() (fileState, error)) *supervisor {
	s := &supervisor{
		name: pin.Name, launch: launch, look: look, log: o.Logger.With("plugin", pin.Name),
		slots: semaphore.NewWeighted(o.MaxInFlight), timeout: o.Timeout,
		pin: pin, status: Status{Name: pin.Name, State: Starting, Since: time.Now(), Fault: engine.NotRunning, Detail: "it is being started"},
		settled: make(chan struct{}), repinned: make(chan struct{}, 1),
	}
	s.breaker = gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Name: pin.Name, MaxRequests: 1, Interval: tripSpan, Timeout: openFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.TotalFailures >= tripAfter && 2*c.TotalFailures >= c.Requests },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, errGone) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			s.log.Warn("circuit of plugin", "from", from.String(), "to", to.String())
		},
	})
	return s
}

// errGone says that the caller has given up, which is nobody's failure.
var errGone = errors.New("the caller has given up")

// repin changes what the rules want of the plugin.
func (s *supervisor) repin(pin Pin) {
	s.mu.Lock()
	s.pin = pin
	s.mu.Unlock()
	select {
	case s.repinned <- struct{}{}:
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
	status := s.status
	s.mu.Unlock()
	status.Circuit = s.breaker.State().String()
	if i := s.current.Load(); i != nil {
		status.Version, status.Digest, status.PID = i.program.version(), i.digest, i.program.pid()
	}
	s.stats.fill(&status)
	return status
}

// run keeps the plugin running until the context ends, and then ends it.
func (s *supervisor) run(ctx context.Context) {
	defer s.leaving.Wait()
	defer s.now(Stopped, engine.NotRunning, "it was stopped")
	pauses := &backoff.ExponentialBackOff{InitialInterval: firstPause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: longestPause}
	pauses.Reset()
	for ctx.Err() == nil {
		seen, lookErr := s.look()
		began := time.Now()
		err := s.start(ctx, lookErr)
		if err == nil {
			s.watch(ctx, seen)
			if time.Since(began) > steadyAfter {
				pauses.Reset()
			}
		}
		if ctx.Err() != nil {
			return
		}
		var refusal *startError
		if errors.As(err, &refusal) && refusal.final {
			s.now(Refused, refusal.fault, refusal.Error())
			s.log.Error("plugin refused", "fault", refusal.fault, "error", refusal.Error())
			s.awaitChange(ctx, seen, nil)
			pauses.Reset()
			continue
		}
		if err != nil {
			s.now(Waiting, faultOf(err), err.Error())
			s.log.Error("plugin does not start", "error", err.Error())
		}
		s.stats.restarted()
		s.awaitChange(ctx, seen, time.After(pauses.NextBackOff()))
	}
}

func faultOf(err error) engine.PluginFault {
	var e *startError
	if errors.As(err, &e) {
		return e.fault
	}
	return engine.NotRunning
}

// start launches the program and lets it take the calls.
func (s *supervisor) start(ctx context.Context, lookErr error) error {
	if errors.Is(lookErr, fs.ErrNotExist) {
		return &startError{engine.NotRunning, true, fmt.Errorf("the plugins folder has no program %s", s.name)}
	}
	if lookErr != nil {
		return &startError{engine.NotRunning, false, lookErr}
	}
	p, digest, err := s.launch(ctx, s.pinned())
	if err != nil {
		return err
	}
	s.swap(newInstance(p, digest))
	return nil
}

// swap lets a new instance take the calls, and ends the old one when those under
// way on it have ended.
func (s *supervisor) swap(next *instance) {
	old := s.current.Swap(next)
	if next != nil {
		s.now(Running, "", "")
		s.log.Info("plugin runs", "version", next.program.version(), "digest", next.digest, "pid", next.program.pid())
	}
	if old == nil {
		return
	}
	s.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), drainWait)
		defer cancel()
		old.drain(ctx)
		old.program.kill()
	})
}

// watch returns when the instance has ended, or with the context.
func (s *supervisor) watch(ctx context.Context, seen fileState) {
	defer s.swap(nil)
	looks, health := time.NewTicker(lookEvery), time.NewTicker(healthEvery)
	defer looks.Stop()
	defer health.Stop()
	ill := 0
	for {
		i := s.current.Load()
		select {
		case <-ctx.Done():
			return
		case <-i.program.ended():
			s.lost(engine.Crashed, i.program.ending())
			return
		case <-health.C:
			if err := s.checkUp(ctx, i); err == nil {
				ill = 0
			} else if ill++; ill >= healthTries {
				s.lost(engine.TimedOut, "its health check fails: "+err.Error())
				return
			}
		case <-s.repinned:
			s.replace(ctx, i)
		case <-looks.C:
			if limit := i.program.exceeds(); limit != "" {
				s.lost(engine.Crashed, limit)
				return
			}
			if now, err := s.look(); err == nil && now != seen {
				seen = now
				s.replace(ctx, i)
			}
		}
	}
}

// lost notes that the running instance is of no use any more.
func (s *supervisor) lost(fault engine.PluginFault, detail string) {
	s.now(Waiting, fault, detail)
	s.log.Error("plugin lost", "fault", fault, "detail", engine.CleanPluginText(detail))
}

func (s *supervisor) checkUp(ctx context.Context, i *instance) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	return i.program.check(ctx)
}

// replace starts the program anew beside the running one, which goes on when the
// new one is not wanted or does not serve.
func (s *supervisor) replace(ctx context.Context, running *instance) {
	p, digest, err := s.launch(ctx, s.pinned())
	if err != nil {
		s.now(Running, "", "its replacement is not used: "+err.Error())
		s.log.Error("plugin is not replaced", "error", err.Error())
		return
	}
	if digest == running.digest && p.version() == running.program.version() {
		s.log.Info("plugin started anew")
	}
	s.swap(newInstance(p, digest))
}

// awaitChange waits for the file to change, for another pin, or for the pause to
// end; a nil pause never does.
func (s *supervisor) awaitChange(ctx context.Context, seen fileState, pause <-chan time.Time) {
	looks := time.NewTicker(lookEvery)
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
			if now, err := s.look(); err == nil && now != seen {
				return
			}
		}
	}
}
