package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/engine/idempotency"
)

// keyed serves requests once for their key, and none without one.
func (s *Server) keyed(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	repeatable := s.repeatable(next)
	return func(w http.ResponseWriter, r *http.Request) error {
		if len(r.Header.Values(idempotency.Header)) == 0 {
			return errKeyMissing
		}
		return repeatable(w, r)
	}
}

// repeatable serves requests with a key once for it, and others each time: sent again,
// they do the same again.
func (s *Server) repeatable(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	once := s.once(s.handle(next))
	return func(w http.ResponseWriter, r *http.Request) error {
		once.ServeHTTP(w, r)
		return nil
	}
}

// saleRequest is a cart that is to be sold or held.
type saleRequest struct {
	*quoteRequest
	total, payable *engine.Amount // that the customer has been shown
}

// checkSale reads the body of an order; further finds what else is wrong with the
// body.
func (s *Server) checkSale(body *v1.OrderRequest, further func(*faults)) (*saleRequest, error) {
	var f faults
	q := new(quoteRequest)
	s.checkCart(&f, q, &v1.QuoteRequest{
		Lines: body.Lines, Customer: body.Customer, Coupons: body.Coupons, Shipping: body.Shipping,
		Channel: body.Channel, Payment: body.Payment, Attributes: body.Attributes, Currency: body.Currency,
	})
	if body.Lines != nil && len(body.Lines) == 0 {
		f.at("want 1 or more", "lines")
	}
	sale := &saleRequest{quoteRequest: q, total: f.expected(body.ExpectedTotal, q.cart.Currency, "expected_total"),
		payable: f.expected(body.ExpectedPayable, q.cart.Currency, "expected_payable")}
	if further != nil {
		further(&f)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if q.cart.Currency != s.options.Currency {
		return nil, &cartError{pointerTo("currency"), "orders are in " + s.options.Currency.Code() + " only"}
	}
	return sale, nil
}

func (f *faults) expected(d *engine.Decimal, currency engine.Currency, name string) *engine.Amount {
	if d == nil {
		return nil
	}
	amount := f.amount(*d, currency, name)
	return &amount
}

// units lists every unit by its SKU.
func (sale *saleRequest) units() ([]string, error) {
	var total int64
	for i := range sale.lines {
		if total += sale.lines[i].Quantity; total > engine.MaxOrderUnits {
			return nil, &cartError{pointerTo("lines"), fmt.Sprintf("an order holds at most %d units, gifts included", engine.MaxOrderUnits)}
		}
	}
	units := make([]string, 0, total)
	for i := range sale.lines {
		units = append(units, slices.Repeat([]string{sale.lines[i].Sku}, int(sale.lines[i].Quantity))...)
	}
	return units, nil
}

// sell has the cart sold, or held, by run.
func (s *Server) sell(ctx context.Context, sale *saleRequest, run func(engine.Sale) error) error {
	units, err := sale.units()
	if err != nil {
		return err
	}
	p := s.pricing()
	inquiry := p.inquiry(nil)
	inquiry.Customer, inquiry.Codes = sale.cart.Customer.ID, sale.codes()
	err = run(engine.Sale{
		Units: units, Inquiry: inquiry, Expected: sale.total,
		Price: func(basis engine.Basis) (engine.Request, engine.Quote, error) {
			return s.priceSale(ctx, p, sale, basis)
		},
	})
	return s.saleError(ctx, sale, err)
}

// priceSale prices the cart as it is to be sold.
func (s *Server) priceSale(ctx context.Context, p pricing, sale *saleRequest, basis engine.Basis) (engine.Request, engine.Quote, error) {
	cart, unknown, err := sale.withItems(basis.Items, s.options.Currency)
	if err == nil && len(unknown) > 0 {
		err = &unknownItemsError{sale.lines, unknown}
	}
	if err != nil {
		return engine.Request{}, engine.Quote{}, err
	}
	request, quote, err := p.ask(ctx, engine.Request{Cart: cart, Catalog: engine.CatalogMap(basis.Items), At: p.at, Usage: basis.Usage, Paused: basis.Paused})
	switch codes := unknownCodes(&quote); {
	case err != nil:
		err = asCartError(err)
	case len(codes) > 0:
		err = &unknownCouponsError{sale.cart.Coupons, codes}
	case sale.payable != nil && *sale.payable != quote.Payable:
		err = &priceChangedError{*sale.payable, quote.Payable, quote}
	}
	return request, quote, err
}

// saleError says where in the body the sale has failed.
func (s *Server) saleError(ctx context.Context, sale *saleRequest, err error) error {
	if changed, ok := errors.AsType[*engine.PriceChangedError](err); ok {
		return &priceChangedError{changed.Expected, changed.Quote.Total, changed.Quote}
	}
	if short, ok := errors.AsType[*engine.OutOfStockError](err); ok {
		return &shortError{short, sale.lines}
	}
	if _, ok := errors.AsType[*engine.UnknownItemError](err); ok { // the store names one of them
		basis, failed := s.options.Inventory.Basis(ctx, engine.Inquiry{SKUs: sale.skus})
		if failed != nil {
			return failed
		}
		if _, unknown, _ := sale.withItems(basis.Items, s.options.Currency); len(unknown) > 0 {
			return &unknownItemsError{sale.lines, unknown}
		}
	}
	return asCartError(err)
}

// priceChangedError says that the cart does not cost what the customer has been
// shown.
type priceChangedError struct {
	expected, now engine.Amount
	quote         engine.Quote
}

// Error implements error.
func (e *priceChangedError) Error() string {
	c := e.quote.Currency
	return fmt.Sprintf("the price has changed: %s was expected, it is %s now", c.Format(e.expected), c.Format(e.now))
}

// shortError is an engine.OutOfStockError that names the lines.
type shortError struct {
	*engine.OutOfStockError
	lines []v1.CartLine
}

// Unwrap returns the error of the store.
func (e *shortError) Unwrap() error { return e.OutOfStockError }

func (e *shortError) places() []v1.ProblemError {
	return quantitiesOf("lines", e.lines, e.SKU, fmt.Sprintf("%d left", e.Available))
}

// quantitiesOf names the quantities of an item in a member of the body.
func quantitiesOf(member string, lines []v1.CartLine, sku, detail string) []v1.ProblemError {
	var places []v1.ProblemError
	for i := range lines {
		if lines[i].Sku == sku && len(places) < maxFaults {
			places = append(places, v1.ProblemError{Pointer: pointerTo(member, i, "quantity"), Detail: detail})
		}
	}
	return places
}
