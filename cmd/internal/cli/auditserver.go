package cli

import (
	"context"
	"strconv"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/audit"
	"github.com/checkout-promotions/checkout/persistence"
)

// auditLog is that of a database or a server: entries with the newest first.
type auditLog interface {
	AuditLog(ctx context.Context, f audit.Filter) ([]audit.Entry, error)
}

// auditLogs are the ways to the audit log.
func auditLogs(s Streams) ways[auditLog] {
	return archiveOrServer(s,
		func(a *persistence.Archive) auditLog { return a },
		func(c *caller) auditLog { return serverAudit{c} })
}

// serverAudit is the audit log of a server.
type serverAudit struct{ *caller }

// AuditLog implements auditLog.
func (a serverAudit) AuditLog(ctx context.Context, f audit.Filter) (entries []audit.Entry, err error) {
	begin := ""
	if f.Before > 0 {
		begin = strconv.FormatInt(f.Before, 10)
	}
	err = inPagesOf(begin, f.Limit, func(after *string, n int) ([]v1.AuditEntry, string, error) {
		r, err := a.ListAuditWithResponse(ctx, &v1.ListAuditParams{
			Limit: &n, After: after, Actor: given(f.Actor), Action: given(f.Action), Subject: given(f.Subject), Since: orNone(f.Since), Until: orNone(f.Until),
		})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Entries, page.Next, nil
	}, func(e *v1.AuditEntry) (bool, error) {
		entries = append(entries, audit.Entry{ID: e.ID, At: e.At, Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail, RequestID: e.RequestID})
		return true, nil
	})
	return entries, err
}
