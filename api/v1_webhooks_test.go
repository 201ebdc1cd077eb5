package api_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// hooks are two endpoints in memory, one of which is not configured any more, deliveries
// to the other, and what the API has made.
type hooks struct {
	mu         sync.Mutex
	made       []api.Webhook // by the API
	deliveries []api.Delivery
}

func newHooks() *hooks {
	made := func(event, state string, change func(*api.Delivery)) api.Delivery {
		d := api.Delivery{Event: event, Type: "order.placed", About: "order:o-" + event, State: state, CreatedAt: noon(), Body: []byte(`{"id":"` + event + `"}`)}
		change(&d)
		return d
	}
	return &hooks{deliveries: []api.Delivery{
		made("e3", "pending", func(d *api.Delivery) { d.NextAttempt = noon().Add(time.Minute) }),
		made("e2", "dead", func(d *api.Delivery) {
			d.Type, d.Attempts, d.LastStatus, d.LastError = "stock.low", 9, 500, "the endpoint answered 500"
		}),
		made("e1", "delivered", func(d *api.Delivery) { d.Attempts, d.LastStatus, d.DeliveredAt = 1, 204, noon().Add(time.Second) }),
	}}
}

func (h *hooks) Webhooks(context.Context) ([]api.Webhook, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]api.Webhook{
		{
			Name: "books", Source: v1.WebhookSourceConfiguration, Pending: 1, Dead: 1, Oldest: noon(),
			WebhookSpec: api.WebhookSpec{URL: "https://books.example/hooks?token=hidden", Timeout: 15 * time.Second, Enabled: true},
		},
		{Name: "gone", Source: v1.WebhookSourceGone, Dead: 2},
	}, h.made...), nil
}

func (h *hooks) Webhook(ctx context.Context, name string) (api.Webhook, error) {
	all, _ := h.Webhooks(ctx)
	for _, w := range all {
		if w.Name == name {
			return w, nil
		}
	}
	return api.Webhook{}, &api.UnknownWebhookError{Name: name}
}

func (h *hooks) KnowsWebhook(ctx context.Context, name string) error {
	_, err := h.Webhook(ctx, name)
	return err
}

func (h *hooks) CreateWebhook(_ context.Context, spec api.WebhookSpec) (api.Webhook, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if spec.URL == "http://10.0.0.1" {
		return api.Webhook{}, "", &api.WebhookRefusedError{Member: "url", Problem: "want an address of https"}
	}
	if len(h.made) == 100 {
		return api.Webhook{}, "", &api.WebhookRefusedError{Problem: "there are 100 webhooks already: delete one"}
	}
	made := api.Webhook{
		Name: fmt.Sprintf("wh_%d", len(h.made)+1), Source: v1.WebhookSourceAPI, WebhookSpec: spec, Revision: 1, CreatedAt: noon(), ChangedAt: noon(),
	}
	h.made = append(h.made, made)
	return made, "whsec_1", nil
}

func (h *hooks) ChangeWebhook(ctx context.Context, name string, spec api.WebhookSpec, expected *int64) (api.Webhook, error) {
	return h.change(ctx, name, expected, func(w *api.Webhook) { w.WebhookSpec = spec })
}

func (h *hooks) RotateWebhookSecret(ctx context.Context, name string, overlap time.Duration, expected *int64) (api.Webhook, string, error) {
	w, err := h.change(ctx, name, expected, func(w *api.Webhook) { w.OldSecretEnds = noon().Add(overlap) })
	return w, "whsec_2", err
}

func (h *hooks) DeleteWebhook(ctx context.Context, name string, expected *int64) error {
	_, err := h.change(ctx, name, expected, func(w *api.Webhook) { w.Name = "deleted" })
	return err
}

func (h *hooks) change(ctx context.Context, name string, expected *int64, change func(*api.Webhook)) (api.Webhook, error) {
	if err := h.KnowsWebhook(ctx, name); err != nil {
		return api.Webhook{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.made {
		w := &h.made[i]
		switch {
		case w.Name != name:
		case expected != nil && *expected != w.Revision:
			return api.Webhook{}, &api.WebhookChangedError{Name: name, Revision: w.Revision}
		default:
			w.Revision++
			change(w)
			return *w, nil
		}
	}
	return api.Webhook{}, &api.WebhookFixedError{Name: name}
}

func (h *hooks) TestWebhook(ctx context.Context, name string) (api.WebhookTest, error) {
	if name == "gone" {
		return api.WebhookTest{}, &api.WebhookFixedError{Name: name}
	}
	if w, err := h.Webhook(ctx, name); err != nil || w.Enabled {
		return api.WebhookTest{Status: 204, Took: 12 * time.Millisecond}, err
	}
	return api.WebhookTest{Status: 500, Error: "endpoint " + name + ": answered 500", Took: time.Second}, nil
}

func (h *hooks) DeliveryAttempts(_ context.Context, webhook, event string) ([]api.DeliveryAttempt, error) {
	if webhook != "books" || event != "e2" {
		return nil, nil
	}
	return []api.DeliveryAttempt{
		{At: noon(), Took: 8 * time.Second, State: "pending", Error: "no answer within 8s"},
		{At: noon().Add(time.Minute), Took: 3 * time.Millisecond, State: "dead", Status: 500, Error: "answered 500"},
	}, nil
}

func (h *hooks) Deliveries(_ context.Context, l api.DeliveryListing) ([]api.Delivery, error) {
	var found []api.Delivery
	after := l.After == ""
	for _, d := range h.deliveries {
		switch {
		case !after:
			after = d.Event == l.After
		case l.Webhook != "books", l.State != "" && d.State != l.State, l.Type != "" && d.Type != l.Type, d.CreatedAt.Before(l.Since),
			l.Events != nil && !slices.Contains(l.Events, d.Event), len(found) == l.Limit:
		default:
			found = append(found, d)
		}
	}
	if !after {
		return nil, &api.UnknownDeliveryError{Event: l.After}
	}
	return found, nil
}

func (h *hooks) ResendDeliveries(_ context.Context, of api.Resending) (n int64, err error) {
	for i := range h.deliveries {
		d := &h.deliveries[i]
		chosen := slices.Contains(of.Events, d.Event) && d.State == "delivered" || d.State == "dead" && (of.Events == nil || slices.Contains(of.Events, d.Event))
		if of.Webhook == "books" && chosen && (of.Type == "" || of.Type == d.Type) && !d.CreatedAt.Before(of.Since) {
			d.State, d.Attempts, d.DeliveredAt, d.NextAttempt = "pending", 0, time.Time{}, noon()
			n++
		}
	}
	return n, nil
}

// webhookSteps are told one after the other.
func webhookSteps() []step {
	return []step{
		{"webhooks", "GET", "webhooks", ""},
		{"webhooks_parameter", "GET", "webhooks?limit=1", ""},
		{"deliveries_page", "GET", "webhooks/books/deliveries?limit=1", ""},
		{"deliveries_page_last", "GET", "webhooks/books/deliveries?limit=2&after=e3", ""},
		{"deliveries_dead", "GET", "webhooks/books/deliveries?state=dead&type=stock.low&since=2020-01-01T00:00:00Z", ""},
		{"deliveries_none", "GET", "webhooks/gone/deliveries", ""},
		{"deliveries_state", "GET", "webhooks/books/deliveries?state=lost", ""},
		{"deliveries_cursor", "GET", "webhooks/books/deliveries?after=nothing", ""},
		{"webhook_unknown", "GET", "webhooks/nothing/deliveries", ""},
		{"delivery", "GET", "webhooks/books/deliveries/e2", ""},
		{"delivery_unknown", "GET", "webhooks/books/deliveries/e9", ""},
		{"delivery_of_another", "GET", "webhooks/gone/deliveries/e2", ""},
		{"resend_one", "POST", "webhooks/books/deliveries:resend", `{"ids":["e1","e3","e9"]}`},
		{"resend_of_type", "POST", "webhooks/books/deliveries:resend", `{"type":"order.placed"}`},
		{"resend_since", "POST", "webhooks/books/deliveries:resend", `{"since":"2026-11-22T12:00:01Z"}`},
		{"resend_dead", "POST", "webhooks/books/deliveries:resend", `{}`},
		{"resend_none_left", "POST", "webhooks/books/deliveries:resend", `{}`},
		{"resend_faults", "POST", "webhooks/books/deliveries:resend", `{"ids":["e1",""],"state":"dead"}`},
		{"resend_instant", "POST", "webhooks/books/deliveries:resend", `{"since":"0000-01-01T00:00:00Z"}`},
		{"resend_empty", "POST", "webhooks/books/deliveries:resend", `{"ids":[]}`},
		{"resend_unknown", "POST", "webhooks/nothing/deliveries:resend", `{}`},
		{"webhook_configured", "GET", "webhooks/books", ""},
		{"webhook_gone", "GET", "webhooks/gone", ""},
		{"webhook_none", "GET", "webhooks/nothing", ""},
		{"webhook_create", "POST", "webhooks", `{"url":"https://a.example/in?token=t"}`},
		{"webhook_create_more", "POST", "webhooks", `{"url":"https://b.example","description":"of the books","events":["order.placed"],"timeout_seconds":60,"enabled":false}`},
		{"webhook_create_faults", "POST", "webhooks", `{"events":["order.placed","ping"],"timeout_seconds":0}`},
		{"webhook_create_refused", "POST", "webhooks", `{"url":"http://10.0.0.1"}`},
		{"webhook_made", "GET", "webhooks/wh_1", ""},
		{"webhook_put", "PUT", "webhooks/wh_1", `{"url":"https://c.example"}`},
		{"webhook_put_none", "PUT", "webhooks/nothing", `{"url":"https://c.example"}`},
		{"webhook_put_configured", "PUT", "webhooks/books", `{"url":"https://c.example"}`},
		{"webhook_test", "POST", "webhooks/wh_1/test", ""},
		{"webhook_test_failed", "POST", "webhooks/wh_2/test", ""},
		{"webhook_test_gone", "POST", "webhooks/gone/test", ""},
		{"webhook_rotate", "POST", "webhooks/wh_1/secret:rotate", `{}`},
		{"webhook_rotate_at_once", "POST", "webhooks/wh_1/secret:rotate", `{"overlap_seconds":0}`},
		{"webhook_rotate_faults", "POST", "webhooks/wh_1/secret:rotate", `{"overlap_seconds":2592001}`},
		{"webhooks_all", "GET", "webhooks", ""},
		{"webhook_delete", "DELETE", "webhooks/wh_1", ""},
		{"webhook_delete_again", "DELETE", "webhooks/wh_1", ""},
		{"webhook_delete_configured", "DELETE", "webhooks/books", ""},
	}
}

func webhookGoldens() []string {
	var names []string
	for _, s := range webhookSteps() {
		names = append(names, s.name)
	}
	return names
}

// TestTheStoryOfWebhooksIsTheGoldenOne tells what becomes of deliveries.
func TestTheStoryOfWebhooksIsTheGoldenOne(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Webhooks = newHooks() })
	for _, x := range webhookSteps() {
		golden(t, x.name, s.do(x.method, "/v1/"+x.path, x.body, append(asJSON(), "X-Request-Id", "golden", "Idempotency-Key", x.name)...))
	}
}

func TestAWebhookIsChangedOnlyAsItWasRead(t *testing.T) {
	s := keyed(t, func(_ *shop, o *api.Options) { o.Webhooks = newHooks() })
	s.do("POST", "/v1/webhooks", `{"url":"https://a.example"}`, append(asJSON(), "Idempotency-Key", "make")...)
	for _, x := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		etag                     string
	}{
		{"read", "GET", "wh_1", "", nil, 200, `"1"`},
		{"of the configuration, which has no ETag", "GET", "books", "", nil, 200, ""},
		{"changed at its ETag", "PUT", "wh_1", `{"url":"https://b.example"}`, []string{"If-Match", `"1"`}, 200, `"2"`},
		{"changed at the ETag before", "PUT", "wh_1", `{"url":"https://c.example"}`, []string{"If-Match", `"1"`}, 412, `"2"`},
		{"changed at no ETag of ours", "PUT", "wh_1", `{"url":"https://c.example"}`, []string{"If-Match", `W/"2"`}, 412, `"2"`},
		{"changed where it is not", "PUT", "wh_1", `{"url":"https://c.example"}`, []string{"If-None-Match", "*"}, 400, ""},
		{"rotated at the ETag before", "POST", "wh_1/secret:rotate", "{}", []string{"If-Match", `"1"`}, 412, `"2"`},
		{"rotated", "POST", "wh_1/secret:rotate", "{}", []string{"If-Match", `"2"`}, 200, `"3"`},
		{"deleted at the ETag before", "DELETE", "wh_1", "", []string{"If-Match", `"2"`}, 412, `"3"`},
		{"deleted at its ETag", "DELETE", "wh_1", "", []string{"If-Match", `"3"`}, 204, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := s.do(x.method, "/v1/webhooks/"+x.path, x.body, slices.Concat(asJSON(), []string{"Idempotency-Key", url.PathEscape(x.name)}, x.header)...)
			if got := w.Header().Get("ETag"); w.Code != x.status || got != x.etag {
				t.Errorf("got %d, ETag %s, %s; want %d and %s", w.Code, got, w.Body, x.status, x.etag)
			}
		})
	}
}

// TestARequestThatIsSentAgainMakesOneWebhook sends the request again, as a client does whose answer
// was lost.
func TestARequestThatIsSentAgainMakesOneWebhook(t *testing.T) {
	h := newHooks()
	s := keyed(t, func(_ *shop, o *api.Options) { o.Webhooks = h })
	first := s.do("POST", "/v1/webhooks", `{"url":"https://a.example"}`, append(asJSON(), "Idempotency-Key", "make")...)
	again := s.do("POST", "/v1/webhooks", `{"url":"https://a.example"}`, append(asJSON(), "Idempotency-Key", "make")...)
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || len(h.made) != 1 {
		t.Errorf("got %d %s, then %d %s, and %d webhooks; want the same answer, and one", first.Code, first.Body, again.Code, again.Body, len(h.made))
	}
}
