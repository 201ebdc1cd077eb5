package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/api"
)

const shopOrigin = "https://shop.example"

func openTo(t *testing.T, origins ...string) *shop {
	return open(t, func(_ *shop, o *api.Options) { o.Origins = origins })
}

func TestWithoutOriginsNoPageOfAnotherIsLetIn(t *testing.T) {
	s := openTo(t)
	for _, w := range []http.Header{
		s.do("POST", quotesPath, `{"lines":[]}`, append(asJSON(), "Origin", shopOrigin)...).Header(),
		s.do("OPTIONS", quotesPath, "", "Origin", shopOrigin, "Access-Control-Request-Method", "POST").Header(),
	} {
		for name := range w {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("got a header %s", name)
			}
		}
	}
}

func TestPagesOfOriginsThatAreNamedAreLetIn(t *testing.T) {
	s := openTo(t, shopOrigin, "http://localhost:3000")
	for _, x := range []struct {
		name, method, path, origin string
		status                     int
		let                        bool
	}{
		{"a quote", "POST", quotesPath, shopOrigin, 200, true},
		{"a quote of the other origin", "POST", quotesPath, "http://localhost:3000", 200, true},
		{"a problem", "GET", "/v1/nothing", shopOrigin, 404, true},
		{"version 0", "GET", itemPath + tv, shopOrigin, 200, true},
		{"another origin", "POST", quotesPath, "https://shop.example.evil.example", 200, false},
		{"another scheme", "POST", quotesPath, "http://shop.example", 200, false},
		{"another port", "POST", quotesPath, shopOrigin + ":8443", 200, false},
		{"no origin of anybody", "POST", quotesPath, "null", 200, false},
		{"the metrics", "GET", "/metrics", shopOrigin, 200, false},
	} {
		w := s.do(x.method, x.path, `{"lines":[]}`, append(asJSON(), "Origin", x.origin)...)
		h := w.Header()
		if got := h.Get("Access-Control-Allow-Origin"); w.Code != x.status || (got == x.origin) != x.let || !x.let && got != "" {
			t.Errorf("%s: got %d, allowed %q; want %d, allowed: %t", x.name, w.Code, got, x.status, x.let)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are allowed", x.name)
		}
		if strings.HasPrefix(x.path, "/v") && !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: got Vary %q, want Origin among it", x.name, h.Values("Vary"))
		}
	}
}

// The methods and headers of every operation pass a preflight, and the headers of every
// answer can be read.
func TestEveryOperationPassesAPreflight(t *testing.T) {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	type named struct {
		Ref  string `json:"$ref"`
		Name string `json:"name"`
		In   string `json:"in"`
	}
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []named `json:"parameters"`
			Responses  map[string]struct {
				Headers map[string]json.RawMessage `json:"headers"`
			} `json:"responses"`
		} `json:"paths"`
		Components struct {
			Parameters map[string]named `json:"parameters"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	s := openTo(t, shopOrigin)
	exposed := strings.Split(s.do("GET", "/v1/nothing", "", "Origin", shopOrigin).Header().Get("Access-Control-Expose-Headers"), ", ")
	for i, name := range exposed {
		exposed[i] = http.CanonicalHeaderKey(name)
	}
	for path, methods := range document.Paths {
		for method, o := range methods {
			headers := []string{"authorization", "content-type"}
			for _, p := range o.Parameters {
				if p.Ref != "" {
					p = document.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
				}
				if p.In == "header" {
					headers = append(headers, strings.ToLower(p.Name))
				}
			}
			slices.Sort(headers)
			url := strings.NewReplacer("{", "", "}", "").Replace(path)
			w := s.do("OPTIONS", url, "", "Origin", shopOrigin, "Access-Control-Request-Method", strings.ToUpper(method),
				"Access-Control-Request-Headers", strings.Join(headers, ","))
			if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != shopOrigin ||
				w.Header().Get("Access-Control-Allow-Methods") != strings.ToUpper(method) || w.Header().Get("Access-Control-Allow-Headers") == "" {
				t.Errorf("%s %s with %v: got %d %v, want it let through", method, path, headers, w.Code, w.Header())
			}
			for _, r := range o.Responses {
				for name := range r.Headers {
					if !slices.Contains(exposed, http.CanonicalHeaderKey(name)) {
						t.Errorf("%s %s: the header %s cannot be read", method, path, name)
					}
				}
			}
		}
	}
	for _, header := range []string{"x-auth-password", "cookie"} {
		w := s.do("OPTIONS", quotesPath, "", "Origin", shopOrigin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", header)
		if got := w.Header().Get("Access-Control-Allow-Headers"); got != "" {
			t.Errorf("a page may send %s", got)
		}
	}
}
