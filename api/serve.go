package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeOptions bounds how long a server waits. The zero value is fit for use.
type ServeOptions struct {
	// Log gets the lines of the server's life; nil discards them.
	Log *slog.Logger
	// ReadHeaderTimeout is for the header of a request; 0 is 5 seconds.
	ReadHeaderTimeout time.Duration
	// ReadTimeout is for the whole of a request; 0 is 15 seconds.
	ReadTimeout time.Duration
	// WriteTimeout is for the handler and its answer, and should be longer
	// than Options.Timeout; 0 is 30 seconds.
	WriteTimeout time.Duration
	// IdleTimeout is how long an unused connection is kept; 0 is 2 minutes.
	IdleTimeout time.Duration
	// Grace is how long requests in flight may go on after the end was asked
	// for; 0 is 20 seconds.
	Grace time.Duration
}

func (o *ServeOptions) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.ReadHeaderTimeout = orDefault(o.ReadHeaderTimeout, 5*time.Second)
	o.ReadTimeout = orDefault(o.ReadTimeout, 15*time.Second)
	o.WriteTimeout = orDefault(o.WriteTimeout, 30*time.Second)
	o.IdleTimeout = orDefault(o.IdleTimeout, 2*time.Minute)
	o.Grace = orDefault(o.Grace, 20*time.Second)
}

// Serve answers the listener's requests with h until ctx is done; then it takes
// no new ones, waits for those in flight and returns nil. When they take longer
// than o.Grace it breaks them off and returns an error, as it does when the
// listener breaks. The listener is closed in any case.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, o ServeOptions) error {
	o.setDefaults()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(listener) }() // ends when the server is closed below
	o.Log.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("address", listener.Addr().String()))
	select {
	case err := <-broken:
		return errors.Join(fmt.Errorf("serve %s: %w", listener.Addr(), err), server.Close())
	case <-ctx.Done():
	}
	err := drain(server, o)
	<-broken
	return err
}

// drain waits for the requests in flight, at most for the grace period.
func drain(server *http.Server, o ServeOptions) error {
	ctx, cancel := context.WithTimeout(context.Background(), o.Grace)
	defer cancel()
	o.Log.LogAttrs(ctx, slog.LevelInfo, "draining", slog.Duration("grace", o.Grace))
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests in flight were broken off after %s: %w", o.Grace, err), server.Close())
	}
	o.Log.LogAttrs(ctx, slog.LevelInfo, "stopped")
	return nil
}
