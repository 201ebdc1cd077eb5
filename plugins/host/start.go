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
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/process"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

// starter starts the programs of a folder.
type starter struct {
	options *Options
	scratch string // a folder that only this user can read: copies and sockets
	number  atomic.Int64
	running sync.WaitGroup
}

func newStarter(o *Options) (*starter, error) {
	scratch, err := os.MkdirTemp("", "checkout-")
	if err != nil {
		return nil, fmt.Errorf("new plugin host: %w", err)
	}
	return &starter{options: o, scratch: scratch}, nil
}

// close waits for all programs and removes what they had.
func (s *starter) close() error {
	s.running.Wait()
	return os.RemoveAll(s.scratch)
}

// path is that of the program of a plugin.
func (s *starter) path(name string) string { return Path(s.options.Dir, name) }

// lookAt tells one state of a file from another.
func lookAt(path string) (fileState, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}, err
	}
	return fileState{info.Size(), info.ModTime()}, nil
}

// launch is a launcher. What runs is a copy that was made while its digest was
// taken, so that nobody can put another program in its place in between, except of
// a script, which finds its parts beside it.
func (s *starter) launch(ctx context.Context, pin Pin) (program, string, error) {
	home := filepath.Join(s.scratch, fmt.Sprintf("%d", s.number.Add(1)))
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, "", &startError{engine.NotRunning, false, err}
	}
	p, digest, err := s.launchIn(ctx, pin, home)
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(home))
	}
	return p, digest, nil
}

func (s *starter) launchIn(ctx context.Context, pin Pin, home string) (program, string, error) {
	r, digest, err := s.begin(ctx, pin, home)
	if err != nil {
		return nil, "", err
	}
	if err := r.describe(ctx); err != nil {
		r.kill()
		return nil, "", err
	}
	if err := r.prepare(ctx); err != nil {
		r.kill()
		return nil, "", err
	}
	return r, digest, nil
}

// begin starts a program, and asks it nothing yet.
func (s *starter) begin(ctx context.Context, pin Pin, home string) (*remote, string, error) {
	path, digest, err := take(s.path(pin.Name), filepath.Join(home, "program"))
	if err != nil {
		return nil, "", &startError{engine.NotRunning, false, err}
	}
	if !s.options.Dev && !slices.Contains(pin.Digests, digest) {
		return nil, "", &startError{engine.BadChecksum, true, fmt.Errorf(
			"the program has the SHA-256 %s, which plugins.lock.yaml does not have; if it is meant to, run checkout plugins lock", digest)}
	}
	log := s.options.Logger.With("plugin", pin.Name)
	started, err := process.Start(ctx, process.Options{
		Path: path, Dir: s.options.Dir, Env: environment(home), Sockets: home, Timeout: s.options.Start, Memory: s.options.Memory,
		Output: func(line string) { log.Info("plugin prints", "line", engine.CleanPluginText(line)) },
	})
	if _, mismatch := errors.AsType[*launch.VersionError](err); mismatch {
		return nil, "", &startError{engine.VersionMismatch, true, err}
	}
	if err != nil {
		return nil, "", &startError{engine.NotRunning, false, err}
	}
	return &remote{process: started, pin: pin, options: s.options, home: home}, digest, nil
}

// environment is all that a plugin gets of it: nothing of ours, which has
// passwords.
func environment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + home, "HOME=" + home, "TZ=UTC", "LANG=C.UTF-8"}
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
	process   *process.Process
	pin       Pin
	options   *Options
	home      string
	described *pluginpb.DescribeResponse
	kinds     map[string]*pluginpb.DealKind
	told      map[string]*pluginpb.Fact
	types     map[string]pluginpb.FactType
}

// describe learns what the program is.
func (r *remote) describe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Start)
	defer cancel()
	var err error
	if r.described, err = r.process.Describe(ctx, &pluginpb.DescribeRequest{}); err != nil {
		return &startError{engine.CallFailed, false, fmt.Errorf("describe: %w", err)}
	}
	if err := r.compare(); err != nil {
		return &startError{engine.VersionMismatch, true, err}
	}
	return nil
}

// prepare gives the program its settings, and lets it work once, so that its first
// customer does not wait.
func (r *remote) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Start)
	defer cancel()
	settings := string(r.options.Settings[r.pin.Name])
	if settings == "" {
		settings = "{}"
	}
	_, err := r.process.Configure(ctx, &pluginpb.ConfigureRequest{Settings: settings, Currency: currencyOf(r.options.Currency)})
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

// compare holds the plugin to what the rules know of it.
func (r *remote) compare() error {
	d := r.described
	if d.GetName() != r.pin.Name {
		return fmt.Errorf("it calls itself %.80q", d.GetName())
	}
	if d.GetVersion() != r.pin.Version && !r.options.Dev {
		return fmt.Errorf("it is version %.40s, plugins.lock.yaml has %s; run checkout plugins lock", d.GetVersion(), r.pin.Version)
	}
	r.kinds, r.told, r.types = make(map[string]*pluginpb.DealKind), make(map[string]*pluginpb.Fact), make(map[string]pluginpb.FactType)
	for _, k := range d.GetDeals() {
		r.kinds[k.GetName()] = k
	}
	for _, f := range d.GetFacts() {
		r.told[f.GetName()], r.types[f.GetName()] = f, f.GetType()
	}
	for kind, effect := range r.pin.Kinds {
		k := r.kinds[kind]
		if k == nil {
			return fmt.Errorf("it has no kind of deal %s; run checkout plugins lock", kind)
		}
		if said := wire.Word(k.GetEffect()); said != effect.String() {
			return fmt.Errorf("the effect of its deal %s is %s, the rules were written for %s; run checkout plugins lock", kind, said, effect)
		}
	}
	for _, fact := range r.pin.Facts {
		if r.told[fact] == nil {
			return fmt.Errorf("it has no fact %s; run checkout plugins lock", fact)
		}
	}
	return nil
}

func (r *remote) version() string { return r.described.GetVersion() }

func (r *remote) pid() int { return r.process.PID() }

func (r *remote) check(ctx context.Context) error {
	health, err := r.process.Health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: wire.Name})
	if err != nil {
		return err
	}
	if s := health.GetStatus(); s != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("it says %s", s)
	}
	return nil
}

func (r *remote) evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) ([]engine.Answer, error) {
	want := make(fields)
	for _, q := range questions {
		for _, f := range r.kinds[q.Kind].GetFields() {
			want[f] = true
		}
	}
	response, err := r.process.Evaluate(ctx, evaluateRequest(cart, at, questions, want))
	if err != nil {
		return nil, err
	}
	return answersOf(response, questions)
}

func (r *remote) facts(ctx context.Context, cart *engine.Cart, at time.Time, names []string) (map[string]engine.Value, error) {
	want := make(fields)
	for _, name := range names {
		for _, f := range r.told[name].GetFields() {
			want[f] = true
		}
	}
	response, err := r.process.Facts(ctx, factsRequest(cart, at, names, want))
	if err != nil {
		return nil, err
	}
	return factsOf(response, names, r.types)
}

// exceeds holds the program to the smaller of what it asked for and what it may.
func (r *remote) exceeds() string {
	limits := r.described.GetLimits()
	memory, cpu := r.options.Memory, r.options.CPU
	if asked := int64(limits.GetMemoryMib()) << 20; asked > 0 {
		memory = min(memory, asked)
	}
	if asked := int64(limits.GetCpuPercent()); asked > 0 && (cpu == 0 || asked < cpu) {
		cpu = asked
	}
	return r.process.Exceeds(memory, cpu)
}

func (r *remote) ended() <-chan struct{} { return r.process.Ended() }

func (r *remote) ending() string { return r.process.Ending() }

func (r *remote) kill() {
	r.process.Kill()
	if err := os.RemoveAll(r.home); err != nil {
		r.options.Logger.Error("remove what a plugin had", "plugin", r.pin.Name, "error", err)
	}
}
