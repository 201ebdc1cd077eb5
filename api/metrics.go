package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// metrics counts requests. Labels are methods, route patterns and statuses and
// never what a caller sent, so the number of series is bounded.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	received *prometheus.HistogramVec
	sent     *prometheus.HistogramVec
	inFlight prometheus.Gauge
	keys     *prometheus.CounterVec
	guessed  prometheus.Counter
	quotes   *quoteMetrics
	handler  http.Handler

	mu    sync.RWMutex
	known map[labels]*series
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	labelNames := []string{"method", "route", "status"}
	m := &metrics{
		known: make(map[labels]*series),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "checkout_http_requests_total",
			Help: "Requests answered, by method, route pattern and status.",
		}, labelNames),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "checkout_http_request_duration_seconds",
			Help:    "Time from the request's header to the end of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, labelNames),
		received: newSizes("checkout_http_request_size_bytes", "Length of the bodies of requests that tell it, by route pattern."),
		sent:     newSizes("checkout_http_response_size_bytes", "Length of the bodies of answers, by route pattern."),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "checkout_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
		quotes: newQuoteMetrics(),
		keys: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "checkout_http_idempotency_keys_total",
			Help: "Requests with an Idempotency-Key: run, replayed, in conflict with one that was still running, or a mismatch with an earlier one.",
		}, []string{"result"}),
		guessed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "checkout_coupon_guesses_refused_total",
			Help: "Carts whose coupon codes were not looked at, because too many before were known to nobody.",
		}),
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
			Registry:      registry,
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.received, m.sent, m.inFlight, m.keys, m.guessed, m.quotes.durations, m.quotes.priced} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	for _, result := range []string{keyRun, keyReplayed, keyConflict, keyMismatch} {
		m.keys.WithLabelValues(result) // shown from the start, as 0
	}
	return m, nil
}

func newSizes(name, help string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help,
		Buckets: prometheus.ExponentialBuckets(256, 4, 8), // to 4 MiB
	}, []string{"route"})
}

// What became of a request with a key.
const (
	keyRun      = "run"
	keyReplayed = "replayed"
	keyConflict = "conflict"
	keyMismatch = "mismatch"
)

// countKey counts a request that was refused for its key.
func (m *metrics) countKey(err error) {
	var reused *idempotency.ReusedError
	switch {
	case errors.Is(err, idempotency.ErrBusy):
		m.keys.WithLabelValues(keyConflict).Inc()
	case errors.As(err, &reused):
		m.keys.WithLabelValues(keyMismatch).Inc()
	}
}

func (m *metrics) count(r *http.Request, status int, sent int64, took time.Duration) {
	of := m.seriesOf(labels{methodLabel(r), routeLabel(r), status})
	if r.ContentLength >= 0 {
		of.received.Observe(float64(r.ContentLength))
	}
	of.sent.Observe(float64(sent))
	of.requests.Inc()
	of.duration.Observe(took.Seconds())
}

// labels are those of a request.
type labels struct {
	method, route string
	status        int
}

// series is what is counted under labels, looked up once.
type series struct {
	requests                 prometheus.Counter
	duration, received, sent prometheus.Observer
}

// seriesOf returns the series of the labels, of which there are few.
func (m *metrics) seriesOf(l labels) *series {
	m.mu.RLock()
	of := m.known[l]
	m.mu.RUnlock()
	if of != nil {
		return of
	}
	code := strconv.Itoa(l.status)
	of = &series{
		requests: m.requests.WithLabelValues(l.method, l.route, code), duration: m.duration.WithLabelValues(l.method, l.route, code),
		received: m.received.WithLabelValues(l.route), sent: m.sent.WithLabelValues(l.route),
	}
	m.mu.Lock()
	m.known[l] = of
	m.mu.Unlock()
	return of
}

// methodLabel folds the methods that a caller made up into one.
func methodLabel(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return r.Method
	default:
		return "other"
	}
}

// routeLabel is the pattern of the route, once chi has found one.
func routeLabel(r *http.Request) string {
	if r.Pattern == "" {
		return "unmatched"
	}
	return r.Pattern
}
