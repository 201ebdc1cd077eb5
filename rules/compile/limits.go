package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// limits reads how often and how much a promotion gives. A code of a pool is
// used once, unless the file says otherwise.
func (p *promotionCompiler) limits(promotion syntax.Map, coupon engine.Coupon) engine.Limits {
	m := filled(promotion.Get("limits"), "limits").Map("redemptions", "per_customer", "per_code", "per_cart", "budget", "max_discount", "per")
	if m.Has("per_code") && !promotion.Has("coupon") {
		m.Key("per_code").Report(diag.WrongValue, "give the promotion a coupon, or leave the limit out", "per_code limits the uses of a coupon code, but the promotion has no coupon")
	}
	l := engine.Limits{
		Redemptions: p.number(m.Get("redemptions"), uses),
		PerCustomer: p.number(m.Get("per_customer"), uses),
		PerCode:     p.number(m.Get("per_code"), uses),
		PerCart:     p.number(m.Get("per_cart"), uses),
		Budget:      p.number(m.Get("budget"), money),
		MaxDiscount: p.number(m.Get("max_discount"), money),
		Per:         period(m),
	}
	if coupon.Pool != "" && !m.Has("per_code") {
		l.PerCode = engine.Constant(engine.NewDecimal(1))
	}
	return l
}

// period reads how long limits last before they begin anew.
func period(m syntax.Map) engine.Period {
	if !m.Has("per") {
		return engine.EverPeriod
	}
	if !m.Has("redemptions") && !m.Has("per_customer") && !m.Has("budget") {
		m.Key("per").Report(diag.WrongValue, "give redemptions, per_customer or budget, or leave per out", "per says how long these limits last, but there is none of them")
	}
	return choice(m.Get("per"), "per", engine.EverPeriod, map[string]engine.Period{
		"day": engine.DayPeriod, "week": engine.WeekPeriod, "month": engine.MonthPeriod, "year": engine.YearPeriod,
	})
}
