package persistence

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// DefaultPauseLease is how long a process prices by what it knows of paused promotions
// when Options does not say.
const DefaultPauseLease = time.Second

// pausePolls is how often a process looks for pauses within its lease: when it is late
// three times, prices ask the database.
const pausePolls = 4

// MaxPauseReason is how many bytes the reason of a pause has at most.
const MaxPauseReason = 800

// pauses is which promotions are paused. It is never changed.
type pauses struct {
	revision int64
	paused   engine.Pauses
	asked    time.Time // by the clock of the process, before the database was asked
}

// pauseRow is a row of the table promotion_pauses.
type pauseRow struct {
	bun.BaseModel `bun:"table:promotion_pauses,alias:p"`

	Promotion string    `bun:"promotion,pk"`
	Revision  int64     `bun:"revision"`
	Paused    bool      `bun:"paused"`
	Actor     string    `bun:"actor"`
	Reason    string    `bun:"reason"`
	ChangedAt time.Time `bun:"changed_at"`
	EndsAt    time.Time `bun:"ends_at,nullzero"`
}

func (r *pauseRow) pause() engine.PromotionPause {
	p := engine.PromotionPause{
		Promotion: r.Promotion, Revision: r.Revision, Paused: r.Paused, By: r.Actor, Reason: r.Reason, At: r.ChangedAt.UTC(),
	}
	if !r.EndsAt.IsZero() {
		p.Until = r.EndsAt.UTC()
	}
	return p
}

// PausePromotion takes the promotion out of force, for the reason and until the instant
// that p says, as p.By wants it; Revision, Paused and At of p are not looked at. When it
// returns, no process that shares the database prices anything with the promotion any
// more, and since a moment before no order is stored that was. That takes
// Options.PauseLease, so it does not end with the context once the promotion is paused.
//
// A promotion that is paused already gets the reason and the end of p; where it has them,
// nothing changes, and neither event nor audit log tell of it. Where expected is given
// and the revision of the promotion's pause is another one, nothing changes and the error
// is an *engine.PromotionChangedError. Whether any rules have the promotion is not looked
// at. Texts that cannot be kept are an *InvalidError, and an end that is over is an
// *engine.PauseOverError.
func (s *Store) PausePromotion(ctx context.Context, p engine.PromotionPause, expected *int64) (engine.PromotionPause, error) {
	p.Until = p.Until.UTC().Truncate(time.Microsecond)
	if err := pauseProblem(&p); err != nil {
		return engine.PromotionPause{}, err
	}
	if !p.Until.IsZero() && !p.Until.After(s.now()) {
		return engine.PromotionPause{}, &engine.PauseOverError{Until: p.Until}
	}
	return s.changePause(ctx, "pause promotion", &p, expected, func(row *pauseRow, now time.Time) (event.Event, bool) {
		old := row.pause()
		if old.Holds(now) && old.Reason == p.Reason && old.Until.Equal(p.Until) {
			return event.Event{}, false
		}
		row.Paused, row.Reason, row.EndsAt = true, p.Reason, p.Until
		return event.PromotionPaused(p.Promotion, p.By, p.Reason, now, p.Until), true
	})
}

// ResumePromotion puts the promotion in force again, as by wants it. When it returns, all
// processes that share the database price with it; see PausePromotion, also for expected.
// Where the promotion is not paused, nothing changes. The end of a pause that has ended by
// itself is noted and no event tells of it.
func (s *Store) ResumePromotion(ctx context.Context, promotion, by string, expected *int64) (engine.PromotionPause, error) {
	p := engine.PromotionPause{Promotion: promotion, By: by}
	if err := pauseProblem(&p); err != nil {
		return engine.PromotionPause{}, err
	}
	return s.changePause(ctx, "resume promotion", &p, expected, func(row *pauseRow, now time.Time) (event.Event, bool) {
		if !row.Paused {
			return event.Event{}, false
		}
		old := row.pause()
		row.Paused, row.Reason, row.EndsAt = false, "", time.Time{}
		if !old.Holds(now) {
			return event.Event{}, true
		}
		return event.PromotionResumed(p.Promotion, p.By, now), true
	})
}

// pauseProblem says what cannot be kept.
func pauseProblem(p *engine.PromotionPause) error {
	return checkTexts([]keptText{
		{"promotion", p.Promotion, maxPromotion, true}, {"by", p.By, maxPromotion, true}, {"reason", p.Reason, MaxPauseReason, false},
	})
}

// maxPromotion is how many bytes the id of a promotion has at most, and the name of who
// pauses it.
const maxPromotion = 255

// changePause changes the row of a promotion, unless change says that it need not, and
// waits until everybody knows. An event without a type is none.
func (s *Store) changePause(
	ctx context.Context, op string, p *engine.PromotionPause, expected *int64, change func(*pauseRow, time.Time) (event.Event, bool),
) (engine.PromotionPause, error) {
	var row pauseRow
	var made bool
	err := onceUnaudited(ctx, s, op, &row, func(ctx context.Context, tx bun.Tx) (err error) {
		made = false
		if err := lock(ctx, tx, s.db.LockPauses); err != nil {
			return err
		}
		if row, err = findPause(ctx, tx, p.Promotion); err != nil {
			return err
		}
		if expected != nil && *expected != row.Revision {
			return &engine.PromotionChangedError{Promotion: p.Promotion, Revision: row.Revision}
		}
		now := s.now()
		told, needed := change(&row, now)
		if !needed {
			return nil
		}
		made = true
		row.Actor, row.ChangedAt = p.By, now
		if err := s.storePause(ctx, tx, &row); err != nil {
			return err
		}
		if told.Type != "" {
			if err := s.emit(ctx, tx, told); err != nil {
				return err
			}
		}
		return s.recordAudit(ctx, tx)
	})
	if err != nil {
		return engine.PromotionPause{}, err
	}
	if made {
		s.awaitPauses(ctx)
	}
	return row.pause(), nil
}

// awaitPauses returns when no process can know the pauses of before any more: each has
// asked since, or has not asked for so long that it must. This one asks at once.
func (s *Store) awaitPauses(ctx context.Context) {
	known := time.After(s.options.PauseLease)
	if s.catalogue.followed.Load() {
		if _, err := s.askPauses(context.WithoutCancel(ctx)); err != nil {
			s.pauses.Store(&pauses{}) // which nobody relies on; the change has succeeded
		}
	}
	<-known
}

// storePause stores the row, as the newest of all.
func (s *Store) storePause(ctx context.Context, tx bun.Tx, row *pauseRow) error {
	if err := scan(ctx, tx, &row.Revision, pausesStatement); err != nil {
		return failed("read pauses", err)
	}
	row.Revision++
	_, err := tx.NewInsert().Model(row).On("CONFLICT (promotion) DO UPDATE").
		Set("revision = EXCLUDED.revision").Set("paused = EXCLUDED.paused").Set("actor = EXCLUDED.actor").
		Set("reason = EXCLUDED.reason").Set("changed_at = EXCLUDED.changed_at").Set("ends_at = EXCLUDED.ends_at").Exec(ctx)
	return failed("store pause", err)
}

// findPause reads the row of the promotion; one without a revision where there is none.
func findPause(ctx context.Context, db bun.IDB, promotion string) (pauseRow, error) {
	var rows []pauseRow
	err := db.NewSelect().Model(&rows).Where("promotion = ?", promotion).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return pauseRow{Promotion: promotion}, failed("read pause", err)
	}
	return rows[0], nil
}

// PromotionPauses returns what became of all promotions that were ever paused, by id.
func (s *Store) PromotionPauses(ctx context.Context) ([]engine.PromotionPause, error) {
	var rows []pauseRow
	err := s.read(ctx, "read pauses", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Order("promotion").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	all := make([]engine.PromotionPause, len(rows))
	for i := range rows {
		all[i] = rows[i].pause()
	}
	return all, nil
}

// sharePauses returns the revision of the pauses, which stays what it is until the
// transaction ends. A transaction that sells begins with it.
func (s *Store) sharePauses(ctx context.Context, tx bun.Tx) (revision int64, err error) {
	if err := lock(ctx, tx, s.db.SharePauses); err != nil {
		return 0, err
	}
	err = scan(ctx, tx, &revision, pausesStatement)
	return revision, failed("read pauses", err)
}

// lock runs the statement that locks something, if the database has one.
func lock(ctx context.Context, tx bun.Tx, statement string) error {
	if statement == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, statement)
	return failed("lock pauses", err)
}

// knownPauses returns what this process knows, if that can be relied on, and else what
// the database says.
func (s *Store) knownPauses(ctx context.Context) (*pauses, error) {
	if known := s.pauses.Load(); known != nil && time.Since(known.asked) < s.options.PauseLease {
		return known, nil
	}
	return s.askPauses(ctx)
}

// askPauses returns what the database says, and keeps it in mind.
func (s *Store) askPauses(ctx context.Context) (*pauses, error) {
	answer := &pauses{asked: time.Now()}
	known := s.pauses.Load()
	err := s.read(ctx, "read pauses", func(db bun.IDB) error {
		var rows []pauseRow
		err := db.NewSelect().Model(&rows).Column("promotion", "revision", "paused", "ends_at").
			Where("revision = (SELECT max(revision) FROM promotion_pauses) OR paused").Scan(ctx)
		answer.revision, answer.paused = 0, nil
		for _, row := range rows {
			if answer.revision = max(answer.revision, row.Revision); !row.Paused {
				continue
			}
			if answer.paused == nil {
				answer.paused = make(engine.Pauses, len(rows))
			}
			answer.paused[row.Promotion] = row.pause().Until
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for !s.pauses.CompareAndSwap(known, answer) {
		if known = s.pauses.Load(); known != nil && known.asked.After(answer.asked) {
			break // somebody else has asked later
		}
	}
	return answer, nil
}

// pollPauses asks for the pauses from time to time. When it cannot, prices try to, and
// fail as it does; report is told once.
func (s *Store) pollPauses(ctx context.Context, report func(error)) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.options.PauseLease / pausePolls):
		}
		limited, cancel := context.WithTimeout(ctx, refreshWait)
		_, err := s.askPauses(limited)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if failed := err != nil; failed != failing {
			failing = failed
			report(err)
		}
	}
}
