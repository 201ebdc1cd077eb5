package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// The states of a key.
const (
	keyClaimed   = "claimed"   // a request runs, or has died after its lease
	keyCommitted = "committed" // its effect is stored, the answer is not
	keyAnswered  = "answered"
)

// keyRow is a row of the table idempotency_keys.
type keyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys,alias:k"`

	Scope       string    `bun:"scope,pk"`
	Key         string    `bun:"key,pk"`
	Fingerprint string    `bun:"fingerprint"`
	State       string    `bun:"state"`
	Token       string    `bun:"token"`
	ClaimedAt   time.Time `bun:"claimed_at"`
	LeaseUntil  time.Time `bun:"lease_until"`
	ExpiresAt   time.Time `bun:"expires_at"`
	Outcome     *string   `bun:"outcome"`
	Status      *int      `bun:"status"`
	Headers     *string   `bun:"headers"`
	Body        []byte    `bun:"body"`
}

// ClaimKey claims the key for a request that is about to run, for the time of
// the lease. It returns the claim, with which the request runs, or the answer
// that the request was given before. While another request has the key it is
// idempotency.ErrBusy; a key that was used for another request is an
// *idempotency.ReusedError.
//
// A claim whose lease is over is taken over. When the request that had it has
// made its effect, the writes of the new claim return what that one's returned.
func (s *Store) ClaimKey(ctx context.Context, key idempotency.Key, lease time.Duration) (idempotency.Claim, *idempotency.Answer, error) {
	claim := idempotency.Claim{Key: key, Token: newReference()}
	var known *keyRow
	err := s.read(ctx, "read key", func(db bun.IDB) (err error) {
		known, err = findKey(ctx, db, key)
		return err
	})
	if err != nil {
		return idempotency.Claim{}, nil, err
	}
	if known.free(key, s.now()) {
		known = nil
		err = s.write(ctx, "claim key", func(ctx context.Context, tx bun.Tx) (err error) {
			known, err = s.takeKey(ctx, tx, claim, lease)
			return err
		})
	}
	if err != nil {
		return idempotency.Claim{}, nil, err
	}
	if known == nil {
		return claim, nil, nil
	}
	answer, err := known.answer(key)
	return idempotency.Claim{}, answer, err
}

// findKey returns the row of the key, nil when there is none.
func findKey(ctx context.Context, db bun.IDB, key idempotency.Key) (*keyRow, error) {
	var rows []keyRow
	err := db.NewSelect().Model(&rows).Where("scope = ?", key.Scope).Where("key = ?", key.Name).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, failed("read key", err)
	}
	return &rows[0], nil
}

// free tells whether a request may claim the key.
func (k *keyRow) free(key idempotency.Key, now time.Time) bool {
	return k == nil || !k.ExpiresAt.After(now) ||
		k.State != keyAnswered && k.Fingerprint == key.Fingerprint && !k.LeaseUntil.After(now)
}

// answer returns what the request of a key that is not free is to be told.
func (k *keyRow) answer(key idempotency.Key) (*idempotency.Answer, error) {
	switch {
	case k.Fingerprint != key.Fingerprint:
		return nil, &idempotency.ReusedError{Name: key.Name}
	case k.State != keyAnswered:
		return nil, idempotency.ErrBusy
	}
	answer := &idempotency.Answer{Status: *k.Status, Body: k.Body}
	if err := json.Unmarshal([]byte(*k.Headers), &answer.Header); err != nil {
		return nil, fmt.Errorf("read key %s: headers: %w", key.Name, err)
	}
	return answer, nil
}

// takeKey gives the key to the claim, or returns the row of the one that has it.
// One statement decides, so that of many claims at once one wins. An outcome
// stays with the key.
func (s *Store) takeKey(ctx context.Context, tx bun.Tx, claim idempotency.Claim, lease time.Duration) (*keyRow, error) {
	now := s.now()
	_, err := tx.NewRaw("DELETE FROM idempotency_keys WHERE scope = ? AND key = ? AND expires_at <= ?",
		claim.Scope, claim.Name, now).Exec(ctx)
	if err != nil {
		return nil, failed("delete expired key", err)
	}
	row := keyRow{
		Scope: claim.Scope, Key: claim.Name, Fingerprint: claim.Fingerprint, State: keyClaimed, Token: claim.Token,
		ClaimedAt: now, LeaseUntil: now.Add(lease), ExpiresAt: now.Add(idempotency.Retention),
	}
	taken, err := tx.NewInsert().Model(&row).
		On("CONFLICT (scope, key) DO UPDATE").
		Set("token = EXCLUDED.token").Set("claimed_at = EXCLUDED.claimed_at").
		Set("lease_until = EXCLUDED.lease_until").Set("expires_at = EXCLUDED.expires_at").
		Where("k.state <> ?", keyAnswered).
		Where("k.fingerprint = EXCLUDED.fingerprint").
		Where("k.lease_until <= EXCLUDED.claimed_at").
		Returning("NULL").Exec(ctx)
	if err != nil {
		return nil, failed("claim key", err)
	}
	if n, err := taken.RowsAffected(); err != nil || n > 0 {
		return nil, failed("claim key", err)
	}
	return findKey(ctx, tx, claim.Key)
}

// AnswerKey keeps the answer of the claim's request, for idempotency.Retention
// from now. It is idempotency.ErrBusy when another request has taken the key
// over, which will answer in its place.
func (s *Store) AnswerKey(ctx context.Context, claim idempotency.Claim, answer idempotency.Answer) error {
	headers, err := json.Marshal(answer.Header)
	if err != nil {
		return fmt.Errorf("encode headers: %w", err)
	}
	body := answer.Body
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	return s.write(ctx, "keep answer", func(ctx context.Context, tx bun.Tx) error {
		return changed(tx.NewRaw("UPDATE idempotency_keys SET state = ?, outcome = NULL, status = ?, headers = ?, body = ?, "+
			"expires_at = ? WHERE scope = ? AND key = ? AND token = ? AND state <> ?",
			keyAnswered, answer.Status, string(headers), body, s.now().Add(idempotency.Retention),
			claim.Scope, claim.Name, claim.Token, keyAnswered).Exec(ctx))
	})
}

// ReleaseKey gives the claim up without an answer. Another request may have the
// key at once: one for anything when this one has made no effect, else one that
// asks for the same and will find it made. A claim that has lost its key has
// nothing to give up.
func (s *Store) ReleaseKey(ctx context.Context, claim idempotency.Claim) error {
	return s.write(ctx, "release key", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM idempotency_keys WHERE scope = ? AND key = ? AND token = ? AND state = ?",
			claim.Scope, claim.Name, claim.Token, keyClaimed).Exec(ctx)
		if err != nil {
			return failed("release key", err)
		}
		_, err = tx.NewRaw("UPDATE idempotency_keys SET lease_until = ? WHERE scope = ? AND key = ? AND token = ? AND state = ?",
			s.now(), claim.Scope, claim.Name, claim.Token, keyCommitted).Exec(ctx)
		return failed("release key", err)
	})
}

// DeleteExpiredKeys deletes the keys that are past their time, a few in each
// transaction, and returns how many it deleted, also after an error. Call it
// now and then; a key that is past its time is free whether it is there or not.
func (s *Store) DeleteExpiredKeys(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, err := s.deleteExpired(ctx)
		if total += n; err != nil || n < batch {
			return total, err
		}
	}
}

func (s *Store) deleteExpired(ctx context.Context) (n int, err error) {
	err = s.write(ctx, "delete expired keys", func(ctx context.Context, tx bun.Tx) error {
		deleted, err := tx.NewRaw("DELETE FROM idempotency_keys WHERE (scope, key) IN "+
			"(SELECT scope, key FROM idempotency_keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
			s.now(), batch).Exec(ctx)
		if err != nil {
			return failed("delete expired keys", err)
		}
		rows, err := deleted.RowsAffected()
		n = int(rows)
		return failed("delete expired keys", err)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
