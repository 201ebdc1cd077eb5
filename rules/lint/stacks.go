package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Bounds on the search for promotions that come together: how many are tried beside
// one, and how many carts are priced altogether.
const (
	maxPartners = 12
	maxTrials   = 3000
)

// stack is the worst cart for a number of promotions.
type stack struct {
	request    engine.Request
	quote      engine.Quote
	promotions []string // those that make it bad
	badness    float64  // by which carts are compared
	bad        bool     // it is a finding
	shows      string
}

// worse reports whether the cart is to be told rather than the other one.
func (s stack) worse(t stack) bool {
	if s.bad != t.bad {
		return s.bad
	}
	return s.badness > t.badness
}

// harmless is less bad than any cart.
func harmless() stack { return stack{badness: math.Inf(-1)} }

// stacks finds lines off which several promotions together take more than is set.
func (l *linter) stacks() {
	if l.options.MaxStack == 0 {
		return
	}
	l.worst(nil, func(q *engine.Quote) stack { return l.stacked(q) }, func(p *promotion, s stack) {
		finding := l.report(p.Get("id"), diag.SeverityWarning, diag.Stacking, "let them exclude each other, put them into a group that combines best, or set a cap in policy.yaml",
			"%s together take more than %d %% off a line", joined(s.promotions), l.options.MaxStack)
		finding.Promotions = s.promotions
		finding.Witness = &Witness{Shows: s.shows, Request: s.request, Quote: s.quote}
	})
}

// stacked tells how far promotions go beyond what is set, on the worst line.
func (l *linter) stacked(q *engine.Quote) stack {
	worst := harmless()
	for _, line := range q.Lines {
		on := promotionsOn(q, line.SKU)
		if len(on) == 0 || line.Subtotal == 0 {
			continue
		}
		percent := 100 * float64(line.Discount) / float64(line.Subtotal)
		s := stack{badness: percent, bad: len(on) > 1 && percent > float64(l.options.MaxStack), promotions: on}
		if s.worse(worst) {
			worst = s
			worst.shows = fmt.Sprintf("%s take %s off %s of %s: %.1f %%",
				joined(on), q.Currency.Format(line.Discount), q.Currency.Format(line.Subtotal), line.SKU, percent)
		}
	}
	return worst
}

// promotionsOn are those that take something off the line, sorted.
func promotionsOn(q *engine.Quote, sku string) []string {
	var on []string
	for _, o := range q.Promotions {
		if slices.ContainsFunc(o.Lines, func(l engine.OutcomeLine) bool { return l.SKU == sku && l.Discount > 0 }) {
			on = append(on, o.Promotion)
		}
	}
	slices.Sort(on)
	return on
}

func joined(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return strings.Join(ids[:len(ids)-1], ", ") + " and " + ids[len(ids)-1]
}

// worst looks for the worst cart: from each promotion on, others are added as long
// as that makes it worse. What is found has been priced by all rules then, and is told
// once for the same promotions.
func (l *linter) worst(prefer []*engine.Item, rate func(*engine.Quote) stack, found func(*promotion, stack)) {
	told := make(map[string]bool)
	trials := 0
	for i, p := range l.promotions {
		if !l.acts(p) || trials >= maxTrials {
			continue
		}
		together := []*promotion{p}
		best := l.worstCart(together, prefer, rate, &trials)
		partners := 0
		for j := 1; j < len(l.promotions) && partners < maxPartners && trials < maxTrials; j++ {
			q := l.promotions[(i+j)%len(l.promotions)]
			meaning := constant(true)
			for _, r := range together {
				meaning = all(meaning, r.meaning)
			}
			if !l.acts(q) || slices.ContainsFunc(together, func(r *promotion) bool { return l.clash(q, r) }) || l.solver().never(all(meaning, q.meaning)) {
				continue
			}
			partners++
			more := append(slices.Clone(together), q)
			if s := l.worstCart(more, prefer, rate, &trials); s.worse(best) {
				together, best = more, s
			}
		}
		key := strings.Join(best.promotions, "\n")
		if !best.bad || told[key] {
			continue
		}
		request, quote, ok := price(l.rules, best.request)
		whole := rate(&quote)
		if ok && whole.bad && !told[strings.Join(whole.promotions, "\n")] {
			told[strings.Join(whole.promotions, "\n")] = true
			whole.request, whole.quote = request, quote
			found(l.byID[whole.promotions[0]], whole)
		}
	}
}

// worstCart is the worst of a few carts for the promotions, priced by them alone.
func (l *linter) worstCart(together []*promotion, prefer []*engine.Item, rate func(*engine.Quote) stack, trials *int) stack {
	worst := harmless()
	tried := 0
	var promotions []engine.Promotion
	for _, p := range together {
		promotions = append(promotions, *p.Promotion)
	}
	rules, err := l.rulesOf(promotions)
	if err != nil {
		return worst
	}
	l.carts(together, constant(true), prefer, func(request engine.Request) bool {
		*trials++
		tried++
		request.Explain = false
		request, q, ok := price(rules, request)
		if ok {
			if s := rate(&q); s.worse(worst) {
				worst = s
				worst.request, worst.quote = request, q
			}
		}
		return tried < 6
	})
	return worst
}

// costs finds items that may go for less than they cost the shop.
func (l *linter) costs() {
	items := make(map[string]*engine.Item)
	for i := range l.options.Inventory {
		item := &l.options.Inventory[i]
		if _, known := l.cost(item); known {
			items[item.SKU] = item
		}
	}
	if len(items) == 0 {
		return
	}
	rate := func(q *engine.Quote) stack {
		worst := harmless()
		for _, line := range q.Lines {
			item := items[line.SKU]
			if item == nil {
				continue
			}
			cost, _ := l.cost(item)
			for _, run := range line.Units {
				on := promotionsOn(q, line.SKU)
				if below := float64(cost-run.Price) / float64(max(1, cost)); below > worst.badness && len(on) > 0 {
					worst = stack{badness: below, bad: run.Price < cost, promotions: on, shows: fmt.Sprintf("a unit of %s goes for %s, and costs the shop %s %s",
						line.SKU, q.Currency.Format(run.Price), q.Currency.Format(cost), q.Currency)}
				}
			}
		}
		return worst
	}
	l.worst(l.thinnest(items), rate, func(p *promotion, s stack) {
		finding := l.report(p.Get("id"), diag.SeverityWarning, diag.BelowCost, "give the item a min_price, or the promotion a bound",
			"an item may go below its cost by %s", joined(s.promotions))
		finding.Promotions = s.promotions
		finding.Witness = &Witness{Shows: s.shows, Request: s.request, Quote: s.quote}
	})
}

// cost is what the item says that it costs.
func (l *linter) cost(item *engine.Item) (engine.Amount, bool) {
	n, ok := item.Attributes[l.options.Cost].Number()
	if !ok {
		return 0, false
	}
	a, _, err := l.config.Currency.Amount(n, engine.HalfUp)
	return a, err == nil
}

// maxThin is how many items are tried first.
const maxThin = 50

// thinnest are the items of which the cost is nearest to the price.
func (l *linter) thinnest(items map[string]*engine.Item) []*engine.Item {
	var sorted []*engine.Item
	for i := range l.options.Inventory {
		if item := items[l.options.Inventory[i].SKU]; item != nil && item.Price > 0 {
			sorted = append(sorted, item)
		}
	}
	share := func(item *engine.Item) float64 {
		cost, _ := l.cost(item)
		return float64(cost) / float64(item.Price)
	}
	slices.SortStableFunc(sorted, func(a, b *engine.Item) int {
		switch x, y := share(a), share(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		default:
			return strings.Compare(a.SKU, b.SKU)
		}
	})
	return sorted[:min(maxThin, len(sorted))]
}
