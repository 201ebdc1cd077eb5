package cli

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/plugins/host"
)

// pluginMetrics shows how plugins are. Labels are names of the lock file, states
// and faults of closed lists, so the number of series is bounded.
type pluginMetrics struct {
	status                                               func() []host.Status
	state, circuit, calls, failures, restarts, durations *prometheus.Desc
}

func newPluginMetrics(status func() []host.Status) *pluginMetrics {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("checkout_plugin_"+name, help, append([]string{"plugin"}, labels...), nil)
	}
	return &pluginMetrics{
		status:    status,
		state:     describe("state", "1 for the state that the plugin is in.", "state"),
		circuit:   describe("circuit_open", "1 while the plugin is not asked because it failed too often."),
		calls:     describe("calls_total", "Calls of the plugin, those that failed included."),
		failures:  describe("failures_total", "What went wrong with the plugin: calls that failed, were not made, or whose answer was not used.", "fault"),
		restarts:  describe("restarts_total", "How often the plugin was started again after it ended or did not start."),
		durations: describe("call_duration_seconds", "Time of calls; the quantiles are of the last 1,024."),
	}
}

// Describe implements prometheus.Collector.
func (m *pluginMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.state, m.circuit, m.calls, m.failures, m.restarts, m.durations} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *pluginMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, is bool, labels ...string) {
		value := 0.0
		if is {
			value = 1
		}
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for _, s := range m.status() {
		for _, state := range host.States() {
			gauge(m.state, s.State == state, s.Name, string(state))
		}
		gauge(m.circuit, s.Circuit != "closed", s.Name)
		count(m.calls, s.Calls, s.Name)
		count(m.restarts, s.Restarts, s.Name)
		for fault, n := range s.Failures {
			count(m.failures, n, s.Name, string(fault))
		}
		quantiles := map[float64]float64{0.5: s.P50.Seconds(), 0.99: s.P99.Seconds()}
		to <- prometheus.MustNewConstSummary(m.durations, uint64(s.Calls), s.Took.Seconds(), quantiles, s.Name)
	}
}
