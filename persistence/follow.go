package persistence

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

const (
	// rescanEvery is how often the whole catalogue is read, for what was missed.
	rescanEvery = time.Minute
	// changesKept is how long catalogue_changes keeps a row.
	changesKept = time.Hour
	// maxReread is how many items are read one by one; of more, all are read.
	maxReread = 2000
	// refreshWait bounds a comparison.
	refreshWait = 10 * time.Second
	// listenAgain is the longest pause before a lost listener is replaced.
	listenAgain = 30 * time.Second
)

// marks are the places up to which the two logs of changes were read. Movements of
// concurrent sales are committed in another order than that of their ids. So they
// are read from where they stood three comparisons ago, and those of a transaction
// that took longer still are found when the whole catalogue is read.
type marks struct {
	change    int64
	movements [3]int64 // the oldest first
	all       time.Time
}

// FollowCatalogue reads the whole catalogue, and from then on keeps it in memory:
// Basis, ItemByKey and what Purchase prices on are answered from there. What this
// store writes is in it when the call that writes returns; what other processes
// write comes within Options.CataloguePoll, or at once where the database can tell.
// A purchase is refused, and sold, on nothing but what the database says.
//
// When that begins to fail, report is called with the error, and with nil when it
// works again, from other goroutines; after ten seconds of failures, items are read
// from the database again. Which promotions are paused is asked from there after
// Options.PauseLease already, so that prices fail as it does from then on. Close ends
// it. Call it once, after Migrate and before
// others use the store.
func (s *Store) FollowCatalogue(ctx context.Context, report func(error)) error {
	c := &s.catalogue
	c.own, c.nudge = make(map[string]bool), make(chan struct{}, 1)
	if err := s.refresh(ctx, true); err != nil {
		return err
	}
	if _, err := s.askPauses(ctx); err != nil {
		return err
	}
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.followed.Store(true)
	c.running.Go(func() { s.poll(ctx, report) })
	c.running.Go(func() { s.pollPauses(ctx, report) })
	if s.db.Listen != nil {
		c.running.Go(func() { s.listen(ctx, report) })
	}
	return nil
}

// unfollow ends what FollowCatalogue has begun.
func (c *catalogue) unfollow() {
	if c.stop != nil {
		c.stop()
		c.running.Wait()
	}
}

// poll compares from time to time, not all processes at once.
func (s *Store) poll(ctx context.Context, report func(error)) {
	c, failing := &s.catalogue, false
	for {
		pause := s.options.CataloguePoll
		pause += time.Duration((rand.Float64() - 0.5) / 2 * float64(pause))
		select {
		case <-ctx.Done():
			return
		case <-c.nudge:
		case <-time.After(pause):
		}
		err := s.refresh(ctx, false)
		if ctx.Err() != nil {
			return
		}
		if failed := err != nil; failed != failing {
			failing = failed
			report(err)
		}
	}
}

// listen compares when the database says that there is something new. It is only
// ever faster than poll: a pooler may lose what the database says.
func (s *Store) listen(ctx context.Context, report func(error)) {
	c := &s.catalogue
	pause := 100 * time.Millisecond
	for {
		err := s.db.Listen(ctx, func() {
			pause = 100 * time.Millisecond
			select {
			case c.nudge <- struct{}{}:
			default: // a comparison is due already
			}
		})
		if ctx.Err() != nil {
			return
		}
		report(failed("listen for changes of the catalogue", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, listenAgain)
	}
}

// refresh compares what is known with the database.
func (s *Store) refresh(ctx context.Context, whole bool) error {
	ctx, cancel := context.WithTimeout(ctx, refreshWait)
	defer cancel()
	c := &s.catalogue
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	own := c.takeOwn()
	asked, next := time.Now(), c.marks
	whole = whole || asked.Sub(next.all) > rescanEvery
	skus, rows, err := s.readChanges(ctx, &next, own, whole)
	if err != nil {
		c.giveBack(own)
		return err
	}
	if skus == nil {
		next.all = asked
	}
	c.marks = next
	c.mu.Lock()
	if skus == nil {
		c.replace(rows, s.options.Currency)
	} else {
		c.update(skus, rows, s.options.Currency)
	}
	c.checked.Store(&asked)
	c.now.Store(c.ready)
	c.mu.Unlock()
	if !whole || next.change == 0 {
		return nil
	}
	return s.forgetChanges(ctx, next.change)
}

// takeOwn returns the SKUs that have to be read in any case.
func (c *catalogue) takeOwn() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.own
	c.own = make(map[string]bool)
	return own
}

func (c *catalogue) giveBack(own map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.own, own)
}

// readChanges reads the items that have changed since the marks, which it moves,
// and those that are own. It reads all, and returns no SKUs, when whole is true or
// when many have changed.
func (s *Store) readChanges(ctx context.Context, since *marks, own map[string]bool, whole bool) (map[string]bool, []itemRow, error) {
	var skus map[string]bool
	var rows []itemRow
	var seen marks
	err := s.snapshot(ctx, "read changes of the catalogue", func(ctx context.Context, tx bun.Tx) (err error) {
		if seen, err = since.forward(ctx, tx); err != nil {
			return err
		}
		skus = nil
		if !whole {
			skus, err = changedSKUs(ctx, tx, since, own)
		}
		if err != nil {
			return err
		}
		if skus == nil {
			rows, err = selectItems(ctx, tx, "ORDER BY sku")
			return failed("read catalogue", err)
		}
		rows, err = s.itemRows(ctx, tx, slices.Sorted(maps.Keys(skus)))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	*since = seen
	return skus, rows, nil
}

// forward returns the marks after a reading of now.
func (m *marks) forward(ctx context.Context, tx bun.Tx) (marks, error) {
	next := *m
	var change, movement int64
	err := tx.NewRaw("SELECT (SELECT COALESCE(max(id), 0) FROM catalogue_changes), (SELECT COALESCE(max(id), 0) FROM stock_movements)").
		Scan(ctx, &change, &movement)
	next.change = max(m.change, change) // the newest rows may have been removed
	next.movements = [3]int64{m.movements[1], m.movements[2], movement}
	if m.all.IsZero() {
		next.movements = [3]int64{movement, movement, movement}
	}
	return next, failed("read changes of the catalogue", err)
}

// changedSKUs returns the items that have changed since the marks, and those that
// are own; nil when they are too many.
func changedSKUs(ctx context.Context, tx bun.Tx, since *marks, own map[string]bool) (map[string]bool, error) {
	var found []string
	err := tx.NewRaw(`SELECT sku FROM catalogue_changes WHERE id > ? UNION SELECT sku FROM stock_movements WHERE id > ? LIMIT ?`,
		since.change, since.movements[0], maxReread+1).Scan(ctx, &found)
	if err != nil {
		return nil, failed("read changes of the catalogue", err)
	}
	if len(found)+len(own) > maxReread {
		return nil, nil
	}
	skus := make(map[string]bool, len(found)+len(own))
	maps.Copy(skus, own)
	for _, sku := range found {
		skus[sku] = true
	}
	return skus, nil
}

// forgetChanges removes old rows from the log of changes, but never the newest.
func (s *Store) forgetChanges(ctx context.Context, newest int64) error {
	return s.guarded(ctx, "remove old changes of the catalogue", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM catalogue_changes WHERE id < ? AND changed_at < ?", newest, s.now().Add(-changesKept)).Exec(ctx)
		return failed("remove old changes of the catalogue", err)
	})
}

// changes is what a transaction has done to the catalogue.
type changes struct {
	moved []movement
	items bool // more than stocks
}

type changesKey struct{}

// changesOf returns what ctx, of a transaction that writes, collects.
func changesOf(ctx context.Context) *changes {
	c, _ := ctx.Value(changesKey{}).(*changes)
	return c
}

// changeRow is a row of the table catalogue_changes.
type changeRow struct {
	bun.BaseModel `bun:"table:catalogue_changes"`

	SKU       string    `bun:"sku"`
	ChangedAt time.Time `bun:"changed_at"`
}

// noteChanges tells those who follow the catalogue that items were stored, deleted
// or restored. Whoever does that calls it in the same transaction, which must have
// Database.LockItems.
func (s *Store) noteChanges(ctx context.Context, tx bun.Tx, skus []string) error {
	if len(skus) == 0 {
		return nil
	}
	at := s.now()
	for part := range slices.Chunk(skus, batch) {
		rows := make([]changeRow, len(part))
		for i, sku := range part {
			rows[i] = changeRow{SKU: sku, ChangedAt: at}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return failed("note changes of the catalogue", err)
		}
	}
	if c := changesOf(ctx); c != nil {
		c.items = true
	}
	if s.db.Announce == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.db.Announce)
	return failed("announce changes of the catalogue", err)
}

// changing runs a transaction that writes, and makes known what it has changed.
func (s *Store) changing(ctx context.Context, run func(context.Context) error) error {
	var made *changes
	err := s.persist(ctx, func() error {
		made = new(changes)
		return run(context.WithValue(ctx, changesKey{}, made))
	})
	if err != nil {
		return err
	}
	c := &s.catalogue
	switch {
	case !c.followed.Load():
	case made.items:
		if err := s.refresh(context.WithoutCancel(ctx), false); err != nil {
			c.now.Store(nil) // until a comparison succeeds; the write has
		}
	case len(made.moved) > 0:
		c.restocked(made.moved)
	}
	return nil
}
