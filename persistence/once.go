package persistence

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// outcome is what a write has left with its key: what it was, and what it
// returned.
type outcome struct {
	Effect string          `json:"effect"`
	Result json.RawMessage `json:"result"`
}

// once is s.guarded for an effect that a customer or an administrator asked for:
// change locks what it reads and relies on.
// Change leaves in result what the method returns of it, which must survive
// JSON. When ctx has a claim, the effect and its result are stored together, by
// this transaction; and where the key has an effect already, change is not
// called and result is what was stored. So a request has one call of once. It is
// idempotency.ErrBusy when the claim has lost its key, and then nothing happens.
// The entries of the audit log that ctx has are stored with the effect.
func once[T any](ctx context.Context, s *Store, op string, result *T, change func(context.Context, bun.Tx) error) error {
	return onceUnaudited(ctx, s, op, result, func(ctx context.Context, tx bun.Tx) error {
		if err := change(ctx, tx); err != nil {
			return err
		}
		return s.recordAudit(ctx, tx)
	})
}

// onceUnaudited is once for a change that records its entries itself, or none.
func onceUnaudited[T any](ctx context.Context, s *Store, op string, result *T, change func(context.Context, bun.Tx) error) error {
	var by *idempotency.Claim
	if claim, keyed := idempotency.ClaimOf(ctx); keyed {
		by = &claim
	}
	return s.guarded(ctx, op, func(ctx context.Context, tx bun.Tx) error {
		if by == nil {
			return change(ctx, tx)
		}
		if done, err := recall(ctx, tx, *by, op, result); done || err != nil {
			return err
		}
		if err := change(ctx, tx); err != nil {
			return err
		}
		outcome, err := encodeOutcome(op, result)
		if err != nil {
			return err
		}
		return complete(ctx, tx, *by, outcome)
	})
}

// recalled is recallPlan outside of a transaction.
func (s *Store) recalled(ctx context.Context, p *plan) (done bool, err error) {
	err = s.persist(ctx, func() (err error) {
		done, err = recallPlan(ctx, s.db.Reader, p)
		return err
	})
	return done, err
}

// recallPlan is recall of what a plan makes.
func recallPlan(ctx context.Context, tx bun.IDB, p *plan) (done bool, err error) {
	if p.ttl > 0 {
		return recall(ctx, tx, *p.claim, effectHold, &p.hold)
	}
	return recall(ctx, tx, *p.claim, effectPurchase, &p.order)
}

// recall reads the result of the effect that the claim's key has, if it has one.
func recall[T any](ctx context.Context, tx bun.IDB, claim idempotency.Claim, op string, result *T) (done bool, err error) {
	row, err := findKey(ctx, tx, claim.Key)
	switch {
	case err != nil:
		return false, err
	case row == nil || row.Token != claim.Token || row.State == keyAnswered:
		return false, idempotency.ErrBusy
	case row.State == keyClaimed:
		return false, nil
	}
	var made outcome
	if err := json.Unmarshal([]byte(*row.Outcome), &made); err != nil {
		return false, fmt.Errorf("read key %s: outcome: %w", claim.Name, err)
	}
	if made.Effect != op {
		return false, fmt.Errorf("%s: the request has made another effect before, %q; a request has one", op, made.Effect)
	}
	var stored T
	if err := json.Unmarshal(made.Result, &stored); err != nil {
		return false, fmt.Errorf("read key %s: result: %w", claim.Name, err)
	}
	*result = stored
	return true, nil
}

// encodeOutcome returns the JSON of an outcome.
func encodeOutcome(op string, result any) (string, error) {
	text, err := json.Marshal(result)
	if err != nil {
		return "", fmt.Errorf("%s: encode result: %w", op, err)
	}
	made, err := json.Marshal(outcome{Effect: op, Result: text})
	if err != nil {
		return "", fmt.Errorf("%s: encode outcome: %w", op, err)
	}
	return string(made), nil
}

// complete stores an outcome with the claim's key; idempotency.ErrBusy when it has
// one, or is not the claim's any more.
func complete(ctx context.Context, tx bun.Tx, claim idempotency.Claim, outcome string) error {
	return changed(tx.NewRaw("UPDATE idempotency_keys SET state = ?, outcome = ? WHERE scope = ? AND key = ? AND token = ? AND state = ?",
		keyCommitted, outcome, claim.Scope, claim.Name, claim.Token, keyClaimed).Exec(ctx))
}

// changed is idempotency.ErrBusy when an update has found no row of its claim.
func changed(updated sql.Result, err error) error {
	if err != nil {
		return failed("update key", err)
	}
	n, err := updated.RowsAffected()
	if err == nil && n == 0 {
		return idempotency.ErrBusy
	}
	return failed("update key", err)
}
