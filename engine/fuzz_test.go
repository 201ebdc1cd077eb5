package engine_test

import (
	"testing"

	"pgregory.net/rapid"
)

// FuzzPrice decodes bytes into a shop and prices its cart, with hints.
func FuzzPrice(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("a few bytes that rapid makes a shop of, more or less at random, since most are taken as they come"))
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		s := drawWholeShop(t)
		s.request.Hints = rapid.Bool().Draw(t, "hints")
		s.request.Explain = rapid.Bool().Draw(t, "explain")
		checkQuote(t, s, s.price(t))
	}))
}
