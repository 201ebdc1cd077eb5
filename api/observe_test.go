package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

func readAll(t testing.TB, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func series(t *testing.T, s *shop) int {
	t.Helper()
	families, err := s.server.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, family := range families {
		n += len(family.GetMetric())
	}
	return n
}

func TestUnknownNamesMakeNoNewSeries(t *testing.T) {
	s := open(t)
	ask := func(i int) {
		s.do("GET", fmt.Sprintf("%sname-%d", itemPath, i), "")
		s.do("GET", fmt.Sprintf("%s%%FF/%d", itemPath, i), "")
		s.do("GET", fmt.Sprintf("/nothing/%d", i), "")
		s.do("POST", fmt.Sprintf("%s%d", itemPath, i), "")
		s.do(fmt.Sprintf("M%d", i), pricePath, "")
	}
	ask(0)
	before := series(t, s)
	for i := range 1000 {
		ask(i)
	}
	if got := series(t, s); got != before {
		t.Errorf("got %d series, want the %d of before", got, before)
	}
}

func TestOthersMayUseTheRegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := open(t, func(_ *shop, o *api.Options) { o.Registry = registry })
	rules := prometheus.NewGauge(prometheus.GaugeOpts{Name: "checkout_rules", Help: "Rules."})
	s.server.Registry().MustRegister(rules)
	rules.Set(3)
	if body := want(t, s.do("GET", "/metrics", ""), 200); !strings.Contains(body, "checkout_rules 3") {
		t.Errorf("got %s, want checkout_rules in it", body)
	}
}

// logged returns a shop with its log.
func logged(t *testing.T, change ...func(*shop, *api.Options)) (*shop, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	change = append(change, func(_ *shop, o *api.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	return open(t, change...), &log
}

type logRecord struct {
	Level     string
	Method    string
	Route     string
	Status    int
	Bytes     int
	RequestID string `json:"request_id"`
	Cause     string
	Detail    string
	Duration  *int64
}

func TestEveryRequestIsLoggedOnce(t *testing.T) {
	s, log := logged(t)
	for _, c := range []struct {
		method, path, body string
		want               logRecord
	}{
		{"GET", itemPath + tv, "", logRecord{Level: "INFO", Method: "GET", Route: itemPath + "*", Status: 200}},
		{"GET", "/nothing", "", logRecord{Level: "WARN", Method: "GET", Route: "unmatched", Status: 404}},
		{"POST", itemsPath, "{}", logRecord{Level: "WARN", Method: "POST", Route: itemsPath, Status: 401}},
		{"GET", "/metrics", "", logRecord{Level: "INFO", Method: "GET", Route: "/metrics", Status: 200}},
	} {
		log.Reset()
		w := s.do(c.method, c.path, c.body, "X-Request-Id", "id-1")
		got := decoded[logRecord](t, log.String())
		if got.Bytes != w.Body.Len() || got.Duration == nil || got.RequestID != "id-1" {
			t.Errorf("%s: got %s, want the bytes, the duration and the id", c.path, log)
		}
		got.Bytes, got.Duration, got.RequestID = 0, nil, ""
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.path, got, c.want)
		}
	}
}

func TestTheCauseOfAFaultIsInTheLogOnly(t *testing.T) {
	s, log := logged(t, func(s *shop, _ *api.Options) {
		s.list = func(context.Context) ([]engine.Order, error) {
			return nil, fmt.Errorf("list orders: %w", errors.New("disk I/O error"))
		}
	})
	want(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 500)
	got := decoded[logRecord](t, log.String())
	if got.Level != "ERROR" || got.Cause != "list orders: disk I/O error" {
		t.Errorf("got %+v, want the cause as an error", got)
	}
}

// discreet is an error that tells the log more than the caller.
type discreet struct{}

func (discreet) Error() string        { return "the database is busy" }
func (discreet) LogValue() slog.Value { return slog.StringValue("SQLITE_BUSY (5)") }

func TestWhatAnErrorKeepsForTheLogIsLogged(t *testing.T) {
	s, log := logged(t, func(s *shop, _ *api.Options) {
		s.list = func(context.Context) ([]engine.Order, error) { return nil, fmt.Errorf("list orders: %w", discreet{}) }
	})
	wantError(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 500, "internal error")
	got := decoded[logRecord](t, log.String())
	if got.Cause != "list orders: the database is busy" || got.Detail != "SQLITE_BUSY (5)" {
		t.Errorf("got %+v, want the cause and its detail", got)
	}
}

func TestTheLogHasNoSecretsAndNoBodies(t *testing.T) {
	s, log := logged(t)
	s.do("GET", ordersPath, "", "X-Auth-Password", password)
	s.do("GET", ordersPath, "", "X-Auth-Password", "a-near-miss")
	s.do("GET", "/private/path?token=abc", "", "X-Request-Id", "two\nlines")
	s.do("POST", pricePath, `{"skus":["body-text"]}`)
	for _, secret := range []string{password, "near-miss", "private", "token", "lines", "body-text"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("got %q in the log: %s", secret, log)
		}
	}
}

func TestARequestKeepsASaneIDAndGetsOneOtherwise(t *testing.T) {
	s := open(t)
	for _, id := range []string{"a", "2f1e-8_x.Y", strings.Repeat("z", 64)} {
		if got := s.do("GET", "/status", "", "X-Request-Id", id).Header().Get("X-Request-Id"); got != id {
			t.Errorf("got id %q, want %q", got, id)
		}
	}
	seen := make(map[string]bool)
	for _, id := range []string{"", "with space", "<b>", "é", strings.Repeat("z", 65), "a\x00"} {
		got := s.do("GET", "/status", "", "X-Request-Id", id).Header().Get("X-Request-Id")
		if got == id || len(got) < 16 || seen[got] {
			t.Errorf("got id %q for %q, want a new one", got, id)
		}
		seen[got] = true
	}
}

func TestTheStoreKnowsTheRequestsIDAndDeadline(t *testing.T) {
	s := open(t, func(s *shop, o *api.Options) {
		o.Timeout = 20 * time.Millisecond
		s.list = func(ctx context.Context) ([]engine.Order, error) {
			if got := api.RequestID(ctx); got != "id-7" {
				t.Errorf("got id %q, want id-7", got)
			}
			<-ctx.Done()
			return nil, fmt.Errorf("list orders: %w", ctx.Err())
		}
	})
	w := s.do("GET", ordersPath, "", "X-Auth-Password", password, "X-Request-Id", "id-7")
	wantError(t, w, 503, "the request took too long")
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	s, log := logged(t, func(s *shop, _ *api.Options) {
		s.list = func(context.Context) ([]engine.Order, error) { panic("the bug") }
	})
	wantError(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 500, "internal error")
	got := decoded[logRecord](t, log.String())
	if got.Status != 500 || !strings.Contains(got.Cause, "panic: the bug") || !strings.Contains(got.Cause, "observe_test.go") {
		t.Errorf("got %+v, want the panic with its stack", got)
	}
	want(t, s.do("GET", itemPath+tv, ""), 200) // and the server lives
}

func TestAnAbortedRequestStaysAborted(t *testing.T) {
	s, log := logged(t, func(s *shop, _ *api.Options) {
		s.list = func(context.Context) ([]engine.Order, error) { panic(http.ErrAbortHandler) }
	})
	server := httptest.NewServer(s.server)
	request, err := http.NewRequest("GET", server.URL+ordersPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Auth-Password", password)
	if answer, err := http.DefaultClient.Do(request); err == nil {
		t.Errorf("got %s, want a broken connection", readAll(t, answer))
	}
	server.Close()
	if got := decoded[logRecord](t, log.String()); got.Status != 499 {
		t.Errorf("got %+v, want status 499", got)
	}
}

// brittle panics once the header is out.
type brittle struct{ *httptest.ResponseRecorder }

func (brittle) Write([]byte) (int, error) { panic("the bug") }

func TestAPanicAfterTheAnswerBeganBreaksTheConnection(t *testing.T) {
	s, log := logged(t)
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("got a panic of %v, want %v for net/http to see", got, http.ErrAbortHandler)
		}
		if got := decoded[logRecord](t, log.String()); got.Status != 500 || !strings.Contains(got.Cause, "the bug") {
			t.Errorf("got %+v, want status 500 and the cause", got)
		}
	}()
	s.server.ServeHTTP(brittle{httptest.NewRecorder()}, httptest.NewRequest("GET", "/status", nil))
}

func TestHealthNamesWhatIsDown(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	log := new(bytes.Buffer)
	s := open(t, func(_ *shop, o *api.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		o.CheckTimeout = 30 * time.Millisecond
		o.Checks = []api.Check{
			{Name: "well", Run: func(context.Context) error { return nil }},
			{Name: "deaf", Run: func(context.Context) error { <-released; return nil }},
			{Name: "ill", Run: func(context.Context) error { return errors.New("dial 10.0.0.1") }},
			{Name: "full", Run: func(context.Context) error {
				return &persistence.Error{Op: "ping database", Fault: persistence.Fault{Reason: "the database is read-only"}, Err: errors.New("secret")}
			}},
			{Name: "mad", Run: func(context.Context) error { panic("check") }},
			{Name: "slow", Run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		}
	})
	begin := time.Now()
	body := want(t, s.do("GET", "/health", ""), 503)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("got an answer after %s, want one after the deadline", took)
	}
	var got struct{ Failures []string }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if list := strings.Join(got.Failures, ", "); list != "deaf: unavailable, ill: unavailable, full: ping database: the database is read-only, mad: unavailable, slow: unavailable" {
		t.Errorf("got failures %s", list)
	}
	if !strings.Contains(log.String(), "dial 10.0.0.1") {
		t.Errorf("got the log %s, want the cause in it", log)
	}
}
