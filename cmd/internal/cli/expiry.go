package cli

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// expiryPause is how long deleteExpiredKeys pauses, give or take half of it.
const expiryPause = 4 * time.Minute

// expirer is the store as deleteExpiredKeys needs it.
type expirer interface {
	DeleteExpiredKeys(ctx context.Context) (int, error)
}

// deleteExpiredKeys deletes the keys of requests that are past their time, now
// and then until ctx is done, and returns nil. Servers that share a database and
// were started together pause differently, so that they do not all come at once.
// An error is logged; the next time may do better.
func deleteExpiredKeys(ctx context.Context, data expirer, log *slog.Logger) error {
	for {
		pause := time.NewTimer(expiryPause/2 + rand.N(expiryPause))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		n, err := data.DeleteExpiredKeys(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			log.LogAttrs(ctx, slog.LevelWarn, "delete expired keys", slog.Any("error", err))
		case n > 0:
			log.LogAttrs(ctx, slog.LevelDebug, "deleted expired keys", slog.Int("keys", n))
		}
	}
}
