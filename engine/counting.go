package engine

import (
	"cmp"
	"math"
	"slices"
)

// CounterScope says whose uses a counter counts.
type CounterScope string

// The scopes of counters.
const (
	CountsAll      CounterScope = "all"
	CountsCustomer CounterScope = "customer"
	CountsCode     CounterScope = "code"
)

// Counter names the uses that count against one limit. The key is "" for those of
// everybody, else the customer, or the code, for which the promotion is "".
type Counter struct {
	Scope     CounterScope
	Promotion string
	Key       string
	Period    string // "" for ever
}

// Count is one more use of a counter, and how far it may be counted.
type Count struct {
	Counter
	// Spent is what the use takes off.
	Spent Amount
	// Most is the number of uses, this one included, and Budget what all of them
	// together may take off; the greatest numbers there are for no limit.
	Most   int64
	Budget Amount
}

// Counts returns what an order of the customer counts with its redemptions, each
// counter once and sorted, so that two orders which are committed at once cannot
// wait for each other. Only limits that a promotion has are counted. Several
// promotions with one code use it once.
func Counts(redemptions []Redemption, customer string) []Count {
	var all []Count
	for _, r := range redemptions {
		if r.Redemptions != nil || r.Budget != nil {
			c := Count{Counter{CountsAll, r.Promotion, "", r.Period}, r.Spent, math.MaxInt64, math.MaxInt64}
			if r.Redemptions != nil {
				c.Most = *r.Redemptions
			}
			if r.Budget != nil {
				c.Budget = *r.Budget
			}
			all = append(all, c)
		}
		if r.PerCustomer != nil {
			all = append(all, Count{Counter{CountsCustomer, r.Promotion, customer, r.Period}, r.Spent, *r.PerCustomer, math.MaxInt64})
		}
		if r.PerCode != nil {
			all = append(all, Count{Counter{CountsCode, "", r.Code, ""}, r.Spent, *r.PerCode, math.MaxInt64})
		}
	}
	slices.SortFunc(all, func(a, b Count) int { return a.compare(b.Counter) })
	merged := all[:0]
	for _, c := range all {
		if n := len(merged); n > 0 && c.Scope == CountsCode && merged[n-1].Scope == CountsCode && merged[n-1].Key == c.Key {
			merged[n-1].Most = min(merged[n-1].Most, c.Most)
			merged[n-1].Spent += c.Spent
			continue
		}
		merged = append(merged, c)
	}
	return merged
}

func (c Counter) compare(other Counter) int {
	return cmp.Or(cmp.Compare(c.Scope, other.Scope), cmp.Compare(c.Promotion, other.Promotion), cmp.Compare(c.Key, other.Key), cmp.Compare(c.Period, other.Period))
}

// Fits reports whether the use may be counted where so many have been, which have
// taken so much off.
func (c Count) Fits(redemptions int64, spent Amount) bool {
	return redemptions < c.Most && spent <= c.Budget-c.Spent
}
