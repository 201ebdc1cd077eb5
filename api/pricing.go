package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/checkout-promotions/checkout/engine"
)

// pricing is all that decides what a basket costs besides the items: read once
// a request, so that whatever the request prices, it prices alike.
type pricing struct {
	rules    *engine.Ruleset
	plugins  engine.Plugins
	currency engine.Currency
	at       time.Time
	memory   *quoteMemory  // of a quote that is not kept; nil makes one
	metrics  *quoteMetrics // nil where what is priced is no cart of anybody
	guesses  *codeGuesses  // nil where there are no codes
	tracer   trace.Tracer  // nil makes no spans
	now      func() time.Time
}

func (s *Server) pricing() pricing {
	return pricing{
		rules:    s.options.Rules.Active(),
		plugins:  s.options.Plugins,
		currency: s.options.Currency,
		at:       s.options.Now(),
		metrics:  s.metrics.quotes,
		guesses:  s.guesses,
		tracer:   s.options.Tracer,
		now:      s.options.Now,
	}
}

// inquiry is what pricing the items needs to know, the possible gifts and the use
// of limited promotions included.
func (p pricing) inquiry(skus []string) engine.Inquiry {
	if gifts := p.rules.GiftSKUs(); len(gifts) > 0 {
		skus = slices.Concat(skus, gifts)
	}
	return engine.Inquiry{SKUs: skus, Limited: p.rules.UsageKeys(p.at)}
}

// quote prices the basket on the basis, in which gifts are looked up too, and
// returns what it has asked, with what plugins have answered.
func (p pricing) quote(ctx context.Context, b basket, basis engine.Basis) (engine.Request, engine.Quote, error) {
	lines := make([]engine.Line, len(b.skus))
	for i, sku := range b.skus {
		item := basis.Items[sku]
		if item == nil {
			return engine.Request{}, engine.Quote{}, &engine.UnknownItemError{Key: sku}
		}
		lines[i] = engine.Line{Item: item, Quantity: b.units[i]}
	}
	return p.ask(ctx, engine.Request{
		Cart:    engine.Cart{Currency: p.currency, Lines: lines},
		Catalog: engine.CatalogMap(basis.Items),
		At:      p.at,
		Usage:   basis.Usage,
		Paused:  basis.Paused,
	})
}

// ask is the only place of the API that asks plugins and the engine for a price.
func (p pricing) ask(ctx context.Context, request engine.Request) (engine.Request, engine.Quote, error) {
	if err := p.guesses.admit(ctx, &request.Cart, p.now); err != nil {
		return request, engine.Quote{}, err
	}
	watch := p.stopwatch()
	defer watch.stop()
	request.Paused = p.rules.PausesAt(request.At, request.Paused)
	request, err := p.rules.Consult(watch.begin(ctx, stagePlugins), p.plugins, request)
	if err != nil {
		return request, engine.Quote{}, err
	}
	watch.lap(stagePlugins)
	memory := p.memory
	if memory == nil {
		memory = new(quoteMemory)
	}
	watch.begin(ctx, stagePrice)
	if watch.span != nil {
		watch.span.SetAttributes(attribute.String("checkout.ruleset", p.rules.Digest()), attribute.Int("checkout.cart.lines", len(request.Cart.Lines)))
	}
	quote, err := p.rules.PriceInto(&memory.quote, request)
	if err == nil {
		watch.lap(stagePrice)
		p.metrics.count(&quote)
		p.guesses.count(ctx, &request.Cart, &quote, p.now)
	}
	return request, quote, err
}

// basket is what a request asks for.
type basket struct {
	asked []string // every unit, in the order of the request
	skus  []string // the different ones, sorted
	units []int64  // how many of each
}

// basket reads a body of SKUs.
func (s *Server) basket(w http.ResponseWriter, r *http.Request) (basket, error) {
	body, err := readBody[skusRequest](w, r, s.options.MaxBody)
	if err != nil {
		return basket{}, err
	}
	asked, err := body.check()
	if err != nil {
		return basket{}, err
	}
	return checkedBasket(asked)
}

// checkedBasket is the basket of the units, which may be of so many items only.
func checkedBasket(asked []string) (basket, error) {
	b := newBasket(asked)
	if len(b.skus) > engine.MaxLines {
		return basket{}, &engine.CartError{Field: "skus",
			Problem: fmt.Sprintf("%d different items: a cart holds at most %d", len(b.skus), engine.MaxLines)}
	}
	return b, nil
}

func newBasket(asked []string) basket {
	skus := slices.Clone(asked)
	slices.Sort(skus)
	skus = slices.Compact(skus)
	b := basket{asked: asked, skus: skus, units: make([]int64, len(skus))}
	for _, sku := range asked {
		i, _ := slices.BinarySearch(skus, sku)
		b.units[i]++
	}
	return b
}
