package compile

import (
	"cmp"
	"math"

	"github.com/checkout-promotions/checkout/engine"
)

// compareNumbers is ==, !=, <, <=, > and >= of two numbers. Counts and amounts
// are compared as whole numbers, where what they are compared with can be
// brought to their scale, all others as decimals.
func compareNumbers(operator string, left, right operand) (boolFunc, bool) {
	l, leftOK := left.asNumber()
	r, rightOK := right.asNumber()
	if !leftOK || !rightOK {
		return nil, false
	}
	decimals := compareDecimals(l, r, accepts(operator))
	if k, constant := right.constNumber(); constant && left.whole != nil {
		return compareWithConstant(operator, left, k, decimals), true
	}
	if k, constant := left.constNumber(); constant && right.whole != nil {
		return compareWithConstant(mirrored(operator), right, k, decimals), true
	}
	if left.whole != nil && right.whole != nil && left.money == right.money {
		return compareWholes(left.whole, right.whole, accepts(operator)), true
	}
	return decimals, true
}

// outcomes says which results of a three-way comparison, -1, 0 and 1, a test
// accepts.
type outcomes [3]bool

func (o outcomes) accept(order int) bool { return o[order+1] }

// accepts returns what the operator accepts.
func accepts(operator string) outcomes {
	switch operator {
	case "==":
		return outcomes{false, true, false}
	case "!=":
		return outcomes{true, false, true}
	case "<":
		return outcomes{true, false, false}
	case "<=":
		return outcomes{true, true, false}
	case ">":
		return outcomes{false, false, true}
	default:
		return outcomes{false, true, true}
	}
}

// mirrored is the operator between the same operands the other way round.
func mirrored(operator string) string {
	switch operator {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	default:
		return operator
	}
}

func compareDecimals(l, r numberFunc, accepted outcomes) boolFunc {
	return func(s *engine.Scope, e element) bool {
		a, aOK := l(s, e)
		b, bOK := r(s, e)
		return aOK && bOK && accepted.accept(a.Cmp(b))
	}
}

// compareWholes compares two counts, or two amounts, which are in one currency
// whichever that is.
func compareWholes(l, r wholeFunc, accepted outcomes) boolFunc {
	return func(s *engine.Scope, e element) bool { return accepted.accept(cmp.Compare(l(s, e), r(s, e))) }
}

// compareWithConstant compares a count or an amount with a number that the rule
// names. The whole numbers that pass lie between two bounds or, for !=, outside
// of them, so one test does for all operators.
func compareWithConstant(operator string, o operand, k engine.Decimal, decimals boolFunc) boolFunc {
	between, ok := passing(operator, k, o.digits)
	if !ok {
		return decimals
	}
	if o.money {
		return amountWithin(o, between, operator != "!=", decimals)
	}
	return countWithin(o, between, operator != "!=")
}

// bounds are two whole numbers and all between them; none, if the first is the
// greater.
type bounds struct{ low, high int64 }

func (b bounds) has(n int64) bool { return b.low <= n && n <= b.high }

// passing returns the multiples of 10^-digits that pass the comparison with k,
// for != those that do not, and false when k has too many digits to tell.
func passing(operator string, k engine.Decimal, digits int) (bounds, bool) {
	floor, exact, ok := wholeBelow(k, digits)
	if !ok {
		return bounds{}, false
	}
	ceil := floor
	if !exact {
		ceil++
	}
	switch operator {
	case "<":
		return bounds{math.MinInt64, ceil - 1}, true
	case "<=":
		return bounds{math.MinInt64, floor}, true
	case ">":
		return bounds{floor + 1, math.MaxInt64}, true
	case ">=":
		return bounds{ceil, math.MaxInt64}, true
	default: // == and !=: ceil is greater than floor where nothing is equal to k
		return bounds{ceil, floor}, true
	}
}

// wholeBelow returns the greatest multiple of 10^-digits that is not above d,
// as a whole number, and whether it is d. It fails for a result of more than 18
// digits.
func wholeBelow(d engine.Decimal, digits int) (floor int64, exact, ok bool) {
	unit := int64(1)
	for range digits {
		unit *= 10
	}
	// The product is exact: what Mul may drop at the end are the zeros that it
	// has added.
	scaled, ok := d.Mul(engine.NewDecimal(unit))
	floored := scaled.Floor()
	return floored.Int(), floored.Cmp(scaled) == 0, ok
}
