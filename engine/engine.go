package engine

import "sync/atomic"

// Engine holds the ruleset in force. Reading is one atomic load: a request takes
// Active once and prices with what it got, so no answer ever mixes two rulesets
// and no request waits for a reload. Its methods are safe for concurrent use.
type Engine struct {
	active atomic.Pointer[Ruleset]
}

// New returns an engine in which r is in force.
func New(r *Ruleset) *Engine {
	e := new(Engine)
	e.active.Store(r)
	return e
}

// Active returns the ruleset in force.
func (e *Engine) Active() *Ruleset { return e.active.Load() }

// Swap puts r in force for every request that begins from now on.
func (e *Engine) Swap(r *Ruleset) { e.active.Store(r) }
