package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// IdempotencyStore keeps the keys of requests that are served once. Writes of
// Inventory and Orders whose context has a claim, by idempotency.WithClaim, make
// their effect once for its key and return the same whenever they are called
// again. Implementations are safe for concurrent use.
type IdempotencyStore interface {
	// ClaimKey claims the key for a request that runs no longer than lease, or
	// returns the answer that was kept for it. It does not wait: while another
	// request has the key, the error is idempotency.ErrBusy. A key of another
	// request is an *idempotency.ReusedError.
	ClaimKey(ctx context.Context, key idempotency.Key, lease time.Duration) (idempotency.Claim, *idempotency.Answer, error)
	// AnswerKey keeps the answer; idempotency.ErrBusy when another request has
	// taken the key over.
	AnswerKey(ctx context.Context, claim idempotency.Claim, answer idempotency.Answer) error
	// ReleaseKey gives the claim up, so that the next request may run at once.
	ReleaseKey(ctx context.Context, claim idempotency.Claim) error
}

const (
	// longestPoll is how long a duplicate waits before it looks again.
	longestPoll = 200 * time.Millisecond
	// settling is what keeping an answer, or giving up a claim, may take when
	// the time of the request is over.
	settling = 2 * time.Second
)

// once serves a request that carries a key once: it is run by one of those who
// send it, and all are given the same answer. Requests without a key pass. Every
// route that writes has it; see routes.
func (s *Server) once(next http.Handler) http.Handler {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		values := r.Header.Values(idempotency.Header)
		if len(values) == 0 {
			next.ServeHTTP(w, r)
			return nil
		}
		key, body, err := s.key(w, r, values)
		if err != nil {
			return err
		}
		claim, answer, err := s.claim(r.Context(), key)
		if err != nil {
			s.metrics.countKey(err)
			return s.busy(w, err)
		}
		if answer != nil {
			s.metrics.keys.WithLabelValues(keyReplayed).Inc()
			w.Header().Set(idempotency.ReplayedHeader, "true")
			send(w, answer)
			return nil
		}
		s.metrics.keys.WithLabelValues(keyRun).Inc()
		r = r.WithContext(idempotency.WithClaim(r.Context(), claim))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return s.busy(w, s.runClaimed(w, r, claim, next))
	})
}

// key reads the whole request, as far as it belongs to its key.
func (s *Server) key(w http.ResponseWriter, r *http.Request, values []string) (key idempotency.Key, body []byte, err error) {
	if s.options.Keys == nil {
		return key, nil, errNoKeys
	}
	name, err := idempotency.ParseName(values)
	if err != nil {
		return key, nil, err
	}
	if r.ContentLength > s.options.MaxBody {
		return key, nil, &http.MaxBytesError{Limit: s.options.MaxBody}
	}
	body, err = io.ReadAll(http.MaxBytesReader(unwrap(w), r.Body, s.options.MaxBody))
	if err != nil {
		return key, nil, bodyError(err, 0)
	}
	return idempotency.Key{
		Scope:       idempotency.Scope(r.Method, r.URL, callerOf(r.Context())),
		Name:        name,
		Fingerprint: idempotency.Fingerprint(r.Method, r.URL, body),
	}, body, nil
}

// claim claims the key or returns its answer. It waits for a request that has
// the key, in this process or another, and so looks into the store again and
// again.
func (s *Server) claim(ctx context.Context, key idempotency.Key) (idempotency.Claim, *idempotency.Answer, error) {
	patience := time.NewTimer(s.options.KeyWait)
	defer patience.Stop()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, longestPoll) {
		claim, answer, err := s.options.Keys.ClaimKey(ctx, key, s.options.Timeout)
		if !errors.Is(err, idempotency.ErrBusy) {
			return claim, answer, err
		}
		select {
		case <-time.After(pause):
		case <-patience.C:
			return claim, nil, err
		case <-ctx.Done():
			return claim, nil, ctx.Err()
		}
	}
}

// busy passes an error on; on the way it says when to try again.
func (s *Server) busy(w http.ResponseWriter, err error) error {
	if errors.Is(err, idempotency.ErrBusy) {
		w.Header().Set("Retry-After", "1")
	}
	return err
}

// runClaimed runs the request into a buffer, settles the claim, and then sends
// the answer: who sees it will see the same again. An error is the answer when
// the key was lost to another request.
func (s *Server) runClaimed(w http.ResponseWriter, r *http.Request, claim idempotency.Claim, next http.Handler) error {
	held := &buffer{header: make(http.Header)}
	rec := &record{ResponseWriter: held, id: RequestID(r.Context()), problems: strings.HasPrefix(r.URL.Path, "/v1/")}
	settled := false
	defer func() { // a handler that panics has no answer
		if !settled {
			s.release(r.Context(), claim)
		}
	}()
	next.ServeHTTP(rec, r)
	settled = true
	answer := held.answer()
	if outer, ok := w.(*record); ok {
		outer.cause = rec.cause
	}
	if err := s.settle(r.Context(), claim, answer); err != nil {
		return err
	}
	send(w, answer)
	return nil
}

// settle keeps the answer or gives the claim up. A claim that was lost is
// idempotency.ErrBusy. An answer that the store could not keep is given all the
// same: its effect, if it has one, is stored, and a retry will find it.
func (s *Server) settle(ctx context.Context, claim idempotency.Claim, answer *idempotency.Answer) error {
	if !idempotency.Kept(answer.Status) {
		s.release(ctx, claim)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	err := s.options.Keys.AnswerKey(ctx, claim, *answer)
	if err != nil && !errors.Is(err, idempotency.ErrBusy) {
		s.options.Log.LogAttrs(ctx, slog.LevelError, "keep answer of "+idempotency.Header, causeAttrs(err)...)
		return nil
	}
	return err
}

func (s *Server) release(ctx context.Context, claim idempotency.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := s.options.Keys.ReleaseKey(ctx, claim); err != nil { // its lease will end
		s.options.Log.LogAttrs(ctx, slog.LevelError, "release "+idempotency.Header, causeAttrs(err)...)
	}
}

// buffer is a ResponseWriter that keeps an answer.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader implements http.ResponseWriter.
func (b *buffer) WriteHeader(status int) {
	if b.status == 0 && status >= http.StatusOK {
		b.status = status
	}
}

// Write implements http.ResponseWriter.
func (b *buffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

func (b *buffer) answer() *idempotency.Answer {
	b.WriteHeader(http.StatusOK) // what net/http says for a handler that says nothing
	return &idempotency.Answer{Status: b.status, Header: b.header, Body: b.body.Bytes()}
}

// send sends an answer that was kept or held back.
func send(w http.ResponseWriter, answer *idempotency.Answer) {
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // a client that went away does not care
}
