package engine

import "time"

// Standing is how a promotion is at an instant.
type Standing string

// The standings.
const (
	StandsActive    Standing = "active"    // it applies to carts that qualify
	StandsScheduled Standing = "scheduled" // it has not begun
	StandsClosed    Standing = "closed"    // out of its days or hours
	StandsEnded     Standing = "ended"
	StandsExhausted Standing = "exhausted" // all orders together have used it up
	StandsPaused    Standing = "paused"    // somebody has paused it
	StandsDisabled  Standing = "disabled"
)

// Standings returns every standing there is.
func Standings() []Standing {
	return []Standing{StandsActive, StandsScheduled, StandsClosed, StandsEnded, StandsExhausted, StandsPaused, StandsDisabled}
}

// Standing returns how the promotion is at the instant, at which these are paused,
// having been used so much in the period of it. A limit whose number depends on the cart exhausts nothing here.
func (p *Promotion) Standing(at time.Time, paused Pauses, used PromotionUsage, shop Currency) Standing {
	if p.Disabled {
		return StandsDisabled
	}
	if paused.Hold(p.ID, at) {
		return StandsPaused
	}
	switch p.Schedule.check(at) {
	case NotStarted:
		return StandsScheduled
	case Ended:
		return StandsEnded
	case OutsideHours:
		return StandsClosed
	}
	if most, known := p.Limits.Orders(); known && used.Redemptions >= most {
		return StandsExhausted
	}
	if most, known := p.Limits.Spend(shop); known && used.Spent >= most {
		return StandsExhausted
	}
	return StandsActive
}

// Orders returns how many orders may use the promotion, and false where that is not
// limited or depends on the cart.
func (l *Limits) Orders() (int64, bool) {
	n, known := constantOf(l.Redemptions, Currency{})
	return n.Int(), known
}

// Spend returns the budget in the currency, and false where there is none or it depends
// on the cart.
func (l *Limits) Spend(in Currency) (Amount, bool) {
	d, known := constantOf(l.Budget, in)
	if !known {
		return 0, false
	}
	amount, _, err := in.Amount(d, HalfUp)
	return amount, err == nil
}

// constantOf returns the number where it depends on nothing but the currency.
func constantOf(n Number, in Currency) (Decimal, bool) {
	switch n := n.(type) {
	case Constant:
		return Decimal(n), true
	case PerCurrency:
		d, ok := n[in]
		return d, ok
	default:
		return Decimal{}, false
	}
}

// String names the period, "" for ever.
func (p Period) String() string {
	return [...]string{EverPeriod: "", DayPeriod: "day", WeekPeriod: "week", MonthPeriod: "month", YearPeriod: "year"}[p]
}
