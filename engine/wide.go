package engine

import "math/bits"

// uint128 is an unsigned 128-bit integer: the exact product of two amounts.
type uint128 struct{ hi, lo uint64 }

func mul64(a, b uint64) uint128 {
	hi, lo := bits.Mul64(a, b)
	return uint128{hi, lo}
}

func (u uint128) add(v uint128) uint128 {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, _ := bits.Add64(u.hi, v.hi, carry)
	return uint128{hi, lo}
}

// sub returns u-v; v must not be greater than u.
func (u uint128) sub(v uint128) uint128 {
	lo, borrow := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, borrow)
	return uint128{hi, lo}
}

func (u uint128) less(v uint128) bool {
	return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo
}

// div returns the quotient and the remainder of u/d; d must not be zero.
func (u uint128) div(d uint64) (q uint128, r uint64) {
	if u.hi == 0 {
		return uint128{lo: u.lo / d}, u.lo % d
	}
	q.hi, r = bits.Div64(0, u.hi, d)
	q.lo, r = bits.Div64(r, u.lo, d)
	return q, r
}

// divRound returns u/d rounded; the caller knows that it fits 64 bits.
func (u uint128) divRound(d uint64, mode Rounding) uint64 {
	q, r := u.div(d)
	if roundsUp(q.lo, r, d, mode) {
		q.lo++
	}
	return q.lo
}

// roundsUp decides whether the quotient q with remainder r of a division by d
// is rounded up in magnitude.
func roundsUp(q, r, d uint64, mode Rounding) bool {
	rest := d - r
	switch {
	case r > rest:
		return true
	case r < rest:
		return false
	default:
		return mode == HalfUp || q&1 == 1
	}
}
