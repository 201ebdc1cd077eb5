package api_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/api/token/tokentest"
	"github.com/checkout-promotions/checkout/engine/apikey"
	"github.com/checkout-promotions/checkout/engine/audit"
)

// issued is a shop that takes the tokens of an issuer, with its log.
type issued struct {
	*guarded
	issuer *tokentest.Issuer
	log    *bytes.Buffer
}

func openTokens(t *testing.T, change ...func(*shop, *api.Options)) *issued {
	s := &issued{log: new(bytes.Buffer)}
	s.guarded = openGuarded(t, append(change, func(_ *shop, o *api.Options) {
		o.Log = slog.New(slog.NewJSONHandler(s.log, nil))
		clock := func() time.Time {
			if s.guarded == nil {
				return noon()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		}
		s.issuer = tokentest.New(t, clock)
		o.Tokens = token.New(token.Options{Issuer: s.issuer.URL, Audience: tokentest.Audience, Now: clock, Log: o.Log})
	})...)
	return s
}

func TestTokensThatAreRefusedAreToldWhy(t *testing.T) {
	s := openTokens(t)
	good := s.issuer.Claims("c-1", "quotes:read")
	wanted := "the token is not valid: want one of " + s.issuer.URL + " for checkout, in force and signed by a key of theirs"
	for _, c := range []struct {
		name, text, detail, code, header, logged string
		status                                   int
	}{
		{"a good one", s.issuer.Token(good, nil), "", "", "", "", 200},
		{"one that has expired", s.issuer.Token(good, map[string]any{"exp": noon().Add(-2 * time.Minute).Unix()}),
			"the token has expired", "unauthorized", `Bearer error="invalid_token"`, "the token has expired", 401},
		{"one for others", s.issuer.Token(good, map[string]any{"aud": "other"}), wanted, "unauthorized",
			`Bearer error="invalid_token"`, `oidc: expected audience "checkout" got ["other"]`, 401},
		{"one by a secret", tokentest.Sign(t, jose.HS256, bytes.Repeat([]byte("k"), 32), good, nil), wanted, "unauthorized",
			`Bearer error="invalid_token"`, `unexpected signature algorithm "HS256"`, 401},
		{"one that may do other things", s.issuer.Token(good, map[string]any{"scope": "orders:read"}),
			"the token lacks the scope quotes:read", "forbidden", `Bearer error="insufficient_scope", scope="quotes:read"`, "", 403},
		{"a text that is none", "a.b.c", "Authorization is missing, or has no key that is valid: want Bearer ck_…", "unauthorized", "Bearer", "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.log.Reset()
			w := s.do("POST", quotesPath, `{"lines":[]}`, "Content-Type", "application/json", "Authorization", "Bearer "+c.text)
			text := want(t, w, c.status)
			if got := w.Header().Get("WWW-Authenticate"); got != c.header {
				t.Errorf("got the header %q, want %q", got, c.header)
			}
			if c.status != 200 {
				problem := decoded[struct{ Detail, Code string }](t, text)
				if problem.Detail != c.detail || problem.Code != c.code {
					t.Errorf("got %+v", problem)
				}
			}
			if logged := decoded[logRecord](t, s.log.String()); !strings.Contains(logged.Detail, c.logged) || (logged.Detail == "") != (c.logged == "") {
				t.Errorf("got the log %s, want %s", s.log, c.logged)
			}
			if strings.Contains(s.log.String(), c.text) {
				t.Errorf("the log has the token: %s", s.log)
			}
		})
	}
}

func TestAnIssuerThatIsAwayHindersNobodyElse(t *testing.T) {
	s := openTokens(t)
	s.issuer.Away(true)
	key, _ := s.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	w := s.do("POST", quotesPath, `{"lines":[]}`, "Content-Type", "application/json", "Authorization", "Bearer "+s.issuer.Token(s.issuer.Claims("c", "admin"), nil))
	if text := want(t, w, 503); !strings.Contains(text, `"code":"issuer_unavailable"`) || w.Header().Get("Retry-After") != "10" || strings.Contains(text, "502") {
		t.Errorf("got %v %s", w.Header(), text)
	}
	if log := s.log.String(); !strings.Contains(log, "keys of the issuer of tokens cannot be fetched") || !strings.Contains(log, "502 Bad Gateway") {
		t.Errorf("got the log %s", log)
	}
	if got := s.quote(key, `{"lines":[]}`); got != 200 {
		t.Errorf("a key: got %d", got)
	}
	want(t, s.do("GET", "/readyz", ""), 200)
	want(t, s.do("GET", ordersPath, "", "X-Auth-Password", password), 200)
}

func TestTokensAreForVersion1Alone(t *testing.T) {
	s := openTokens(t)
	text := s.issuer.Token(s.issuer.Claims("c", "admin"), nil)
	want(t, s.do("GET", ordersPath, "", "X-Auth-Password", text), 401)
	want(t, s.do("GET", ordersPath, "", "Authorization", "Bearer "+text), 401)
	want(t, s.do("GET", "/v1/plugins", "", "X-Auth-Password", text), 401)
	want(t, s.do("GET", "/v1/plugins", "", "Authorization", "Bearer "+text), 200)
	without := openGuarded(t)
	want(t, without.do("GET", "/v1/plugins", "", "Authorization", "Bearer "+text), 401)
}

// A token stands for its subject, whatever other token of the subject comes next.
func TestASubjectIsHeldToItsRate(t *testing.T) {
	s := openTokens(t, func(_ *shop, o *api.Options) { o.KeyRate = 1 })
	for _, c := range []struct {
		subject string
		want    int
	}{{"one", 200}, {"one", 200}, {"one", 429}, {"two", 200}} {
		if got := s.quote(s.issuer.Token(s.issuer.Claims(c.subject, "quotes:read"), map[string]any{"jti": time.Now().String()}), `{"lines":[]}`); got != c.want {
			t.Errorf("%s: got %d, want %d", c.subject, got, c.want)
		}
	}
}

func TestGuessingTokensIsSlowedDown(t *testing.T) {
	s := openTokens(t)
	claims := s.issuer.Claims("c", "quotes:read")
	expired := s.issuer.Token(claims, map[string]any{"exp": noon().Add(-time.Hour).Unix()})
	for range 200 {
		if got := s.quote(expired, `{"lines":[]}`); got != 401 {
			t.Fatalf("expired: got %d", got)
		}
	}
	bad := s.issuer.Token(claims, map[string]any{"aud": "other"})
	for i := range 101 {
		if got := s.quote(bad, `{"lines":[]}`); got != 401 && (i < 100 || got != 429) {
			t.Fatalf("after %d: got %d", i, got)
		}
	}
	if got := s.quote(s.issuer.Token(claims, nil), `{"lines":[]}`); got != 429 {
		t.Errorf("a good one: got %d, want 429", got)
	}
}

func TestTheSubjectIsInTheLogs(t *testing.T) {
	store := database(t, filepath.Join(t.TempDir(), "shop.db"))
	s := openTokens(t, on(store, &wrapper{}))
	text := s.issuer.Token(s.issuer.Claims("auth0|anna", "inventory:write"), map[string]any{"email": "anna@shop.example", "name": "Anna"})
	w := s.do("PUT", "/v1/items/NEW", `{"name":"New","price":"1.00","stock":1}`, "Content-Type", "application/json", "Authorization", "Bearer "+text)
	want(t, w, 201)
	entries, err := store.AuditLog(t.Context(), audit.Filter{Actor: "sub:auth0|anna", Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Action != "putItem" {
		t.Errorf("got %+v and error %v", entries, err)
	}
	if log := s.log.String(); !strings.Contains(log, `"caller":"sub:auth0|anna"`) || strings.Contains(log, "shop.example") {
		t.Errorf("got the log %s", log)
	}
	s.log.Reset()
	key, id := s.keys.add(t, apikey.Scopes{apikey.QuotesRead}, nil)
	s.quote(key, `{"lines":[]}`)
	if log := s.log.String(); !strings.Contains(log, `"caller":"`+id+`"`) {
		t.Errorf("got the log %s", log)
	}
}
