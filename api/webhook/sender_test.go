package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/persistence"
)

func TestAFailureIsTriedAgainWithTheSameIDAndBody(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	books := receive(t, status(500, 404, 204))
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	record := outbox.become("books", "delivery", in(persistence.DeliveryDelivered))
	var want []receipt
	for _, code := range []int{500, 404, 204} {
		want = append(want, receipt{record.UID, record.Body, code})
	}
	if diff := cmp.Diff(want, books.receipts(), cmp.AllowUnexported(receipt{})); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if record.Attempts != 3 || record.LastStatus != 204 || record.LastError != "" {
		t.Errorf("got record %+v, want 3 attempts and the last answer", record)
	}
}

func TestAfterTheLastAttemptADeliveryIsDeadAndLaterEventsGoOn(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(2)
	books := receive(t, status(500, 500, 500, 200))
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books)), Schedule: []time.Duration{1, 1}})
	eventually(t, "second event", func() bool { return outbox.records("books")[1].State == persistence.DeliveryDelivered })
	if got := outbox.records("books")[0]; got.State != persistence.DeliveryDead || got.Attempts != 3 || got.LastError != "answered 500" {
		t.Errorf("first event: got %+v, want it dead after 3 attempts", got)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	t0 := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	elsewhere := receive(t, status(200))
	for _, tt := range []struct {
		name   string
		status int
		header map[string]string
		want   webhook.Settlement
	}{
		{"200 is delivered", 200, nil, webhook.Settlement{State: webhook.Delivered, Status: 200}},
		{"299 is delivered", 299, nil, webhook.Settlement{State: webhook.Delivered, Status: 299}},
		{"410 is dead at once", 410, nil, webhook.Settlement{State: webhook.Dead, Status: 410, Error: "answered 410"}},
		{"a redirect is not followed", 307, map[string]string{"Location": elsewhere.URL}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(5 * time.Second), Status: 307, Error: "answered 307; redirects are not followed",
		}},
		{"400 is tried again", 400, nil, webhook.Settlement{State: webhook.Pending, Next: t0.Add(5 * time.Second), Status: 400, Error: "answered 400"}},
		{"Retry-After in seconds is kept to", 429, map[string]string{"Retry-After": "3600"}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(time.Hour), Status: 429, Error: "answered 429",
		}},
		{"Retry-After as an instant is kept to", 503, map[string]string{"Retry-After": t0.Add(time.Minute).Format(http.TimeFormat)}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(time.Minute), Status: 503, Error: "answered 503",
		}},
		{"a short Retry-After does not shorten the pause", 503, map[string]string{"Retry-After": "1"}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(5 * time.Second), Status: 503, Error: "answered 503",
		}},
		{"Retry-After is believed up to a day", 503, map[string]string{"Retry-After": "99999999999999"}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(24 * time.Hour), Status: 503, Error: "answered 503",
		}},
		{"a Retry-After that means nothing is passed over", 503, map[string]string{"Retry-After": "soon"}, webhook.Settlement{
			State: webhook.Pending, Next: t0.Add(5 * time.Second), Status: 503, Error: "answered 503",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The library of the receiver wants a timestamp of today.
			endpoint := unsigned(t, func(w http.ResponseWriter) {
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
			})
			outbox := newFake(webhook.Delivery{Endpoint: "books", UID: "a", Body: []byte("{}"), Attempt: 1})
			send(t, webhook.Options{
				Outbox: outbox, Endpoints: to(webhook.Endpoint{Name: "books", URL: endpoint, Secrets: []string{secret}}),
				Schedule: webhook.Schedule(), Jitter: func(d time.Duration) time.Duration { return d }, Now: func() time.Time { return t0 },
			})
			got := outbox.outcome(t)
			if got.Took <= 0 || got.Took > patience {
				t.Errorf("got an attempt of %s, want how long it took", got.Took)
			}
			got.Took = 0
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
	if got := elsewhere.receipts(); len(got) != 0 {
		t.Errorf("got %v at the end of the redirect, want nothing", got)
	}
}

func TestPausesGrowAndAreDrawnAnew(t *testing.T) {
	t0 := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	endpoint := unsigned(t, func(w http.ResponseWriter) { w.WriteHeader(500) })
	for i, longest := range webhook.Schedule() {
		outbox := newFake(webhook.Delivery{Endpoint: "books", UID: "a", Body: []byte("{}"), Attempt: i + 1})
		s := send(t, webhook.Options{
			Outbox: outbox, Endpoints: to(webhook.Endpoint{Name: "books", URL: endpoint, Secrets: []string{secret}}),
			Schedule: webhook.Schedule(), Now: func() time.Time { return t0 },
		})
		got := outbox.outcome(t)
		if pause := got.Next.Sub(t0); got.State != webhook.Pending || pause < 0 || pause > longest {
			t.Errorf("attempt %d: got %s and a pause of %s, want pending and one of at most %s", i+1, got.State, pause, longest)
		}
		s.end()
	}
}

func TestAnEndpointThatDoesNotAnswerInTimeFails(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	books := receive(t, func(_ http.ResponseWriter, r *http.Request, _ int) int {
		<-r.Context().Done()
		return 200
	})
	endpoint := at("books", books)
	endpoint.Timeout = 20 * time.Millisecond
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(endpoint), Schedule: []time.Duration{time.Hour}, Jitter: func(d time.Duration) time.Duration { return d }})
	record := outbox.become("books", "failure", func(r persistence.DeliveryRecord) bool { return r.LastError != "" })
	if record.LastError != "no answer within 20ms" || record.LastStatus != 0 {
		t.Errorf("got status %d, %q, want that there was no answer", record.LastStatus, record.LastError)
	}
}

func TestTheAddressIsInNoRecordAndNoLog(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	books := receive(t, status(200))
	address := books.URL + "/?token=geheim"
	books.Close()
	var log strings.Builder
	s := send(t, webhook.Options{
		Outbox: outbox, Endpoints: to(webhook.Endpoint{Name: "books", URL: address, Secrets: []string{secret}}),
		Schedule: []time.Duration{1}, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	record := outbox.become("books", "end", in(persistence.DeliveryDead))
	s.end()
	if !strings.HasSuffix(record.LastError, "connect: connection refused") {
		t.Errorf("got %q, want that the connection was refused", record.LastError)
	}
	if all := record.LastError + log.String(); strings.Contains(all, "geheim") || strings.Contains(all, secret) {
		t.Errorf("got a secret in %s", all)
	}
}

func TestAnAnswerWithoutEndIsNotRead(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	books := receive(t, func(w http.ResponseWriter, r *http.Request, _ int) int {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				break
			}
		}
		return 200
	})
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	outbox.become("books", "delivery", in(persistence.DeliveryDelivered))
}

func TestASlowEndpointHoldsUpNoOther(t *testing.T) {
	const events = 20
	outbox := newStore(t, "slow", "books")
	release := make(chan struct{})
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	slow := receive(t, func(http.ResponseWriter, *http.Request, int) int {
		<-release
		return 200
	})
	books := receive(t, status(200))
	s := send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("slow", slow), at("books", books))})
	t.Cleanup(free)
	outbox.tell(events)
	eventually(t, "events of the fast endpoint", func() bool { return len(books.receipts()) == events })
	if got := len(slow.receipts()); got > 1 {
		t.Errorf("got %d requests at the slow endpoint, want one of its one aggregate", got)
	}
	free()
	s.end()
}

func TestNoMoreRequestsAtATimeThanAllowed(t *testing.T) {
	var now, most atomic.Int64
	full := make(chan struct{}, 100)
	release := make(chan struct{})
	endpoint := unsigned(t, func(http.ResponseWriter) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		full <- struct{}{}
		<-release
		now.Add(-1)
	})
	outbox := newFake()
	for i := range 12 {
		outbox.add(webhook.Delivery{Endpoint: "books", UID: fmt.Sprint(i), Body: []byte("{}"), Attempt: 1})
	}
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(webhook.Endpoint{Name: "books", URL: endpoint, Secrets: []string{secret}}), Concurrency: 3})
	for range 3 {
		<-full
	}
	close(release)
	for range 12 {
		outbox.outcome(t)
	}
	if got := most.Load(); got != 3 {
		t.Errorf("got %d requests at a time, want 3", got)
	}
}

func TestEventsOfOneThingComeInOrderWhateverFails(t *testing.T) {
	const events = 8
	outbox := newStore(t, "books")
	outbox.tell(events)
	var n atomic.Int64
	books := receive(t, func(http.ResponseWriter, *http.Request, int) int {
		if n.Add(1)%3 != 0 {
			return 500
		}
		return 200
	})
	for range 2 { // as two processes
		send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	}
	eventually(t, "events", func() bool { return outbox.records("books")[events-1].State == persistence.DeliveryDelivered })
	next := 0
	for _, r := range books.receipts() {
		var body struct{ Data struct{ Ruleset string } }
		check(t, json.Unmarshal([]byte(r.body), &body))
		if want := fmt.Sprint("ruleset ", next); body.Data.Ruleset != want {
			t.Errorf("got %s, want %s first", body.Data.Ruleset, want)
		}
		if r.status == 200 {
			next++
		}
	}
	if next != events {
		t.Errorf("got %d events, want %d", next, events)
	}
}

func TestAnAttemptThatWasNotRecordedIsMadeAgainWithTheSameID(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	var settled atomic.Int64
	outbox.settle = func(webhook.Delivery) bool { return settled.Add(1) == 1 } // the process dies here
	books := receive(t, status(200))
	endpoint := at("books", books)
	endpoint.Timeout = 50 * time.Millisecond
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(endpoint), Margin: time.Second})
	record := outbox.become("books", "delivery", in(persistence.DeliveryDelivered))
	want := []receipt{{record.UID, record.Body, 200}, {record.UID, record.Body, 200}}
	if diff := cmp.Diff(want, books.receipts(), cmp.AllowUnexported(receipt{})); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestTheEndWaitsForWhatIsUnderWay(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(2)
	begun, release := make(chan struct{}, 2), make(chan struct{})
	books := receive(t, func(http.ResponseWriter, *http.Request, int) int {
		begun <- struct{}{}
		<-release
		return 200
	})
	s := send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	<-begun
	s.stop()
	close(release)
	s.end()
	records := outbox.records("books")
	if records[0].State != persistence.DeliveryDelivered || records[1].State != persistence.DeliveryPending {
		t.Errorf("got %s and %s, want the first delivered and the second not begun", records[0].State, records[1].State)
	}
}

func TestWhatOutlastsTheGraceIsBrokenOffAndTriedAgain(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	begun := make(chan struct{}, 2)
	books := receive(t, func(_ http.ResponseWriter, r *http.Request, before int) int {
		if before == 0 {
			begun <- struct{}{}
			<-r.Context().Done()
		}
		return 200
	})
	s := send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books)), Grace: time.Millisecond})
	<-begun
	s.end()
	if got := outbox.records("books")[0]; got.State != persistence.DeliveryPending || got.LastError != "broken off, because the sender was told to stop" {
		t.Errorf("got %+v, want it pending", got)
	}
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	outbox.become("books", "delivery", in(persistence.DeliveryDelivered))
}

func TestAnOutboxThatFailsIsAskedAgain(t *testing.T) {
	books := receive(t, status(200))
	outbox := newFake(webhook.Delivery{Endpoint: "books", UID: "a", Body: []byte("{}"), Attempt: 1})
	outbox.failures = 3
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books))})
	if got := outbox.outcome(t); got.State != webhook.Delivered {
		t.Errorf("got %s, want delivered", got.State)
	}
}

func TestMetrics(t *testing.T) {
	outbox := newStore(t, "books", "gone")
	outbox.tell(3)
	registry := prometheus.NewRegistry()
	books, gone := receive(t, status(500, 200)), receive(t, status(410))
	send(t, webhook.Options{Outbox: outbox, Endpoints: to(at("books", books), at("gone", gone)), Registry: registry})
	want := map[string]float64{
		"checkout_webhook_attempts_total books delivered": 3, "checkout_webhook_attempts_total books failed": 1,
		"checkout_webhook_attempts_total books dead": 0, "checkout_webhook_attempts_total gone delivered": 0,
		"checkout_webhook_attempts_total gone failed": 0, "checkout_webhook_attempts_total gone dead": 3,
		"checkout_webhook_attempt_duration_seconds books": 4, "checkout_webhook_attempt_duration_seconds gone": 3,
		"checkout_webhook_pending books": 0, "checkout_webhook_pending gone": 0,
		"checkout_webhook_dead books": 0, "checkout_webhook_dead gone": 3,
		"checkout_webhook_pending_age_seconds books": 0, "checkout_webhook_pending_age_seconds gone": 0,
	}
	var last string
	deadline := time.Now().Add(patience)
	for last = cmp.Diff(want, gathered(t, registry)); last != ""; last = cmp.Diff(want, gathered(t, registry)) {
		if time.Now().After(deadline) {
			t.Fatalf("metrics (-want +got):\n%s", last)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestTheAgeOfTheOldestEventIsAMetric(t *testing.T) {
	outbox := newStore(t, "books")
	outbox.tell(1)
	created := outbox.records("books")[0].CreatedAt
	registry := prometheus.NewRegistry()
	_, err := webhook.New(webhook.Options{Outbox: outbox, Registry: registry, Now: func() time.Time { return created.Add(90 * time.Second) }})
	check(t, err)
	if got := gathered(t, registry)["checkout_webhook_pending_age_seconds books"]; got != 90 {
		t.Errorf("got an age of %v, want 90", got)
	}
}

// gathered returns the values of the metrics by name and labels.
func gathered(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	check(t, err)
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func TestPing(t *testing.T) {
	books := receive(t, status(204, 500))
	at0 := time.Now().UTC().Truncate(time.Second)
	sender, err := webhook.New(webhook.Options{Outbox: newFake(), Endpoints: to(at("books", books)), Now: func() time.Time { return at0 }})
	check(t, err)
	code, err := sender.Ping(t.Context(), at("books", books), "one")
	check(t, err)
	want := []receipt{{"one", `{"id":"one","type":"ping","version":1,"timestamp":"` + at0.Format(time.RFC3339) + `","data":{}}`, 204}}
	if diff := cmp.Diff(want, books.receipts(), cmp.AllowUnexported(receipt{})); diff != "" || code != 204 {
		t.Errorf("got status %d, requests (-want +got):\n%s", code, diff)
	}
	if _, err := sender.Ping(t.Context(), at("books", books), "two"); err == nil || err.Error() != "endpoint books: answered 500" {
		t.Errorf("got error %v, want that it answered 500", err)
	}
	if _, err := sender.Ping(t.Context(), webhook.Endpoint{Name: "nobody"}, "three"); err == nil || err.Error() != "new sender: an endpoint needs a name, a URL and a secret" {
		t.Errorf("got error %v, want what an endpoint needs", err)
	}
}

// While a secret is changed a receiver has the old one or the new one.
func TestAnEventIsSignedWithEverySecret(t *testing.T) {
	const (
		next  = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
		other = "whsec_FhcYGRobHB0eHyAhIiMkJSYnKCkqKywt"
	)
	var header http.Header
	var body []byte
	books := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body) // what is missing does not verify
	}))
	defer books.Close()
	endpoint := webhook.Endpoint{Name: "books", URL: books.URL, Secrets: []string{next, secret}}
	sender, err := webhook.New(webhook.Options{Outbox: newFake(), Endpoints: to(endpoint)})
	check(t, err)
	_, err = sender.Ping(t.Context(), endpoint, "one")
	check(t, err)
	for key, want := range map[string]bool{next: true, secret: true, other: false} {
		receiver, err := standardwebhooks.NewWebhook(key)
		check(t, err)
		if err := receiver.Verify(body, header); (err == nil) != want {
			t.Errorf("verified with %s: got error %v, want it taken: %t", key, err, want)
		}
	}
	if got := len(strings.Split(header.Get("webhook-signature"), " ")); got != 2 {
		t.Errorf("got %d signatures, want 2", got)
	}
}

func TestEndpointsThatCannotBeSentToAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options webhook.Options
		want    string
	}{
		{"no outbox", webhook.Options{}, "new sender: no outbox"},
		{"no secret", webhook.Options{Outbox: newFake(), Endpoints: to(webhook.Endpoint{Name: "a", URL: "http://a"})}, "new sender: an endpoint needs a name, a URL and a secret"},
		{
			"a secret that is none", webhook.Options{Outbox: newFake(), Endpoints: to(webhook.Endpoint{Name: "a", URL: "http://a", Secrets: []string{"whsec_%"}})},
			"new sender: secret 1 of endpoint a is not whsec_ and base64",
		},
		{
			"an empty secret", webhook.Options{Outbox: newFake(), Endpoints: to(webhook.Endpoint{Name: "a", URL: "http://a", Secrets: []string{secret, ""}})},
			"new sender: secret 2 of endpoint a is not whsec_ and base64",
		},
	} {
		if _, err := webhook.New(tt.options); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got error %v, want %s", tt.name, err, tt.want)
		}
	}
}

// fake is an outbox of given deliveries, each claimed once.
type fake struct {
	mu       sync.Mutex
	waiting  []webhook.Delivery
	failures int // claims that fail first
	outcomes chan webhook.Settlement
}

func newFake(waiting ...webhook.Delivery) *fake {
	return &fake{waiting: waiting, outcomes: make(chan webhook.Settlement, 100)}
}

func (f *fake) add(d webhook.Delivery) { f.waiting = append(f.waiting, d) }

func (f *fake) Claim(_ context.Context, _ string, n int, _ time.Duration) ([]webhook.Delivery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failures > 0 {
		f.failures--
		return nil, io.ErrUnexpectedEOF
	}
	n = min(n, len(f.waiting))
	claimed := f.waiting[:n]
	f.waiting = f.waiting[n:]
	return claimed, nil
}

func (f *fake) Settle(_ context.Context, _ webhook.Delivery, s webhook.Settlement) error {
	f.outcomes <- s
	return nil
}

func (f *fake) Backlogs(context.Context) ([]webhook.Backlog, error) { return nil, nil }

// outcome waits for the next outcome.
func (f *fake) outcome(t *testing.T) webhook.Settlement {
	t.Helper()
	select {
	case s := <-f.outcomes:
		return s
	case <-time.After(patience):
		t.Fatal("no delivery has ended")
		return webhook.Settlement{}
	}
}
