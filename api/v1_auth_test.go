package api_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine/apikey"
)

// keys are API keys in memory.
type keys struct {
	mu      sync.Mutex
	byText  map[[sha256.Size]byte]apikey.Key
	asked   int
	touched []map[string]time.Time
	broken  error
}

func (k *keys) KeyByDigest(_ context.Context, digest [sha256.Size]byte) (apikey.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	if k.broken != nil {
		return apikey.Key{}, k.broken
	}
	key, ok := k.byText[digest]
	if !ok {
		return apikey.Key{}, &apikey.UnknownError{}
	}
	return key, nil
}

func (k *keys) TouchKeys(_ context.Context, used map[string]time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.touched = append(k.touched, used)
	return nil
}

// add returns the text of a new key, changed by change.
func (k *keys) add(t *testing.T, scopes apikey.Scopes, change func(*apikey.Key)) (text, id string) {
	t.Helper()
	text, key, err := apikey.New(noon(), "a key", scopes, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byText[apikey.Digest(text)] = key
	return text, key.ID
}

// guarded is a shop with keys and a clock.
type guarded struct {
	*shop
	keys *keys
	mu   sync.Mutex
	now  time.Time
}

func openGuarded(t *testing.T, change ...func(*shop, *api.Options)) *guarded {
	g := &guarded{keys: &keys{byText: make(map[[sha256.Size]byte]apikey.Key)}, now: noon()}
	g.shop = open(t, append(change, func(_ *shop, o *api.Options) {
		o.APIKeys = g.keys
		o.Now = func() time.Time {
			g.mu.Lock()
			defer g.mu.Unlock()
			return g.now
		}
	})...)
	return g
}

func (g *guarded) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// quote returns the status of a quote with a key.
func (g *guarded) quote(key, body string) int {
	return g.do("POST", quotesPath, body, "Content-Type", "application/json", "Authorization", "Bearer "+key).Code
}

// Every operation of the document lets those through who have its scopes, or admin, and
// nobody else.
func TestOperationsWantTheirScopes(t *testing.T) {
	document, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	g := openTokens(t)
	type credential struct {
		text  string
		scope apikey.Scope
	}
	var texts []credential
	for _, scope := range apikey.AllScopes() {
		key, _ := g.keys.add(t, apikey.Scopes{scope}, nil)
		token := g.issuer.Token(g.issuer.Claims("s-"+string(scope), "openid "+string(scope)), nil)
		texts = append(texts, credential{key, scope}, credential{token, scope})
	}
	nothing := g.issuer.Token(g.issuer.Claims("s-nothing", "openid"), nil)
	tried := 0
	for path, methods := range document.document["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			security := member(methods, method, "security").([]any)
			required := member(security[0], "key").([]any)
			address := strings.NewReplacer("{", "", "}", "").Replace(path)
			ask := func(headers ...string) int {
				return send(g.server, strings.ToUpper(method), address, http.NoBody, headers...).Code
			}
			if code := ask(); code != 401 {
				t.Errorf("%s %s without a key: got %d, want 401", method, path, code)
			}
			if code := ask("Authorization", "Bearer "+nothing); code != 403 {
				t.Errorf("%s %s with a token of no scope: got %d, want 403", method, path, code)
			}
			for _, c := range texts {
				scope, text := c.scope, c.text
				allowed := scope == apikey.Admin || len(required) == 1 && required[0] == string(scope)
				code := ask("Authorization", "Bearer "+text)
				if refused := code == 401 || code == 403; refused == allowed {
					t.Errorf("%s %s with the scope %s: got %d", method, path, scope, code)
				}
				tried++
			}
		}
	}
	if tried < 5*len(texts) {
		t.Errorf("tried %d times, want all operations with all scopes", tried)
	}
}

func TestOnlyWhoMayLooksAhead(t *testing.T) {
	g := openGuarded(t)
	body := `{"lines":[],"at":"2026-12-24T00:00:00Z"}`
	plain, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	ahead, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesPreview, apikey.QuotesRead}, nil)
	if code := g.quote(plain, body); code != 403 {
		t.Errorf("without the scope: got %d, want 403", code)
	}
	if code := g.quote(ahead, body); code != 200 {
		t.Errorf("with the scope: got %d, want 200", code)
	}
	batch := g.do("POST", "/v1/quotes:batch", `{"carts":[`+body+`,{"lines":[]}]}`, "Content-Type", "application/json", "Authorization", "Bearer "+plain)
	if text := want(t, batch, 200); strings.Count(text, `"code":"forbidden"`) != 1 || strings.Count(text, `"quote":`) != 1 {
		t.Errorf("got %s, want one quote and one problem", text)
	}
}

func TestKeysThatAreNotInForceAreRefused(t *testing.T) {
	g := openGuarded(t)
	all := apikey.AllScopes()
	revoked, _ := g.keys.add(t, all, func(k *apikey.Key) { k.Revoked = noon() })
	expired, _ := g.keys.add(t, all, func(k *apikey.Key) { k.Expires = noon() })
	unknown, _, err := apikey.New(noon(), "another", all, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"revoked": revoked, "expired": expired, "unknown": unknown, "no key": "ck_short", "empty": "", "another password": "guess"} {
		w := g.do("POST", quotesPath, `{"lines":[]}`, "Content-Type", "application/json", "Authorization", "Bearer "+key)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	g.keys.broken = errors.New("the store is away")
	fresh, _ := g.keys.add(t, all, nil)
	if code := g.quote(fresh, `{"lines":[]}`); code != 500 {
		t.Errorf("a store that fails: got %d, want 500", code)
	}
}

func TestAKeyThatEndsIsRefusedSoon(t *testing.T) {
	g := openGuarded(t)
	text, id := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, func(k *apikey.Key) { k.Expires = noon().Add(time.Minute) })
	for range 3 {
		if code := g.quote(text, `{"lines":[]}`); code != 200 {
			t.Fatalf("got %d, want 200", code)
		}
	}
	if g.keys.asked != 1 {
		t.Errorf("the store was asked %d times, want once", g.keys.asked)
	}
	g.pass(31 * time.Second) // it is read again, and its use kept
	if code := g.quote(text, `{"lines":[]}`); code != 200 || g.keys.asked != 2 {
		t.Errorf("got %d after %d questions, want 200 after 2", code, g.keys.asked)
	}
	if len(g.keys.touched) != 1 || !g.keys.touched[0][id].Equal(noon().Add(31*time.Second)) {
		t.Errorf("got uses %v, want that of now", g.keys.touched)
	}
	g.pass(29 * time.Second) // it has expired
	if code := g.quote(text, `{"lines":[]}`); code != 401 {
		t.Errorf("got %d, want 401", code)
	}
	other, otherID := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	g.quote(other, `{"lines":[]}`)
	g.keys.mu.Lock()
	for digest, key := range g.keys.byText {
		if key.ID == otherID {
			key.Revoked = noon()
			g.keys.byText[digest] = key
		}
	}
	g.keys.mu.Unlock()
	g.pass(5 * time.Second)
	if code := g.quote(other, `{"lines":[]}`); code != 401 {
		t.Errorf("revoked: got %d after 5 s, want 401", code)
	}
}

func TestGuessingKeysIsSlowedDown(t *testing.T) {
	g := openGuarded(t)
	good, _ := g.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	var codes []int
	for range 101 {
		guess, _, err := apikey.New(noon(), "a guess", apikey.AllScopes(), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, g.quote(guess, `{"lines":[]}`))
	}
	asked := g.keys.asked
	codes = append(codes, g.quote(good, `{"lines":[]}`))
	if slices.Contains(codes[:100], 429) || codes[100] != 429 || codes[101] != 429 || g.keys.asked != asked {
		t.Errorf("got %v, want 401 a hundred times, then 429", codes)
	}
}
