package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts attempts and, when they are asked for, reads the backlogs.
// Labels are names of endpoints, of which there are few; those that are gone are
// forgotten.
type metrics struct {
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// backlogWait bounds how long reading the metrics waits for the outbox.
const backlogWait = 2 * time.Second

func newMetrics(o Options, targets []*target) (*metrics, error) {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "checkout_webhook_attempts_total",
			Help: "Attempts to deliver an event, by endpoint and result: delivered, failed (it is tried again) or dead.",
		}, []string{"endpoint", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "checkout_webhook_attempt_duration_seconds",
			Help:    "Time from the beginning of an attempt to the end of the answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"endpoint"}),
	}
	for _, t := range targets {
		m.begin(t.Name)
	}
	for _, c := range []prometheus.Collector{m.attempts, m.duration, newBacklogs(o)} {
		if err := o.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

// begin shows the endpoint before the first attempt.
func (m *metrics) begin(endpoint string) {
	for _, state := range []State{Delivered, Pending, Dead} {
		m.attempts.WithLabelValues(endpoint, result(state))
	}
}

// forget shows an endpoint no more that is gone.
func (m *metrics) forget(endpoint string) {
	m.attempts.DeletePartialMatch(prometheus.Labels{"endpoint": endpoint})
	m.duration.DeleteLabelValues(endpoint)
}

func (m *metrics) count(endpoint string, state State, took time.Duration) {
	m.attempts.WithLabelValues(endpoint, result(state)).Inc()
	m.duration.WithLabelValues(endpoint).Observe(took.Seconds())
}

func result(state State) string {
	if state == Pending {
		return "failed"
	}
	return string(state)
}

// backlogs is a collector that asks the outbox.
type backlogs struct {
	outbox             Outbox
	now                func() time.Time
	pending, age, dead *prometheus.Desc
}

func newBacklogs(o Options) *backlogs {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"endpoint"}, nil)
	}
	return &backlogs{
		outbox: o.Outbox, now: o.Now,
		pending: desc("checkout_webhook_pending", "Events that an endpoint has still to get."),
		age:     desc("checkout_webhook_pending_age_seconds", "How long ago the oldest of them happened; 0 when there is none."),
		dead:    desc("checkout_webhook_dead", "Events that were given up and wait to be sent again by hand."),
	}
}

// Describe implements prometheus.Collector.
func (b *backlogs) Describe(descs chan<- *prometheus.Desc) {
	descs <- b.pending
	descs <- b.age
	descs <- b.dead
}

// Collect implements prometheus.Collector.
func (b *backlogs) Collect(values chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogWait)
	defer cancel()
	all, err := b.outbox.Backlogs(ctx)
	if err != nil {
		values <- prometheus.NewInvalidMetric(b.pending, fmt.Errorf("read the backlog of webhooks: %w", err))
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, endpoint string) {
		values <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, endpoint)
	}
	for _, e := range all {
		age := 0.0
		if !e.Oldest.IsZero() {
			age = max(0, b.now().Sub(e.Oldest).Seconds())
		}
		gauge(b.pending, float64(e.Pending), e.Endpoint)
		gauge(b.age, age, e.Endpoint)
		gauge(b.dead, float64(e.Dead), e.Endpoint)
	}
}
