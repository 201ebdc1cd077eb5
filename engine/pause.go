package engine

import (
	"fmt"
	"maps"
	"time"
)

// Pauses are the promotions that somebody has taken out of force, by id, each with the
// instant at which its pause ends by itself; the zero Time is never.
type Pauses map[string]time.Time

// Hold reports whether the promotion is paused at the instant. When a pause began does
// not matter: like the use of limits, it is what is true when a price is asked for.
func (p Pauses) Hold(promotion string, at time.Time) bool {
	until, paused := p[promotion]
	return paused && (until.IsZero() || at.Before(until))
}

// PausesAt returns those of the pauses that hold at the instant and are of promotions
// of the ruleset, nil for none: what a Request for the instant needs, and no more to
// record. The pauses are not changed, and returned where all of them are needed.
func (r *Ruleset) PausesAt(at time.Time, all Pauses) Pauses {
	if len(all) == 0 {
		return nil
	}
	idle := func(promotion string, _ time.Time) bool {
		return !r.known[promotion] || !all.Hold(promotion, at)
	}
	needed := all
	for promotion, until := range all {
		if idle(promotion, until) {
			needed = maps.Clone(all)
			maps.DeleteFunc(needed, idle)
			break
		}
	}
	if len(needed) == 0 {
		return nil
	}
	return needed
}

// PromotionPause is whether somebody has paused a promotion, and what they said of it.
type PromotionPause struct {
	Promotion string
	// Revision counts the pauses and their ends, of all promotions: each has its own.
	// It is 0 for a promotion that was never paused.
	Revision int64
	// Paused is false for a promotion that was resumed. A pause that has ended by
	// itself is paused here; see Holds.
	Paused bool
	// By is who paused or resumed it, as the audit log names them.
	By     string
	Reason string
	// At is when it was paused or resumed.
	At time.Time
	// Until is when the pause ends by itself, zero for never.
	Until time.Time
}

// Holds reports whether the promotion is paused at the instant.
func (p *PromotionPause) Holds(at time.Time) bool {
	return p.Paused && (p.Until.IsZero() || at.Before(p.Until))
}

// PromotionChangedError says that a promotion is not paused, or resumed, as it was
// when somebody looked; nothing was changed.
type PromotionChangedError struct {
	Promotion string
	// Revision is that of its pause now.
	Revision int64
}

// Error implements error.
func (e *PromotionChangedError) Error() string {
	return fmt.Sprintf("promotion %s was paused or resumed meanwhile: nothing was changed", e.Promotion)
}

// PauseOverError says that a pause would have ended before it begins.
type PauseOverError struct{ Until time.Time }

// Error implements error.
func (e *PauseOverError) Error() string {
	return "a pause until " + e.Until.Format(time.RFC3339) + " is over already: name an instant that is to come, or none"
}
