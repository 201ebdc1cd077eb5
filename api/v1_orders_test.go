package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/api"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
	"github.com/checkout-promotions/checkout/persistence/sqlite"
)

// step is a request of the story of orders and holds. Its golden file has its name.
type step struct{ name, method, path, body string }

// orderSteps are told one after the other. #1 is the first order or hold, in the
// order in which they are made.
func orderSteps() []step {
	return []step{
		{"order_created", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":3},{"sku":"43N23P","quantity":1}],"customer":{"id":"c-42"},"expected_total":"5499.97"}`},
		{"order_shipped", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1}],"shipping":{"shipments":[{"method":"post","price":"4.9"}]},"expected_payable":"54.89"}`},
		{"order_price_changed", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":3}],"expected_total":"1.00"}`},
		{"order_payable_changed", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1}],"expected_payable":"1"}`},
		{"order_out_of_stock", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1},{"sku":"A304SD","quantity":11}]}`},
		{"order_unknown_item", "POST", "orders", `{"lines":[{"sku":"X","quantity":1},{"sku":"120P90","quantity":1},{"sku":"Y","quantity":1}]}`},
		{"order_unknown_coupon", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1}],"coupons":["SPRING"]}`},
		{"order_faults", "POST", "orders", `{"lines":[],"expected_total":"1.005"}`},
		{"order_not_known", "POST", "orders", `{"lines":[],"explain":"full"}`},
		{"order_other_currency", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1}],"currency":"EUR"}`},
		{"order_too_many_units", "POST", "orders", `{"lines":[{"sku":"120P90","quantity":1000000000}]}`},
		{"order", "GET", "orders/#1", ""},
		{"order_unknown", "GET", "orders/nothing", ""},
		{"orders_page", "GET", "orders?limit=1&state=placed", ""},
		{"orders_page_last", "GET", "orders?limit=1&after=#2&state=placed", ""},
		{"orders_of_customer", "GET", "orders?customer=c-42&since=2020-01-01T00:00:00Z", ""},
		{"orders_of_promotion", "GET", "orders?promotion=tv-3-for-2&limit=1", ""},
		{"orders_of_coupon", "GET", "orders?coupon=SPRING", ""},
		{"orders_no_coupon", "GET", "orders?coupon=", ""},
		{"orders_none_v1", "GET", "orders?until=2020-01-01T00:00:00Z", ""},
		{"orders_limit", "GET", "orders?limit=201", ""},
		{"orders_state", "GET", "orders?state=lost", ""},
		{"orders_since", "GET", "orders?since=yesterday", ""},
		{"orders_parameter", "GET", "orders?page=2", ""},
		{"orders_twice", "GET", "orders?limit=1&limit=2", ""},
		{"orders_cursor", "GET", "orders?after=nothing", ""},
		{"return_too_many", "POST", "orders/#1/returns", `{"units":[{"sku":"120P90","quantity":4}]}`},
		{"return_faults", "POST", "orders/#1/returns", `{"units":[{"sku":"","quantity":0}],"policy":"all"}`},
		{"return", "POST", "orders/#1/returns", `{"units":[{"sku":"120P90","quantity":1}]}`},
		{"return_reprice", "POST", "orders/#1/returns", `{"units":[{"sku":"120P90","quantity":1}],"policy":"reprice_kept","restock":false}`},
		{"return_reprice_refused", "POST", "orders/#2/returns", `{"units":[{"sku":"120P90","quantity":1}],"policy":"reprice_kept"}`},
		{"cancel_returned", "POST", "orders/#1/cancel", `{"reason":"late"}`},
		{"cancel", "POST", "orders/#2/cancel", ""},
		{"cancel_again", "POST", "orders/#2/cancel", "{}"},
		{"cancel_unknown", "POST", "orders/nothing/cancel", "{}"},
		{"hold_created", "POST", "holds", `{"lines":[{"sku":"43N23P","quantity":1}],"customer":{"id":"c-42"},"ttl_seconds":600}`},
		{"hold_faults", "POST", "holds", `{"lines":[{"sku":"43N23P","quantity":1}],"ttl_seconds":2592001}`},
		{"hold", "GET", "holds/#3", ""},
		{"hold_unknown", "GET", "holds/nothing", ""},
		{"hold_committed", "POST", "holds/#3/commit", ""},
		{"hold_over", "POST", "holds/#3/release", ""},
		{"hold_of_guest", "POST", "holds", `{"lines":[{"sku":"120P90","quantity":1}],"ttl_seconds":60}`},
		{"hold_released", "POST", "holds/#4/release", ""},
		{"holds", "GET", "holds?state=released", ""},
		{"holds_page", "GET", "holds?limit=1", ""},
		{"holds_state", "GET", "holds?state=lost", ""},
		{"holds_cursor", "GET", "holds?after=nothing", ""},
	}
}

func orderGoldens() []string {
	names := []string{"order_no_key", "hold_expired"}
	for _, s := range orderSteps() {
		names = append(names, s.name)
	}
	return names
}

// story is a shop whose orders and holds are numbered as they are seen.
type story struct {
	*shop
	store *persistence.Store
	now   time.Time
	seen  []string // UUIDs
	made  []string // references of orders and holds
	steps int
}

func newStory(t *testing.T) *story {
	t.Helper()
	b := &story{now: noon()}
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := persistence.New(db, persistence.Options{Currency: currency(t, "USD"), Now: func() time.Time { return b.now }, PauseLease: time.Millisecond})
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
	if _, err := store.Upsert(t.Context(), catalogue()); err != nil {
		t.Fatal(err)
	}
	b.store = store
	b.shop = open(t, on(store, &wrapper{}), func(_ *shop, o *api.Options) {
		o.KeptPrice = func(_ context.Context, of string) (func(map[string]int64) (engine.Amount, error), error) {
			if of != b.made[0] {
				return nil, errors.New("no rules")
			}
			return func(map[string]int64) (engine.Amount, error) { return 539999 + 4999, nil }, nil
		}
	})
	return b
}

// tell sends a request, #1 for the first reference, and returns its answer with
// numbers in the places of UUIDs.
func (b *story) tell(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	for i, reference := range b.made {
		path = strings.ReplaceAll(path, fmt.Sprintf("#%d", i+1), reference)
	}
	b.steps++
	w := b.do(method, "/v1/"+path, body, slices.Concat(asJSON(), []string{"X-Request-Id", "golden", "Idempotency-Key", fmt.Sprint(b.steps)}, headers)...)
	if location := w.Header().Get("Location"); location != "" && !slices.Contains(b.made, filepath.Base(location)) {
		b.made = append(b.made, filepath.Base(location))
	}
	number := func(uuid string) string {
		if !slices.Contains(b.seen, uuid) {
			b.seen = append(b.seen, uuid)
		}
		return fmt.Sprintf("uuid-%d", slices.Index(b.seen, uuid)+1)
	}
	uuids := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	text := uuids.ReplaceAllStringFunc(w.Body.String(), number)
	w.Body.Reset()
	w.Body.WriteString(text)
	for _, name := range []string{"Location", "Link"} {
		if value := w.Header().Get(name); value != "" {
			w.Header().Set(name, uuids.ReplaceAllStringFunc(value, number))
		}
	}
	return w
}

// TestTheStoryOfOrdersIsTheGoldenOne tells what becomes of orders and holds.
func TestTheStoryOfOrdersIsTheGoldenOne(t *testing.T) {
	b := newStory(t)
	for _, x := range orderSteps() {
		golden(t, x.name, b.tell(x.method, x.path, x.body))
	}
	golden(t, "order_no_key", b.do("POST", "/v1/orders", `{"lines":[{"sku":"120P90","quantity":1}]}`, append(asJSON(), "X-Request-Id", "golden")...))
	want(t, b.tell("POST", "holds", `{"lines":[{"sku":"120P90","quantity":1}],"ttl_seconds":60}`), 201)
	b.now = b.now.Add(time.Minute)
	golden(t, "hold_expired", b.tell("POST", fmt.Sprintf("holds/#%d/commit", len(b.made)), ""))
}

// TestAnOrderIsMadeOnceForItsKey lets many clients send the same request.
func TestAnOrderIsMadeOnceForItsKey(t *testing.T) {
	s := keyed(t)
	bodies := make([]string, 20)
	var all sync.WaitGroup
	for i := range bodies {
		all.Go(func() {
			w := s.do("POST", "/v1/orders", `{"lines":[{"sku":"120P90","quantity":1}]}`, append(asJSON(), withKey("same")...)...)
			bodies[i] = fmt.Sprint(w.Code, w.Body)
		})
	}
	all.Wait()
	for _, body := range bodies {
		if body != bodies[0] || !strings.HasPrefix(body, "201") {
			t.Fatalf("got %s and %s, want one order", body, bodies[0])
		}
	}
	if orders := s.orderList(t); len(orders) != 1 {
		t.Errorf("got %d orders, want 1", len(orders))
	}
}
