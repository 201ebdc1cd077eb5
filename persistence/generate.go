package persistence

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/persistence/coupon"
)

// GenerateCodes asks for more codes of a pool, 0 to go on where a run was broken
// off, and makes all that are wanted and not there yet. After each transaction it
// calls progress, which may be nil, with the number of codes that the pool has
// made and that it wants.
//
// It is the one method that takes effect step by step, because a million codes in
// one transaction would keep sales waiting: the wish for more codes first, then
// as many codes at a time as take a fraction of a second, 10,000 at most. After an error, or the end of the process at any
// point, call it with more = 0 for the rest: the pool ends with the same codes as
// after one run. Any number of processes may do so at once; together they make
// what all of them asked for.
//
// *UnknownPoolError when there is no such pool, *InvalidError for less than 0,
// *coupon.GuessableError when the pool's format has too few codes for more.
func (s *Store) GenerateCodes(
	ctx context.Context, pool string, more int64, progress func(done, total int64),
) (CouponPool, error) {
	if more < 0 {
		return CouponPool{}, &InvalidError{Field: "count", Problem: fmt.Sprintf("is %d; want 0 or more", more)}
	}
	row, err := s.wantCodes(ctx, pool, more)
	if err != nil {
		return CouponPool{}, err
	}
	for size := int64(firstBatch); row.Issued < row.Wanted; {
		began := time.Now()
		if row, _, err = s.generateBatch(ctx, pool, size); err != nil {
			return CouponPool{}, err
		}
		if progress != nil {
			progress(row.Issued, row.Wanted)
		}
		if row.Issued < row.Wanted {
			took := time.Since(began)
			size = nextSize(size, took)
			letOthersWrite(ctx, took)
		}
	}
	return s.Pool(ctx, pool)
}

// letOthersWrite waits a little after a transaction that took so long. SQLite
// gives its lock to whoever asks first, and those who wait ask at intervals: one
// who takes it again at once would keep them out.
func letOthersWrite(ctx context.Context, took time.Duration) {
	const share = 4
	select {
	case <-ctx.Done():
	case <-time.After(took / share):
	}
}

// firstBatch is how many codes the first transaction of a run makes.
const firstBatch = 1000

// nextSize returns how many codes the next transaction makes, after one of size
// took so long: as many as a machine, with what else it does, makes in a fraction
// of a second, at most codeBatch.
func nextSize(size int64, took time.Duration) int64 {
	const most, least = 200 * time.Millisecond, 250
	switch {
	case took > most:
		return max(size/2, least)
	case took < most/2:
		return min(2*size, codeBatch)
	default:
		return size
	}
}

// wantCodes adds to the codes that the pool wants.
func (s *Store) wantCodes(ctx context.Context, pool string, more int64) (poolRow, error) {
	var row poolRow
	err := s.write(ctx, "want coupon codes", func(ctx context.Context, tx bun.Tx) (err error) {
		if row, err = lockPool(ctx, tx, pool); err != nil {
			return err
		}
		if err := row.format().CheckCount(row.Wanted + min(more, coupon.MaxCodes)); err != nil {
			return err
		}
		if more > 0 {
			row.Wanted += more
			if err := changePool(ctx, tx, &row); err != nil {
				return err
			}
		}
		return s.recordAudit(ctx, tx)
	})
	return row, err
}

// generateBatch makes the next codes of the pool, in one transaction with the
// number of the code after them, and tells how many.
func (s *Store) generateBatch(ctx context.Context, pool string, size int64) (row poolRow, added int64, err error) {
	err = s.write(ctx, "generate coupon codes", func(ctx context.Context, tx bun.Tx) (err error) {
		added = 0
		if row, err = lockPool(ctx, tx, pool); err != nil || row.Issued == row.Wanted {
			return err
		}
		codes, err := nextCodes(&row, size)
		if err != nil {
			return err
		}
		if added, err = s.insertCodes(ctx, tx, pool, CodeGenerated, codes); err != nil {
			return err
		}
		row.Issued += added // not all, when another pool has one of them
		return savePool(ctx, tx, &row)
	})
	return row, added, err
}

// nextCodes makes size codes, at most as many as are wanted, and moves the pool's
// position behind them.
func nextCodes(row *poolRow, size int64) ([]string, error) {
	generator, err := row.generator()
	if err != nil {
		return nil, err
	}
	n := min(size, row.Wanted-row.Issued, row.format().Possible()-row.Position)
	if n == 0 {
		return nil, fmt.Errorf("generate coupon codes: all codes of pool %s have been made; use another pool", row.Name)
	}
	codes := make([]string, n)
	for i := range codes {
		codes[i] = generator.Code(row.Position + int64(i))
	}
	row.Position += n
	return codes, nil
}

// lockPool reads the pool and keeps others from changing it until the end of the
// transaction.
func lockPool(ctx context.Context, tx bun.Tx, name string) (poolRow, error) {
	if textProblem(name) != "" {
		return poolRow{}, &UnknownPoolError{Name: name}
	}
	var rows []poolRow
	err := tx.NewRaw("UPDATE coupon_pools SET position = position WHERE name = ? RETURNING *", name).Scan(ctx, &rows)
	if err != nil {
		return poolRow{}, failed("lock pool", err)
	}
	if len(rows) == 0 {
		return poolRow{}, &UnknownPoolError{Name: name}
	}
	return rows[0], nil
}

// savePool saves how far the making of codes is.
func savePool(ctx context.Context, tx bun.Tx, row *poolRow) error {
	_, err := tx.NewUpdate().Model(row).Column("issued", "position").WherePK().Exec(ctx)
	return failed("save pool", err)
}

// insertCodes adds the codes that nobody has and returns how many those were. It
// sorts them: neighbours go to one page of the index.
func (s *Store) insertCodes(ctx context.Context, tx bun.Tx, pool string, source CodeSource, codes []string) (int64, error) {
	at := s.now()
	rows := make([]codeRow, len(codes))
	for i, code := range slices.Sorted(slices.Values(codes)) {
		rows[i] = codeRow{Code: code, Pool: pool, Source: source, IssuedAt: at}
	}
	added, err := affected(tx.NewInsert().Model(&rows).On("CONFLICT (code) DO NOTHING").Returning("NULL").Exec(ctx))
	return added, failed("insert coupon codes", err)
}
