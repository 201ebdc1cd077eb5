package ruletest

import (
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// promotionUsage reads what orders have used of promotions: {promotion:
// {redemptions, by_customer, spent}}.
func (r *reader) promotionUsage(v syntax.Value, currency engine.Currency, s scope) map[string]engine.PromotionUsage {
	used := make(map[string]engine.PromotionUsage)
	for _, e := range v.Entries() {
		r.checkPromotion(e.Key, e.Name)
		m := e.Value.Map(keysIn(ofUsage)...)
		used[e.Name] = engine.PromotionUsage{
			Redemptions: count(m.Get("redemptions"), s),
			ByCustomer:  count(m.Get("by_customer"), s),
			Spent:       amount(m.Get("spent"), currency, s),
		}
	}
	return used
}

// paused reads which promotions somebody has paused: their ids.
func (r *reader) paused(v syntax.Value, s scope) engine.Pauses {
	ids := r.promotions(v, s)
	if ids == nil || len(*ids) == 0 {
		return nil
	}
	paused := make(engine.Pauses, len(*ids))
	for _, id := range *ids {
		paused[id] = time.Time{}
	}
	return paused
}

// codeUsage reads what is known of coupon codes: {CODE: {pool, redemptions}}.
func codeUsage(v syntax.Value, s scope) map[string]engine.CodeUsage {
	known := make(map[string]engine.CodeUsage)
	for _, e := range v.Entries() {
		m := e.Value.Map(keysIn(ofCode)...)
		known[engine.NormalizeCoupon(e.Name)] = engine.CodeUsage{
			Pool:        s.text(m.Get("pool")),
			Redemptions: count(m.Get("redemptions"), s),
		}
	}
	return known
}
