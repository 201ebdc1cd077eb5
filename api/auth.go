package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

const (
	passwordHeader = "X-Auth-Password"
	guessWindow    = time.Minute

	// administrator is the caller who knows the password.
	administrator = "administrator"
)

// guard knows the password and slows down who guesses it.
type guard struct {
	configured bool
	digest     [sha256.Size]byte
	limit      float64
	guesses    *httprate.RateLimiter     // counts wrong passwords only
	guessed    atomic.Pointer[time.Time] // when the last one was wrong; nil for never
}

func newGuard(password string, failures int) *guard {
	return &guard{
		configured: password != "",
		digest:     sha256.Sum256([]byte(password)),
		limit:      float64(failures),
		guesses: httprate.NewRateLimiter(failures, guessWindow,
			httprate.WithResponseHeaders(httprate.ResponseHeaders{})),
	}
}

// authenticate lets requests with the password through. The body is not touched
// before, so strangers cannot make the server read one.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err, by := s.guard.admit(w, r), s.administrator
		if err == nil {
			err = s.perKey(w, by)
		}
		switch err {
		case nil:
			callOf(r.Context()).caller = by
			next.ServeHTTP(w, r)
			return
		case errThrottled:
			w.Header().Set("Retry-After", strconv.Itoa(int(guessWindow.Seconds())))
		}
		s.refuse(w, err)
	})
}

// admit returns nil, errUnauthorized or errThrottled. A request without a
// password is no guess and is not counted.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) error {
	return g.check(w, r, r.Header.Get(passwordHeader))
}

// check is admit for a password from anywhere.
func (g *guard) check(w http.ResponseWriter, r *http.Request, password string) error {
	if !g.configured || password == "" {
		return errUnauthorized
	}
	if err := g.blocked(r); err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(digest[:], g.digest[:]) == 1 {
		return nil
	}
	return g.miss(w, r)
}

// blocked returns errThrottled for an address that has guessed too often. Whose address
// it is matters only after a guess: the last window and the one before count.
func (g *guard) blocked(r *http.Request) error {
	if last := g.guessed.Load(); last == nil || time.Since(*last) > 2*guessWindow {
		return nil
	}
	if _, rate, err := g.guesses.Status(address(r)); err != nil || rate >= g.limit {
		return errThrottled
	}
	return nil
}

// miss counts a guess, and returns errThrottled or errUnauthorized.
func (g *guard) miss(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	g.guessed.Store(&now)
	if g.guesses.OnLimit(w, r, address(r)) {
		return errThrottled
	}
	return errUnauthorized
}

// ClientBehind returns what finds the client's address where some connect through
// proxies, for Options.ClientIP. It is the last address of X-Forwarded-For that is not
// in the networks, when who connects is in one of them, else the one of who connects. So
// clients cannot say who they are: what they send stands before what the proxies add. A
// header that does not tell it has no address, and all such requests are one client.
// Forwarded and X-Real-IP are never read. Without networks it returns nil.
func ClientBehind(proxies []netip.Prefix) func(http.Handler) http.Handler {
	if len(proxies) == 0 {
		return nil
	}
	networks := make([]string, len(proxies))
	for i, p := range proxies {
		networks[i] = p.String()
	}
	return middleware.ClientIPFromXFF(networks...)
}

// clientIPFinder returns what finds the address of a request's client, as the middleware
// tells it.
func clientIPFinder(clientIP func(http.Handler) http.Handler) func(*http.Request) string {
	return func(r *http.Request) string {
		var found string
		clientIP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			found = httprate.CanonicalizeIP(middleware.GetClientIP(r.Context()))
		})).ServeHTTP(nil, r)
		return found
	}
}

func address(r *http.Request) string { return addressOf(r.Context()) }

// addressOf is the address of the client whose request ctx belongs to.
func addressOf(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.address()
	}
	return ""
}
