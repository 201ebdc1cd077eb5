package compile

import (
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// currency reads a code that stands at the value.
func currency(v syntax.Value, code string) (engine.Currency, bool) {
	parsed, err := engine.ParseCurrency(code)
	if err != nil {
		v.Report(diag.WrongValue, "use an ISO 4217 code of three capital letters, such as USD", "%.40q is no currency", code)
	}
	return parsed, err == nil
}

// currencies reads the currencies in which a promotion's numbers hold as they
// stand; none when it does not say.
func currencies(v syntax.Value) []engine.Currency {
	var listed []engine.Currency
	for _, code := range distinct(v, "currencies") {
		if c, ok := currency(code, code.Text()); ok {
			listed = append(listed, c)
		}
	}
	return listed
}

// currencySet is the currencies in which some amounts hold. The zero value is
// every currency.
type currencySet struct {
	limited bool
	members []engine.Currency // by code
}

// within returns the currencies of the set that are among the allowed ones.
func (s currencySet) within(allowed ...engine.Currency) currencySet {
	members := slices.Clone(allowed)
	if s.limited {
		members = slices.DeleteFunc(members, func(c engine.Currency) bool { return !slices.Contains(s.members, c) })
	}
	slices.SortFunc(members, func(a, b engine.Currency) int { return strings.Compare(a.Code(), b.Code()) })
	return currencySet{limited: true, members: members}
}

// holdsIn returns the currencies of the carts for which all amounts of the
// promotion hold: those that it lists, or else those that its amounts have in
// common, which is the shop's currency wherever there is none beside them. A
// promotion without amounts holds in any, which is nil.
func (p *promotionCompiler) holdsIn(m syntax.Map) []engine.Currency {
	if m.Has("currencies") {
		p.checkPrices(m.Get("currencies"))
		return p.listed
	}
	common := p.tabled
	if p.reads&readsMoney != 0 {
		common = common.within(p.currency)
	}
	if common.limited && len(common.members) == 0 {
		m.Report(diag.WrongValue, "give every amount in the same currencies; a plain amount, and a price in an expression, is in "+p.currency.Code(),
			"there is no currency in which all amounts of the promotion hold")
	}
	return common.members
}

// table compiles an amount for each currency, {USD: 10, EUR: 9}.
func (n *numberCompiler) table(v syntax.Value) engine.Number {
	entries := v.Entries()
	if len(entries) == 0 {
		v.Report(diag.MissingKey, "such as {USD: 10, EUR: 9}", "there is no amount for any currency")
		return nil
	}
	amounts := make(engine.PerCurrency, len(entries))
	for _, e := range entries {
		c, known := currency(e.Key, e.Name)
		if d, ok := n.tableEntry(e.Value); ok && known {
			checkAmount(e.Value, d, c)
			amounts[c] = d
		}
	}
	if len(amounts) < len(entries) {
		return nil // reported
	}
	for _, c := range n.listed {
		if _, ok := amounts[c]; !ok {
			v.Report(diag.MissingKey, "give one amount for each currency under currencies", "the amount in %s is missing", c)
		}
	}
	n.tabled = n.tabled.within(slices.Collect(maps.Keys(amounts))...)
	return amounts
}

// tableEntry compiles the amount for one currency, which depends on nothing.
func (n *numberCompiler) tableEntry(v syntax.Value) (engine.Decimal, bool) {
	switch amount := n.number(v, tableAmount).(type) {
	case engine.Constant:
		return engine.Decimal(amount), true
	case compiledNumber:
		v.Report(diag.TypeMismatch, "write a number such as 9.99", "an amount for one currency has to be a constant")
	}
	return engine.Decimal{}, false
}

// checkPrices reports a listed currency in which the prices that the promotion's
// sets read would be other amounts: a set reads every price with the digits of
// the shop's currency.
func (p *promotionCompiler) checkPrices(v syntax.Value) {
	if p.reads&readsPrice == 0 {
		return
	}
	for _, listed := range p.listed {
		if listed.Digits() != p.currency.Digits() {
			v.Report(diag.WrongValue, "select the items by something else, such as tags",
				"the price of an item is read with the digits of %s, and %s has others", p.currency, listed)
		}
	}
}
