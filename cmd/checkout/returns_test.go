package main_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestOrdersAreCancelledAndReturned(t *testing.T) {
	s := startKept(t)
	first, second := s.buy(macbook), s.buy(tv, tv, tv)
	s.wants(0, "order "+first.Reference+" is cancelled: 5399.99 USD refunded, 5399.99 of 5399.99 in all\n", "cancel", first.Reference, "--reason", "never paid")
	s.refusesOrder(1, "order "+first.Reference+" is cancelled", "cancel", first.Reference)
	s.refusesOrder(1, "order "+first.Reference+" is cancelled", "return", first.Reference, macbook+"=1")

	// Of three for two, the two that are kept cost what all three did.
	s.payFor("1")
	placed := "order " + second.Reference + " is placed: "
	s.wants(0, "dry run: "+placed+"0.00 USD refunded, 0.00 of 99.98 in all\n", "return", second.Reference, tv+"=1", "--policy", "reprice_kept", "--dry-run")
	s.wants(0, "dry run: "+placed+"33.33 USD refunded, 33.33 of 99.98 in all\n", "return", second.Reference, tv+"=1", "--dry-run")
	s.wants(0, placed+"0.00 USD refunded, 0.00 of 99.98 in all\n", "return", second.Reference, tv+"=1", "--policy", "reprice_kept")
	s.refusesOrder(1, "order "+second.Reference+" cannot be cancelled: units of it were returned (returns: 1); return the rest instead", "cancel", second.Reference)
	s.refusesOrder(1, fmt.Sprintf("return of order %s: 3 units of %s, and the customer has 2", second.Reference, tv), "return", second.Reference, tv+"=3")
	s.wants(0, placed+"49.99 USD refunded, 49.99 of 99.98 in all\n", "return", second.Reference, tv+"=1", "--policy", "reprice_kept", "--no-restock")
	stdout, _, _ := s.orders("show", second.Reference)
	for _, want := range []string{"state      placed\n", "  reprice_kept  49.99   1 x 120P90\n", "refunded  49.99\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("orders show has no %q:\n%s", want, stdout)
		}
	}
	stdout, _, code := s.orders("return", second.Reference, tv+"=1", "-o", "json")
	for _, want := range []string{`"state": "returned"`, `"refund": 3333`, `"refunded": 8332`, `"return": "`, `"sku": "120P90"`} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("orders return: exit code %d, no %q in %s", code, want, stdout)
		}
	}
	s.wants(0, "2 identical\n", "replay", "--all")

	third := s.buy(tv)
	s.alter("UPDATE orders SET request = ''")
	s.refusesOrder(1, "order "+third.Reference+": the order is from before requests were kept, so its units cannot be priced again; --policy pro_rata needs no rules",
		"return", third.Reference, tv+"=1", "--policy", "reprice_kept")
}

// refusesOrder demands the error and the exit code of a command on an order.
func (s *keptShop) refusesOrder(code int, want, command string, args ...string) {
	s.t.Helper()
	_, stderr, got := s.orders(command, args...)
	if stderr != "checkout: "+want+"\n" || got != code {
		s.t.Errorf("orders %s %q: exit code %d, want %d, standard error %s", command, args, got, code, stderr)
	}
}
