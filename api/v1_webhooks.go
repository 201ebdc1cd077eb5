package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// Webhook is an endpoint that is told of events.
type Webhook struct {
	Name string
	// Configured is false for one that was taken out of the configuration before it got
	// everything, of which URL and Events are not known.
	Configured bool
	// URL is its address without the query, which may have a secret.
	URL string
	// Events are the types it wants; none means all.
	Events []string
	// Pending counts the deliveries that are still to be made, Dead those given up.
	Pending, Dead int64
	// Oldest is when the oldest event of those pending happened; zero without any.
	Oldest time.Time
}

// Delivery is the delivery of an event to a webhook.
type Delivery struct {
	Event, Type, About                  string
	State                               string // of deliveryStates
	Attempts                            int
	LastStatus                          int    // 0 for none
	LastError                           string // "" for none
	CreatedAt, NextAttempt, DeliveredAt time.Time
	Body                                []byte // JSON
}

// DeliveryListing says which deliveries to read; what is left zero selects all.
type DeliveryListing struct {
	Webhook     string
	State, Type string
	Since       time.Time
	Events      []string
	// After is the event after which the listing goes on.
	After string
	// Limit is how many are read at most; 1 or more.
	Limit int
}

// UnknownWebhookError says that no endpoint has the name.
type UnknownWebhookError struct{ Name string }

// Error implements error.
func (e *UnknownWebhookError) Error() string { return fmt.Sprintf("webhook %q not found", e.Name) }

// UnknownDeliveryError says that the event was never to be delivered to the endpoint.
type UnknownDeliveryError struct{ Event string }

// Error implements error.
func (e *UnknownDeliveryError) Error() string {
	return fmt.Sprintf("no delivery of an event %q", e.Event)
}

// Webhooks are the endpoints and their deliveries. Implementations are safe for concurrent
// use.
type Webhooks interface {
	// Webhooks returns all endpoints by name.
	Webhooks(ctx context.Context) ([]Webhook, error)
	// Deliveries returns deliveries, those of the newest event first; an
	// *UnknownDeliveryError when there is no event After.
	Deliveries(ctx context.Context, of DeliveryListing) ([]Delivery, error)
	// ResendDeliveries sends events again that were delivered or given up, without ids all
	// that were given up, of the type or "" for any. It returns how many.
	ResendDeliveries(ctx context.Context, webhook string, ids []string, kind string) (int64, error)
}

func deliveryStates() []string {
	return []string{string(v1.DeliveryStatePending), string(v1.DeliveryStateClaimed), string(v1.DeliveryStateDelivered), string(v1.DeliveryStateDead)}
}

// maxResent is how many events a request names.
const maxResent = 1000

func (s *Server) webhooks() (Webhooks, error) {
	if s.options.Webhooks == nil {
		return nil, errNoWebhooks
	}
	return s.options.Webhooks, nil
}

// webhookOf returns the name of the endpoint of the path, which there is.
func (s *Server) webhookOf(r *http.Request) (Webhooks, string, error) {
	webhooks, err := s.webhooks()
	if err != nil {
		return nil, "", err
	}
	name := pathText(r, "webhook")
	all, err := webhooks.Webhooks(r.Context())
	if err != nil {
		return nil, "", err
	}
	if !slices.ContainsFunc(all, func(w Webhook) bool { return w.Name == name }) {
		return nil, "", &UnknownWebhookError{name}
	}
	return webhooks, name, nil
}

// listWebhooks tells all endpoints.
func (s *Server) listWebhooks(w http.ResponseWriter, r *http.Request) error {
	webhooks, err := s.webhooks()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	all, err := webhooks.Webhooks(r.Context())
	if err != nil {
		return err
	}
	answer := &v1.WebhookList{Webhooks: make([]v1.Webhook, len(all))}
	for i, x := range all {
		answer.Webhooks[i] = v1.Webhook{
			Name: x.Name, Configured: x.Configured, URL: x.URL, Events: append([]string{}, x.Events...), Pending: x.Pending, Dead: x.Dead, Oldest: orNone(x.Oldest),
		}
	}
	return s.answer(w, http.StatusOK, answer)
}

// orNone is an instant, nil for the zero one.
func orNone(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// listDeliveries tells a page of the deliveries to an endpoint.
func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r, "limit", "after", "state", "type", "since")
	listing := DeliveryListing{
		State: q.oneOf("state", deliveryStates()...), Type: q.text("type"), Since: q.instant("since"), After: q.text("after"), Limit: q.limit() + 1,
	}
	if q.fault != nil {
		return q.fault
	}
	webhooks, name, err := s.webhookOf(r)
	if err != nil {
		return err
	}
	listing.Webhook = name
	deliveries, err := webhooks.Deliveries(r.Context(), listing)
	if _, unknown := errors.AsType[*UnknownDeliveryError](err); unknown {
		return errNoCursor
	}
	if err != nil {
		return err
	}
	deliveries, next := page(deliveries, listing.Limit-1, func(d *Delivery) string { return d.Event })
	linkNext(w, r, next)
	answer := &v1.DeliveryPage{Deliveries: make([]v1.Delivery, len(deliveries)), Next: next}
	for i := range deliveries {
		answer.Deliveries[i] = newDelivery(&deliveries[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// getDelivery tells the delivery of an event.
func (s *Server) getDelivery(w http.ResponseWriter, r *http.Request) error {
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	webhooks, name, err := s.webhookOf(r)
	if err != nil {
		return err
	}
	event := pathText(r, "event")
	found, err := webhooks.Deliveries(r.Context(), DeliveryListing{Webhook: name, Events: []string{event}, Limit: 1})
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return &UnknownDeliveryError{event}
	}
	return s.answer(w, http.StatusOK, &v1.DeliveryWithBody{Delivery: newDelivery(&found[0]), Body: found[0].Body})
}

// resendDeliveries sends events again.
func (s *Server) resendDeliveries(w http.ResponseWriter, r *http.Request) error {
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	webhooks, name, err := s.webhookOf(r)
	if err != nil {
		return err
	}
	body, err := readV1[v1.ResendRequest](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	if body.Ids != nil && len(body.Ids) == 0 {
		f.at("want 1 or more", "ids")
	}
	f.texts(body.Ids, maxResent, maxText, "ids")
	for i, id := range body.Ids {
		if id == "" {
			f.at("empty", "ids", i)
		}
	}
	if f.text(body.Type, "type"); f.err() != nil {
		return f.err()
	}
	n, err := webhooks.ResendDeliveries(r.Context(), name, body.Ids, body.Type)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.Resent{Resent: n})
}

func newDelivery(d *Delivery) v1.Delivery {
	return v1.Delivery{
		ID: d.Event, Type: d.Type, About: d.About, CreatedAt: d.CreatedAt, State: v1.DeliveryState(d.State), Attempts: d.Attempts,
		NextAttemptAt: orNone(d.NextAttempt), LastStatus: d.LastStatus, LastError: d.LastError, DeliveredAt: orNone(d.DeliveredAt),
	}
}
