//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

const (
	// callTime is how long a call may take in these tests.
	callTime = 500 * time.Millisecond
	// startTime is how long a program may take to start where one takes all of it, and
	// another then has to serve within it on a busy machine.
	startTime = 6 * time.Second
	// quoteBound is how long a quote may take: facts, answers, and what a machine
	// with two busy processors adds.
	quoteBound = 2*callTime + 2*time.Second
)

// load prices carts without an end, and remembers what it saw.
type load struct {
	f       *folder
	stopped context.CancelFunc
	all     sync.WaitGroup

	mu     sync.Mutex
	quotes int
	served int // quotes with the answer of the plugin
	faults map[engine.PluginFault]int
	took   []time.Duration
	broken string // what must never be
}

// customers lets so many customers price carts at once, by rules with the kind of
// deal and its config.
func (f *folder) customers(n int, kind, config string) *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{f: f, stopped: stop, faults: make(map[engine.PluginFault]int)}
	rules := rulesOf(f.t, dollars(f.t), kind, config, false)
	for range n {
		l.all.Go(func() {
			for ctx.Err() == nil {
				l.price(rules)
			}
		})
	}
	return l
}

// price prices one cart and holds what must always be true against it.
func (l *load) price(rules *engine.Ruleset) {
	began := time.Now()
	req, err := rules.Consult(context.Background(), l.f.host, cart(rules.Currency(), "c"))
	took := time.Since(began)
	var quote engine.Quote
	if err == nil {
		quote, err = rules.Price(req)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quotes++
	l.took = append(l.took, took)
	switch {
	case err != nil:
		l.broken = err.Error()
	case took > quoteBound:
		l.broken = "a quote took " + took.String()
	case quoted(&quote, "ten").Discount != 2000:
		l.broken = fmt.Sprintf("the other promotion: %+v", quoted(&quote, "ten"))
	}
	theirs := quoted(&quote, "theirs")
	switch {
	case theirs.Reason == engine.PluginFailed && theirs.Obstacle != nil && theirs.Obstacle.Fault != "":
		l.faults[theirs.Obstacle.Fault]++
		if quote.Discount != 2000 {
			l.broken = "a failed plugin has changed the price"
		}
	case theirs.Reason == engine.PluginFailed:
		l.broken = "a failure without a name"
	default:
		l.served++
	}
}

func quoted(quote *engine.Quote, id string) engine.Outcome {
	i := slices.IndexFunc(quote.Promotions, func(o engine.Outcome) bool { return o.Promotion == id })
	if i < 0 {
		return engine.Outcome{}
	}
	return quote.Promotions[i]
}

// end ends the load, and fails the test for what must never be.
func (l *load) end() {
	l.f.t.Helper()
	l.stopped()
	l.all.Wait()
	if l.broken != "" || l.quotes == 0 {
		l.f.t.Errorf("of %d quotes: %s", l.quotes, l.broken)
	}
}

// until waits until what the load saw is enough.
func (l *load) until(what string, enough func(l *load) bool) {
	l.f.t.Helper()
	l.f.until(what, func(host.Status) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return enough(l)
	})
}

// answered is how many quotes had the answer of the plugin.
func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.served
}

// Whatever a plugin does, other promotions give what they give to the cent, each
// quote is there in time, the fault has a name, and afterwards the plugin serves
// again without anybody's help.
func TestWhatAPluginDoesHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	kill := func(signal syscall.Signal) func(*folder) {
		return func(f *folder) {
			if err := syscall.Kill(f.status().PID, signal); err != nil {
				f.t.Error(err)
			}
		}
	}
	asked := func(config string) func(*folder) {
		return func(f *folder) { f.price(f.rules(config, false), "c") }
	}
	for _, c := range []struct {
		name   string
		kind   string
		config string // what it does in every call
		do     func(*folder)
		faults []engine.PluginFault // one of which is seen
		logged string               // what the log says of it, where quotes need not tell
	}{
		{"hangs", "some", `{"do":"hang"}`, nil, []engine.PluginFault{engine.TimedOut}, ""},
		{"panics", "some", `{"do":"panic"}`, nil, []engine.PluginFault{engine.CallFailed}, ""},
		{"exits", "some", `{"do":"exit"}`, nil, []engine.PluginFault{engine.Crashed}, ""},
		{"floods its output", "some", `{"do":"flood","off":-1}`, nil, []engine.PluginFault{engine.NegativeAmount, engine.TimedOut}, ""},
		{"floods stdout without lines", "some", `{"do":"raw","off":-1}`, nil, []engine.PluginFault{engine.NegativeAmount}, ""},
		{"eats memory", "some", `{"do":"eat"}`, nil, []engine.PluginFault{engine.Crashed}, ""},
		{"answers for unknown lines", "units", `{"do":"unknown"}`, nil, []engine.PluginFault{engine.UnknownLine}, ""},
		{"takes more units than there are", "units", `{"do":"many"}`, nil, []engine.PluginFault{engine.TooManyUnits}, ""},
		{"takes more than units cost", "units", `{"do":"dear"}`, nil, []engine.PluginFault{engine.AbovePrice}, ""},
		{"adds to the price of units", "units", `{"do":"below"}`, nil, []engine.PluginFault{engine.NegativeAmount}, ""},
		{"answers with thousands of lines", "units", `{"do":"lines"}`, nil, []engine.PluginFault{engine.TooLarge}, ""},
		{"adds to the price", "some", `{"off":-5}`, nil, []engine.PluginFault{engine.NegativeAmount}, ""},
		{"takes off all money there is", "some", `{"off":9223372036854775807}`, nil, []engine.PluginFault{engine.AbovePrice}, ""},
		{"awards no number", "award", `{"do":"NaN"}`, nil, []engine.PluginFault{engine.BadNumber}, ""},
		{"answers with megabytes", "some", `{"do":"huge"}`, nil, []engine.PluginFault{engine.TooLarge}, ""},
		{"is killed", "some", `{"off":1}`, kill(syscall.SIGKILL), []engine.PluginFault{engine.Crashed, engine.NotRunning}, ""},
		{"is stopped", "some", `{"off":1}`, kill(syscall.SIGSTOP), []engine.PluginFault{engine.TimedOut}, ""},
		{"loses its connection and lives", "some", `{"off":1}`, asked(`{"do":"unplug"}`), []engine.PluginFault{engine.Crashed}, ""},
		{"spins", "some", `{"off":1}`, asked(`{"do":"spin"}`), nil, "% of a processor, more than 50"},
		{"is replaced by another program", "some", `{"off":1}`, func(f *folder) { f.install("evil") }, nil, "plugins.lock.yaml does not have"},
		{"is removed", "some", `{"off":1}`, func(f *folder) {
			kill(syscall.SIGKILL)(f)
			f.write("rogue", "")
			f.until("refusal", func(s host.Status) bool { return s.State == host.Refused })
			f.install("")
		}, []engine.PluginFault{engine.Crashed, engine.NotRunning, engine.BadChecksum}, ""},
		{"is of another version from then on", "some", `{"off":1}`, func(f *folder) {
			f.write("rogue.version", "2.0.0")
			kill(syscall.SIGKILL)(f)
			f.until("refusal", func(s host.Status) bool { return s.State == host.Refused && s.Fault == engine.VersionMismatch })
		}, []engine.PluginFault{engine.VersionMismatch}, "it is version 2.0.0, plugins.lock.yaml has 1.0.0"},
	} {
		if !bounded && c.name == "eats memory" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{Timeout: callTime, Memory: memory(256 << 20), CPU: 50})
			f.use()
			f.wantServed()
			before := f.status()
			l := f.customers(4, c.kind, c.config)
			if c.do != nil {
				c.do(f)
			}
			if c.faults != nil {
				l.until("the fault", func(l *load) bool {
					return slices.ContainsFunc(c.faults, func(fault engine.PluginFault) bool { return l.faults[fault] > 0 })
				})
			}
			if c.logged != "" {
				f.until("the log", func(host.Status) bool { return strings.Contains(f.log.String(), c.logged) })
				served := l.answered()
				l.until("quotes", func(l *load) bool { return l.served > served+100 || len(c.faults) > 0 })
			}
			l.end()
			f.mend()
			known := append(slices.Clone(c.faults), engine.CircuitOpen, engine.Overloaded, engine.Crashed, engine.NotRunning, engine.TimedOut)
			for fault := range maps.Keys(l.faults) {
				if !slices.Contains(known, fault) {
					t.Errorf("got the faults %v, want %v", l.faults, c.faults)
				}
			}
			f.wantServed()
			if pid := f.status().PID; pid != before.PID {
				f.wantGone(before.PID)
			}
			f.wantNothingLeft()
		})
	}
}

// mend lets the program be of its version again, if it was not, and puts it where
// the host sees that it is another.
func (f *folder) mend() {
	f.t.Helper()
	if f.status().State != host.Refused {
		return
	}
	f.write("rogue.version", "1.0.0")
	f.write("rogue", "")
	f.until("another refusal", func(s host.Status) bool { return s.Fault == engine.BadChecksum })
	f.install("")
}

// wantNothingLeft wants the folder of the host to have no more than the mark of its
// owner and the home of the program that runs, with its socket and that of go-plugin.
func (f *folder) wantNothingLeft() {
	f.t.Helper()
	f.until("removal of what programs had", func(s host.Status) bool {
		if s.State != host.Running {
			return false
		}
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.PID))
		_, home, _ := strings.Cut(string(environment), "HOME=")
		home, _, _ = strings.Cut(home, "\x00")
		homes, homesErr := filepath.Glob(filepath.Join(filepath.Dir(home), "*"))
		sockets, socketsErr := filepath.Glob(filepath.Join(home, "plugin*"))
		if err := errors.Join(homesErr, socketsErr); err != nil {
			f.t.Fatal(err)
		}
		return err == nil && len(homes) == 2 && len(sockets) <= 2
	})
}

func TestWhatAProgramDoesBeforeItServes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, detail string
		start                time.Duration
	}{
		{"nothing", "hang", "it was not ready within", startTime},
		{"a flood without lines", "flood", "its first line on stdout is not that of a plugin", patience},
		{"a flood of lines", "lines", "its first line on stdout is not that of a plugin", patience},
		{"it eats memory", "eat", "", patience},
	} {
		if !bounded && c.before == "eat" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{Start: c.start, Memory: memory(64 << 20)}, "rogue.before", c.before)
			f.use()
			s := f.until("a failure", func(s host.Status) bool { return s.State == host.Waiting })
			if s.Fault != engine.NotRunning || !strings.Contains(s.Detail, c.detail) {
				t.Errorf("got %+v, want %s", s, c.detail)
			}
			f.write("rogue.before", "")
			f.until("serving", running)
			f.wantServed()
		})
	}
}

func TestAProgramIsKilledAgainAndAgain(t *testing.T) { killAgainAndAgain(t, 3*time.Second) }

// killAgainAndAgain kills the program as soon as it serves, while customers price
// carts: for a while, and twice at least, however slowly it starts.
func killAgainAndAgain(t *testing.T, duration time.Duration) {
	f := newFolder(t, host.Options{Timeout: callTime})
	f.use()
	l := f.customers(8, "some", `{"off":1}`)
	killed, last := 0, 0
	end := time.Now().Add(duration)
	for ; time.Now().Before(end) || killed < 2 && time.Now().Before(end.Add(patience)); time.Sleep(20 * time.Millisecond) {
		s := f.status()
		if s.State != host.Running || s.PID == 0 || s.PID == last {
			continue
		}
		if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		killed, last = killed+1, s.PID
	}
	f.until("the last start", func(s host.Status) bool { return s.State == host.Running && s.PID != last })
	served := l.answered()
	l.until("answers after the last end", func(l *load) bool { return l.served > served })
	l.end()
	slices.Sort(l.took)
	t.Logf("killed %d times in %s: %d quotes, %d with answers, p50 %s, p99 %s, longest %s, faults %v", killed, duration,
		l.quotes, l.served, l.took[len(l.took)/2], l.took[len(l.took)*99/100], l.took[len(l.took)-1], l.faults)
	f.wantNothingLeft()
	if s := f.status(); killed < 2 || s.Restarts != int64(killed) {
		t.Errorf("killed %d times, restarted %d times", killed, s.Restarts)
	}
}
