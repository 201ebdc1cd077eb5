package cli

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// expiryPause is how long deleteExpiredKeys pauses, give or take half of it.
	expiryPause = 4 * time.Minute
	// holdsPause is how long expireHolds does.
	holdsPause = 20 * time.Second
	// maxExpired is how many holds expireHolds ends before it pauses.
	maxExpired = 1000
)

// expirer is the store as deleteExpiredKeys needs it.
type expirer interface {
	DeleteExpiredKeys(ctx context.Context) (int, error)
}

// holdExpirer is the store as expireHolds needs it.
type holdExpirer interface {
	ExpireHolds(ctx context.Context, limit int) (int, error)
}

// deleteExpiredKeys deletes the keys of requests that are past their time, now
// and then until ctx is done, and returns nil.
func deleteExpiredKeys(ctx context.Context, data expirer, log *slog.Logger) error {
	nowAndThen(ctx, expiryPause, func() {
		n, err := data.DeleteExpiredKeys(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			log.LogAttrs(ctx, slog.LevelWarn, "delete expired keys", slog.Any("error", err))
		case n > 0:
			log.LogAttrs(ctx, slog.LevelDebug, "deleted expired keys", slog.Int("keys", n))
		}
	})
	return nil
}

// expireHolds gives back the units of holds that are past their time, now and then
// until ctx is done, and returns nil.
func expireHolds(ctx context.Context, data holdExpirer, log *slog.Logger) error {
	nowAndThen(ctx, holdsPause, func() {
		n, err := data.ExpireHolds(ctx, maxExpired)
		if err != nil && ctx.Err() == nil {
			log.LogAttrs(ctx, slog.LevelWarn, "expire holds", slog.Any("error", err))
		}
		if n > 0 {
			log.LogAttrs(ctx, slog.LevelDebug, "expired holds", slog.Int("holds", n))
		}
	})
	return nil
}

// nowAndThen calls a job, whose error the next time may do better, until ctx is
// done. Servers that share a database and were started together pause
// differently, so that they do not all come at once.
func nowAndThen(ctx context.Context, about time.Duration, job func()) {
	for {
		pause := time.NewTimer(about/2 + rand.N(about))
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
		job()
	}
}
