package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// database opens the file, with the catalogue when it is new.
func database(t testing.TB, file string) *persistence.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency(t, "USD"), PauseLease: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := store.CountItems(t.Context()); err != nil || n == 0 {
		if _, err := store.Upsert(t.Context(), catalogue()); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// on puts a store, and a wrapper around it, in the place of the fake.
func on(store *persistence.Store, wrapped *wrapper) func(*shop, *api.Options) {
	wrapped.Store = store
	return func(_ *shop, o *api.Options) {
		o.Inventory, o.Orders, o.Desk, o.Stockroom, o.Keys = wrapped, wrapped, wrapped, wrapped, wrapped
		o.Publications, o.AuditLog, o.Pauses, o.PromotionSource = wrapped, wrapped, wrapped, ruleOf
		o.Rulebook = &book{}
	}
}

// keyed returns a shop on a database of its own.
func keyed(t testing.TB, change ...func(*shop, *api.Options)) *shop {
	t.Helper()
	store := database(t, filepath.Join(t.TempDir(), "shop.db"))
	return open(t, slices.Concat([]func(*shop, *api.Options){on(store, &wrapper{})}, change)...)
}

// wrapper is a store of which single functions are replaced.
type wrapper struct {
	*persistence.Store
	upsertBasics func(ctx context.Context, items []engine.Item) ([]engine.Item, error)
	answerKey    func(ctx context.Context, claim idempotency.Claim, answer idempotency.Answer) error
	releaseKey   func(ctx context.Context, claim idempotency.Claim) error
}

func (w *wrapper) UpsertBasics(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
	if w.upsertBasics != nil {
		return w.upsertBasics(ctx, items)
	}
	return w.Store.UpsertBasics(ctx, items)
}

func (w *wrapper) AnswerKey(ctx context.Context, claim idempotency.Claim, answer idempotency.Answer) error {
	if w.answerKey != nil {
		return w.answerKey(ctx, claim, answer)
	}
	return w.Store.AnswerKey(ctx, claim, answer)
}

func (w *wrapper) ReleaseKey(ctx context.Context, claim idempotency.Claim) error {
	if w.releaseKey != nil {
		return w.releaseKey(ctx, claim)
	}
	return w.Store.ReleaseKey(ctx, claim)
}

// rulesFunc is called for the ruleset in force.
type rulesFunc func() *engine.Ruleset

func (f rulesFunc) Active() *engine.Ruleset { return f() }

const cable = `{"items":[{"name":"Cable","sku":"CABLE","price":3,"inventory_quantity":4}]}`

func withKey(name string) []string { return []string{idempotency.Header, name} }

// buyWith buys with the key.
func (s *shop) buyWith(name string, list ...string) *httptest.ResponseRecorder {
	return s.do("POST", purchasePath, skus(list...), withKey(name)...)
}

// putWith puts the items with the key and the password.
func (s *shop) putWith(name, body string) *httptest.ResponseRecorder {
	return s.do("POST", itemsPath, body, append(withKey(name), authorized()...)...)
}

// counts demands what became of the requests with keys.
func (s *shop) counts(t *testing.T, result string, want int) {
	t.Helper()
	line := fmt.Sprintf("checkout_http_idempotency_keys_total{result=%q} %d\n", result, want)
	if metrics := s.do("GET", "/metrics", "").Body.String(); !strings.Contains(metrics, line) {
		t.Errorf("got metrics without %s", line)
	}
}

// ordered demands that there are n orders.
func (s *shop) ordered(t *testing.T, n int) {
	t.Helper()
	if orders := s.orderList(t); len(orders) != n {
		t.Errorf("got %d orders, want %d", len(orders), n)
	}
}

// same demands that the second answer is the first one's replay.
func same(t *testing.T, first, second *httptest.ResponseRecorder) {
	t.Helper()
	if got := first.Header().Get(idempotency.ReplayedHeader); got != "" {
		t.Errorf("first answer: got %s %q, want none", idempotency.ReplayedHeader, got)
	}
	if got := second.Header().Get(idempotency.ReplayedHeader); got != "true" {
		t.Errorf("second answer: got %s %q, want true", idempotency.ReplayedHeader, got)
	}
	for _, w := range []*httptest.ResponseRecorder{first, second} {
		w.Header().Del(idempotency.ReplayedHeader)
		w.Header().Del("X-Request-Id")
	}
	if first.Code != second.Code || first.Body.String() != second.Body.String() {
		t.Errorf("got %d %s after %d %s, want the same", second.Code, second.Body, first.Code, first.Body)
	}
	if got, want := fmt.Sprint(second.Header()), fmt.Sprint(first.Header()); got != want {
		t.Errorf("got header %s, want %s", got, want)
	}
}

// queries are the routes that ask with a body and write nothing.
func queries() []string {
	return []string{
		"POST /v0/inventory/item/price", "POST /v0/inventory/items/price",
		"POST /v1/quotes", "POST /v1/quotes:batch", "POST /v1/prices", "POST /v1/offers", "POST /v1/rulesets:check",
		"POST /v1/rulesets/{digest}/test", "POST /v1/webhooks/{webhook}/test",
	}
}

// TestEveryRouteThatWritesTakesKeys sends a key that is none to every route,
// which is refused where keys are read.
func TestEveryRouteThatWritesTakesKeys(t *testing.T) {
	s := keyed(t)
	unused := queries()
	err := chi.Walk(s.server.Routes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if i := slices.Index(unused, method+" "+route); i >= 0 {
			unused = slices.Delete(unused, i, i+1)
			return nil
		}
		if slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, method) {
			path := strings.NewReplacer("{", "", "}", "", "*", "x").Replace(route)
			w := s.do(method, path, "{}", append(withKey("no key"), authorized()...)...)
			if w.Code != 400 || !strings.Contains(w.Body.String(), string(idempotency.ErrInvalid)) {
				t.Errorf("%s %s: got %d %s, want a key that is none refused: put the route into a group with once, "+
					"or among the queries here when it writes nothing", method, route, w.Code, w.Body)
			}
		}
		return nil
	})
	if err != nil || len(unused) > 0 {
		t.Errorf("got error %v, and no routes %v; want every query to be a route", err, unused)
	}
}

func TestWhatWasFoundOutIsAnsweredAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		path   string
		body   string
		status int
	}{
		{"a purchase", purchasePath, skus(tv, macbook, tv, tv), 200},
		{"items", itemsPath, cable, 200},
		{"too little stock", purchasePath, skus(pi, pi, pi), 409},
		{"an unknown item", purchasePath, skus("nothing"), 404},
		{"a name that is taken", itemsPath, `{"items":[{"name":"Google TV","sku":"B","price":1,"inventory_quantity":1}]}`, 409},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := keyed(t)
			send := func(key string) *httptest.ResponseRecorder {
				return s.do("POST", c.path, c.body, append(withKey(key), authorized()...)...)
			}
			first := send("K")
			want(t, first, c.status)
			// What is done in between decides nothing.
			want(t, s.put(`{"items":[{"name":"Nothing","sku":"nothing","price":1,"inventory_quantity":9},
				{"name":"Raspberry Pi B","sku":"234234","price":1,"inventory_quantity":9},
				{"name":"A TV","sku":"120P90","price":1,"inventory_quantity":9}]}`), 200)
			same(t, first, send(`"K"`))
			if again := send("another"); again.Header().Get(idempotency.ReplayedHeader) != "" {
				t.Errorf("another key: got a replay, want a run")
			}
			s.counts(t, "run", 2)
			s.counts(t, "replayed", 1)
		})
	}
}

func TestReplaysHaveNoEffect(t *testing.T) {
	s := keyed(t)
	for range 3 {
		want(t, s.buyWith("K", tv, tv), 200)
		want(t, s.putWith("K", cable), 200)
		want(t, s.buyWith("C"+"able", "CABLE"), 200)
	}
	s.ordered(t, 2)
	if got := s.price(t, tv).Items[0].Quantity; got != 8 {
		t.Errorf("stock: got %d, want 8", got)
	}
	if got := s.price(t, "CABLE").Items[0].Quantity; got != 3 {
		t.Errorf("stock of what was put once and bought once: got %d, want 3", got)
	}
}

func TestWhatSaysNothingOfTheAttemptIsNotKept(t *testing.T) {
	broken := true
	failing := func(err error) func(*shop, *api.Options) {
		return func(_ *shop, o *api.Options) {
			o.IsUnavailable = func(err error) bool { return strings.Contains(err.Error(), "locked") }
			w := o.Inventory.(*wrapper)
			w.upsertBasics = func(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
				if broken {
					return nil, err
				}
				return w.Store.UpsertBasics(ctx, items)
			}
		}
	}
	for _, c := range []struct {
		name    string
		with    func(*shop, *api.Options)
		body    string
		headers []string
		status  int
	}{
		{"a body that is refused, and mended", nil, `{"items":[]}`, authorized(), 400},
		{"a body that is no JSON, and mended", nil, `{"items":`, authorized(), 400},
		{"a body that is too long", func(_ *shop, o *api.Options) { o.MaxBody = 100 }, cable + strings.Repeat(" ", 100), authorized(), 413},
		{"no password", nil, cable, nil, 401},
		{"a store that is away", failing(errors.New("database is locked (5)")), cable, authorized(), 503},
		{"a store that is too slow", failing(context.DeadlineExceeded), cable, authorized(), 503},
		{"a store that is broken", failing(errors.New("SQLSTATE 23505")), cable, authorized(), 500},
		{"a client who went away", failing(context.Canceled), cable, authorized(), 499},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken = true
			s := keyed(t, func(s *shop, o *api.Options) {
				if c.with != nil {
					c.with(s, o)
				}
			})
			want(t, s.do("POST", itemsPath, c.body, append(withKey("K"), c.headers...)...), c.status)
			broken = false
			w := s.putWith("K", cable)
			want(t, w, 200)
			if got := w.Header().Get(idempotency.ReplayedHeader); got != "" {
				t.Errorf("got a replay, want a run")
			}
		})
	}
}

func TestAPanicIsNotKept(t *testing.T) {
	panics := true
	rules := originalRules(t)
	s := keyed(t, withRules(rulesFunc(func() *engine.Ruleset {
		if panics {
			panic("a bug")
		}
		return rules
	})))
	wantError(t, s.buyWith("K", tv), 500, "internal error")
	panics = false
	want(t, s.buyWith("K", tv), 200)
	s.ordered(t, 1)
}

// TestAnEffectWhoseAnswerWasLostIsNotRepeated is what happens when the store
// has committed and could not say so, or could not keep the answer.
func TestAnEffectWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	lose := func(w *wrapper) {
		w.upsertBasics = func(ctx context.Context, items []engine.Item) ([]engine.Item, error) {
			w.upsertBasics = nil
			_, err := w.Store.UpsertBasics(ctx, items)
			return nil, errors.Join(errors.New("connection lost"), err)
		}
	}
	for _, c := range []struct {
		name   string
		break_ func(*wrapper)
		status int
	}{
		{"the effect", lose, 500},
		{"the effect, and the claim is not released", func(w *wrapper) {
			lose(w)
			w.releaseKey = func(context.Context, idempotency.Claim) error { return errors.New("connection lost") }
		}, 500},
		{"the answer", func(w *wrapper) {
			w.answerKey = func(context.Context, idempotency.Claim, idempotency.Answer) error {
				w.answerKey = nil
				return errors.New("connection lost")
			}
		}, 200},
		{"the key", func(w *wrapper) {
			w.answerKey = func(context.Context, idempotency.Claim, idempotency.Answer) error {
				w.answerKey = nil
				return idempotency.ErrBusy
			}
		}, 409},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := keyed(t, func(_ *shop, o *api.Options) {
				o.Timeout = time.Second // the lease
				c.break_(o.Inventory.(*wrapper))
			})
			want(t, s.putWith("K", cable), c.status)
			want(t, s.buyWith("B", "CABLE"), 200)
			var again *httptest.ResponseRecorder
			for again = s.putWith("K", cable); again.Code != 200; again = s.putWith("K", cable) {
				if again.Code != 503 && again.Code != 409 { // too early: the lease
					t.Fatalf("got status %d, want 200 or that the key is busy: %s", again.Code, again.Body)
				}
			}
			const stored = `{"items":[{"id":5,"name":"Cable","sku":"CABLE","price":3.00,"inventory_quantity":4}]}` + "\n"
			if got := again.Body.String(); got != stored {
				t.Errorf("got %s, want what was stored then, %s", got, stored)
			}
			if got := s.price(t, "CABLE").Items[0].Quantity; got != 3 {
				t.Errorf("stock: got %d, want 3: the items were put once", got)
			}
		})
	}
}

// gate holds requests that have claimed a key until it is opened.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{arrived: make(chan struct{}, 100), open: make(chan struct{})} }

func (g *gate) before(rules *engine.Ruleset) func(*shop, *api.Options) {
	return withRules(rulesFunc(func() *engine.Ruleset {
		g.arrived <- struct{}{}
		<-g.open
		return rules
	}))
}

func TestADuplicateWaitsForTheFirst(t *testing.T) {
	g := newGate()
	s := keyed(t, g.before(originalRules(t)))
	answers := make([]*httptest.ResponseRecorder, 2)
	var asking sync.WaitGroup
	asking.Go(func() { answers[0] = s.buyWith("K", tv) })
	<-g.arrived
	asking.Go(func() { answers[1] = s.buyWith("K", tv) })
	close(g.open)
	asking.Wait()
	same(t, answers[0], answers[1])
	s.ordered(t, 1)
}

func TestADuplicateDoesNotWaitForEver(t *testing.T) {
	g := newGate()
	s := keyed(t, g.before(originalRules(t)), func(_ *shop, o *api.Options) { o.KeyWait = time.Millisecond })
	var first *httptest.ResponseRecorder
	var asking sync.WaitGroup
	asking.Go(func() { first = s.buyWith("K", tv) })
	<-g.arrived
	golden(t, "key_busy", s.do("POST", purchasePath, skus(tv), append(withKey("K"), "X-Request-Id", "golden")...))
	s.counts(t, "conflict", 1)
	close(g.open)
	asking.Wait()
	same(t, first, s.buyWith("K", tv))
}

// TestServersShareKeys sends every purchase to two servers on one file, many
// times at once.
func TestServersShareKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	servers := []*shop{
		open(t, on(database(t, file), &wrapper{})),
		open(t, on(database(t, file), &wrapper{})),
	}
	const keys, attempts = 5, 16
	answers := make([][attempts]*httptest.ResponseRecorder, keys)
	var asking sync.WaitGroup
	for i := range keys {
		for j := range attempts {
			asking.Go(func() { answers[i][j] = servers[j%2].buyWith(fmt.Sprint("K", i), speaker) })
		}
	}
	asking.Wait()
	for i := range keys {
		for _, w := range answers[i] {
			if body := want(t, w, 200); body != answers[i][0].Body.String() {
				t.Errorf("got %s and %s for one key", body, answers[i][0].Body)
			}
		}
	}
	servers[0].ordered(t, keys)
}

func TestKeysBelongToAPathAndACaller(t *testing.T) {
	s := keyed(t)
	want(t, s.buyWith("K", tv), 200)
	want(t, s.putWith("K", cable), 200) // another path, another body
	var stored struct{ Items []item }
	if err := json.Unmarshal([]byte(want(t, s.putWith("K", cable), 200)), &stored); err != nil || len(stored.Items) != 1 {
		t.Errorf("got %v and error %v, want the answer to the items", stored, err)
	}
	s.counts(t, "run", 2)
}

func TestAServerWithoutKeysRefusesThem(t *testing.T) {
	s := open(t)
	golden(t, "key_not_supported", s.do("POST", purchasePath, skus(tv), append(withKey("K"), "X-Request-Id", "golden")...))
	s.ordered(t, 0)
	want(t, s.do("POST", pricePath, skus(tv), withKey("K")...), 200) // a query has no use for it
}

func TestOtherBodiesAreRefused(t *testing.T) {
	s := keyed(t)
	want(t, s.buyWith("K", tv), 200)
	golden(t, "key_reused", s.do("POST", purchasePath, skus(tv, tv), append(withKey("K"), "X-Request-Id", "golden")...))
	s.counts(t, "mismatch", 1)
	s.ordered(t, 1)
	r := httptest.NewRequest("POST", purchasePath, strings.NewReader(skus(tv)))
	r.Header[idempotency.Header] = []string{"K", "K"}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	wantError(t, w, 400, string(idempotency.ErrTwice))
	golden(t, "key_invalid", s.do("POST", purchasePath, skus(tv), append(withKey("two words"), "X-Request-Id", "golden")...))
}
