package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/invariant"
)

// Result is what a run found.
type Result struct {
	Passed  int
	Failed  int
	Skipped int
	// Seed is that of the order, nil for the order of files.
	Seed  *uint64
	Cases []CaseResult // in the order of files and of tests in them, or as they were shuffled
}

// CaseResult is what one case found.
type CaseResult struct {
	File string
	Line int
	Name string
	Row  string
	Tags []string
	// Surface is where the case was priced, "" in a run of the engine alone.
	Surface string
	Passed  bool
	// Skipped is why the case was not run, "" for one that was.
	Skipped    string
	Mismatches []Mismatch
	// Broken are the invariants that do not hold.
	Broken []invariant.Violation
	// WhyNot explains the promotions that were expected and not applied.
	WhyNot []WhyNot
	// Filter selects this case alone.
	Filter string
	// Trace tells what promotions did, where Options ask for it, in each step.
	Trace []Trace
	// Timing is how long pricing takes, where Options ask for it, nil for a case that
	// prices nothing.
	Timing *Timing
}

// Failed reports whether the case was run and did not pass.
func (r CaseResult) Failed() bool { return !r.Passed && r.Skipped == "" }

// WhyNot is a promotion that was not applied, and where it is written.
type WhyNot struct {
	Promotion string
	Source    string
	Reason    engine.Reason
	engine.Obstacle
	// Nearest is the least to add to the cart so that a promotion that should be
	// applied is, nil where nothing was found, and Currency that of its amounts.
	Nearest  *engine.Hint
	Currency engine.Currency
}

// Filter selects cases. The zero Filter selects all.
type Filter struct {
	conditions []filterCondition
}

type filterCondition struct{ key, pattern string }

// ParseFilter reads conditions separated by semicolons, all of which must hold:
// file=GLOB matches the end of the file's path, test=GLOB the name, tag=GLOB one of
// the tags, rule=GLOB or promotion=GLOB a promotion of which something is expected,
// and any other key a variable of the row. A * matches anything, slashes included.
func ParseFilter(text string) (Filter, error) {
	var f Filter
	for _, part := range strings.Split(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, pattern, found := strings.Cut(part, "=")
		if !found || strings.TrimSpace(key) == "" {
			return Filter{}, fmt.Errorf("filter %q: want KEY=PATTERN, such as test=third*", part)
		}
		f.conditions = append(f.conditions, filterCondition{strings.TrimSpace(key), pattern})
	}
	return f, nil
}

func (f Filter) accepts(file string, c Case) bool {
	return !slices.ContainsFunc(f.conditions, func(cond filterCondition) bool {
		switch cond.key {
		case "file":
			file = filepath.ToSlash(file)
			return !glob(cond.pattern, file) && !glob("*/"+cond.pattern, file)
		case "test":
			return !glob(cond.pattern, c.Name)
		case "tag":
			return !cond.any(c.Tags) && !cond.ofRow(c)
		case "rule", "promotion":
			return !cond.any(c.Promotions()) && !cond.ofRow(c)
		default:
			return !cond.ofRow(c)
		}
	})
}

// ofRow reports whether a variable of the row has the key.
func (cond filterCondition) ofRow(c Case) bool {
	value, known := c.vars[cond.key]
	return known && glob(cond.pattern, value)
}

func (cond filterCondition) any(texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return glob(cond.pattern, text) })
}

// Promotions returns the ids of the promotions of which the case expects something,
// sorted.
func (c Case) Promotions() []string {
	ids := c.expect.mentions()
	for _, st := range c.steps {
		ids = append(ids, st.expect.mentions()...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// glob matches * with anything.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// Options say how cases are run. The zero value runs all of them, as many at once as
// there are processors, with the stubs of the test files for plugins.
type Options struct {
	// Plugins answer in place of the stubs, for the plugins that Real names. A stub
	// that is a fault stays one, which no plugin has at will.
	Plugins engine.Plugins
	Real    []string
	// Priced is told of each request that is priced, in the order of cases, as it is
	// once plugins have answered; nil for nobody. It must not change the request.
	// Cases are then run one after the other.
	Priced func(Suite, Case, engine.Request)
	// Shard selects one of several parts of the cases.
	Shard Shard
	// Shuffle is the seed of a random order, nil for that of files.
	Shuffle *uint64
	// FailFast leaves out what comes after the first case that fails.
	FailFast bool
	// Surfaces price the cases too, each of which then has a result for the engine
	// and one for each surface. Cases are run one after the other.
	Surfaces []Surface
	// Only selects cases besides the filter; nil selects all.
	Only func(Suite, Case) bool
	// Trace says which cases have a Trace.
	Trace Tracing
	// Bench asks for the Timing of each case. Cases are run one after the other.
	Bench bool
	// Progress is told how many of all cases are done, in any order and by any
	// goroutine; nil for nobody.
	Progress func(done, total int)

	priced func(pricedCart) // is told of each price, whoever runs cases one after the other
}

// pricedCart is what came of a cart of a case.
type pricedCart struct {
	step    string // which, of several
	request engine.Request
	expect  expectation
	quote   engine.Quote
	err     error
}

// Shard is one of Of parts of equal size, counted from 1. The zero value is all.
type Shard struct{ Part, Of int }

// ParseShard reads 2/4.
func ParseShard(text string) (Shard, error) {
	var s Shard
	part, of, _ := strings.Cut(text, "/")
	var errPart, errOf error
	s.Part, errPart = strconv.Atoi(part)
	s.Of, errOf = strconv.Atoi(of)
	if errPart != nil || errOf != nil || s.Part < 1 || s.Part > s.Of {
		return Shard{}, fmt.Errorf("shard %q: want a part of several, such as 2/4", text)
	}
	return s, nil
}

// Run prices the cases that the filter selects, with stubs for plugins. When it
// selects none, the error is ErrNoTests.
func Run(suites []Suite, filter Filter) (Result, error) {
	return RunWith(context.Background(), suites, filter, Options{})
}

// chosen is a case to be run.
type chosen struct {
	suite   *Suite
	c       *Case
	on      string  // the name of the surface, "" where there is none but the engine
	surface Surface // nil for the engine
}

// RunWith is Run with options. When the context ends, the error is its. What comes
// out does not depend on how many cases run at once.
func RunWith(ctx context.Context, suites []Suite, filter Filter, options Options) (Result, error) {
	cases := choose(suites, filter, options)
	if len(cases) == 0 {
		return Result{}, fmt.Errorf("%w: the filter matches none", ErrNoTests)
	}
	results, err := runAll(ctx, cases, options)
	if err != nil {
		return Result{}, fmt.Errorf("run rule tests: %w", err)
	}
	result := Result{Seed: options.Shuffle}
	for _, r := range results {
		result.add(r)
	}
	return result, nil
}

// add counts the case.
func (r *Result) add(c CaseResult) {
	switch {
	case c.Skipped != "":
		r.Skipped++
	case c.Passed:
		r.Passed++
	default:
		r.Failed++
	}
	r.Cases = append(r.Cases, c)
}

// choose returns the cases to be run, in their order.
func choose(suites []Suite, filter Filter, options Options) []chosen {
	var cases []chosen
	for i := range suites {
		for j := range suites[i].Cases {
			s, c := &suites[i], &suites[i].Cases[j]
			if filter.accepts(s.File, *c) && (options.Only == nil || options.Only(*s, *c)) {
				cases = append(cases, chosen{suite: s, c: c})
			}
		}
	}
	if of := options.Shard.Of; of > 0 {
		var part []chosen
		for i := options.Shard.Part - 1; i < len(cases); i += of {
			part = append(part, cases[i])
		}
		cases = part
	}
	if seed := options.Shuffle; seed != nil {
		random := rand.New(rand.NewPCG(*seed, *seed))
		random.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	}
	return onSurfaces(cases, options.Surfaces)
}

// runAll runs the cases, each by the next goroutine that is free. With FailFast those
// before the first that fails have all been run when it ends.
func runAll(ctx context.Context, cases []chosen, options Options) ([]CaseResult, error) {
	results := make([]CaseResult, len(cases))
	var next, end, done atomic.Int64
	end.Store(int64(len(cases)))
	work := func() {
		for i := next.Add(1) - 1; i < end.Load() && ctx.Err() == nil; i = next.Add(1) - 1 {
			results[i] = cases[i].timed(ctx, options, cases[i].traced(ctx, options, cases[i].run(ctx, options)))
			if n := done.Add(1); options.Progress != nil {
				options.Progress(int(n), len(cases))
			}
			if options.FailFast && results[i].Failed() {
				lower(&end, i+1)
			}
		}
	}
	workers := min(runtime.GOMAXPROCS(0), len(cases))
	if options.Priced != nil || options.Bench || len(options.Real)+len(options.Surfaces) > 0 {
		workers = 1
	}
	var group sync.WaitGroup
	for range workers - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	return results[:end.Load()], ctx.Err()
}

// lower sets the number to n where it is greater.
func lower(number *atomic.Int64, n int64) {
	for old := number.Load(); n < old; old = number.Load() {
		if number.CompareAndSwap(old, n) {
			return
		}
	}
}

func (x chosen) run(ctx context.Context, options Options) CaseResult {
	s, c := *x.suite, *x.c
	run := caseRun{suite: s, c: c, options: options, plugins: newStubbed(c.stubs, options), surface: x.surface}
	run.CaseResult = CaseResult{File: filepath.ToSlash(s.File), Line: c.Line, Name: c.Name, Row: c.Row, Tags: c.Tags, Surface: x.on, Skipped: c.Skip, Filter: s.filterOf(c)}
	if x.surface != nil {
		run.Skipped = cmp.Or(c.Skip, pricesNothing(c))
	}
	switch {
	case run.Skipped != "":
		return run.CaseResult
	case c.refused != nil:
		run.Mismatches = c.refused.check()
	case c.steps != nil:
		run.steps(ctx)
	default:
		run.price(ctx, c.request, c.expect, "")
	}
	run.conclude()
	run.Passed = len(run.Mismatches)+len(run.Broken) == 0 && run.Skipped == ""
	return run.CaseResult
}

// caseRun is a case while it runs.
type caseRun struct {
	suite   Suite
	c       Case
	options Options
	plugins *stubbed
	surface Surface // nil for the engine
	// notCarried is what the surface has no place for.
	notCarried []string
	CaseResult
}

// price prices a cart of the case and compares what comes out. The label says which
// step it is. Promotions that were not applied are only looked at where the case asks
// why, or fails.
func (r *caseRun) price(ctx context.Context, req engine.Request, expect expectation, label string) (quote engine.Quote, priced bool) {
	rules := r.suite.Rules
	req.Explain = r.options.priced != nil || expect.ofReasons() || len(r.suite.always) > 0 || r.surface != nil
	request, err := rules.Consult(ctx, r.plugins, req)
	if err == nil {
		if r.options.Priced != nil && r.surface == nil {
			r.options.Priced(r.suite, r.c, request)
		}
		quote, err = rules.Price(request)
	}
	if missing := r.plugins.missing; len(missing) > 0 {
		r.Mismatches, r.plugins.missing = append(r.Mismatches, labelled(missing, label)...), nil
		return quote, false // what would follow from that is no news
	}
	if r.options.priced != nil {
		r.options.priced(pricedCart{strings.TrimSpace(label), request, expect, quote, err})
	}
	if r.surface != nil {
		r.onSurface(ctx, req, quote, err, label)
		return quote, err == nil
	}
	found := expect.compareRejection(err)
	if err == nil && expect.rejected == nil {
		found = expect.compare(quote)
	}
	r.Mismatches = append(r.Mismatches, labelled(found, label)...)
	if err != nil {
		return quote, false
	}
	broken, err := invariant.Check(r.suite.always, rules, request, &quote)
	if err != nil {
		r.Mismatches = append(r.Mismatches, Mismatch{Field: label + "always", Want: "a price", Got: err.Error()})
	}
	for _, v := range broken {
		r.Broken = append(r.Broken, invariant.Violation{Invariant: v.Invariant, Values: label + v.Values})
	}
	if len(found) > 0 {
		r.WhyNot = append(r.WhyNot, r.suite.whyNot(expect, request)...)
	}
	return quote, true
}

func labelled(found []Mismatch, label string) []Mismatch {
	if label == "" {
		return found
	}
	found = slices.Clone(found)
	for i := range found {
		found[i].Field = label + found[i].Field
	}
	return found
}

// source says where a promotion is written.
func (s Suite) source(id string) string {
	p, _ := s.Rules.Promotion(id)
	return path.Join(filepath.ToSlash(s.folder), p.Source)
}

// steps runs the steps one after the other.
func (r *caseRun) steps(ctx context.Context) {
	book := newLedger()
	for i, st := range r.c.steps {
		if st.sets {
			book.begin(r.suite.Rules, st.request)
		}
		if !st.prices() {
			r.settle(book, i, st)
			continue
		}
		request := book.basis(r.suite.Rules, st.request)
		quote, priced := r.price(ctx, request, st.expect, st.label(i))
		if !priced || st.do == doPrice {
			continue
		}
		if over := book.commit(i+1, request, quote); over != nil {
			r.Mismatches = append(r.Mismatches, Mismatch{Field: st.label(i) + "counted", Want: "an order", Got: "a limit of " + cmp.Or(over.Promotion, over.Key) + " that is used up"})
		}
	}
}

// settle ends the order or the hold that a step refers to, or makes the hold an order.
func (r *caseRun) settle(book *ledger, i int, st step) {
	order, stands := book.orders[st.ref]
	if !stands {
		r.Mismatches = append(r.Mismatches, Mismatch{Field: st.label(i) + "ref", Want: fmt.Sprintf("what step %d made", st.ref), Got: "nothing"})
		return
	}
	if st.do == doCommit {
		delete(book.orders, st.ref)
		book.orders[i+1] = order
		return
	}
	book.undo(st.ref)
}

// whyNot explains each promotion that the case expects and the quote of the request
// does not have, and each one that was refused for another reason than expected. What
// would have been enough is asked of those that are wanted.
func (s Suite) whyNot(expect expectation, request engine.Request) []WhyNot {
	wanted := slices.Clone(expect.includes.applied)
	if expect.applied != nil {
		wanted = append(wanted, *expect.applied...)
	}
	request.Explain, request.Hints = true, true
	q, err := s.Rules.Price(request)
	if err != nil {
		return nil // it has been priced, without hints
	}
	var explained []WhyNot
	for _, o := range q.Promotions {
		isWanted := slices.Contains(wanted, o.Promotion)
		refused, named := expect.notApplied[o.Promotion]
		if o.Reason == engine.Applied || !isWanted && (!named || refused.met(o)) {
			continue
		}
		why := WhyNot{Promotion: o.Promotion, Source: s.source(o.Promotion), Reason: o.Reason, Currency: q.Currency}
		if o.Obstacle != nil {
			why.Obstacle = *o.Obstacle
		}
		if i := slices.IndexFunc(q.Hints, func(h engine.Hint) bool { return h.Promotion == o.Promotion }); isWanted && i >= 0 {
			why.Nearest = &q.Hints[i]
		}
		explained = append(explained, why)
	}
	return explained
}

// filterOf writes the filter that selects the case alone.
func (s Suite) filterOf(c Case) string {
	parts := []string{"file=" + filepath.ToSlash(s.File), "test=" + strings.ReplaceAll(c.Name, ";", "*")}
	for _, name := range slices.Sorted(maps.Keys(c.vars)) {
		parts = append(parts, name+"="+strings.ReplaceAll(c.vars[name], ";", "*"))
	}
	return strings.Join(parts, ";")
}
