package compile

import (
	"maps"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// Invariant is a condition over a cart and its quote. It is safe for concurrent
// use.
type Invariant struct {
	condition compiledCondition
}

// NewInvariant compiles a condition that may read, besides what conditions of
// promotions read, the quote: quote.total, quote.applied, quote.lines and so on. The
// cart is as it was before promotions, and amounts are in the currency of a shop.
// Names that rule files give cannot be used, because the same condition has to hold
// for other rules too. Faults are reported at the value, and the result is then nil.
func NewInvariant(v syntax.Value, currency engine.Currency) *Invariant {
	c := newCompiler()
	c.currency = currency
	c.compileNames()
	c.cart.fixed["quote"] = quoteRecord(currency, c.items)
	o := c.wantCondition(v, compileExpression(v, c.cart), "always")
	if o.kind == invalid {
		return nil
	}
	return &Invariant{compiledCondition{all: o.terms(andJoins, o.bool), why: o.why}}
}

// Check reports whether the condition holds in a scope of engine.Ruleset.Read, and
// the parts that make it false where it does not.
func (i *Invariant) Check(s *engine.Scope) (holds bool, broken []engine.Clause) {
	if i.condition.Holds(s) {
		return true, nil
	}
	return false, i.condition.Why(s)
}

// quoteRecord is what an invariant may read of a quote.
func quoteRecord(c engine.Currency, items variables) operand {
	sum := func(get func(*engine.Quote) engine.Amount) operand {
		return moneyOf(c, func(s *engine.Scope, _ element) int64 { return int64(get(s.Quote())) })
	}
	texts := func(get func(*engine.Quote) []string) operand {
		return listOf(textList, func(s *engine.Scope, _ element) []string { return get(s.Quote()) })
	}
	lines := allLines(quotedLine(c, items))
	lines.grows = growth{}
	return recordOf("quote", "name the fact, such as quote.total", map[string]operand{
		"subtotal":          sum(func(q *engine.Quote) engine.Amount { return q.Subtotal }),
		"discount":          sum(func(q *engine.Quote) engine.Amount { return q.Discount }),
		"total":             sum(func(q *engine.Quote) engine.Amount { return q.Total }),
		"shipping_discount": sum(func(q *engine.Quote) engine.Amount { return q.ShippingDiscount }),
		"shipping_total":    sum(func(q *engine.Quote) engine.Amount { return q.ShippingTotal }),
		"payable":           sum(func(q *engine.Quote) engine.Amount { return q.Payable }),
		"saving":            sum(func(q *engine.Quote) engine.Amount { return q.Saving() }),
		"applied":           texts(appliedIn),
		"gifts":             texts(giftsIn),
		"lines":             lines,
	})
}

func appliedIn(q *engine.Quote) []string {
	var ids []string
	for _, o := range q.Promotions {
		if o.Reason == engine.Applied {
			ids = append(ids, o.Promotion)
		}
	}
	return ids
}

// giftsIn returns the SKU of each kind of gift.
func giftsIn(q *engine.Quote) []string {
	var skus []string
	for _, g := range q.Gifts {
		skus = append(skus, g.SKU)
	}
	return skus
}

// quotedLine is the parts of a line of quote.lines: those of a line of cart.lines,
// with what promotions left of it.
func quotedLine(c engine.Currency, items variables) *fields {
	of := func(get func(engine.QuoteLine) engine.Amount) operand {
		return moneyOf(c, func(s *engine.Scope, e element) int64 { return int64(get(s.Quote().Lines[e.line])) })
	}
	own := map[string]operand{
		"discount": of(func(l engine.QuoteLine) engine.Amount { return l.Discount }),
		"total":    of(func(l engine.QuoteLine) engine.Amount { return l.Total }),
	}
	inCart := lineFields(c, items)
	quoted := *inCart
	quoted.title = "a line of the quote"
	quoted.names = slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(own)), inCart.names...))))
	quoted.hint = "name the part of the line, such as .total"
	quoted.get = func(name string) (operand, bool) {
		if o, ok := own[name]; ok {
			return o, true
		}
		return inCart.get(name)
	}
	return &quoted
}
