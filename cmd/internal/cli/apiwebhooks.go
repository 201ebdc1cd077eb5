package cli

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/persistence"
)

// apiWebhooks are the endpoints of a configuration and their deliveries in a store, as the
// API has them.
type apiWebhooks struct {
	data       *persistence.Store
	configured []config.Webhook
}

// Webhooks implements api.Webhooks.
func (a apiWebhooks) Webhooks(ctx context.Context) ([]api.Webhook, error) {
	backlogs, err := a.data.Backlogs(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]api.Webhook, 0, len(backlogs))
	for _, w := range a.configured {
		all = append(all, api.Webhook{Name: w.Name, Configured: true, URL: withoutQuery(w.URL), Events: w.Events})
	}
	for _, b := range backlogs {
		i := slices.IndexFunc(all, func(w api.Webhook) bool { return w.Name == b.Endpoint })
		if i < 0 {
			i = len(all)
			all = append(all, api.Webhook{Name: b.Endpoint})
		}
		all[i].Pending, all[i].Oldest, all[i].Dead = b.Pending, b.Oldest, b.Dead
	}
	slices.SortFunc(all, func(a, b api.Webhook) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// withoutQuery is an address without its query, "" when it is none.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.String()
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

// ResendDeliveries implements api.Webhooks.
func (a apiWebhooks) ResendDeliveries(ctx context.Context, webhook string, ids []string, kind string) (int64, error) {
	filter := persistence.DeliveryFilter{Endpoint: webhook, UIDs: ids, Type: kind}
	if len(ids) == 0 {
		filter.State = persistence.DeliveryDead
	}
	return a.data.Resend(ctx, filter)
}
