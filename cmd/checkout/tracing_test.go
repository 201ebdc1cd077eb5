package main_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// collector is one of OpenTelemetry, as far as it takes traces by OTLP over HTTP.
type collector struct {
	t        *testing.T
	url      string
	mu       sync.Mutex
	sent     bytes.Buffer // the bodies
	headers  http.Header  // of the last request
	resource string
	spans    []*tracepb.Span
}

func newCollector(t *testing.T) *collector {
	c := &collector{t: t}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var request collectorpb.ExportTraceServiceRequest
	unzipped, err := gzip.NewReader(r.Body)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(unzipped)
	}
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		c.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent.Write(body)
	c.headers = r.Header
	for _, of := range request.GetResourceSpans() {
		c.resource = attributesOf(of.GetResource().GetAttributes())
		for _, in := range of.GetScopeSpans() {
			c.spans = append(c.spans, in.GetSpans()...)
		}
	}
}

// attributesOf writes attributes as name=value, in their order.
func attributesOf(attributes []*commonpb.KeyValue) string {
	var all []string
	for _, a := range attributes {
		value := a.GetValue().GetStringValue()
		if _, number := a.GetValue().GetValue().(*commonpb.AnyValue_IntValue); number {
			value = fmt.Sprint(a.GetValue().GetIntValue())
		}
		all = append(all, a.GetKey()+"="+value)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// tree writes the spans of a trace below the span with the id, by when they began.
func (c *collector) tree(traceID, parent, indent string) string {
	var below []*tracepb.Span
	for _, span := range c.spans {
		if hex.EncodeToString(span.GetTraceId()) == traceID && hex.EncodeToString(span.GetParentSpanId()) == parent {
			below = append(below, span)
		}
	}
	slices.SortFunc(below, func(a, b *tracepb.Span) int { return cmp.Compare(a.GetStartTimeUnixNano(), b.GetStartTimeUnixNano()) })
	var text strings.Builder
	for _, span := range below {
		line := strings.TrimSpace(span.GetName() + " " + attributesOf(span.GetAttributes()))
		if span.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR {
			line += " failed"
		}
		text.WriteString(indent + line + "\n" + c.tree(traceID, hex.EncodeToString(span.GetSpanId()), indent+"  "))
	}
	return text.String()
}

// roots returns the traces that begin here, each by the name of its first span.
func (c *collector) roots() map[string]string {
	found := make(map[string]string)
	for _, span := range c.spans {
		if len(span.GetParentSpanId()) == 0 {
			found[span.GetName()] = hex.EncodeToString(span.GetTraceId())
		}
	}
	return found
}

// loyaltyShop builds the example plugin, and returns the arguments of a server that asks
// it.
func loyaltyShop(t *testing.T) []string {
	t.Helper()
	work := t.TempDir()
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	shop := filepath.Join(repository, "examples", "loyalty")
	if err := os.CopyFS(filepath.Join(work, "rules"), os.DirFS(filepath.Join(shop, "rules"))); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"mkdir plugins",
		"(cd '" + repository + "' && go build -o '" + work + "/plugins/' ./examples/plugins/loyalty)",
		"checkout plugins lock --plugins plugins --rules rules",
	} {
		if code, output := in(t, work, line); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", line, code, output)
		}
	}
	return []string{
		"--config", filepath.Join(shop, "checkout.yaml"), "--sqlite", filepath.Join(work, "shop.db"), "--rules", filepath.Join(work, "rules"),
		"--plugins", filepath.Join(work, "plugins"), "--seed", filepath.Join(shop, "inventory.yaml"), "--log-level", "debug",
	}
}

const (
	caller       = "00f067aa0ba902b7"                 // a span of who calls
	quoteTraceID = "4bf92f3577b34da6a3ce929d0e0e4736" // a trace of theirs
	orderTraceID = "5bf92f3577b34da6a3ce929d0e0e4737"
)

// personal is a cart, and headers, of which nothing may be in a trace.
func personal(trace string) (body map[string]any, header []string) {
	body = map[string]any{
		"lines": []any{map[string]any{"sku": "ATLAS", "quantity": 1}}, "customer": map[string]any{"id": "ann", "groups": []string{"ann-is-gold"}},
		"coupons": []string{"POINTS"}, "shipping": map[string]any{"country": "DE", "region": "Entenhausen"}, "attributes": map[string]any{"x": "attribute-of-the-cart"},
	}
	return body, []string{
		"Authorization", "Bearer " + password, "Content-Type", "application/json", "X-Forwarded-For", "203.0.113.77", "User-Agent", "Netscape", "X-Request-Id", "ann-asks",
		"traceparent", "00-" + trace + "-" + caller + "-01", "tracestate", "vendor=1", "baggage", "customer=ann", "Idempotency-Key", "key-of-the-request",
	}
}

// A quote and an order of a shop with a plugin and a database are one trace each, which
// goes on from the caller's, and in which nothing stands that a customer has sent. No
// variable of OpenTelemetry changes that.
func TestTracesTellWhatHappensAndNotOfWhom(t *testing.T) {
	c := newCollector(t)
	for _, pair := range [][2]string{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"}, {"OTEL_EXPORTER_OTLP_HEADERS", "x-environment=yes"}, {"OTEL_EXPORTER_OTLP_COMPRESSION", "none"},
		{"OTEL_SERVICE_NAME", "environment"}, {"OTEL_TRACES_SAMPLER", "always_off"}, {"OTEL_BSP_SCHEDULE_DELAY", "1"}, {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"},
		{"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test"},
	} {
		t.Setenv(pair[0], pair[1])
	}
	s := start(t, append(loyaltyShop(t), "--tracing-endpoint", c.url, "--tracing-headers", "x-token=collectors-secret", "--tracing-service", "bookshop",
		"--tracing-trusted-callers", "127.0.0.0/8")...)
	ask := func(trace, path string) {
		t.Helper()
		body, header := personal(trace)
		if status, answer := s.call(http.MethodPost, path+"?at=query-of-ann", body, header...); status/100 != 2 {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
	ask(strings.Repeat("a", 32), "/v1/quotes") // which finds a plugin that has just started
	ask(quoteTraceID, "/v1/quotes")
	var logged map[string]any
	eventually(t, "the log record of the quote", patience, func() bool {
		logged = s.log.find("request")
		return logged["trace_id"] == quoteTraceID
	})
	ask(orderTraceID, "/v1/orders")
	s.call(http.MethodGet, "/v1/coupons/SUMMER-CODE", nil, auth()...)
	s.call(http.MethodGet, "/v0/inventory/item/price/unheard-of", nil)
	s.call(http.MethodGet, "/status", nil)
	s.call(http.MethodGet, "/metrics", nil)
	s.stop() // which sends what waits
	c.mu.Lock()
	defer c.mu.Unlock()

	want := `POST /v1/quotes http.request.method=POST http.response.status_code=200 http.route=/v1/quotes
  quote basis
    BEGIN db.operation.name=BEGIN db.system.name=sqlite
    SELECT redemption_counters db.collection.name=redemption_counters db.operation.name=SELECT db.system.name=sqlite
    SELECT coupon_codes db.collection.name=coupon_codes db.operation.name=SELECT db.system.name=sqlite
    COMMIT db.operation.name=COMMIT db.system.name=sqlite
  quote plugins
    plugin facts checkout.plugin.outcome=ok checkout.plugin=loyalty
    plugin evaluate checkout.plugin.outcome=ok checkout.plugin=loyalty
  quote price checkout.cart.lines=1 checkout.ruleset=DIGEST
  quote encode
`
	digest := regexp.MustCompile("checkout.ruleset=[0-9a-f]{64}")
	if got := digest.ReplaceAllString(c.tree(quoteTraceID, caller, ""), "checkout.ruleset=DIGEST"); got != want {
		t.Errorf("the trace of a quote: got\n%s\nwant\n%s", got, want)
	}
	order := c.tree(orderTraceID, caller, "")
	for _, line := range []string{"POST /v1/orders ", "\n  INSERT idempotency_keys ", "\n  quote plugins\n    plugin facts ", "\n  quote price ", "\n  commit order\n"} {
		if !strings.Contains("\n"+order, line) {
			t.Errorf("the trace of an order: got\n%s\nwant a line %q", order, line)
		}
	}
	for _, name := range []string{"GET /v1/coupons/{code}", "GET /v0/inventory/item/price/*"} {
		if c.roots()[name] == "" {
			t.Errorf("got the traces %v, want one of %s", c.roots(), name)
		}
	}
	for name := range c.roots() {
		if strings.Contains(name, "/status") || strings.Contains(name, "/metrics") {
			t.Errorf("got a trace of %s, which is a probe", name)
		}
	}
	for _, secret := range []string{"ann", "POINTS", "SUMMER", "Entenhausen", "attribute-of", password, "Netscape", "203.0.113", "127.0.0.1", "key-of", "query-of", "unheard-of", "ATLAS", "collectors-secret", "asks"} {
		if bytes.Contains(c.sent.Bytes(), []byte(secret)) {
			t.Errorf("got %q in the traces", secret)
		}
	}
	if want := "deployment.environment=test service.name=bookshop service.version=" + programVersion(t); c.resource != want {
		t.Errorf("got the resource %s, want %s", c.resource, want)
	}
	if c.headers.Get("X-Token") != "collectors-secret" || c.headers.Get("X-Environment") != "" {
		t.Errorf("the collector got the headers %v", c.headers)
	}
	if len(fmt.Sprint(logged["span_id"])) != 16 || logged["request_id"] != "ann-asks" {
		t.Errorf("got the log record %v, want it to name the trace beside the request", logged)
	}
	if strings.Contains(s.log.String(), "collectors-secret") {
		t.Error("the log has the headers of the collector")
	}
}

// Whoever is not trusted begins a trace, and neither joins one nor decides that it is
// recorded.
func TestTraceparentsOfStrangersAreNotBelieved(t *testing.T) {
	for percent, traces := range map[string]int{"100": 1, "0": 0} {
		c := newCollector(t)
		s := start(t, "--memory-db", "--tracing-endpoint", c.url, "--tracing-percent", percent, "--tracing-trusted-callers", "10.0.0.0/8")
		_, header := personal(quoteTraceID)
		s.call(http.MethodPost, "/v0/inventory/items/price", cart([]string{tv}), header...)
		if id, _ := s.logged("request")["trace_id"].(string); len(id) != 32 || id == quoteTraceID {
			t.Errorf("%s %%: got the trace %q in the log, want one that begins here", percent, id)
		}
		s.stop()
		c.mu.Lock()
		if got := c.tree(quoteTraceID, caller, ""); got != "" || len(c.roots()) != traces {
			t.Errorf("%s %%: got %v and\n%s, want %d traces that begin here", percent, c.roots(), got, traces)
		}
		c.mu.Unlock()
	}
}

// Requests know nothing of a collector that is away, refuses or does not answer, and the
// log is told once.
func TestNobodyWaitsForTheCollector(t *testing.T) {
	hung := make(chan struct{})
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hung:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { // after all that run beside each other
		close(hung)
		hanging.Close()
		refusing.Close()
	})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + taken.Addr().String()
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{"is away": nobody, "refuses": refusing.URL, "does not answer": hanging.URL} {
		t.Run("a collector that "+name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--memory-db", "--tracing-endpoint", url, "--shutdown-grace", "2s")
			const most = 6000 // more spans than may wait
			began := time.Now()
			together(4, func(int) {
				for range most / 4 / 3 { // a request has more than three
					if status, answer, err := s.try(http.MethodPost, "/v0/inventory/items/price", cart([]string{tv})); status != http.StatusOK {
						t.Errorf("got %d %s (%v)", status, answer, err)
						return
					}
				}
			})
			t.Logf("%d requests in %s", most/3, time.Since(began))
			const told = "traces do not reach the collector; requests are served as ever, and this is not said again before it is over"
			s.logged(told)
			for range 3 { // further batches
				s.price(tv)
				time.Sleep(time.Second)
			}
			if got := strings.Count(s.log.String(), told); got != 1 {
				t.Errorf("the log is told %d times, want once", got)
			}
			if got := s.metric("checkout_trace_last_export_successful"); got != "0" {
				t.Errorf("checkout_trace_last_export_successful: got %s, want 0", got)
			}
			if ended, sent := s.metric("checkout_trace_spans_ended_total"), s.metric("checkout_trace_spans_sent_total"); sent != "0" || len(ended) < 4 {
				t.Errorf("got %s spans ended and %s sent, want thousands and none", ended, sent)
			}
			s.client.CloseIdleConnections() // a server that ends waits 5 seconds for those that were never used
			began = time.Now()
			s.stop()
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("the end took %s, with 2s of grace", took)
			}
		})
	}
}

// A sale on Postgres is one round trip beside bun, and its span is that of the commit.
func TestQueriesOfPostgresAreTraced(t *testing.T) {
	c := newCollector(t)
	s := start(t, "--db-dsn", pgtest.Create(t), "--tracing-endpoint", c.url)
	s.buy(tv)
	s.orders()
	s.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for root, line := range map[string]string{
		"POST /v0/inventory/items/purchase": "\n  commit order\n",
		"GET /v0/orders":                    "\n  SELECT orders db.collection.name=orders db.operation.name=SELECT db.system.name=postgresql\n",
	} {
		if trace := c.tree(c.roots()[root], "", ""); !strings.Contains(trace, line) {
			t.Errorf("the trace of %s: got\n%s\nwant %q in it", root, trace, line)
		}
	}
}
