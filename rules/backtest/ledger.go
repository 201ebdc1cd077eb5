package backtest

import (
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// ledger counts what the orders of one ruleset have used of its limits.
type ledger struct {
	rules *engine.Ruleset
	all   map[engine.UsageKey]*engine.PromotionUsage // ByCustomer is not used
	by    map[customerKey]int64
	codes map[string]int64 // several promotions with one code use it once
	// refused is when a limit of the promotion first changed a price.
	refused map[string]time.Time
}

type customerKey struct {
	engine.UsageKey
	customer string
}

func newLedger(rules *engine.Ruleset) *ledger {
	return &ledger{
		rules: rules, all: make(map[engine.UsageKey]*engine.PromotionUsage),
		by: make(map[customerKey]int64), codes: make(map[string]int64), refused: make(map[string]time.Time),
	}
}

// holds tells whether the redemptions are within what is left of their limits.
func (l *ledger) holds(order *Order, redemptions []engine.Redemption) bool {
	all := true
	for i := range redemptions {
		r := &redemptions[i]
		key := engine.UsageKey{Promotion: r.Promotion, Period: r.Period}
		used := l.all[key]
		if used == nil {
			used = &engine.PromotionUsage{}
		}
		ok := (r.Redemptions == nil || used.Redemptions < *r.Redemptions) &&
			(r.Budget == nil || used.Spent+r.Spent <= *r.Budget) &&
			(r.PerCustomer == nil || l.by[customerKey{key, order.Request.Cart.Customer.ID}] < *r.PerCustomer) &&
			(r.PerCode == nil || l.codes[r.Code] < *r.PerCode)
		if _, before := l.refused[r.Promotion]; !ok && !before {
			l.refused[r.Promotion] = order.PlacedAt
		}
		all = all && ok
	}
	return all
}

// count adds the redemptions of an order.
func (l *ledger) count(order *Order, redemptions []engine.Redemption) {
	for i := range redemptions {
		r := &redemptions[i]
		key := engine.UsageKey{Promotion: r.Promotion, Period: r.Period}
		used := l.all[key]
		if used == nil {
			used = &engine.PromotionUsage{}
			l.all[key] = used
		}
		used.Redemptions++
		used.Spent += r.Spent
		if r.PerCustomer != nil {
			l.by[customerKey{key, order.Request.Cart.Customer.ID}]++
		}
		if r.PerCode != nil && !codeCounted(redemptions[:i], r.Code) {
			l.codes[r.Code]++
		}
	}
}

func codeCounted(redemptions []engine.Redemption, code string) bool {
	return slices.ContainsFunc(redemptions, func(r engine.Redemption) bool { return r.PerCode != nil && r.Code == code })
}

// usage is what an order is priced against.
func (l *ledger) usage(order *Order) engine.Usage {
	u := unused(order.Request.Usage)
	keys := l.rules.UsageKeys(order.Request.At)
	u.Promotions = make(map[string]engine.PromotionUsage, len(keys))
	if u.Codes == nil {
		u.Codes = make(map[string]engine.CodeUsage)
	}
	for _, key := range keys {
		if used := l.all[key]; used != nil {
			entry := *used
			entry.ByCustomer = l.by[customerKey{key, order.Request.Cart.Customer.ID}]
			u.Promotions[key.Promotion] = entry
		}
	}
	for _, code := range order.Request.Cart.Coupons {
		code = engine.NormalizeCoupon(code)
		if n := l.codes[code]; n > 0 {
			u.Codes[code] = engine.CodeUsage{Pool: u.Codes[code].Pool, Redemptions: n}
		}
	}
	return u
}
