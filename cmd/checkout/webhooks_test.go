package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// told is an event as an endpoint gets it.
type told struct {
	ID   string
	Type string
	Data struct{ Order, SKU, Total string }
}

// endpoint is a receiver of events, which answers 410 to the first one of a type.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	got    []told
	refuse string
}

func newEndpoint(t *testing.T, refuse string) *endpoint {
	t.Helper()
	e := &endpoint{refuse: refuse}
	key, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event told
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = key.Verify(body, r.Header)
		}
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil || event.ID != r.Header.Get("webhook-id") {
			t.Errorf("got error %v, id %q of %s, want a signed event", err, r.Header.Get("webhook-id"), body)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.got = append(e.got, event)
		if event.Type == e.refuse {
			e.refuse = ""
			w.WriteHeader(http.StatusGone)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// of returns the events of a type.
func (e *endpoint) of(kind string) []told {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.got), func(t told) bool { return t.Type != kind })
}

// await waits for n events of a type.
func (e *endpoint) await(t *testing.T, kind string, n int) []told {
	t.Helper()
	eventually(t, fmt.Sprintf("%d events %s", n, kind), patience, func() bool { return len(e.of(kind)) >= n })
	return e.of(kind)
}

// tool runs a command that must succeed and returns what it prints.
func tool(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("checkout", args...)
	cmd.Env = environment()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("checkout %v: %v: %s", args, err, out)
	}
	return string(out)
}

func TestASaleReachesItsEndpoint(t *testing.T) {
	books := newEndpoint(t, "order.placed")
	folder := t.TempDir()
	file := filepath.Join(folder, "checkout.yaml")
	settings := fmt.Sprintf("sqlite: %s\nlow_stock: 9\nwebhooks:\n  - name: books\n    url: %s\n    secret: %s\n"+
		"  - name: stock\n    url: %s\n    secret: %s\n    events: [stock.low]\n",
		filepath.Join(folder, "db"), books.URL, webhookSecret, books.URL+"/stock", webhookSecret)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--config", file)
	books.await(t, "ruleset.changed", 1)
	order := s.buy(tv)
	first := books.await(t, "order.placed", 1)[0]
	if first.Data.Order != order.Reference || first.Data.Total != "49.99" {
		t.Errorf("got %+v, want that order %s cost 49.99", first, order.Reference)
	}
	if low := books.await(t, "stock.low", 2); low[0].Data.SKU != tv || low[0].ID != low[1].ID {
		t.Errorf("got %+v, want the same event at both endpoints", low)
	}

	eventually(t, "death of the event that was refused", patience, func() bool {
		return len(listed(t, "--config", file, "--state", "dead")) == 1
	})
	if out := tool(t, "webhooks", "resend", "--dead", "--config", file); out != "deliveries to be sent again: 1\n" {
		t.Errorf("got %q, want that one is sent again", out)
	}
	if again := books.await(t, "order.placed", 2)[1]; again != first {
		t.Errorf("got %+v, want %+v again", again, first)
	}
	s.stop()
	want := []string{"order.placed books delivered", "ruleset.changed books delivered", "stock.low books delivered", "stock.low stock delivered"}
	got := listed(t, "--config", file)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	var shown struct{ Event told }
	if err := json.Unmarshal([]byte(tool(t, "webhooks", "show", first.ID, "-o", "json", "--config", file)), &shown); err != nil || shown.Event != first {
		t.Errorf("got %+v, %v, want %+v", shown.Event, err, first)
	}
	if out := tool(t, "webhooks", "test", "stock", "--config", file); out != "endpoint stock answered 200\n" {
		t.Errorf("got %q, want that the endpoint answered", out)
	}
	if got := len(books.of("ping")); got != 1 {
		t.Errorf("got %d pings, want 1", got)
	}

	// The same rules in another process are no change.
	again := start(t, "--config", file)
	again.buy(tv)
	books.await(t, "order.placed", 3)
	again.stop()
	if got := len(books.of("ruleset.changed")); got != 1 {
		t.Errorf("got %d events about the ruleset, want 1", got)
	}
}

// listed returns event, endpoint and state of the deliveries.
func listed(t *testing.T, args ...string) []string {
	t.Helper()
	var report struct {
		Deliveries []struct{ Type, Endpoint, State string }
	}
	out := tool(t, append([]string{"webhooks", "list", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	var all []string
	for _, d := range report.Deliveries {
		all = append(all, d.Type+" "+d.Endpoint+" "+d.State)
	}
	return all
}
