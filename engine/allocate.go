package engine

import (
	"math/bits"
	"slices"
)

// allocator shares amounts. It keeps its buffers between calls, so its results
// hold until the next call only. The zero allocator is ready for use.
type allocator struct {
	weights, caps []Amount // of the parts to share over
	sum           Amount   // of the weights
	capped        bool     // a cap is less than its weight
	shares        []Amount
	open          []int // parts that can still take something
	remainders    []uint64
}

// reset forgets the parts.
func (a *allocator) reset() {
	a.weights, a.caps, a.sum, a.capped = a.weights[:0], a.caps[:0], 0, false
}

// add makes a part of the slots together: as heavy as what they cost, with what
// they can give as its cap.
func (a *allocator) add(slots []slot) {
	var weight, limit Amount
	for i := range slots {
		s := &slots[i]
		weight += s.price * Amount(s.n)
		limit += s.room * Amount(s.n)
	}
	a.part(weight, limit)
}

// part adds a part.
func (a *allocator) part(weight, limit Amount) {
	a.weights, a.caps = append(a.weights, weight), append(a.caps, limit)
	a.sum += weight
	a.capped = a.capped || limit < weight
}

func zeroed[T any](buffer []T, n int) []T {
	buffer = slices.Grow(buffer[:0], n)[:n]
	clear(buffer)
	return buffer
}

// share divides total over the parts in proportion to their weights, by largest
// remainder (the method of Hamilton): every part gets the whole units of its
// exact share, and the units left over go, one each, to the parts with the
// largest fractions, ties to the earlier part. No part gets more than its cap;
// what a part cannot take goes to the others in proportion. The shares add up
// to total, or to the sum of the caps where that is less. Parts of weight zero
// get nothing. All amounts are non-negative; the weights sum to at most
// MaxAmount.
func (a *allocator) share(total Amount) []Amount {
	a.shares = zeroed(a.shares, len(a.weights))
	a.open = a.open[:0]
	for i, w := range a.weights {
		if w > 0 && a.caps[i] > 0 {
			a.open = append(a.open, i)
		}
	}
	sum := a.sum // parts that are not open weigh nothing, where no cap is less than its weight
	if a.capped || total > sum {
		total = a.fillCapped(total)
		sum = a.openWeight()
	}
	if sum > 0 {
		a.divide(total, sum)
	}
	return a.shares
}

// shareOverTwo is what an allocator shares over two parts whose caps are their
// weights, which is what most lines with several lots are.
func shareOverTwo(total, a, b Amount) (first, second Amount) {
	sum := a + b
	switch {
	case total >= sum:
		return a, b
	case a == 0 || b == 0:
		return total * min(a, 1), total * min(b, 1)
	}
	hi, lo := bits.Mul64(uint64(total), uint64(a))
	q, r := bits.Div64(hi, lo, uint64(sum))
	// The remainders of the two are r and sum-r, or both 0.
	if r > 0 && Amount(r) >= sum-Amount(r) {
		q++
	}
	return Amount(q), total - Amount(q)
}

// fillCapped gives the parts whose exact share would exceed their cap the cap,
// until no such part is left, and returns what remains for the open parts.
func (a *allocator) fillCapped(total Amount) Amount {
	for {
		sum, left, kept := a.openWeight(), total, 0
		for _, i := range a.open {
			// total*w/sum > cap, without rounding
			if mul64(uint64(a.caps[i]), uint64(sum)).less(mul64(uint64(total), uint64(a.weights[i]))) {
				a.shares[i] = a.caps[i]
				left -= a.caps[i]
				continue
			}
			a.open[kept] = i
			kept++
		}
		if kept == len(a.open) {
			return total
		}
		total, a.open = left, a.open[:kept]
	}
}

// divide shares total over the open parts, which weigh sum together, without
// regard to caps.
func (a *allocator) divide(total, sum Amount) {
	a.remainders = slices.Grow(a.remainders[:0], len(a.shares))[:len(a.shares)]
	left := total
	for _, i := range a.open {
		hi, lo := bits.Mul64(uint64(total), uint64(a.weights[i]))
		q, r := bits.Div64(hi, lo, uint64(sum))
		a.shares[i], a.remainders[i] = Amount(q), r
		left -= Amount(q)
	}
	if left == 0 {
		return
	}
	a.selectLargest(int(left))
	for _, i := range a.open[:left] {
		a.shares[i]++
	}
}

// selectLargest brings the n open parts with the largest remainders, ties to the
// earlier part, to the front, in any order (quickselect, Hoare 1961).
func (a *allocator) selectLargest(n int) {
	for open := a.open; 0 < n && n < len(open); {
		middle := open[len(open)/2]
		i, j := 0, len(open)-1
		for i <= j {
			for a.before(open[i], middle) {
				i++
			}
			for a.before(middle, open[j]) {
				j--
			}
			if i <= j {
				open[i], open[j] = open[j], open[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			open = open[:j+1]
		case n < i:
			return // what is between is the middle, in its place
		default:
			open, n = open[i:], n-i
		}
	}
}

// before reports whether part i gets one of what is left over sooner than j.
func (a *allocator) before(i, j int) bool {
	if a.remainders[i] != a.remainders[j] {
		return a.remainders[i] > a.remainders[j]
	}
	return i < j
}

func (a *allocator) openWeight() Amount {
	var sum Amount
	for _, i := range a.open {
		sum += a.weights[i]
	}
	return sum
}
