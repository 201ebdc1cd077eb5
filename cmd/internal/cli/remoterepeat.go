package cli

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// remoteTries is how often a request is sent at most.
const remoteTries = 3

// patient sends requests again whose answer was lost, and such as another attempt is
// still at work on, where that is safe: those that read, and those that write with an
// Idempotency-Key, by which they are done once.
type patient struct{ client *http.Client }

// errRunning says that a request with the same key is at work.
var errRunning = errors.New("a request with this Idempotency-Key is running")

// Do implements client.HttpRequestDoer. The body of the answer is in memory.
func (p patient) Do(q *http.Request) (*http.Response, error) {
	var running *http.Response
	answer, err := backoff.Retry(q.Context(), func() (*http.Response, error) {
		answer, err := p.once(q)
		switch {
		case err != nil && (neverSent(err) || !repeatable(q)):
			return nil, backoff.Permanent(err)
		case err != nil:
			return nil, err
		case answer.StatusCode == http.StatusConflict && answer.Header.Get("Retry-After") != "":
			running = answer
			seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
			if err != nil {
				return answer, nil
			}
			return nil, errors.Join(errRunning, backoff.RetryAfter(seconds))
		}
		return answer, nil
	}, backoff.WithMaxTries(remoteTries), backoff.WithMaxElapsedTime(remoteTries*remoteWait), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: 300 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 3, MaxInterval: 5 * time.Second,
	}))
	if errors.Is(err, errRunning) {
		return running, nil
	}
	if permanent, ok := errors.AsType[*backoff.PermanentError](err); ok {
		err = permanent.Unwrap()
	}
	return answer, err
}

// once sends the request and reads its answer to the end.
func (p patient) once(q *http.Request) (*http.Response, error) {
	again := q.Clone(q.Context())
	if q.GetBody != nil {
		body, err := q.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	answer, err := p.client.Do(again)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(text))
	return answer, nil
}

func repeatable(q *http.Request) bool {
	return (q.Body == nil || q.GetBody != nil) && (q.Method == http.MethodGet || q.Header.Get("Idempotency-Key") != "")
}

// neverSent says that there was no connection to send a request by.
func neverSent(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}
