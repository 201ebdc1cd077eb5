package persistence

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/uptrace/bun"
)

// ExportCodes writes the codes of the pool as CSV, in the order in which they
// were issued, and returns how many there are: a line of headings, then code,
// pool, state and issued_at (RFC 3339). It reads page by page, so memory does not
// grow with the pool, a slow writer holds nobody up, and each line is true at the
// instant its page was read. *UnknownPoolError when there is no such pool; an
// error of w comes back wrapped.
func (s *Store) ExportCodes(ctx context.Context, pool string, w io.Writer) (int64, error) {
	if _, err := s.poolRow(ctx, pool); err != nil {
		return 0, err
	}
	out := csv.NewWriter(w)
	if err := out.Write([]string{"code", "pool", "state", "redemptions", "issued_at"}); err != nil {
		return 0, fmt.Errorf("write the export: %w", err)
	}
	var written int64
	for last := (codeRow{}); ; {
		rows, err := s.codesAfter(ctx, pool, last, codeBatch)
		if err != nil {
			return written, err
		}
		if err := writeCodes(out, rows); err != nil {
			return written, fmt.Errorf("write the export: %w", err)
		}
		written += int64(len(rows))
		if len(rows) < codeBatch {
			return written, nil
		}
		last = rows[len(rows)-1]
	}
}

// codesAfter reads the next page of the pool's codes.
func (s *Store) codesAfter(ctx context.Context, pool string, last codeRow, limit int) ([]codeRow, error) {
	var rows []codeRow
	err := s.read(ctx, "read coupon codes", func(db bun.IDB) error {
		rows = nil
		page := selectCodes(db, &rows).Where("c.pool = ?", pool).
			OrderExpr("c.issued_at, c.code").Limit(int64(limit))
		if last.Code != "" {
			page = page.Where("(c.issued_at, c.code) > (?, ?)", last.IssuedAt.UTC(), last.Code)
		}
		return page.Scan(ctx)
	})
	return rows, err
}

func writeCodes(out *csv.Writer, rows []codeRow) error {
	for i := range rows {
		c := rows[i].code()
		if err := out.Write([]string{c.Code, c.Pool, string(c.State), strconv.FormatInt(c.Redemptions, 10), c.IssuedAt.Format(time.RFC3339Nano)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
