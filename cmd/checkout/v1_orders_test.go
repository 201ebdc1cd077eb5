package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/checkout-promotions/checkout/api/v1"
)

// limitedRules have a promotion once for each customer, one of a code that is good
// twice, and one whose budget is spent after four orders.
const limitedRules = `promotions:
  - {id: welcome, group: each, limits: {per_customer: 1}, deal: {amount_off: {of: order, amount: 5}}}
  - {id: spring, group: each, coupon: SPRING, limits: {per_code: 2}, deal: {amount_off: {of: order, amount: 3}}}
  - {id: launch, group: each, limits: {budget: 8}, deal: {amount_off: {of: order, amount: 2}}}
`

// startLimited starts a server with these rules.
func startLimited(t *testing.T, database ...string) *server {
	t.Helper()
	rules := t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "limits.yaml"), []byte(limitedRules), 0o666); err != nil {
		t.Fatal(err)
	}
	return start(t, append([]string{"--rules", rules}, database...)...)
}

// order orders a speaker in version 1.
func (s *server) order(customer, key string, coupons ...string) (status int, answer string, err error) {
	body := map[string]any{"lines": []any{map[string]any{"sku": speaker, "quantity": 1}}}
	if customer != "" {
		body["customer"] = map[string]any{"id": customer}
	}
	if len(coupons) > 0 {
		body["coupons"] = coupons
	}
	return s.try(http.MethodPost, "/v1/orders", body, append(auth(), "Content-Type", "application/json", "Idempotency-Key", key)...)
}

// bought returns the order that must have been made.
func (s *server) bought(customer, key string, coupons ...string) v1.Order {
	s.t.Helper()
	status, answer, err := s.order(customer, key, coupons...)
	if err != nil || status != http.StatusCreated {
		s.t.Fatalf("order: got %d %s %v", status, answer, err)
	}
	var order v1.Order
	if err := json.Unmarshal([]byte(answer), &order); err != nil {
		s.t.Fatalf("%v in %s", err, answer)
	}
	return order
}

func TestLimitsHoldForOrdersOverHTTP(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := startLimited(t, database...)
		steps := []struct {
			customer, key string
			coupons       []string
			applied       []string
		}{
			{"ada", "1", nil, []string{"launch", "welcome"}},
			{"ada", "2", []string{"spring"}, []string{"launch", "spring"}},
			{"ada", "2", []string{"spring"}, []string{"launch", "spring"}}, // the same again
			{"bob", "3", []string{"SPRING"}, []string{"launch", "spring", "welcome"}},
			{"eve", "4", []string{"SPRING"}, []string{"launch", "welcome"}},
			{"eve", "5", nil, nil},
		}
		references := make(map[string]bool)
		for _, step := range steps {
			order := s.bought(step.customer, step.key, step.coupons...)
			var applied []string
			for _, p := range order.Promotions {
				applied = append(applied, p.ID)
			}
			slices.Sort(applied)
			if !slices.Equal(applied, step.applied) {
				t.Errorf("order %s of %s: got %v, want %v", step.key, step.customer, applied, step.applied)
			}
			references[order.Reference] = true
		}
		if len(references) != 5 {
			t.Errorf("got %d orders, want 5", len(references))
		}
	})
}

// Of many orders of one customer at once, one gets what there is once.
func TestOneOfManyOrdersOfACustomerIsTheFirst(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database ...string) {
		s := startLimited(t, database...)
		var welcomed, sold atomic.Int64
		together(10, func(i int) {
			status, answer, err := s.order("ada", fmt.Sprint("key-", i))
			if err != nil || status != http.StatusCreated {
				t.Errorf("order: got %d %s %v", status, answer, err)
				return
			}
			sold.Add(1)
			if strings.Contains(answer, `"id":"welcome"`) {
				welcomed.Add(1)
			}
		})
		if welcomed.Load() != 1 || sold.Load() != 10 {
			t.Errorf("got %d of %d orders with the promotion, want 1 of 10", welcomed.Load(), sold.Load())
		}
	})
}
