// Package conformance holds a finished plugin, in any language, to the contract. It starts the program as the host does and asks it what
// a shop asks and what a shop should not ask: carts of every size, configs that are wrong, many calls at once, calls that are given up.
//
// It is a package of its own, and not of plugintest, because the program runs it, too: "checkout plugins check" renders the report.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/checkout-promotions/checkout/plugins/internal/launch"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// Options say how a plugin is checked.
type Options struct {
	// Settings are those that it is configured with, a JSON object; {} if they are empty.
	Settings string
	// Env is the environment of the program, PATH and the folder for temporary files if it is nil.
	Env []string
	// StartTimeout is how long it may take to start, 10 seconds if it is 0.
	StartTimeout time.Duration
	// CallTimeout is how long a call may take, 5 seconds if it is 0.
	CallTimeout time.Duration
	// Output gets what the program writes, nil discards it.
	Output io.Writer
}

// Report is what came out.
type Report struct {
	// Path is the program.
	Path string `json:"path"`
	// Description is what it says of itself, nil where it could not be asked.
	Description *sdk.Description `json:"-"`
	// Results are those of the checks that were made. After a failed start there are no further.
	Results []Result `json:"results"`
}

// Result is that of one check.
type Result struct {
	// Name says what was checked, as a sentence about the plugin.
	Name string `json:"name"`
	// Reason says why it failed, "" where it did not.
	Reason string `json:"reason,omitzero"`
	// Took is how long it took.
	Took time.Duration `json:"took_ns"`
}

// OK reports whether the check found nothing.
func (r *Result) OK() bool { return r.Reason == "" }

// OK reports whether no check found anything.
func (r *Report) OK() bool {
	for i := range r.Results {
		if !r.Results[i].OK() {
			return false
		}
	}
	return true
}

// Check checks the plugin at the path. What it finds is in the report; the error says why it could not look. No process is left over, but
// for that of a plugin which does not end with its parent, as the report then says.
func Check(ctx context.Context, path string, o Options) (*Report, error) {
	if o.Settings == "" {
		o.Settings = "{}"
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = 5 * time.Second
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	if o.Env == nil {
		o.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "HOME=" + os.TempDir(), "LANG=C.UTF-8"}
	}
	program, err := filepath.Abs(path) // a bare name would be looked for in PATH
	if err != nil {
		return nil, fmt.Errorf("check plugin: %w", err)
	}
	info, err := os.Stat(program)
	if err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("check plugin: there is no program %s", path)
	}
	if err := launch.Executable(path, info); err != nil {
		return nil, fmt.Errorf("check plugin: %w", err)
	}
	sockets, err := os.MkdirTemp("", "check")
	if err != nil {
		return nil, fmt.Errorf("check plugin: %w", err)
	}
	s := &suite{path: program, o: o, sockets: sockets, report: &Report{Path: path}}
	s.run(ctx)
	if err := errors.Join(ctx.Err(), os.RemoveAll(sockets)); err != nil {
		return nil, fmt.Errorf("check plugin: %w", err)
	}
	return s.report, nil
}

// suite is one run.
type suite struct {
	path    string
	o       Options
	sockets string
	report  *Report

	process *launch.Process
	d       *sdk.Description
}

// check is one thing that is checked.
type check struct {
	name string
	run  func(*suite, context.Context) error
}

// run makes the checks in order. Where the plugin does not start or describe itself, the rest is not to be checked.
func (s *suite) run(ctx context.Context) {
	for _, c := range []check{
		{"started by hand, it says what it is on stderr and ends", (*suite).byHand},
		{"it does not claim a version of the contract that it does not speak", (*suite).versions},
	} {
		s.make(ctx, c)
	}
	if !s.make(ctx, check{"it starts", (*suite).start}) {
		return
	}
	defer s.process.Close(0)
	if !s.make(ctx, check{"it describes itself", (*suite).describe}) {
		return
	}
	for _, c := range checks() {
		if ctx.Err() == nil {
			s.make(ctx, c)
		}
	}
}

func checks() []check {
	return []check{
		{"it is healthy", (*suite).healthy},
		{"it refuses settings that are no object", (*suite).wrongSettings},
		{"it takes its settings", (*suite).configure},
		{"it answers its examples", (*suite).examples},
		{"it answers an empty cart", (*suite).emptyCart},
		{"it answers 500 lines", (*suite).longCart},
		{"it answers the dearest cart there can be", (*suite).dearCart},
		{"it tells its facts", (*suite).facts},
		{"it refuses configs of wrong types", (*suite).wrongConfigs},
		{"it refuses kinds of deals that it does not have", (*suite).unknownKind},
		{"it ignores fields that it does not know", (*suite).unknownFields},
		{"it answers the same request the same", (*suite).deterministic},
		{"it answers 32 calls at once", (*suite).concurrent},
		{"it outlives calls that are given up", (*suite).cancelled},
		{"it outlives calls whose time is over", (*suite).deadlines},
		{"it outlives a request that is too large", (*suite).oversized},
		{"it ends when it is told to", (*suite).ends},
		{"it leaves no socket behind", (*suite).leavesNothing},
		{"it ends when its parent is killed", (*suite).orphaned},
	}
}

func (s *suite) make(ctx context.Context, c check) (ok bool) {
	began := time.Now()
	result := Result{Name: c.name}
	if err := c.run(s, ctx); err != nil {
		result.Reason = err.Error()
	}
	result.Took = time.Since(began)
	s.report.Results = append(s.report.Results, result)
	return result.OK()
}
