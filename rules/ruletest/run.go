package ruletest

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
)

// Result is what a run found.
type Result struct {
	Passed int
	Failed int
	Cases  []CaseResult // in the order of files and of tests in them
}

// CaseResult is what one case found.
type CaseResult struct {
	File       string
	Line       int
	Name       string
	Row        string
	Passed     bool
	Mismatches []Mismatch
	// WhyNot explains the promotions that were expected and not applied.
	WhyNot []WhyNot
	// Filter selects this case alone.
	Filter string
}

// WhyNot is a promotion that was not applied, and where it is written.
type WhyNot struct {
	Promotion string
	Source    string
	Reason    engine.Reason
	engine.Obstacle
}

// Filter selects cases. The zero Filter selects all.
type Filter struct {
	conditions []filterCondition
}

type filterCondition struct{ key, pattern string }

// ParseFilter reads conditions separated by semicolons, all of which must hold:
// file=GLOB matches the end of the file's path, test=GLOB the name, and any
// other key a variable of the row. A * matches anything, slashes included.
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
		default:
			value, known := c.vars[cond.key]
			return !known || !glob(cond.pattern, value)
		}
	})
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

// Options say with which plugins cases are run. The zero value answers for all of
// them with the stubs of the test files.
type Options struct {
	// Plugins answer in place of the stubs, for the plugins that Real names. A stub
	// that is a fault stays one, which no plugin has at will.
	Plugins engine.Plugins
	Real    []string
	// Priced is told of each request that is priced, in the order of cases, as it is
	// once plugins have answered; nil for nobody. It must not change the request.
	Priced func(Suite, Case, engine.Request)
}

// Run prices the cases that the filter selects, with stubs for plugins. When it
// selects none, the error is ErrNoTests.
func Run(suites []Suite, filter Filter) (Result, error) {
	return RunWith(context.Background(), suites, filter, Options{})
}

// RunWith is Run with other plugins. When the context ends, the error is its.
func RunWith(ctx context.Context, suites []Suite, filter Filter, options Options) (Result, error) {
	var result Result
	for _, suite := range suites {
		for _, c := range suite.Cases {
			if !filter.accepts(suite.File, c) {
				continue
			}
			r := suite.run(ctx, c, options)
			if err := ctx.Err(); err != nil {
				return result, fmt.Errorf("run rule tests: %w", err)
			}
			result.Cases = append(result.Cases, r)
			if r.Passed {
				result.Passed++
			} else {
				result.Failed++
			}
		}
	}
	if len(result.Cases) == 0 {
		return result, fmt.Errorf("%w: the filter matches none", ErrNoTests)
	}
	return result, nil
}

func (s Suite) run(ctx context.Context, c Case, options Options) CaseResult {
	r := CaseResult{File: filepath.ToSlash(s.File), Line: c.Line, Name: c.Name, Row: c.Row, Filter: s.filterOf(c)}
	plugins := newStubbed(c.stubs, options)
	var quote engine.Quote
	request, err := s.Rules.Consult(ctx, plugins, c.request)
	if err == nil {
		if options.Priced != nil {
			options.Priced(s, c, request)
		}
		quote, err = s.Rules.Price(request)
	}
	if r.Mismatches = plugins.missing; len(r.Mismatches) > 0 {
		return r // what would follow from that is no news
	}
	r.Mismatches = c.expect.compareRejection(err)
	if err == nil && c.expect.rejected == nil {
		r.Mismatches = c.expect.compare(quote)
	}
	r.Passed = len(r.Mismatches) == 0
	if !r.Passed && err == nil {
		r.WhyNot = s.whyNot(c, quote)
	}
	return r
}

// whyNot explains each promotion that the case expects and the quote does not
// have, and each one that was refused for another reason than expected.
func (s Suite) whyNot(c Case, q engine.Quote) []WhyNot {
	var explained []WhyNot
	for _, o := range q.Promotions {
		wanted := c.expect.applied != nil && slices.Contains(*c.expect.applied, o.Promotion)
		refused, named := c.expect.notApplied[o.Promotion]
		if o.Reason == engine.Applied || !wanted && (!named || refused.met(o)) {
			continue
		}
		p, _ := s.Rules.Promotion(o.Promotion)
		why := WhyNot{Promotion: o.Promotion, Source: path.Join(filepath.ToSlash(s.folder), p.Source), Reason: o.Reason}
		if o.Obstacle != nil {
			why.Obstacle = *o.Obstacle
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
