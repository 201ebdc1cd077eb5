package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// A span of a request says the method, the route pattern and the status, and nothing
// that a caller has sent: paths have codes and references in them, queries and headers
// customers and keys.

// startSpan begins the span of a request, and returns the context that it is in; nil
// where requests are not traced, nor those of probes, which tell of no shop.
func (s *Server) startSpan(r *http.Request) (context.Context, trace.Span) {
	if s.options.Tracer == nil || isProbe(r.URL.Path) {
		return r.Context(), nil
	}
	ctx := r.Context()
	if s.believes(r.RemoteAddr) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return s.options.Tracer.Start(ctx, methodLabel(r), trace.WithSpanKind(trace.SpanKindServer))
}

func isProbe(path string) bool {
	switch path {
	case "/status", "/health", "/livez", "/readyz", "/metrics":
		return true
	}
	return false
}

// believes tells whether the traceparent of a connection counts. Of others it does not:
// it would let anybody decide that all is recorded, and join traces that are not theirs.
func (s *Server) believes(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(s.options.TrustedCallers, func(n netip.Prefix) bool { return n.Contains(at.Addr().Unmap()) })
}

// endSpan ends the span of a request that is answered, if it has one.
func endSpan(span trace.Span, r *http.Request, rec *record) {
	if span == nil {
		return
	}
	method, route := methodLabel(r), routeLabel(r)
	span.SetName(method + " " + route)
	span.SetAttributes(
		attribute.String("http.request.method", method),
		attribute.String("http.route", route),
		attribute.Int("http.response.status_code", rec.status),
	)
	if rec.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "") // why is in the log, where its words belong
	}
	span.End()
}

// startChild begins a span below that of the request, nil where that is not recorded.
func startChild(ctx context.Context, tracer trace.Tracer, name string) (context.Context, trace.Span) {
	if tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	return tracer.Start(ctx, name)
}
