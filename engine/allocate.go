package engine

import (
	"cmp"
	"math/bits"
	"slices"
)

// share divides total over parts in proportion to their weights, by largest
// remainder (the method of Hamilton): every part gets the whole units of its
// exact share, and the units left over go, one each, to the parts with the
// largest fractions, ties to the earlier part. No part gets more than its cap;
// what a part cannot take goes to the others in proportion. The shares add up
// to total, or to the sum of the caps where that is less. Parts of weight zero
// get nothing. All arguments are non-negative; the weights sum to at most
// MaxAmount. The result is appended to dst.
func share(dst []Amount, total Amount, weights, caps []Amount) []Amount {
	start := len(dst)
	dst = append(dst, make([]Amount, len(weights))...)
	shares := dst[start:]
	open := make([]int, 0, len(weights))
	for i, w := range weights {
		if w > 0 && caps[i] > 0 {
			open = append(open, i)
		}
	}
	total, open = fillCapped(shares, total, weights, caps, open)
	divideProportionally(shares, total, weights, open)
	return dst
}

// fillCapped gives the parts whose exact share would exceed their cap the cap,
// until no such part is left, and returns what remains for which parts.
func fillCapped(shares []Amount, total Amount, weights, caps []Amount, open []int) (Amount, []int) {
	for {
		sum := sumAt(weights, open)
		rest := open[:0:0]
		left := total
		for _, i := range open {
			// total*w/sum > cap, without rounding
			if mul64(uint64(caps[i]), uint64(sum)).less(mul64(uint64(total), uint64(weights[i]))) {
				shares[i] = caps[i]
				left -= caps[i]
				continue
			}
			rest = append(rest, i)
		}
		if len(rest) == len(open) {
			return total, open
		}
		total, open = left, rest
	}
}

func divideProportionally(shares []Amount, total Amount, weights []Amount, open []int) {
	sum := sumAt(weights, open)
	if sum == 0 {
		return
	}
	remainders := make([]uint64, len(shares))
	left := total
	for _, i := range open {
		hi, lo := bits.Mul64(uint64(total), uint64(weights[i]))
		q, r := bits.Div64(hi, lo, uint64(sum))
		shares[i], remainders[i] = Amount(q), r
		left -= Amount(q)
	}
	slices.SortStableFunc(open, func(a, b int) int {
		return cmp.Or(cmp.Compare(remainders[b], remainders[a]), cmp.Compare(a, b))
	})
	for _, i := range open[:left] {
		shares[i]++
	}
}

func sumAt(amounts []Amount, indexes []int) Amount {
	var sum Amount
	for _, i := range indexes {
		sum += amounts[i]
	}
	return sum
}
