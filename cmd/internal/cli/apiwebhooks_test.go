package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/checkout-promotions/checkout/api"
	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
)

// Webhooks of the API are those of the configuration and those that have deliveries.
func TestWebhooksOfTheAPI(t *testing.T) {
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	store := testShop(t, persistence.Options{
		Endpoints: []persistence.Endpoint{{Name: "books"}, {Name: "gone"}}, Now: func() time.Time { return now },
	})
	for _, digest := range []string{"a", "b"} {
		fail(store.RulesetChanged(ctx, digest))
	}
	claimed, err := store.Claim(ctx, "books", 1, time.Minute)
	fail(err)
	fail(store.Settle(ctx, claimed[0], persistence.Settlement{State: persistence.DeliveryDead, Status: 500, Error: "no"}))
	hooks := apiWebhooks{data: store, configured: []config.Webhook{
		{Name: "stores", URL: "http://stores", Timeout: time.Second}, {Name: "books", URL: "https://books.example/a?token=secret", Events: []string{"ruleset.changed"}},
	}}

	all, err := hooks.Webhooks(ctx)
	fail(err)
	want := []api.Webhook{
		{
			Name: "books", Source: v1.WebhookSourceConfiguration, Pending: 1, Dead: 1, Oldest: now,
			WebhookSpec: api.WebhookSpec{URL: "https://books.example/a?token=secret", Events: []v1.EventType{"ruleset.changed"}, Enabled: true},
		},
		{Name: "gone", Source: v1.WebhookSourceGone, Pending: 2, Oldest: now},
		{Name: "stores", Source: v1.WebhookSourceConfiguration, WebhookSpec: api.WebhookSpec{URL: "http://stores", Timeout: time.Second, Enabled: true}},
	}
	for _, w := range append(want, api.Webhook{Name: "nothing"}) {
		got, err := hooks.Webhook(ctx, w.Name)
		if _, unknown := errors.AsType[*api.UnknownWebhookError](err); unknown != (w.Source == "") || err != nil && !unknown {
			t.Errorf("%s: got error %v", w.Name, err)
		}
		if diff := cmp.Diff(w, got); diff != "" && err == nil {
			t.Errorf("%s: -want +got\n%s", w.Name, diff)
		}
		if known := hooks.KnowsWebhook(ctx, w.Name); (known == nil) != (err == nil) {
			t.Errorf("%s: got error %v, but %v", w.Name, known, err)
		}
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("webhooks: -want +got\n%s", diff)
	}
	told := func(l api.DeliveryListing) string {
		t.Helper()
		l.Webhook, l.Limit = "books", 10
		deliveries, err := hooks.Deliveries(ctx, l)
		fail(err)
		text := ""
		for _, d := range deliveries {
			text += fmt.Sprintf("%s %s %d %d %q %t; ", d.Type, d.State, d.Attempts, d.LastStatus, d.LastError, len(d.Body) > 0)
		}
		return text
	}
	dead, pending := `ruleset.changed dead 1 500 "no" true; `, `ruleset.changed pending 0 0 "" true; `
	for _, x := range []struct {
		name, want string
		of         api.DeliveryListing
	}{
		{"all", pending + dead, api.DeliveryListing{}},
		{"of a state", dead, api.DeliveryListing{State: "dead"}},
		{"of another type", "", api.DeliveryListing{Type: "order.placed"}},
		{"later", "", api.DeliveryListing{Since: now.Add(time.Millisecond)}},
		{"of an event", dead, api.DeliveryListing{Events: []string{claimed[0].UID}}},
		{"after one", "", api.DeliveryListing{After: claimed[0].UID}},
	} {
		if got := told(x.of); got != x.want {
			t.Errorf("%s: got %s, want %s", x.name, got, x.want)
		}
	}
	_, err = hooks.Deliveries(ctx, api.DeliveryListing{After: "none", Limit: 1})
	if unknown, ok := errors.AsType[*api.UnknownDeliveryError](err); !ok || unknown.Event != "none" {
		t.Errorf("got error %v, want that of the event", err)
	}
	for _, x := range []struct {
		name, kind string
		ids        []string
		want       int64
	}{
		{"dead of another type", "order.placed", nil, 0}, {"dead", "", nil, 1}, {"what waits", "", []string{claimed[0].UID}, 0},
	} {
		if n, err := hooks.ResendDeliveries(ctx, api.Resending{Webhook: "books", Events: x.ids, Type: x.kind}); err != nil || n != x.want {
			t.Errorf("%s: got %d and error %v, want %d sent again", x.name, n, err, x.want)
		}
	}
}

// Webhooks that the API makes are sent to by the sender of the store, signed with the
// secret that the answer told.
func TestAWebhookOfTheAPIIsSentTo(t *testing.T) {
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store := testShop(t, persistence.Options{})
	var mu sync.Mutex
	var got []string // the secrets that signed, by their number, with the type of the event
	var secrets []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		var event struct {
			Type string `json:"type"`
		}
		if err := errors.Join(err, json.Unmarshal(body, &event)); err != nil {
			t.Error(err)
		}
		for i, secret := range secrets {
			key, err := standardwebhooks.NewWebhook(secret)
			if err == nil && key.Verify(body, r.Header) == nil {
				got = append(got, fmt.Sprint(event.Type, " ", i))
			}
		}
	}))
	defer receiver.Close()
	wants := func(what string, want ...string) {
		t.Helper()
		var last []string
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			mu.Lock()
			last = slices.Clone(got)
			mu.Unlock()
			if slices.Equal(last, want) {
				mu.Lock()
				got = nil
				mu.Unlock()
				return
			}
		}
		t.Fatalf("%s: got %q, want %q", what, last, want)
	}
	sender, err := newSender(config.Config{ShutdownGrace: time.Second}, outbox{store}, registeredEndpoints(store, true), prometheus.NewRegistry(), nil, slog.New(slog.DiscardHandler))
	fail(err)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	defer func() { end(); fail(<-ended) }()

	open, closed := apiWebhooks{data: store, sender: sender, private: true}, apiWebhooks{data: store, sender: sender}
	for _, x := range []struct{ url, want string }{
		{receiver.URL, "want an address of https"}, {"https://10.0.0.1", "the host has no public address"}, {"https://[::1]:1", "the host has no public address"},
		{"https://u:p@a.example", "want an address without a user and a #"}, {"ftp://a.example", "want an address such as https://example.com/hooks"},
		{"https://é" + strings.Repeat("a", 1998), "url: has 2008 bytes; want at most 2000"},
	} {
		_, _, err := closed.CreateWebhook(ctx, api.WebhookSpec{URL: x.url, Timeout: time.Second})
		if refused, ok := errors.AsType[*api.WebhookRefusedError](err); !ok || refused.Problem != x.want {
			t.Errorf("%.40s: got error %v, want %s", x.url, err, x.want)
		}
	}
	made, first, err := open.CreateWebhook(ctx, api.WebhookSpec{URL: receiver.URL, Events: []v1.EventType{"ruleset.changed"}, Timeout: time.Second, Enabled: true})
	fail(err)
	mu.Lock()
	secrets = []string{first}
	mu.Unlock()
	fail(store.RulesetChanged(ctx, "a"))
	wants("an event", "ruleset.changed 0")

	changed, second, err := open.RotateWebhookSecret(ctx, made.Name, time.Hour, &made.Revision)
	fail(err)
	mu.Lock()
	secrets = append(secrets, second)
	mu.Unlock()
	if changed.OldSecretEnds.IsZero() || changed.Revision != 2 {
		t.Errorf("got %+v, want it at its second revision, with an end of the first secret", changed)
	}
	result, err := open.TestWebhook(ctx, made.Name)
	fail(err)
	if result.Status != 200 || result.Error != "" || result.Took <= 0 {
		t.Errorf("got %+v of the test, want that it was taken", result)
	}
	wants("a ping", "ping 0", "ping 1")
	if result, err = closed.TestWebhook(ctx, made.Name); err != nil || result.Error != "endpoint "+made.Name+": the host has no public address" {
		t.Errorf("got %+v and error %v where the address has to be public", result, err)
	}
	if _, err := open.ChangeWebhook(ctx, made.Name, made.WebhookSpec, &made.Revision); !errors.As(err, new(*api.WebhookChangedError)) {
		t.Errorf("got error %v, want that it has changed", err)
	}
	off := made.WebhookSpec
	off.Enabled = false
	changed, err = open.ChangeWebhook(ctx, made.Name, off, nil)
	fail(err)
	fail(store.RulesetChanged(ctx, "b"))
	if told, err := open.Webhook(ctx, made.Name); err != nil || told.Pending != 0 || told.Enabled || told.Revision != changed.Revision {
		t.Errorf("got %+v and error %v, want one that is told of nothing", told, err)
	}
	fail(open.DeleteWebhook(ctx, made.Name, &changed.Revision))
	if err := open.KnowsWebhook(ctx, made.Name); !errors.As(err, new(*api.UnknownWebhookError)) {
		t.Errorf("got error %v, want that there is no such webhook", err)
	}
}

// The document names the events that there are.
func TestTheDocumentHasTheTypesOfEvents(t *testing.T) {
	for _, name := range config.EventTypes() {
		if !v1.EventType(name).Valid() {
			t.Errorf("the document of the API has no event %s", name)
		}
	}
}
