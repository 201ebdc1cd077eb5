package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence/event"
)

func TestEveryEventCanBeConfigured(t *testing.T) {
	var want []string
	for _, kind := range event.Types() {
		want = append(want, string(kind))
	}
	if got := config.EventTypes(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatIsOldIsPurgedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
		ctx, cancel := context.WithCancel(t.Context())
		last, calls := time.Now(), 0
		err := purgeOld(ctx, "events", func(_ context.Context, before time.Time) (int64, error) {
			if age := time.Since(before); age != 48*time.Hour {
				t.Errorf("got events from before %s ago, want 48h", age)
			}
			if pause := time.Since(last); pause < 30*time.Minute || pause > 90*time.Minute {
				t.Errorf("got a pause of %s, want 30 to 90 minutes", pause)
			}
			last = time.Now()
			switch calls++; calls {
			case 1:
				return 7, nil
			case 2:
				return 0, errors.New("the disk is full")
			default:
				cancel()
				return 0, context.Canceled
			}
		}, 48*time.Hour, logger)
		const want = "level=INFO msg=\"purged events\" number=7 older_than=48h0m0s\nlevel=WARN msg=\"purge events\" error=\"the disk is full\"\n"
		if got := log.String(); err != nil || calls != 3 || got != want {
			t.Errorf("got error %v, %d calls, log\n%swant none, 3 and\n%s", err, calls, got, want)
		}
		if err := purgeOld(t.Context(), "what is kept for ever", nil, 0, logger); err != nil {
			t.Errorf("got error %v", err)
		}
	})
}

// tellerFunc is a store that is called.
type tellerFunc func(digest string) error

func (f tellerFunc) RulesetChanged(_ context.Context, digest string) error { return f(digest) }

func TestRulesetsAreToldUntilTheDatabaseHasThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		changed := make(chan struct{}, 1)
		var digest atomic.Value
		digest.Store("a")
		failures := 0
		var told []string
		ended := make(chan error)
		go func() {
			ended <- announceRules(ctx, tellerFunc(func(digest string) error {
				if told = append(told, digest); failures > 0 {
					failures--
					return errors.New("the disk is full")
				}
				return nil
			}), changed, func() string { return digest.Load().(string) }, slog.New(slog.DiscardHandler))
		}()
		synctest.Wait()
		digest.Store("b")
		failures = 2
		notify(changed)
		synctest.Wait()
		notify(changed)
		notify(changed) // there is no room for a second notice, and no need
		digest.Store("c")
		time.Sleep(announcePause)
		synctest.Wait()
		time.Sleep(announcePause)
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("got error %v, want none", err)
		}
		if want := []string{"a", "b", "c", "c", "c"}; !slices.Equal(told, want) {
			t.Errorf("got %v told, want %v", told, want)
		}
	})
}
