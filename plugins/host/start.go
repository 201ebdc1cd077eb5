package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/contract"
	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// startsAtOnce is how many programs start at the same time: each takes a tenth of a
// second of a processor, and many at once would not be ready in time.
const startsAtOnce = 8

// starter starts the programs of a folder.
type starter struct {
	options *Options
	runtime string   // a folder that only this user can read: copies and sockets
	owner   *os.File // marks the folder as in use
	gate    *semaphore.Weighted
	number  atomic.Int64
	running sync.WaitGroup
	closing sync.Once

	withoutTLS bool // only to measure what TLS takes
}

func newStarter(o *Options) (*starter, error) {
	dir, owner, err := newRuntime(os.TempDir())
	if owner == nil {
		return nil, fmt.Errorf("new plugin host: %w", err)
	}
	if err != nil {
		o.Logger.Warn("remove what killed hosts of plugins have left", "error", err.Error())
	}
	return &starter{options: o, runtime: dir, owner: owner, gate: semaphore.NewWeighted(startsAtOnce)}, nil
}

// close waits for all programs and removes what they had.
func (s *starter) close() (err error) {
	s.running.Wait()
	s.closing.Do(func() { err = removeRuntime(s.runtime, s.owner) })
	return err
}

// path is that of the program of a plugin.
func (s *starter) path(name string) string { return Path(s.options.Dir, name) }

// lookAt tells one state of a file from another. What is not a program that may be
// executed is an error.
func lookAt(path string) (fileState, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}, err
	}
	state := fileState{info}
	if err := launch.Executable(path, info); err != nil {
		return state, &startError{engine.NotRunning, true, err}
	}
	return state, nil
}

// launch is a launcher. What runs is a copy that was made while its digest was
// taken, so that nobody can put another program in its place in between, except of
// a script, which finds its parts beside it.
func (s *starter) launch(ctx context.Context, pin Pin) (program, error) {
	if err := s.gate.Acquire(ctx, 1); err != nil {
		return nil, &startError{engine.NotRunning, false, err}
	}
	defer s.gate.Release(1)
	home, err := s.newHome()
	if err != nil {
		return nil, &startError{engine.NotRunning, false, err}
	}
	r, err := s.begin(ctx, pin, home)
	if err != nil {
		return nil, errors.Join(notStarted(err), os.RemoveAll(home))
	}
	if err = r.describe(ctx, pin); err == nil {
		err = r.prepare(ctx)
	}
	if err != nil {
		r.kill()
		return nil, err
	}
	return r, nil
}

// newHome makes a folder for a program.
func (s *starter) newHome() (string, error) {
	home := filepath.Join(s.runtime, strconv.FormatInt(s.number.Add(1), 10))
	return home, os.Mkdir(home, 0o700)
}

// begin starts a program, and asks it nothing yet.
func (s *starter) begin(ctx context.Context, pin Pin, home string) (*remote, error) {
	path, digest, err := take(s.path(pin.Name), filepath.Join(home, "program"))
	if err != nil {
		return nil, &startError{engine.NotRunning, false, err}
	}
	r := &remote{name: pin.Name, sum: digest, options: s.options, home: home}
	if err := r.allowed(pin); err != nil {
		return nil, err
	}
	log := s.options.Logger.With("plugin", pin.Name)
	r.output.tell = func(line string) { log.Info("plugin prints", "line", engine.CleanPluginText(line)) }
	r.Process, err = launch.Start(ctx, launch.Options{
		Path: path, Dir: s.options.Dir, Env: environment(home, s.options.Memory), Runtime: home, StartTimeout: s.options.Start, WithoutTLS: s.withoutTLS,
		Output: &r.output, Started: func(pid int) error { return limit(pid, s.options.Memory) },
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// environment is all that a plugin gets of it: nothing of ours, which has
// passwords. A plugin in Go learns to collect its garbage before it uses more than
// memory, in bytes; a quarter of it is for what its heap does not count.
func environment(home string, memory int64) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + home, "HOME=" + home, "TZ=UTC", "LANG=C.UTF-8"}
	env = append(env, "GOMEMLIMIT="+strconv.FormatInt(memory/4*3, 10))
	if runtime.GOOS == "windows" { // where nothing starts without the first
		env = append(env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"), "TMP="+home, "TEMP="+home)
	}
	return env
}

// take copies a program, and returns what to run and the SHA-256 of what was
// copied.
func take(from, to string) (path, digest string, err error) {
	source, err := os.Open(from)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500)
	if err != nil {
		return "", "", err
	}
	sum := sha256.New()
	var head bytes.Buffer
	_, err = io.Copy(io.MultiWriter(target, sum, &firstBytes{&head, 2}), source)
	if err := errors.Join(err, target.Close()); err != nil {
		return "", "", err
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	if head.String() == "#!" {
		return from, digest, os.Remove(to)
	}
	return to, digest, nil
}

// firstBytes keeps the first n bytes.
type firstBytes struct {
	into *bytes.Buffer
	n    int
}

func (f *firstBytes) Write(text []byte) (int, error) {
	f.into.Write(text[:min(len(text), f.n-f.into.Len())])
	return len(text), nil
}

// remote is a program that was started.
type remote struct {
	*launch.Process
	name      string
	sum       string // its SHA-256, in hex
	options   *Options
	home      string
	output    lines
	described *pluginpb.DescribeResponse
	kinds     map[string]contract.Fields // of the kinds of deals
	told      map[string]contract.Fields // of the facts
	types     map[string]sdk.FactType
	effects   map[string]string
	meter     meter
}

// notStarted says why a program was not started, as short as the text of a fault has
// to be: the log has what was printed.
func notStarted(err error) error {
	e, ok := errors.AsType[*launch.StartError](err)
	if !ok {
		return err
	}
	brief := fmt.Errorf("start: %w", e.Err)
	if cause := e.Printed.Cause(); cause != "" {
		brief = fmt.Errorf("%w; it printed: %s", brief, cause)
	}
	if _, mismatch := errors.AsType[*launch.VersionError](err); mismatch {
		return &startError{engine.VersionMismatch, true, brief}
	}
	return &startError{engine.NotRunning, false, brief}
}

// describe learns what the program is.
func (r *remote) describe(ctx context.Context, pin Pin) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Start)
	defer cancel()
	var err error
	if r.described, err = r.Describe(ctx, &pluginpb.DescribeRequest{}); err != nil {
		return &startError{engine.CallFailed, false, fmt.Errorf("describe: %w%s", err, r.lastWords())}
	}
	r.learn()
	if err := r.fits(pin); err != nil {
		return err
	}
	if err := limit(r.PID(), r.memory()); err != nil {
		return &startError{engine.NotRunning, false, err}
	}
	return nil
}

// prepare gives the program its settings, and lets it work once, so that its first
// customer does not wait.
func (r *remote) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Start)
	defer cancel()
	settings := string(r.options.Settings[r.name])
	if settings == "" {
		settings = "{}"
	}
	_, err := r.Configure(ctx, &pluginpb.ConfigureRequest{Settings: settings, Currency: contract.Currency(r.options.Currency)})
	if err != nil {
		return &startError{engine.CallFailed, true, fmt.Errorf("its settings: %w", err)}
	}
	if err := r.check(ctx); err != nil {
		return &startError{engine.CallFailed, false, fmt.Errorf("health: %w", err)}
	}
	if _, err := r.evaluate(ctx, &engine.Cart{Currency: r.options.Currency}, time.Now(), nil); err != nil {
		return &startError{engine.CallFailed, false, fmt.Errorf("an empty cart: %w", err)}
	}
	return nil
}

// learn keeps what calls need of what the program says of itself.
func (r *remote) learn() {
	r.effects, r.types = make(map[string]string), make(map[string]sdk.FactType)
	r.kinds, r.told = make(map[string]contract.Fields), make(map[string]contract.Fields)
	for _, k := range r.described.GetDeals() {
		r.kinds[k.GetName()], r.effects[k.GetName()] = contract.Sent(k.GetFields()), wire.Word(k.GetEffect())
	}
	for _, f := range r.described.GetFacts() {
		r.told[f.GetName()], r.types[f.GetName()] = contract.Sent(f.GetFields()), sdk.FactType(wire.Word(f.GetType()))
	}
}

// allowed tells whether the pin has the program.
func (r *remote) allowed(pin Pin) error {
	if r.options.Dev || slices.Contains(pin.Digests, r.sum) {
		return nil
	}
	return &startError{engine.BadChecksum, true, fmt.Errorf(
		"the program has the SHA-256 %s, which plugins.lock.yaml does not have; if it is meant to, run checkout plugins lock", r.sum)}
}

func (r *remote) fits(pin Pin) error {
	if err := r.allowed(pin); err != nil {
		return err
	}
	if err := r.compare(pin); err != nil {
		return &startError{engine.VersionMismatch, true, err}
	}
	return nil
}

// compare holds the plugin to what the rules know of it.
func (r *remote) compare(pin Pin) error {
	d := r.described
	if d.GetName() != pin.Name {
		return fmt.Errorf("it calls itself %.80q", d.GetName())
	}
	if d.GetVersion() != pin.Version && !r.options.Dev {
		return fmt.Errorf("it is version %.40s, plugins.lock.yaml has %s; run checkout plugins lock", d.GetVersion(), pin.Version)
	}
	for kind, effect := range pin.Kinds {
		said, known := r.effects[kind]
		if !known {
			return fmt.Errorf("it has no kind of deal %s; run checkout plugins lock", kind)
		}
		if said != effect.String() {
			return fmt.Errorf("the effect of its deal %s is %s, the rules were written for %s; run checkout plugins lock", kind, said, effect)
		}
	}
	for _, fact := range pin.Facts {
		if _, known := r.told[fact]; !known {
			return fmt.Errorf("it has no fact %s; run checkout plugins lock", fact)
		}
	}
	return nil
}

func (r *remote) digest() string { return r.sum }

func (r *remote) version() string { return r.described.GetVersion() }

// check takes a program that a debugger holds, in development, for healthy: it stands still
// because somebody looks at it.
func (r *remote) check(ctx context.Context) error {
	health, err := r.Health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: wire.Name})
	if err != nil && r.options.Dev && debugged(r.PID()) {
		return nil
	}
	if err != nil {
		return err
	}
	if s := health.GetStatus(); s != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("it says %s", s)
	}
	return nil
}

func (r *remote) evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) ([]engine.Answer, error) {
	var want contract.Fields
	for i := range questions {
		want |= r.kinds[questions[i].Kind]
	}
	response, err := r.Evaluate(ctx, contract.EvaluateRequest(cart, at, questions, want))
	if err != nil {
		return nil, err
	}
	return answersOf(response, questions)
}

func (r *remote) facts(ctx context.Context, cart *engine.Cart, at time.Time, names []string) (map[string]engine.Value, error) {
	var want contract.Fields
	for _, name := range names {
		want |= r.told[name]
	}
	response, err := r.Facts(ctx, contract.FactsRequest(cart, at, names, want))
	if err != nil {
		return nil, err
	}
	return factsOf(response, names, r.types)
}

// What a program may use is the smaller of what it asks for and what it may; 0 asks
// for nothing.

func (r *remote) memory() int64 {
	return smaller(r.options.Memory, int64(r.described.GetLimits().GetMemoryMib())<<20)
}

func (r *remote) timeout() time.Duration {
	return smaller(r.options.Timeout, time.Duration(r.described.GetLimits().GetCallTimeoutMs())*time.Millisecond)
}

func (r *remote) inFlight() int64 {
	return smaller(r.options.MaxInFlight, int64(r.described.GetLimits().GetMaxInFlight()))
}

func (r *remote) exceeds() string {
	return r.meter.exceeds(r.PID(), r.memory(), smaller(r.options.CPU, int64(r.described.GetLimits().GetCpuPercent())))
}

// smaller returns the smaller of two that are not 0.
func smaller[N int64 | time.Duration](a, b N) N {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func (r *remote) pid() int { return r.PID() }

func (r *remote) ended() <-chan struct{} { return r.Exited() }

func (r *remote) ending() string {
	text := "its connection is lost"
	if state := r.ExitText(); state != "" {
		text = state
	}
	if cause := r.Printed().Cause(); cause != "" {
		text += ": " + cause
	}
	return text
}

// lastWords says that the program has ended after all, "" where it has not.
func (r *remote) lastWords() string {
	select {
	case <-r.ended():
		return "; it has ended: " + r.ExitText() + r.Printed().Printed()
	case <-time.After(endingWait):
		return ""
	}
}

// politely is how long a program may take to end by itself.
const politely = time.Second

func (r *remote) kill() {
	r.Close(politely)
	endLeftovers(r.home)
	if err := os.RemoveAll(r.home); err != nil {
		r.options.Logger.Error("remove what a plugin had", "plugin", r.name, "error", err)
	}
}
