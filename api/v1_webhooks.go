package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// Webhook is an endpoint that is told of events.
type Webhook struct {
	WebhookSpec
	Name   string
	Source v1.WebhookSource
	// Revision, CreatedAt and ChangedAt are zero for one that cannot be changed here.
	Revision             int64
	CreatedAt, ChangedAt time.Time
	// OldSecretEnds is until when two secrets sign; zero when one does.
	OldSecretEnds time.Time
	// Pending counts the deliveries that are still to be made, Dead those given up.
	Pending, Dead int64
	// Oldest is when the oldest event of those pending happened; zero without any.
	Oldest time.Time
}

// WebhookSpec is what whoever makes or changes a webhook says of it.
type WebhookSpec struct {
	URL         string // its address
	Description string
	// Events are the types it wants; none means all.
	Events []v1.EventType
	// Timeout is for one attempt, in whole seconds.
	Timeout time.Duration
	// Enabled is false for one that is sent nothing.
	Enabled bool
}

// WebhookTest is what became of a ping.
type WebhookTest struct {
	Status int    // 0 without an answer
	Error  string // "" when it was taken
	Took   time.Duration
}

// UnknownWebhookError says that no endpoint has the name.
type UnknownWebhookError struct{ Name string }

// Error implements error.
func (e *UnknownWebhookError) Error() string { return fmt.Sprintf("webhook %q not found", e.Name) }

// WebhookChangedError says that a webhook is not at the revision that was expected.
type WebhookChangedError struct {
	Name     string
	Revision int64 // that it has
}

// Error implements error.
func (e *WebhookChangedError) Error() string {
	return fmt.Sprintf("webhook %s has been changed meanwhile", e.Name)
}

// WebhookFixedError says that an endpoint cannot be changed here.
type WebhookFixedError struct{ Name string }

// Error implements error.
func (e *WebhookFixedError) Error() string {
	return fmt.Sprintf("webhook %s was not made over this API: change it in the configuration of the server", e.Name)
}

// WebhookRefusedError says that there can be no webhook as it was asked for.
type WebhookRefusedError struct {
	// Member is what is wrong, "" for none.
	Member, Problem string
}

// Error implements error.
func (e *WebhookRefusedError) Error() string { return e.Problem }

func (e *WebhookRefusedError) places() []v1.ProblemError {
	if e.Member == "" {
		return nil
	}
	return []v1.ProblemError{{Pointer: pointerTo(e.Member), Detail: e.Problem}}
}

// Webhooks are the endpoints and their deliveries. One that is not there is an
// *UnknownWebhookError. Where a revision is expected and the webhook has another,
// nothing changes and the error is a *WebhookChangedError; one that cannot be changed is a
// *WebhookFixedError. Implementations are safe for concurrent use.
type Webhooks interface {
	// Webhooks returns all endpoints by name.
	Webhooks(ctx context.Context) ([]Webhook, error)
	Webhook(ctx context.Context, name string) (Webhook, error)
	// KnowsWebhook is an error where Webhook is, and costs less.
	KnowsWebhook(ctx context.Context, name string) error
	// CreateWebhook makes a webhook and its secret; a *WebhookRefusedError when there can be
	// none.
	CreateWebhook(ctx context.Context, spec WebhookSpec) (made Webhook, secret string, err error)
	ChangeWebhook(ctx context.Context, name string, spec WebhookSpec, expected *int64) (Webhook, error)
	DeleteWebhook(ctx context.Context, name string, expected *int64) error
	// RotateWebhookSecret makes another secret, beside which the one of now signs for a
	// while.
	RotateWebhookSecret(ctx context.Context, name string, overlap time.Duration, expected *int64) (changed Webhook, secret string, err error)
	// TestWebhook sends a ping.
	TestWebhook(ctx context.Context, name string) (WebhookTest, error)
	// Deliveries returns deliveries, those of the newest event first; an
	// *UnknownDeliveryError when there is no event After.
	Deliveries(ctx context.Context, of DeliveryListing) ([]Delivery, error)
	// DeliveryAttempts returns the attempts to deliver an event, the first one first.
	DeliveryAttempts(ctx context.Context, webhook, event string) ([]DeliveryAttempt, error)
	// ResendDeliveries sends events again that were delivered or given up, and returns how
	// many.
	ResendDeliveries(ctx context.Context, of Resending) (int64, error)
}

const (
	defaultWebhookTimeout = 15 * time.Second
	defaultSecretOverlap  = 24 * time.Hour
	maxSecretOverlap      = 30 * 24 * time.Hour
	maxWebhookEvents      = 50
	maxWebhookURL         = 2000
)

func (s *Server) webhooks() (Webhooks, error) {
	if s.options.Webhooks == nil {
		return nil, errNoWebhooks
	}
	return s.options.Webhooks, nil
}

// knownWebhook returns the name of the endpoint of the path, which there is.
func (s *Server) knownWebhook(r *http.Request) (Webhooks, string, error) {
	webhooks, err := s.webhooks()
	if err != nil {
		return nil, "", err
	}
	name := pathText(r, "webhook")
	return webhooks, name, webhooks.KnowsWebhook(r.Context(), name)
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
	for i := range all {
		answer.Webhooks[i] = newWebhook(&all[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// ofWebhook serves what is about the endpoint of the path, without a query. A precondition
// that is not met tells the ETag of now.
func (s *Server) ofWebhook(next func(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, expected *int64) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		webhooks, err := s.webhooks()
		if err != nil {
			return err
		}
		if q := readQuery(r); q.fault != nil {
			return q.fault
		}
		expected, err := expectedRevision(r)
		if err != nil {
			return err
		}
		err = next(w, r, webhooks, pathText(r, "webhook"), expected)
		if changed, ok := errors.AsType[*WebhookChangedError](err); ok {
			writeRevision(w, changed.Revision)
		}
		return err
	}
}

// getWebhook tells an endpoint.
func (s *Server) getWebhook(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, _ *int64) error {
	webhook, err := webhooks.Webhook(r.Context(), name)
	if err != nil {
		return err
	}
	return s.answerWebhook(w, &webhook)
}

// createWebhook makes an endpoint.
func (s *Server) createWebhook(w http.ResponseWriter, r *http.Request) error {
	webhooks, err := s.webhooks()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	ctx, spec, err := s.readWebhook(w, r)
	if err != nil {
		return err
	}
	made, secret, err := webhooks.CreateWebhook(ctx, spec)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/webhooks/"+made.Name)
	writeRevision(w, made.Revision)
	return s.answer(w, http.StatusCreated, &v1.WebhookWithSecret{Webhook: newWebhook(&made), Secret: secret})
}

// putWebhook changes an endpoint.
func (s *Server) putWebhook(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, expected *int64) error {
	ctx, spec, err := s.readWebhook(w, r)
	if err != nil {
		return err
	}
	changed, err := webhooks.ChangeWebhook(ctx, name, spec, expected)
	if err != nil {
		return err
	}
	return s.answerWebhook(w, &changed)
}

// readWebhook reads what a webhook is to be, which the audit log tells but for the query
// of the address.
func (s *Server) readWebhook(w http.ResponseWriter, r *http.Request) (context.Context, WebhookSpec, error) {
	body, err := readV1[v1.WebhookRequest](s, w, r)
	if err != nil {
		return nil, WebhookSpec{}, err
	}
	spec := WebhookSpec{URL: body.URL, Description: body.Description, Events: body.Events, Timeout: defaultWebhookTimeout, Enabled: true}
	var f faults
	if body.URL == "" {
		f.at("missing", "url")
	}
	if tooLong(body.URL, maxWebhookURL) {
		f.at(fmt.Sprintf("want at most %d characters", maxWebhookURL), "url")
	}
	f.text(body.Description, "description")
	if len(body.Events) > maxWebhookEvents {
		f.at(fmt.Sprintf("want at most %d, got %d", maxWebhookEvents, len(body.Events)), "events")
	}
	for i := range body.Events {
		oneOf(&f, &body.Events[i], "a type of events.md, such as order.placed", "events", i)
	}
	if seconds := body.TimeoutSeconds; seconds != nil {
		f.between(int64(*seconds), 1, 60, "timeout_seconds")
		spec.Timeout = time.Duration(*seconds) * time.Second
	}
	if body.Enabled != nil {
		spec.Enabled = *body.Enabled
	}
	if err := f.err(); err != nil {
		return nil, WebhookSpec{}, err
	}
	detail, err := json.Marshal(v1.WebhookRequest{
		URL: withoutQuery(spec.URL), Description: spec.Description, Events: spec.Events, TimeoutSeconds: body.TimeoutSeconds, Enabled: &spec.Enabled,
	})
	return audit.Detailed(r.Context(), detail), spec, err
}

// deleteWebhook deletes an endpoint.
func (s *Server) deleteWebhook(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, expected *int64) error {
	if err := webhooks.DeleteWebhook(r.Context(), name, expected); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// rotateWebhookSecret makes another secret for an endpoint.
func (s *Server) rotateWebhookSecret(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, expected *int64) error {
	body, err := readV1[v1.RotateSecretRequest](s, w, r)
	if err != nil {
		return err
	}
	overlap := defaultSecretOverlap
	if seconds := body.OverlapSeconds; seconds != nil {
		var f faults
		f.between(*seconds, 0, int64(maxSecretOverlap/time.Second), "overlap_seconds")
		if err := f.err(); err != nil {
			return err
		}
		overlap = time.Duration(*seconds) * time.Second
	}
	changed, secret, err := webhooks.RotateWebhookSecret(r.Context(), name, overlap, expected)
	if err != nil {
		return err
	}
	writeRevision(w, changed.Revision)
	return s.answer(w, http.StatusOK, &v1.WebhookWithSecret{Webhook: newWebhook(&changed), Secret: secret})
}

// testWebhook sends a ping to an endpoint.
func (s *Server) testWebhook(w http.ResponseWriter, r *http.Request, webhooks Webhooks, name string, _ *int64) error {
	result, err := webhooks.TestWebhook(r.Context(), name)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.WebhookTest{
		Delivered: result.Error == "", Status: result.Status, Error: result.Error, TookMs: result.Took.Milliseconds(),
	})
}

// answerWebhook tells an endpoint, with its ETag where it can be changed.
func (s *Server) answerWebhook(w http.ResponseWriter, webhook *Webhook) error {
	if webhook.Revision > 0 {
		writeRevision(w, webhook.Revision)
	}
	answer := newWebhook(webhook)
	return s.answer(w, http.StatusOK, &answer)
}

// newWebhook shows of the address of the operator what has no secret.
func newWebhook(w *Webhook) v1.Webhook {
	address := w.URL
	if w.Source != v1.WebhookSourceAPI {
		address = withoutQuery(address)
	}
	return v1.Webhook{
		Name: w.Name, Source: w.Source, URL: address, Description: w.Description, Events: append([]v1.EventType{}, w.Events...),
		TimeoutSeconds: int(w.Timeout / time.Second), Enabled: w.Enabled, OldSecretUntil: orNone(w.OldSecretEnds),
		CreatedAt: orNone(w.CreatedAt), ChangedAt: orNone(w.ChangedAt), Pending: w.Pending, Dead: w.Dead, Oldest: orNone(w.Oldest),
	}
}

// orNone is an instant, nil for the zero one.
func orNone(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// withoutQuery is an address without its query, which may have a secret; "" when it is
// no address.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.String()
}
