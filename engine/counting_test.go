package engine_test

import (
	"math"
	"slices"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func TestCounts(t *testing.T) {
	limit := func(n int64) *int64 { return &n }
	budget := engine.Amount(500)
	got := engine.Counts([]engine.Redemption{
		{Promotion: "b", Period: "2026", Code: "X", Spent: 10, Redemptions: limit(3), PerCode: limit(2)},
		{Promotion: "a", Code: "X", Spent: 20, Budget: &budget, PerCode: limit(1)},
		{Promotion: "c", Period: "2026-11", Spent: 30, PerCustomer: limit(4)},
		{Promotion: "d", Spent: 40},
	}, "ann")
	want := []engine.Count{
		{Counter: engine.Counter{Scope: engine.CountsAll, Promotion: "a"}, Spent: 20, Most: math.MaxInt64, Budget: 500},
		{Counter: engine.Counter{Scope: engine.CountsAll, Promotion: "b", Period: "2026"}, Spent: 10, Most: 3, Budget: math.MaxInt64},
		{Counter: engine.Counter{Scope: engine.CountsCode, Key: "X"}, Spent: 30, Most: 1, Budget: math.MaxInt64},
		{Counter: engine.Counter{Scope: engine.CountsCustomer, Promotion: "c", Key: "ann", Period: "2026-11"}, Spent: 30, Most: 4, Budget: math.MaxInt64},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestAUseFitsBelowItsLimits(t *testing.T) {
	for _, c := range []struct {
		name        string
		redemptions int64
		spent       engine.Amount
		want        bool
	}{
		{"below both", 1, 60, true},
		{"as many as may be", 2, 0, false},
		{"just within the budget", 0, 60, true},
		{"one too much", 0, 61, false},
	} {
		use := engine.Count{Spent: 40, Most: 2, Budget: 100}
		if got := use.Fits(c.redemptions, c.spent); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
