package persistence

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// CouponPool is a set of coupon codes, any of which unlocks the promotions that
// name the pool.
type CouponPool struct {
	Name string
	// Format is what its generated codes look like. Imported ones look as they
	// please.
	Format coupon.Format
	// Wanted is how many codes were ever asked for, and Issued how many of them
	// have been made: fewer after a stop. Imported ones are not among them.
	Wanted, Issued int64
	// Imported counts the codes that came from outside.
	Imported int64
	// Revoked counts the codes that were revoked one by one.
	Revoked   int64
	CreatedAt time.Time
	// RevokedAt is when the whole pool was revoked; zero when it is in force.
	RevokedAt time.Time
	// Revision grows, from 1, with each change of Wanted and RevokedAt.
	Revision int64
}

// Codes returns how many codes the pool has, whatever their state.
func (p *CouponPool) Codes() int64 { return p.Issued + p.Imported }

// Unfinished returns how many codes are still to be made.
func (p *CouponPool) Unfinished() int64 { return p.Wanted - p.Issued }

// poolRow is a row of the table coupon_pools.
type poolRow struct {
	bun.BaseModel `bun:"table:coupon_pools,alias:p"`

	Name      string    `bun:"name,pk"`
	Prefix    string    `bun:"prefix"`
	Length    int64     `bun:"length"`
	GroupSize int64     `bun:"group_size"`
	Key       string    `bun:"key"`
	Wanted    int64     `bun:"wanted"`
	Issued    int64     `bun:"issued"`
	Position  int64     `bun:"position"`
	CreatedAt time.Time `bun:"created_at"`
	RevokedAt time.Time `bun:"revoked_at,nullzero"`
	Revision  int64     `bun:"revision"`
}

func (r *poolRow) format() coupon.Format {
	return coupon.Format{Prefix: r.Prefix, Length: int(r.Length), Group: int(r.GroupSize)}
}

func (r *poolRow) pool() CouponPool {
	return CouponPool{
		Name: r.Name, Format: r.format(), Wanted: r.Wanted, Issued: r.Issued,
		CreatedAt: r.CreatedAt.UTC(), RevokedAt: utc(r.RevokedAt), Revision: r.Revision,
	}
}

func (r *poolRow) generator() (*coupon.Generator, error) {
	key, err := hex.DecodeString(r.Key)
	if err != nil {
		return nil, fmt.Errorf("read the key of pool %s: %w", r.Name, err)
	}
	return coupon.New(r.format(), key)
}

// utc keeps the zero time, which stands for none, what it is.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// CreatePool adds a pool of which so many codes are wanted, 0 for one that codes
// are imported into. It makes no code: GenerateCodes does. A name that a rule
// file could not give, or a format without codes, is an *InvalidError, more codes
// than the format can keep from being guessed a *coupon.GuessableError, and a
// name that is taken a *PoolTakenError.
func (s *Store) CreatePool(ctx context.Context, name string, format coupon.Format, wanted int64) (CouponPool, error) {
	if err := checkPool(name, format, wanted); err != nil {
		return CouponPool{}, err
	}
	row := poolRow{
		Name: name, Prefix: format.Prefix, Length: int64(format.Length), GroupSize: int64(format.Group),
		Key: hex.EncodeToString(coupon.NewKey()), Wanted: wanted, CreatedAt: s.now(), Revision: 1,
	}
	err := s.write(ctx, "create pool", func(ctx context.Context, tx bun.Tx) error {
		added, err := affected(tx.NewInsert().Model(&row).On("CONFLICT (name) DO NOTHING").Exec(ctx))
		switch {
		case err != nil:
			return failed("create pool", err)
		case added == 0:
			return &PoolTakenError{Name: name}
		}
		return s.recordAudit(ctx, tx)
	})
	if err != nil {
		return CouponPool{}, err
	}
	return row.pool(), nil
}

func checkPool(name string, format coupon.Format, wanted int64) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_" // what rule files take
	if name == "" || len(name) > 64 || strings.Trim(name, letters) != "" {
		return &InvalidError{Field: "pool", Problem: fmt.Sprintf("%.70q is no name; use 1 to 64 letters, digits, - and _", name)}
	}
	if err := format.Check(); err != nil {
		return &InvalidError{Field: "format", Problem: err.Error()}
	}
	if wanted < 0 {
		return &InvalidError{Field: "wanted", Problem: fmt.Sprintf("is %d; want 0 or more", wanted)}
	}
	return format.CheckCount(wanted)
}

// Pools returns all pools, by name. It counts every code, which takes a fraction
// of a second for a million.
func (s *Store) Pools(ctx context.Context) ([]CouponPool, error) { return s.pools(ctx, "") }

// Pool returns the pool, and *UnknownPoolError when there is none.
func (s *Store) Pool(ctx context.Context, name string) (CouponPool, error) {
	if name == "" || textProblem(name) != "" {
		return CouponPool{}, &UnknownPoolError{Name: name}
	}
	pools, err := s.pools(ctx, name)
	switch {
	case err != nil:
		return CouponPool{}, err
	case len(pools) == 0:
		return CouponPool{}, &UnknownPoolError{Name: name}
	}
	return pools[0], nil
}

// pools returns the pool of that name, or all when it is "".
func (s *Store) pools(ctx context.Context, name string) ([]CouponPool, error) {
	var rows []poolRow
	var counts []struct {
		Pool              string
		Imported, Revoked int64
	}
	err := s.snapshot(ctx, "read pools", func(ctx context.Context, tx bun.Tx) error {
		rows, counts = nil, nil
		one := func(column string) func(*bun.SelectQuery) *bun.SelectQuery {
			return func(q *bun.SelectQuery) *bun.SelectQuery {
				if name == "" {
					return q
				}
				return q.Where("? = ?", bun.Ident(column), name)
			}
		}
		if err := tx.NewSelect().Model(&rows).Apply(one("name")).Order("name").Scan(ctx); err != nil {
			return failed("read pools", err)
		}
		err := tx.NewSelect().Model((*codeRow)(nil)).Apply(one("pool")).
			ColumnExpr("pool, count(*) FILTER (WHERE source = 'imported') AS imported, count(revoked_at) AS revoked").
			Group("pool").Scan(ctx, &counts)
		return failed("count codes", err)
	})
	if err != nil {
		return nil, err
	}
	pools := make([]CouponPool, len(rows))
	for i := range rows {
		pools[i] = rows[i].pool()
		for _, c := range counts {
			if c.Pool == pools[i].Name {
				pools[i].Imported, pools[i].Revoked = c.Imported, c.Revoked
			}
		}
	}
	return pools, nil
}

// poolRow reads the pool without counting its codes.
func (s *Store) poolRow(ctx context.Context, name string) (poolRow, error) {
	var rows []poolRow
	if textProblem(name) == "" {
		err := s.read(ctx, "read pool", func(db bun.IDB) error {
			rows = nil
			return db.NewSelect().Model(&rows).Where("name = ?", name).Scan(ctx)
		})
		if err != nil {
			return poolRow{}, err
		}
	}
	if len(rows) == 0 {
		return poolRow{}, &UnknownPoolError{Name: name}
	}
	return rows[0], nil
}

// RevokePool makes every code of the pool, and those that are still to come,
// unknown to promotions, at once and whatever their number. It changes nothing
// about a pool that is revoked. *UnknownPoolError when there is none; where expected is
// given and the pool has another revision, an *engine.PoolChangedError.
func (s *Store) RevokePool(ctx context.Context, name string, expected *int64) error {
	return s.setPoolRevoked(ctx, name, s.now(), expected)
}

// RestorePool undoes RevokePool. Codes that were revoked one by one stay so.
func (s *Store) RestorePool(ctx context.Context, name string, expected *int64) error {
	return s.setPoolRevoked(ctx, name, time.Time{}, expected)
}

func (s *Store) setPoolRevoked(ctx context.Context, name string, at time.Time, expected *int64) error {
	return s.write(ctx, "revoke pool", func(ctx context.Context, tx bun.Tx) error {
		row, err := lockPool(ctx, tx, name)
		switch {
		case err != nil:
			return err
		case !(engine.Precondition{Revision: expected}).Holds(row.Revision):
			return &engine.PoolChangedError{Name: name, Revision: row.Revision}
		case row.RevokedAt.IsZero() == at.IsZero():
			return nil // nothing to tell of
		}
		row.RevokedAt = at
		if err := changePool(ctx, tx, &row); err != nil {
			return err
		}
		return s.recordAudit(ctx, tx)
	})
}

// changePool saves what was asked of a pool, at its next revision.
func changePool(ctx context.Context, tx bun.Tx, row *poolRow) error {
	row.Revision++
	_, err := tx.NewUpdate().Model(row).Column("wanted", "revoked_at", "revision").WherePK().Exec(ctx)
	return failed("change pool", err)
}

// poolsOf returns the pool of each code that exists and is not revoked. The codes
// are as engine.NormalizeCoupon makes them. To a promotion a revoked code is one
// that never was.
func (s *Store) poolsOf(ctx context.Context, db bun.IDB, codes []string) (map[string]string, error) {
	pools := make(map[string]string, len(codes))
	keys := distinct(codes)
	if len(keys) == 0 {
		return pools, nil
	}
	var rows []struct{ Code, Pool string }
	err := db.NewSelect().Model((*codeRow)(nil)).ColumnExpr("c.code, c.pool").
		Join("JOIN coupon_pools AS p ON p.name = c.pool").
		Where("c.code IN (?)", bun.List(keys)).
		Where("c.revoked_at IS NULL").Where("p.revoked_at IS NULL").Scan(ctx, &rows)
	if err != nil {
		return nil, failed("look up coupon codes", err)
	}
	for _, row := range rows {
		pools[row.Code] = row.Pool
	}
	return pools, nil
}

// normalCodes returns codes as promotions compare them, each once.
func normalCodes(codes []string) []string {
	normal := make([]string, len(codes))
	for i, code := range codes {
		normal[i] = engine.NormalizeCoupon(code)
	}
	return distinct(normal)
}
