package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
	for i, name := range [...]string{"basis", "plugins", "price", "encode"} {
		m.stages[i] = m.durations.WithLabelValues(name)
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

// stopwatch tells how long stages take that follow each other.
type stopwatch struct {
	metrics *quoteMetrics // nil for nobody to be told
	now     func() time.Time
	last    time.Time
}

// stopwatch begins now.
func (p *pricing) stopwatch() stopwatch {
	w := stopwatch{metrics: p.metrics, now: p.now}
	if w.metrics != nil {
		w.last = w.now()
	}
	return w
}

// lap ends a stage.
func (w *stopwatch) lap(of stage) {
	if w.metrics == nil {
		return
	}
	at := w.now()
	w.metrics.stages[of].Observe(at.Sub(w.last).Seconds())
	w.last = at
}
