package api

import (
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

// actorOf is the caller as the log names it.
func actorOf(caller string) string {
	if caller == administrator {
		return audit.Password
	}
	return caller
}
