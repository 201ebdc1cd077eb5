package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

const (
	// rateWindow is how much of a rate may come at once, and how long an empty
	// allowance takes to be whole again.
	rateWindow = 2 * time.Second
	// maxRated bounds the memory that allowances take: as many that are in use, and as
	// many that were.
	maxRated = 20_000

	errKeyRate     problem = "too many requests with this key: wait a second"
	errAddressRate problem = "too many requests from this address: wait a second"
)

// rateLimit holds each key of one kind to so much within a window: an allowance that is
// used up is whole again after it. It is safe for concurrent use; nil has no limit.
type rateLimit struct {
	name    string // as RateLimit has it
	rate    rate.Limit
	burst   int
	window  time.Duration
	policy  string
	refusal error

	mu     sync.Mutex
	turned time.Time
	// Allowances that nobody asked for since the last turn are in old, and the next turn
	// drops them: by then they are whole, and a new one is the same. More keys than
	// maxRated turn sooner, so that memory stays bounded, and some allowances are whole
	// too soon.
	young, old map[string]*rate.Limiter
}

// newRateLimit returns nil for an allowance of 0.
func newRateLimit(name string, burst int, window time.Duration, refusal error) *rateLimit {
	if burst <= 0 {
		return nil
	}
	return &rateLimit{
		name: name, rate: rate.Limit(float64(burst) / window.Seconds()), burst: burst, window: window, refusal: refusal,
		policy: fmt.Sprintf(`"%s";q=%d;w=%d`, name, burst, int(window.Seconds())),
		young:  make(map[string]*rate.Limiter),
	}
}

// perSecond is the allowance of so many a second.
func perSecond(rate int) int { return rate * int(rateWindow/time.Second) }

// admit counts a request, tells in the header what is left, and returns the refusal when
// nothing was.
func (l *rateLimit) admit(header http.Header, key string, now time.Time) error {
	if l == nil {
		return nil
	}
	allowance := l.allowance(key, now)
	allowed := allowance.AllowN(now, 1)
	header.Add("RateLimit-Policy", l.policy)
	header.Add("RateLimit", l.state(allowance, now))
	if allowed {
		return nil
	}
	header.Set("Retry-After", "1") // a rate gives one a second at least
	return l.refusal
}

// admitMore is admit of n more for a request that was admitted, all or none. More than
// there ever are is a *tooMuchError.
func (l *rateLimit) admitMore(header http.Header, key string, n int, now time.Time) error {
	if l == nil || n == 0 {
		return nil
	}
	if n >= l.burst {
		return &tooMuchError{n + 1, l.burst}
	}
	allowance := l.allowance(key, now)
	wait := l.until(allowance, n, now)
	allowed := allowance.AllowN(now, n)
	for i, told := range header["Ratelimit"] {
		if strings.HasPrefix(told, strconv.Quote(l.name)) {
			header["Ratelimit"][i] = l.state(allowance, now)
		}
	}
	if allowed {
		return nil
	}
	header.Set("Retry-After", strconv.Itoa(wholeSeconds(wait)))
	return l.refusal
}

// tooMuchError says that a request is more than the allowance of its key ever is.
type tooMuchError struct{ n, burst int }

// Error implements error.
func (e *tooMuchError) Error() string {
	return fmt.Sprintf("%d carts, each of which counts as a request: this key may send %d at once", e.n, e.burst)
}

func (e *tooMuchError) places() []v1.ProblemError {
	return []v1.ProblemError{{Pointer: pointerTo("carts"), Detail: fmt.Sprintf("want at most %d", e.burst)}}
}

// state tells what is left of an allowance, and in how many seconds it is whole.
func (l *rateLimit) state(allowance *rate.Limiter, now time.Time) string {
	left := max(0, allowance.TokensAt(now))
	whole := time.Duration((float64(l.burst) - left) / float64(l.rate) * float64(time.Second))
	return fmt.Sprintf(`"%s";r=%d;t=%d`, l.name, int(left), wholeSeconds(whole))
}

// wholeSeconds is a time in seconds, rounded up.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// until is how long it takes until n are allowed.
func (l *rateLimit) until(allowance *rate.Limiter, n int, now time.Time) time.Duration {
	return max(0, time.Duration((float64(n)-allowance.TokensAt(now))/float64(l.rate)*float64(time.Second)))
}

// wait is how long it takes until the key has something left, 0 when it has.
func (l *rateLimit) wait(key string, now time.Time) time.Duration {
	if l == nil {
		return 0
	}
	return l.until(l.allowance(key, now), 1, now)
}

// take takes n from the key, or what it has left.
func (l *rateLimit) take(key string, n int, now time.Time) {
	if l == nil {
		return
	}
	for allowance := l.allowance(key, now); n > 0 && allowance.AllowN(now, 1); n-- {
	}
}

// allowance returns that of the key.
func (l *rateLimit) allowance(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.young) >= maxRated || now.Sub(l.turned) >= l.window {
		l.old, l.young, l.turned = l.young, make(map[string]*rate.Limiter), now
	}
	found := l.young[key]
	if found == nil {
		found = l.old[key]
	}
	if found == nil {
		found = rate.NewLimiter(l.rate, l.burst)
	}
	l.young[key] = found
	return found
}

// perAddress lets requests through as often as an address may send them.
func (s *Server) perAddress(next http.Handler) http.Handler {
	if s.addressRate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.addressRate.admit(w.Header(), address(r), s.options.Now()); err != nil {
			s.refuse(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// perKey is nil as often as the caller may send requests.
func (s *Server) perKey(w http.ResponseWriter, c *caller) error {
	return s.keyRate.admit(w.Header(), c.id, s.options.Now())
}
