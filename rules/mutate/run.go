package mutate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Subject is a folder of rules with its tests.
type Subject struct {
	// Folder is the path of the folder, as it is shown.
	Folder string
	Files  []compile.File
	// Suites test the folder's rules.
	Suites []ruletest.Suite
	// Source reads the test files, for tests that have to be tried.
	Source ruletest.Source
}

// Options say how mutants are run. The zero value runs all on all processors.
type Options struct {
	// Select chooses mutants by their owner; nil chooses all.
	Select func(compile.Owner) bool
	// Sample is how many mutants are run, chosen by chance with Seed; 0 is all.
	Sample int
	Seed   uint64
	// Workers is how many run at once, 0 for one on each processor.
	Workers int
	// Progress is told how many of all mutants are done, in any order and by any
	// goroutine; nil for nobody.
	Progress func(done, total int)
}

// Finding is what became of a mutant.
type Finding struct {
	Mutant
	// Folder is that of the subject.
	Folder string `json:"folder"`
	// Path is that of the file from where the user stands.
	Path   string `json:"path"`
	Killed bool   `json:"killed"`
	// By is the case that failed, as file:line and name, for one that was killed.
	By string `json:"by,omitempty"`
	// Test is an element of tests: that fails for a mutant that survived and passes
	// for the rules, and TestFile the file it belongs into; "" where none was found.
	Test     string `json:"test,omitempty"`
	TestFile string `json:"test_file,omitempty"`
}

// Result is what became of all mutants, in the order of folders, files and places.
type Result struct {
	Findings []Finding
	Killed   int
}

// Add adds what another run found. Results of different folders together are in the
// order in which they were added.
func (r *Result) Add(other Result) {
	r.Findings = append(r.Findings, other.Findings...)
	r.Killed += other.Killed
}

// Percent is how many mutants were killed of a hundred, 100 of none.
func (r Result) Percent() float64 {
	if len(r.Findings) == 0 {
		return 100
	}
	return 100 * float64(r.Killed) / float64(len(r.Findings))
}

// FailingError is that a test fails for the rules as they are.
type FailingError struct {
	Case ruletest.CaseResult
}

// Error implements error.
func (e *FailingError) Error() string {
	return fmt.Sprintf("%s:%d: %s fails for the rules as they are; mutants say something only about tests that pass", e.Case.File, e.Case.Line, e.Case.Name)
}

// Run makes the mutants of the subjects and runs them. Its error is a *FailingError,
// that of the context, or that of ruletest.RunWith.
func Run(ctx context.Context, subjects []Subject, o Options) (Result, error) {
	var jobs []job
	for i := range subjects {
		f, err := newFolder(ctx, &subjects[i])
		if err != nil {
			return Result{}, err
		}
		mutants, err := Of(f.Files)
		if err != nil {
			return Result{}, err
		}
		for _, m := range mutants {
			if o.Select == nil || o.Select(m.Owner) {
				jobs = append(jobs, job{f, m})
			}
		}
	}
	return runAll(ctx, sampled(jobs, o), o)
}

// job is a mutant to be run.
type job struct {
	folder *folder
	mutant Mutant
}

// sampled chooses jobs by chance, and keeps their order.
func sampled(jobs []job, o Options) []job {
	if o.Sample <= 0 || o.Sample >= len(jobs) {
		return jobs
	}
	chosen := rand.New(rand.NewPCG(o.Seed, 0)).Perm(len(jobs))[:o.Sample]
	slices.Sort(chosen)
	sample := make([]job, len(chosen))
	for i, at := range chosen {
		sample[i] = jobs[at]
	}
	return sample
}

func runAll(ctx context.Context, jobs []job, o Options) (Result, error) {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	findings, errs := make([]Finding, len(jobs)), make([]error, len(jobs))
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(jobs) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				findings[i], errs[i] = jobs[i].folder.run(ctx, jobs[i].mutant)
				if n := done.Add(1); o.Progress != nil {
					o.Progress(int(n), len(jobs))
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return Result{}, err
	}
	return resultOf(findings), nil
}

func resultOf(findings []Finding) Result {
	result := Result{Findings: findings}
	for _, f := range findings {
		if f.Killed {
			result.Killed++
		}
	}
	return result
}

// In returns the part of the result that is about a folder.
func (r Result) In(folder string) Result {
	var findings []Finding
	for _, f := range r.Findings {
		if f.Folder == folder {
			findings = append(findings, f)
		}
	}
	return resultOf(findings)
}

// folder is a subject with what its cases do for the rules as they are. It does not
// change while mutants run.
type folder struct {
	*Subject
	rules *engine.Ruleset
	cases []caseOf
}

// caseOf is a case with its suite, and what it priced.
type caseOf struct {
	suite    ruletest.Suite
	requests []engine.Request
	applied  map[string]bool
}

// newFolder runs the tests for the rules as they are.
func newFolder(ctx context.Context, s *Subject) (*folder, error) {
	rules, err := compile.Compile(s.Files)
	if err != nil {
		return nil, err
	}
	f := &folder{Subject: s, rules: rules}
	for _, suite := range s.Suites {
		for _, c := range suite.Cases {
			one := caseOf{suite: suite, applied: make(map[string]bool)}
			one.suite.Cases = []ruletest.Case{c}
			priced := func(_ ruletest.Suite, _ ruletest.Case, request engine.Request) { one.note(rules, request) }
			result, err := ruletest.RunWith(ctx, []ruletest.Suite{one.suite}, ruletest.Filter{}, ruletest.Options{Priced: priced})
			if err != nil {
				return nil, err
			}
			if result.Failed > 0 {
				return nil, &FailingError{result.Cases[0]}
			}
			if c.Skip == "" && c.Prices() { // else its outcome is the same by any rules
				f.cases = append(f.cases, one)
			}
		}
	}
	return f, nil
}

// note keeps a request of the case, and which promotions it applied.
func (c *caseOf) note(rules *engine.Ruleset, request engine.Request) {
	request.Explain, request.Hints = false, false
	c.requests = append(c.requests, request)
	quote, err := rules.Price(request)
	if err != nil {
		return // which the case expects
	}
	for _, o := range quote.Promotions {
		if o.Reason == engine.Applied {
			c.applied[o.Promotion] = true
		}
	}
}

// run looks for a case that fails for the mutant, first among those in which its
// promotion was applied.
func (f *folder) run(ctx context.Context, m Mutant) (Finding, error) {
	found := Finding{Mutant: m, Folder: f.Folder, Path: path.Join(filepath.ToSlash(f.Folder), m.File)}
	rules, err := compile.Compile(m.apply(f.Files))
	if err != nil {
		return found, err
	}
	for _, near := range []bool{true, false} {
		for _, c := range f.cases {
			if c.applied[m.Owner.Name] != near {
				continue
			}
			by, err := c.fails(ctx, rules)
			if err != nil || by != "" {
				found.Killed, found.By = by != "", by
				return found, err
			}
		}
	}
	found.Test, found.TestFile = f.witness(ctx, m, rules)
	return found, nil
}

// fails returns the case, where it fails for the rules.
func (c caseOf) fails(ctx context.Context, rules *engine.Ruleset) (by string, err error) {
	c.suite.Rules = rules
	result, err := ruletest.RunWith(ctx, []ruletest.Suite{c.suite}, ruletest.Filter{}, ruletest.Options{})
	if err != nil || result.Failed == 0 {
		return "", err
	}
	failed := result.Cases[0]
	by = fmt.Sprintf("%s:%d %s", failed.File, failed.Line, failed.Name)
	if failed.Row != "" {
		by += " [" + failed.Row + "]"
	}
	return by, nil
}
