package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/checkout-promotions/checkout/engine/apikey"
)

const (
	// MaxSubject is how many bytes the subject of a token may have.
	MaxSubject = 190

	// skew is how much the issuer's clock may differ from ours.
	skew = time.Minute
)

// Options says which tokens are taken. Issuer and Audience are required.
type Options struct {
	// Issuer is the URL of the issuer, as its tokens have it.
	Issuer string
	// Audience is what tokens for this API have as audience. It must not be that of
	// another program, whose tokens would do here too.
	Audience string
	// ScopeClaim is the claim that has the scopes; empty is scope.
	ScopeClaim string
	// ScopePrefix is what words of the claim begin with that are scopes of ours.
	ScopePrefix string
	// Client asks the issuer; nil is one that waits for five seconds and follows nobody.
	Client *http.Client
	// Log is told when the issuer is away, and when it is back; nil discards that.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Holder is whom a token stands for.
type Holder struct {
	// Subject is who it is, as the issuer has it: 1 to MaxSubject printable bytes.
	Subject string
	// Scopes is what the holder may do, in the order of apikey.AllScopes; it may be nothing.
	Scopes apikey.Scopes
}

// InvalidError says that a token is not valid. Its text is fit for the caller.
type InvalidError struct {
	// Expired says that it was valid, and is over.
	Expired bool

	want  string
	cause error // nil when it expired
}

// Error implements error.
func (e *InvalidError) Error() string {
	if e.Expired {
		return "the token has expired"
	}
	return "the token is not valid: want " + e.want
}

// LogValue implements slog.LogValuer: what exactly is wrong is for the log.
func (e *InvalidError) LogValue() slog.Value {
	if e.cause == nil {
		return slog.StringValue(e.Error())
	}
	return slog.StringValue(fmt.Sprintf("%.300s", e.cause.Error()))
}

// UnavailableError says that the issuer's keys cannot be had, so that nobody knows
// whether a token is valid.
type UnavailableError struct{ cause error }

// Error implements error.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("keys of the issuer of tokens: %.300v", e.cause)
}

// Unwrap returns what went wrong.
func (e *UnavailableError) Unwrap() error { return e.cause }

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	options Options
	issuer  *issuer
	config  *oidc.Config
	want    string
}

// New returns a verifier, which asks nobody before it has a token to check.
func New(o Options) *Verifier {
	if o.ScopeClaim == "" {
		o.ScopeClaim = "scope"
	}
	if o.Client == nil {
		o.Client = newClient()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var algorithms []string
	for _, a := range signatures() {
		algorithms = append(algorithms, string(a))
	}
	return &Verifier{
		options: o,
		issuer:  newIssuer(&o),
		config: &oidc.Config{
			ClientID: o.Audience, SupportedSigningAlgs: algorithms,
			Now: func() time.Time { return o.Now().Add(-skew) },
		},
		want: fmt.Sprintf("one of %s for %s, in force and signed by a key of theirs", o.Issuer, o.Audience),
	}
}

// signatures are the algorithms of signatures that are taken: none by a shared secret.
func signatures() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

// Looks tells a text that could be a token from a key and a password: three parts, the
// first of which begins as every JSON object does in base64. It looks at nothing secret.
func Looks(text string) bool { return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2 }

// Fetch gets the keys of the issuer if there are none yet, so that the first token need
// not wait, and the log tells at once where that does not work. It ends with ctx.
func (v *Verifier) Fetch(ctx context.Context) { v.issuer.begin(ctx) }

// Check returns whom a token stands for; an *InvalidError where it is none that is valid
// here, an *UnavailableError where nobody knows, and the error of a context that ends.
func (v *Verifier) Check(ctx context.Context, text string) (Holder, error) {
	parsed, err := jose.ParseSignedCompact(text, signatures())
	if err != nil {
		return Holder{}, v.invalid(err)
	}
	keys, err := v.issuer.keysFor(ctx, parsed.Signatures[0].Header.KeyID)
	if err != nil {
		return Holder{}, err
	}
	checked, err := oidc.NewVerifier(v.options.Issuer, signed{parsed, keys}, v.config).Verify(ctx, text)
	if errors.As(err, new(*oidc.TokenExpiredError)) {
		return Holder{}, &InvalidError{Expired: true}
	}
	if err != nil {
		return Holder{}, v.invalid(err)
	}
	return v.holder(checked)
}

// holder reads what a token with a good signature says.
func (v *Verifier) holder(checked *oidc.IDToken) (Holder, error) {
	var claims map[string]any
	if err := checked.Claims(&claims); err != nil {
		return Holder{}, v.invalid(err)
	}
	if begin, ok := claims["nbf"].(float64); ok && float64(v.options.Now().Add(skew).Unix()) < begin {
		return Holder{}, v.invalid(errors.New("nbf is to come"))
	}
	s := checked.Subject
	if s == "" || len(s) > MaxSubject || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return Holder{}, v.invalid(fmt.Errorf("sub is empty, not printable or longer than %d bytes", MaxSubject))
	}
	return Holder{Subject: s, Scopes: scopesIn(claims, v.options.ScopeClaim, v.options.ScopePrefix)}, nil
}

func (v *Verifier) invalid(cause error) error { return &InvalidError{want: v.want, cause: cause} }
