package api

import (
	"net/http"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// PluginStatus is how a plugin is, with the figures since it is in use.
type PluginStatus struct {
	Name string
	// State is starting, running, waiting, refused or stopped, since Since.
	State string
	Since time.Time
	// Version is what the plugin says and Digest the SHA-256 of its program, in
	// hex; "" before it has run.
	Version, Digest string
	// Fault and Detail say what is wrong, "" for nothing.
	Fault  engine.PluginFault
	Detail string
	// Circuit is closed, open or half-open.
	Circuit string
	// Calls are those that were made, Failures what went wrong.
	Calls    int64
	Failures map[engine.PluginFault]int64
	Restarts int64
	// P50 and P99 are quantiles of how long calls took.
	P50, P99 time.Duration
}

type pluginsAnswer struct {
	Plugins []pluginAnswer `json:"plugins"`
}

type pluginAnswer struct {
	Name     string           `json:"name"`
	State    string           `json:"state"`
	Since    string           `json:"since"`
	Version  string           `json:"version"`
	Digest   string           `json:"digest"`
	Fault    string           `json:"fault"`
	Detail   string           `json:"detail"`
	Circuit  string           `json:"circuit"`
	Calls    int64            `json:"calls"`
	Failures map[string]int64 `json:"failures"`
	Restarts int64            `json:"restarts"`
	P50      float64          `json:"p50_ms"`
	P99      float64          `json:"p99_ms"`
}

// listPlugins tells how plugins are to those who look after the shop.
func (s *Server) listPlugins(w http.ResponseWriter, _ *http.Request) error {
	answer := pluginsAnswer{Plugins: []pluginAnswer{}}
	for _, p := range s.options.PluginStatus() {
		failures := make(map[string]int64, len(p.Failures))
		for fault, n := range p.Failures {
			failures[string(fault)] = n
		}
		answer.Plugins = append(answer.Plugins, pluginAnswer{
			Name: p.Name, State: p.State, Since: p.Since.UTC().Format(time.RFC3339), Version: p.Version, Digest: p.Digest,
			Fault: string(p.Fault), Detail: p.Detail, Circuit: p.Circuit,
			Calls: p.Calls, Failures: failures, Restarts: p.Restarts, P50: milliseconds(p.P50), P99: milliseconds(p.P99),
		})
	}
	return s.answer(w, http.StatusOK, &answer)
}

// milliseconds counts a duration with three decimals.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
