package webhook

import (
	"context"
	"sync"
	"time"
)

// follow sends to the endpoints that are registered, as they come, go and change, until
// ctx is done.
func (s *Sender) follow(ctx, sending context.Context, running *sync.WaitGroup) {
	known := make(map[string]*service)
	poll := time.NewTicker(s.options.Poll)
	defer poll.Stop()
	for failing := false; ctx.Err() == nil; {
		endpoints, err := s.options.Registered(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.match(ctx, sending, running, known, endpoints)
		case !failing:
			s.options.Log.Error("read which webhooks are registered: those of before go on", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-poll.C:
		}
	}
}

// match has exactly the endpoints sent to.
func (s *Sender) match(ctx, sending context.Context, running *sync.WaitGroup, known map[string]*service, endpoints []Endpoint) {
	gone := make(map[string]*service, len(known))
	for name, v := range known {
		gone[name] = v
	}
	for _, e := range endpoints {
		v := known[e.Name]
		delete(gone, e.Name)
		if v == nil {
			v = &service{}
			known[e.Name] = v
		} else if v.told.equal(&e) {
			continue
		}
		v.told = e
		t, err := newTarget(e)
		if err != nil {
			s.options.Log.Error("a webhook cannot be sent to as it is now", "endpoint", e.Name, "error", err)
			continue
		}
		if v.target.Swap(t) != nil {
			continue // it is served
		}
		s.metrics.begin(e.Name)
		serving, end := context.WithCancel(ctx)
		v.end = end
		running.Go(func() {
			s.serve(serving, sending, v)
			s.metrics.forget(e.Name)
		})
	}
	for name, v := range gone {
		if v.end != nil {
			v.end()
		}
		delete(known, name)
	}
}
