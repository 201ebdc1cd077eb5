package host

import (
	"slices"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// sampled is of how many of the last calls the durations are kept.
const sampled = 1024

// stats counts the calls of one plugin.
type stats struct {
	mu       sync.Mutex
	calls    int64
	failures map[engine.PluginFault]int64
	last     [sampled]time.Duration
	restarts int64
	took     time.Duration // of all calls
}

// called notes a call, and what was wrong with it, "" for nothing.
func (s *stats) called(took time.Duration, fault engine.PluginFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[s.calls%sampled] = took
	s.calls++
	s.took += took
	if fault != "" {
		s.failed(fault)
	}
}

func (s *stats) failed(fault engine.PluginFault) {
	if s.failures == nil {
		s.failures = make(map[engine.PluginFault]int64)
	}
	s.failures[fault]++
}

// refused notes a question that was not asked, or an answer that was not used.
func (s *stats) refused(fault engine.PluginFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed(fault)
}

func (s *stats) restarted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restarts++
}

// fill writes the figures into a status.
func (s *stats) fill(status *Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status.Calls, status.Restarts, status.Took = s.calls, s.restarts, s.took
	status.Failures = make(map[engine.PluginFault]int64, len(s.failures))
	for fault, n := range s.failures {
		status.Failures[fault] = n
	}
	kept := slices.Clone(s.last[:min(s.calls, sampled)])
	if len(kept) == 0 {
		return
	}
	slices.Sort(kept)
	status.P50, status.P99 = kept[len(kept)/2], kept[len(kept)*99/100]
}
