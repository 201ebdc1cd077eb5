package api_test

import (
	"sync"
	"testing"
)

// The memory of quotes is used again, which must not show: neither in the next quote
// nor in those that are priced at the same time.
func TestAQuoteHasNothingOfThoseBeforeIt(t *testing.T) {
	carts := []string{
		`{"lines":[{"sku":"120P90","quantity":7},{"sku":"43N23P","quantity":3},{"sku":"A304SD","quantity":5}],"explain":"full"}`,
		`{"lines":[]}`,
		`{"lines":[{"sku":"120P90","quantity":3}]}`,
		`{"lines":[{"sku":"43N23P","quantity":1}],"explain":"summary"}`,
		`{"lines":[{"sku":"234234","quantity":2}]}`,
		`{"lines":[{"sku":"A304SD","quantity":4},{"sku":"120P90","quantity":1}],"shipping":{"shipments":[{"method":"post","price":"5.00"}]},"explain":"full"}`,
		`{}`,
		`{"lines":[{"sku":"120P90","quantity":1},{"sku":"NOBODYS","quantity":1},{"sku":"234234","quantity":1}]}`,
		`{"lines":[{"sku":"43N23P","quantity":1},{}],"customer":{"id":"c-1","groups":["gold"]},"coupons":["NOBODYS"],"unknown":"report"}`,
	}
	named := append(asJSON(), "X-Request-Id", "same") // which problems tell
	alone := make([]string, len(carts))
	for i, cart := range carts {
		alone[i] = open(t).do("POST", quotesPath, cart, named...).Body.String()
	}
	s := open(t)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for step := range 100 {
				i := (step*(worker+1) + worker) % len(carts)
				if got := s.do("POST", quotesPath, carts[i], named...); got.Body.String() != alone[i] {
					t.Errorf("cart %d: got  %s\nwant %s", i, got.Body, alone[i])
					return
				}
			}
		})
	}
	all.Wait()
}
