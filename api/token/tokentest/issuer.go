// Package tokentest is an OpenID Connect issuer for tests.
package tokentest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Audience is that of the tokens of an Issuer.
const Audience = "checkout"

// Issuer is an issuer on this machine, with one key at a time. It is safe for concurrent
// use.
type Issuer struct {
	// URL is what its tokens have as issuer.
	URL string

	t   testing.TB
	now func() time.Time

	mu     sync.Mutex
	key    jose.JSONWebKey
	more   []any
	away   bool
	change func(discovery map[string]any)
	asked  map[string]int
}

// New returns an issuer whose tokens begin now, which runs as long as the test.
func New(t testing.TB, now func() time.Time) *Issuer {
	t.Helper()
	i := &Issuer{t: t, now: now, asked: make(map[string]int)}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.URL = server.URL
	i.Rotate("first")
	return i
}

// ServeHTTP implements http.Handler.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked[r.URL.Path]++
	var answer any
	switch {
	case i.away:
		http.Error(w, "away", http.StatusBadGateway)
		return
	case r.URL.Path == "/keys":
		answer = map[string]any{"keys": append([]any{i.key.Public()}, i.more...)}
	default:
		discovery := map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
		if i.change != nil {
			i.change(discovery)
		}
		answer = discovery
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		i.t.Error(err)
	}
}

// Rotate replaces the key by a new one, for ES256, with the id.
func (i *Issuer) Rotate(id string) {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.use(jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"})
}

// RotateRSA replaces the key by a new one for RSA, which names no algorithm.
func (i *Issuer) RotateRSA(id string) *rsa.PublicKey {
	i.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		i.t.Fatal(err)
	}
	i.use(jose.JSONWebKey{Key: key, KeyID: id})
	return &key.PublicKey
}

func (i *Issuer) use(key jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key = key
}

// Also has the issuer publish other keys beside its own.
func (i *Issuer) Also(keys ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.more = keys
}

// Away has the issuer answer 502, or not any more.
func (i *Issuer) Away(away bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.away = away
}

// Discovery changes what the issuer says of itself.
func (i *Issuer) Discovery(change func(map[string]any)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.change = change
}

// Asked is how often the keys were asked for.
func (i *Issuer) Asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked["/keys"]
}

// Claims are those of a good token of the subject that has the scopes, for an hour.
func (i *Issuer) Claims(subject, scopes string) map[string]any {
	now := i.now()
	return map[string]any{
		"iss": i.URL, "aud": Audience, "sub": subject, "scope": scopes,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// Token returns a token of the issuer's key with the claims, changed; a nil takes one away.
func (i *Issuer) Token(claims map[string]any, changed map[string]any) string {
	i.t.Helper()
	i.mu.Lock()
	key := i.key
	i.mu.Unlock()
	algorithm := jose.ES256
	if _, isRSA := key.Key.(*rsa.PrivateKey); isRSA {
		algorithm = jose.RS256
	}
	return Sign(i.t, algorithm, key, claims, changed)
}

// Sign returns a token by any key.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims, changed map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims = maps.Clone(claims)
	maps.Copy(claims, changed)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
