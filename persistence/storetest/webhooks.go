package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/event"
)

// testWebhooks runs the sentences about endpoints that are in the database.
func testWebhooks(t *testing.T, open func(t *testing.T) persistence.Database) {
	for _, c := range []struct {
		name string
		run  func(o *outbox)
	}{
		{"a webhook is told of the events that it wants, whoever stores them, once it is made", testWebhookTold},
		{"a webhook is changed at its revision, and reads as it was left", testWebhookChanged},
		{"a webhook that is disabled is told of nothing, and what it had to get waits", testWebhookDisabled},
		{"a secret that was replaced signs for as long as it was given", testWebhookSecret},
		{"a webhook that is deleted leaves nothing to be sent", testWebhookDeleted},
		{"an event that a webhook waits for is not purged", testWebhookPurge},
		{"what is no webhook is refused", testWebhookRefusals},
		{"of many who change a webhook at one revision one does", testWebhookRace},
		{"a request that is sent again makes one webhook, and the audit log names it", testWebhookKeyed},
		{"the attempts of a delivery are kept, those before it was sent again included", testAttempts},
		{"sales beside the making of a webhook are told of or not, and none fails", testWebhookBesideSales},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newOutbox(t, open(t), both()...)) })
	}
}

func spec(types ...event.Type) persistence.WebhookSpec {
	return persistence.WebhookSpec{URL: "https://hooks.example/in?a=b", Description: "for the books", Types: types, Timeout: 15 * time.Second, Enabled: true}
}

func (o *outbox) webhook(spec persistence.WebhookSpec) persistence.Webhook {
	o.t.Helper()
	w, err := o.CreateWebhook(o.ctx, spec)
	o.check(err)
	return w
}

func (o *outbox) webhooksAre(want ...persistence.Webhook) {
	o.t.Helper()
	all, err := o.Webhooks(o.ctx)
	o.check(err)
	o.equal("webhooks", all, want)
}

func testWebhookTold(o *outbox) {
	o.stock()
	o.sold(tv)
	all := o.webhook(spec())
	o.clock.pass(time.Second)
	some := o.webhook(spec(event.TypeStockLow, event.TypeRulesetChanged))
	if !strings.HasPrefix(all.Name, persistence.WebhookPrefix) || all.Name == some.Name || all.Secret == some.Secret || !strings.HasPrefix(all.Secret, "whsec_") {
		o.t.Errorf("got names %q, %q and secrets of %d bytes; want names of their own and a secret each", all.Name, some.Name, len(all.Secret))
	}
	o.webhooksAre(all, some)
	o.equal("before", o.waiting(all.Name), []string(nil))
	order := o.sold(tv)
	other := o.beside(persistence.Options{})
	other.change(1)
	o.equal("all", o.waiting(all.Name), []string{"order.placed order:" + order.Reference, "ruleset.changed ruleset:"})
	o.equal("some", o.waiting(some.Name), []string{"ruleset.changed ruleset:"})
	o.equal("one of the store", o.waiting("books")[1:], []string{"order.placed order:" + order.Reference})
	d := o.claim(all.Name, 1)[0]
	o.equal("due as soon as it happened", d.CreatedAt, o.clock.now())
	o.settle(d, persistence.DeliveryDelivered)
	backlogs, err := o.Backlogs(o.ctx)
	o.check(err)
	var names []string
	for _, b := range backlogs {
		names = append(names, fmt.Sprint(b.Endpoint, b.Pending))
	}
	want := []string{"books2", "stores0", all.Name + "1", some.Name + "1"}
	slices.Sort(want)
	o.equal("backlogs", names, want)
}

func testWebhookChanged(o *outbox) {
	first := o.webhook(spec())
	o.equal("made", first, persistence.Webhook{
		WebhookSpec: spec(), Name: first.Name, Secret: first.Secret, Revision: 1, CreatedAt: o.clock.now(), ChangedAt: o.clock.now(),
	})
	o.clock.pass(time.Minute)
	other := persistence.WebhookSpec{URL: "https://other.example", Types: []event.Type{event.TypeOrderPlaced}, Timeout: time.Millisecond}
	changed, err := o.ChangeWebhook(o.ctx, first.Name, other, &first.Revision)
	o.check(err)
	want := first
	want.WebhookSpec, want.Revision, want.ChangedAt = other, 2, o.clock.now()
	o.equal("changed", changed, want)
	_, err = o.ChangeWebhook(o.ctx, first.Name, spec(), &first.Revision)
	o.refused(err, &persistence.WebhookChangedError{Name: first.Name, Revision: 2})
	_, err = o.RotateWebhookSecret(o.ctx, first.Name, 0, &first.Revision)
	o.refused(err, &persistence.WebhookChangedError{Name: first.Name, Revision: 2})
	o.refused(o.DeleteWebhook(o.ctx, first.Name, &first.Revision), &persistence.WebhookChangedError{Name: first.Name, Revision: 2})
	one, err := o.Webhook(o.ctx, first.Name)
	o.check(err)
	o.equal("read", one, want)
	o.webhooksAre(want)
}

func testWebhookDisabled(o *outbox) {
	w := o.webhook(spec())
	o.change(1)
	off := spec()
	off.Enabled = false
	_, err := o.ChangeWebhook(o.ctx, w.Name, off, nil)
	o.check(err)
	o.change(1)
	o.equal("while disabled", len(o.waiting(w.Name)), 1)
	_, err = o.ChangeWebhook(o.ctx, w.Name, spec(), nil)
	o.check(err)
	o.change(1)
	o.equal("enabled again", len(o.waiting(w.Name)), 2)
}

func testWebhookSecret(o *outbox) {
	w := o.webhook(spec())
	first := w.Secret
	o.equal("secrets", w.Secrets(o.clock.now()), []string{first})
	w, err := o.RotateWebhookSecret(o.ctx, w.Name, time.Hour, nil)
	o.check(err)
	second := w.Secret
	if first == second {
		o.t.Errorf("the secret %d bytes long is the same", len(second))
	}
	w, err = o.Webhook(o.ctx, w.Name)
	o.check(err)
	o.equal("secrets at once", w.Secrets(o.clock.now()), []string{second, first})
	o.equal("secrets before the end", w.Secrets(o.clock.now().Add(time.Hour-1)), []string{second, first})
	o.equal("secrets after", w.Secrets(o.clock.now().Add(time.Hour)), []string{second})
	w, err = o.RotateWebhookSecret(o.ctx, w.Name, 0, nil)
	o.check(err)
	o.equal("secrets without overlap", w.Secrets(o.clock.now()), []string{w.Secret})
	for _, overlap := range []time.Duration{-1, persistence.MaxSecretOverlap + 1} {
		_, err = o.RotateWebhookSecret(o.ctx, w.Name, overlap, nil)
		o.refused(err, &persistence.InvalidError{Field: "overlap", Problem: fmt.Sprintf("is %s; want 0s to 720h0m0s", overlap)})
	}
}

func testWebhookDeleted(o *outbox) {
	o.stock()
	w := o.webhook(spec())
	for range 4 {
		o.sold(tv)
	}
	claimed := o.claim(w.Name, 3)
	o.settle(claimed[0], persistence.DeliveryDelivered)
	o.settle(claimed[1], persistence.DeliveryDead)
	o.check(o.DeleteWebhook(o.ctx, w.Name, &w.Revision))
	o.refused(o.DeleteWebhook(o.ctx, w.Name, nil), &persistence.UnknownWebhookError{Name: w.Name})
	o.webhooksAre()
	o.sold(tv)
	left, err := o.Deliveries(o.ctx, persistence.DeliveryFilter{Endpoint: w.Name})
	o.check(err)
	o.equal("deliveries that are left", len(left), 1)
	o.equal("state of it", left[0].State, persistence.DeliveryDelivered)
	o.is(o.Settle(o.ctx, claimed[2], persistence.Settlement{State: persistence.DeliveryDelivered}), persistence.ErrClaimLost)
	o.equal("deliveries of others", len(o.waiting("books")), 5)
}

func testWebhookPurge(o *outbox) {
	store := o.beside(persistence.Options{})
	w := store.webhook(spec())
	store.change(2)
	store.settle(store.one(w.Name), persistence.DeliveryDead)
	o.clock.pass(time.Hour)
	n, err := store.PurgeEvents(o.ctx, o.clock.now())
	o.check(err)
	o.equal("purged while it waits", n, int64(0))
	o.check(store.DeleteWebhook(o.ctx, w.Name, nil))
	n, err = store.PurgeEvents(o.ctx, o.clock.now())
	o.check(err)
	o.equal("purged after it was deleted", n, int64(1))
}

func testWebhookRefusals(o *outbox) {
	w := o.webhook(spec())
	for _, c := range []struct {
		change         func(*persistence.WebhookSpec)
		field, problem string
	}{
		{func(s *persistence.WebhookSpec) { s.URL = "" }, "url", "is empty"},
		{func(s *persistence.WebhookSpec) { s.URL = "a\x00" }, "url", "contains a NUL character"},
		{func(s *persistence.WebhookSpec) { s.URL = strings.Repeat("a", 2001) }, "url", "has 2001 bytes; want at most 2000"},
		{func(s *persistence.WebhookSpec) { s.Description = strings.Repeat("a", 801) }, "description", "has 801 bytes; want at most 800"},
		{func(s *persistence.WebhookSpec) { s.Types = []event.Type{"ping"} }, "types", `has "ping", which is no event`},
		{func(s *persistence.WebhookSpec) { s.Timeout = 0 }, "timeout", "is 0s; want 1ms to 1m0s"},
		{func(s *persistence.WebhookSpec) { s.Timeout = time.Minute + 1 }, "timeout", "is 1m0.000000001s; want 1ms to 1m0s"},
	} {
		bad := spec()
		c.change(&bad)
		_, made := o.CreateWebhook(o.ctx, bad)
		_, changed := o.ChangeWebhook(o.ctx, w.Name, bad, nil)
		for _, err := range []error{made, changed} {
			o.refused(err, &persistence.InvalidError{Field: c.field, Problem: c.problem})
		}
	}
	for _, name := range []string{"books", "wh_none", "a\x00", ""} {
		want := &persistence.UnknownWebhookError{Name: name}
		_, err := o.Webhook(o.ctx, name)
		o.refused(err, want)
		_, err = o.ChangeWebhook(o.ctx, name, spec(), nil)
		o.refused(err, want)
		_, err = o.RotateWebhookSecret(o.ctx, name, 0, nil)
		o.refused(err, want)
		o.refused(o.DeleteWebhook(o.ctx, name, nil), want)
	}
	o.webhooksAre(w)
	for range persistence.MaxWebhooks - 1 {
		o.webhook(spec())
	}
	_, err := o.CreateWebhook(o.ctx, spec())
	o.is(err, persistence.ErrTooManyWebhooks)
}

func testWebhookRace(o *outbox) {
	w := o.webhook(spec())
	var won atomic.Int64
	together(8, func(i int) {
		changed := spec()
		changed.Description = fmt.Sprint(i)
		_, err := o.ChangeWebhook(o.ctx, w.Name, changed, &w.Revision)
		var lost *persistence.WebhookChangedError
		if err == nil {
			won.Add(1)
		} else if !errors.As(err, &lost) {
			o.wants(err, false, "a change, or to be told of another one")
		}
	})
	o.equal("changes", won.Load(), int64(1))
	after, err := o.Webhook(o.ctx, w.Name)
	o.check(err)
	o.equal("revision", after.Revision, int64(2))
}

func testWebhookKeyed(o *outbox) {
	ctx := idempotency.WithClaim(audit.With(o.ctx, audit.Entry{Actor: audit.CLI, Action: "webhooks.create"}), o.claims(key("K")))
	w, err := o.CreateWebhook(ctx, spec())
	o.check(err)
	again, err := o.CreateWebhook(ctx, spec())
	o.check(err)
	o.equal("made again", again, w)
	o.webhooksAre(w)
	_, err = o.ChangeWebhook(audit.With(o.ctx, audit.Entry{Actor: audit.CLI, Action: "webhooks.change", Subject: w.Name}), w.Name, spec(), nil)
	o.check(err)
	var told []string
	for _, e := range o.log(audit.Filter{}) {
		told = append(told, e.Action+" "+e.Subject)
	}
	o.equal("audit log", told, []string{"webhooks.change " + w.Name, "webhooks.create " + w.Name})
}

func testAttempts(o *outbox) {
	o.change(1)
	attempts := func(endpoint, uid string) []persistence.DeliveryAttempt {
		o.t.Helper()
		all, err := o.DeliveryAttempts(o.ctx, endpoint, uid)
		o.check(err)
		return all
	}
	d := o.one("books")
	o.equal("before any has ended", attempts("books", d.UID), []persistence.DeliveryAttempt(nil))
	begun := o.clock.now()
	o.clock.pass(time.Second)
	o.check(o.Settle(o.ctx, d, persistence.Settlement{State: persistence.DeliveryDead, Status: 500, Error: "answered 500\x00", Took: time.Second}))
	n, err := o.Resend(o.ctx, persistence.DeliveryFilter{UIDs: []string{d.UID}, Endpoint: "books"})
	o.check(err)
	o.equal("sent again", n, int64(1))
	o.settle(o.one("books"), persistence.DeliveryDelivered)
	o.is(o.Settle(o.ctx, d, persistence.Settlement{State: persistence.DeliveryDead}), persistence.ErrClaimLost)
	o.equal("attempts", attempts("books", d.UID), []persistence.DeliveryAttempt{
		{At: begun, Took: time.Second, State: persistence.DeliveryDead, Status: 500, Error: "answered 500"},
		{At: o.clock.now(), State: persistence.DeliveryDelivered, Status: 200},
	})
	for _, other := range [][2]string{{"stores", d.UID}, {"books", "none"}, {"books", "a\x00"}, {"\xff", d.UID}} {
		o.equal("attempts of another delivery", attempts(other[0], other[1]), []persistence.DeliveryAttempt(nil))
	}
}

func testWebhookBesideSales(o *outbox) {
	const clients, each = 4, 10
	o.stock()
	var w persistence.Webhook
	var placed atomic.Int64
	together(clients+1, func(client int) {
		if client == clients {
			w = o.webhook(spec(event.TypeOrderPlaced))
			return
		}
		for range each {
			_, err := o.AdjustStock(o.ctx, tv, 1, persistence.ReasonReceipt, "")
			o.wants(err, true, "units")
			o.sold(tv)
			placed.Add(1)
		}
	})
	told := len(o.waiting(w.Name))
	if told > clients*each {
		o.t.Errorf("told of %d orders, of %d", told, placed.Load())
	}
	o.sold(tv)
	o.equal("told after one more", len(o.waiting(w.Name)), told+1)
}
