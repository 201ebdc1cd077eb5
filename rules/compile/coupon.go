package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// unlockedBy reads a code, {code: CODE}, or {pool: NAME} for any code that was
// generated for the pool.
func unlockedBy(v syntax.Value) engine.Coupon {
	if v.Kind() != syntax.Mapping {
		return engine.Coupon{Code: couponCode(v)}
	}
	switch key, value := v.Map("code", "pool").OneOf("code", "pool"); key {
	case "code":
		return engine.Coupon{Code: couponCode(value)}
	case "pool":
		return engine.Coupon{Pool: plainName(value, "the name of a pool")}
	default:
		return engine.Coupon{}
	}
}

func couponCode(v syntax.Value) string {
	text, ok := v.WantText()
	if !ok {
		return ""
	}
	code := engine.NormalizeCoupon(text)
	if code == "" || len(code) > 64 {
		v.Report(diag.WrongValue, "", "a coupon code has 1 to 64 characters")
	}
	return code
}
