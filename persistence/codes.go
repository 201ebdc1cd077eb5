package persistence

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
)

// codeBatch is how many codes one transaction makes at most, and one page of an
// export reads. Codes are random, so a transaction touches pages all over the
// index of SQLite: with 4,000 codes making a million took twice as long.
const codeBatch = 10000

// CodeState says what may be done with a coupon code.
type CodeState string

// The states of codes. A revoked code may have been used before.
const (
	CodeAvailable CodeState = "available"
	CodeUsed      CodeState = "used" // redeemed once or more
	CodeRevoked   CodeState = "revoked"
)

// CodeSource says where a code came from.
type CodeSource string

// The sources of codes.
const (
	CodeGenerated CodeSource = "generated"
	CodeImported  CodeSource = "imported"
)

// CouponCode is a code of a pool.
type CouponCode struct {
	// Code is as engine.NormalizeCoupon makes it.
	Code  string
	Pool  string
	State CodeState
	// Redemptions is how many orders have used it.
	Redemptions int64
	Source      CodeSource
	IssuedAt    time.Time
	// RevokedAt is when the code, or its whole pool, was revoked; zero when both
	// are in force.
	RevokedAt time.Time
}

// codeRow is a row of the table coupon_codes.
type codeRow struct {
	bun.BaseModel `bun:"table:coupon_codes,alias:c"`

	Code      string     `bun:"code,pk"`
	Pool      string     `bun:"pool"`
	Source    CodeSource `bun:"source"`
	IssuedAt  time.Time  `bun:"issued_at"`
	RevokedAt time.Time  `bun:"revoked_at,nullzero"`

	// Read by selectCodes, not stored.
	PoolRevokedAt time.Time `bun:"pool_revoked_at,nullzero,scanonly"`
	Redemptions   int64     `bun:"redemptions,scanonly"`
}

func (r *codeRow) code() CouponCode {
	c := CouponCode{
		Code: r.Code, Pool: r.Pool, Source: r.Source, State: CodeAvailable, Redemptions: r.Redemptions,
		IssuedAt: r.IssuedAt.UTC(), RevokedAt: utc(r.RevokedAt),
	}
	if c.RevokedAt.IsZero() {
		c.RevokedAt = utc(r.PoolRevokedAt)
	}
	switch {
	case !c.RevokedAt.IsZero():
		c.State = CodeRevoked
	case c.Redemptions > 0:
		c.State = CodeUsed
	}
	return c
}

// selectCodes selects codes with their state into rows.
func selectCodes(db bun.IDB, rows *[]codeRow) *bun.SelectQuery {
	return db.NewSelect().Model(rows).
		Column("code", "pool", "source", "issued_at", "revoked_at").ColumnExpr("p.revoked_at AS pool_revoked_at").
		ColumnExpr("COALESCE(n.redemptions, 0) AS redemptions").
		Join("JOIN coupon_pools AS p ON p.name = c.pool").
		Join("LEFT JOIN redemption_counters AS n ON n.scope = ? AND n.promotion = '' AND n.key = c.code AND n.period = ''", engine.CountsCode)
}

// LookupCode returns what is known of a code, in any case and with blanks around
// it. The time it takes does not depend on how many codes there are.
// *UnknownCodesError when no pool has it.
func (s *Store) LookupCode(ctx context.Context, code string) (CouponCode, error) {
	code = engine.NormalizeCoupon(code)
	var rows []codeRow
	if textProblem(code) == "" {
		err := s.read(ctx, "look up coupon code", func(db bun.IDB) error {
			rows = nil
			return selectCodes(db, &rows).Where("c.code = ?", code).Scan(ctx)
		})
		if err != nil {
			return CouponCode{}, err
		}
	}
	if len(rows) == 0 {
		return CouponCode{}, &UnknownCodesError{Codes: []string{code}}
	}
	return rows[0].code(), nil
}

// RevokeCodes makes the codes unknown to promotions and returns how many were
// not so already. Orders that used them keep what they got. All are revoked or,
// when some are unknown, none: *UnknownCodesError.
func (s *Store) RevokeCodes(ctx context.Context, codes []string) (int64, error) {
	return s.setRevoked(ctx, "revoke coupon codes", codes, s.now())
}

// RestoreCodes undoes RevokeCodes and returns how many codes were revoked. A code
// whose pool is revoked stays so until RestorePool. All are restored or, when
// some are unknown, none: *UnknownCodesError.
func (s *Store) RestoreCodes(ctx context.Context, codes []string) (int64, error) {
	return s.setRevoked(ctx, "restore coupon codes", codes, time.Time{})
}

func (s *Store) setRevoked(ctx context.Context, op string, codes []string, at time.Time) (int64, error) {
	keys := normalCodes(codes)
	var changed int64
	err := s.write(ctx, op, func(ctx context.Context, tx bun.Tx) error {
		changed = 0
		if err := allIssued(ctx, tx, codes, keys); err != nil {
			return err
		}
		for part := range slices.Chunk(keys, batch) {
			change := tx.NewUpdate().Model((*codeRow)(nil)).Where("code IN (?)", bun.List(part))
			if at.IsZero() {
				change = change.Set("revoked_at = NULL").Where("revoked_at IS NOT NULL")
			} else {
				change = change.Set("revoked_at = ?", at).Where("revoked_at IS NULL")
			}
			n, err := affected(change.Exec(ctx))
			if err != nil {
				return failed(op, err)
			}
			changed += n
		}
		return s.recordAudit(ctx, tx)
	})
	return changed, err
}

// allIssued returns an *UnknownCodesError that lists those of codes that no pool
// has, as they were given.
func allIssued(ctx context.Context, tx bun.Tx, codes, keys []string) error {
	known := make(map[string]bool, len(keys))
	for part := range slices.Chunk(keys, batch) {
		var found []string
		err := tx.NewSelect().Model((*codeRow)(nil)).Column("code").Where("code IN (?)", bun.List(part)).Scan(ctx, &found)
		if err != nil {
			return failed("look up coupon codes", err)
		}
		for _, code := range found {
			known[code] = true
		}
	}
	var unknown []string
	for _, code := range codes {
		if !known[engine.NormalizeCoupon(code)] {
			unknown = append(unknown, code)
		}
	}
	if len(unknown) > 0 {
		return &UnknownCodesError{Codes: unknown}
	}
	return nil
}

// affected returns how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
