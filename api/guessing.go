package api

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/checkout-promotions/checkout/engine"
)

// codeGuesses slows down who tries coupon codes until one is right: so many codes that
// nobody knows are answered within a minute, and then carts with codes are refused, whose
// codes may be right or wrong. A customer is counted for each caller who names it; a
// caller, at an address, for all its customers, since it may make them up. It is safe for
// concurrent use.
type codeGuesses struct {
	customer, caller *rateLimit // nil for any number
	throttled        prometheus.Counter
}

const (
	defaultCustomerGuesses = 20
	defaultCallerGuesses   = 600
)

func newCodeGuesses(o *Options, throttled prometheus.Counter) *codeGuesses {
	return &codeGuesses{
		customer:  newRateLimit("customer", o.CustomerGuesses, guessWindow, nil),
		caller:    newRateLimit("caller", o.CallerGuesses, guessWindow, nil),
		throttled: throttled,
	}
}

// guessedError says that codes are not looked at for a while.
type guessedError struct{ wait time.Duration }

// Error implements error.
func (e *guessedError) Error() string {
	return fmt.Sprintf("too many coupon codes that nobody knows: none is looked at for now; try again in %d s, or price the cart without codes", e.retryAfter())
}

// retryAfter is in seconds, rounded up.
func (e *guessedError) retryAfter() int { return wholeSeconds(e.wait) }

// guesser is who sends codes.
type guesser struct{ customer, caller string }

func guesserOf(ctx context.Context, cart *engine.Cart) guesser {
	by := callerOf(ctx)
	g := guesser{caller: by + " " + addressOf(ctx)}
	if cart.Customer.ID != "" {
		g.customer = by + " " + cart.Customer.ID
	}
	return g
}

// admit returns a *guessedError for a cart with codes of who has sent too many wrong ones.
func (c *codeGuesses) admit(ctx context.Context, cart *engine.Cart, clock func() time.Time) error {
	if c == nil || len(cart.Coupons) == 0 {
		return nil
	}
	g, now := guesserOf(ctx, cart), clock()
	wait := c.caller.wait(g.caller, now)
	if g.customer != "" {
		wait = max(wait, c.customer.wait(g.customer, now))
	}
	if wait == 0 {
		return nil
	}
	c.throttled.Inc()
	return &guessedError{wait}
}

// count counts the codes of a cart that nobody knows.
func (c *codeGuesses) count(ctx context.Context, cart *engine.Cart, quote *engine.Quote, clock func() time.Time) {
	if c == nil || len(cart.Coupons) == 0 {
		return
	}
	n := len(unknownCodes(quote))
	if n == 0 {
		return
	}
	g, now := guesserOf(ctx, cart), clock()
	c.caller.take(g.caller, n, now)
	if g.customer != "" {
		c.customer.take(g.customer, n, now)
	}
}
