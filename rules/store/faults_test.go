package store_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

func TestABrokenFileKeepsTheLastGoodSetUntilItIsFixed(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.run()
	before := s.w.Status()
	replace(t, s.path("promos.yaml"), broken)
	if got, want := s.fault(), `promos.yaml: "percent: none\n" is no percentage`; got != want {
		t.Errorf("error: got %s, want %s", got, want)
	}
	got := s.w.Status()
	if got.Digest != before.Digest || got.LoadedAt != before.LoadedAt || got.Promotions != 1 || got.Refusals != 1 {
		t.Errorf("status: got %+v, want the ruleset of %+v and one refusal", got, before)
	}
	replace(t, s.path("promos.yaml"), percent(20))
	s.good("20")
	s.wantPublished("10", "20")
	s.wantObserved("good 10", "fault, still 10", "good 20")
	s.wantLog(loaded, watching, refused, loaded)
	if got := s.w.Status(); got.LastError != nil || got.Loads != 2 || got.Refusals != 1 || !got.LoadedAt.After(before.LoadedAt) {
		t.Errorf("status: got %+v, want 2 loads, the later one good", got)
	}
}

func TestAMissingOrEmptyFolderKeepsTheLastGoodSet(t *testing.T) {
	for _, tt := range folderFaults {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"promos.yaml": percent(10)})
			s.run()
			must(t, os.RemoveAll(s.dir))
			tt.make(t, s.dir)
			s.until(tt.want, func(status store.Status) bool {
				return status.LastError != nil && strings.ReplaceAll(status.LastError.Error(), s.dir, "DIR") == tt.want
			})
			if got := s.inForce(); got != "10" {
				t.Errorf("in force: got %q, want 10", got)
			}
		})
	}
}

func TestTheSameFaultIsToldOnce(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Poll = 5 * time.Millisecond
	s.run()
	replace(t, s.path("promos.yaml"), broken)
	s.fault()
	for range 3 {
		s.looked()
	}
	s.wantLog(loaded, watching, refused)
	replace(t, s.path("promos.yaml"), broken+"\n") // another try of the author's
	s.until("second refusal", func(status store.Status) bool { return status.Refusals == 2 })
	s.looked()
	s.wantLog(loaded, watching, refused, refused)
	s.wantObserved("good 10", "fault, still 10", "fault, still 10")
}

func TestARefusedPublicationIsTriedAgain(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Poll = 5 * time.Millisecond
	s.run()
	s.refuse(errCurrency)
	replace(t, s.path("promos.yaml"), percent(20))
	s.fault()
	digest := compile.Digest([]compile.File{{Name: "promos.yaml", Data: []byte(percent(20))}})
	got := s.w.Status()
	if want := "publish ruleset " + digest + ": the currency changed from USD to EUR"; got.LastError.Error() != want {
		t.Errorf("error: got %v, want %s", got.LastError, want)
	}
	if !errors.Is(got.LastError, errCurrency) || s.inForce() != "10" {
		t.Errorf("got error %v and %s in force, want one that is %v, and 10", got.LastError, s.inForce(), errCurrency)
	}
	s.looked()
	s.wantLog(loaded, watching, refused)
	s.refuse(nil)
	s.good("20")
	s.wantPublished("10", "20")
}

func TestAPanickingCompilerIsAFault(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Compile = func(files []compile.File) (*engine.Ruleset, error) {
		if amount(files[0]) == "13" {
			panic("thirteen")
		}
		return s.compile(files)
	}
	s.run()
	replace(t, s.path("promos.yaml"), percent(13))
	if got, want := s.fault(), "compile rules: the compiler panicked, please report it: thirteen"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.until("observed", func(store.Status) bool { return s.log.last("stack") != "" })
	if stack := s.log.last("stack"); !strings.Contains(stack, "faults_test.go") {
		t.Errorf("the stack in the log does not show the panic:\n%s", stack)
	}
	replace(t, s.path("promos.yaml"), percent(20))
	s.good("20")
}

func TestAReloadUnderWayAtTheEndIsNotPublished(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	compiling, proceed := make(chan bool), make(chan bool)
	var reload atomic.Bool
	s.opts.Compile = func(files []compile.File) (*engine.Ruleset, error) {
		if reload.Load() {
			compiling <- true
			<-proceed
		}
		return s.compile(files)
	}
	s.open()
	reload.Store(true)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.w.Run(ctx) }()
	replace(t, s.path("promos.yaml"), percent(20))
	<-compiling
	cancel()
	close(proceed)
	if err := <-done; err != nil {
		t.Errorf("Run: got %v, want nil", err)
	}
	s.wantPublished("10")
	if got := s.w.Status(); !got.LastSuccess {
		t.Errorf("status: got %+v, want no fault", got)
	}
}

func TestAWatcherRunsOnceAtATimeAndAgainAfterwards(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	stop := s.run()
	replace(t, s.path("promos.yaml"), percent(20))
	s.good("20") // it runs
	want := "watch rules: this Watcher is running already"
	if err := s.w.Run(t.Context()); err == nil || err.Error() != want {
		t.Errorf("second Run: got %v, want %s", err, want)
	}
	stop()
	replace(t, s.path("promos.yaml"), percent(30))
	s.run()
	s.good("30")
}
