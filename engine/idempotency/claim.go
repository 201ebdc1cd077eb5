package idempotency

import (
	"context"
	"errors"
	"net/http"
)

// ErrBusy says that another request has claimed the key and has no answer yet.
var ErrBusy = errors.New("a request with this " + Header + " is still running: try again later")

// ReusedError says that the key was claimed for another request.
type ReusedError struct{ Name string }

// Error implements error.
func (e *ReusedError) Error() string {
	return Header + ": used before for a request with another body; send a new key for a new request"
}

// Claim is the right to run the request of a key and to answer it.
type Claim struct {
	Key
	// Token tells this claim from those that had the key before and after.
	Token string
}

type claimKey struct{}

// WithClaim returns a context whose writes belong to the claim: a store makes
// their effect once for the key, however often it is claimed.
func WithClaim(ctx context.Context, claim Claim) context.Context {
	return context.WithValue(ctx, claimKey{}, claim)
}

// ClaimOf returns the claim that WithClaim has put there.
func ClaimOf(ctx context.Context) (Claim, bool) {
	claim, ok := ctx.Value(claimKey{}).(Claim)
	return claim, ok
}

// Answer is an answer as it goes out.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Kept tells whether an answer of the status is kept: those that an attempt has
// found out, and not those after which the same request may well succeed.
func Kept(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout,
		http.StatusRequestEntityTooLarge, http.StatusTooEarly, http.StatusTooManyRequests, statusCanceled:
		return false
	default:
		return status >= http.StatusOK && status < http.StatusInternalServerError
	}
}

// statusCanceled is nginx's status for a client that went away.
const statusCanceled = 499
