package token_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/checkout-promotions/checkout/api/token"
	"github.com/checkout-promotions/checkout/api/token/tokentest"
)

// door is a verifier of the tokens of an issuer, with a clock and a log.
type door struct {
	*token.Verifier
	issuer *tokentest.Issuer
	log    bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newDoor(t testing.TB, change ...func(*token.Options)) *door {
	d := &door{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	}
	d.issuer = tokentest.New(t, clock)
	o := token.Options{Issuer: d.issuer.URL, Audience: tokentest.Audience, Now: clock, Log: slog.New(slog.NewTextHandler(&d.log, nil))}
	for _, c := range change {
		c(&o)
	}
	d.Verifier = token.New(o)
	return d
}

func (d *door) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// check says what becomes of a token: valid, expired, invalid or unavailable.
func (d *door) check(t testing.TB, text string) string {
	t.Helper()
	_, err := d.Check(t.Context(), text)
	if err == nil {
		return "valid"
	}
	if invalid, ok := errors.AsType[*token.InvalidError](err); ok {
		if invalid.Expired {
			return "expired"
		}
		return "invalid"
	}
	if _, ok := errors.AsType[*token.UnavailableError](err); ok {
		return "unavailable"
	}
	return err.Error()
}

func TestTokensAreChecked(t *testing.T) {
	d := newDoor(t)
	good := d.issuer.Claims("c-1", "quotes:read")
	at := func(by time.Duration) int64 { return d.now.Add(by).Unix() }
	for _, c := range []struct {
		name    string
		changed map[string]any
		want    string
	}{
		{"a good one", nil, "valid"},
		{"several audiences", map[string]any{"aud": []string{"other", tokentest.Audience}}, "valid"},
		{"no beginning", map[string]any{"nbf": nil}, "valid"},
		{"over for less than clocks differ", map[string]any{"exp": at(-59 * time.Second)}, "valid"},
		{"over", map[string]any{"exp": at(-61 * time.Second)}, "expired"},
		{"without an end", map[string]any{"exp": nil}, "expired"},
		{"begins sooner than clocks differ", map[string]any{"nbf": at(time.Minute)}, "valid"},
		{"begins later", map[string]any{"nbf": at(62 * time.Second)}, "invalid"},
		{"begins much later", map[string]any{"nbf": at(time.Hour)}, "invalid"},
		{"for others", map[string]any{"aud": "other"}, "invalid"},
		{"for nobody", map[string]any{"aud": nil}, "invalid"},
		{"of another issuer", map[string]any{"iss": d.issuer.URL + "/"}, "invalid"},
		{"of nobody", map[string]any{"iss": nil}, "invalid"},
		{"without a subject", map[string]any{"sub": nil}, "invalid"},
		{"an empty subject", map[string]any{"sub": ""}, "invalid"},
		{"the longest subject", map[string]any{"sub": strings.Repeat("s", token.MaxSubject)}, "valid"},
		{"a longer subject", map[string]any{"sub": strings.Repeat("s", token.MaxSubject+1)}, "invalid"},
		{"a subject that breaks lines", map[string]any{"sub": "a\nb"}, "invalid"},
		{"a subject that ends texts", map[string]any{"sub": "a\x00"}, "invalid"},
		{"a subject that is a number", map[string]any{"sub": 7}, "invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := d.check(t, d.issuer.Token(good, c.changed)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOnlyTheIssuerSignsTokens(t *testing.T) {
	d := newDoor(t)
	public := d.issuer.RotateRSA("rsa")
	good := d.issuer.Claims("c-1", "admin")
	text := d.issuer.Token(good, nil)
	if got := d.check(t, text); got != "valid" {
		t.Fatalf("a good one: got %s", got)
	}
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})
	parts := strings.Split(text, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"rsa"}`))
	stranger := newDoor(t)
	stranger.issuer.RotateRSA("rsa")
	other := strings.Split(d.issuer.Token(good, map[string]any{"sub": "c-2"}), ".")
	for name, text := range map[string]string{
		"no signature":                     none + "." + parts[1] + ".",
		"no signature, with one":           none + "." + parts[1] + "." + parts[2],
		"the public key as a secret":       tokentest.Sign(t, jose.HS256, jose.JSONWebKey{Key: secret, KeyID: "rsa"}, good, nil),
		"another key of the same id":       stranger.issuer.Token(good, nil),
		"another key of no id":             tokentest.Sign(t, jose.HS512, bytes.Repeat([]byte("k"), 64), good, nil),
		"the signature of another token":   parts[0] + "." + parts[1] + "." + other[2],
		"the signature changed":            text[:len(text)-8] + "AAAAAAAA",
		"an empty signature":               parts[0] + "." + parts[1] + ".",
		"no token":                         "eyJ.eyJ.e",
		"a header that is no JSON":         "eyJhb.e30.e30",
		"five parts, as an encrypted one":  text + ".e30.e30",
		"the JSON form of a signed object": `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := d.check(t, text); got != "invalid" {
				t.Errorf("got %s, want invalid", got)
			}
		})
	}
}

func TestKeysAreUsedForWhatTheyAre(t *testing.T) {
	d := newDoor(t)
	d.issuer.Rotate("ours")
	hidden := newDoor(t)
	key := hidden.issuer.RotateRSA("for secrets")
	strict := newDoor(t)
	another := strict.issuer.RotateRSA("another algorithm")
	secret := bytes.Repeat([]byte("k"), 32)
	d.issuer.Also(
		jose.JSONWebKey{Key: key, KeyID: "for secrets", Use: "enc"},
		jose.JSONWebKey{Key: another, KeyID: "another algorithm", Algorithm: string(jose.RS512)},
		jose.JSONWebKey{Key: secret, KeyID: "shared"},
		map[string]any{"kty": "unknown", "kid": "new"}, "no key", nil,
	)
	if got := d.check(t, d.issuer.Token(d.issuer.Claims("c", ""), nil)); got != "valid" {
		t.Errorf("a key beside others: got %s, want valid", got)
	}
	if got := d.check(t, hidden.issuer.Token(d.issuer.Claims("c", ""), nil)); got != "invalid" {
		t.Errorf("a key for secrets: got %s, want invalid", got)
	}
	if got := d.check(t, strict.issuer.Token(d.issuer.Claims("c", ""), nil)); got != "invalid" {
		t.Errorf("a key for another algorithm: got %s, want invalid", got)
	}
	if got := d.check(t, tokentest.Sign(t, jose.HS256, jose.JSONWebKey{Key: secret, KeyID: "shared"}, d.issuer.Claims("c", ""), nil)); got != "invalid" {
		t.Errorf("a key that is shared: got %s, want invalid", got)
	}
}

func TestTheClaimHasTheScopes(t *testing.T) {
	for _, c := range []struct {
		name, claim, prefix string
		claims              map[string]any
		want                string
	}{
		{"words", "", "", map[string]any{"scope": "openid orders:write  quotes:read quotes:read"}, "quotes:read, orders:write"},
		{"a list", "scp", "", map[string]any{"scp": []any{"quotes:read", 7, nil, "openid"}}, "quotes:read"},
		{"words in another claim", "scp", "", map[string]any{"scp": "quotes:read"}, "quotes:read"},
		{"an object", "realm_access.roles", "", map[string]any{"realm_access": map[string]any{"roles": []any{"rules:read"}}}, "rules:read"},
		{"a name with dots", "https://shop.example/roles", "", map[string]any{"https://shop.example/roles": []any{"admin"}}, "admin"},
		{"a prefix", "", "checkout/", map[string]any{"scope": "admin checkout/quotes:read checkout/other"}, "quotes:read"},
		{"nothing", "", "", map[string]any{"scope": nil}, ""},
		{"another type", "", "", map[string]any{"scope": map[string]any{"admin": true}}, ""},
		{"a list in a list", "", "", map[string]any{"scope": []any{[]any{"admin"}}}, ""},
		{"capitals", "", "", map[string]any{"scope": "Admin QUOTES:READ"}, ""},
		{"dots that lead nowhere", "scope.x", "", map[string]any{"scope": "admin"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, func(o *token.Options) { o.ScopeClaim, o.ScopePrefix = c.claim, c.prefix })
			holder, err := d.Check(t.Context(), d.issuer.Token(d.issuer.Claims("c-1", ""), c.claims))
			if err != nil || holder.Subject != "c-1" || holder.Scopes.String() != c.want {
				t.Errorf("got %+v and error %v, want %s", holder, err, c.want)
			}
		})
	}
}

func TestKeysRotate(t *testing.T) {
	d := newDoor(t)
	claims := d.issuer.Claims("c", "")
	first := d.issuer.Token(claims, nil)
	for range 3 {
		if got := d.check(t, first); got != "valid" {
			t.Fatalf("got %s", got)
		}
	}
	d.issuer.Rotate("second")
	second := d.issuer.Token(claims, nil)
	if got := d.check(t, second); got != "invalid" || d.issuer.Asked() != 1 {
		t.Errorf("at once: got %s after %d questions, want the issuer to be left alone", got, d.issuer.Asked())
	}
	d.pass(10 * time.Second)
	if got := d.check(t, second); got != "valid" || d.issuer.Asked() != 2 {
		t.Errorf("later: got %s after %d questions", got, d.issuer.Asked())
	}
	if got := d.check(t, first); got != "invalid" {
		t.Errorf("the key that is gone: got %s", got)
	}
}

func TestAKeyThatIsWithdrawnIsRefusedSoon(t *testing.T) {
	d := newDoor(t)
	text := d.issuer.Token(d.issuer.Claims("c", ""), nil)
	if got := d.check(t, text); got != "valid" {
		t.Fatalf("got %s", got)
	}
	d.issuer.Rotate("second")
	d.pass(5*time.Minute - 1)
	if got := d.check(t, text); got != "valid" || d.issuer.Asked() != 1 {
		t.Errorf("before: got %s after %d questions", got, d.issuer.Asked())
	}
	d.pass(1)
	if got := d.check(t, text); got != "invalid" || d.issuer.Asked() != 2 {
		t.Errorf("after: got %s after %d questions", got, d.issuer.Asked())
	}
}

func TestAnIssuerThatIsAway(t *testing.T) {
	d := newDoor(t)
	text := d.issuer.Token(d.issuer.Claims("c", ""), map[string]any{"exp": d.now.Add(24 * time.Hour).Unix()})
	d.issuer.Away(true)
	want := func(after time.Duration, what string) {
		t.Helper()
		d.pass(after)
		if got := d.check(t, text); got != what {
			t.Errorf("got %s, want %s", got, what)
		}
	}
	want(0, "unavailable")
	d.issuer.Away(false)
	want(9*time.Second, "unavailable") // it is left alone
	want(time.Second, "valid")
	d.issuer.Away(true)
	want(5*time.Minute, "valid") // with the keys of before
	want(54*time.Minute, "valid")
	want(time.Minute, "unavailable")
	d.issuer.Away(false)
	want(10*time.Second, "valid")
	log := d.log.String()
	if strings.Count(log, "cannot be fetched") != 2 || strings.Count(log, "are fetched again") != 2 {
		t.Errorf("got the log\n%s\nwant each change once", log)
	}
	d.issuer.Away(true)
	d.pass(10 * time.Second)
	d.issuer.Rotate("second")
	if got := d.check(t, d.issuer.Token(d.issuer.Claims("c", ""), nil)); got != "unavailable" {
		t.Errorf("a key that may be new: got %s, want unavailable", got)
	}
	if got := d.check(t, text); got != "valid" {
		t.Errorf("a key that is known: got %s, want valid", got)
	}
}

func TestAnIssuerThatIsAnother(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"another name":      func(d map[string]any) { d["issuer"] = "https://other.example" },
		"no keys":           func(d map[string]any) { delete(d, "jwks_uri") },
		"keys that are not": func(d map[string]any) { d["jwks_uri"] = d["issuer"] },
	} {
		d := newDoor(t)
		d.issuer.Discovery(change)
		if got := d.check(t, d.issuer.Token(d.issuer.Claims("c", ""), nil)); got != "unavailable" {
			t.Errorf("%s: got %s, want unavailable", name, got)
		}
	}
}

func TestFewQuestionsWhateverStrangersSend(t *testing.T) {
	d := newDoor(t)
	stranger := newDoor(t)
	text := d.issuer.Token(d.issuer.Claims("c", ""), nil)
	var group sync.WaitGroup
	for i := range 100 {
		stranger.issuer.Rotate("k" + string(rune('a'+i)))
		bad := stranger.issuer.Token(d.issuer.Claims("c", "admin"), nil)
		group.Go(func() {
			if got := d.check(t, bad); got != "invalid" {
				t.Errorf("got %s", got)
			}
		})
		group.Go(func() {
			if got := d.check(t, text); got != "valid" {
				t.Errorf("got %s", got)
			}
		})
	}
	group.Wait()
	if asked := d.issuer.Asked(); asked != 1 {
		t.Errorf("the issuer was asked %d times, want once", asked)
	}
}

func TestWhatLooksLikeAToken(t *testing.T) {
	d := newDoor(t)
	for text, want := range map[string]bool{
		d.issuer.Token(d.issuer.Claims("c", ""), nil): true,
		"eyJ..": true, "eyJ.": false, "": false, "ck_a.b.c": false, "correct horse": false, "a.b.c": false, "eyJ...": false,
	} {
		if got := token.Looks(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, rotate := range map[string]func(*tokentest.Issuer){
		"ES256": func(i *tokentest.Issuer) { i.Rotate("k") },
		"RS256": func(i *tokentest.Issuer) { i.RotateRSA("k") },
	} {
		b.Run(name, func(b *testing.B) {
			d := newDoor(b)
			rotate(d.issuer)
			text := d.issuer.Token(d.issuer.Claims("c", "quotes:read"), nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Check(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
