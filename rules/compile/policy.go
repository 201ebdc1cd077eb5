package compile

import (
	"strconv"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// readPolicy takes in policy.yaml, which says what holds for all promotions. The
// currency is needed to compile anything, the rest waits until all names are
// known.
func (c *compiler) readPolicy(doc *syntax.Document) {
	if c.policyFile != "" {
		doc.Root().Report(diag.Duplicate, "keep one of the two", "%s says already what holds for all promotions", c.policyFile)
		return
	}
	c.policyFile = doc.Name()
	c.policy = doc.Root().Map("currency", "rounding", "groups", "cap", "resolution", "max_stack")
	v := c.policy.Get("currency")
	if code, ok := v.WantText(); ok {
		if shop, known := currency(v, code); known {
			c.currency = shop
		}
	}
}

func (c *compiler) compilePolicy() engine.Policy {
	policy := engine.Policy{
		Groups:     c.groups(c.policy.Get("groups")),
		Resolution: resolvedBy(c.policy.Get("resolution")),
	}
	policy.Rounding, policy.RoundPrice = rounding(c.policy.Get("rounding"))
	policy.Cap, policy.CapPercent = c.cap(c.policy.Get("cap"))
	maxStack(c.policy.Get("max_stack"))
	return policy
}

// rounding reads how half of a smallest unit is rounded, and whether it is the
// price that is rounded instead of the discount.
func rounding(v syntax.Value) (mode engine.Rounding, price bool) {
	modes := map[string]engine.Rounding{"half_up": engine.HalfUp, "half_even": engine.HalfEven}
	if v.Kind() != syntax.Mapping {
		return choice(v, "rounding", engine.HalfUp, modes), false
	}
	m := filled(v, "rounding").Map("mode", "target")
	price = choice(m.Get("target"), "target", false, map[string]bool{"discount": false, "price": true})
	return choice(m.Get("mode"), "mode", engine.HalfUp, modes), price
}

func resolvedBy(v syntax.Value) engine.Resolution {
	return choice(v, "resolution", engine.ResolveBest, map[string]engine.Resolution{
		"best": engine.ResolveBest, "priority": engine.ResolvePriority,
	})
}

// cap reads what all promotions together may take off the goods of a cart.
func (c *compiler) cap(v syntax.Value) (amount, percent engine.Number) {
	switch {
	case !v.Present():
		return nil, nil
	case v.Kind() != syntax.Mapping:
		c.policy.Key("cap").Report(diag.WrongValue, "such as cap: {percent: 50}", "cap wants a mapping")
		return nil, nil
	}
	m := filled(v, "cap").Map("percent", "amount")
	n := &numberCompiler{compiler: c}
	amount, percent = n.number(m.Get("amount"), money), n.number(m.Get("percent"), percentage)
	if n.reads&readsClock != 0 {
		m.Report(diag.NotAllowed, "give promotions schedules of their own", "the cap cannot read the clock")
	}
	if plain, ok := amount.(engine.Constant); ok {
		// In another currency the number would mean another amount.
		amount = engine.PerCurrency{c.currency: engine.Decimal(plain)}
	}
	return amount, percent
}

// maxStack looks at what promotions may take off a line together before a check of
// the rules tells of it. It has no bearing on prices; package lint reads it.
func maxStack(v syntax.Value) {
	text, ok := v.WantText()
	if !ok {
		return
	}
	if percent, err := strconv.Atoi(text); err != nil || percent < 1 || percent > 100 {
		v.Report(diag.OutOfRange, "such as max_stack: 60", "max_stack is a whole percentage from 1 to 100, and not %.40q", text)
	}
}
