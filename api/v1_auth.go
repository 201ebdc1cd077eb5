package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/engine/apikey"
)

// APIKeys are the keys of callers. Implementations are safe for concurrent use.
type APIKeys interface {
	// KeyByDigest returns the key whose text has the digest, in force or not; an
	// *apikey.UnknownError when there is none.
	KeyByDigest(ctx context.Context, digest [sha256.Size]byte) (apikey.Key, error)
	// TouchKeys keeps when keys were used last, by their ids.
	TouchKeys(ctx context.Context, used map[string]time.Time) error
}

// caller is who sends a request. It is never changed.
type caller struct {
	id     string // of the key, administrator, or subjectPrefix and the subject of a token
	scopes apikey.Scopes
	token  bool // it has sent a token, and not a key
}

// subjectPrefix tells subjects of tokens from ids of keys, which have no colon.
const subjectPrefix = "sub:"

// newAdministrator is who knows the password.
func newAdministrator() *caller {
	return &caller{id: administrator, scopes: apikey.Scopes{apikey.Admin}}
}

// scopeError says that the caller may not do this.
type scopeError struct {
	scope apikey.Scope
	token bool // it was a token that allows other things
}

// Error implements error.
func (e *scopeError) Error() string {
	if e.token {
		return fmt.Sprintf("the token lacks the scope %s", e.scope)
	}
	return fmt.Sprintf("the key lacks the scope %s", e.scope)
}

// callerOf returns the id of the caller, "" when nobody knows.
func callerOf(ctx context.Context) string {
	if c := callOf(ctx); c != nil && c.caller != nil {
		return c.caller.id
	}
	return ""
}

// callerMay returns a *scopeError unless the caller has the scope.
func callerMay(ctx context.Context, scope apikey.Scope) error {
	c := callOf(ctx)
	if c == nil || c.caller == nil {
		return &scopeError{scope: scope}
	}
	if c.caller.scopes.Allow(scope) {
		return nil
	}
	return &scopeError{scope, c.caller.token}
}

// authorized lets callers through who have all of the scopes. The body is not touched
// before.
func (s *Server) authorized(scopes apikey.Scopes, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := s.caller(w, r)
		if err == nil {
			callOf(r.Context()).caller = c
			err = s.perKey(w, c)
		}
		if err == nil {
			for _, scope := range scopes {
				err = errors.Join(err, callerMay(r.Context(), scope))
			}
			if err != nil && c.token {
				w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+strings.Join(scopes.Strings(), " ")+`"`)
			}
		}
		if err != nil {
			s.refuse(w, err)
			return
		}
		next(w, r)
	}
}

// caller finds out who sends the request: by a key, by a token, or by the password of
// version 0, which is a key for everything. A key that is none counts as a wrong password
// does. Which of them it is shows by how it begins, and not by what is secret.
func (s *Server) caller(w http.ResponseWriter, r *http.Request) (*caller, error) {
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		text = r.Header.Get(passwordHeader)
	}
	var c *caller
	var err error
	switch {
	case strings.HasPrefix(text, apikey.Prefix):
		c, err = s.keyring.find(r.Context(), w, r, text)
	case bearer && s.options.Tokens != nil && token.Looks(text):
		c, err = s.holder(w, r, text)
	default:
		c, err = s.administrator, s.guard.check(w, r, text)
	}
	if err == nil {
		return c, nil
	}
	switch err {
	case errUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
		err = errNoKey
	case errThrottled:
		w.Header().Set("Retry-After", strconv.Itoa(int(guessWindow.Seconds())))
	}
	return nil, err
}

// holder finds out whose token it is. One that is none counts as a wrong password does,
// unless it was one, and has expired: programs send those.
func (s *Server) holder(w http.ResponseWriter, r *http.Request, text string) (*caller, error) {
	if err := s.guard.blocked(r); err != nil {
		return nil, err
	}
	holder, err := s.options.Tokens.Check(r.Context(), text)
	if err == nil {
		return &caller{subjectPrefix + holder.Subject, holder.Scopes, true}, nil
	}
	if invalid, ok := errors.AsType[*token.InvalidError](err); ok {
		if !invalid.Expired && s.guard.miss(w, r) == errThrottled {
			return nil, errThrottled
		}
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	if _, ok := errors.AsType[*token.UnavailableError](err); ok {
		w.Header().Set("Retry-After", "10")
	}
	return nil, err
}

const (
	// keyMemory is how long a key is not asked for again, and so how long one that was
	// revoked may still be used.
	keyMemory = 5 * time.Second
	// touchInterval is how often the last uses of keys are kept.
	touchInterval = 30 * time.Second
	// maxKnownKeys bounds the memory that keys take.
	maxKnownKeys = 10_000
)

// keyring knows the keys that are in use.
type keyring struct {
	keys  APIKeys // nil has none
	guard *guard
	now   func() time.Time
	log   *slog.Logger

	mu      sync.Mutex
	known   map[[sha256.Size]byte]knownKey
	used    map[string]time.Time // since they were kept
	touched time.Time            // when that was
}

type knownKey struct {
	caller *caller
	key    apikey.Key
	until  time.Time
}

func newKeyring(o *Options, g *guard) *keyring {
	return &keyring{
		keys: o.APIKeys, guard: g, now: o.Now, log: o.Log,
		known: make(map[[sha256.Size]byte]knownKey), used: make(map[string]time.Time), touched: o.Now(),
	}
}

// find returns the caller whose key it is. Only keys that are in force are remembered, so
// that guesses take no memory. Its error is that of the store, or the guard's.
func (k *keyring) find(ctx context.Context, w http.ResponseWriter, r *http.Request, text string) (*caller, error) {
	if err := k.guard.blocked(r); err != nil {
		return nil, err
	}
	digest, err := apikey.Parse(text)
	if err != nil || k.keys == nil {
		return nil, k.guard.miss(w, r)
	}
	now := k.now()
	k.mu.Lock()
	found, ok := k.known[digest]
	k.mu.Unlock()
	if !ok || !now.Before(found.until) {
		key, err := k.keys.KeyByDigest(ctx, digest)
		if _, unknown := errors.AsType[*apikey.UnknownError](err); unknown {
			return nil, k.guard.miss(w, r)
		}
		if err != nil {
			return nil, err
		}
		found = knownKey{&caller{id: key.ID, scopes: key.Scopes}, key, now.Add(keyMemory)}
	}
	if !found.key.Active(now) {
		return nil, k.guard.miss(w, r)
	}
	k.remember(ctx, digest, found, now)
	return found.caller, nil
}

// remember notes the use of a key. Now and then it keeps what came together; that may
// fail, and is then tried again with what comes later.
func (k *keyring) remember(ctx context.Context, digest [sha256.Size]byte, found knownKey, now time.Time) {
	k.mu.Lock()
	if len(k.known) >= maxKnownKeys {
		clear(k.known)
	}
	k.known[digest] = found
	k.used[found.key.ID] = now
	var due map[string]time.Time
	if now.Sub(k.touched) >= touchInterval {
		due, k.used, k.touched = k.used, make(map[string]time.Time), now
	}
	k.mu.Unlock()
	if len(due) == 0 {
		return
	}
	if err := k.keys.TouchKeys(ctx, due); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "keep last use of API keys", causeAttrs(err)...)
	}
}
