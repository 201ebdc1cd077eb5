package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
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
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "shop.db"))
	fail(err)
	usd, err := engine.ParseCurrency("USD")
	fail(err)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	store, err := persistence.New(db, persistence.Options{
		Currency: usd, Endpoints: []persistence.Endpoint{{Name: "books"}, {Name: "gone"}}, Now: func() time.Time { return now },
	})
	fail(err)
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	fail(store.Migrate(ctx))
	for _, digest := range []string{"a", "b"} {
		fail(store.RulesetChanged(ctx, digest))
	}
	claimed, err := store.Claim(ctx, "books", 1, time.Minute)
	fail(err)
	fail(store.Settle(ctx, claimed[0], persistence.Settlement{State: persistence.DeliveryDead, Status: 500, Error: "no"}))
	hooks := apiWebhooks{store, []config.Webhook{{Name: "stores", URL: "http://[::1"}, {Name: "books", URL: "https://books.example/a?token=secret", Events: []string{"ruleset.changed"}}}}

	all, err := hooks.Webhooks(ctx)
	fail(err)
	want := []api.Webhook{
		{Name: "books", Configured: true, URL: "https://books.example/a", Events: []string{"ruleset.changed"}, Pending: 1, Dead: 1, Oldest: now},
		{Name: "gone", Pending: 2, Oldest: now}, {Name: "stores", Configured: true},
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
		if n, err := hooks.ResendDeliveries(ctx, "books", x.ids, x.kind); err != nil || n != x.want {
			t.Errorf("%s: got %d and error %v, want %d sent again", x.name, n, err, x.want)
		}
	}
}
