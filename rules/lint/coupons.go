package lint

import (
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Pool is a coupon pool of the shop.
type Pool struct {
	Codes   int64 // that were not revoked one by one
	Revoked bool  // as a whole
}

// coupons finds promotions that ask for codes of a pool that no cart can have.
func (l *linter) coupons() {
	if l.options.Pools == nil {
		return
	}
	for _, p := range l.promotions {
		name := p.Coupon.Pool
		if over := !p.Schedule.Until.IsZero() && !l.options.At.Before(p.Schedule.Until); name == "" || p.Disabled || over {
			continue
		}
		pool, known := l.options.Pools[name]
		at := p.Get("coupon").At([]string{"pool"})
		var finding *Finding
		switch {
		case !known:
			hint := diag.Suggest(name, slices.Sorted(maps.Keys(l.options.Pools)))
			if hint == "" {
				hint = "make it: checkout coupons create " + name + " --count N"
			}
			finding = l.report(at, diag.SeverityWarning, diag.NoCodes, hint, "there is no coupon pool %s, so that no code unlocks %s", name, p.ID)
		case pool.Revoked:
			finding = l.report(at, diag.SeverityWarning, diag.NoCodes, "restore it, or remove the promotion", "the coupon pool %s is revoked, so that no code unlocks %s", name, p.ID)
		case pool.Codes == 0:
			finding = l.report(at, diag.SeverityWarning, diag.NoCodes, "make some: checkout coupons generate "+name+" --count N", "the coupon pool %s has no codes, so that none unlocks %s", name, p.ID)
		default:
			continue
		}
		finding.Promotions = []string{p.ID}
		l.locked(finding, p)
	}
}

// locked shows the promotion not applied to a cart that has what it needs but a code.
func (l *linter) locked(finding *Finding, p *promotion) {
	l.carts([]*promotion{p}, constant(true), nil, func(request engine.Request) bool {
		request.Cart.Coupons, request.Usage.Codes, request.Explain = nil, nil, true
		request, q, ok := price(l.rules, request)
		if !ok || outcomeOf(&q, p.ID).Reason != engine.CouponMissing {
			return true
		}
		finding.Witness = &Witness{Shows: p.ID + " is not applied for want of a code, which nobody can have", Request: request, Quote: q, NotApplied: []string{p.ID}}
		return false
	})
}
