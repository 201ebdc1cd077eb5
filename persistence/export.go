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

// CodeWriter writes codes as CSV: a line of headings, then code, pool, state, redemptions
// and issued_at (RFC 3339) of each.
type CodeWriter struct {
	csv *csv.Writer
	err error
}

// NewCodeWriter returns a writer to w, which has the headings already.
func NewCodeWriter(w io.Writer) *CodeWriter {
	out := &CodeWriter{csv: csv.NewWriter(w)}
	out.err = out.csv.Write([]string{"code", "pool", "state", "redemptions", "issued_at"})
	return out
}

// Write adds a code. Its errors are those of the writer below, also from before.
func (c *CodeWriter) Write(code CouponCode) error {
	if c.err == nil {
		c.err = c.csv.Write([]string{code.Code, code.Pool, string(code.State), strconv.FormatInt(code.Redemptions, 10), code.IssuedAt.Format(time.RFC3339Nano)})
	}
	return c.wrapped()
}

// Flush hands all that was written to the writer below.
func (c *CodeWriter) Flush() error {
	if c.csv.Flush(); c.err == nil {
		c.err = c.csv.Error()
	}
	return c.wrapped()
}

func (c *CodeWriter) wrapped() error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("write the export: %w", c.err)
}

// ExportCodes writes the codes of the pool by a CodeWriter, in the order in which they
// were issued, and returns how many there are. It reads page by page, so memory does not
// grow with the pool, a slow writer holds nobody up, and each line is true at the
// instant its page was read. *UnknownPoolError when there is no such pool; an
// error of w comes back wrapped.
func (s *Store) ExportCodes(ctx context.Context, pool string, w io.Writer) (int64, error) {
	if _, err := s.poolRow(ctx, pool); err != nil {
		return 0, err
	}
	out := NewCodeWriter(w)
	var written int64
	for last := (codeRow{}); ; {
		rows, err := s.codesAfter(ctx, pool, last, codeBatch)
		if err != nil {
			return written, err
		}
		for i := range rows {
			if err := out.Write(rows[i].code()); err != nil {
				return written, err
			}
		}
		if err := out.Flush(); err != nil {
			return written, err
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
