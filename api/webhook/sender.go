package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Sender sends what an outbox has for its endpoints. It is safe for concurrent
// use; Run may be called once.
type Sender struct {
	options      Options
	targets      []*target
	open, public *http.Client // which one is asked says the endpoint
	metrics      *metrics
}

// New returns a sender; it sends nothing before Run. The error says which
// endpoint cannot be sent to.
func New(o Options) (*Sender, error) {
	if o.Outbox == nil {
		return nil, errors.New("new sender: no outbox")
	}
	o.setDefaults()
	s := &Sender{options: o, open: newClient(o.Concurrency, false), public: newClient(o.Concurrency, true)}
	for _, e := range o.Endpoints {
		t, err := newTarget(e)
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, t)
	}
	var err error
	s.metrics, err = newMetrics(o, s.targets)
	return s, err
}

// newClient returns a client that follows no redirects and reads no more of a
// header than is sensible. A public one connects to public addresses only.
func newClient(concurrency int, public bool) *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if public {
		transport.Proxy, transport.DialContext = nil, publicDialer().DialContext
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Run sends until ctx is done, waits for the deliveries under way, at most for
// the grace period, and returns nil. Deliveries that take longer are broken off
// and will be tried again. Errors of the outbox and of endpoints end nothing: they
// are logged and what they concern is tried again.
func (s *Sender) Run(ctx context.Context) error {
	// Deliveries under way go on when ctx is done.
	sending, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	var running sync.WaitGroup
	for _, t := range s.targets {
		running.Go(func() { s.serve(ctx, sending, newService(t)) })
	}
	if s.options.Registered != nil {
		running.Go(func() { s.follow(ctx, sending, &running) })
	}
	ended := make(chan struct{})
	go func() { // ends with the endpoints, which end with ctx
		running.Wait()
		close(ended)
	}()
	<-ctx.Done()
	grace := time.NewTimer(s.options.Grace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		s.options.Log.Warn("webhooks under way are broken off; they will be sent again", "grace", s.options.Grace)
		breakOff()
		<-ended
	}
	s.closeIdle()
	return nil
}

func (s *Sender) closeIdle() {
	s.open.CloseIdleConnections()
	s.public.CloseIdleConnections()
}

// service is an endpoint that is being sent to.
type service struct {
	target atomic.Pointer[target] // as it is now
	told   Endpoint               // what follow was told last
	end    context.CancelFunc     // nil for one that is not served, or as long as the sender runs
}

func newService(t *target) *service {
	v := &service{}
	v.target.Store(t)
	return v
}

// serve sends what there is for one endpoint until ctx is done and nothing is
// under way.
func (s *Sender) serve(ctx, sending context.Context, v *service) {
	done := make(chan struct{}, s.options.Concurrency)
	poll := time.NewTicker(s.options.Poll)
	defer poll.Stop()
	busy := 0
	for ctx.Err() == nil {
		t := v.target.Load()
		for _, d := range s.claim(ctx, t, s.options.Concurrency-busy) {
			busy++
			go func() { // serve waits for it
				s.deliver(sending, t, d)
				done <- struct{}{}
			}()
		}
		select {
		case <-ctx.Done():
		case <-done:
			busy--
		case <-poll.C:
		}
	}
	for range busy {
		<-done
	}
}

// claim takes as much as can be sent at once.
func (s *Sender) claim(ctx context.Context, t *target, n int) []Delivery {
	if n == 0 {
		return nil
	}
	claimed, err := s.options.Outbox.Claim(ctx, t.Name, n, t.Timeout+s.options.Margin)
	if err != nil && ctx.Err() == nil {
		s.options.Log.Error("claim webhooks", "endpoint", t.Name, "error", err)
	}
	return claimed
}

// deliver makes one attempt and records its outcome.
func (s *Sender) deliver(ctx context.Context, t *target, d Delivery) {
	begun := time.Now()
	answer := s.post(ctx, t, d.UID, d.Body)
	outcome := s.judge(d, answer)
	if ctx.Err() != nil && answer.status == 0 {
		outcome = Settlement{State: Pending, Next: s.options.Now(), Error: "broken off, because the sender was told to stop"}
	}
	outcome.Took = time.Since(begun)
	s.metrics.count(t.Name, outcome.State, outcome.Took)
	s.log(ctx, d, outcome)
	// The outcome is worth recording after ctx has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.Margin)
	defer cancel()
	if err := s.options.Outbox.Settle(ctx, d, outcome); err != nil {
		s.options.Log.Error("record a webhook: it may be sent again", "endpoint", t.Name, "id", d.UID, "error", err)
	}
}

// judge says what an answer means for the delivery.
func (s *Sender) judge(d Delivery, a answer) Settlement {
	outcome := Settlement{State: Delivered, Status: a.status, Error: a.problem}
	switch {
	case a.problem == "":
	case a.status == http.StatusGone:
		outcome.State = Dead
	case d.Attempt > len(s.options.Schedule):
		outcome.State = Dead
	default:
		pause := s.options.Jitter(s.options.Schedule[max(d.Attempt, 1)-1])
		outcome.State, outcome.Next = Pending, s.options.Now().Add(max(pause, a.retryAfter))
	}
	return outcome
}

func (s *Sender) log(ctx context.Context, d Delivery, outcome Settlement) {
	level, text := slog.LevelDebug, "delivered a webhook"
	switch {
	case outcome.State == Pending:
		level, text = slog.LevelWarn, "a webhook failed; it is tried again"
	case outcome.State == Dead && outcome.Status == http.StatusGone:
		level, text = slog.LevelError, "the endpoint is gone and gets this event no more; take it away, or tell its owner"
	case outcome.State == Dead:
		level, text = slog.LevelError, "gave up on a webhook; checkout webhooks resend tries it again"
	}
	s.options.Log.LogAttrs(ctx, level, text, slog.String("endpoint", d.Endpoint), slog.String("id", d.UID),
		slog.String("type", d.Type), slog.Int("attempt", d.Attempt), slog.String("problem", outcome.Error), slog.Time("next", outcome.Next))
}
