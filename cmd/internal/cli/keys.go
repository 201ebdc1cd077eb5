package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/checkout-promotions/checkout/config"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
)

func newKeys(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, list, rotate and revoke keys of the API",
		Long: `Make, list, rotate and revoke keys of the API. A key has scopes, which say what its
owner may do:

  quotes:read       price carts as of now
  quotes:preview    price carts as of another time
  orders:read       orders, returns and holds
  orders:write      place, cancel and return orders, hold units
  inventory:read    items with their stock, movements
  inventory:write   change items and stock
  rules:read        rulesets, promotions and their source, plugins
  rules:publish     put rules in force, pause promotions
  coupons:read      pools and codes
  coupons:write     make, import and revoke codes
  webhooks:write    look after the delivery of events
  admin             everything

The database is that of checkout run, with the same settings, which may be running
meanwhile. It has the SHA-256 of each key, never the key. Every change is in the audit
log; see "checkout audit --help".` + findingsAre("a key is not there or not in force"),
	}
	asGroup(cmd)
	cmd.AddCommand(newKeysCreate(s), newKeysList(s), newKeysRevoke(s), newKeysRotate(s))
	return cmd
}

// keyTool makes run, which changes keys and returns what to tell of it, the action of
// the command, on the database that with opens.
func keyTool(
	with func(*cobra.Command, Streams, func(context.Context, *persistence.Store) error) error, s Streams, cmd *cobra.Command,
	run func(ctx context.Context, data *persistence.Store, args []string) (rendering, error),
) *cobra.Command {
	var formats []string
	addOutput(cmd, &formats)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		outputs, err := parseOutputs(formats)
		if err != nil {
			return err
		}
		return with(cmd, s, func(ctx context.Context, data *persistence.Store) error {
			tell, err := run(ctx, data, args)
			if tell != nil {
				err = errors.Join(write(outputs, s.Out, tell), err)
			}
			return refusal(err)
		})
	}
	config.BindDatabaseFlags(cmd.Flags())
	cmd.Flags().SortFlags = false
	return cmd
}

// byCLI is ctx with the entry of what a command does to a key.
func byCLI(ctx context.Context, action, subject string, detail any) (context.Context, error) {
	text, err := json.Marshal(detail)
	return audit.With(ctx, audit.Entry{Actor: audit.CLI, Action: action, Subject: subject, Detail: text}), err
}

// keyBrief is what is told of a key, and what the audit log has of a new one.
type keyBrief struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Scopes    apikey.Scopes `json:"scopes"`
	CreatedAt time.Time     `json:"created_at"`
	ExpiresAt *time.Time    `json:"expires_at"` // null for never
	Rotates   string        `json:"rotates,omitempty"`
}

func newKeyBrief(k *apikey.Key) keyBrief {
	return keyBrief{ID: k.ID, Name: k.Name, Scopes: k.Scopes, CreatedAt: k.Created, ExpiresAt: orNone(k.Expires), Rotates: k.Rotates}
}

// orNone is nil for the zero time.
func orNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func newKeysCreate(s Streams) *cobra.Command {
	var scopes []string
	var allowed apikey.Scopes
	var ends lifetime
	var rotates string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a key and show it, once",
		Long: `Make a key and show it. It is shown this once, and is nowhere else: keep it where
secrets are kept, and revoke it when it is lost or has leaked.`,
		Example: `  checkout keys create storefront --scope quotes:read --scope orders:write --expires 90d
  checkout keys create deploy --scope rules:read,rules:publish --expires 2027-06-30`,
		Args: arguments("the name of a key", 1, 1),

		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "a `SCOPE` that the key has; may be repeated")
	cmd.Flags().Var(&ends, "expires", "when the key is over: after a `TIME` such as 90d or 12h, or at 2027-06-30 (default never)")
	cmd.Flags().StringVar(&rotates, "rotate", "", "the key with this `ID` is replaced by the new one, and goes on until it is revoked")
	cmd.PreRunE = func(*cobra.Command, []string) (err error) { // before a database is made
		if len(scopes) == 0 {
			return usageError{error: fmt.Errorf("--scope is missing: say what the key may do, some of %s", apikey.AllScopes())}
		}
		if allowed, err = apikey.ParseScopes(scopes); err != nil {
			return usageError{error: err}
		}
		return nil
	}
	return keyTool(withNewStore, s, cmd, func(ctx context.Context, data *persistence.Store, args []string) (rendering, error) {
		now := time.Now()
		text, key, err := apikey.New(now, args[0], allowed, ends.after(now))
		if err != nil {
			return nil, usageError{error: err}
		}
		key.Rotates = rotates
		if ctx, err = byCLI(ctx, "keys.create", key.ID, newKeyBrief(&key)); err != nil {
			return nil, err
		}
		if err := data.CreateKey(ctx, key, apikey.Digest(text)); err != nil {
			return nil, err
		}
		return madeKey{Version: 1, Key: newKeyBrief(&key), Secret: text}.report(), nil
	})
}

func newKeysRotate(s Streams) *cobra.Command {
	var ends lifetime
	overlap := lifetime{text: "24h", given: true, length: 24 * time.Hour}
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Make a key in the place of another one",
		Long: `Make a key with the name and the scopes of another one, and show it, once. The other
one goes on for the time of --overlap, in which its owner changes to the new one, and
is over then. The new one is in force for as long as the other one was to be, unless
--expires says otherwise.`,
		Example: `  checkout keys rotate 4kq7w2mzpa
  checkout keys rotate 4kq7w2mzpa --overlap 7d --expires 90d -o json`,
		Args: arguments("the id of a key", 1, 1),
	}
	cmd.Flags().Var(&overlap, "overlap", "the other key goes on for this `TIME`, such as 12h or 7d, or until 2027-06-30; 0s ends it at once")
	cmd.Flags().Var(&ends, "expires", "when the new key is over: after a `TIME` such as 90d or 12h, or at 2027-06-30")
	return keyTool(withStore, s, cmd, func(ctx context.Context, data *persistence.Store, args []string) (rendering, error) {
		now := time.Now()
		until := overlap.after(now)
		if until.Before(now) {
			return nil, usageError{error: fmt.Errorf("--overlap %s: that is over", &overlap)}
		}
		old, err := keyByID(ctx, data, args[0])
		if err != nil {
			return nil, err
		}
		expires := ends.after(now)
		if expires.IsZero() && !old.Expires.IsZero() {
			expires = now.Add(old.Expires.Sub(old.Created))
		}
		text, key, err := apikey.New(now, old.Name, old.Scopes, expires)
		if err != nil {
			return nil, usageError{error: err}
		}
		key.Rotates = old.ID
		if ctx, err = byCLI(ctx, "keys.rotate", key.ID, newKeyBrief(&key)); err != nil {
			return nil, err
		}
		replaced, err := data.RotateKey(ctx, key, apikey.Digest(text), until)
		if err != nil {
			return nil, err
		}
		brief := newKeyBrief(&replaced)
		return madeKey{Version: 1, Key: newKeyBrief(&key), Secret: text, Replaced: &brief}.report(), nil
	})
}

// keyByID returns a key, *apikey.UnknownError when there is none.
func keyByID(ctx context.Context, data *persistence.Store, id string) (apikey.Key, error) {
	keys, err := data.Keys(ctx)
	for _, key := range keys {
		if key.ID == id {
			return key, nil
		}
	}
	return apikey.Key{}, cmp.Or(err, error(&apikey.UnknownError{ID: id}))
}

// madeKey is a new key, with its text. It is version 1 of the JSON form, to which
// fields are only added.
type madeKey struct {
	Version  int       `json:"version"`
	Key      keyBrief  `json:"key"`
	Secret   string    `json:"secret"`
	Replaced *keyBrief `json:"replaced,omitempty"`
}

func (m madeKey) report() rendering {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nThis is shown once: keep it where secrets are kept.\n", m.Secret)
	fmt.Fprintf(&text, "key %s (%s) has %s and expires %s\n", m.Key.ID, m.Key.Name, m.Key.Scopes, instantOr("never", m.Key.ExpiresAt, " UTC"))
	if m.Replaced != nil {
		fmt.Fprintf(&text, "key %s, which it replaces, expires %s\n", m.Replaced.ID, instantOr("never", m.Replaced.ExpiresAt, " UTC"))
	}
	return inFull(m, text.String())
}

// instantOr writes an instant with what follows, or a word where there is none.
func instantOr(none string, at *time.Time, zone string) string {
	if at == nil {
		return none
	}
	return at.Format(time.DateTime) + zone
}

func newKeysList(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the keys, the newest first",
		Long: `List the keys, the newest first, those that are expired or revoked too. Servers tell
the last use of a key about once a minute.`,
		Example: `  checkout keys list
  checkout keys list -o json`,
		Args: noArguments,
	}
	return reportArchive(s, cmd, func(ctx context.Context, a *persistence.Archive, _ []string) (rendering, error) {
		keys, err := a.Keys(ctx)
		if err != nil {
			return nil, err
		}
		list := newKeyList(keys, time.Now())
		return inPages(list, len(list.Keys), "no keys", "", list.table), nil
	})
}

// keyList is all keys. It is version 1 of the JSON form, to which fields are only
// added.
type keyList struct {
	Version int         `json:"version"`
	Keys    []listedKey `json:"keys"`
}

// listedKey is a key with what became of it; null is never.
type listedKey struct {
	keyBrief
	State      apikey.State `json:"state"`
	RevokedAt  *time.Time   `json:"revoked_at"`
	LastUsedAt *time.Time   `json:"last_used_at"`
}

func newKeyList(keys []apikey.Key, now time.Time) keyList {
	list := keyList{Version: 1, Keys: []listedKey{}}
	for i := range keys {
		k := &keys[i]
		list.Keys = append(list.Keys, listedKey{newKeyBrief(k), k.State(now), orNone(k.Revoked), orNone(k.LastUsed)})
	}
	return list
}

// table writes a line for each key.
func (l keyList) table(w io.Writer) error {
	_, err := fmt.Fprintln(w, "ID\tNAME\tSTATE\tCREATED\tEXPIRES\tLAST USED\tSCOPES")
	for _, k := range l.Keys {
		_, printed := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, k.State, k.CreatedAt.Format(time.DateTime),
			instantOr("never", k.ExpiresAt, ""), instantOr("never", k.LastUsedAt, ""), k.Scopes)
		err = errors.Join(err, printed)
	}
	return err
}

func newKeysRevoke(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke ID...",
		Short: "End keys at once and for ever",
		Long: `End keys at once and for ever; servers notice within seconds. Where some are not there
the others are revoked all the same. What is revoked already stays so.`,
		Example: `  checkout keys revoke 4kq7w2mzpa
  checkout keys revoke 4kq7w2mzpa -o json`,
		Args: arguments("the id of a key, or of several", 1, -1),
	}
	return keyTool(withStore, s, cmd, func(ctx context.Context, data *persistence.Store, ids []string) (rendering, error) {
		done := revokedKeys{Version: 1, Keys: []revokedKey{}}
		var unknown []string
		for _, id := range ids {
			byCLI, err := byCLI(ctx, "keys.revoke", id, struct{}{})
			if err != nil {
				return done.report(), err
			}
			key, already, err := data.RevokeKey(byCLI, id)
			switch {
			case errors.As(err, new(*apikey.UnknownError)):
				unknown = append(unknown, id)
			case err != nil:
				return done.report(), err
			default:
				done.Keys = append(done.Keys, revokedKey{key.ID, key.Name, key.Revoked, already})
			}
		}
		if len(unknown) > 0 {
			return done.report(), codedError{exitFindings, fmt.Errorf("API key not found: %s", strings.Join(unknown, ", "))}
		}
		return done.report(), nil
	})
}

// revokedKeys is what a command has revoked. It is version 1 of the JSON form, to
// which fields are only added.
type revokedKeys struct {
	Version int          `json:"version"`
	Keys    []revokedKey `json:"keys"`
}

type revokedKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	RevokedAt time.Time `json:"revoked_at"`
	Already   bool      `json:"already"` // it was revoked before
}

func (r revokedKeys) report() rendering {
	var text strings.Builder
	for _, k := range r.Keys {
		fmt.Fprintf(&text, "key %s (%s) ", k.ID, k.Name)
		if k.Already {
			fmt.Fprintf(&text, "was revoked already, %s UTC\n", k.RevokedAt.Format(time.DateTime))
		} else {
			text.WriteString("is revoked\n")
		}
	}
	return inFull(r, text.String())
}
