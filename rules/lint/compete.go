package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Bounds on how many pairs of promotions are tried: for one promotion, and
// altogether.
const (
	maxRivals = 5
	maxPairs  = 500
	maxTries  = 4 // carts for one pair
)

// compete finds promotions that another one always beats, and such that only the
// alphabet decides between.
func (l *linter) compete() {
	rivals := l.rivals()
	pairs := 0
	for _, p := range l.ranked() {
		if !l.acts(p) {
			continue
		}
		found, tried := false, 0
		for _, q := range rivals[p] {
			if !found && outranks(q, p) && l.beats(q, p, rivals) {
				l.shadowed(q, p)
				found = true
			}
		}
		for _, q := range rivals[p] {
			if found || tried == maxRivals || pairs == maxPairs {
				break
			}
			if outranks(q, p) && q.Priority == p.Priority && l.byRank(q, p) && !l.solver().never(all(p.meaning, q.meaning)) {
				tried, pairs = tried+1, pairs+1
				found = l.tied(q, p)
			}
		}
	}
}

// acts reports whether the promotion may have an effect, now or later.
func (l *linter) acts(p *promotion) bool {
	acts, known := l.acting[p]
	if !known {
		over := !p.Schedule.Until.IsZero() && !l.options.At.Before(p.Schedule.Until)
		acts = !p.Disabled && !over && !l.solver().never(p.meaning)
		l.acting[p] = acts
	}
	return acts
}

// ranked are the promotions by rank.
func (l *linter) ranked() []*promotion {
	ranked := slices.Clone(l.promotions)
	slices.SortFunc(ranked, func(a, b *promotion) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	return ranked
}

func outranks(a, b *promotion) bool {
	return a.Priority > b.Priority || a.Priority == b.Priority && a.ID < b.ID
}

// rivals are, of each promotion, those that may not have an effect beside it, by
// rank.
func (l *linter) rivals() map[*promotion][]*promotion {
	rivals := make(map[*promotion][]*promotion)
	acting := slices.DeleteFunc(l.ranked(), func(p *promotion) bool { return !l.acts(p) })
	for i, p := range acting {
		for _, q := range acting[i+1:] {
			if l.clash(p, q) {
				rivals[p] = append(rivals[p], q)
				rivals[q] = append(rivals[q], p)
			}
		}
	}
	return rivals
}

func groupOf(p *promotion) string { return cmp.Or(p.Group, engine.DefaultGroup) }

func (f *folder) policyOf(group string) engine.Group {
	i := slices.IndexFunc(f.config.Policy.Groups, func(g engine.Group) bool { return g.ID == group })
	if i < 0 {
		return engine.Group{ID: group}
	}
	return f.config.Policy.Groups[i]
}

// clash reports whether two promotions exclude each other.
func (l *linter) clash(p, q *promotion) bool {
	if groupOf(p) == groupOf(q) {
		switch p.policy.Combine {
		case engine.CombineBest, engine.CombineFirst:
			return true
		}
	}
	return l.excludes(p, q) || l.excludes(q, p)
}

func (l *linter) excludes(p, q *promotion) bool {
	switch p.Exclusive {
	case engine.ExclusiveInCart:
		return true
	case engine.ExclusiveInGroup:
		if groupOf(p) == groupOf(q) {
			return true
		}
	case engine.ExclusiveInLevel:
		if slices.ContainsFunc(p.Deals, func(d engine.Deal) bool {
			return slices.ContainsFunc(q.Deals, func(e engine.Deal) bool { return d.Level() == e.Level() })
		}) {
			return true
		}
	}
	return slices.Contains(p.Excludes, q.ID) || slices.Contains(p.Excludes, groupOf(q)) ||
		slices.Contains(p.policy.Excludes, groupOf(q))
}

// byRank reports whether rank decides between two that clash.
func (l *linter) byRank(p, q *promotion) bool {
	if groupOf(p) == groupOf(q) {
		switch p.policy.Combine {
		case engine.CombineFirst:
			return true
		case engine.CombineBest:
			return false
		}
	}
	return l.config.Policy.Resolution == engine.ResolvePriority
}

// beats reports whether it is proved that q, which ranks higher, has an effect on
// every cart on which p would have one.
func (l *linter) beats(q, p *promotion, rivals map[*promotion][]*promotion) bool {
	sameGroup := groupOf(p) == groupOf(q)
	switch {
	case !sameGroup || !l.byRank(q, p) || len(p.Deals) != 1 || len(q.Deals) != 1:
		return false
	case q.Limits != (engine.Limits{}) || q.Coupon != (engine.Coupon{}) && q.Coupon != p.Coupon:
		return false
	case wordsIn(q.Get("schedule")) != "" && wordsIn(q.Get("schedule")) != wordsIn(p.Get("schedule")):
		return false
	case wordsIn(q.Get("currencies")) != wordsIn(p.Get("currencies")) || !slices.Equal(q.Currencies, p.Currencies) && len(q.Currencies) > 0:
		return false
	case !dominates(q, p):
		return false
	case q.when != nil && strings.Contains(string(q.when.Source()), "total") || l.readsTotals(q):
		return false // which differ between the turns of the two
	case !l.solver().never(all(p.meaning, l.during(p.Schedule), not(q.meaning))):
		return false
	}
	// Nothing may stand in q's way that lets p pass.
	return !slices.ContainsFunc(rivals[q], func(r *promotion) bool { return r != p && !slices.Contains(rivals[p], r) })
}

// readsTotals reports whether the condition reads what earlier promotions left,
// through names too.
func (l *linter) readsTotals(p *promotion) bool {
	reads := false
	l.solver().models(either(p.meaning, not(p.meaning)), func(m *model) bool {
		for f := range m.facts {
			reads = reads || f.part == "total" || f.part == "" && strings.Contains(f.key, "total")
		}
		return !reads
	})
	return reads
}

// dominates reports whether q has an effect wherever p has one, both at the same
// prices or q at higher ones.
func dominates(q, p *promotion) bool {
	if q.Deals[0].Level() != p.Deals[0].Level() {
		return false
	}
	switch d := q.Deals[0].(type) {
	case *engine.PercentOff:
		e, ok := p.Deals[0].(*engine.PercentOff)
		if !ok || d.Of != e.Of || d.OfList != e.OfList || d.MaxUnits != nil || d.MaxDiscount != nil {
			return false
		}
		more, moreOK := d.Percent.(engine.Constant)
		less, lessOK := e.Percent.(engine.Constant)
		return moreOK && lessOK && engine.Decimal(more).Cmp(engine.Decimal(less)) >= 0 && engine.Decimal(more).Sign() > 0
	case *engine.AmountOff:
		e, ok := p.Deals[0].(*engine.AmountOff)
		amount, constant := d.Amount.(engine.Constant)
		return ok && constant && d.Of == e.Of && d.MaxUnits == nil && engine.Decimal(amount).Sign() > 0
	default:
		return false
	}
}

// shadowed reports p, with a cart on which it would be applied but for q.
func (l *linter) shadowed(q, p *promotion) {
	finding := l.report(p.Get("id"), diag.SeverityWarning, diag.Shadowed, fmt.Sprintf("remove it, or let it rank before %s", q.ID),
		"%s is never applied: %s at %s goes first wherever it could be", p.ID, q.ID, q.Get("id").Location())
	finding.Promotions = []string{p.ID, q.ID}
	without, err := l.rulesOf(withoutPromotion(l.config.Promotions, q.ID))
	if err != nil {
		return
	}
	l.carts([]*promotion{p, q}, constant(true), nil, func(request engine.Request) bool {
		request, quote, ok := price(l.rules, request)
		_, alone, aloneOK := price(without, request)
		if !ok || !aloneOK || !applied(&quote, q.ID) || applied(&quote, p.ID) || !applied(&alone, p.ID) {
			return true
		}
		finding.Witness = &Witness{Shows: fmt.Sprintf("%s is applied; without it, %s would be", q.ID, p.ID), Request: request, Quote: quote, NotApplied: []string{p.ID}}
		return false
	})
}

func withoutPromotion(promotions []engine.Promotion, id string) []engine.Promotion {
	return slices.DeleteFunc(slices.Clone(promotions), func(p engine.Promotion) bool { return p.ID == id })
}

// withPriority gives a promotion another rank.
func withPriority(promotions []engine.Promotion, id string, priority int) []engine.Promotion {
	changed := slices.Clone(promotions)
	for i := range changed {
		if changed[i].ID == id {
			changed[i].Priority = priority
		}
	}
	return changed
}

// tied reports two promotions of the same priority of which only one has an effect,
// where of the two alone the other one would have, at another price, if it ranked
// first. It is reported only with the cart that shows it.
func (l *linter) tied(q, p *promotion) bool {
	pair := []engine.Promotion{*p.Promotion, *q.Promotion}
	small, err := l.rulesOf(pair)
	swapped, err2 := l.rulesOf(withPriority(pair, p.ID, p.Priority+1))
	if err != nil || err2 != nil {
		return false
	}
	found, tries := false, 0
	l.carts([]*promotion{p, q}, constant(true), nil, func(request engine.Request) bool {
		tries++
		request.Explain = false
		_, one, oneOK := price(small, request)
		if !oneOK || !applied(&one, q.ID) || applied(&one, p.ID) {
			return tries < maxTries
		}
		_, other, otherOK := price(swapped, request)
		if !otherOK || !applied(&other, p.ID) || applied(&other, q.ID) || one.Payable == other.Payable {
			return tries < maxTries
		}
		request, quote, ok := price(l.rules, request)
		if !ok || !applied(&quote, q.ID) || applied(&quote, p.ID) || !l.inTheWay(&quote, request, q, p) {
			return tries < maxTries
		}
		finding := l.report(p.Get("id"), diag.SeverityWarning, diag.Overlapping, "give one of the two a priority",
			"%s and %s at %s compete, and nothing but their ids decides", p.ID, q.ID, q.Get("id").Location())
		finding.Promotions = []string{p.ID, q.ID}
		finding.Witness = &Witness{
			Shows: fmt.Sprintf("%s is applied and %s is not; of the two alone, to pay are %s, and %s %s if %s ranked first", q.ID, p.ID,
				one.Currency.Format(one.Payable), one.Currency.Format(other.Payable), one.Currency, p.ID),
			Request: request, Quote: quote, NotApplied: []string{p.ID},
		}
		found = true
		return false
	})
	return found
}

// inTheWay reports whether q keeps p from having an effect, of p and the promotions
// that the quote has.
func (l *linter) inTheWay(quote *engine.Quote, request engine.Request, q, p *promotion) bool {
	few := []engine.Promotion{*p.Promotion}
	for _, o := range quote.Promotions {
		if o.Reason == engine.Applied {
			few = append(few, *l.byID[o.Promotion].Promotion)
		}
	}
	rules, err := l.rulesOf(few)
	if err != nil {
		return false
	}
	request.Explain = true
	_, explained, ok := price(rules, request)
	by := outcomeOf(&explained, p.ID).Obstacle
	return ok && by != nil && slices.Contains(by.By, q.ID)
}
