package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/checkout-promotions/checkout/api/webhook"
)

func TestEachAttemptIsASpanOfWhichTheReceiverKnowsNothing(t *testing.T) {
	status := http.StatusNoContent
	var got http.Header
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	sender, err := webhook.New(webhook.Options{Outbox: newStore(t), Tracer: tracer})
	check(t, err)
	endpoint := webhook.Endpoint{Name: "books", URL: receiver.URL + "/hooks?token=of-the-address", Secrets: []string{secret}}
	ctx, request := tracer.Start(t.Context(), "request")
	_, err = sender.Ping(ctx, endpoint, "one")
	check(t, err)
	for name := range got {
		if slices.Contains([]string{"Traceparent", "Tracestate", "Baggage"}, name) {
			t.Errorf("the receiver got the header %s", name)
		}
	}
	status = http.StatusTeapot
	if _, err := sender.Ping(t.Context(), endpoint, "two"); err == nil {
		t.Error("got no error of an answer 418")
	}
	receiver.Close()
	if _, err := sender.Ping(t.Context(), endpoint, "three"); err == nil {
		t.Error("got no error without a receiver")
	}
	var all []string
	for _, span := range spans.Ended() {
		all = append(all, fmt.Sprint(span.Name(), " ", span.Status().Code, span.Status().Description, " ", span.Attributes()))
	}
	if got := spans.Ended()[0].Parent().SpanID(); got != request.SpanContext().SpanID() {
		t.Errorf("the span of a ping that a request asked for has the parent %s, want the request", got)
	}
	want := `webhook attempt Unset [{"checkout.webhook":"books"} {"http.response.status_code":204}]
webhook attempt Error [{"checkout.webhook":"books"} {"http.response.status_code":418}]
webhook attempt Error [{"checkout.webhook":"books"}]`
	if got := strings.Join(all, "\n"); got != want {
		t.Errorf("got the spans\n%s\nwant\n%s", got, want)
	}
}
