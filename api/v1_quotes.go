package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/apikey"
)

const (
	maxCarts  = 500   // of a batch
	maxPrices = 5_000 // of a listing
	// abreast is how many carts of a batch are priced at once: they may wait for
	// plugins.
	abreast = 8
)

// createQuote prices a cart.
func (s *Server) createQuote(w http.ResponseWriter, r *http.Request) error {
	m := s.quotes.take()
	defer s.quotes.put(m)
	q, err := s.readQuote(w, r, m)
	if err != nil {
		return err
	}
	p := s.pricing()
	p.memory = m
	result, err := s.price(r.Context(), p, q)
	if err != nil {
		return err
	}
	watch := p.stopwatch()
	watch.begin(r.Context(), stageEncode)
	defer watch.lap(stageEncode)
	return s.answerQuote(w, m.write(&result, q.explain))
}

// noLine is the SKU of a line that no body has, because it is no UTF-8. Where it is left,
// the body had no lines, which is not the same as an empty list.
const noLine = "\xff"

// readQuote reads and checks the body of a quote, in the memory.
func (s *Server) readQuote(w http.ResponseWriter, r *http.Request, m *quoteMemory) (*quoteRequest, error) {
	body := &m.body
	*body = v1.QuoteRequest{Lines: append(body.Lines[:0], v1.CartLine{Sku: noLine})}
	if err := s.readInto(w, r, body); err != nil {
		return nil, err
	}
	if len(body.Lines) == 1 && body.Lines[0].Sku == noLine {
		body.Lines = nil
	}
	if err := mayPreview(r.Context(), body.At); err != nil {
		return nil, err
	}
	return &m.request, s.check(&m.request, body)
}

// mayPreview refuses instants of their own to callers who may not look ahead.
func mayPreview(ctx context.Context, at *time.Time) error {
	if at == nil {
		return nil
	}
	return callerMay(ctx, apikey.QuotesPreview)
}

// createQuotes prices several carts with the same ruleset.
func (s *Server) createQuotes(w http.ResponseWriter, r *http.Request) error {
	body, err := readV1[v1.QuoteBatchRequest](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	if n := len(body.Carts); n < 1 || n > s.options.MaxCarts {
		f.at(fmt.Sprintf("want 1 to %d, got %d", s.options.MaxCarts, n), "carts")
		return f.err()
	}
	if err := s.keyRate.admitMore(w.Header(), callerOf(r.Context()), len(body.Carts)-1, s.options.Now()); err != nil {
		return err
	}
	p := s.pricing()
	results := make([]v1.QuoteResult, len(body.Carts))
	var all errgroup.Group
	all.SetLimit(abreast)
	for i := range body.Carts {
		all.Go(func() error {
			results[i] = s.resultOf(r.Context(), p, &body.Carts[i])
			return nil
		})
	}
	_ = all.Wait() // each has its own result
	if err := r.Context().Err(); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.QuoteBatch{Quotes: results})
}

// resultOf is the quote of a cart of a batch, or its problem.
func (s *Server) resultOf(ctx context.Context, p pricing, body *v1.QuoteRequest) v1.QuoteResult {
	if body.At == nil {
		body.At = &p.at
	} else if err := mayPreview(ctx, body.At); err != nil {
		return v1.QuoteResult{Problem: s.newProblem(err, RequestID(ctx))}
	}
	var q quoteRequest
	if err := s.check(&q, body); err != nil {
		return v1.QuoteResult{Problem: s.newProblem(err, RequestID(ctx))}
	}
	result, err := s.price(ctx, p, &q)
	if err != nil {
		return v1.QuoteResult{Problem: s.newProblem(err, RequestID(ctx))}
	}
	return v1.QuoteResult{Quote: newQuote(&result, q.explain)}
}

// listOffers prices a cart and finds what the customer could add.
func (s *Server) listOffers(w http.ResponseWriter, r *http.Request) error {
	q, err := s.readQuote(w, r, new(quoteMemory))
	if err != nil {
		return err
	}
	q.hints = true
	result, err := s.price(r.Context(), s.pricing(), q)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.Offers{Quote: *newQuote(&result, q.explain), Hints: newHints(&result.quote)})
}

// listPrices prices one unit of each item.
func (s *Server) listPrices(w http.ResponseWriter, r *http.Request) error {
	body, err := readV1[v1.PricesRequest](s, w, r)
	if err != nil {
		return err
	}
	if err := mayPreview(r.Context(), body.At); err != nil {
		return err
	}
	var f faults
	if n := len(body.Skus); n < 1 || n > s.options.MaxPrices {
		f.at(fmt.Sprintf("want 1 to %d, got %d", s.options.MaxPrices, n), "skus")
		return f.err()
	}
	for i, sku := range body.Skus {
		if !engine.ValidSKU(sku) {
			f.at(skuProblem(sku), "skus", i)
		}
	}
	who := f.shopper(s, body.Currency, body.At, &body.Customer, body.Channel, "", body.Attributes)
	if err := f.err(); err != nil {
		return err
	}
	prices, err := s.prices(r.Context(), who, body.Skus)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, prices)
}

// prices prices a cart of one unit for each of the items. Plugins are not asked: what
// they give depends on a cart, and a listing would ask them a thousand times.
func (s *Server) prices(ctx context.Context, who shopper, skus []string) (*v1.Prices, error) {
	p := s.pricing()
	p.at, p.currency, p.plugins, p.metrics = who.at, who.cart.Currency, unasked{}, nil
	inquiry := p.inquiry(skus)
	inquiry.Customer = who.cart.Customer.ID
	basis, err := s.options.Inventory.Basis(ctx, inquiry)
	if err != nil {
		return nil, err
	}
	answer := &v1.Prices{Ruleset: p.rules.Digest(), Currency: p.currency.Code(), At: who.at, Prices: make([]v1.ItemPrice, 0, len(skus))}
	request := engine.Request{Cart: who.cart, Catalog: engine.CatalogMap(basis.Items), At: who.at, Usage: basis.Usage, Paused: basis.Paused}
	for _, sku := range skus {
		item := basis.Items[sku]
		if item == nil || !priceableIn(item, p.currency, s.options.Currency) {
			answer.Unknown = append(answer.Unknown, sku)
			continue
		}
		request.Cart.Lines = []engine.Line{{Item: item, Quantity: 1}}
		_, quote, err := p.ask(ctx, request)
		if err != nil {
			return nil, asCartError(err)
		}
		answer.Prices = append(answer.Prices, newPrice(item, &quote))
	}
	return answer, ctx.Err()
}

// unasked stands for plugins where they are not asked: their promotions are not
// applied.
type unasked struct{ engine.NoPlugins }

// Evaluate implements engine.Plugins.
func (unasked) Evaluate(_ context.Context, _ *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	answers := make([]engine.Answer, len(questions))
	for i, q := range questions {
		answers[i] = engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Why: "plugins are not asked for listings"}
	}
	return answers
}
