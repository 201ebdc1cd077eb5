package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// A key that the program makes opens what its scopes say, on a server that runs, and is
// over soon after it is revoked. Its use is told of.
func TestAKeyOpensWhatItsScopesSay(t *testing.T) {
	s := startKept(t)
	stdout, stderr, code := s.on("keys", "create", "storefront", "--scope", "quotes:read", "-o", "json")
	var made struct {
		Secret string
		Key    struct{ ID string }
	}
	if err := json.Unmarshal([]byte(stdout), &made); err != nil || code != 0 || made.Secret == "" {
		t.Fatalf("keys create: exit code %d, %v, %s%s", code, err, stdout, stderr)
	}
	with := []string{"Content-Type", "application/json", "Authorization", "Bearer " + made.Secret}
	cart := map[string]any{"lines": []any{map[string]any{"sku": tv, "quantity": 3}}, "explain": "summary"}
	quote := get[v1.Quote](s.server, http.MethodPost, "/v1/quotes", cart, with...)
	if quote.Total.String() != "99.98" || len(quote.Others) == 0 {
		t.Errorf("got %+v", quote)
	}
	if status, answer := s.call(http.MethodGet, "/v1/plugins", nil, with...); status != http.StatusForbidden || !strings.Contains(answer, "the key lacks the scope rules:read") {
		t.Errorf("plugins: got %d %s", status, answer)
	}
	if _, stderr, code := s.on("keys", "revoke", made.Key.ID); code != 0 {
		t.Fatalf("keys revoke: exit code %d, %s", code, stderr)
	}
	eventually(t, "the key is over", patience, func() bool {
		status, _ := s.call(http.MethodPost, "/v1/quotes", cart, with...)
		return status == http.StatusUnauthorized
	})
}
