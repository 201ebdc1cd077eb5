package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// audited has the store keep who did what, together with what was done: the action is
// the id of the operation in the document, the subject the parameter of its path. What
// only reads is left alone.
func audited(id string, o operation, next http.HandlerFunc) http.HandlerFunc {
	if o.method == http.MethodGet || slices.Equal(o.scopes, apikey.Scopes{apikey.QuotesRead}) {
		return next
	}
	return auditedAs(id, next)
}

// auditedAs is audited for an action.
func auditedAs(action string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		entry := audit.Entry{Actor: actorOf(callerOf(r.Context())), Action: action, RequestID: RequestID(r.Context())}
		if parameters := chi.RouteContext(r.Context()).URLParams; len(parameters.Values) > 0 {
			entry.Subject = parameters.Values[len(parameters.Values)-1]
		}
		if len(entry.Subject) > audit.MaxText {
			entry.Subject = "" // no order, hold or item has such a name
		}
		next(w, r.WithContext(audit.With(r.Context(), entry)))
	}
}

// auditSale has the audit log say who has placed an order or made a hold, where that is
// wanted. It comes after the sale, in a write of its own: the path of sales has no room for
// it. When it fails the sale stands, and the log tells.
func (s *Server) auditSale(ctx context.Context, reference string) {
	if s.options.AuditSales == nil {
		return
	}
	if err := s.options.AuditSales(ctx, audit.Of(audit.About(ctx, reference))...); err != nil {
		s.options.Log.LogAttrs(ctx, slog.LevelError, "a sale has no entry in the audit log", slog.String("reference", reference),
			slog.String("actor", actorOf(callerOf(ctx))), slog.String("request_id", RequestID(ctx)), slog.Any("error", err))
	}
}

// actorOf is the caller as the log names it.
func actorOf(caller string) string {
	if caller == administrator {
		return audit.Password
	}
	return caller
}
