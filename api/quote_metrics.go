package api

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/engine"
)

// quoteMetrics says what quotes cost, by stage, and how many there are. The stages
// are looked up once: a quote has no time for labels.
type quoteMetrics struct {
	durations        *prometheus.HistogramVec
	stages           [stageEncode + 1]prometheus.Observer
	priced           *prometheus.CounterVec
	proven, unproven prometheus.Counter
}

// stage is a part of the work of a quote.
type stage int

const (
	stageBasis   stage = iota // reads items and uses
	stagePlugins              // asks plugins
	stagePrice                // chooses and applies promotions
	stageEncode               // writes the answer of a quote of version 1
)

// String is the stage in metrics and spans.
func (s stage) String() string {
	return [...]string{"basis", "plugins", "price", "encode"}[s]
}

func newQuoteMetrics() *quoteMetrics {
	m := &quoteMetrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "checkout_quote_stage_duration_seconds",
			Help:    "Time of the stages of pricing a cart: basis (items and uses), plugins, price, and encode of quotes of version 1.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"stage"}),
		priced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "checkout_quotes_total",
			Help: "Carts priced, sales included and listings left out, by whether their promotions are proven to be the best choice.",
		}, []string{"proven"}),
	}
	for i := range m.stages {
		m.stages[i] = m.durations.WithLabelValues(stage(i).String())
	}
	m.proven, m.unproven = m.priced.WithLabelValues("yes"), m.priced.WithLabelValues("no")
	return m
}

// count counts a quote; nil counts nothing.
func (m *quoteMetrics) count(quote *engine.Quote) {
	switch {
	case m == nil:
	case quote.Optimal:
		m.proven.Inc()
	default:
		m.unproven.Inc()
	}
}

// stopwatch tells how long stages take that follow each other, and makes their spans.
type stopwatch struct {
	metrics *quoteMetrics // nil for nobody to be told
	now     func() time.Time
	last    time.Time
	tracer  trace.Tracer // nil for no spans
	span    trace.Span   // of the stage that has begun; nil for none
}

// stopwatch begins now.
func (p *pricing) stopwatch() stopwatch {
	w := stopwatch{metrics: p.metrics, now: p.now, tracer: p.tracer}
	if w.metrics != nil {
		w.last = w.now()
	}
	return w
}

// begin starts the span of a stage, and returns the context for what happens in it. Lap
// ends it, or stop where the stage fails.
func (w *stopwatch) begin(ctx context.Context, of stage) context.Context {
	if w.tracer != nil {
		ctx, w.span = startChild(ctx, w.tracer, "quote "+of.String())
	}
	return ctx
}

// stop is deferred: it ends the span of a stage that failed.
func (w *stopwatch) stop() {
	if w.span != nil {
		w.span.SetStatus(codes.Error, "")
		w.span.End()
	}
}

// lap ends a stage.
func (w *stopwatch) lap(of stage) {
	if w.span != nil {
		w.span.End()
		w.span = nil
	}
	if w.metrics == nil {
		return
	}
	at := w.now()
	w.metrics.stages[of].Observe(at.Sub(w.last).Seconds())
	w.last = at
}
