package compile_test

import (
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func TestLimitsAndCoupons(t *testing.T) {
	one := constant("1")
	for _, c := range []struct {
		name, keys string
		coupon     engine.Coupon
		limits     engine.Limits
	}{
		{"none", "name: x", engine.Coupon{}, engine.Limits{}},
		{"every limit", "coupon: A, limits: {redemptions: 500, per_customer: 2, per_code: 3, per_cart: 4, budget: 20000, max_discount: 149.99}", engine.Coupon{Code: "A"},
			engine.Limits{Redemptions: constant("500"), PerCustomer: constant("2"), PerCode: constant("3"), PerCart: constant("4"), Budget: constant("20000"), MaxDiscount: constant("149.99")}},
		{"money per currency", "limits: {budget: {USD: 100, JPY: 9000}}", engine.Coupon{},
			engine.Limits{Budget: perCurrency(t, "USD", "100", "JPY", "9000")}},
		{"a code", "coupon: ' welcome ', limits: {per_customer: 1}", engine.Coupon{Code: "WELCOME"}, engine.Limits{PerCustomer: one}},
		{"a code as a mapping has no limit of its own", "coupon: {code: welcome}", engine.Coupon{Code: "WELCOME"}, engine.Limits{}},
		{"a code of a pool is used once", "coupon: {pool: spring_2026}", engine.Coupon{Pool: "spring_2026"}, engine.Limits{PerCode: one}},
		{"unless it says otherwise", "coupon: {pool: spring}, limits: {per_code: 2}", engine.Coupon{Pool: "spring"}, engine.Limits{PerCode: constant("2")}},
		{"also beside other limits", "coupon: {pool: spring}, limits: {redemptions: 5}", engine.Coupon{Pool: "spring"}, engine.Limits{PerCode: one, Redemptions: constant("5")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := compileAll(t, []string{c.keys + ", deal: {percent_off: {of: order, percent: 10}}"}).Promotion("p0")
			if p.Coupon != c.coupon {
				t.Errorf("got coupon %+v, want %+v", p.Coupon, c.coupon)
			}
			if !reflect.DeepEqual(p.Limits, c.limits) {
				t.Errorf("got limits %+v, want %+v", p.Limits, c.limits)
			}
		})
	}
}

func TestALimitMayDependOnTheCart(t *testing.T) {
	p, _ := compileAll(t, []string{`limits: {per_cart: "vip ? 5 : 1"}, deal: {percent_off: {of: order, percent: 10}}`}).Promotion("p0")
	if _, isConstant := p.Limits.PerCart.(engine.Constant); p.Limits.PerCart == nil || isConstant {
		t.Errorf("got %v, want an expression", p.Limits.PerCart)
	}
}
