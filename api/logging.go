package api

import (
	"cmp"
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/checkout-promotions/checkout/engine"
)

// record is what is known about the answer to a request. It is the
// ResponseWriter that handlers write to.
type record struct {
	http.ResponseWriter
	id     string
	status int // 0 until the answer begins
	bytes  int64
	cause  error // of a fault of ours
	// problems says that errors are answered as version 1 has them.
	problems bool
}

// WriteHeader implements http.ResponseWriter.
func (rec *record) WriteHeader(status int) {
	if rec.status == 0 && status >= http.StatusOK {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (rec *record) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	n, err := rec.ResponseWriter.Write(b)
	rec.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what the server's writer can do.
func (rec *record) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// unwrap returns the server's own writer, which MaxBytesReader needs in order to
// close the connection.
func unwrap(w http.ResponseWriter) http.ResponseWriter {
	if rec, ok := w.(*record); ok {
		return rec.ResponseWriter
	}
	return w
}

// RequestID returns the id of the request that ctx belongs to, "" outside of
// one. It is in the access log and in the answer's X-Request-Id.
func RequestID(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.id
	}
	return ""
}

// observe gives the request its id, its deadline, its span and its record, answers for a
// handler that panics, and counts and logs the request once it is answered.
func (s *Server) observe(w http.ResponseWriter, r *http.Request) {
	begin := s.options.Now()
	s.metrics.inFlight.Inc()
	rec := &record{ResponseWriter: w, id: requestID(r), problems: strings.HasPrefix(r.URL.Path, "/v1/")}
	headers := w.Header()
	headers[requestIDHeader] = []string{rec.id}
	for _, h := range s.secure {
		headers[h.name] = h.value
	}
	ctx, span := s.startSpan(r)
	c := newCall(ctx, rec.id, s.options.Timeout)
	defer c.end()
	c.route = s.newRouteContext()
	r = r.WithContext(c)
	c.address = func() string { return s.clientIP(r) }
	defer func() {
		took := s.options.Now().Sub(begin)
		s.metrics.inFlight.Dec()
		s.metrics.count(r, rec.status, rec.bytes, took)
		s.log(r, rec, took)
		endSpan(span, r, rec)
	}()
	defer s.recoverPanic(rec)
	s.router.ServeHTTP(rec, r)
	s.routeContexts.Put(c.route)
}

// newRouteContext returns what the router keeps of a request. It makes one itself, and a
// copy of the request with it, unless there is one.
func (s *Server) newRouteContext() *chi.Context {
	route := s.routeContexts.Get().(*chi.Context)
	route.Reset()
	route.Routes = s.router
	return route
}

const requestIDHeader = "X-Request-Id"

// requestID returns the caller's id if it can go into logs and headers as it
// is, which holds for what can be a SKU, else a new one. It is no secret.
func requestID(r *http.Request) string {
	if given := r.Header[requestIDHeader]; len(given) > 0 && engine.ValidSKU(given[0]) {
		return given[0]
	}
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return base32.StdEncoding.EncodeToString(id[:])[:26] // as crypto/rand.Text writes them
}

// log writes the access record. It has neither bodies nor raw paths nor header
// values of the caller's but the checked id. The caller is the id of the key, or the
// subject of the token, of who has been let in.
func (s *Server) log(r *http.Request, rec *record, took time.Duration) {
	level := logLevel(rec.status)
	if !s.options.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", methodLabel(r)),
		slog.String("route", routeLabel(r)),
		slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes),
		slog.Duration("duration", took),
		slog.String("request_id", rec.id),
		slog.String("caller", callerOf(r.Context())),
	}
	if last := len(attrs) - 1; attrs[last].Value.String() == "" {
		attrs = attrs[:last]
	}
	s.options.Log.LogAttrs(r.Context(), level, "request", append(attrs, causeAttrs(rec.cause)...)...)
}

// causeAttrs is what the log says of an error. Errors whose text is fit for
// callers may keep more for the log, as a slog.LogValuer.
func causeAttrs(err error) []slog.Attr {
	if err == nil {
		return nil
	}
	attrs := []slog.Attr{slog.String("cause", err.Error())}
	var more slog.LogValuer
	if errors.As(err, &more) {
		attrs = append(attrs, slog.Any("detail", more))
	}
	return attrs
}

func logLevel(status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case status >= http.StatusBadRequest:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// panicError is a panic of a handler as the cause of a 500.
type panicError struct {
	value any
	stack []byte
}

// Error implements error.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// recoverPanic is deferred. It answers 500 where a handler panicked. When the
// answer has begun, only breaking the connection, which net/http does on
// ErrAbortHandler, can tell the caller that it is not whole.
func (s *Server) recoverPanic(rec *record) {
	value := recover()
	switch {
	case value == nil:
		return
	case value == http.ErrAbortHandler:
		rec.status = cmp.Or(rec.status, statusCanceled)
	case rec.status == 0:
		s.refuse(rec, &panicError{value, debug.Stack()})
		return
	default:
		rec.status = http.StatusInternalServerError
		rec.cause = &panicError{value, debug.Stack()}
	}
	panic(http.ErrAbortHandler)
}
