package audit

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Actors that have no key.
const (
	Password = "password" // whoever has the password of v0
	CLI      = "cli"      // whoever runs a command on the database
	Server   = "server"   // the program by itself, as its settings say
)

// Purge is the action of removing old entries; its detail has before, the instant from
// before which all were removed.
const Purge = "audit.purge"

const (
	// MaxText is how many bytes actor, action, subject and request id may have each.
	MaxText = 255
	// MaxDetail is how many bytes the detail of an entry may have.
	MaxDetail = 64 << 10
	// MaxEntries is how many entries are read at most at a time.
	MaxEntries = 1000
)

// Entry is that somebody has changed something. The store sets ID and At.
type Entry struct {
	// ID grows; pass that of the last entry as Filter.Before to go on.
	ID int64 `json:"id"`
	// At is when it was stored, in UTC and whole microseconds.
	At time.Time `json:"at"`
	// Actor is the id of a key, "sub:" and the subject of a token, Password, CLI or Server.
	Actor string `json:"actor"`
	// Action is what was done, such as "keys.revoke".
	Action string `json:"action"`
	// Subject is the id of what was changed, "" where there is none.
	Subject string `json:"subject,omitempty"`
	// Detail is a JSON object that says more; nil is an empty one.
	Detail json.RawMessage `json:"detail,omitempty"`
	// RequestID is that of the request, as logs have it, "" for none.
	RequestID string `json:"request_id,omitempty"`
}

// Filter says which entries to read. Empty texts and zero instants select all.
type Filter struct {
	Actor, Action, Subject string
	// Since selects entries of that instant and later, Until those before that instant.
	Since, Until time.Time
	// Before selects entries with a smaller id; 0 begins with the newest.
	Before int64
	// Limit is how many are read at most, from 1 to MaxEntries.
	Limit int
}

type entriesKey struct{}

// With returns a context whose write stores the entries too, besides those that it
// has already.
func With(ctx context.Context, entries ...Entry) context.Context {
	return context.WithValue(ctx, entriesKey{}, append(Of(ctx), entries...))
}

// Detailed returns a context whose last entry has the detail; one without entries stays
// as it is.
func Detailed(ctx context.Context, detail json.RawMessage) context.Context {
	return changeLast(ctx, func(e *Entry) { e.Detail = detail })
}

// About returns a context whose last entry has the subject, which is known only when it
// is made; one without entries stays as it is.
func About(ctx context.Context, subject string) context.Context {
	return changeLast(ctx, func(e *Entry) { e.Subject = subject })
}

func changeLast(ctx context.Context, change func(*Entry)) context.Context {
	entries := Of(ctx)
	if len(entries) == 0 {
		return ctx
	}
	change(&entries[len(entries)-1])
	return context.WithValue(ctx, entriesKey{}, entries)
}

// Of returns the entries that With has put there; the caller owns the slice.
func Of(ctx context.Context) []Entry {
	entries, _ := ctx.Value(entriesKey{}).([]Entry)
	return slices.Clone(entries)
}
