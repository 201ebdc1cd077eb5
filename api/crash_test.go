package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

const (
	// crashFile names the variable that turns the test binary into the server of
	// TestCrashesSellNothingTwice; its value is the database.
	crashFile  = "CHECKOUT_TEST_CRASH_FILE"
	crashLease = 300 * time.Millisecond
)

// serveForEver is the child: a server on the file, which prints its address.
func serveForEver(ctx context.Context, file string) error {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, file)
	if err != nil {
		return err
	}
	store, err := persistence.New(db, persistence.Options{Currency: usd})
	if err != nil {
		return err
	}
	rules, err := engine.NewRuleset(engine.RulesetConfig{Digest: "none", Currency: usd})
	if err != nil {
		return err
	}
	server, err := api.New(api.Options{
		Inventory: store, Orders: store, Keys: store, Rules: engine.New(rules), Currency: usd,
		Timeout: crashLease, KeyWait: crashLease / 2,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return api.Serve(ctx, listener, server, api.ServeOptions{})
}

// TestCrashesSellNothingTwice kills servers in the middle of purchases, and
// sends each purchase with its key until it is answered. In the end there must
// be one order for each key, and the one that the customer was told.
func TestCrashesSellNothingTwice(t *testing.T) {
	const atOnce, least, most = 8, 6, 60
	file := filepath.Join(t.TempDir(), "shop.db")
	store := database(t, file)
	if _, err := store.UpsertBasics(t.Context(), []engine.Item{{SKU: tv, Name: "Google TV", Price: 4999, Stock: 1_000_000}}); err != nil {
		t.Fatal(err)
	}
	c := &customers{t: t, answers: make(map[string]string)}
	stranded := 0 // orders whose server died before their answer was kept
	for round := 0; round < least || stranded < 3; round++ {
		if round == most {
			t.Fatalf("got %d orders without an answer in %d crashes, want 3", stranded, most)
		}
		for i := range atOnce {
			c.wishes(fmt.Sprintf("K-%d-%d", round, i))
		}
		c.sendUntilKilled(startChild(t, file), rand.N(atOnce))
		stranded += strandedKeys(t, file)
	}
	last := startChild(t, file)
	for c.open() > 0 {
		c.sendAll(last, func() {})
	}
	for key, reference := range c.answers {
		if again := c.send(last, key); again != reference {
			t.Errorf("key %s: got order %q, want %q again", key, again, reference)
		}
	}
	last.kill()
	orders, err := store.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for _, reference := range c.answers {
		told[reference] = true
	}
	for _, order := range orders {
		if !told[order.Reference] {
			t.Errorf("got order %s, of which nobody was told", order.Reference)
		}
	}
	if len(orders) != len(c.answers) || len(told) != len(c.answers) {
		t.Errorf("got %d orders and told of %d, want %d, one for each key", len(orders), len(told), len(c.answers))
	}
	t.Logf("%d keys, %d orders were stranded", len(c.answers), stranded)
}

// strandedKeys counts the keys whose effect is stored and whose answer is not.
func strandedKeys(t *testing.T, file string) int {
	t.Helper()
	db, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.Writer.NewRaw("SELECT count(*) FROM idempotency_keys WHERE state = 'committed'").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// customers send purchases until they are answered.
type customers struct {
	t       *testing.T
	mu      sync.Mutex
	answers map[string]string // key: order, "" when there is no answer yet
}

func (c *customers) wishes(key string) { c.answers[key] = "" }

// open counts the purchases that have no answer.
func (c *customers) open() int { return len(c.unanswered()) }

func (c *customers) unanswered() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []string
	for key, reference := range c.answers {
		if reference == "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// sendUntilKilled sends what has no answer, all at once, and kills the server
// when n of them are answered, or when all have come back.
func (c *customers) sendUntilKilled(s *child, n int) {
	kill := sync.OnceFunc(s.kill)
	if n == 0 { // in the middle of the first one
		time.AfterFunc(rand.N(5*time.Millisecond), kill)
	}
	answered := 0
	c.sendAll(s, func() {
		if answered++; answered == n {
			kill()
		}
	})
	kill()
}

// sendAll sends what has no answer, once each, and calls each after an answer,
// one call at a time.
func (c *customers) sendAll(s *child, each func()) {
	var sending sync.WaitGroup
	for _, key := range c.unanswered() {
		sending.Go(func() {
			reference := c.send(s, key)
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.answers[key] = reference; reference != "" {
				each()
			}
		})
	}
	sending.Wait()
}

// send sends a purchase and returns the order, "" when the server has died or
// says that it should be sent again.
func (c *customers) send(s *child, key string) string {
	r, err := http.NewRequestWithContext(c.t.Context(), "POST", s.url+purchasePath, strings.NewReader(skus(tv)))
	if err != nil {
		c.t.Error(err)
		return ""
	}
	r.Header.Set(idempotency.Header, key)
	answer, err := s.client.Do(r)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return ""
	case answer.StatusCode == 409 && answer.Header.Get("Retry-After") != "", answer.StatusCode == 503:
		return ""
	case answer.StatusCode != 200:
		c.t.Errorf("key %s: got status %d, want 200: %s", key, answer.StatusCode, body)
		return "refused " + key
	}
	return decoded[bought](c.t, string(body)).OrderReference
}

// child is a server in a process of its own.
type child struct {
	t       *testing.T
	process *exec.Cmd
	url     string
	client  *http.Client
	ended   func() error
}

func startChild(t *testing.T, file string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, process: exec.Command(self), client: &http.Client{Transport: &http.Transport{}}}
	c.process.Env = append(os.Environ(), crashFile+"="+file)
	c.process.Stderr = os.Stderr
	output, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	c.ended = sync.OnceValue(c.process.Wait)
	t.Cleanup(c.kill)
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	c.url = "http://" + strings.TrimSpace(address)
	return c
}

// kill sends SIGKILL and waits for the end.
func (c *child) kill() {
	if err := c.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Error(err)
	}
	_ = c.ended() // killed
	c.client.CloseIdleConnections()
}
