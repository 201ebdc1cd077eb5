package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	patience = 20 * time.Second // for what takes milliseconds, on a machine with much else to do
)

// store is an outbox in a real database.
type store struct {
	*persistence.Store
	t testing.TB
	// settle, where it is set, stands before Settle; true ends the call with an error.
	settle func(webhook.Delivery) bool
}

func newStore(t testing.TB, endpoints ...string) *store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	check(t, err)
	usd, err := engine.ParseCurrency("USD")
	check(t, err)
	options := persistence.Options{Currency: usd}
	for _, name := range endpoints {
		options.Endpoints = append(options.Endpoints, persistence.Endpoint{Name: name})
	}
	data, err := persistence.New(db, options)
	check(t, err)
	t.Cleanup(func() { check(t, data.Close()) })
	check(t, data.Migrate(t.Context()))
	return &store{Store: data, t: t}
}

func (s *store) Claim(ctx context.Context, endpoint string, n int, lease time.Duration) ([]webhook.Delivery, error) {
	claimed, err := s.Store.Claim(ctx, endpoint, n, lease)
	all := make([]webhook.Delivery, len(claimed))
	for i, d := range claimed {
		all[i] = webhook.Delivery(d)
	}
	return all, err
}

func (s *store) Settle(ctx context.Context, d webhook.Delivery, o webhook.Settlement) error {
	if s.settle != nil && s.settle(d) {
		return io.ErrUnexpectedEOF
	}
	return s.Store.Settle(ctx, persistence.Delivery(d), persistence.Settlement{
		State: persistence.DeliveryState(o.State), Next: o.Next, Status: o.Status, Error: o.Error, Took: o.Took,
	})
}

func (s *store) Backlogs(ctx context.Context) ([]webhook.Backlog, error) {
	known, err := s.Store.Backlogs(ctx)
	all := make([]webhook.Backlog, len(known))
	for i, b := range known {
		all[i] = webhook.Backlog(b)
	}
	return all, err
}

// tell emits n events of one aggregate.
func (s *store) tell(n int) {
	s.t.Helper()
	for i := range n {
		check(s.t, s.RulesetChanged(s.t.Context(), fmt.Sprint("ruleset ", i)))
	}
}

// records returns the deliveries to an endpoint, the oldest event first.
func (s *store) records(endpoint string) []persistence.DeliveryRecord {
	s.t.Helper()
	records, err := s.Deliveries(context.Background(), persistence.DeliveryFilter{Endpoint: endpoint})
	check(s.t, err)
	slices.Reverse(records)
	return records
}

// become waits until the only delivery to the endpoint is as wanted, and returns it.
func (s *store) become(endpoint string, what string, ok func(persistence.DeliveryRecord) bool) persistence.DeliveryRecord {
	s.t.Helper()
	var last persistence.DeliveryRecord
	eventually(s.t, what, func() bool {
		last = s.records(endpoint)[0]
		return ok(last)
	})
	return last
}

func in(state persistence.DeliveryState) func(persistence.DeliveryRecord) bool {
	return func(r persistence.DeliveryRecord) bool { return r.State == state }
}

// receipt is a request that a receiver got.
type receipt struct {
	id, body string
	status   int // of the answer
}

// receiver is an endpoint that checks signatures with the library.
type receiver struct {
	*httptest.Server
	t  testing.TB
	mu sync.Mutex
	// got is every request so far.
	got []receipt
}

// receive starts an endpoint. Answer gets each request, with how many came before.
func receive(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, before int) int) *receiver {
	t.Helper()
	r := &receiver{t: t}
	key, err := standardwebhooks.NewWebhook(secret)
	check(t, err)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = key.Verify(body, req.Header)
		}
		if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got a %s of %s, error %v, want a signed POST of JSON", req.Method, req.Header.Get("Content-Type"), err)
		}
		r.mu.Lock()
		before := len(r.got)
		r.got = append(r.got, receipt{id: req.Header.Get("webhook-id"), body: string(body)})
		r.mu.Unlock()
		status := answer(w, req, before)
		r.mu.Lock()
		r.got[before].status = status
		r.mu.Unlock()
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) receipts() []receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func status(codes ...int) func(http.ResponseWriter, *http.Request, int) int {
	return func(_ http.ResponseWriter, _ *http.Request, before int) int { return codes[min(before, len(codes)-1)] }
}

// running is a sender that runs.
type running struct {
	t     testing.TB
	stop  context.CancelFunc
	ended chan error
}

// send runs a sender that polls often and tries again at once.
func send(t testing.TB, o webhook.Options) *running {
	t.Helper()
	if o.Schedule == nil {
		o.Schedule = slices.Repeat([]time.Duration{time.Millisecond}, 9)
	}
	o.Poll = 5 * time.Millisecond
	sender, err := webhook.New(o)
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t, stop, make(chan error, 1)}
	go func() { r.ended <- sender.Run(ctx) }()
	t.Cleanup(r.end)
	return r
}

// end stops the sender and waits for its end.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		r.ended <- nil // for the next call
		check(r.t, err)
	case <-time.After(patience):
		r.t.Error("the sender does not end")
	}
}

func at(name string, r *receiver) webhook.Endpoint {
	return webhook.Endpoint{Name: name, URL: r.URL, Secrets: []string{secret}, Timeout: patience}
}

func to(endpoints ...webhook.Endpoint) []webhook.Endpoint { return endpoints }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}

// eventually waits for something that happens in other goroutines and leaves no other trace.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: waited in vain for %s", what, patience)
		}
	}
}

// unsigned starts an endpoint that looks at no signature and returns its address.
func unsigned(t testing.TB, answer func(http.ResponseWriter)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
