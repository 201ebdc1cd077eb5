package api

import (
	"cmp"
	"sync"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// quoteMemory is where a quote, its request and its answer are written that are thrown
// away once they are sent. It is for one quote at a time.
type quoteMemory struct {
	body       v1.QuoteRequest
	request    quoteRequest
	items      map[string]*engine.Item
	quote      engine.QuoteMemory
	answer     v1.Quote
	lines      []v1.QuoteLine
	units      []v1.UnitPrices
	promotions []v1.AppliedPromotion
	parts      []v1.AppliedLine
}

// maxIdleLines is how many lines the memory of a quote may have to be kept.
const maxIdleLines = 200

// quoteMemories are to be used again.
type quoteMemories struct{ idle sync.Pool }

func (q *quoteMemories) take() *quoteMemory {
	if m, ok := q.idle.Get().(*quoteMemory); ok {
		return m
	}
	return &quoteMemory{items: make(map[string]*engine.Item)}
}

func (q *quoteMemories) put(m *quoteMemory) {
	if max(cap(m.lines), cap(m.body.Lines)) <= maxIdleLines {
		clear(m.body.Lines)
		m.body, m.request = v1.QuoteRequest{Lines: m.body.Lines[:0]}, quoteRequest{skus: m.request.skus[:0]}
		clear(m.items) // which others may have replaced meanwhile
		q.idle.Put(m)
	}
}

// newQuote is the answer of a quote, with as much explanation as was asked for.
func newQuote(result *priced, explain v1.QuoteRequestExplain) *v1.Quote {
	return new(quoteMemory).write(result, explain)
}

// write is newQuote in the memory.
func (m *quoteMemory) write(result *priced, explain v1.QuoteRequestExplain) *v1.Quote {
	q := &result.quote
	amount := q.Currency.Decimal
	full := explain == v1.QuoteRequestExplainFull
	m.answer = v1.Quote{
		Ruleset: q.Ruleset, Currency: q.Currency.Code(), At: q.At,
		Subtotal: amount(q.Subtotal), Discount: amount(q.Discount), Total: amount(q.Total),
		ShippingDiscount: amount(q.ShippingDiscount), ShippingTotal: amount(q.ShippingTotal), Payable: amount(q.Payable),
		Optimal: q.Optimal, Lines: m.quoteLines(q), Unknown: result.unknown,
	}
	answer := &m.answer
	if !q.Optimal && q.Bound > 0 {
		answer.Bound = amount(q.Bound)
	}
	m.promotions, m.parts = roomFor(m.promotions, len(q.Promotions)), m.parts[:0]
	for i := range q.Promotions {
		if p := &q.Promotions[i]; p.Reason == engine.Applied {
			m.promotions = append(m.promotions, m.appliedPromotion(p, q.Currency, full))
		} else {
			answer.Others = append(answer.Others, newOtherPromotion(p, full))
		}
	}
	answer.Promotions = m.promotions
	for _, s := range q.Shipments {
		answer.Shipments = append(answer.Shipments, v1.QuoteShipment{Method: s.Method, Price: amount(s.Price), Discount: amount(s.Discount), Total: amount(s.Total)})
	}
	for _, g := range q.Gifts {
		answer.Gifts = append(answer.Gifts, v1.Gift{Sku: g.SKU, Name: g.Name, Quantity: g.Quantity, Worth: amount(g.Worth), Promotion: g.Promotion})
	}
	for _, a := range q.Awards {
		answer.Awards = append(answer.Awards, v1.Award{Kind: a.Kind, Amount: a.Amount, Promotion: a.Promotion})
	}
	for _, c := range q.Coupons {
		answer.Coupons = append(answer.Coupons, v1.CouponResult{Code: c.Code, Reason: c.Reason.String(), Promotions: c.Promotions})
	}
	return answer
}

// roomFor empties a list, which then has room for at least n elements. Like one that was
// made, it is no nil.
func roomFor[T any](list []T, n int) []T {
	if list == nil || cap(list) < n {
		return make([]T, 0, n)
	}
	return list[:0]
}

func (m *quoteMemory) quoteLines(q *engine.Quote) []v1.QuoteLine {
	amount := q.Currency.Decimal
	m.lines = roomFor(m.lines, len(q.Lines))
	runs := 0
	for i := range q.Lines {
		runs += len(q.Lines[i].Units)
	}
	units := roomFor(m.units, runs) // of all lines, in one piece
	for i := range q.Lines {
		line := &q.Lines[i]
		begin := len(units)
		for _, run := range line.Units {
			units = append(units, v1.UnitPrices{Quantity: run.Quantity, Price: amount(run.Price)})
		}
		m.lines = append(m.lines, v1.QuoteLine{
			Sku: line.SKU, Name: line.Name, Quantity: line.Quantity, UnitPrice: amount(line.UnitPrice),
			Subtotal: amount(line.Subtotal), Discount: amount(line.Discount), Total: amount(line.Total), Units: units[begin:len(units):len(units)],
		})
	}
	m.units = units
	return m.lines
}

func (m *quoteMemory) appliedPromotion(p *engine.Outcome, c engine.Currency, full bool) v1.AppliedPromotion {
	begin := len(m.parts)
	for i := range p.Lines {
		m.parts = append(m.parts, newAppliedLine(&p.Lines[i], c, full))
	}
	return v1.AppliedPromotion{
		ID: p.Promotion, Name: cmp.Or(p.Name, p.Promotion), Discount: c.Decimal(p.Discount), Applications: p.Applications,
		Coupon: p.Coupon, Lines: m.parts[begin:len(m.parts):len(m.parts)],
	}
}

func newAppliedLine(line *engine.OutcomeLine, c engine.Currency, full bool) v1.AppliedLine {
	answer := v1.AppliedLine{Sku: line.SKU, Shipment: line.Shipment, Quantity: line.Quantity, Discount: c.Decimal(line.Discount)}
	if change := line.Change; full && change != nil {
		answer.Before, answer.After = c.Decimal(change.Before), c.Decimal(change.After)
		for _, u := range change.Units {
			answer.Units = append(answer.Units, v1.UnitsChange{Quantity: u.Quantity, Before: c.Decimal(u.Before), After: c.Decimal(u.After)})
		}
	}
	return answer
}

func newOtherPromotion(p *engine.Outcome, full bool) v1.OtherPromotion {
	answer := v1.OtherPromotion{ID: p.Promotion, Name: cmp.Or(p.Name, p.Promotion), Reason: p.Reason.String()}
	obstacle := p.Obstacle
	if obstacle == nil {
		return answer
	}
	answer.By, answer.Detail, answer.Fault = obstacle.By, obstacle.Detail, string(obstacle.Fault)
	if obstacle.Fault != "" {
		answer.Detail = "" // what a plugin said is for the log
	}
	if full {
		for _, clause := range obstacle.Why {
			answer.Why = append(answer.Why, v1.FalsePart{Source: clause.Source, Values: clause.Values})
		}
	}
	return answer
}

func newHints(q *engine.Quote) []v1.Hint {
	hints := make([]v1.Hint, len(q.Hints))
	for i, h := range q.Hints {
		hints[i] = v1.Hint{
			Promotion: h.Promotion, Add: make([]v1.CartLine, len(h.Add)), Of: h.Of, Units: h.Units,
			Saves: q.Currency.Decimal(h.Saves), Costs: q.Currency.Decimal(h.Costs),
		}
		if h.Spend > 0 {
			hints[i].Spend = q.Currency.Decimal(h.Spend)
		}
		for j, add := range h.Add {
			hints[i].Add[j] = v1.CartLine{Sku: add.SKU, Quantity: add.Quantity}
		}
	}
	return hints
}

func newPrice(item *engine.Item, q *engine.Quote) v1.ItemPrice {
	price := v1.ItemPrice{
		Sku: item.SKU, Name: item.Name, Price: q.Currency.Decimal(q.Total), ReferencePrice: q.Currency.Decimal(q.Subtotal), InStock: item.Stock > 0,
	}
	for i := range q.Promotions {
		if p := &q.Promotions[i]; p.Reason == engine.Applied && p.Discount > 0 {
			price.Promotions = append(price.Promotions, p.Promotion)
		}
	}
	return price
}
