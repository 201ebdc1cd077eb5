package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// expirerFunc is a store that is called.
type expirerFunc func(ctx context.Context) (int, error)

func (f expirerFunc) DeleteExpiredKeys(ctx context.Context) (int, error) { return f(ctx) }

func TestExpiredKeysAreDeletedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
		ctx, cancel := context.WithCancel(t.Context())
		var pauses []time.Duration
		last := time.Now()
		store := expirerFunc(func(ctx context.Context) (int, error) {
			pauses, last = append(pauses, time.Since(last)), time.Now()
			switch len(pauses) {
			case 1:
				return 7, nil
			case 2:
				return 0, errors.New("the disk is full")
			case 3:
				return 0, nil
			default: // the end comes while keys are deleted
				cancel()
				<-ctx.Done()
				return 0, ctx.Err()
			}
		})
		if err := deleteExpiredKeys(ctx, store, logger); err != nil {
			t.Errorf("got error %v, want none", err)
		}
		for _, pause := range pauses {
			if pause < 2*time.Minute || pause > 6*time.Minute {
				t.Errorf("got a pause of %s, want 2 to 6 minutes", pause)
			}
		}
		if len(pauses) != 4 || pauses[0] == pauses[1] {
			t.Errorf("got pauses %v, want four that differ", pauses)
		}
		const want = "level=DEBUG msg=\"deleted expired keys\" keys=7\n" +
			"level=WARN msg=\"delete expired keys\" error=\"the disk is full\"\n"
		if got := log.String(); got != want {
			t.Errorf("got log\n%swant\n%s", got, want)
		}
	})
}

func TestDeletingExpiredKeysEndsInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- deleteExpiredKeys(ctx, expirerFunc(func(context.Context) (int, error) { return 0, nil }), slog.New(slog.DiscardHandler))
		}()
		synctest.Wait()
		begin := time.Now()
		cancel()
		if err := <-ended; err != nil || time.Since(begin) != 0 {
			t.Errorf("got error %v after %s, want none at once", err, time.Since(begin))
		}
	})
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// holdExpirerFunc is a store that is called.
type holdExpirerFunc func(ctx context.Context, limit int) (int, error)

func (f holdExpirerFunc) ExpireHolds(ctx context.Context, limit int) (int, error) {
	return f(ctx, limit)
}

func TestHoldsAreExpiredNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
		ctx, cancel := context.WithCancel(t.Context())
		calls, last := 0, time.Now()
		store := holdExpirerFunc(func(_ context.Context, limit int) (int, error) {
			if pause := time.Since(last); pause < 10*time.Second || pause > 30*time.Second || limit != 1000 {
				t.Errorf("got a pause of %s and a limit of %d, want 10 to 30 seconds and 1000", pause, limit)
			}
			calls, last = calls+1, time.Now()
			switch calls {
			case 1:
				return 7, errors.New("the disk is full")
			case 2:
				return 0, nil
			default: // the end comes while holds are expired
				cancel()
				return 0, ctx.Err()
			}
		})
		if err := expireHolds(ctx, store, logger); err != nil || calls != 3 {
			t.Errorf("got error %v and %d calls, want none and 3", err, calls)
		}
		if got, want := log.String(), "level=WARN msg=\"expire holds\" error=\"the disk is full\"\nlevel=DEBUG msg=\"expired holds\" holds=7\n"; got != want {
			t.Errorf("got log %s, want %s", got, want)
		}
	})
}
