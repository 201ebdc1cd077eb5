package host

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"github.com/checkout-promotions/checkout/engine"
)

// startSpan begins the span of a call, nil where the one who asks is not recorded, and
// returns the context by which the plugin gets it.
func (h *Host) startSpan(ctx context.Context, name, plugin string) (context.Context, trace.Span) {
	if h.options.Tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, nil
	}
	ctx, span := h.options.Tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("checkout.plugin", plugin)))
	headers := make(propagation.MapCarrier)
	propagation.TraceContext{}.Inject(ctx, headers)
	for key, value := range headers {
		ctx = metadata.AppendToOutgoingContext(ctx, key, value)
	}
	return ctx, span
}

// endSpan ends the span of a call, if it has one. What was wrong in detail is in the log:
// a plugin may say anything.
func endSpan(span trace.Span, fault engine.PluginFault) {
	if span == nil {
		return
	}
	outcome := "ok"
	if fault != "" {
		outcome = string(fault)
		span.SetStatus(codes.Error, outcome)
	}
	span.SetAttributes(attribute.String("checkout.plugin.outcome", outcome))
	span.End()
}
