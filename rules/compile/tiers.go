package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

func (p *promotionCompiler) tiers(v syntax.Value) engine.Deal {
	m := v.Map("of", "by", "base", "steps", "mode", "per", "pick")
	d := &engine.Tiers{
		Of:        p.selection(m.Require("of")),
		BySpend:   choice(m.Get("by"), "by", false, map[string]bool{"quantity": false, "spend": true}),
		OfList:    ofList(m.Get("base")),
		Graduated: choice(m.Get("mode"), "mode", false, map[string]bool{"reached": false, "graduated": true}),
		Pick:      pick(m.Get("pick")),
	}
	once := (d.BySpend || d.Of.Order) && !d.Graduated
	d.PerSelection = choice(m.Get("per"), "per", once, map[string]bool{"unit": false, "selection": true})
	takesAmounts := false
	for _, v := range filled(m.Require("steps"), "steps").Items() {
		step := given(v, "the step").Map("from", "percent_off", "amount_off", "price")
		takesAmounts = takesAmounts || step.Has("amount_off")
		d.Steps = append(d.Steps, p.tierStep(step, d))
	}
	checkTiers(m, d, takesAmounts)
	return d
}

// tierStep reads the next step of the tiers.
func (p *promotionCompiler) tierStep(m syntax.Map, d *engine.Tiers) engine.TierStep {
	measure := wholeUnits
	if d.BySpend {
		measure = money
	}
	from := m.Require("from")
	step := engine.TierStep{From: p.number(from, measure), Reward: p.reward(m, "percent_off", "amount_off", "price")}
	if last := len(d.Steps) - 1; last >= 0 && !ascend(d.Steps[last].From, step.From) {
		from.Report(diag.OutOfRange, "list the steps by from, the lowest first, and each from once", "the step does not begin after the one before it")
	}
	switch {
	case d.Graduated && d.BySpend:
		for _, key := range []string{"amount_off", "price"} {
			m.Key(key).Report(diag.WrongValue, "write percent_off, or mode: reached", "a graduated step by spend cannot have %s", key)
		}
	case d.Of.Order:
		m.Key("price").Report(diag.WrongValue, "write percent_off or amount_off, or name a set under of", "the order has no price for a unit")
	}
	return step
}

// ascend reports whether one step begins before the next, in every currency
// that both have, as far as that can be told.
func ascend(from, next engine.Number) bool {
	switch from := from.(type) {
	case engine.Constant:
		next, ok := next.(engine.Constant)
		return !ok || engine.Decimal(from).Cmp(engine.Decimal(next)) < 0
	case engine.PerCurrency:
		next, _ := next.(engine.PerCurrency)
		for c, d := range next {
			if before, ok := from[c]; ok && before.Cmp(d) >= 0 {
				return false
			}
		}
	}
	return true
}

// checkTiers reports keys that would have no meaning beside the others.
func checkTiers(m syntax.Map, d *engine.Tiers, takesAmounts bool) {
	if !d.BySpend {
		m.Key("base").Report(diag.WrongValue, "leave it out, or write by: spend", "base has no meaning where units are counted")
	}
	if !d.Graduated || d.BySpend {
		m.Key("pick").Report(diag.WrongValue, "leave it out, or write mode: graduated and by: quantity", "pick has no meaning where all units get the same")
	}
	switch per := m.Key("per"); {
	case !takesAmounts:
		per.Report(diag.WrongValue, "leave it out", "per has no meaning without a step with amount_off")
	case d.Graduated && d.PerSelection:
		per.Report(diag.WrongValue, "write per: unit, or mode: reached", "a graduated amount is taken off each unit")
	}
}
