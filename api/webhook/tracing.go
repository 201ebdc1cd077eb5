package webhook

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// startSpan begins the span of an attempt: a trace of its own, or a part of the request
// that asked for a ping. It has the name of the endpoint and the status of the answer,
// and neither the address nor the event. The endpoint is not told of it: who receives
// events is somebody else, whom our traces do not concern.
func (s *Sender) startSpan(ctx context.Context, t *target) (_ context.Context, end func(answer)) {
	ctx, span := s.options.Tracer.Start(ctx, "webhook attempt", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("checkout.webhook", t.Name)))
	return ctx, func(a answer) {
		if a.status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", a.status))
		}
		if a.problem != "" {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
