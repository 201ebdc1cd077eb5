package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/checkout-promotions/checkout/persistence/postgres/pgtest"
)

// A MacBook and a speaker, at full price and with the promotion of limit.
const (
	fullCost    = json.Number("5509.49")
	reducedCost = json.Number("5499.49")
)

// limit adds a promotion, 10.00 off a speaker, that n orders may use.
func (r rules) limit(t testing.TB, n int) {
	t.Helper()
	text := fmt.Sprintf("promotions:\n  - id: opening\n    name: Opening\n    deal: {amount_off: {of: sku == %q, amount: 10.00}}\n    limits: {redemptions: %d}\n", speaker, n)
	if err := os.WriteFile(filepath.Join(string(r), "opening.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// takesUp waits until the server has other rules than those with the digest.
func (s *server) takesUp(old string) {
	s.t.Helper()
	eventually(s.t, "new rules", patience, func() bool { return s.price(tv).Ruleset != old })
}

func TestNoAcknowledgedOrderIsLostWhenTheProgramIsKilled(t *testing.T) {
	const rounds, stock = 4, 100_000
	eachLasting(t, func(t *testing.T, database ...string) {
		rules := copyRules(t)
		rules.limit(t, stock)
		args := append([]string{"--rules", string(rules)}, database...)
		s := start(t, args...)
		s.restock(stock)
		paid := make(map[string]json.Number)
		for range rounds {
			b := s.startBuyers(6, macbook, speaker)
			eventually(t, "orders", patience, func() bool { return b.count() >= 25 })
			s.kill()
			b.finish()
			maps.Copy(paid, b.paid)
			s = start(t, args...)
			s.wantOrders(paid)
			s.wantSold(stock)
			s.wantUsesCounted(rules, stock)
		}
	})
}

// wantUsesCounted wants the orders that used the promotion of limit to be the
// uses that were counted: when the limit leaves two more, two more orders get it.
func (s *server) wantUsesCounted(rules rules, limit int) {
	s.t.Helper()
	used := 0
	for _, o := range s.orders() {
		if o.Cost == reducedCost {
			used++
		}
	}
	old := s.price(tv).Ruleset
	rules.limit(s.t, used+2)
	s.takesUp(old)
	for i, want := range []json.Number{reducedCost, reducedCost, fullCost} {
		if got := s.buy(macbook, speaker).Cost; got != want {
			s.t.Errorf("order %d after %d that used the promotion, of which the limit allows 2: got cost %s, want %s", i+1, used, got, want)
		}
	}
	old = s.price(tv).Ruleset
	rules.limit(s.t, limit)
	s.takesUp(old)
}

// loyal buyers want each purchase exactly once: they send it with a key, again
// and again, until it is answered.
type loyal struct {
	s       *server
	mu      sync.Mutex
	paid    map[string]json.Number // by reference
	refused int
	others  []string // answers that no buyer should get
	all     sync.WaitGroup
	stop    context.CancelFunc
}

func (s *server) startLoyal(n int, skus ...string) *loyal {
	ctx, stop := context.WithCancel(context.Background())
	b := &loyal{s: s, paid: make(map[string]json.Number), stop: stop}
	for range n {
		b.all.Go(func() {
			for ctx.Err() == nil {
				b.buy(skus)
			}
		})
	}
	s.t.Cleanup(b.finish)
	return b
}

// buy buys once, whatever it takes, but not for longer than patience after the
// lease of a key can hold it up.
func (b *loyal) buy(skus []string) {
	key := uuid.NewString()
	for end := time.Now().Add(2 * patience); ; time.Sleep(10 * time.Millisecond) {
		status, answer, err := b.s.try("POST", "/v0/inventory/items/purchase", cart(skus), "Idempotency-Key", key)
		if err != nil || b.took(status, answer) || time.Now().After(end) {
			return
		}
	}
}

// took keeps the answer and tells whether it ends the purchase.
func (b *loyal) took(status int, answer string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	var r receipt
	switch {
	case status == http.StatusOK && json.Unmarshal([]byte(answer), &r) == nil:
		b.paid[r.Reference] = r.Cost
		return true
	case status == http.StatusServiceUnavailable && strings.TrimSpace(answer) == unavailable:
		b.refused++
	case status == http.StatusConflict && strings.Contains(answer, "Idempotency-Key"): // until the lease ends of a request that was cut off
	default:
		b.others = append(b.others, fmt.Sprint(status, " ", answer))
	}
	return false
}

// unavailable is the answer while the database does not serve.
const unavailable = `{"error":"the store is unavailable: try again later"}`

func (b *loyal) finish() {
	b.stop()
	b.all.Wait()
}

func (b *loyal) counts() (paid, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.paid), b.refused
}

// sellMore waits for 25 more orders.
func (b *loyal) sellMore(when string) {
	b.s.t.Helper()
	before, _ := b.counts()
	eventually(b.s.t, "orders "+when, 2*patience, func() bool { paid, _ := b.counts(); return paid >= before+25 })
}

// Orders are bought with keys while Postgres crashes and comes back. There must
// be one for each key: none is lost, and none there twice.
func TestPostgresCrashesWhileOrdersComeIn(t *testing.T) {
	const crashes, stock = 2, 100_000
	postgres := pgtest.Start(t)
	rules := copyRules(t)
	rules.limit(t, stock)
	s := start(t, "--rules", string(rules), "--db-dsn", postgres.Create(t))
	s.restock(stock)
	b := s.startLoyal(6, macbook, speaker)
	for range crashes {
		b.sellMore("while Postgres runs")
		postgres.Stop(t)
		_, before := b.counts()
		eventually(t, "refusals", patience, func() bool { _, refused := b.counts(); return refused >= before+20 })
		if status, answer := s.call("GET", "/health", nil); status != http.StatusServiceUnavailable {
			t.Errorf("health without a database: got %d %s, want 503", status, answer)
		}
		postgres.Resume(t)
		eventually(t, "health", patience, func() bool { status, _ := s.call("GET", "/health", nil); return status == http.StatusOK })
	}
	b.sellMore("when Postgres is back")
	b.finish()
	if len(b.others) > 0 {
		t.Errorf("got %d answers that are neither an order nor 503, the first %s", len(b.others), b.others[0])
	}
	s.wantOrders(b.paid)
	if got := len(s.orders()); got != len(b.paid) {
		t.Errorf("got %d orders, want the %d that were answered", got, len(b.paid))
	}
	s.wantSold(stock)
	s.wantUsesCounted(rules, stock)
}
