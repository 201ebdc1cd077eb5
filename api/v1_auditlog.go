package api

import (
	"context"
	"net/http"
	"strconv"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// AuditLog tells who changed what. Implementations are safe for concurrent use.
type AuditLog interface {
	// AuditLog returns the entries that the filter selects, the newest first.
	AuditLog(ctx context.Context, f audit.Filter) ([]audit.Entry, error)
}

// listAudit tells a page of the audit log.
func (s *Server) listAudit(w http.ResponseWriter, r *http.Request) error {
	if s.options.AuditLog == nil {
		return errNoRulesets
	}
	q := readQuery(r, "limit", "after", "actor", "action", "subject", "since", "until")
	f := audit.Filter{
		Actor: q.text("actor"), Action: q.text("action"), Subject: q.text("subject"), Since: q.instant("since"), Until: q.instant("until"),
		Before: q.id("after"), Limit: q.limit() + 1,
	}
	if q.fault != nil {
		return q.fault
	}
	entries, err := s.options.AuditLog.AuditLog(r.Context(), f)
	if err != nil {
		return err
	}
	entries, next := page(entries, f.Limit-1, func(e *audit.Entry) string { return strconv.FormatInt(e.ID, 10) })
	linkNext(w, r, next)
	answer := &v1.AuditPage{Entries: make([]v1.AuditEntry, len(entries)), Next: next}
	for i, e := range entries {
		answer.Entries[i] = v1.AuditEntry{
			ID: e.ID, At: e.At, Actor: e.Actor, Action: e.Action, Subject: e.Subject, RequestID: e.RequestID, Detail: e.Detail,
		}
	}
	return s.answer(w, http.StatusOK, answer)
}
