package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
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

// rateLimit holds each key of one kind to so many requests a second. It is safe for
// concurrent use; nil has no limit.
type rateLimit struct {
	name    string // as RateLimit has it
	rate    rate.Limit
	burst   int
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

// newRateLimit returns nil for a rate of 0.
func newRateLimit(name string, perSecond int, refusal error) *rateLimit {
	if perSecond <= 0 {
		return nil
	}
	seconds := int(rateWindow / time.Second)
	burst := perSecond * seconds
	return &rateLimit{
		name: name, rate: rate.Limit(perSecond), burst: burst, refusal: refusal,
		policy: fmt.Sprintf(`"%s";q=%d;w=%d`, name, burst, seconds),
		young:  make(map[string]*rate.Limiter),
	}
}

// admit counts a request, tells in the header what is left, and returns the refusal when
// nothing was.
func (l *rateLimit) admit(header http.Header, key string, now time.Time) error {
	if l == nil {
		return nil
	}
	allowance := l.allowance(key, now)
	allowed := allowance.AllowN(now, 1)
	left := max(0, allowance.TokensAt(now))
	whole := time.Duration((float64(l.burst) - left) / float64(l.rate) * float64(time.Second))
	header.Add("RateLimit-Policy", l.policy)
	header.Add("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, l.name, int(left), (whole+time.Second-1)/time.Second))
	if allowed {
		return nil
	}
	header.Set("Retry-After", "1") // a rate gives one a second at least
	return l.refusal
}

// allowance returns that of the key.
func (l *rateLimit) allowance(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.young) >= maxRated || now.Sub(l.turned) >= rateWindow {
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
