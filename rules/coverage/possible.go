package coverage

import (
	"slices"

	"github.com/checkout-promotions/checkout/engine"
)

// possible returns the outcomes that the keys of a promotion can bring about, in the
// order in which the engine checks them, without those that other promotions bring
// about. The package documentation says which count.
func possible(p engine.Promotion, shop engine.Currency) []engine.Reason {
	if p.Disabled {
		return nil
	}
	var reasons []engine.Reason
	add := func(can bool, reason engine.Reason) {
		if can {
			reasons = append(reasons, reason)
		}
	}
	limits := p.Limits
	items, quantity := lacks(p)
	_, gives := last(p).(*engine.Giveaway)
	_, asks := last(p).(*engine.PluginDeal)
	add(true, engine.Applied)
	add(!p.Schedule.From.IsZero(), engine.NotStarted)
	add(!p.Schedule.Until.IsZero(), engine.Ended)
	add(p.Schedule.Days != 0 || len(p.Schedule.Hours) > 0, engine.OutsideHours)
	add(p.Coupon != engine.Coupon{}, engine.CouponMissing)
	add(len(p.Currencies) > 0 && !slices.Equal(p.Currencies, []engine.Currency{shop}), engine.CurrencyMismatch)
	add(limits.PerCustomer != nil, engine.CustomerRequired)
	add(limits.Redemptions != nil || limits.PerCustomer != nil || limits.PerCode != nil, engine.LimitReached)
	add(limits.Budget != nil, engine.BudgetSpent)
	add(p.When != nil, engine.ConditionFalse)
	add(items, engine.NoMatchingItems)
	add(quantity, engine.BelowQuantity)
	add(gives && len(p.Deals) == 1, engine.OutOfStock)
	add(asks, engine.PluginFailed)
	return reasons
}

// last is the deal whose reason the promotion gives when none of its deals has an
// effect.
func last(p engine.Promotion) engine.Deal {
	if len(p.Deals) == 0 {
		return nil
	}
	return p.Deals[len(p.Deals)-1]
}

// lacks reports whether a cart can lack items for the last deal, and whether it can
// have too few of them, as far as the condition lets it come to that.
func lacks(p engine.Promotion) (items, quantity bool) {
	if len(p.Deals) > 1 {
		return false, false // another deal may need less
	}
	var about []engine.Selection
	switch d := last(p).(type) {
	case *engine.PercentOff:
		about = append(about, d.Of)
	case *engine.AmountOff:
		about = append(about, d.Of)
	case *engine.FixedPrice:
		about = append(about, d.Of)
	case *engine.Multibuy:
		about, quantity = append(about, d.Of), true
	case *engine.BuyGet:
		about, quantity = append(about, d.Buy, d.Get), d.Buy == d.Get || d.Spend != nil || several(d.Quantity) || several(d.Units)
	case *engine.Bundle:
		for _, slot := range d.Slots {
			about, quantity = append(about, slot.Of), quantity || several(slot.Quantity)
		}
	case *engine.Tiers:
		about, quantity = append(about, d.Of), len(d.Steps) > 0 && (d.BySpend || several(d.Steps[0].From))
	case *engine.Giveaway:
		if d.ForEach != nil {
			about, quantity = append(about, d.ForEach.Of), several(d.ForEach.Quantity)
		}
	}
	for _, of := range about {
		if of.Order && p.When != nil || !of.Order && asksFor(p, of.Set) {
			return false, false
		}
		items = items || !of.Order
	}
	return items, quantity
}

// asksFor reports whether the condition is false without items of the set.
func asksFor(p engine.Promotion, set int) bool {
	return slices.Contains(p.Requires, engine.Fact{Kind: engine.HasItems, Set: set})
}

// several reports whether the number is not known to be 1.
func several(n engine.Number) bool {
	one, constant := n.(engine.Constant)
	return n != nil && (!constant || engine.Decimal(one).Cmp(engine.NewDecimal(1)) > 0)
}
