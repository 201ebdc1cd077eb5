package host

import (
	"context"
	"sync"
)

// instance is a running program with the calls on it. It is replaced as a whole:
// a new one takes the calls, and the old one ends when its last call has.
type instance struct {
	program program
	digest  string

	mu      sync.Mutex
	calls   int
	leaving bool
	idle    chan struct{} // closed when it is leaving and has no calls
}

func newInstance(p program, digest string) *instance {
	return &instance{program: p, digest: digest, idle: make(chan struct{})}
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
