package cli

import (
	"context"
	"io"
	"iter"
	"sync/atomic"

	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/rules/backtest"
)

// records are the orders of the database, for a backtest.
type records struct {
	next  func() (persistence.Record, error, bool)
	index int64
	total int64
	done  atomic.Int64
}

// openRecords reads the orders of the span. Stop ends the reading.
func openRecords(ctx context.Context, a *persistence.Archive, span persistence.Span) (r *records, stop func(), err error) {
	total, err := a.Count(ctx, span)
	if err != nil {
		return nil, nil, err
	}
	next, stop := iter.Pull2(a.Records(ctx, persistence.Listing{Span: span}))
	return &records{next: next, total: total}, stop, nil
}

// Next implements backtest.Source.
func (r *records) Next(buf []byte) (backtest.Entry, []byte, error) {
	record, err, ok := r.next()
	switch {
	case !ok:
		return backtest.Entry{}, buf, io.EOF
	case err != nil:
		return backtest.Entry{}, buf, err
	}
	r.index++
	r.done.Store(r.index)
	start := len(buf)
	buf = append(buf, record.Request...)
	return backtest.Entry{Line: r.index, Index: r.index - 1, Text: buf[start:], Reference: record.Reference, PlacedAt: record.PlacedAt}, buf, nil
}

// Decoder implements backtest.Source.
func (r *records) Decoder() backtest.Decoder { return backtest.NewRecordDecoder() }

// Progress implements backtest.Source.
func (r *records) Progress() (done, total int64) { return r.done.Load(), r.total }
