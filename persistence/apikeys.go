package persistence

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/apikey"
)

// KeyTakenError says that there is a key of the API with the id or the text already.
type KeyTakenError struct{ ID string }

// Error implements error.
func (e *KeyTakenError) Error() string {
	return fmt.Sprintf("there is an API key %s already, or one with the same text; make another one", e.ID)
}

// KeyReplacedError says that a key of the API is being replaced already, by one that
// is in force.
type KeyReplacedError struct{ ID, By string }

// Error implements error.
func (e *KeyReplacedError) Error() string {
	return fmt.Sprintf("API key %s is being replaced by %s already: rotate that one, or revoke it first", e.ID, e.By)
}

// apiKeyRow is a row of the table api_keys.
type apiKeyRow struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`

	ID         string    `bun:"id,pk"`
	Name       string    `bun:"name"`
	Digest     string    `bun:"digest"`
	Scopes     string    `bun:"scopes"`
	CreatedAt  time.Time `bun:"created_at"`
	ExpiresAt  time.Time `bun:"expires_at,nullzero"`
	RevokedAt  time.Time `bun:"revoked_at,nullzero"`
	LastUsedAt time.Time `bun:"last_used_at,nullzero"`
	Rotates    string    `bun:"rotates,nullzero"`
}

func newAPIKeyRow(key apikey.Key, digest [32]byte) (apiKeyRow, error) {
	if e := (*apikey.InvalidError)(nil); errors.As(key.Check(), &e) {
		return apiKeyRow{}, &InvalidError{Field: e.Field, Problem: e.Problem}
	}
	for _, scope := range key.Scopes {
		if problem := textProblem(string(scope)); problem != "" {
			return apiKeyRow{}, &InvalidError{Field: "scopes", Problem: problem}
		}
	}
	scopes, err := encode(key.Scopes, len(key.Scopes), emptyList)
	return apiKeyRow{
		ID: key.ID, Name: key.Name, Digest: hex.EncodeToString(digest[:]), Scopes: scopes,
		CreatedAt: stamp(key.Created), ExpiresAt: stamp(key.Expires), Rotates: key.Rotates,
	}, err
}

// stamp is an instant as it is stored; zero stays zero.
func stamp(t time.Time) time.Time { return utc(t).Truncate(time.Microsecond) }

func (r *apiKeyRow) key() (apikey.Key, error) {
	key := apikey.Key{
		ID: r.ID, Name: r.Name, Rotates: r.Rotates,
		Created: utc(r.CreatedAt), Expires: utc(r.ExpiresAt), Revoked: utc(r.RevokedAt), LastUsed: utc(r.LastUsedAt),
	}
	if err := decode(r.Scopes, &key.Scopes); err != nil {
		return apikey.Key{}, fmt.Errorf("read API key %s: column scopes: %w", r.ID, err)
	}
	return key, nil
}

// CreateKey adds a key of the API, which is looked up by the digest of its text.
// Revoked and LastUsed of the key are not looked at. What apikey.New would not have
// made is an *InvalidError, an id or a digest that is taken a *KeyTakenError, and a
// key to be replaced that is not there an *apikey.UnknownError; it stays as it is.
//
// It takes no part in the keys of requests (see ClaimKey), because the text cannot be
// told again: a request that is repeated makes another key.
func (s *Store) CreateKey(ctx context.Context, key apikey.Key, digest [32]byte) error {
	row, err := newAPIKeyRow(key, digest)
	if err != nil {
		return err
	}
	return s.guarded(ctx, "create API key", func(ctx context.Context, tx bun.Tx) error {
		if key.Rotates != "" {
			if _, err := s.lockedKey(ctx, tx, key.Rotates); err != nil {
				return err
			}
		}
		return s.insertKey(ctx, tx, &row)
	})
}

// RotateKey is CreateKey for a key that replaces another one, key.Rotates, which
// is over at the instant until, or when it would have been anyway, if that is
// sooner. It returns the key that is replaced as it is from now on. One that is not in
// force is an *apikey.InactiveError, one that a key in force replaces already a
// *KeyReplacedError.
func (s *Store) RotateKey(ctx context.Context, key apikey.Key, digest [32]byte, until time.Time) (replaced apikey.Key, err error) {
	row, err := newAPIKeyRow(key, digest)
	if err != nil {
		return apikey.Key{}, err
	}
	err = s.guarded(ctx, "rotate API key", func(ctx context.Context, tx bun.Tx) error {
		if replaced, err = s.lockedKey(ctx, tx, key.Rotates); err != nil {
			return err
		}
		if err := replaced.Usable(s.now()); err != nil {
			return err
		}
		if err := s.unreplaced(ctx, tx, replaced.ID); err != nil {
			return err
		}
		if until := stamp(until); replaced.Expires.IsZero() || until.Before(replaced.Expires) {
			replaced.Expires = until
		}
		_, err := tx.NewRaw("UPDATE api_keys SET expires_at = ? WHERE id = ?", replaced.Expires, replaced.ID).Exec(ctx)
		if err != nil {
			return failed("rotate API key", err)
		}
		return s.insertKey(ctx, tx, &row)
	})
	if err != nil {
		return apikey.Key{}, err
	}
	return replaced, nil
}

// unreplaced returns a *KeyReplacedError when a key in force replaces this one, whose
// row the transaction has locked.
func (s *Store) unreplaced(ctx context.Context, tx bun.Tx, id string) error {
	var by []string
	err := tx.NewRaw("SELECT id FROM api_keys WHERE rotates = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) ORDER BY id LIMIT 1",
		id, s.now()).Scan(ctx, &by)
	if err != nil {
		return failed("read API keys", err)
	}
	if len(by) > 0 {
		return &KeyReplacedError{ID: id, By: by[0]}
	}
	return nil
}

// insertKey stores a key and the entries of the audit log that ctx has.
func (s *Store) insertKey(ctx context.Context, tx bun.Tx, row *apiKeyRow) error {
	added, err := affected(tx.NewInsert().Model(row).On("CONFLICT DO NOTHING").Exec(ctx))
	switch {
	case err != nil:
		return failed("create API key", err)
	case added == 0:
		return &KeyTakenError{ID: row.ID}
	}
	return s.recordAudit(ctx, tx)
}

// lockedKey reads a key, which nobody else changes until the transaction ends.
func (s *Store) lockedKey(ctx context.Context, tx bun.Tx, id string) (apikey.Key, error) {
	if id == "" || textProblem(id) != "" {
		return apikey.Key{}, &apikey.UnknownError{ID: id}
	}
	var rows []apiKeyRow
	err := tx.NewRaw("SELECT * FROM api_keys WHERE id = ? "+s.db.ForUpdate, id).Scan(ctx, &rows)
	switch {
	case err != nil:
		return apikey.Key{}, failed("lock API key", err)
	case len(rows) == 0:
		return apikey.Key{}, &apikey.UnknownError{ID: id}
	}
	return rows[0].key()
}

// KeyByDigest returns the key whose text has the digest, whether it is in force or
// not: ask Key.Usable. *apikey.UnknownError when there is none.
func (s *Store) KeyByDigest(ctx context.Context, digest [32]byte) (apikey.Key, error) {
	keys, err := s.readKeys(ctx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("digest = ?", hex.EncodeToString(digest[:]))
	})
	switch {
	case err != nil:
		return apikey.Key{}, err
	case len(keys) == 0:
		return apikey.Key{}, &apikey.UnknownError{}
	}
	return keys[0], nil
}

// Keys returns all keys, also those that are not in force any more, the newest
// first.
func (s *Store) Keys(ctx context.Context) ([]apikey.Key, error) {
	return s.readKeys(ctx, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("created_at DESC", "id") })
}

func (s *Store) readKeys(ctx context.Context, which func(*bun.SelectQuery) *bun.SelectQuery) ([]apikey.Key, error) {
	var rows []apiKeyRow
	err := s.read(ctx, "read API keys", func(db bun.IDB) error {
		rows = nil
		return db.NewSelect().Model(&rows).Apply(which).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	keys := make([]apikey.Key, len(rows))
	for i := range rows {
		if keys[i], err = rows[i].key(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// revocation is what RevokeKey returns.
type revocation struct {
	Key     apikey.Key
	Already bool
}

// RevokeKey ends a key for ever, whatever its state, and returns it. Already tells
// that it was revoked before; then nothing changes and the audit log gets nothing.
// *apikey.UnknownError when there is none.
func (s *Store) RevokeKey(ctx context.Context, id string) (key apikey.Key, already bool, err error) {
	var done revocation
	err = onceUnaudited(ctx, s, "revoke API key", &done, func(ctx context.Context, tx bun.Tx) error {
		key, err := s.lockedKey(ctx, tx, id)
		if err != nil {
			return err
		}
		if done = (revocation{key, !key.Revoked.IsZero()}); done.Already {
			return nil
		}
		done.Key.Revoked = s.now()
		_, err = tx.NewRaw("UPDATE api_keys SET revoked_at = ? WHERE id = ?", done.Key.Revoked, id).Exec(ctx)
		if err != nil {
			return failed("revoke API key", err)
		}
		return s.recordAudit(ctx, tx)
	})
	if err != nil {
		return apikey.Key{}, false, err
	}
	return done.Key, done.Already, nil
}

// TouchKeys keeps when keys were used last, by their ids. An instant that is earlier
// than the one that is kept changes nothing, nor does an id that is unknown; so
// processes may tell what they know in any order. Call it now and then with
// what has come together, and not for every request.
func (s *Store) TouchKeys(ctx context.Context, used map[string]time.Time) error {
	ids := slices.Sorted(maps.Keys(used)) // the order in which rows are locked
	ids = slices.DeleteFunc(ids, func(id string) bool { return textProblem(id) != "" || used[id].IsZero() })
	if len(ids) == 0 {
		return nil
	}
	return s.guarded(ctx, "keep last use of API keys", func(ctx context.Context, tx bun.Tx) error {
		for _, id := range ids {
			at := stamp(used[id])
			_, err := tx.NewRaw("UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
				at, id, at).Exec(ctx)
			if err != nil {
				return failed("keep last use of API keys", err)
			}
		}
		return nil
	})
}
