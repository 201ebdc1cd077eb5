package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/api"
	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// pingWait is how long a test of an endpoint waits: less than a request may take.
const pingWait = 8 * time.Second

// apiWebhooks are the endpoints of a configuration and those of a store, and their
// deliveries, as the API has them.
type apiWebhooks struct {
	data       *persistence.Store
	configured []config.Webhook
	sender     *webhook.Sender
	// private allows endpoints of the store at any address.
	private bool
}

// Webhooks implements api.Webhooks.
func (a apiWebhooks) Webhooks(ctx context.Context) ([]api.Webhook, error) {
	backlogs, err := a.data.Backlogs(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.data.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]api.Webhook, 0, len(backlogs))
	for _, w := range a.configured {
		all = append(all, configuredWebhook(w))
	}
	for i := range made {
		all = append(all, a.madeWebhook(&made[i]))
	}
	for _, b := range backlogs {
		i := slices.IndexFunc(all, func(w api.Webhook) bool { return w.Name == b.Endpoint })
		if i < 0 {
			i = len(all)
			all = append(all, api.Webhook{Name: b.Endpoint, Source: v1.WebhookSourceGone})
		}
		addBacklog(&all[i], b)
	}
	slices.SortFunc(all, func(a, b api.Webhook) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Webhook implements api.Webhooks.
func (a apiWebhooks) Webhook(ctx context.Context, name string) (api.Webhook, error) {
	found, err := a.find(ctx, name)
	if err != nil {
		return api.Webhook{}, err
	}
	backlog, err := a.data.Backlog(ctx, name)
	if err != nil {
		return api.Webhook{}, err
	}
	addBacklog(&found, backlog)
	return found, nil
}

// find returns an endpoint without what it has still to get.
func (a apiWebhooks) find(ctx context.Context, name string) (api.Webhook, error) {
	if w, ok := a.ofConfiguration(name); ok {
		return configuredWebhook(w), nil
	}
	made, err := a.data.Webhook(ctx, name)
	if err == nil {
		return a.madeWebhook(&made), nil
	}
	if _, unknown := errors.AsType[*persistence.UnknownWebhookError](err); !unknown {
		return api.Webhook{}, err
	}
	waits, err := a.data.Undelivered(ctx, name)
	if err == nil && !waits {
		err = &api.UnknownWebhookError{Name: name}
	}
	return api.Webhook{Name: name, Source: v1.WebhookSourceGone}, err
}

// KnowsWebhook implements api.Webhooks.
func (a apiWebhooks) KnowsWebhook(ctx context.Context, name string) error {
	_, err := a.find(ctx, name)
	return err
}

func (a apiWebhooks) ofConfiguration(name string) (config.Webhook, bool) {
	i := slices.IndexFunc(a.configured, func(w config.Webhook) bool { return w.Name == name })
	if i < 0 {
		return config.Webhook{}, false
	}
	return a.configured[i], true
}

func configuredWebhook(w config.Webhook) api.Webhook {
	told := api.Webhook{
		Name: w.Name, Source: v1.WebhookSourceConfiguration,
		WebhookSpec: api.WebhookSpec{URL: w.URL, Timeout: w.Timeout, Enabled: true},
	}
	for _, t := range w.Events {
		told.Events = append(told.Events, v1.EventType(t))
	}
	return told
}

func (a apiWebhooks) madeWebhook(w *persistence.Webhook) api.Webhook {
	told := api.Webhook{
		Name: w.Name, Source: v1.WebhookSourceAPI, Revision: w.Revision, CreatedAt: w.CreatedAt, ChangedAt: w.ChangedAt,
		WebhookSpec: api.WebhookSpec{URL: w.URL, Description: w.Description, Timeout: w.Timeout, Enabled: w.Enabled},
	}
	for _, t := range w.Types {
		told.Events = append(told.Events, v1.EventType(t))
	}
	if len(w.Secrets(time.Now())) > 1 {
		told.OldSecretEnds = w.OldSecretEnds
	}
	return told
}

func addBacklog(w *api.Webhook, b persistence.Backlog) {
	w.Pending, w.Oldest, w.Dead = b.Pending, b.Oldest, b.Dead
}

// CreateWebhook implements api.Webhooks.
func (a apiWebhooks) CreateWebhook(ctx context.Context, wish api.WebhookSpec) (api.Webhook, string, error) {
	spec, err := a.spec(wish)
	if err != nil {
		return api.Webhook{}, "", err
	}
	made, err := a.data.CreateWebhook(ctx, spec)
	return a.madeWebhook(&made), made.Secret, a.refusal(made.Name, err)
}

// ChangeWebhook implements api.Webhooks.
func (a apiWebhooks) ChangeWebhook(ctx context.Context, name string, wish api.WebhookSpec, expected *int64) (api.Webhook, error) {
	spec, err := a.spec(wish)
	if err != nil {
		return api.Webhook{}, err
	}
	changed, err := a.data.ChangeWebhook(ctx, name, spec, expected)
	if err != nil {
		return api.Webhook{}, a.refused(ctx, name, err)
	}
	return a.withBacklog(ctx, &changed)
}

// DeleteWebhook implements api.Webhooks.
func (a apiWebhooks) DeleteWebhook(ctx context.Context, name string, expected *int64) error {
	return a.refused(ctx, name, a.data.DeleteWebhook(ctx, name, expected))
}

// RotateWebhookSecret implements api.Webhooks.
func (a apiWebhooks) RotateWebhookSecret(ctx context.Context, name string, overlap time.Duration, expected *int64) (api.Webhook, string, error) {
	changed, err := a.data.RotateWebhookSecret(ctx, name, overlap, expected)
	if err != nil {
		return api.Webhook{}, "", a.refused(ctx, name, err)
	}
	told, err := a.withBacklog(ctx, &changed)
	return told, changed.Secret, err
}

func (a apiWebhooks) withBacklog(ctx context.Context, w *persistence.Webhook) (api.Webhook, error) {
	told := a.madeWebhook(w)
	backlog, err := a.data.Backlog(ctx, w.Name)
	addBacklog(&told, backlog)
	return told, err
}

// spec is what a store keeps of a wish.
func (a apiWebhooks) spec(wish api.WebhookSpec) (persistence.WebhookSpec, error) {
	if err := webhook.CheckURL(wish.URL, !a.private); err != nil {
		return persistence.WebhookSpec{}, &api.WebhookRefusedError{Member: "url", Problem: err.Error()}
	}
	spec := persistence.WebhookSpec{URL: wish.URL, Description: wish.Description, Timeout: wish.Timeout, Enabled: wish.Enabled}
	for _, name := range wish.Events {
		spec.Types = append(spec.Types, event.Type(name))
	}
	return spec, nil
}

// refused says of an endpoint that the store does not have whether it is elsewhere.
func (a apiWebhooks) refused(ctx context.Context, name string, err error) error {
	if _, unknown := errors.AsType[*persistence.UnknownWebhookError](err); unknown {
		if err := a.KnowsWebhook(ctx, name); err != nil {
			return err
		}
		return &api.WebhookFixedError{Name: name}
	}
	return a.refusal(name, err)
}

// refusal is an error of the store in the words of the API.
func (a apiWebhooks) refusal(name string, err error) error {
	if invalid, ok := errors.AsType[*persistence.InvalidError](err); ok {
		return &api.WebhookRefusedError{Problem: invalid.Error()}
	}
	if changed, ok := errors.AsType[*persistence.WebhookChangedError](err); ok {
		return &api.WebhookChangedError{Name: name, Revision: changed.Revision}
	}
	if errors.Is(err, persistence.ErrTooManyWebhooks) {
		return &api.WebhookRefusedError{Problem: err.Error()}
	}
	return err
}

// TestWebhook implements api.Webhooks.
func (a apiWebhooks) TestWebhook(ctx context.Context, name string) (api.WebhookTest, error) {
	var e webhook.Endpoint
	if w, ok := a.ofConfiguration(name); ok {
		e = configuredEndpoint(w)
	} else {
		made, err := a.data.Webhook(ctx, name)
		if err != nil {
			return api.WebhookTest{}, a.refused(ctx, name, err)
		}
		e = registeredEndpoint(&made, time.Now(), a.private)
	}
	e.Timeout = min(e.Timeout, pingWait)
	id, err := uuid.NewV7()
	if err != nil {
		return api.WebhookTest{}, err
	}
	begun := time.Now()
	status, err := a.sender.Ping(ctx, e, id.String())
	result := api.WebhookTest{Status: status, Took: time.Since(begun)}
	if err != nil {
		result.Error = err.Error()
	}
	return result, ctx.Err()
}

// Deliveries implements api.Webhooks.
func (a apiWebhooks) Deliveries(ctx context.Context, l api.DeliveryListing) ([]api.Delivery, error) {
	records, err := a.data.Deliveries(ctx, persistence.DeliveryFilter{
		Endpoint: l.Webhook, State: persistence.DeliveryState(l.State), Type: l.Type, Since: l.Since, UIDs: l.Events, After: l.After, Limit: l.Limit,
	})
	if unknown, ok := errors.AsType[*persistence.UnknownEventError](err); ok {
		return nil, &api.UnknownDeliveryError{Event: unknown.UID}
	}
	all := make([]api.Delivery, len(records))
	for i, r := range records {
		all[i] = api.Delivery{
			Event: r.UID, Type: r.Type, About: r.Aggregate, State: string(r.State), Attempts: r.Attempts, LastStatus: r.LastStatus, LastError: r.LastError,
			CreatedAt: r.CreatedAt, NextAttempt: r.NextAttempt, DeliveredAt: r.DeliveredAt, Body: []byte(r.Body),
		}
	}
	return all, err
}

// DeliveryAttempts implements api.Webhooks.
func (a apiWebhooks) DeliveryAttempts(ctx context.Context, name, event string) ([]api.DeliveryAttempt, error) {
	attempts, err := a.data.DeliveryAttempts(ctx, name, event)
	all := make([]api.DeliveryAttempt, len(attempts))
	for i, t := range attempts {
		all[i] = api.DeliveryAttempt{At: t.At, Took: t.Took, State: string(t.State), Status: t.Status, Error: t.Error}
	}
	return all, err
}

// ResendDeliveries implements api.Webhooks.
func (a apiWebhooks) ResendDeliveries(ctx context.Context, of api.Resending) (int64, error) {
	filter := persistence.DeliveryFilter{Endpoint: of.Webhook, UIDs: of.Events, Type: of.Type, Since: of.Since}
	if len(of.Events) == 0 {
		filter.State = persistence.DeliveryDead
	}
	return a.data.Resend(ctx, filter)
}
