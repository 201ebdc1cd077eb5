package lint

import (
	"slices"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// Bounds on the search of Beside: how many promotions are tried beside one, how many
// carts of each two, and how many carts altogether.
const (
	maxBeside = 12
	maxShared = 8
	maxQuotes = 3000
)

// Beside returns which promotions can end without an effect because of others, by id:
// displaced, excluded, or cap_reached. Each was seen in the quote of a cart that was
// made for the promotion and another one, so that tests can reach it as well; what was
// not found may still happen. The error is that of compile.Compile.
func Beside(files []compile.File) (map[string][]engine.Reason, error) {
	f, err := newFolder(files)
	if err != nil {
		return nil, err
	}
	// The same instant at all times. Promotions that are over are seen before.
	l := &linter{folder: f, options: Options{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Cost: DefaultCost},
		reported: make(map[string]bool), acting: make(map[*promotion]bool)}
	found, quotes := make(map[string][]engine.Reason), 0
	for _, p := range l.promotions {
		for _, reason := range []engine.Reason{engine.Displaced, engine.Excluded, engine.CapReached} {
			if l.endsBeside(p, reason, &quotes) {
				found[p.ID] = append(found[p.ID], reason)
			}
		}
	}
	return found, nil
}

// endsBeside looks for a cart on which the promotion ends with the reason.
func (l *linter) endsBeside(p *promotion, reason engine.Reason, quotes *int) bool {
	if p.Disabled || l.solver().never(p.meaning) {
		return false
	}
	tried := 0
	for _, q := range l.promotions {
		if q == p || q.Disabled || !l.mayEnd(p, q, reason) || l.solver().never(all(p.meaning, q.meaning)) {
			continue
		}
		if tried++; tried > maxBeside || *quotes > maxQuotes {
			return false
		}
		seen, carts := false, 0
		l.carts([]*promotion{p, q}, constant(true), nil, func(request engine.Request) bool {
			carts++
			*quotes++
			request.Explain = true
			_, quote, ok := price(l.rules, request)
			seen = ok && outcomeOf(&quote, p.ID).Reason == reason
			return !seen && carts < maxShared
		})
		if seen {
			return true
		}
	}
	return false
}

// mayEnd reports whether what is written lets q be why p ends with the reason.
func (l *linter) mayEnd(p, q *promotion, reason engine.Reason) bool {
	switch reason {
	case engine.CapReached:
		return l.config.Policy.Cap != nil || l.config.Policy.CapPercent != nil
	case engine.Displaced:
		combines := l.policyOf(groupOf(p)).Combine
		return groupOf(p) == groupOf(q) && (combines != engine.CombineAll || p.claims() && q.claims())
	default:
		return l.excludes(p, q) || l.excludes(q, p)
	}
}

// claims reports whether the promotion has a deal that uses units up.
func (p *promotion) claims() bool {
	return slices.ContainsFunc(p.Deals, func(d engine.Deal) bool {
		switch d.(type) {
		case *engine.Multibuy, *engine.BuyGet, *engine.Bundle:
			return true
		default:
			return false
		}
	})
}

// Stacked returns the pairs of promotions that took something off one line of the
// quote, each sorted by id, in the order of the quote.
func Stacked(q *engine.Quote) [][2]string {
	var pairs [][2]string
	for _, line := range q.Lines {
		on := promotionsOn(q, line.SKU)
		for i := range on {
			for _, other := range on[i+1:] {
				if pair := [2]string{on[i], other}; !slices.Contains(pairs, pair) {
					pairs = append(pairs, pair)
				}
			}
		}
	}
	return pairs
}
