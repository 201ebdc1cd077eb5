package api_test

import "testing"

// TestEveryAnswerTellsBrowsersToKeepNothing looks at answers, refusals and pages.
func TestEveryAnswerTellsBrowsersToKeepNothing(t *testing.T) {
	s := open(t)
	for _, x := range []struct{ method, path, policy string }{
		{"GET", "/status", ""},
		{"GET", "/v0/orders", ""},
		{"GET", "/v0/inventory/item/price/nothing", ""},
		{"POST", "/v1/quotes", ""},
		{"GET", "/v1/nothing", ""},
		{"BREW", "/v1/quotes", ""},
		{"GET", "/docs/problems/forbidden", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	} {
		header := s.do(x.method, x.path, "").Header()
		policy := x.policy
		if policy == "" {
			policy = "default-src 'none'; frame-ancestors 'none'"
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		} {
			if got := header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s %s: got %s %q, want %q", x.method, x.path, name, got, want)
			}
		}
	}
}
