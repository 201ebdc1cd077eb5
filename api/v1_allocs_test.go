//go:build !race

package api_test

import "testing"

// TestAQuoteAllocatesLittle holds quotes to a budget, from the handler on: 10 lines,
// 1,000 promotions, no explanation. With -race everything allocates more.
func TestAQuoteAllocatesLittle(t *testing.T) {
	const budget = 25
	variants, body := quoteVariants(t)
	call := caller(t, quotesPath, body)
	if got := testing.AllocsPerRun(200, func() { call(variants[0]) }); got > budget {
		t.Errorf("a quote has %.0f allocations, want at most %d", got, budget)
	}
}
