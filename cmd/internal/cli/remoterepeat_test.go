package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/cmd/internal/cli"
)

const cancelledOrder = `{"reference":"019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90","state":"cancelled","placed_at":"2026-11-20T10:00:00Z","ruleset":"r","currency":"USD",
"subtotal":"1.00","discount":"0.00","total":"1.00","shipping_discount":"0.00","shipping_total":"0.00","payable":"1.00","refunded":"1.00","lines":[],"promotions":[]}`

// flaky answers attempts as their steps do, the last one again and again, and keeps the
// Idempotency-Keys that came.
func flaky(t *testing.T, steps ...http.HandlerFunc) (url string, seen func() []string) {
	var mu sync.Mutex
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && len(body) == 0 && r.Method == http.MethodPost {
			t.Error("the body is gone")
		}
		mu.Lock()
		step := steps[min(len(keys), len(steps)-1)]
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		mu.Unlock()
		step(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return keys
	}
}

func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func running(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "0")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusConflict)
	fmt.Fprint(w, `{"type":"/docs/problems/request_running","title":"","status":409,"detail":"it is running","code":"request_running","request_id":"r"}`)
}

func cancelled(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, cancelledOrder)
}

func TestAnAnswerThatWasLostIsAskedForAgainWithTheSameKey(t *testing.T) {
	line := "order 019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90 is cancelled: 1.00 USD refunded, 1.00 of 1.00 in all\n"
	for _, tt := range []struct {
		name         string
		steps        []http.HandlerFunc
		code, asked  int
		stdout, errs string
	}{
		{"at once", []http.HandlerFunc{cancelled}, 0, 1, line, ""},
		{"lost once", []http.HandlerFunc{lost, cancelled}, 0, 2, line, ""},
		{"lost, then still at work", []http.HandlerFunc{lost, running, cancelled}, 0, 3, line, ""},
		{"lost for good", []http.HandlerFunc{lost}, 4, 3, "", "it may have done it: run the command again with --idempotency-key once, and it is done once"},
		{"at work for too long", []http.HandlerFunc{running}, 1, 3, "", "the server refuses: it is running (request_running)\n  see URL/docs/problems/request_running"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, seen := flaky(t, tt.steps...)
			var out, errs strings.Builder
			code := cli.Run(t.Context(), []string{"orders", "cancel", "019ab4f2-8c1e-7d3a-9b60-5e2f1c7a4d90", "--server", url, "--idempotency-key", "once"},
				cli.Streams{Out: &out, Err: &errs, Env: []string{"CHECKOUT_KEY=k"}})
			if keys := seen(); code != tt.code || out.String() != tt.stdout || len(keys) != tt.asked || strings.Join(keys, "") != strings.Repeat("once", tt.asked) {
				t.Errorf("got exit code %d, %s, the keys %q; want %d, %s, %d attempts\n%s", code, &out, keys, tt.code, tt.stdout, tt.asked, &errs)
			}
			if want := strings.ReplaceAll(tt.errs, "URL", url); !strings.Contains(errs.String(), want) {
				t.Errorf("got the error %s, want %s", &errs, want)
			}
		})
	}
}

func TestACommandThatAsksAServerStopsBySignal(t *testing.T) {
	arrived := make(chan struct{})
	url, _ := flaky(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-arrived; stop() }()
	var out, errs strings.Builder
	began := time.Now()
	code := cli.Run(ctx, []string{"orders", "list", "--server", url}, cli.Streams{Out: &out, Err: &errs, Env: []string{"CHECKOUT_KEY=k"}})
	if code != 130 || errs.String() != "checkout: interrupted\n" || time.Since(began) > 20*time.Second {
		t.Errorf("got exit code %d after %v, %s", code, time.Since(began), &errs)
	}
}

func TestWhatIsNoAnswerOfTheAPIIsSaidToBeNone(t *testing.T) {
	url, _ := flaky(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error":"not found"}`)
	})
	var out, errs strings.Builder
	code := cli.Run(t.Context(), []string{"orders", "list", "--server", url + "/nowhere"}, cli.Streams{Out: &out, Err: &errs, Env: []string{"CHECKOUT_KEY=k"}})
	if want := "checkout: ask the server: it answered 404 Not Found, which is no answer of this API; is --server right?\n"; code != 4 || errs.String() != want {
		t.Errorf("got exit code %d and %q, want 4 and %q", code, &errs, want)
	}
}
