package engine

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestShare(t *testing.T) {
	for _, c := range []struct {
		name          string
		total         Amount
		weights, caps []Amount
		want          []Amount
	}{
		{"equal parts: the earlier gets the odd unit", 1000, []Amount{1000, 1000, 1000}, []Amount{1000, 1000, 1000}, []Amount{334, 333, 333}},
		{"the largest remainder gets it, wherever it is", 100, []Amount{100, 100, 150}, []Amount{999, 999, 999}, []Amount{29, 28, 43}},
		{"a floor's shortfall goes to the others", 2500, []Amount{5000, 6000}, []Amount{500, 6000}, []Amount{500, 2000}},
		{"no more than can be given", 2000, []Amount{1000, 2000, 5000, 3000}, []Amount{1000, 100, 0, 400}, []Amount{1000, 100, 0, 400}},
		{"parts without weight get nothing", 10, []Amount{0, 5}, []Amount{9, 9}, []Amount{0, 9}},
		{"nothing to share", 0, []Amount{5, 5}, []Amount{5, 5}, []Amount{0, 0}},
		{"nobody to share with", 7, nil, nil, nil},
		{"amounts near the limit do not wrap", MaxAmount, []Amount{MaxAmount / 2, MaxAmount / 2}, []Amount{MaxAmount, MaxAmount}, []Amount{MaxAmount / 2, MaxAmount / 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := shareOver(c.total, c.weights, c.caps); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestSharesAddUpAndStayWithinOneUnitOfTheExactShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, 1_000_000), toAmount), 1, 8).Draw(t, "weights")
		capped := rapid.Bool().Draw(t, "capped")
		caps := make([]Amount, len(weights))
		for i, w := range weights {
			caps[i] = w
			if capped {
				caps[i] = Amount(rapid.Int64Range(0, int64(w)).Draw(t, "cap"))
			}
		}
		total := Amount(rapid.Int64Range(0, 2_000_000).Draw(t, "total"))
		shares := shareOver(total, weights, caps)
		if got, want := sum(shares), min(total, sum(caps)); got != want {
			t.Fatalf("shares %v add up to %d, want %d", shares, got, want)
		}
		for i, s := range shares {
			if s < 0 || s > caps[i] {
				t.Fatalf("share %d of %v is not within 0 and %d", i, shares, caps[i])
			}
		}
		if !capped && total <= sum(weights) {
			checkQuotas(t, total, weights, shares)
		}
	})
}

func shareOver(total Amount, weights, caps []Amount) []Amount {
	var a allocator
	for i, w := range weights {
		a.part(w, caps[i])
	}
	return a.share(total)
}

func sum(amounts []Amount) Amount {
	var s Amount
	for _, a := range amounts {
		s += a
	}
	return s
}

func toAmount(n int64) Amount { return Amount(n) }

// checkQuotas demands the quota rule of largest remainder: each share is its
// exact quota rounded down or up, and no smaller fraction was rounded up while a
// larger one was not.
func checkQuotas(t *rapid.T, total Amount, weights, shares []Amount) {
	whole := sum(weights)
	if whole == 0 {
		return
	}
	var up, down *big.Rat // the smallest fraction rounded up, the largest down
	for i, s := range shares {
		quota := big.NewRat(int64(total)*int64(weights[i]), int64(whole))
		fraction := new(big.Rat).Sub(quota, new(big.Rat).SetInt(new(big.Int).Quo(quota.Num(), quota.Denom())))
		off := new(big.Rat).Sub(new(big.Rat).SetInt64(int64(s)), quota)
		if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
			t.Fatalf("share %d is %d, its quota %s", i, s, quota.FloatString(3))
		}
		if new(big.Rat).SetInt64(int64(s)).Cmp(quota) > 0 {
			if up == nil || fraction.Cmp(up) < 0 {
				up = fraction
			}
		} else if down == nil || fraction.Cmp(down) > 0 {
			down = fraction
		}
	}
	if up != nil && down != nil && up.Cmp(down) < 0 {
		t.Fatalf("%s was rounded up, %s was not", up.FloatString(6), down.FloatString(6))
	}
}

func TestSharingOverTwoIsSharing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		high := rapid.SampledFrom([]int64{3, 20, 100_000, int64(MaxAmount) / 2}).Draw(t, "high")
		draw := func(label string) Amount { return Amount(rapid.Int64Range(0, high).Draw(t, label)) }
		total, a, b := draw("total"), draw("a"), draw("b")
		first, second := shareOverTwo(total, a, b)
		if want := shareOver(total, []Amount{a, b}, []Amount{a, b}); first != want[0] || second != want[1] {
			t.Fatalf("%d over %d and %d: got %d and %d, want %v", total, a, b, first, second, want)
		}
	})
}
