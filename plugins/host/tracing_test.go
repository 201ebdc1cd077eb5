//go:build linux

package host_test

import (
	"fmt"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/checkout-promotions/checkout/plugins/host"
)

// A plugin is told of the span of its call, so that spans of its own stand below it; what
// it says is not in the span.
func TestAPluginGetsTheSpanOfItsCall(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	f := newFolder(t, host.Options{Tracer: tracer})
	f.use()
	f.wantServed()
	if got := spans.Ended(); len(got) != 0 {
		t.Errorf("got %d spans of questions that nobody traces, want none", len(got))
	}
	ctx, root := tracer.Start(t.Context(), "quote")
	request, err := f.rules(`{"do":"trace"}`, false).Consult(ctx, f.host, cart(dollars(t), "c-secret"))
	if err != nil {
		t.Fatal(err)
	}
	var calls, told []string
	for _, span := range spans.Ended() {
		if span.Parent().SpanID() != root.SpanContext().SpanID() {
			t.Errorf("%s: got another parent than the one who asks", span.Name())
		}
		calls = append(calls, fmt.Sprint(span.Name(), " ", span.Status().Code, " ", span.Attributes()))
		if span.Name() == "plugin evaluate" {
			told = append(told, fmt.Sprintf("00-%s-%s-01", span.SpanContext().TraceID(), span.SpanContext().SpanID()))
		}
	}
	got := strings.Join(calls, "\n")
	want := "plugin facts Unset [{\"checkout.plugin\":\"rogue\"} {\"checkout.plugin.outcome\":\"ok\"}]\n" +
		"plugin evaluate Error [{\"checkout.plugin\":\"rogue\"} {\"checkout.plugin.outcome\":\"call_failed\"}]"
	if got != want {
		t.Errorf("got the spans\n%s\nwant\n%s", got, want)
	}
	if detail := fmt.Sprintf("%+v", request.Answers); len(told) != 1 || !strings.Contains(detail, fmt.Sprintf("traceparents %q", told)) {
		t.Errorf("got the answer %s, want it to name %q", detail, told)
	}
}
