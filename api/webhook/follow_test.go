package webhook_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/persistence"
)

// registry is endpoints that come and go.
type registry struct {
	mu        sync.Mutex
	endpoints []webhook.Endpoint
	failing   error
}

func (r *registry) set(endpoints ...webhook.Endpoint) { r.change(endpoints, nil) }

func (r *registry) change(endpoints []webhook.Endpoint, failing error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endpoints, r.failing = endpoints, failing
}

func (r *registry) list(context.Context) ([]webhook.Endpoint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.endpoints, r.failing
}

func TestEndpointsComeChangeAndGoWhileTheSenderRuns(t *testing.T) {
	outbox := newStore(t, "fixed", "later")
	fixed, first, second := receive(t, status(204)), receive(t, status(204)), receive(t, status(204))
	registered, metrics := &registry{}, prometheus.NewRegistry()
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("fixed", fixed)), Registered: registered.list, Registry: metrics})
	outbox.tell(1)
	outbox.become("fixed", "the fixed one", in(persistence.DeliveryDelivered))
	outbox.become("later", "one that nobody sends to", in(persistence.DeliveryPending))

	registered.set(at("later", first))
	outbox.become("later", "one that has come", in(persistence.DeliveryDelivered))
	// The same endpoint is at another address from now on.
	registered.set(at("later", second))
	eventually(t, "its requests go to the new address", func() bool {
		outbox.tell(2)
		return len(second.receipts()) > 0
	})
	registered.change(nil, io.ErrUnexpectedEOF)
	before := len(second.receipts())
	eventually(t, "it goes on while nobody knows which there are", func() bool {
		outbox.tell(2)
		return len(second.receipts()) > before+2
	})
	registered.set()
	eventually(t, "it is forgotten when it is gone", func() bool {
		families, err := metrics.Gather()
		check(t, err)
		for _, family := range families {
			if family.GetName() == "checkout_webhook_attempts_total" {
				return len(family.GetMetric()) == 3
			}
		}
		return false
	})
	before = len(second.receipts())
	outbox.tell(2)
	eventually(t, "the fixed one goes on", func() bool {
		records := outbox.records("fixed")
		return records[len(records)-1].State == persistence.DeliveryDelivered
	})
	if after := len(second.receipts()); after != before {
		t.Errorf("got %d requests after it was gone, want none", after-before)
	}
}

func TestARegisteredEndpointThatIsNoneIsLoggedAndTheOthersGoOn(t *testing.T) {
	outbox := newStore(t, "good", "bad")
	good := receive(t, status(204))
	registered := &registry{}
	registered.set(at("good", good), webhook.Endpoint{Name: "bad", URL: good.URL, Secrets: []string{"whsec_%"}})
	var log synced
	s := send(t, webhook.Options{Outbox: outbox, Registered: registered.list, Log: slog.New(slog.NewTextHandler(&log, nil))})
	outbox.tell(1)
	outbox.become("good", "the good one", in(persistence.DeliveryDelivered))
	outbox.become("bad", "the bad one", in(persistence.DeliveryPending))
	// Once it is one, it is sent to.
	registered.set(at("good", good), at("bad", good))
	outbox.become("bad", "the bad one, mended", in(persistence.DeliveryDelivered))
	s.end()
	if text := log.String(); strings.Count(text, `msg="a webhook cannot be sent to as it is now" endpoint=bad`) != 1 || strings.Contains(text, "whsec_%") {
		t.Errorf("got the log %q, want once that bad cannot be sent to, without its secret", text)
	}
}

// synced is a buffer that goroutines write to.
type synced struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *synced) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestWhatIsForPublicAddressesReachesNoOther(t *testing.T) {
	asked := 0
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer private.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	sender, err := webhook.New(webhook.Options{Outbox: newFake()})
	check(t, err)
	port := private.URL[strings.LastIndex(private.URL, ":"):]
	for _, address := range []string{
		private.URL, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port,
		"http://10.0.0.1", "http://192.168.0.1", "http://172.16.0.1", "http://169.254.169.254/latest/meta-data", "http://100.64.0.1",
		"http://[fd00::1]", "http://[fe80::1]", "http://[64:ff9b::7f00:1]", "http://224.0.0.1", "http://no-such-host.invalid",
	} {
		e := webhook.Endpoint{Name: "theirs", URL: address, Secrets: []string{secret}, Timeout: 5 * time.Second, Public: true}
		_, err := sender.Ping(t.Context(), e, "one")
		if err == nil || err.Error() != "endpoint theirs: the host has no public address" {
			t.Errorf("%s: got error %v, want that it is not public, and no more", address, err)
		}
	}
	if asked > 0 {
		t.Errorf("got %d requests, want none", asked)
	}
	if _, err := sender.Ping(t.Context(), webhook.Endpoint{Name: "ours", URL: private.URL, Secrets: []string{secret}}, "two"); err != nil || asked != 1 {
		t.Errorf("an endpoint that need not be public: got %d requests, error %v; want one", asked, err)
	}
}
