package cli

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/config"
)

func TestProfilesAreServedToThisMachine(t *testing.T) {
	cfg := config.Default()
	cfg.DebugAddress = "127.0.0.1:0"
	ctx, stop := context.WithCancel(t.Context())
	debug, err := listenDebug(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "a_metric", Help: "A metric."}))
	ended := make(chan error)
	go func() { ended <- debug.serve(ctx, registry, slog.New(slog.DiscardHandler)) }()
	address := debug.listener.Addr().String()
	for _, c := range []struct {
		name, path, host string
		status           int
		text             string
	}{
		{"the list of profiles", "/debug/pprof/", address, 200, "goroutine"},
		{"a profile", "/debug/pprof/goroutine?debug=1", address, 200, "debugServer.serve"},
		{"a profile by the usual name of the machine", "/debug/pprof/heap?debug=1", strings.Replace(address, "127.0.0.1", "localhost", 1), 200, "heap profile"},
		{"the metrics", "/metrics", address, 200, "a_metric 0"},
		{"no command line", "/debug/pprof/cmdline", address, 404, "not found"},
		{"nothing of the API", "/status", address, 404, "not found"},
		{"nothing by the name of somebody else", "/debug/pprof/", "evil.example:80", 421, "ask for 127.0.0.1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = c.host
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != c.status || !strings.Contains(string(body), c.text) {
				t.Errorf("got %d %.200s (%v), want %d with %q", answer.StatusCode, body, err, c.status, c.text)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNoProfilesAreServedUnlessAskedFor(t *testing.T) {
	debug, err := listenDebug(t.Context(), config.Default())
	if err != nil || debug.listener != nil {
		t.Fatalf("got %v, %v, want no listener", debug.listener, err)
	}
	if err := debug.serve(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}
