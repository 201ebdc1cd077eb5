package persistence

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// maxCombined is how many orders one transaction commits at most. It bounds how
// long the first of them waits for the last.
const maxCombined = 32

// maxFlights is how many transactions commit orders at once where the Database can
// Sell, of different items. While one waits for the disk the other one works.
const maxFlights = 2

// commitWait is how long a transaction may take besides waiting for others. When it
// ends the database does not answer, and nobody can know what became of the orders.
const commitWait = 20 * time.Second

// committer commits the plans of one process. What arrives while a transaction is
// under way is committed together by the next one, so that the wait for the disk, and
// for the locks of popular items, is shared: by Database.Sell, or where there is none
// and one transaction writes at a time, each plan in a savepoint of its own. This is
// the group commit of DeWitt et al., "Implementation Techniques for Main Memory
// Database Systems" (SIGMOD 1984).
type committer struct {
	mu      sync.Mutex
	queue   []*pending
	flying  int            // transactions under way
	taken   map[string]int // by SKU: how many plans under way take of it
	arrived chan struct{}  // tells one who gathers that the queue has grown
	running sync.WaitGroup
}

// gatherMost is how long a transaction waits for plans at most.
const gatherMost = time.Millisecond

// gather waits until as many plans are there as were committed together before, but
// not for half as long as that took: those whose plans were committed may bring the next
// ones at once, and a transaction for each of them costs everybody more than the wait.
// Who buys alone waits for nobody.
func (c *committer) gather(before int, took time.Duration) {
	if before < 2 {
		return
	}
	enough := time.NewTimer(min(took/2, gatherMost))
	defer enough.Stop()
	for c.waiting() < before {
		select {
		case <-c.arrived:
		case <-enough.C:
			return
		}
	}
}

func (c *committer) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// pending is a plan that waits for its commit.
type pending struct {
	plan *plan
	err  error
	done chan struct{}
}

// commit carries a plan out in a transaction, with others or alone. A context that
// ends before its turn withdraws the plan; later it is waited for, because what
// became of it must be known.
func (s *Store) commit(ctx context.Context, p *plan) (err error) {
	ctx, span := startSpan(ctx, s.options.Tracer, "commit order")
	defer func() { endSpan(span, err) }()
	if ctx.Err() != nil {
		return s.explain(ctx, failed(effectOf(p.ttl), ctx.Err()))
	}
	c, waiting := &s.committer, &pending{plan: p, done: make(chan struct{})}
	c.mu.Lock()
	c.queue = append(c.queue, waiting)
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	leads := c.flying < s.flights() && c.free(p)
	if leads {
		c.flying++
		c.running.Add(1)
	}
	c.mu.Unlock()
	if leads {
		s.lead()
	}
	select {
	case <-waiting.done:
	case <-ctx.Done():
		if c.withdraw(waiting) {
			return s.explain(ctx, failed(effectOf(p.ttl), ctx.Err()))
		}
		<-waiting.done
	}
	return waiting.err
}

// lead commits what is waiting, and leaves what has come meanwhile to another
// goroutine: who buys alone has to wake nobody, and nobody works long for others.
func (s *Store) lead() {
	c := &s.committer
	defer c.running.Done()
	plans := c.next(nil)
	if len(plans) == 0 {
		return
	}
	s.commitAndTell(plans)
	if plans = c.next(plans); len(plans) > 0 {
		c.running.Go(func() { s.commitAll(plans) })
	}
}

// withdraw takes a plan that is not being committed yet out of the queue.
func (c *committer) withdraw(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.Index(c.queue, p)
	if at < 0 {
		return false
	}
	c.queue = slices.Delete(c.queue, at, at+1)
	return true
}

// next returns the plans to be committed together after those before, none when
// there are no more. Plans that take of an item of which others do that are under way
// wait for these, to be committed together: their transaction would only wait for the
// other's, and keep everybody else in it waiting.
func (c *committer) next(before []*pending) []*pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(before, -1)
	var plans, rest []*pending
	for _, p := range c.queue {
		if len(plans) < maxCombined && c.free(p.plan) {
			plans = append(plans, p)
		} else {
			rest = append(rest, p)
		}
	}
	c.queue = rest
	if len(plans) == 0 {
		c.flying--
	}
	c.note(plans, 1)
	return plans
}

// free tells whether no plan under way takes of the items of the plan.
func (c *committer) free(p *plan) bool {
	return !slices.ContainsFunc(p.takes, func(t take) bool { return c.taken[t.sku] > 0 })
}

// note adds so many to the items that the plans take of.
func (c *committer) note(plans []*pending, n int) {
	for _, p := range plans {
		for _, t := range p.plan.takes {
			if c.taken[t.sku] += n; c.taken[t.sku] == 0 {
				delete(c.taken, t.sku)
			}
		}
	}
}

// commitAll commits plans, and then what is waiting, until nothing is.
func (s *Store) commitAll(plans []*pending) {
	for len(plans) > 0 {
		began := time.Now()
		s.commitAndTell(plans)
		s.committer.gather(len(plans), time.Since(began))
		plans = s.committer.next(plans)
	}
}

func (s *Store) commitAndTell(plans []*pending) {
	s.commitTogether(plans)
	for _, p := range plans {
		close(p.done)
	}
}

// flights is how many transactions commit plans at once.
func (s *Store) flights() int {
	if s.db.Sell != nil {
		return maxFlights
	}
	return 1
}

// commitTogether commits plans in one transaction. Where Database.Sell leaves some,
// or several transactions write at once, each of these gets its own: in one of several
// plans, items and counters would be locked in another order than that of their keys,
// and two such transactions could wait for each other.
func (s *Store) commitTogether(plans []*pending) {
	if s.db.Sell != nil && len(plans) > 0 {
		ctx, cancel := s.committing()
		defer cancel()
		plans = s.sellOrdinary(ctx, plans)
	}
	if len(plans) > 1 && s.db.ForUpdate == "" {
		s.commitCombined(plans)
		return
	}
	for i := range plans {
		if err := s.commitBatch(plans[i : i+1]); err != nil {
			plans[i].err = err
		}
	}
}

// commitCombined commits plans in one transaction. When the transaction fails as a
// whole for what may be the fault of one of them, each gets its own.
func (s *Store) commitCombined(plans []*pending) {
	err := s.commitBatch(plans)
	switch {
	case err == nil:
	case len(plans) == 1 || errors.Is(err, ErrUnavailable):
		for _, p := range plans {
			p.err = err
		}
	default:
		for i := range plans {
			s.commitCombined(plans[i : i+1])
		}
	}
}

// committing is the context of a transaction, which is that of no one of those who
// wait.
func (s *Store) committing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.options.LockWait+commitWait)
}

// commitBatch commits plans in one transaction. What is wrong with one of them is
// its own error; an error that is returned is of all.
func (s *Store) commitBatch(plans []*pending) error {
	ctx, cancel := s.committing()
	defer cancel()
	if err := s.persist(ctx, func() error { return s.prepare(ctx) }); err != nil {
		return err
	}
	return s.guarded(ctx, effectsOf(plans), func(ctx context.Context, tx bun.Tx) error {
		if s.prepared != nil {
			// Nothing waits within such a transaction. What would interrupt its
			// statements is a goroutine for each.
			ctx = context.WithValue(context.WithoutCancel(ctx), preparedKey{}, s.prepared)
		}
		pauses, err := s.sharePauses(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range plans {
			if p.plan.pauses != pauses {
				if p.err = errStale; len(plans) == 1 {
					return errStale
				}
				continue
			}
			if p.err = nil; len(plans) == 1 {
				return s.carryOut(ctx, tx, p.plan)
			}
			made := len(changesOf(ctx).moved)
			p.err = transactWithin(ctx, tx, effectOf(p.plan.ttl), func(ctx context.Context, tx bun.Tx) error { return s.carryOut(ctx, tx, p.plan) })
			if p.err != nil {
				changesOf(ctx).moved = changesOf(ctx).moved[:made]
			}
			if e := (*Error)(nil); errors.As(p.err, &e) {
				return p.err
			}
		}
		return nil
	})
}

// effectsOf names what plans do that are committed together: most are purchases.
func effectsOf(plans []*pending) string {
	for _, p := range plans {
		if p.plan.ttl == 0 {
			return effectPurchase
		}
	}
	return effectHold
}

// transactWithin runs a part of a transaction, named op, that can be undone alone. After an
// *Error of the database the whole transaction has to be.
func transactWithin(ctx context.Context, tx bun.Tx, op string, run func(context.Context, bun.Tx) error) error {
	if err := execute(ctx, tx, savepoint); err != nil {
		return failed(op, err)
	}
	err := run(ctx, tx)
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	if err != nil {
		if undone := execute(ctx, tx, rollbackToSavepoint); undone != nil {
			return failed("undo "+op, undone)
		}
	}
	if released := execute(ctx, tx, releaseSavepoint); released != nil {
		return failed(op, released)
	}
	return err
}
