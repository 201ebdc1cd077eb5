package api_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
)

// hooks are two endpoints in memory, one of which is not configured any more, and
// deliveries to the other.
type hooks struct{ deliveries []api.Delivery }

func newHooks() *hooks {
	made := func(event, state string, change func(*api.Delivery)) api.Delivery {
		d := api.Delivery{Event: event, Type: "order.placed", About: "order:o-" + event, State: state, CreatedAt: noon(), Body: []byte(`{"id":"` + event + `"}`)}
		change(&d)
		return d
	}
	return &hooks{[]api.Delivery{
		made("e3", "pending", func(d *api.Delivery) { d.NextAttempt = noon().Add(time.Minute) }),
		made("e2", "dead", func(d *api.Delivery) {
			d.Type, d.Attempts, d.LastStatus, d.LastError = "stock.low", 9, 500, "the endpoint answered 500"
		}),
		made("e1", "delivered", func(d *api.Delivery) { d.Attempts, d.LastStatus, d.DeliveredAt = 1, 204, noon().Add(time.Second) }),
	}}
}

func (h *hooks) Webhooks(context.Context) ([]api.Webhook, error) {
	return []api.Webhook{
		{Name: "books", Configured: true, URL: "https://books.example/hooks", Pending: 1, Dead: 1, Oldest: noon()},
		{Name: "gone", Dead: 2},
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

func (h *hooks) ResendDeliveries(_ context.Context, webhook string, ids []string, kind string) (n int64, err error) {
	for i := range h.deliveries {
		d := &h.deliveries[i]
		chosen := slices.Contains(ids, d.Event) && d.State == "delivered" || d.State == "dead" && (ids == nil || slices.Contains(ids, d.Event))
		if webhook == "books" && chosen && (kind == "" || kind == d.Type) {
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
		{"resend_dead", "POST", "webhooks/books/deliveries:resend", `{}`},
		{"resend_none_left", "POST", "webhooks/books/deliveries:resend", `{}`},
		{"resend_faults", "POST", "webhooks/books/deliveries:resend", `{"ids":["e1",""],"state":"dead"}`},
		{"resend_empty", "POST", "webhooks/books/deliveries:resend", `{"ids":[]}`},
		{"resend_unknown", "POST", "webhooks/nothing/deliveries:resend", `{}`},
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
	s := open(t, func(_ *shop, o *api.Options) { o.Webhooks = newHooks() })
	for _, x := range webhookSteps() {
		golden(t, x.name, s.do(x.method, "/v1/"+x.path, x.body, append(asJSON(), "X-Request-Id", "golden")...))
	}
}
