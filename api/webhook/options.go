package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Endpoint is a receiver.
type Endpoint struct {
	// Name identifies it in the outbox, in logs and in metrics.
	Name string
	// URL is where events are posted to.
	URL string
	// Secrets sign them, each for itself: "whsec_" and base64. A receiver takes an
	// event that one of them has signed.
	Secrets []string
	// Timeout is for one attempt, from connecting to the end of the answer's
	// header; 0 is DefaultTimeout.
	Timeout time.Duration
	// Public has nothing sent but to a public address, and through no proxy: what a
	// caller of an API has named must not reach what only this host can.
	Public bool
}

func (e *Endpoint) equal(other *Endpoint) bool {
	return e.Name == other.Name && e.URL == other.URL && slices.Equal(e.Secrets, other.Secrets) &&
		e.Timeout == other.Timeout && e.Public == other.Public
}

// DefaultTimeout is for one attempt when the endpoint does not say.
const DefaultTimeout = 15 * time.Second

// Delivery is an event to be sent to an endpoint by whoever has claimed it.
type Delivery struct {
	Endpoint  string
	EventID   int64
	UID       string // the webhook-id
	Type      string
	Body      []byte
	Attempt   int // from 1
	CreatedAt time.Time
	Claim     string
}

// State is what became of a delivery.
type State string

// What can become of a delivery.
const (
	Delivered State = "delivered"
	Pending   State = "pending" // to be tried again
	Dead      State = "dead"
)

// Settlement is the outcome of an attempt.
type Settlement struct {
	State  State
	Next   time.Time     // when to try again, for Pending
	Status int           // of the answer; 0 when there was none
	Error  string        // what went wrong; "" when nothing did
	Took   time.Duration // from the beginning of the attempt to the end of the answer
}

// Backlog is what an endpoint has still to get.
type Backlog struct {
	Endpoint string
	Pending  int64
	Oldest   time.Time // when the oldest pending event happened
	Dead     int64
}

// Outbox holds the deliveries. It is safe for concurrent use, by any number of
// processes.
type Outbox interface {
	// Claim returns up to n deliveries to the endpoint that are due and, until
	// the lease ends, nobody else's.
	Claim(ctx context.Context, endpoint string, n int, lease time.Duration) ([]Delivery, error)
	// Settle records the outcome of a claimed delivery.
	Settle(ctx context.Context, d Delivery, s Settlement) error
	// Backlogs returns what endpoints have still to get.
	Backlogs(ctx context.Context) ([]Backlog, error)
}

// Options tunes a Sender. Only Outbox is required.
type Options struct {
	Outbox    Outbox
	Endpoints []Endpoint
	// Registered returns those that come, go and change while a sender runs; none has a
	// name of Endpoints. It is asked at each poll, and when it fails those of before go
	// on. Nil is none.
	Registered func(context.Context) ([]Endpoint, error)
	// Concurrency is how many deliveries go to one endpoint at a time; 0 is 4.
	Concurrency int
	// Poll is how long an endpoint that has nothing to do waits before it asks
	// the outbox again; 0 is a second.
	Poll time.Duration
	// Schedule has the longest pause after each failed attempt; after one more
	// attempt than it has entries the delivery is dead. Nil is Schedule().
	Schedule []time.Duration
	// Jitter draws a pause of at most what it is given; nil draws from nothing to
	// all of it, so that endpoints which come back are not overrun.
	Jitter func(time.Duration) time.Duration
	// Margin is how long a claim outlasts the timeout of its endpoint, for its
	// outcome to be recorded; 0 is 30 seconds.
	Margin time.Duration
	// Grace is how long deliveries under way may go on after the end was asked
	// for; 0 is 15 seconds.
	Grace time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Agent is the User-Agent; "" is "Checkout-Webhooks".
	Agent string
	// Log gets what endpoints answered; nil discards it.
	Log *slog.Logger
	// Tracer makes a span of each attempt; nil makes none.
	Tracer trace.Tracer
	// Registry gets the metrics; nil gives them away.
	Registry *prometheus.Registry
}

// Schedule returns the pauses that Standard Webhooks recommends.
func Schedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

func (o *Options) setDefaults() {
	o.Concurrency = orDefault(max(0, o.Concurrency), 4)
	o.Poll = orDefault(o.Poll, time.Second)
	o.Margin = orDefault(o.Margin, 30*time.Second)
	o.Grace = orDefault(o.Grace, 15*time.Second)
	o.Agent = orDefault(o.Agent, "Checkout-Webhooks")
	o.Log = orDefault(o.Log, slog.New(slog.DiscardHandler))
	o.Registry = orDefault(o.Registry, prometheus.NewRegistry())
	if o.Schedule == nil {
		o.Schedule = Schedule()
	}
	if o.Jitter == nil {
		o.Jitter = func(d time.Duration) time.Duration { return rand.N(d + 1) }
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func orDefault[T comparable](value, def T) T {
	var zero T
	if value == zero {
		return def
	}
	return value
}

// target is an endpoint that can be sent to.
type target struct {
	Endpoint
	keys []*standardwebhooks.Webhook
}

func newTarget(e Endpoint) (*target, error) {
	e.Timeout = orDefault(e.Timeout, DefaultTimeout)
	if e.Name == "" || e.URL == "" || len(e.Secrets) == 0 {
		return nil, errors.New("new sender: an endpoint needs a name, a URL and a secret")
	}
	keys := make([]*standardwebhooks.Webhook, len(e.Secrets))
	for i, secret := range e.Secrets {
		key, err := standardwebhooks.NewWebhook(secret)
		if err != nil || secret == "" { // its text has a part of the secret in it
			return nil, fmt.Errorf("new sender: secret %d of endpoint %s is not whsec_ and base64", i+1, e.Name)
		}
		keys[i] = key
	}
	return &target{e, keys}, nil
}
