package optimum

import (
	"math"
	"math/bits"
)

// Bounds are sums of products that can be beyond 64 bits before they are known
// to be of use. Saturated arithmetic keeps them valid: what is too much stays
// too much. Arguments are never negative.

// mul returns a*b, or math.MaxInt64 when that is less.
func mul(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// add returns a+b, or math.MaxInt64 when that is less.
func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// ceilDiv returns a/b rounded up; b is positive.
func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 {
		q++
	}
	return q
}
