package idempotency_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine/idempotency"
)

func TestNamesAreBareOrQuoted(t *testing.T) {
	long := strings.Repeat("k", idempotency.MaxName)
	for _, c := range []struct {
		name   string
		values []string
		want   string
		err    error
	}{
		{"bare", []string{"8e03978e-40d5"}, "8e03978e-40d5", nil},
		{"a string is the same key", []string{`"8e03978e-40d5"`}, "8e03978e-40d5", nil},
		{"escapes of a string", []string{`"a\"b\\c"`}, `a"b\c`, nil},
		{"a quote inside of a bare one", []string{`a"b`}, `a"b`, nil},
		{"the longest", []string{long}, long, nil},
		{"the longest as a string", []string{`"` + long + `"`}, long, nil},
		{"too long", []string{long + "k"}, "", idempotency.ErrInvalid},
		{"empty", []string{""}, "", idempotency.ErrInvalid},
		{"an empty string", []string{`""`}, "", idempotency.ErrInvalid},
		{"a quote alone", []string{`"`}, "", idempotency.ErrInvalid},
		{"a string without its end", []string{`"abc`}, "", idempotency.ErrInvalid},
		{"a string that ends in an escape", []string{`"abc\"`}, "", idempotency.ErrInvalid},
		{"an escape of another character", []string{`"a\bc"`}, "", idempotency.ErrInvalid},
		{"an escape at the end of the text", []string{`"abc\`}, "", idempotency.ErrInvalid},
		{"parameters", []string{`"abc";n=1`}, "", idempotency.ErrInvalid},
		{"a space", []string{"a b"}, "", idempotency.ErrInvalid},
		{"a space in a string", []string{`"a b"`}, "", idempotency.ErrInvalid},
		{"a control character", []string{"a\x7f"}, "", idempotency.ErrInvalid},
		{"a character that is not ASCII", []string{"é"}, "", idempotency.ErrInvalid},
		{"two headers", []string{"a", "a"}, "", idempotency.ErrTwice},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := idempotency.ParseName(c.values)
			if got != c.want || err != c.err {
				t.Errorf("got %q and %v, want %q and %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestScopesTellOperationsAndCallersApart(t *testing.T) {
	at := func(path string) *url.URL { return &url.URL{Path: path} }
	long := "/" + strings.Repeat("a", 600)
	scopes := map[string]string{
		"a stranger":       idempotency.Scope("POST", at("/v0/a"), ""),
		"a caller":         idempotency.Scope("POST", at("/v0/a"), "admin"),
		"a path with both": idempotency.Scope("POST", at("/v0/a admin"), ""),
		"a method":         idempotency.Scope("PUT", at("/v0/a"), ""),
		"a path":           idempotency.Scope("POST", at("/v0/b"), ""),
		"a long path":      idempotency.Scope("POST", at(long+"1"), ""),
		"a long path too":  idempotency.Scope("POST", at(long+"2"), ""),
	}
	owners := make(map[string]string)
	for name, scope := range scopes {
		if other, taken := owners[scope]; taken {
			t.Errorf("%s and %s have the same scope %q", name, other, scope)
		}
		if owners[scope] = name; len(scope) > 600 {
			t.Errorf("scope of %s: got %d bytes, want at most 600", name, len(scope))
		}
	}
	if got := scopes["a caller"]; got != "POST /v0/a admin" {
		t.Errorf("got scope %q, want one to read", got)
	}
}

func TestFingerprintsTellRequestsApart(t *testing.T) {
	print := func(method, target, body string) string {
		parsed, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		return idempotency.Fingerprint(method, parsed, []byte(body))
	}
	first := print("POST", "/a?b", `{"c":1}`)
	if again := print("POST", "/a?b", `{"c":1}`); again != first {
		t.Errorf("got %s and %s for one request", first, again)
	}
	for name, other := range map[string]string{
		"method":                print("PUT", "/a?b", `{"c":1}`),
		"path":                  print("POST", "/b?b", `{"c":1}`),
		"query":                 print("POST", "/a?c", `{"c":1}`),
		"body":                  print("POST", "/a?b", `{"c":2}`),
		"white space":           print("POST", "/a?b", `{"c": 1}`),
		"a query moved to body": print("POST", "/a", `b{"c":1}`),
	} {
		if other == first {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestWhatIsKept(t *testing.T) {
	want := map[int]bool{
		200: true, 201: true, 204: true, 404: true, 409: true, 422: true,
		0: false, 400: false, 401: false, 403: false, 408: false, 413: false, 429: false, 499: false, 500: false, 503: false,
	}
	for status, kept := range want {
		if got := idempotency.Kept(status); got != kept {
			t.Errorf("status %d: got %v, want %v", status, got, kept)
		}
	}
}
