package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/config"
)

const (
	// Spans wait for the collector in memory. What comes while these are there is thrown
	// away: no request waits for a collector, or fails because of one.
	maxWaitingSpans = 4096
	spansTogether   = 512
	spansEvery      = 2 * time.Second
	collectorWait   = 3 * time.Second // for one answer
	collectorMost   = 6 * time.Second // for one batch, with what is tried again
	flushAtLeast    = time.Second
)

// tracing makes spans and sends them to a collector, by OTLP over HTTP: protobuf on the
// port that each collector has, through proxies that the gRPC form does not pass. Each
// option of the library is given, so that no variable of the environment says anything
// besides the configuration, other than OTEL_RESOURCE_ATTRIBUTES, which the library reads
// in any case and which adds to what all spans say of this process.
type tracing struct {
	trace.Tracer // nil where nothing is traced
	provider     *sdktrace.TracerProvider
	grace        time.Duration
	stopped      atomic.Pointer[time.Time]
	log          *slog.Logger
}

// newTracing returns what the configuration asks for. It connects to nobody, and is to be
// closed.
func newTracing(ctx context.Context, cfg config.Config, registry *prometheus.Registry, log *slog.Logger) (*tracing, error) {
	t := &tracing{grace: cfg.ShutdownGrace, log: log}
	if cfg.Tracing.Endpoint == "" {
		return t, nil
	}
	exporter, err := newExporter(ctx, cfg.Tracing)
	if err != nil {
		return nil, fmt.Errorf("tracing_endpoint: %w", err)
	}
	c := newCollector(exporter, cfg.Tracing.Endpoint, log)
	registry.MustRegister(c.ended, c.sent, c.successful)
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", cfg.Tracing.Service), attribute.String("service.version", version()),
		)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(float64(cfg.Tracing.Percent)/100))),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{AttributeValueLengthLimit: 256, AttributeCountLimit: 32, EventCountLimit: 8, LinkCountLimit: 8, AttributePerEventCountLimit: 8, AttributePerLinkCountLimit: 8}),
		sdktrace.WithSpanProcessor(endedSpans{c.ended}),
		sdktrace.WithBatcher(c,
			sdktrace.WithMaxQueueSize(maxWaitingSpans), sdktrace.WithMaxExportBatchSize(spansTogether),
			sdktrace.WithBatchTimeout(spansEvery), sdktrace.WithExportTimeout(collectorMost)),
	)
	t.Tracer = t.provider.Tracer("github.com/checkout-promotions/checkout", trace.WithInstrumentationVersion(version()))
	context.AfterFunc(ctx, func() {
		now := time.Now()
		t.stopped.Store(&now)
	})
	return t, nil
}

func newExporter(ctx context.Context, cfg config.Tracing) (sdktrace.SpanExporter, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHeaders(cfg.HeaderMap()),
		otlptracehttp.WithTimeout(collectorWait), otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithHTTPClient(&http.Client{Timeout: collectorWait, Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: collectorWait,
		}}),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: collectorWait, MaxElapsedTime: collectorMost}),
	)
}

// close sends what waits, in what is left of the time that the server has to stop, or in a
// second where nothing is left.
func (t *tracing) close() {
	if t.provider == nil {
		return
	}
	left := t.grace
	if at := t.stopped.Load(); at != nil {
		left -= time.Since(*at)
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(left, flushAtLeast))
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last traces were not sent", "error", err)
	}
}

// endedSpans counts the spans that end.
type endedSpans struct{ prometheus.Counter }

// OnStart implements sdktrace.SpanProcessor.
func (endedSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor.
func (e endedSpans) OnEnd(sdktrace.ReadOnlySpan) { e.Inc() }

// Shutdown implements sdktrace.SpanProcessor.
func (endedSpans) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdktrace.SpanProcessor.
func (endedSpans) ForceFlush(context.Context) error { return nil }

// collector sends spans, and tells the log when it begins and ceases to fail, not each
// time that it does.
type collector struct {
	sdktrace.SpanExporter
	address     string
	log         *slog.Logger
	ended, sent prometheus.Counter
	successful  prometheus.Gauge

	mu      sync.Mutex
	failing bool
}

func newCollector(exporter sdktrace.SpanExporter, address string, log *slog.Logger) *collector {
	c := &collector{
		SpanExporter: exporter, address: address, log: log,
		ended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "checkout_trace_spans_ended_total",
			Help: "Spans of traced requests that were to be sent to the collector.",
		}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "checkout_trace_spans_sent_total",
			Help: "Spans that the collector has taken. What is missing after a minute is lost.",
		}),
		successful: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "checkout_trace_last_export_successful",
			Help: "1 when the collector has taken the last spans, or there were none, 0 when it has not.",
		}),
	}
	c.successful.Set(1)
	return c
}

// ExportSpans implements sdktrace.SpanExporter. It returns no error: the library writes
// each to the standard error output.
func (c *collector) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := c.SpanExporter.ExportSpans(ctx, spans)
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.failing
	c.failing = err != nil
	if err == nil {
		c.sent.Add(float64(len(spans)))
		c.successful.Set(1)
	} else {
		c.successful.Set(0)
	}
	switch {
	case c.failing && !was:
		c.log.Warn("traces do not reach the collector; requests are served as ever, and this is not said again before it is over", "collector", c.address, "error", err)
	case was && !c.failing:
		c.log.Info("traces reach the collector again", "collector", c.address)
	}
	return nil
}

// tracedLog writes the trace and the span that a line belongs to beside what it says.
type tracedLog struct{ slog.Handler }

// Handle implements slog.Handler.
func (h tracedLog) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h tracedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedLog{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h tracedLog) WithGroup(name string) slog.Handler { return tracedLog{h.Handler.WithGroup(name)} }
