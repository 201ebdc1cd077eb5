package compile

import (
	"github.com/checkout-promotions/checkout/engine"
)

// source is a fact that conditions and sets read so often that tests of it are
// written out below: they read the fact themselves, where others call a function
// for it. The functions that make the tests are not inlined, because in a
// function that is, the compiler does not inline what its closures call.
type source uint8

const (
	anySource source = iota
	cartQuantity
	cartSubtotal
	setQuantity
	setSubtotal
	cartChannel
	shippingCountry
	customerGroups
	itemSKU
	itemCategory
	itemTags
)

// from says which fact the operand is, and of which set.
func (o operand) from(fact source, set int) operand {
	o.source, o.set = fact, set
	return o
}

// countWithin returns the test of whether a count lies between the bounds or,
// where that is not wanted, outside of them.
//
//go:noinline
func countWithin(o operand, b bounds, wanted bool) boolFunc {
	switch get, set := o.whole, o.set; o.source {
	case cartQuantity:
		return func(s *engine.Scope, _ element) bool { return b.has(s.Quantity()) == wanted }
	case setQuantity:
		return func(s *engine.Scope, _ element) bool { return b.has(s.Set(set).Quantity()) == wanted }
	default:
		return func(s *engine.Scope, e element) bool { return b.has(get(s, e)) == wanted }
	}
}

// amountWithin is countWithin for an amount. The bounds are in the smallest unit
// of the shop's currency; in a cart whose currency has another number of digits
// decimals are compared instead.
//
//go:noinline
func amountWithin(o operand, b bounds, wanted bool, decimals boolFunc) boolFunc {
	get, set, digits := o.whole, o.set, o.digits
	switch o.source {
	case cartSubtotal:
		return func(s *engine.Scope, _ element) bool {
			if s.Cart().Currency.Digits() != digits {
				return decimals(s, element{})
			}
			return b.has(int64(s.Subtotal())) == wanted
		}
	case setSubtotal:
		return func(s *engine.Scope, _ element) bool {
			if s.Cart().Currency.Digits() != digits {
				return decimals(s, element{})
			}
			return b.has(int64(s.Set(set).Subtotal())) == wanted
		}
	default:
		return func(s *engine.Scope, e element) bool {
			if s != nil && s.Cart().Currency.Digits() != digits {
				return decimals(s, e)
			}
			return b.has(get(s, e)) == wanted
		}
	}
}

// textIs returns the test of whether a text is the wanted one or, where that is
// not asked for, another one.
//
//go:noinline
func textIs(o operand, wanted string, equal bool) boolFunc {
	switch get := o.text; o.source {
	case cartChannel:
		return func(s *engine.Scope, _ element) bool {
			t := s.Cart().Channel
			return t != "" && (t == wanted) == equal
		}
	case shippingCountry:
		return func(s *engine.Scope, _ element) bool {
			t := s.Cart().Shipping.Country
			return t != "" && (t == wanted) == equal
		}
	case itemSKU:
		return func(_ *engine.Scope, e element) bool { return (e.item.SKU == wanted) == equal }
	default:
		return func(s *engine.Scope, e element) bool {
			t, ok := get(s, e)
			return ok && (t == wanted) == equal
		}
	}
}

// categoryIs returns the test of whether a category is the wanted one or below
// it or, where that is not asked for, neither.
//
//go:noinline
func categoryIs(o operand, wanted string, equal bool) boolFunc {
	if o.source == itemCategory {
		return func(_ *engine.Scope, e element) bool {
			return engine.InCategory(e.item.Category(), wanted) == equal
		}
	}
	get := o.text
	return func(s *engine.Scope, e element) bool {
		t, ok := get(s, e)
		return ok && engine.InCategory(t, wanted) == equal
	}
}

// textAmong returns the test of whether a text is one of a few.
//
//go:noinline
func textAmong(o operand, texts []string) boolFunc {
	switch get := o.text; o.source {
	case shippingCountry:
		return func(s *engine.Scope, _ element) bool {
			t := s.Cart().Shipping.Country
			return t != "" && has(texts, t)
		}
	case itemSKU:
		return func(_ *engine.Scope, e element) bool { return has(texts, e.item.SKU) }
	default:
		return func(s *engine.Scope, e element) bool {
			t, ok := get(s, e)
			return ok && has(texts, t)
		}
	}
}

// listHas returns the test of whether a text is in a list.
//
//go:noinline
func listHas(o operand, list listFunc, wanted string) boolFunc {
	switch o.source {
	case customerGroups:
		return func(s *engine.Scope, _ element) bool { return has(s.Cart().Customer.Groups, wanted) }
	case itemTags:
		return func(_ *engine.Scope, e element) bool { return has(e.item.Tags, wanted) }
	default:
		return func(s *engine.Scope, e element) bool { return has(list(s, e), wanted) }
	}
}

// has is slices.Contains, which takes longer because it is generic.
func has(texts []string, wanted string) bool {
	for _, t := range texts {
		if t == wanted {
			return true
		}
	}
	return false
}
