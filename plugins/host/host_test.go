//go:build linux

package host_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/host"
)

// patience bounds what takes milliseconds, on a machine with much else to do.
const patience = 30 * time.Second

// folder is a folder of plugins with the rogue in it, and its host.
type folder struct {
	t    testing.TB
	dir  string
	host *host.Host
	pin  host.Pin
	log  *log
}

// log is a log that can be read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func dollars(t testing.TB) engine.Currency {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		t.Fatal(err)
	}
	return usd
}

// newFolder starts nothing; files are written into it before.
func newFolder(t testing.TB, o host.Options, files ...string) *folder {
	if parallel, ok := t.(*testing.T); ok {
		parallel.Parallel()
	}
	f := &folder{t: t, dir: t.TempDir(), log: new(log)}
	for i := 0; i < len(files); i += 2 {
		f.write(files[i], files[i+1])
	}
	f.install("")
	f.pin = host.Pin{
		Name: "rogue", Version: "1.0.0", Digests: []string{digestOfBuilt(t)},
		Kinds: map[string]engine.Effect{"some": engine.OrderEffect, "units": engine.ItemEffect, "award": engine.AwardEffect}, Facts: []string{"points"},
	}
	o.Dir, o.Currency = f.dir, dollars(t)
	o.Logger = slog.New(slog.NewJSONHandler(f.log, nil))
	if o.Timeout == 0 {
		o.Timeout = patience
	}
	if o.Memory == 0 {
		o.Memory = memory(1 << 30)
	}
	h, err := host.NewFast(o)
	if err != nil {
		t.Fatal(err)
	}
	f.host = h
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of the host:\n%s", f.log)
		}
	})
	return f
}

func (f *folder) write(name, text string) {
	path := filepath.Join(f.dir, name) // which may be a link to what others use
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(path, []byte(text), 0o755)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// install puts this program into the folder as the rogue; what is appended, one of
// those that build knows, makes it another program.
func (f *folder) install(appended string) {
	f.t.Helper()
	next := filepath.Join(f.dir, "next")
	err := os.Link(built(appended), next)
	if err == nil {
		err = os.Rename(next, filepath.Join(f.dir, "rogue"))
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// built returns the path of this program with something appended, which TestMain has
// made.
func built(appended string) string { return filepath.Join(os.TempDir(), "rogue"+appended) }

// build makes the programs that tests share, each of which is linked into many
// folders, because a program has 20 MB, and notes the SHA-256 of the one that most use.
func build() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	for _, appended := range []string{"", "second", "evil"} {
		err = errors.Join(err, os.WriteFile(built(appended), append(text[:len(text):len(text)], appended...), 0o755))
	}
	sum := sha256.Sum256(text)
	return errors.Join(err, os.WriteFile(built(".sha256"), []byte(hex.EncodeToString(sum[:])), 0o600))
}

func digestOfBuilt(t testing.TB) string {
	text, err := os.ReadFile(built(".sha256"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (f *folder) digest() string { return digestOf(f.t, filepath.Join(f.dir, "rogue")) }

func digestOf(t testing.TB, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// use starts the rogue and waits for that.
func (f *folder) use() {
	f.t.Helper()
	f.host.Use([]host.Pin{f.pin})
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	if err := f.host.Ready(ctx); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) status() host.Status {
	f.t.Helper()
	all := f.host.Status()
	if len(all) != 1 {
		f.t.Fatalf("got %d plugins, want one", len(all))
	}
	return all[0]
}

func (f *folder) until(what string, done func(host.Status) bool) host.Status {
	f.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s := f.status(); done(s) {
			return s
		}
	}
	f.t.Fatalf("%s: not within %s; it is %+v", what, patience, f.status())
	return host.Status{}
}

func running(s host.Status) bool { return s.State == host.Running }

// rules have a promotion of 10 % beside one of the rogue's.
func (f *folder) rules(config string, reject bool) *engine.Ruleset {
	return rulesOf(f.t, dollars(f.t), "some", config, reject)
}

func rulesOf(t testing.TB, usd engine.Currency, kind, config string, reject bool) *engine.Ruleset {
	ten, err := engine.ParseDecimal("10")
	if err != nil {
		t.Fatal(err)
	}
	effect := map[string]engine.Effect{"some": engine.OrderEffect, "units": engine.ItemEffect, "award": engine.AwardEffect}[kind]
	rules, err := engine.NewRuleset(engine.RulesetConfig{Currency: usd, Facts: []engine.FactKey{{Plugin: "rogue", Name: "points"}}, Promotions: []engine.Promotion{
		{ID: "ten", Deals: []engine.Deal{&engine.PercentOff{Of: engine.Selection{Order: true}, Percent: engine.Constant(ten)}}},
		{ID: "theirs", Deals: []engine.Deal{&engine.PluginDeal{Plugin: "rogue", Kind: kind, Config: config, Effect: effect, Reject: reject}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func cart(usd engine.Currency, customer string) engine.Request {
	return engine.Request{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Explain: true, Cart: engine.Cart{
		Currency: usd, Customer: engine.Customer{ID: customer},
		Lines: []engine.Line{{Item: &engine.Item{SKU: "TV", Name: "TV", Price: 10_000}, Quantity: 2}},
	}}
}

// price asks the plugin and prices the cart.
func (f *folder) price(rules *engine.Ruleset, customer string) (engine.Request, engine.Quote) {
	f.t.Helper()
	req, err := rules.Consult(f.t.Context(), f.host, cart(dollars(f.t), customer))
	if err != nil {
		f.t.Fatal(err)
	}
	quote, err := rules.Price(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return req, quote
}

func outcome(t testing.TB, quote engine.Quote, id string) engine.Outcome {
	for _, o := range quote.Promotions {
		if o.Promotion == id {
			return o
		}
	}
	t.Fatalf("the quote tells nothing of %s", id)
	return engine.Outcome{}
}

// wantFault prices a cart and wants the fault, and the other promotion to the cent.
func (f *folder) wantFault(config string, fault engine.PluginFault, detail string) {
	f.t.Helper()
	_, quote := f.price(f.rules(config, false), "c")
	o := outcome(f.t, quote, "theirs")
	if o.Reason != engine.PluginFailed || o.Obstacle == nil || o.Obstacle.Fault != fault || !strings.Contains(o.Obstacle.Detail, detail) {
		f.t.Errorf("got %s %+v, want the fault %s: %s", o.Reason, o.Obstacle, fault, detail)
	}
	if quote.Discount != 2000 {
		f.t.Errorf("got %d off, want the 2000 of the other promotion", quote.Discount)
	}
}

// wantServed wants the plugin to be asked and answered.
func (f *folder) wantServed() {
	f.t.Helper()
	f.until("serving", func(s host.Status) bool {
		_, quote := f.price(f.rules(`{"off":100}`, false), "c")
		return s.State == host.Running && quote.Discount == 2100
	})
}

func TestAPluginIsAskedAndItsAnswerIsPriced(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	req, quote := f.price(f.rules(`{"off":250}`, false), "c")
	if quote.Discount != 2250 || outcome(t, quote, "theirs").Discount != 250 {
		t.Errorf("got %+v", quote)
	}
	points, known := req.Facts["rogue"]["points"].Number()
	if !known || points.String() != "120" || len(req.Facts["rogue"]) != 1 {
		t.Errorf("got the facts %v, want 120 points", req.Facts)
	}
	s := f.status()
	if s.State != host.Running || s.Version != "1.0.0" || s.Digest != f.digest() || s.Calls != 2 || s.P50 <= 0 || s.P99 < s.P50 || s.Circuit != "closed" {
		t.Errorf("got the status %+v", s)
	}
}

func TestWhatGoesWrongWithACall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config string
		fault  engine.PluginFault
		detail string
	}{
		{`{"do":"hang"}`, engine.TimedOut, "no answer within 1s"},
		{`{"do":"panic"}`, engine.CallFailed, "the plugin panicked: deliberate"},
		{`{"do":"fail"}`, engine.CallFailed, "no deals today"},
		{`{"do":"exit"}`, engine.Crashed, "exit status 7"},
		{`{"do":"huge"}`, engine.TooLarge, "larger than max"},
		{`{"do":"stranger"}`, engine.ExtraAnswer, `an answer to "7:nobody", which was not asked`},
		{`{"do":"twice"}`, engine.ExtraAnswer, "the plugin answered twice"},
		{`{"do":"mute"}`, engine.MissingAnswer, "the plugin left it out"},
		{`{"do":"raw","off":-1}`, engine.NegativeAmount, ""},
		{`{"do":"unknown"}`, engine.WrongEffect, "units, of a deal whose effect is order"},
		{`{"off":-1}`, engine.NegativeAmount, "-1 off the order"},
		{`{"off":20001}`, engine.AbovePrice, "20001 off the order, which costs 20000"},
		{`{"off":9223372036854775807}`, engine.AbovePrice, "off the order"},
		{`{"off":1.5}`, engine.CallFailed, "cannot unmarshal number 1.5"},
	} {
		t.Run(c.config, func(t *testing.T) {
			f := newFolder(t, host.Options{Timeout: time.Second})
			f.use()
			f.until("first answer", func(host.Status) bool { _, q := f.price(f.rules(`{"off":1}`, false), "c"); return q.Discount == 2001 })
			f.wantFault(c.config, c.fault, c.detail)
			if n := f.status().Failures[c.fault]; n < 1 {
				t.Errorf("got %d failures counted, want it", n)
			}
			f.wantServed()
		})
	}
}

func TestAFactOfTheWrongTypeIsUnknown(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	for _, customer := range []string{"text", "panic", ""} {
		req, quote := f.price(f.rules(`{"off":1}`, false), customer)
		if len(req.Facts) != 0 || quote.Discount != 2001 {
			t.Errorf("customer %q: got the facts %v and %d off, want none and 2001", customer, req.Facts, quote.Discount)
		}
	}
}

func TestProgramsThatAreNotUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		files  []string
		change func(*folder)
		state  host.State
		fault  engine.PluginFault
		detail string
	}{
		{"one that is not there", nil, func(f *folder) { f.pin.Name = "absent" }, host.Refused, engine.NotRunning, "the folder of plugins has no program absent; put it there"},
		{"one that was not pinned", nil, func(f *folder) { f.pin.Digests = []string{strings.Repeat("0", 64)} }, host.Refused, engine.BadChecksum, "plugins.lock.yaml does not have"},
		{"one that was changed since", nil, func(f *folder) { f.install("evil") }, host.Refused, engine.BadChecksum, "run checkout plugins lock"},
		{"one of another version", []string{"rogue.version", "2.0.0"}, nil, host.Refused, engine.VersionMismatch, "it is version 2.0.0, plugins.lock.yaml has 1.0.0"},
		{"one of another name", []string{"rogue.name", "other"}, nil, host.Refused, engine.VersionMismatch, `it calls itself "other"`},
		{"one without a kind of deal that rules use", nil, func(f *folder) { f.pin.Kinds["more"] = engine.GiftEffect }, host.Refused, engine.VersionMismatch, "it has no kind of deal more"},
		{"one whose deal has another effect", nil, func(f *folder) { f.pin.Kinds["some"] = engine.AwardEffect }, host.Refused, engine.VersionMismatch, "is order, the rules were written for award"},
		{"one without a fact", nil, func(f *folder) { f.pin.Facts = []string{"tier"} }, host.Refused, engine.VersionMismatch, "it has no fact tier"},
		{"one that ends at once", []string{"rogue.start", "exit"}, nil, host.Waiting, engine.CallFailed, "describe"},
		{"one that never describes itself", []string{"rogue.start", "hang"}, nil, host.Waiting, engine.CallFailed, "describe"},
		{"no program", nil, func(f *folder) { f.write("rogue", "hello\n"); f.pin.Digests = []string{f.digest()} }, host.Waiting, engine.NotRunning, "exec format error"},
		{"one that prints before it serves", nil, func(f *folder) {
			f.write("rogue", "#!/bin/sh\necho hello\nexec sleep 100\n")
			f.pin.Digests = []string{f.digest()}
		}, host.Waiting, engine.NotRunning, "hello"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFolder(t, host.Options{Start: startTime}, c.files...)
			if c.change != nil {
				c.change(f)
			}
			f.use()
			if s := f.status(); s.State != c.state || s.Fault != c.fault || !strings.Contains(s.Detail, c.detail) {
				t.Errorf("got %s, %s: %s; want %s, %s: %s", s.State, s.Fault, s.Detail, c.state, c.fault, c.detail)
			}
			if c.name != "one that is not there" {
				f.wantFault(`{"off":1}`, c.fault, c.detail)
			}
		})
	}
}

func TestSettingsThatThePluginRefuses(t *testing.T) {
	f := newFolder(t, host.Options{Settings: map[string]json.RawMessage{"rogue": json.RawMessage(`{"Refuse":"no key of the API"}`)}})
	f.use()
	f.wantFault(`{"off":1}`, engine.CallFailed, "its settings: ")
	f.wantFault(`{"off":1}`, engine.CallFailed, "no key of the API")
}

func TestARefusedProgramIsUsedOnceItIsReplaced(t *testing.T) {
	f := newFolder(t, host.Options{})
	good := f.pin
	f.install("evil")
	f.use()
	f.wantFault(`{"off":1}`, engine.BadChecksum, "")
	f.install("")
	f.until("the good program", running)
	f.wantServed()
	f.pin.Digests = append(f.pin.Digests, "other")
	f.host.Use([]host.Pin{good})
	f.wantServed()
}

// Calls go on while programs take each other's place, and none fails.
func TestAProgramIsReplacedUnderLoad(t *testing.T) {
	f := newFolder(t, host.Options{Timeout: 10 * time.Second})
	f.install("second")
	second := f.digest()
	f.install("")
	f.pin.Digests = append(f.pin.Digests, second)
	f.use()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	rules := f.rules(`{"do":"sleep","sleep":5,"off":1}`, true)
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				req, err := rules.Consult(context.Background(), f.host, cart(rules.Currency(), "c"))
				if err == nil {
					_, err = rules.Price(req)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	first := f.status()
	f.install("second")
	s := f.until("the second program", func(s host.Status) bool { return s.Digest == second })
	f.install("")
	f.until("the first again", func(s host.Status) bool { return s.Digest == first.Digest && s.PID != first.PID })
	stop()
	all.Wait()
	if s.PID == first.PID || len(f.status().Failures) != 0 || f.status().Restarts != 0 {
		t.Errorf("got %+v, want other processes and no failures", f.status())
	}
	f.wantGone(first.PID, s.PID)
}

// wantGone wants processes to end.
func (f *folder) wantGone(pids ...int) {
	f.t.Helper()
	for _, pid := range pids {
		f.until(fmt.Sprintf("end of process %d", pid), func(host.Status) bool { return syscall.Kill(pid, 0) != nil })
	}
}

func TestAReplacementThatIsNotPinnedIsNotUsed(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	pid := f.status().PID
	f.install("evil")
	f.until("a refusal", func(s host.Status) bool { return strings.Contains(s.Detail, "its replacement is not used") })
	f.wantServed()
	if s := f.status(); s.PID != pid {
		t.Errorf("got %+v, want the program that was running", s)
	}
}

func TestAKilledProgramIsStartedAgain(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	for range 3 {
		before := f.status().PID
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		f.until("another process", func(s host.Status) bool { return s.State == host.Running && s.PID != before && s.PID != 0 })
		f.wantServed()
		f.wantGone(before)
	}
	if s := f.status(); s.Restarts != 3 {
		t.Errorf("got %d restarts, want 3", s.Restarts)
	}
}

func TestAProgramThatFailsAgainAndAgainIsNotAsked(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	for range 10 {
		f.wantFault(`{"do":"fail"}`, engine.CallFailed, "")
	}
	f.wantFault(`{"do":"fail"}`, engine.CircuitOpen, "it failed too often")
	if s := f.status(); s.Circuit != "open" {
		t.Errorf("got %+v", s)
	}
	f.wantServed()
}

func TestCallsThatWaitTooLongForTheirTurnAreNotMade(t *testing.T) {
	f := newFolder(t, host.Options{MaxInFlight: 1, Timeout: 400 * time.Millisecond})
	f.use()
	var all sync.WaitGroup
	slow := f.rules(`{"do":"hang"}`, false)
	for range 3 {
		all.Go(func() {
			if _, err := slow.Consult(t.Context(), f.host, cart(slow.Currency(), "")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	failures := f.status().Failures
	if failures[engine.Overloaded] == 0 || failures[engine.TimedOut] == 0 {
		t.Errorf("got the failures %v, want calls that timed out and others that waited for them", failures)
	}
}

func TestTheCallersOwnEndIsNoFailureOfThePlugin(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	rules := f.rules(`{"do":"hang"}`, false)
	for range 12 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if _, err := rules.Consult(ctx, f.host, cart(rules.Currency(), "")); err == nil {
			t.Error("got no error, want that of the context")
		}
		cancel()
	}
	if s := f.status(); s.Circuit != "closed" {
		t.Errorf("got %+v", s)
	}
}

func TestAProgramThatSpinsIsStartedAgain(t *testing.T) {
	f := newFolder(t, host.Options{CPU: 20})
	f.use()
	before := f.status().PID
	f.price(f.rules(`{"do":"spin"}`, false), "c")
	f.until("another process", func(s host.Status) bool { return s.State == host.Running && s.PID != before && s.PID != 0 })
	if !strings.Contains(f.log.String(), "% of a processor, more than 20") {
		t.Errorf("the log does not say why: %s", f.log)
	}
}

func TestAFloodIsLoggedInPart(t *testing.T) {
	f := newFolder(t, host.Options{Timeout: patience})
	f.use()
	if _, quote := f.price(f.rules(`{"do":"flood","off":5}`, false), "c"); quote.Discount != 2005 {
		t.Errorf("got %d off, want 2005", quote.Discount)
	}
	if n := strings.Count(f.log.String(), "spam"); n == 0 || f.log.text.Len() > 1<<20 {
		t.Errorf("got %d bytes of log, want a part of the 40 MB", f.log.text.Len())
	}
}

func TestWhatAProgramHasStartedEndsWithIt(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	f.price(f.rules(`{"do":"child"}`, false), "c")
	children := childrenOf(t, f.status().PID)
	if len(children) != 1 {
		t.Fatalf("got the children %v, want one", children)
	}
	if err := f.host.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); syscall.Kill(children[0], 0) == nil && !zombie(children[0]); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the child lives on")
		}
	}
}

func childrenOf(t *testing.T, pid int) []int {
	var all []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			t.Fatal(err)
		}
		for field := range strings.FieldsSeq(string(text)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err != nil {
				t.Fatal(err)
			}
			all = append(all, child)
		}
	}
	return all
}

// zombie tells whether the process has ended and only nobody has asked.
func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(text, []byte(") Z "))
}

func TestAPluginGetsNothingOfTheEnvironment(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	text := f.environment()
	if strings.Contains(text, "secret") || !strings.Contains(text, "PATH=") {
		t.Errorf("got the environment %q", text)
	}
}

func TestAPluginInGoLearnsHowMuchMemoryItsHeapMayHave(t *testing.T) {
	limit := memory(1 << 30)
	f := newFolder(t, host.Options{Memory: limit})
	f.use()
	if text, want := "\x00"+f.environment(), fmt.Sprintf("\x00GOMEMLIMIT=%d\x00", limit/4*3); !strings.Contains(text, want) {
		t.Errorf("got the environment %q, want %q in it", text, want)
	}
}

// environment is that of the program.
func (f *folder) environment() string {
	f.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", f.status().PID))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

func TestRulesThatNoLongerWantAPluginEndIt(t *testing.T) {
	f := newFolder(t, host.Options{})
	f.use()
	f.wantServed()
	pid := f.status().PID
	f.host.Use(nil)
	for end := time.Now().Add(patience); syscall.Kill(pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it lives on")
		}
	}
	f.wantFault(`{"off":1}`, engine.NotRunning, "no plugin of this name is in use")
}
