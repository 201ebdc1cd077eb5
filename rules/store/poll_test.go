package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

// pollShop is a shop that only polls, with the default times.
func pollShop(t testing.TB, files map[string]string) *shop {
	s := newShop(t, files)
	s.opts.Mode, s.opts.Debounce, s.opts.Poll = store.ModePoll, 0, 0
	s.opts = s.opts.WithNotify(func() (*fsnotify.Watcher, error) {
		t.Error("mode poll started fsnotify")
		return nil, errors.New("not to be used")
	})
	return s
}

// pass lets fake time go by and the watcher do what is due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestModePollFindsChangesWithTheNextPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pollShop(t, map[string]string{"promos.yaml": percent(10)})
		s.run()
		pass(store.DefaultPoll - time.Second)
		write(t, s.path("promos.yaml"), percent(20))
		pass(time.Second)
		if got := s.inForce(); got != "10" {
			t.Errorf("before the quiet period is over: got %s in force, want 10", got)
		}
		pass(store.DefaultDebounce)
		if got := s.inForce(); got != "20" {
			t.Errorf("after poll and quiet period: got %s in force, want 20", got)
		}
		if got := s.w.Status(); !got.LoadedAt.Equal(time.Now()) {
			t.Errorf("got loaded at %v, want %v", got.LoadedAt, time.Now())
		}
	})
}

func TestModePollWaitsForHalfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pollShop(t, map[string]string{"promos.yaml": percent(10)})
		s.run()
		pass(store.DefaultPoll - time.Nanosecond)
		write(t, s.path("promos.yaml"), "perc")
		pass(time.Nanosecond + store.DefaultDebounce/2)
		write(t, s.path("promos.yaml"), percent(20))
		pass(store.DefaultDebounce / 2)
		s.wantObserved("good 10", "good 20")
	})
}

func TestAPollThatIsShorterThanTheQuietPeriodDoesNotProlongIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pollShop(t, map[string]string{"promos.yaml": percent(10)})
		s.opts.Poll = 100 * time.Millisecond
		s.run()
		synctest.Wait()
		write(t, s.path("promos.yaml"), percent(20))
		pass(s.opts.Poll + store.DefaultDebounce)
		s.wantPublished("10", "20")
	})
}

func TestEveryPollIsAnAttemptAndSaysNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := pollShop(t, map[string]string{"promos.yaml": percent(10)})
		s.run()
		start := time.Now()
		for i := range 5 {
			pass(store.DefaultPoll)
			got := s.w.Status()
			if want := start.Add(time.Duration(i+1) * store.DefaultPoll); !got.LastAttempt.Equal(want) || !got.LoadedAt.Equal(start) {
				t.Errorf("got attempt %v, load %v, want %v and %v", got.LastAttempt, got.LoadedAt, want, start)
			}
		}
		must(t, os.RemoveAll(s.dir))
		pass(5 * store.DefaultPoll)
		write(t, s.path("promos.yaml"), percent(10))
		pass(5 * store.DefaultPoll)
		s.wantObserved("good 10", "fault, still 10", "good 10")
		s.wantLog(loaded, watching, refused, again)
	})
}

func TestWithoutFileSystemEventsItPollsAndSaysWhatToRaise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, map[string]string{"promos.yaml": percent(10)})
		s.opts.Poll = 0
		s.opts = s.opts.WithNotify(func() (*fsnotify.Watcher, error) {
			return nil, fmt.Errorf("couldn't initialize inotify: %w", syscall.EMFILE)
		})
		s.run()
		pass(5 * store.DefaultPoll)
		s.wantLog(loaded, watching, deaf)
		want := "raise the limit of instances, sysctl fs.inotify.max_user_instances=1024, or of open files, ulimit -n"
		if got := s.log.last("remedy"); got != want {
			t.Errorf("remedy: got %q, want %q", got, want)
		}
		write(t, s.path("promos.yaml"), percent(20))
		pass(store.DefaultPoll + store.DefaultDebounce)
		s.wantPublished("10", "20")
	})
}

func TestFileSystemEventsAreTriedAgainWithThePoll(t *testing.T) {
	s := newShop(t, map[string]string{"promos.yaml": percent(10)})
	s.opts.Poll = 20 * time.Millisecond
	started := make(chan *fsnotify.Watcher, 100)
	fail := true
	s.opts = s.opts.WithNotify(func() (*fsnotify.Watcher, error) {
		if fail {
			fail = false
			return nil, syscall.ENOSPC
		}
		w, err := fsnotify.NewWatcher()
		started <- w
		return w, err
	})
	s.run()
	first := <-started
	s.until("events", func(store.Status) bool { return len(s.log.lines()) == 4 })
	s.wantLog(loaded, watching, deaf, hearing)
	must(t, first.Close()) // it dies
	<-started              // and is replaced
	write(t, s.path("promos.yaml"), percent(20))
	s.good("20")
}

func TestRestoringTheOldBytesMakesTheStatusGoodWithoutAReload(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(t testing.TB, s *shop)
	}{
		{"after a fault in the file", func(t testing.TB, s *shop) { write(t, s.path("promos.yaml"), broken) }},
		{"after the file was gone", func(t testing.TB, s *shop) { must(t, os.Remove(s.path("promos.yaml"))) }},
		{"after the folder was gone", func(t testing.TB, s *shop) { must(t, os.RemoveAll(s.dir)) }},
		{"after a refused publication", func(t testing.TB, s *shop) {
			s.refuse(errCurrency)
			write(t, s.path("promos.yaml"), percent(20))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := pollShop(t, map[string]string{"promos.yaml": percent(10)})
				s.run()
				synctest.Wait()
				before := s.w.Status()
				tt.spoil(t, s)
				pass(store.DefaultPoll + store.DefaultDebounce)
				write(t, s.path("promos.yaml"), percent(10))
				pass(store.DefaultPoll)
				want := before
				want.Refusals, want.LastAttempt = 1, time.Now()
				if got := s.w.Status(); got != want {
					t.Errorf("status: got %+v, want %+v", got, want)
				}
				s.wantPublished("10")
				s.wantObserved("good 10", "fault, still 10", "good 10")
				s.wantLog(loaded, watching, refused, again)
			})
		})
	}
}

// TestPollAgreesWithAModel spoils and mends a folder at random and compares the
// status with what the contract says.
func TestPollAgreesWithAModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { rapid.Check(timeless{t}, agreesWithAModel) })
}

func agreesWithAModel(t *rapid.T) {
	dir, err := os.MkdirTemp("", "rules")
	must(t, err)
	defer os.RemoveAll(dir)
	m := &model{dir: dir, files: map[string]string{}}
	m.write("a.yaml", percent(1))
	m.good, m.published = m.digest(), 1

	s := &shop{dir: dir, labels: make(map[string]string)}
	w, err := store.Open(store.Options{Dir: dir, Compile: s.compile, Publish: s.publish, Mode: store.ModePoll})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	defer func() { cancel(); must(t, <-done) }()

	for range rapid.IntRange(1, 8).Draw(t, "looks") {
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			m.change(t, s)
		}
		pass(store.DefaultPoll + store.DefaultDebounce)
		fault := m.look(s.refusal)
		got := w.Status()
		if got.Digest != m.good || got.LastSuccess != (fault == "") || (got.LastError == nil) != got.LastSuccess {
			t.Fatalf("files %v, fault %q: got %+v, want digest %s in force", m.files, fault, got, m.good)
		}
		if n := s.publications(); n != m.published || got.Loads != int64(n) {
			t.Fatalf("got %d publications, %d loads, want %d", n, got.Loads, m.published)
		}
	}
}

// model is a rule folder as the contract sees it.
type model struct {
	dir       string
	files     map[string]string
	good      string // digest in force
	published int
}

func (m *model) change(t *rapid.T, s *shop) {
	name := rapid.SampledFrom([]string{"a.yaml", "b.yaml", "sub/c.yaml"}).Draw(t, "file")
	switch rapid.SampledFrom([]string{"write", "write", "break", "remove", "empty", "gone", "refuse", "accept"}).Draw(t, "change") {
	case "write":
		m.write(name, percent(rapid.IntRange(0, 3).Draw(t, "percent")))
	case "break":
		m.write(name, broken)
	case "remove":
		_ = os.Remove(filepath.Join(m.dir, name))
		delete(m.files, name)
	case "empty":
		_ = os.RemoveAll(m.dir)
		_ = os.Mkdir(m.dir, 0o755)
		clear(m.files)
	case "gone":
		_ = os.RemoveAll(m.dir)
		clear(m.files)
	case "refuse":
		s.refuse(errCurrency)
	case "accept":
		s.refuse(nil)
	}
}

func (m *model) write(name, text string) {
	path := filepath.Join(m.dir, name)
	_ = os.MkdirAll(filepath.Dir(path), 0o755)
	_ = os.WriteFile(path, []byte(text), 0o644)
	m.files[name] = text
}

// look does what a reload should do and returns the fault, "" for none.
func (m *model) look(refusal error) string {
	switch digest := m.digest(); {
	case len(m.files) == 0:
		return "no files"
	case digest == m.good:
		return ""
	case slices.Contains(slices.Collect(maps.Values(m.files)), broken):
		return "broken"
	case refusal != nil:
		return "refused"
	default:
		m.good = digest
		m.published++
		return ""
	}
}

func (m *model) digest() string {
	var files []compile.File
	for name, text := range m.files {
		files = append(files, compile.File{Name: name, Data: []byte(text)})
	}
	return compile.Digest(files)
}
