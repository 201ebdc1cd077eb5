package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	maxAnswer     = 64 << 10       // bytes of an answer that are read, so that its connection can be used again
	maxRetryAfter = 24 * time.Hour // what is believed of a Retry-After
)

// answer is how an endpoint reacted.
type answer struct {
	status     int
	problem    string // "" when it took the event
	retryAfter time.Duration
}

// post makes one attempt.
func (s *Sender) post(ctx context.Context, t *target, id string, body []byte) (a answer) {
	ctx, end := s.startSpan(ctx, t)
	defer func() { end(a) }()
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	req, err := s.request(ctx, t, id, body)
	if err != nil {
		return answer{problem: "the request cannot be made: " + cause(err)}
	}
	client := s.open
	if t.Public {
		client = s.public
	}
	resp, err := client.Do(req)
	_, unknownHost := errors.AsType[*net.DNSError](err)
	switch {
	case t.Public && (unknownHost || errors.Is(err, errNotPublic)):
		return answer{problem: errNotPublic.Error()}
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return answer{problem: fmt.Sprintf("no answer within %s", t.Timeout)}
	case err != nil:
		return answer{problem: cause(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // an answer that breaks off is one all the same
	a = answer{status: resp.StatusCode}
	switch {
	case a.status >= 200 && a.status < 300:
	case a.status >= 300 && a.status < 400:
		a.problem = fmt.Sprintf("answered %d; redirects are not followed", a.status)
	default:
		a.problem = fmt.Sprintf("answered %d", a.status)
		a.retryAfter = retryAfter(resp.Header.Get("Retry-After"), s.options.Now())
	}
	return a
}

func (s *Sender) request(ctx context.Context, t *target, id string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	at := s.options.Now()
	signatures := make([]string, len(t.keys))
	for i, key := range t.keys {
		if signatures[i], err = key.Sign(id, at, body); err != nil {
			return nil, err
		}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.options.Agent)
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return req, nil
}

// cause is an error of the client without the address, which may hold a secret.
func cause(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// retryAfter reads the header of that name: seconds or an instant.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// Ping posts an event of the type "ping", which is in no outbox, to an endpoint and
// returns the status of its answer, 0 when there was none. The error says what was
// wrong.
func (s *Sender) Ping(ctx context.Context, e Endpoint, id string) (status int, err error) {
	t, err := newTarget(e)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(ping{id, "ping", 1, s.options.Now().UTC(), struct{}{}})
	if err != nil {
		return 0, fmt.Errorf("encode a ping: %w", err)
	}
	a := s.post(ctx, t, id, body)
	s.closeIdle()
	if a.problem != "" {
		return a.status, fmt.Errorf("endpoint %s: %s", e.Name, a.problem)
	}
	return a.status, nil
}

// ping has the form of an event's body.
type ping struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Version   int       `json:"version"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct{}  `json:"data"`
}
