package main_test

import "testing"

// TestAPurchaseIsAnsweredAgainByAnyServer sends one purchase to two servers at
// once, kills both, and sends it to a third.
func TestAPurchaseIsAnsweredAgainByAnyServer(t *testing.T) {
	eachLasting(t, func(t *testing.T, database ...string) {
		buy := func(s *server) (int, string, error) {
			return s.try("POST", "/v0/inventory/items/purchase", cart([]string{tv, tv, tv}), "Idempotency-Key", "8e03978e-40d5")
		}
		servers := []*server{start(t, database...), start(t, database...)}
		answers := make([]string, 20)
		together(len(answers), func(i int) {
			status, answer, err := buy(servers[i%2])
			if err != nil || status != 200 {
				t.Errorf("got %d %s and error %v, want 200", status, answer, err)
			}
			answers[i] = answer
		})
		for _, s := range servers {
			s.kill()
		}
		third := start(t, database...)
		status, again, err := buy(third)
		if err != nil || status != 200 {
			t.Errorf("got %d %s and error %v, want 200", status, again, err)
		}
		for _, answer := range answers {
			if answer != again {
				t.Errorf("got %s, and later %s for the same key", answer, again)
			}
		}
		if orders := third.orders(); len(orders) != 1 {
			t.Errorf("got %d orders, want 1", len(orders))
		}
		status, answer := third.call("POST", "/v0/inventory/items/purchase", cart([]string{tv}), "Idempotency-Key", "8e03978e-40d5")
		if status != 422 {
			t.Errorf("another cart: got %d %s, want 422", status, answer)
		}
	})
}
