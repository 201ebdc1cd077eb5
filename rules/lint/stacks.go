package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// Bounds on the search for promotions that come together: how many are tried beside
// one, and how many carts are priced altogether.
const (
	maxPartners = 30
	maxTrials   = 6000
)

// stack is the worst cart for a number of promotions.
type stack struct {
	request    engine.Request
	quote      engine.Quote
	promotions []string // those that make it bad
	badness    float64  // more than 0 is a finding
	shows      string
}

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
	var worst stack
	for _, line := range q.Lines {
		on := promotionsOn(q, line.SKU)
		if len(on) < 2 || line.Subtotal == 0 {
			continue
		}
		percent := 100 * float64(line.Discount) / float64(line.Subtotal)
		if beyond := percent - float64(l.options.MaxStack); beyond > worst.badness {
			worst = stack{badness: beyond, promotions: on, shows: fmt.Sprintf("%s take %s off %s of %s: %.1f %%",
				joined(on), q.Currency.Format(line.Discount), q.Currency.Format(line.Subtotal), line.SKU, percent)}
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
// as that makes it worse. What is found is told once for the same promotions.
func (l *linter) worst(prefer []*engine.Item, rate func(*engine.Quote) stack, found func(*promotion, stack)) {
	told := make(map[string]bool)
	trials := 0
	for i, p := range l.promotions {
		if !l.acts(p) {
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
			if s := l.worstCart(more, prefer, rate, &trials); s.badness > best.badness {
				together, best = more, s
			}
		}
		if key := strings.Join(best.promotions, "\n"); best.badness > 0 && !told[key] {
			told[key] = true
			found(l.byID[best.promotions[0]], best)
		}
	}
}

// worstCart is the worst of a few carts for the promotions.
func (l *linter) worstCart(together []*promotion, prefer []*engine.Item, rate func(*engine.Quote) stack, trials *int) stack {
	var worst stack
	tried := 0
	l.carts(together, constant(true), prefer, func(request engine.Request) bool {
		*trials++
		tried++
		request, q, ok := price(l.rules, request)
		if ok {
			if s := rate(&q); s.badness > worst.badness {
				worst = s
				worst.request, worst.quote = request, q
			}
		}
		return tried < 8
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
		var worst stack
		for _, line := range q.Lines {
			item := items[line.SKU]
			if item == nil {
				continue
			}
			cost, _ := l.cost(item)
			for _, run := range line.Units {
				on := promotionsOn(q, line.SKU)
				if below := float64(cost-run.Price) / float64(max(1, cost)); run.Price < cost && below > worst.badness && len(on) > 0 {
					worst = stack{badness: below, promotions: on, shows: fmt.Sprintf("a unit of %s goes for %s, and costs the shop %s %s",
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
