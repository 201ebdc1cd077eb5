package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	// fresh is how long keys are used before they are fetched again.
	fresh = 5 * time.Minute
	// stale is how long they are used at most while the issuer is away.
	stale = time.Hour
	// pause is how long the issuer is left alone after it was asked, whatever it answered.
	pause = 10 * time.Second

	maxAnswer = 1 << 20 // bytes
)

// issuer has the keys of an issuer. It is safe for concurrent use.
type issuer struct {
	url    string
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	turn chan struct{} // who has put something in may fetch

	mu    sync.Mutex // held for a moment
	keys  keySet
	at    time.Time // when the keys were fetched, zero for never
	tried time.Time // when the issuer was asked last
	fault error     // of that time
}

func newIssuer(o *Options) *issuer {
	return &issuer{url: o.Issuer, client: o.Client, now: o.Now, log: o.Log, turn: make(chan struct{}, 1)}
}

// newClient returns what asks an issuer: it goes nowhere else, not for long, and does not
// read without end.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     bounded{http.DefaultTransport},
	}
}

// bounded ends answers that are too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	}
	return answer, err
}

// state is what is known of the keys, and whether they may be used at all.
func (i *issuer) state(now time.Time) (keys keySet, usable, due bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	age := now.Sub(i.at)
	return i.keys, !i.at.IsZero() && age < stale, i.at.IsZero() || age >= fresh
}

// keysFor returns the keys of the issuer, among which is that of the id if there is one;
// an empty id is any. Who needs no new keys waits for nobody.
func (i *issuer) keysFor(ctx context.Context, id string) (keySet, error) {
	keys, usable, due := i.state(i.now())
	enough := usable && keys.has(id)
	if enough && !due {
		return keys, nil
	}
	if enough {
		select {
		case i.turn <- struct{}{}:
		default:
			return keys, nil // another request fetches
		}
	} else {
		select {
		case i.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-i.turn }()
	return i.renewed(context.WithoutCancel(ctx), id) // others wait for the answer too
}

// begin fetches the keys if there are none.
func (i *issuer) begin(ctx context.Context) {
	i.turn <- struct{}{}
	defer func() { <-i.turn }()
	_, _ = i.renewed(ctx, "") // the log has the error
}

// renewed is keysFor for the one whose turn it is.
func (i *issuer) renewed(ctx context.Context, id string) (keySet, error) {
	now := i.now()
	keys, usable, due := i.state(now)
	if (due || !keys.has(id)) && (i.tried.IsZero() || now.Sub(i.tried) >= pause) {
		i.fetch(ctx)
		keys, usable, _ = i.state(i.now())
	}
	if i.fault != nil && !(usable && keys.has(id)) {
		return nil, &UnavailableError{i.fault}
	}
	return keys, nil
}

// fetch asks the issuer for its keys. Tried and fault belong to whose turn it is.
func (i *issuer) fetch(ctx context.Context) {
	keys, err := i.ask(ctx)
	before := i.fault
	i.tried, i.fault = i.now(), err
	switch {
	case err != nil && before == nil:
		i.log.LogAttrs(ctx, slog.LevelWarn, "the keys of the issuer of tokens cannot be fetched",
			slog.String("issuer", i.url), slog.String("cause", fmt.Sprintf("%.300v", err)))
	case err == nil && before != nil:
		i.log.LogAttrs(ctx, slog.LevelInfo, "the keys of the issuer of tokens are fetched again", slog.String("issuer", i.url))
	}
	if err == nil {
		i.mu.Lock()
		i.keys, i.at = keys, i.tried
		i.mu.Unlock()
	}
}

// ask finds out where the keys are, and reads them.
func (i *issuer) ask(ctx context.Context) (keySet, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.url)
	if err != nil {
		return nil, err
	}
	var where struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&where); err != nil {
		return nil, err
	}
	if strings.HasPrefix(i.url, "https://") && !strings.HasPrefix(where.Keys, "https://") {
		return nil, fmt.Errorf("jwks_uri is %.200q; want https", where.Keys)
	}
	return i.read(ctx, where.Keys)
}

func (i *issuer) read(ctx context.Context, address string) (_ keySet, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("jwks_uri: %w", err)
	}
	answer, err := i.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", address, answer.Status)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("keys of %s: %w", address, err)
	}
	keys := newKeySet(set.Keys)
	if len(keys) == 0 {
		return nil, fmt.Errorf("keys of %s: none that signs tokens", address)
	}
	return keys, nil
}
