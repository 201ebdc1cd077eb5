package api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
)

// call is a request while it is answered, and its context: it ends when its time is
// up, when the caller goes away, or once it is answered.
//
// Most quotes wait for nothing, and a timer costs them as much as a line of the cart.
// So there is none before somebody asks to be told of the end.
type call struct {
	context.Context // of the connection
	id              string
	route           *chi.Context
	address         func() string // finds the address of the client, which few ask for
	caller          *caller       // nil until, and unless, the request has said who sends it

	until time.Time
	once  sync.Once
	timed atomic.Pointer[timed]
}

// timed is a context with a timer.
type timed struct {
	context.Context
	cancel context.CancelFunc
}

type callKey struct{}

// callOf returns the call that ctx belongs to, nil outside of one.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// newCall begins a call that may take so long. It must be ended.
func newCall(ctx context.Context, id string, most time.Duration) *call {
	return &call{Context: ctx, id: id, until: time.Now().Add(most)}
}

// end tells those who were to be told. Whoever asks later is told by the connection's
// context, which ends with the call.
func (c *call) end() {
	c.once.Do(func() {})
	if t := c.timed.Load(); t != nil {
		t.cancel()
	}
}

// timer returns the context with the timer, of which there is none after the end.
func (c *call) timer() context.Context {
	c.once.Do(func() {
		ctx, cancel := context.WithDeadline(c.Context, c.until)
		c.timed.Store(&timed{ctx, cancel})
	})
	if t := c.timed.Load(); t != nil {
		return t
	}
	return c.Context
}

// Deadline implements context.Context.
func (c *call) Deadline() (time.Time, bool) { return c.until, true }

// Done implements context.Context.
func (c *call) Done() <-chan struct{} { return c.timer().Done() }

// Err implements context.Context. It asks for no timer while there is time.
func (c *call) Err() error {
	if c.timed.Load() == nil && c.Context.Err() == nil && time.Now().Before(c.until) {
		return nil
	}
	return c.timer().Err()
}

// Value implements context.Context. Contexts that are made of this one look here for
// the one with the timer, so that they need no goroutine to follow it. The router finds
// its own part of the context here too, where it would make another request otherwise.
func (c *call) Value(key any) any {
	switch key {
	case callKey{}:
		return c
	case chi.RouteCtxKey:
		if c.route != nil {
			return c.route
		}
	}
	if t := c.timed.Load(); t != nil {
		return t.Value(key)
	}
	return c.Context.Value(key)
}
