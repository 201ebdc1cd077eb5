package backtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/invariant"
)

// side is one of the two rulesets: 0 the old, 1 the new one.
type side int

const (
	old side = iota
	candidate
)

// String names the side for people.
func (s side) String() string { return [...]string{"old", "new"}[s] }

// pricedOrder is an order with what both rulesets make of it.
type pricedOrder struct {
	order   Order
	quotes  [2]engine.Quote
	usage   engine.Usage // that the new rules have priced it with
	broken  [2][]string  // by invariant, of those that are checked
	permute bool         // invariants that permute are checked
	problem *Problem
	changed bool
	memory  [2]engine.QuoteMemory // of the quotes; it is used again
}

// giftCatalog finds items of the record, and then of the shop.
type giftCatalog struct {
	recorded engine.Catalog
	shop     engine.CatalogMap
}

// Item implements engine.Catalog.
func (c giftCatalog) Item(sku string) (*engine.Item, bool) {
	if c.recorded != nil {
		if item, ok := c.recorded.Item(sku); ok {
			return item, true
		}
	}
	return c.shop.Item(sku)
}

func (o *Options) rules(s side) *engine.Ruleset {
	if s == old {
		return o.Old
	}
	return o.New
}

// priceOrder prices an order by both rulesets, as if no limit were used up.
func (r *run) priceOrder(decoder Decoder, e Entry, p *pricedOrder) {
	var err error
	if p.order, err = decoder.Decode(e); err != nil {
		p.problem = asProblem(err)
		return
	}
	request := &p.order.Request
	request.Explain, request.Hints = false, false
	p.permute = e.Index%r.Permute == 0
	usage := request.Usage
	if !r.Recorded {
		usage = unused(usage)
	}
	priced := r.request(p, usage)
	quotes, errs := r.pair.Price(priced, &p.memory)
	for s := range candidate + 1 {
		if p.problem = r.settle(p, s, priced, quotes[s], errs[s]); p.problem != nil {
			return
		}
	}
	p.changed = differ(&p.quotes[old], &p.quotes[candidate])
}

// quote prices the order by one ruleset.
func (o *Options) quote(p *pricedOrder, s side, usage engine.Usage) *Problem {
	request := o.request(p, usage)
	quote, err := o.rules(s).Price(request)
	return o.settle(p, s, request, quote, err)
}

// request is what the order is priced by.
func (o *Options) request(p *pricedOrder, usage engine.Usage) engine.Request {
	request := p.order.Request
	request.Usage = usage
	if o.Catalog != nil {
		request.Catalog = giftCatalog{request.Catalog, o.Catalog}
	}
	return request
}

// settle notes what one ruleset makes of the order.
func (o *Options) settle(p *pricedOrder, s side, request engine.Request, quote engine.Quote, err error) *Problem {
	if err != nil {
		problem := asProblem(err)
		problem.Text = s.String() + " rules: " + problem.Text
		return problem
	}
	p.quotes[s], p.usage = quote, request.Usage
	if p.broken[s], err = invariant.Broken(o.checked(p), o.rules(s), request, &p.quotes[s]); err != nil {
		return asProblem(err)
	}
	return nil
}

// checked are the invariants that are checked on the order.
func (o *Options) checked(p *pricedOrder) []invariant.Invariant {
	if p.permute {
		return o.Invariants
	}
	cheap := slices.IndexFunc(o.Invariants, invariant.Invariant.Permutes)
	if cheap < 0 {
		return o.Invariants
	}
	return o.Invariants[:cheap]
}

// dear is 1 for what is not checked on every order.
func dear(i invariant.Invariant) int {
	if i.Permutes() {
		return 1
	}
	return 0
}

// unused is the usage of a shop whose orders have used nothing yet; which codes
// are of a pool is still known.
func unused(u engine.Usage) engine.Usage {
	if u.Codes == nil {
		return engine.Usage{}
	}
	codes := make(map[string]engine.CodeUsage, len(u.Codes))
	for code, c := range u.Codes {
		codes[code] = engine.CodeUsage{Pool: c.Pool}
	}
	return engine.Usage{Codes: codes}
}

func asProblem(err error) *Problem {
	var problem *Problem
	switch {
	case errors.As(err, &problem):
		return &Problem{problem.Kind, problem.Text}
	case errors.As(err, new(*engine.PluginError)):
		return &Problem{PluginFailed, err.Error()}
	case errors.As(err, new(*engine.CartError)):
		return &Problem{BadCart, err.Error()}
	default:
		return &Problem{Unreadable, fmt.Sprint(err)}
	}
}

// differ tells whether the customer pays or gets something else.
func differ(a, b *engine.Quote) bool {
	if a.Payable != b.Payable || a.Total != b.Total || len(a.Lines) != len(b.Lines) ||
		len(a.Gifts) != len(b.Gifts) || len(a.Awards) != len(b.Awards) {
		return true
	}
	for i := range a.Lines {
		if a.Lines[i].Total != b.Lines[i].Total {
			return true
		}
	}
	for i := range a.Gifts {
		if a.Gifts[i].SKU != b.Gifts[i].SKU || a.Gifts[i].Quantity != b.Gifts[i].Quantity {
			return true
		}
	}
	return !slices.EqualFunc(a.Awards, b.Awards, func(x, y engine.AwardGiven) bool { return x.Kind == y.Kind && x.Amount == y.Amount })
}
