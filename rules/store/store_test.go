package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// never is a poll that does not come within a test.
const never = time.Hour

// percent is the text of a rule file in the language of these tests: one
// promotion with so many percent off the order.
func percent(n int) string { return fmt.Sprintf("percent: %d\n", n) }

const broken = "percent: none\n"

// toy compiles the language of these tests.
func toy(files []compile.File) (*engine.Ruleset, error) {
	c := engine.RulesetConfig{Digest: compile.Digest(files)}
	for _, f := range files {
		d, err := engine.ParseDecimal(amount(f))
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no percentage", f.Name, f.Data)
		}
		c.Promotions = append(c.Promotions, engine.Promotion{ID: f.Name, Deals: []engine.Deal{
			&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: engine.Constant(d)},
		}})
	}
	return engine.NewRuleset(c)
}

func amount(f compile.File) string {
	text, ended := strings.CutSuffix(string(f.Data), "\n")
	text, begun := strings.CutPrefix(text, "percent: ")
	if !begun || !ended {
		return ""
	}
	return text
}

// shop is what a Watcher works for: it takes the rulesets and notes everything.
type shop struct {
	t    testing.TB
	dir  string
	opts store.Options
	w    *store.Watcher
	log  recorder

	mu        sync.Mutex
	labels    map[string]string // digest to the percentages, as in "10+5"
	published []string
	observed  []string
	refusal   error
}

// newShop makes a rule folder with the files, and options to watch it by events
// alone.
func newShop(t testing.TB, files map[string]string) *shop {
	t.Helper()
	s := &shop{t: t, dir: filepath.Join(t.TempDir(), "rules"), labels: make(map[string]string)}
	s.opts = store.Options{
		Dir: s.dir, Compile: s.compile, Publish: s.publish, Observe: s.observe, Logger: slog.New(&s.log),
		Debounce: 30 * time.Millisecond, Poll: never,
	}
	for name, text := range files {
		write(t, filepath.Join(s.dir, name), text)
	}
	return s
}

func (s *shop) compile(files []compile.File) (*engine.Ruleset, error) {
	var label []string
	for _, f := range files {
		label = append(label, amount(f))
	}
	s.mu.Lock()
	s.labels[compile.Digest(files)] = strings.Join(label, "+")
	s.mu.Unlock()
	return toy(files)
}

func (s *shop) publish(_ context.Context, r *engine.Ruleset, files []compile.File) error {
	if got := compile.Digest(files); got != r.Digest() {
		s.t.Errorf("published with the files %s: got the ruleset %s", got, r.Digest())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusal != nil {
		return s.refusal
	}
	s.published = append(s.published, s.labels[r.Digest()])
	return nil
}

func (s *shop) observe(status store.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := "good " + s.labels[status.Digest]
	if !status.LastSuccess {
		text = "fault, still " + s.labels[status.Digest]
	}
	s.observed = append(s.observed, text)
}

// refuse makes publish return err, nil to accept again.
func (s *shop) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = err
}

// open loads the rules.
func (s *shop) open() {
	s.t.Helper()
	w, err := store.Open(s.opts)
	if err != nil {
		s.t.Fatalf("Open: %v", err)
	}
	s.w = w
}

// run watches until the test is over, or stop is called.
func (s *shop) run() (stop func()) {
	s.t.Helper()
	if s.w == nil {
		s.open()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: got %v, want nil", err)
		}
	})
	s.t.Cleanup(stop)
	return stop
}

// inForce returns the label of the ruleset in force.
func (s *shop) inForce() string {
	digest := s.w.Status().Digest
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.labels[digest]
}

// until waits for a status.
func (s *shop) until(what string, ok func(store.Status) bool) store.Status {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		status := s.w.Status()
		if ok(status) {
			return status
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within 30 seconds; in force %q, status %+v", what, s.inForce(), status)
		}
	}
}

// good waits until the label is in force and all is well.
func (s *shop) good(label string) {
	s.t.Helper()
	s.until("good with "+label, func(status store.Status) bool { return status.LastSuccess && s.inForce() == label })
}

// fault waits until there is a fault, and returns its text.
func (s *shop) fault() string {
	s.t.Helper()
	return s.until("fault", func(status store.Status) bool { return !status.LastSuccess }).LastError.Error()
}

// looked waits until the folder was compared again, twice to be sure that the
// second look began after the call.
func (s *shop) looked() {
	s.t.Helper()
	for range 2 {
		before := s.w.Status().LastAttempt
		s.until("another look", func(status store.Status) bool { return status.LastAttempt.After(before) })
	}
}

func (s *shop) publications() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.published)
}

func (s *shop) wantPublished(labels ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(labels, s.published); diff != "" {
		s.t.Errorf("published, -want +got:\n%s", diff)
	}
}

func (s *shop) wantObserved(texts ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(texts, s.observed); diff != "" {
		s.t.Errorf("observed, -want +got:\n%s", diff)
	}
}

func (s *shop) wantLog(lines ...string) {
	s.t.Helper()
	if diff := cmp.Diff(lines, s.log.lines()); diff != "" {
		s.t.Errorf("log, -want +got:\n%s", diff)
	}
}

// path is that of a file in the rule folder.
func (s *shop) path(name string) string { return filepath.Join(s.dir, name) }

// recorder is a log handler that keeps level and message, and the attributes by
// key.
type recorder struct {
	mu    sync.Mutex
	text  []string
	attrs map[string]string
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, record.Level.String()+" "+record.Message)
	r.attrs = make(map[string]string)
	record.Attrs(func(a slog.Attr) bool {
		r.attrs[a.Key] = a.Value.String()
		return true
	})
	return nil
}

func (r *recorder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.text...)
}

// last returns an attribute of the last record.
func (r *recorder) last(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attrs[key]
}

// The log messages.
const (
	watching = "INFO watching rules"
	loaded   = "INFO rules loaded"
	again    = "INFO rules good again; the ruleset in force did not change"
	refused  = "ERROR rules not loaded; the last good ruleset stays in force"
	deaf     = "WARN file system events are missing; the poll finds changes"
	hearing  = "INFO file system events work again"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// replace writes a file the way editors do, so that it is never half there.
func replace(t testing.TB, path, text string) {
	t.Helper()
	temp := filepath.Join(filepath.Dir(path), ".replace.tmp")
	write(t, temp, text)
	must(t, os.Rename(temp, path))
}

// relink points a link elsewhere in one step.
func relink(t testing.TB, target, link string) {
	t.Helper()
	temp := link + "_tmp"
	must(t, os.Symlink(target, temp))
	must(t, os.Rename(temp, link))
}

// must is for steps that a test relies on; t may be a rapid.T.
func must(t interface {
	Helper()
	Fatal(args ...any)
}, err error,
) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// timeless hides the deadline of a test from rapid: it may not be asked for in a
// synctest.
type timeless struct{ testing.TB }

var errCurrency = errors.New("the currency changed from USD to EUR")
