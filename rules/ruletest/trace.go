package ruletest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/explain"
)

// Tracing says of which cases it is told what each promotion did.
type Tracing string

// The cases that have a trace.
const (
	TraceNone  Tracing = ""
	TraceFails Tracing = "fails"
	TraceAll   Tracing = "all"
)

// ParseTracing reads fails or all.
func ParseTracing(text string) (Tracing, error) {
	if t := Tracing(text); t == TraceNone || t == TraceFails || t == TraceAll {
		return t, nil
	}
	return TraceNone, fmt.Errorf("trace %q: want %s or %s", text, TraceFails, TraceAll)
}

// Trace is what promotions did to a cart of a case, with what each part of their
// conditions was.
type Trace struct {
	Step string // which of several steps, as "step 2 (price)"
	explain.Explanation
}

// traced adds the traces of a case that was run, where they are asked for.
func (x chosen) traced(ctx context.Context, options Options, result CaseResult) CaseResult {
	if options.Trace == TraceNone || options.Trace == TraceFails && !result.Failed() || x.surface != nil || !x.c.Prices() || result.Skipped != "" {
		return result
	}
	for _, p := range x.prices(ctx, options) {
		if p.err != nil {
			continue // the case says so
		}
		p.request.Hints = true
		quote, err := x.suite.Rules.Price(p.request)
		if err != nil {
			continue // it was priced without hints
		}
		result.Trace = append(result.Trace, Trace{p.step, explain.Explanation{
			Quote: quote, Source: x.suite.source, Parts: x.suite.observer.parts(p.request),
		}})
	}
	return result
}

// prices runs the case once more and returns what it prices.
func (x chosen) prices(ctx context.Context, options Options) []pricedCart {
	var all []pricedCart
	x.run(ctx, Options{Plugins: options.Plugins, Real: options.Real, priced: func(p pricedCart) { all = append(all, p) }})
	return all
}

// observer prices by rules that note what their conditions see. It is shared by the
// suites of a folder, and is safe for concurrent use.
type observer struct {
	files []compile.File

	mu       sync.Mutex
	observed *compile.Observed
}

// parts returns what the parts of conditions were for a request, nil where the rules
// cannot price it.
func (o *observer) parts(request engine.Request) explain.Parts {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.observed == nil {
		var err error
		if o.observed, err = compile.Observe(o.files); err != nil {
			return nil // they compile: the suite has them
		}
	}
	request.Hints = false // they would ask of other carts
	o.observed.Take()
	if _, err := o.observed.Rules.Price(request); err != nil {
		return nil
	}
	return explain.PartsOf(o.observed.Probes, o.observed.Take())
}

// benchRuns is how often a case is priced to tell how long that takes.
const benchRuns = 101

// Timing is how long it takes to price what a case prices, of several steps all.
type Timing struct {
	// P50 and P99 are those of Runs runs: half of them, and all but a hundredth,
	// were done in that time.
	P50, P99 time.Duration
	Runs     int
}

// timed measures a case that was run, where that is asked for and it has a price.
func (x chosen) timed(ctx context.Context, options Options, result CaseResult) CaseResult {
	if !options.Bench || x.surface != nil || !x.c.Prices() || result.Skipped != "" {
		return result
	}
	var requests []engine.Request
	for _, p := range x.prices(ctx, options) {
		if p.err == nil {
			p.request.Explain, p.request.Hints = false, false // as a server prices
			requests = append(requests, p.request)
		}
	}
	if len(requests) == 0 {
		return result
	}
	took := make([]time.Duration, benchRuns)
	for i := range took {
		start := time.Now()
		for _, request := range requests {
			_, _ = x.suite.Rules.Price(request) // it has been priced
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	result.Timing = &Timing{P50: took[benchRuns/2], P99: took[benchRuns*99/100], Runs: benchRuns}
	return result
}
