package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The scopes that the code asks for by itself; operations name theirs in the document.
const (
	scopePreview = "quotes:preview"
	scopeAdmin   = "admin"
)

// Caller is who sends a request.
type Caller struct {
	// ID names the caller in logs.
	ID string
	// Scopes are what the caller may do; admin is everything.
	Scopes []string
}

func (c *Caller) may(scope string) bool {
	return slices.Contains(c.Scopes, scope) || slices.Contains(c.Scopes, scopeAdmin)
}

// scopeError says that the caller may not do this.
type scopeError struct{ scope string }

// Error implements error.
func (e *scopeError) Error() string { return fmt.Sprintf("the key lacks the scope %s", e.scope) }

type callerKey struct{}

// withCaller says who sends the request, once that is known.
func withCaller(r *http.Request, caller *Caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, caller))
}

// callerOf returns the id of the caller, "" when nobody knows.
func callerOf(ctx context.Context) string {
	if caller, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return caller.ID
	}
	return ""
}

// callerMay returns a *scopeError unless the caller has the scope.
func callerMay(ctx context.Context, scope string) error {
	if caller, ok := ctx.Value(callerKey{}).(*Caller); ok && caller.may(scope) {
		return nil
	}
	return &scopeError{scope}
}

// newAdministrator is who knows the password.
func newAdministrator() *Caller { return &Caller{ID: administrator, Scopes: []string{scopeAdmin}} }

// authorized lets callers through who have all of the scopes. The body is not touched
// before.
func (s *Server) authorized(scopes []string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.caller(w, r)
		for _, scope := range scopes {
			if err == nil && !caller.may(scope) {
				err = &scopeError{scope}
			}
		}
		switch err {
		case nil:
			next(w, withCaller(r, caller))
			return
		case errNoKey:
			w.Header().Set("WWW-Authenticate", "Bearer")
		case errThrottled:
			w.Header().Set("Retry-After", strconv.Itoa(int(guessWindow.Seconds())))
		}
		s.refuse(w, err)
	}
}

// caller finds out who sends the request: by the password of version 0, which is a key
// for everything.
func (s *Server) caller(w http.ResponseWriter, r *http.Request) (*Caller, error) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = r.Header.Get(passwordHeader)
	}
	switch err := s.guard.check(w, r, token); err {
	case nil:
		return newAdministrator(), nil
	case errUnauthorized:
		return nil, errNoKey
	default:
		return nil, err
	}
}
