package cli

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/api/webhook"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
)

const (
	// purgePause is how long purgeOld pauses, give or take half of it.
	purgePause = time.Hour
	// announcePause is how long announceRules waits after the database failed.
	announcePause = 5 * time.Second
)

// endpoints are the webhooks as a store has to know them.
func endpoints(cfg config.Config) []persistence.Endpoint {
	all := make([]persistence.Endpoint, len(cfg.Webhooks))
	for i, w := range cfg.Webhooks {
		all[i].Name = w.Name
		for _, name := range w.Events {
			all[i].Types = append(all[i].Types, event.Type(name))
		}
	}
	return all
}

// newSender returns the sender of what the outbox has for the webhooks of the
// configuration and, where registered is given, for those.
func newSender(cfg config.Config, data webhook.Outbox, registered func(context.Context) ([]webhook.Endpoint, error), registry *prometheus.Registry, tracer trace.Tracer, log *slog.Logger) (*webhook.Sender, error) {
	o := webhook.Options{
		Outbox: data, Registered: registered, Grace: cfg.ShutdownGrace, Agent: "Checkout-Webhooks/" + version(), Log: log, Registry: registry, Tracer: tracer,
	}
	for _, w := range cfg.Webhooks {
		o.Endpoints = append(o.Endpoints, configuredEndpoint(w))
	}
	return webhook.New(o)
}

func configuredEndpoint(w config.Webhook) webhook.Endpoint {
	return webhook.Endpoint{Name: w.Name, URL: w.URL, Secrets: reveal(w.Secrets), Timeout: w.Timeout}
}

// registeredEndpoint is a webhook of a store as it is at the instant.
func registeredEndpoint(w *persistence.Webhook, at time.Time, private bool) webhook.Endpoint {
	return webhook.Endpoint{Name: w.Name, URL: w.URL, Secrets: w.Secrets(at), Timeout: w.Timeout, Public: !private}
}

// registeredEndpoints reads the webhooks of a store that are sent to.
func registeredEndpoints(data *persistence.Store, private bool) func(context.Context) ([]webhook.Endpoint, error) {
	return func(ctx context.Context) ([]webhook.Endpoint, error) {
		webhooks, err := data.Webhooks(ctx)
		var all []webhook.Endpoint
		for i := range webhooks {
			if webhooks[i].Enabled {
				all = append(all, registeredEndpoint(&webhooks[i], time.Now(), private))
			}
		}
		return all, err
	}
}

func reveal(secrets []config.Secret) []string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.Reveal()
	}
	return texts
}

// eventJobs are what a server does about events beside serving.
func eventJobs(
	cfg config.Config, live *engine.Engine, data *persistence.Store, sender *webhook.Sender, changed <-chan struct{}, log *slog.Logger,
) []func(context.Context) error {
	return []func(context.Context) error{
		sender.Run,
		func(ctx context.Context) error {
			return announceRules(ctx, data, changed, func() string { return live.Active().Digest() }, log)
		},
		func(ctx context.Context) error {
			return purgeOld(ctx, "events", data.PurgeEvents, cfg.EventsKeep, log)
		},
		func(ctx context.Context) error {
			return purgeOld(ctx, "audit log", data.PurgeAudit, cfg.AuditKeep, log)
		},
	}
}

// outbox is the store in the words of package webhook.
type outbox struct{ *persistence.Store }

var _ webhook.Outbox = outbox{}

// Claim implements webhook.Outbox.
func (o outbox) Claim(ctx context.Context, endpoint string, n int, lease time.Duration) ([]webhook.Delivery, error) {
	claimed, err := o.Store.Claim(ctx, endpoint, n, lease)
	all := make([]webhook.Delivery, len(claimed))
	for i, d := range claimed {
		all[i] = webhook.Delivery(d)
	}
	return all, err
}

// Settle implements webhook.Outbox.
func (o outbox) Settle(ctx context.Context, d webhook.Delivery, s webhook.Settlement) error {
	return o.Store.Settle(ctx, persistence.Delivery(d), persistence.Settlement{
		State: persistence.DeliveryState(s.State), Next: s.Next, Status: s.Status, Error: s.Error, Took: s.Took,
	})
}

// Backlogs implements webhook.Outbox.
func (o outbox) Backlogs(ctx context.Context) ([]webhook.Backlog, error) {
	known, err := o.Store.Backlogs(ctx)
	all := make([]webhook.Backlog, len(known))
	for i, b := range known {
		all[i] = webhook.Backlog(b)
	}
	return all, err
}

// purgeOld removes what is older than keep, now and then until ctx is done, and returns
// nil; for ever where keep is 0. An error is logged; the next time may do better.
func purgeOld(ctx context.Context, what string, purge func(context.Context, time.Time) (int64, error), keep time.Duration, log *slog.Logger) error {
	for keep > 0 {
		if err := pause(ctx, purgePause/2+rand.N(purgePause)); err != nil {
			return nil
		}
		n, err := purge(ctx, time.Now().Add(-keep))
		switch {
		case err != nil && ctx.Err() == nil:
			log.LogAttrs(ctx, slog.LevelWarn, "purge "+what, slog.Any("error", err))
		case n > 0:
			log.LogAttrs(ctx, slog.LevelInfo, "purged "+what, slog.Int64("number", n), slog.Duration("older_than", keep))
		}
	}
	return nil
}

// teller is the store as announceRules needs it.
type teller interface {
	RulesetChanged(ctx context.Context, digest string) error
}

// announceRules tells of the ruleset in force, now and whenever changed says that
// it may be another, until ctx is done, and returns nil. When the database does
// not serve it tries again, so that the last change is told in the end; of
// rulesets that come and go meanwhile it does not tell.
func announceRules(ctx context.Context, data teller, changed <-chan struct{}, digest func() string, log *slog.Logger) error {
	for {
		err := data.RulesetChanged(ctx, digest())
		for err != nil && ctx.Err() == nil {
			log.LogAttrs(ctx, slog.LevelWarn, "tell of the ruleset", slog.Any("error", err))
			if pause(ctx, announcePause) == nil {
				err = data.RulesetChanged(ctx, digest())
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// pause waits for d; its error is that of ctx, when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// notify leaves a notice for whoever reads the channel, which has room for one.
func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default: // one is there already
	}
}
