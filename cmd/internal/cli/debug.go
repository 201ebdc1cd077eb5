package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/config"
)

// debugServer serves profiles to this machine. They are never on the listener of the
// API: making one slows the program down, and it tells how the program is used.
type debugServer struct{ listener net.Listener }

// listenDebug takes the port of the profiles; without an address there is none.
func listenDebug(ctx context.Context, cfg config.Config) (debugServer, error) {
	if cfg.DebugAddress == "" {
		return debugServer{}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.DebugAddress)
	if err != nil {
		return debugServer{}, environmentError(fmt.Errorf("listen for profiles (debug_address): %w", err))
	}
	return debugServer{listener}, nil
}

// Close gives the port up where serve did not run.
func (d debugServer) Close() error {
	if d.listener == nil {
		return nil
	}
	return d.listener.Close()
}

// serve serves profiles until ctx is done. One that is being made then is broken off:
// nobody waits for it.
func (d debugServer) serve(ctx context.Context, registry *prometheus.Registry, log *slog.Logger) error {
	if d.listener == nil {
		return nil
	}
	err := api.Serve(ctx, d.listener, debugHandler(d.listener.Addr().String(), registry), api.ServeOptions{
		Log: log.With("serves", "profiles"), WriteTimeout: 5 * time.Minute, Grace: time.Second,
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return nil
	}
	return err
}

// debugHandler serves profiles, traces and metrics. The command line, which may have a
// password, is not served. Requests have to name the address itself, which keeps pages
// in a browser of this machine from reading what they find there by a name of theirs.
func debugHandler(address string, registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	_, port, _ := net.SplitHostPort(address) // of a listener, which has one
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != address && r.Host != net.JoinHostPort("localhost", port) {
			http.Error(w, "ask for "+address, http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
