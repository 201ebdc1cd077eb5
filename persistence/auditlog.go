package persistence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/checkout-promotions/checkout/engine/audit"
)

// auditRow is a row of the table audit_log.
type auditRow struct {
	bun.BaseModel `bun:"table:audit_log,alias:a"`

	ID        int64     `bun:"id,pk,autoincrement"`
	At        time.Time `bun:"at"`
	Actor     string    `bun:"actor"`
	Action    string    `bun:"action"`
	Subject   string    `bun:"subject"`
	Detail    string    `bun:"detail"`
	RequestID string    `bun:"request_id"`
}

func newAuditRow(e *audit.Entry) (row auditRow, field, problem string) {
	row = auditRow{Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: string(e.Detail), RequestID: e.RequestID}
	if len(e.Detail) == 0 {
		row.Detail = emptyObject
	}
	for _, text := range []struct{ field, value string }{
		{"actor", e.Actor}, {"action", e.Action}, {"subject", e.Subject}, {"request_id", e.RequestID},
	} {
		if len(text.value) > audit.MaxText {
			return row, text.field, fmt.Sprintf("has %d bytes; want at most %d", len(text.value), audit.MaxText)
		}
		if problem := textProblem(text.value); problem != "" {
			return row, text.field, problem
		}
	}
	switch detail := bytes.TrimSpace([]byte(row.Detail)); {
	case e.Actor == "":
		return row, "actor", "is empty"
	case e.Action == "":
		return row, "action", "is empty"
	case len(row.Detail) > audit.MaxDetail:
		return row, "detail", fmt.Sprintf("has %d bytes; want at most %d", len(row.Detail), audit.MaxDetail)
	case !json.Valid(detail) || detail[0] != '{':
		return row, "detail", "is no JSON object"
	}
	return row, "detail", textProblem(row.Detail)
}

// Audit stores entries of the audit log by themselves: all or none. Prefer
// audit.With, by which an entry and what it tells of are stored together. ID and At
// of the entries are not looked at. An entry without actor or action, with a text that
// is too long or with a detail that is no JSON object is an *InvalidError.
func (s *Store) Audit(ctx context.Context, entries ...audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.guarded(ctx, "record in audit log", func(ctx context.Context, tx bun.Tx) error {
		return s.insertAudit(ctx, tx, entries)
	})
}

// recordAudit stores the entries that ctx has. Whoever changes what somebody asked for
// calls it in the same transaction.
func (s *Store) recordAudit(ctx context.Context, tx bun.Tx) error {
	return s.insertAudit(ctx, tx, audit.Of(ctx))
}

func (s *Store) insertAudit(ctx context.Context, tx bun.Tx, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([]auditRow, len(entries))
	for i := range entries {
		row, field, problem := newAuditRow(&entries[i])
		if problem != "" {
			return &InvalidError{Field: fmt.Sprintf("entries[%d].%s", i, field), Problem: problem}
		}
		row.At = s.now()
		rows[i] = row
	}
	for part := range slices.Chunk(rows, batch) {
		if _, err := tx.NewInsert().Model(&part).ExcludeColumn("id").Returning("NULL").Exec(ctx); err != nil {
			return failed("record in audit log", err)
		}
	}
	return nil
}

// AuditLog returns the entries that the filter selects, the newest first: at most
// f.Limit. To go on, ask for those before the id of the last one; entries whose
// transactions ended late may be missing between two such pages, if they are from the
// same moment as the first. A limit out of range is an *InvalidError.
func (s *Store) AuditLog(ctx context.Context, f audit.Filter) ([]audit.Entry, error) {
	if f.Limit < 1 || f.Limit > audit.MaxEntries {
		return nil, &InvalidError{Field: "limit", Problem: fmt.Sprintf("is %d; want 1 to %d", f.Limit, audit.MaxEntries)}
	}
	if textsProblem([]string{f.Actor, f.Action, f.Subject}) != "" {
		return nil, nil // no entry has such a text
	}
	var rows []auditRow
	err := s.read(ctx, "read audit log", func(db bun.IDB) error {
		rows = nil
		q := db.NewSelect().Model(&rows)
		for _, want := range []struct{ column, value string }{{"actor", f.Actor}, {"action", f.Action}, {"subject", f.Subject}} {
			if want.value != "" {
				q = q.Where("? = ?", bun.Ident(want.column), want.value)
			}
		}
		if !f.Since.IsZero() {
			q = q.Where("at >= ?", f.Since.UTC())
		}
		if !f.Until.IsZero() {
			q = q.Where("at < ?", f.Until.UTC())
		}
		if f.Before > 0 {
			q = q.Where("id < ?", f.Before)
		}
		return q.Order("id DESC").Limit(int64(f.Limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	entries := make([]audit.Entry, len(rows))
	for i, r := range rows {
		entries[i] = audit.Entry{
			ID: r.ID, At: r.At.UTC(), Actor: r.Actor, Action: r.Action, Subject: r.Subject,
			Detail: json.RawMessage(r.Detail), RequestID: r.RequestID,
		}
	}
	return entries, nil
}

// PurgeAudit removes the entries of the audit log from before the instant, a few in
// each transaction, and returns how many it removed, also after an error. An entry of the
// action audit.Purge tells of it, stored with the first removal of anything but such
// entries.
func (s *Store) PurgeAudit(ctx context.Context, before time.Time) (removed int64, err error) {
	detail, err := json.Marshal(struct {
		Before time.Time `json:"before"`
	}{before.UTC()})
	if err != nil {
		return 0, err
	}
	purged := audit.Entry{Actor: audit.Server, Action: audit.Purge, Detail: detail}
	for told := false; ; {
		var actions []string
		tell := false
		err := s.guarded(ctx, "purge audit log", func(ctx context.Context, tx bun.Tx) error {
			actions = nil
			err := tx.NewRaw("DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < ? ORDER BY at, id LIMIT ?) RETURNING action",
				before.UTC(), batch).Scan(ctx, &actions)
			if err != nil {
				return failed("purge audit log", err)
			}
			tell = !told && slices.ContainsFunc(actions, func(action string) bool { return action != audit.Purge })
			if !tell {
				return nil
			}
			return s.insertAudit(ctx, tx, []audit.Entry{purged})
		})
		if err != nil {
			return removed, err
		}
		told = told || tell
		if removed += int64(len(actions)); len(actions) < batch {
			return removed, nil
		}
	}
}
