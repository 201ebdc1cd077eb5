package coverage

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lint"
	"github.com/checkout-promotions/checkout/rules/ruletest"
)

// Run collects what cases reach.
type Run struct {
	read func(folder string) ([]compile.File, error)

	mu      sync.Mutex
	folders map[string]*folder
	order   []string
	faults  []error
}

// New returns a run. read returns the rule files of a folder.
func New(read func(folder string) ([]compile.File, error)) *Run {
	return &Run{read: read, folders: make(map[string]*folder)}
}

// Add makes the rules of the suites count, whether or not a case prices them.
func (r *Run) Add(suites ...ruletest.Suite) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range suites {
		r.folder(s)
	}
}

// Priced prices the request of a case once more, and notes what it reaches. It is
// ruletest.Options.Priced.
func (r *Run) Priced(s ruletest.Suite, _ ruletest.Case, request engine.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.folder(s); f != nil {
		request.Explain, request.Hints = true, false
		f.price(request)
	}
}

// folder returns the folder of the suite, nil for one whose rules cannot be read.
func (r *Run) folder(s ruletest.Suite) *folder {
	name := s.Folder()
	if f, known := r.folders[name]; known {
		return f
	}
	f, err := r.open(name, s.Rules)
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("coverage of %s: %w", name, err))
	}
	r.folders[name] = f
	r.order = append(r.order, name)
	return f
}

func (r *Run) open(name string, rules *engine.Ruleset) (*folder, error) {
	files, err := r.read(name)
	if err != nil {
		return nil, err
	}
	observed, err := compile.Observe(files)
	if err != nil {
		return nil, err
	}
	return &folder{
		name: name, files: files, rules: rules, observed: observed,
		seen:     make([][2]int, len(observed.Probes)),
		outcomes: make(map[string]map[engine.Reason]int),
		pairs:    make(map[[2]string]int),
	}, nil
}

// Result returns what was reached so far. Its error says which rules could not be
// looked at.
func (r *Run) Result() (Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var results []Result
	for _, name := range r.order {
		f := r.folders[name]
		if f == nil {
			continue
		}
		result, err := f.result()
		if err != nil {
			return Result{}, fmt.Errorf("coverage of %s: %w", name, err)
		}
		results = append(results, result)
	}
	return Merge(results...), errors.Join(r.faults...)
}

// folder is what the cases of one folder have reached.
type folder struct {
	name     string
	files    []compile.File
	rules    *engine.Ruleset
	observed *compile.Observed
	seen     [][2]int // by probe: the cases in which it was true, false
	outcomes map[string]map[engine.Reason]int
	pairs    map[[2]string]int
	priced   []priced
}

// priced is a request with its quote, as far as branches can change it.
type priced struct {
	request engine.Request
	effect  string
	applied []string
}

func (f *folder) price(request engine.Request) {
	f.observed.Take() // of a case that ended with an error
	quote, err := f.observed.Rules.Price(request)
	for i, seen := range f.observed.Take() {
		if seen.True {
			f.seen[i][0]++
		}
		if seen.False {
			f.seen[i][1]++
		}
	}
	var failed *engine.PluginError
	if errors.As(err, &failed) {
		f.count(failed.Promotion, engine.PluginFailed)
	}
	if err != nil {
		return
	}
	for _, pair := range lint.Stacked(&quote) {
		f.pairs[pair]++
	}
	done := priced{request: request, effect: effectOf(quote)}
	for _, o := range quote.Promotions {
		f.count(o.Promotion, o.Reason)
		if o.Reason == engine.Applied {
			done.applied = append(done.applied, o.Promotion)
		}
	}
	done.request.Explain = false
	f.priced = append(f.priced, done)
}

func (f *folder) count(promotion string, reason engine.Reason) {
	if f.outcomes[promotion] == nil {
		f.outcomes[promotion] = make(map[engine.Reason]int)
	}
	f.outcomes[promotion][reason]++
}

// effectOf writes what a quote gives to whom, for comparison with another quote of
// the same cart.
func effectOf(q engine.Quote) string {
	var b strings.Builder
	for _, l := range q.Lines {
		fmt.Fprintln(&b, l.SKU, l.Units)
	}
	fmt.Fprintln(&b, q.Shipments, q.Gifts, q.Awards)
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			fmt.Fprintln(&b, o.Promotion, o.Discount)
		}
	}
	return b.String()
}

func (f *folder) result() (Result, error) {
	result := Result{Sources: make(map[string]string)}
	for _, file := range f.files {
		result.Sources[f.path(file.Name)] = string(file.Data)
	}
	reasons, err := f.reasons()
	if err != nil {
		return result, err
	}
	result.Points = append(f.conditions(), reasons...)
	result.Pairs = f.stacked()
	branches, err := f.branches()
	result.Points = append(result.Points, branches...)
	slices.SortStableFunc(result.Points, Point.compare)
	return result, err
}

// path is that of a rule file from where the user stands.
func (f *folder) path(name string) string { return path.Join(filepath.ToSlash(f.name), name) }

func (f *folder) point(kind Kind, at compile.Place, owner compile.Owner) Point {
	return Point{File: f.path(at.File), Range: at.Range, Kind: kind, Owner: owner}
}

// disabled reports whether the promotion never does anything.
func (f *folder) disabled(owner compile.Owner) bool {
	p, known := f.rules.Promotion(owner.Name)
	return owner.Kind == compile.PromotionSymbol && known && p.Disabled
}

func (f *folder) conditions() []Point {
	var points []Point
	for i, probe := range f.observed.Probes {
		if f.disabled(probe.Owner) {
			continue
		}
		for j, want := range []string{"true", "false"} {
			p := f.point(Condition, probe.Place, probe.Owner)
			p.Text, p.Want, p.Cases = probe.Text, want, f.seen[i][j]
			points = append(points, p)
		}
	}
	return points
}

func (f *folder) reasons() ([]Point, error) {
	beside, err := lint.Beside(f.files)
	if err != nil {
		return nil, err
	}
	var points []Point
	for _, id := range f.rules.PromotionIDs() {
		promotion, _ := f.rules.Promotion(id)
		owner := compile.Owner{Kind: compile.PromotionSymbol, Name: id}
		reasons := possible(promotion, f.rules.Currency())
		for _, reason := range []engine.Reason{engine.Displaced, engine.Excluded, engine.CapReached} {
			if slices.Contains(beside[id], reason) || f.outcomes[id][reason] > 0 {
				reasons = append(reasons, reason)
			}
		}
		for _, reason := range reasons {
			p := f.point(Outcome, f.observed.Places[id], owner)
			p.Want, p.Cases = reason.String(), f.outcomes[id][reason]
			points = append(points, p)
		}
	}
	return points, nil
}

// stacked are the pairs that took something off one line, by their ids.
func (f *folder) stacked() []Pair {
	var pairs []Pair
	for ids, cases := range f.pairs {
		pairs = append(pairs, Pair{Folder: filepath.ToSlash(f.name), Promotions: ids, Cases: cases})
	}
	slices.SortFunc(pairs, Pair.compare)
	return pairs
}

func (f *folder) branches() ([]Point, error) {
	var points []Point
	for _, branch := range f.observed.Branches {
		owner := compile.Owner{Kind: compile.PromotionSymbol, Name: branch.Promotion}
		if branch.Promotion == "" {
			owner.Kind = ""
		}
		if f.disabled(owner) {
			continue
		}
		p := f.point(Branch, branch.Place, owner)
		p.Want = branch.Name
		without, err := f.observed.Without(branch)
		if err != nil {
			return nil, err
		}
		for _, one := range f.priced {
			if branch.Promotion != "" && !slices.Contains(one.applied, branch.Promotion) {
				continue
			}
			if quote, err := without.Price(one.request); err != nil || effectOf(quote) != one.effect {
				p.Cases++
			}
		}
		points = append(points, p)
	}
	return points, nil
}
