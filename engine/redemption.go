package engine

import (
	"fmt"
	"time"
)

// Redemption is a use of a promotion that an order makes when it is committed.
// It says what must still hold then, because other orders may have been
// committed since the quote: whoever commits counts the uses, and refuses one
// that would exceed a limit. A quote has one for each applied promotion with a
// limit that orders count against.
type Redemption struct {
	Promotion string `json:"promotion"`
	// Period is that in which uses are counted, "" for ever; see Limits.Per.
	Period string `json:"period,omitempty"`
	// Code is the coupon code that the order uses, if any.
	Code string `json:"code,omitempty"`
	// Spent is what the promotion takes off the order.
	Spent Amount `json:"spent"`
	// The limits, nil for none: of all orders, of the customer's, of those with
	// the code, and on what all orders together may have taken off.
	Redemptions *int64  `json:"redemptions,omitempty"`
	PerCustomer *int64  `json:"per_customer,omitempty"`
	PerCode     *int64  `json:"per_code,omitempty"`
	Budget      *Amount `json:"budget,omitempty"`
}

// Period is a span of the calendar after which limits begin anew.
type Period uint8

// The periods. Weeks are those of ISO 8601, which begin on Monday. EverPeriod
// is for limits that never begin anew.
const (
	EverPeriod Period = iota
	DayPeriod
	WeekPeriod
	MonthPeriod
	YearPeriod
)

// name returns the name of the period that has the local instant: 2026-11-22,
// 2026-W47, 2026-11, 2026, and "" for ever.
func (p Period) name(local time.Time) string {
	switch p {
	case DayPeriod:
		return local.Format(time.DateOnly)
	case WeekPeriod:
		year, week := local.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case MonthPeriod:
		return local.Format("2006-01")
	case YearPeriod:
		return local.Format("2006")
	default:
		return ""
	}
}

// counted reports whether orders count against a limit.
func (l *Limits) counted() bool {
	return l.Redemptions != nil || l.PerCustomer != nil || l.PerCode != nil || l.Budget != nil
}

// UsageKey names what orders have used of a promotion in one period.
type UsageKey struct {
	Promotion string
	Period    string // "" for ever
}

// UsageKeys returns what a Usage for the instant must tell: the promotions with
// limits that orders count against, by rank, each with its period.
func (r *Ruleset) UsageKeys(at time.Time) []UsageKey {
	if len(r.counted) == 0 {
		return nil
	}
	keys := make([]UsageKey, len(r.counted))
	for i, p := range r.counted {
		keys[i] = UsageKey{p.ID, p.Limits.Per.name(p.Schedule.local(at))}
	}
	return keys
}

// redemptions returns those of the applied promotions. The numbers of limits
// see the cart as it was before promotions.
func (p *pricing) redemptions() []Redemption {
	var all []Redemption
	for i := range p.lines {
		lots := p.lines[i].lots
		for j := range lots {
			lots[j].base = p.lines[i].item.Price
		}
	}
	for _, i := range p.applied {
		promotion := p.rules.promotions[i]
		limits := &promotion.Limits
		if !limits.counted() {
			continue
		}
		p.scope.now, p.startTotal = promotion.Schedule.local(p.req.At), p.subtotal
		r := Redemption{
			Promotion: promotion.ID, Period: limits.Per.name(p.scope.now), Spent: p.takenBy(p.outcome(i)),
			Redemptions: p.countOf(limits.Redemptions), PerCustomer: p.countOf(limits.PerCustomer), PerCode: p.countOf(limits.PerCode),
		}
		if promotion.Coupon != (Coupon{}) {
			r.Code, _ = p.unlockedBy(promotion)
		}
		if limits.Budget != nil {
			budget := p.amount(limits.Budget)
			r.Budget = &budget
		}
		all = append(all, r)
	}
	return all
}

// countOf evaluates a limit, nil for none.
func (p *pricing) countOf(n Number) *int64 {
	if n == nil {
		return nil
	}
	count := p.count(n)
	return &count
}
