package persistence

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// PoolFormatError says that a pool has another format than was asked for.
type PoolFormatError struct {
	Name   string
	Format coupon.Format // of the pool
}

// Error implements error.
func (e *PoolFormatError) Error() string {
	return fmt.Sprintf("coupon pool %s has the prefix %q, length %d and groups of %d: the format of a pool is never changed", e.Name, e.Format.Prefix, e.Format.Length, e.Format.Group)
}

// EnsurePool makes the pool where there is none, and has it want so many codes in all,
// or as many as it does already where that is more. It makes no code: GenerateCodes
// does, with more = 0. To call it again does nothing, and so a caller who does not know
// whether a call took effect calls it again. It tells whether the pool was made.
//
// What CreatePool refuses it does, but a name that is taken; another format than the
// pool's is a *PoolFormatError, and a pool that is not as the precondition has it an
// *engine.PoolChangedError.
func (s *Store) EnsurePool(ctx context.Context, name string, format coupon.Format, total int64, wanted engine.Precondition) (created bool, err error) {
	if err := checkPool(name, format, total); err != nil {
		return false, err
	}
	err = s.write(ctx, "ensure pool", func(ctx context.Context, tx bun.Tx) error {
		fresh := poolRow{
			Name: name, Prefix: format.Prefix, Length: int64(format.Length), GroupSize: int64(format.Group),
			Key: hex.EncodeToString(coupon.NewKey()), Wanted: total, CreatedAt: s.now(), Revision: 1,
		}
		added, err := affected(tx.NewInsert().Model(&fresh).On("CONFLICT (name) DO NOTHING").Exec(ctx))
		if err != nil {
			return failed("create pool", err)
		}
		row, err := lockPool(ctx, tx, name)
		if err != nil {
			return err
		}
		created = added > 0
		before := row.Revision
		if created {
			before = 0
		}
		if !wanted.Holds(before) {
			return &engine.PoolChangedError{Name: name, Revision: before}
		}
		if row.format() != format {
			return &PoolFormatError{Name: name, Format: row.format()}
		}
		if row.Wanted < total {
			row.Wanted = total
			if err := changePool(ctx, tx, &row); err != nil {
				return err
			}
		} else if !created {
			return nil // nothing to tell of
		}
		return s.recordAudit(ctx, tx)
	})
	return created && err == nil, err
}

// MakeCodes makes codes that the pool wants and has not, most of them at a time, in
// transactions of a fraction of a second as GenerateCodes does, and returns the pool.
// *UnknownPoolError when there is no such pool.
func (s *Store) MakeCodes(ctx context.Context, pool string, most int64) (CouponPool, error) {
	for made := int64(0); made < most; {
		before := time.Now()
		row, added, err := s.generateBatch(ctx, pool, min(firstBatch, most-made))
		if err != nil {
			return CouponPool{}, err
		}
		if made += added; row.Issued >= row.Wanted {
			break
		}
		letOthersWrite(ctx, time.Since(before))
	}
	return s.Pool(ctx, pool)
}

// CodePage returns codes of a pool in the order in which they were issued, after the
// code given, "" for the first ones: at most limit, 1 to MaxCodePage, else it is an
// *InvalidError. *UnknownPoolError when there is no such pool, *UnknownCodesError when
// it has no such code.
func (s *Store) CodePage(ctx context.Context, pool, after string, limit int) ([]CouponCode, error) {
	if limit < 1 || limit > MaxCodePage {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", limit, MaxCodePage)}
	}
	if _, err := s.poolRow(ctx, pool); err != nil {
		return nil, err
	}
	var last codeRow
	if after != "" {
		known, err := s.LookupCode(ctx, after)
		if err != nil {
			return nil, err
		}
		if known.Pool != pool {
			return nil, &UnknownCodesError{Codes: []string{after}}
		}
		last = codeRow{Code: known.Code, IssuedAt: known.IssuedAt}
	}
	rows, err := s.codesAfter(ctx, pool, last, limit)
	if err != nil {
		return nil, err
	}
	codes := make([]CouponCode, len(rows))
	for i := range rows {
		codes[i] = rows[i].code()
	}
	return codes, nil
}

// MaxCodePage is how many codes CodePage returns at most.
const MaxCodePage = 1000
