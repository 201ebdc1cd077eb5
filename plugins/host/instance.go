package host

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
)

const (
	// The circuit opens for openFor when within tripSpan so many calls, and half of
	// all, have failed.
	tripAfter = 10
	tripSpan  = 10 * time.Second
	openFor   = 2 * time.Second
)

// instance is a running program with the calls on it. It is replaced as a whole:
// a new one takes the calls, and the old one ends when its last call has.
type instance struct {
	program program
	timeout time.Duration // of a call
	slots   *semaphore.Weighted
	breaker *gobreaker.CircuitBreaker[any]

	mu      sync.Mutex
	calls   int
	leaving bool
	idle    chan struct{} // closed when it is leaving and has no calls
}

func newInstance(p program, log *slog.Logger) *instance {
	return &instance{program: p, timeout: p.timeout(), slots: semaphore.NewWeighted(p.inFlight()), breaker: newBreaker(log), idle: make(chan struct{})}
}

func newBreaker(log *slog.Logger) *gobreaker.CircuitBreaker[any] {
	return gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		MaxRequests: 1, Interval: tripSpan, Timeout: openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.TotalFailures >= tripAfter && 2*c.TotalFailures >= c.Requests },
		IsExcluded:  isGone,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			log.Warn("circuit of plugin", "from", from.String(), "to", to.String())
		},
	})
}

// acquire begins a call, and reports false when the instance takes no more.
func (i *instance) acquire() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.leaving {
		return false
	}
	i.calls++
	return true
}

// release ends a call.
func (i *instance) release() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.calls--; i.leaving && i.calls == 0 {
		close(i.idle)
	}
}

// drain takes no more calls and waits for those under way, at most until the
// context ends.
func (i *instance) drain(ctx context.Context) {
	i.mu.Lock()
	if !i.leaving {
		if i.leaving = true; i.calls == 0 {
			close(i.idle)
		}
	}
	i.mu.Unlock()
	select {
	case <-i.idle:
	case <-ctx.Done():
	}
}
