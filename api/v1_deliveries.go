package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

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

// DeliveryAttempt is one attempt to deliver an event.
type DeliveryAttempt struct {
	At     time.Time // when it began
	Took   time.Duration
	State  string // of the delivery after it
	Status int    // of the answer; 0 for none
	Error  string // "" for none
}

// Resending says what to send again to a webhook: the events, and without any all that
// were given up; of those, where they are set, the ones of the type and since the
// instant.
type Resending struct {
	Webhook string
	Events  []string
	Type    string
	Since   time.Time
}

// UnknownDeliveryError says that the event was never to be delivered to the endpoint.
type UnknownDeliveryError struct{ Event string }

// Error implements error.
func (e *UnknownDeliveryError) Error() string {
	return fmt.Sprintf("no delivery of an event %q", e.Event)
}

func deliveryStates() []string {
	return []string{string(v1.DeliveryStatePending), string(v1.DeliveryStateClaimed), string(v1.DeliveryStateDelivered), string(v1.DeliveryStateDead)}
}

// maxResent is how many events a request names.
const maxResent = 1000

// listDeliveries tells a page of the deliveries to an endpoint.
func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r, "limit", "after", "state", "type", "since")
	listing := DeliveryListing{
		State: q.oneOf("state", deliveryStates()...), Type: q.text("type"), Since: q.instant("since"), After: q.text("after"), Limit: q.limit() + 1,
	}
	if q.fault != nil {
		return q.fault
	}
	webhooks, name, err := s.knownWebhook(r)
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
	webhooks, name, err := s.knownWebhook(r)
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
	attempts, err := webhooks.DeliveryAttempts(r.Context(), name, event)
	if err != nil {
		return err
	}
	answer := &v1.DeliveryWithBody{Delivery: newDelivery(&found[0]), Body: found[0].Body, Tried: make([]v1.DeliveryAttempt, len(attempts))}
	for i, a := range attempts {
		answer.Tried[i] = v1.DeliveryAttempt{At: a.At, TookMs: a.Took.Milliseconds(), State: v1.DeliveryState(a.State), Status: a.Status, Error: a.Error}
	}
	return s.answer(w, http.StatusOK, answer)
}

// resendDeliveries sends events again.
func (s *Server) resendDeliveries(w http.ResponseWriter, r *http.Request) error {
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	webhooks, name, err := s.knownWebhook(r)
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
	f.text(body.Type, "type")
	chosen := Resending{Webhook: name, Events: body.Ids, Type: body.Type}
	if body.Since != nil {
		if chosen.Since = *body.Since; !inRange(chosen.Since) {
			f.at("want "+anInstant, "since")
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	n, err := webhooks.ResendDeliveries(r.Context(), chosen)
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
