package persistence

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence/event"
)

const (
	// WebhookPrefix begins the names of webhooks that are in the database. No endpoint of
	// Options has such a name.
	WebhookPrefix = "wh_"
	// MaxWebhooks is how many there may be: every server asks after the events of each once
	// a second. Some more can come of requests at the same moment.
	MaxWebhooks = 100
	// MaxWebhookURL is how many bytes an address has at most, and MaxWebhookDescription a
	// description.
	MaxWebhookURL, MaxWebhookDescription = 2000, 800
	// MaxWebhookTimeout is for one attempt.
	MaxWebhookTimeout = time.Minute
	// MaxSecretOverlap is how long a secret that was replaced signs at most.
	MaxSecretOverlap = 30 * 24 * time.Hour
)

// WebhookSpec is what its owner says of a webhook.
type WebhookSpec struct {
	// URL is where events are posted to; whether one can is not looked at.
	URL         string `json:"url"`
	Description string `json:"description"`
	// Types are the events it wants; none means all.
	Types []event.Type `json:"types"`
	// Timeout is for one attempt, in whole milliseconds; from one of those to
	// MaxWebhookTimeout.
	Timeout time.Duration `json:"timeout"`
	// Enabled is false for one that is sent nothing. What happens meanwhile is not kept for
	// it; what it had still to get waits.
	Enabled bool `json:"enabled"`
}

// Webhook is an endpoint that was made while programs run. Every store of the database
// has events delivered to it, without being told of it.
type Webhook struct {
	WebhookSpec
	// Name identifies it and its deliveries. It is made, and never used again.
	Name string `json:"name"`
	// Secret signs what is sent, and OldSecret besides until OldSecretEnds; "" for none.
	Secret        string    `json:"secret"`
	OldSecret     string    `json:"old_secret"`
	OldSecretEnds time.Time `json:"old_secret_ends"`
	// Revision grows with each change, from 1.
	Revision             int64 `json:"revision"`
	CreatedAt, ChangedAt time.Time
}

// Secrets are those that sign at the instant.
func (w *Webhook) Secrets(at time.Time) []string {
	if w.OldSecret != "" && at.Before(w.OldSecretEnds) {
		return []string{w.Secret, w.OldSecret}
	}
	return []string{w.Secret}
}

// UnknownWebhookError says that the database has no webhook of the name.
type UnknownWebhookError struct{ Name string }

// Error implements error.
func (e *UnknownWebhookError) Error() string { return fmt.Sprintf("webhook %q not found", e.Name) }

// WebhookChangedError says that a webhook is not at the revision that its change was
// meant for.
type WebhookChangedError struct {
	Name     string
	Revision int64 // that it has
}

// Error implements error.
func (e *WebhookChangedError) Error() string {
	return fmt.Sprintf("webhook %s has been changed meanwhile", e.Name)
}

// ErrTooManyWebhooks says that there are MaxWebhooks already.
var ErrTooManyWebhooks = fmt.Errorf("there are %d webhooks already: delete one", MaxWebhooks)

// webhookRow is a row of the table webhooks.
type webhookRow struct {
	bun.BaseModel `bun:"table:webhooks,alias:w"`

	Name           string    `bun:"name,pk"`
	URL            string    `bun:"url"`
	Description    string    `bun:"description"`
	Events         string    `bun:"events"`
	TimeoutMS      int64     `bun:"timeout_ms"`
	Enabled        bool      `bun:"enabled"`
	Secret         string    `bun:"secret"`
	OldSecret      string    `bun:"old_secret"`
	OldSecretUntil time.Time `bun:"old_secret_until,nullzero"`
	Revision       int64     `bun:"revision"`
	CreatedAt      time.Time `bun:"created_at"`
	ChangedAt      time.Time `bun:"changed_at"`
}

func (r *webhookRow) webhook() (Webhook, error) {
	w := Webhook{
		WebhookSpec: WebhookSpec{URL: r.URL, Description: r.Description, Timeout: time.Duration(r.TimeoutMS) * time.Millisecond, Enabled: r.Enabled},
		Name:        r.Name, Secret: r.Secret, OldSecret: r.OldSecret, OldSecretEnds: utc(r.OldSecretUntil),
		Revision: r.Revision, CreatedAt: r.CreatedAt.UTC(), ChangedAt: r.ChangedAt.UTC(),
	}
	if err := decode(r.Events, &w.Types); err != nil {
		return Webhook{}, fmt.Errorf("read webhook %s: column events: %w", r.Name, err)
	}
	return w, nil
}

// set takes in what the owner says.
func (r *webhookRow) set(spec WebhookSpec) error {
	err := checkTexts([]keptText{
		{"url", spec.URL, MaxWebhookURL, true}, {"description", spec.Description, MaxWebhookDescription, false},
	})
	if err != nil {
		return err
	}
	for _, t := range spec.Types {
		if !slices.Contains(event.Types(), t) {
			return &InvalidError{Field: "types", Problem: fmt.Sprintf("has %q, which is no event", t)}
		}
	}
	if spec.Timeout < time.Millisecond || spec.Timeout > MaxWebhookTimeout {
		return &InvalidError{Field: "timeout", Problem: fmt.Sprintf("is %s; want 1ms to %s", spec.Timeout, MaxWebhookTimeout)}
	}
	events, err := json.Marshal(append([]event.Type{}, spec.Types...))
	r.URL, r.Description, r.Events = spec.URL, spec.Description, string(events)
	r.TimeoutMS, r.Enabled = spec.Timeout.Milliseconds(), spec.Enabled
	return err
}

// CreateWebhook makes a webhook, with a name and a secret. It is told of events that
// happen from then on. What cannot be kept is an *InvalidError, one too many
// ErrTooManyWebhooks. The entries of the audit log get the name as their subject.
func (s *Store) CreateWebhook(ctx context.Context, spec WebhookSpec) (Webhook, error) {
	row := webhookRow{Name: newWebhookName(), Secret: newWebhookSecret(), Revision: 1}
	if err := row.set(spec); err != nil {
		return Webhook{}, err
	}
	var made Webhook
	err := once(audit.About(ctx, row.Name), s, "create webhook", &made, func(ctx context.Context, tx bun.Tx) (err error) {
		n, err := tx.NewSelect().Model((*webhookRow)(nil)).Count(ctx)
		if err != nil {
			return failed("count webhooks", err)
		}
		if n >= MaxWebhooks {
			return ErrTooManyWebhooks
		}
		row.CreatedAt = s.now()
		row.ChangedAt = row.CreatedAt
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return failed("insert webhook", err)
		}
		made, err = row.webhook()
		return err
	})
	return made, err
}

// ChangeWebhook replaces what its owner has said of a webhook. One that is not there is an
// *UnknownWebhookError; where expected is given and the webhook has another revision,
// nothing changes and the error is a *WebhookChangedError. See CreateWebhook for what is
// refused.
func (s *Store) ChangeWebhook(ctx context.Context, name string, spec WebhookSpec, expected *int64) (Webhook, error) {
	return s.changeWebhook(ctx, "change webhook", name, expected, func(row *webhookRow) error { return row.set(spec) })
}

// RotateWebhookSecret gives a webhook a new secret. The one that it had goes on to sign
// beside the new one for the time given, at most MaxSecretOverlap; one that was replaced
// before signs no more. See ChangeWebhook for expected and what is refused.
func (s *Store) RotateWebhookSecret(ctx context.Context, name string, overlap time.Duration, expected *int64) (Webhook, error) {
	if overlap < 0 || overlap > MaxSecretOverlap {
		return Webhook{}, &InvalidError{Field: "overlap", Problem: fmt.Sprintf("is %s; want 0s to %s", overlap, MaxSecretOverlap)}
	}
	secret := newWebhookSecret()
	return s.changeWebhook(ctx, "rotate secret of webhook", name, expected, func(row *webhookRow) error {
		row.OldSecret, row.OldSecretUntil = "", time.Time{}
		if overlap > 0 {
			row.OldSecret, row.OldSecretUntil = row.Secret, s.now().Add(overlap).Truncate(time.Microsecond)
		}
		row.Secret = secret
		return nil
	})
}

func (s *Store) changeWebhook(ctx context.Context, op, name string, expected *int64, change func(*webhookRow) error) (Webhook, error) {
	var made Webhook
	err := once(ctx, s, op, &made, func(ctx context.Context, tx bun.Tx) error {
		row, err := s.lockedWebhook(ctx, tx, name, expected)
		if err != nil {
			return err
		}
		if err := change(&row); err != nil {
			return err
		}
		row.Revision++
		row.ChangedAt = s.now()
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return failed(op, err)
		}
		made, err = row.webhook()
		return err
	})
	return made, err
}

// lockedWebhook reads a webhook that nobody else changes until the transaction ends.
func (s *Store) lockedWebhook(ctx context.Context, tx bun.Tx, name string, expected *int64) (webhookRow, error) {
	if textProblem(name) != "" {
		return webhookRow{}, &UnknownWebhookError{name}
	}
	var rows []webhookRow
	err := tx.NewRaw("SELECT * FROM webhooks WHERE name = ? "+s.db.ForUpdate, name).Scan(ctx, &rows)
	switch {
	case err != nil:
		return webhookRow{}, failed("lock webhook", err)
	case len(rows) == 0:
		return webhookRow{}, &UnknownWebhookError{name}
	case expected != nil && *expected != rows[0].Revision:
		return webhookRow{}, &WebhookChangedError{name, rows[0].Revision}
	}
	return rows[0], nil
}

// DeleteWebhook deletes a webhook, with the deliveries that it had still to get and
// those that were given up; those that it got are kept as long as their events are. A
// server that is sending to it ends what is under way. See ChangeWebhook for expected and
// what is refused.
//
// Deliveries go in small transactions before the webhook does, so that sales need not
// wait: after an error some may be gone, and deleting again goes on.
func (s *Store) DeleteWebhook(ctx context.Context, name string, expected *int64) error {
	w, err := s.Webhook(ctx, name)
	unknown := errors.As(err, new(*UnknownWebhookError)) // or the request has deleted it before
	switch {
	case unknown:
	case err != nil:
		return err
	case expected != nil && w.Revision != *expected:
		return &WebhookChangedError{name, w.Revision}
	}
	for n := int64(batch); n == batch && !unknown; {
		err := s.guarded(ctx, "delete deliveries", func(ctx context.Context, tx bun.Tx) (err error) {
			n, err = deleteUndelivered(ctx, tx, name, batch)
			return err
		})
		if err != nil {
			return err
		}
	}
	var none struct{}
	return once(ctx, s, "delete webhook", &none, func(ctx context.Context, tx bun.Tx) error {
		row, err := s.lockedWebhook(ctx, tx, name, expected)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(&row).WherePK().Exec(ctx); err != nil {
			return failed("delete webhook", err)
		}
		_, err = deleteUndelivered(ctx, tx, name, math.MaxInt64) // what has happened since
		return err
	})
}

// deleteUndelivered removes up to n deliveries that the endpoint did not get. It asks for
// those in the ways that indexes have, so that what was delivered is not looked at.
func deleteUndelivered(ctx context.Context, tx bun.Tx, endpoint string, n int64) (int64, error) {
	gone, err := affected(tx.NewRaw("DELETE FROM deliveries WHERE endpoint = ? AND event_id IN ("+
		"SELECT event_id FROM deliveries WHERE endpoint = ? AND "+open+" UNION ALL "+
		"SELECT event_id FROM deliveries WHERE endpoint = ? AND state = 'dead' LIMIT ?)", endpoint, endpoint, endpoint, n).Exec(ctx))
	return gone, failed("delete deliveries", err)
}

// Webhooks returns all webhooks of the database, in the order in which they were made.
func (s *Store) Webhooks(ctx context.Context) ([]Webhook, error) {
	var rows []webhookRow
	err := s.read(ctx, "read webhooks", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	all := make([]Webhook, len(rows))
	for i := range rows {
		if all[i], err = rows[i].webhook(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Webhook) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

// Webhook returns the webhook of the name; an *UnknownWebhookError when there is none.
func (s *Store) Webhook(ctx context.Context, name string) (Webhook, error) {
	var rows []webhookRow
	if textProblem(name) != "" {
		return Webhook{}, &UnknownWebhookError{name}
	}
	err := s.read(ctx, "read webhook", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Where("name = ?", name).Scan(ctx)
	})
	switch {
	case err != nil:
		return Webhook{}, err
	case len(rows) == 0:
		return Webhook{}, &UnknownWebhookError{name}
	}
	return rows[0].webhook()
}

// newWebhookName cannot fail: rand.Text never does, and has 128 bits.
func newWebhookName() string { return WebhookPrefix + strings.ToLower(rand.Text()) }

// newWebhookSecret makes a secret of Standard Webhooks, of 256 bits.
func newWebhookSecret() string {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key[:])
}
