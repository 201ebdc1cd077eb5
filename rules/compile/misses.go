package compile

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
)

// missFunc evaluates a condition and returns, where it is false, what more in
// the cart could make it true.
type missFunc func(*engine.Scope, element) (bool, []engine.Miss)

// maxMisses is how many alternatives are told. Conditions built on conditions
// could have more than can be counted.
const maxMisses = 16

// measure is what a number of the cart is counted in.
type measure uint8

const (
	byNothing measure = iota // it does not grow with the cart
	byUnits                  // units
	bySpend                  // smallest units of money
	byLines                  // different items
)

// growth is what has to be added to the cart for a number to grow.
type growth struct {
	of engine.Selection
	by measure
}

// nothingMissing is the account of a condition that buying more does not help.
func nothingMissing(test boolFunc) missFunc {
	return func(s *engine.Scope, e element) (bool, []engine.Miss) { return test(s, e), nil }
}

// missesOfComparison tells how far a number of the cart is below what it has to
// reach. It is nil for other comparisons.
func missesOfComparison(n *ast.BinaryNode, left, right operand, test boolFunc) missFunc {
	operator := n.Operator
	if left.grows.by == byNothing {
		left, right, operator = right, left, mirrored(operator)
	}
	want, ok := right.asNumber()
	if !ok || left.grows.by == byNothing || operator != ">=" && operator != ">" && operator != "==" {
		return nil
	}
	have, grows, beyond := left.number, left.grows, operator == ">"
	if grows.by == bySpend && operator == "==" {
		return nil // a price that fits to the cent is luck
	}
	return func(s *engine.Scope, e element) (bool, []engine.Miss) {
		if test(s, e) {
			return true, nil
		}
		wanted, wantedOK := want(s, e)
		held, heldOK := have(s, e)
		if !wantedOK || !heldOK {
			return false, nil
		}
		return false, grows.miss(s, held, wanted, beyond)
	}
}

// miss returns what is missing for a number to reach another one, or to get
// beyond it.
func (g growth) miss(s *engine.Scope, held, wanted engine.Decimal, beyond bool) []engine.Miss {
	gap, ok := wanted.Sub(held)
	if !ok {
		return nil
	}
	digits := 0
	if g.by == bySpend {
		digits = s.Cart().Currency.Digits()
	}
	lacks, exact, ok := wholeBelow(gap, digits)
	if beyond || !exact {
		lacks++
	}
	switch {
	case !ok || lacks <= 0:
		return nil
	case g.by == bySpend:
		return []engine.Miss{{Of: g.of, Spend: engine.Amount(lacks)}}
	case g.by == byLines && lacks > 1:
		return nil // several different items
	default:
		return []engine.Miss{{Of: g.of, Units: lacks}}
	}
}

// missesOfAny tells that one item of a set is missing, where any asks for
// nothing but that.
func missesOfAny(needs []engine.Fact, test boolFunc) missFunc {
	if len(needs) != 1 || needs[0].Kind != engine.HasItems {
		return nil
	}
	item := engine.Miss{Of: engine.Selection{Set: needs[0].Set}, Units: 1}
	return func(s *engine.Scope, e element) (bool, []engine.Miss) {
		if test(s, e) {
			return true, nil
		}
		return false, []engine.Miss{item}
	}
}

// missesOfLogic combines the accounts of the two sides of and and or. It is nil
// when neither has one.
func missesOfLogic(left, right operand, either bool) missFunc {
	if left.misses == nil && right.misses == nil {
		return nil
	}
	l, r := left.missing(), right.missing()
	return func(s *engine.Scope, e element) (bool, []engine.Miss) {
		leftHolds, fromLeft := l(s, e)
		rightHolds, fromRight := r(s, e)
		switch {
		case leftHolds && rightHolds, either && (leftHolds || rightHolds):
			return true, nil
		case leftHolds:
			return false, fromRight
		case rightHolds:
			return false, fromLeft
		case either:
			return false, oneOf(fromLeft, fromRight)
		default:
			return false, bothOf(fromLeft, fromRight)
		}
	}
}

// missing returns the account of a condition.
func (o operand) missing() missFunc {
	if o.misses != nil {
		return o.misses
	}
	test, _ := o.asBool()
	return nothingMissing(test)
}

// oneOf returns what either of two conditions lacks.
func oneOf(a, b []engine.Miss) []engine.Miss {
	all := a
	for _, m := range b {
		if len(all) < maxMisses && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// bothOf returns what two conditions lack that have to hold at once. That is
// told only where both lack the same, of which the greater amount does for
// both.
func bothOf(a, b []engine.Miss) []engine.Miss {
	if len(a) != 1 || len(b) != 1 || a[0].Of != b[0].Of || (a[0].Spend > 0) != (b[0].Spend > 0) {
		return nil
	}
	return []engine.Miss{{Of: a[0].Of, Units: max(a[0].Units, b[0].Units), Spend: max(a[0].Spend, b[0].Spend)}}
}
