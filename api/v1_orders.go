package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// desk returns what orders and holds are kept by.
func (s *Server) desk() (Desk, error) {
	if s.options.Desk == nil {
		return nil, errNoDesk
	}
	return s.options.Desk, nil
}

// createOrder sells a cart.
func (s *Server) createOrder(w http.ResponseWriter, r *http.Request) error {
	body, err := readV1[v1.OrderRequest](s, w, r)
	if err != nil {
		return err
	}
	sale, err := s.checkSale(body, nil)
	if err != nil {
		return err
	}
	var order engine.Order
	err = s.sell(r.Context(), sale, func(sale engine.Sale) (err error) {
		order, err = s.options.Orders.Purchase(r.Context(), sale)
		return err
	})
	if err != nil {
		return err
	}
	s.auditSale(r.Context(), order.Reference)
	return s.answerOrder(w, http.StatusCreated, &order)
}

// answerOrder answers an order; one that is new says where it is.
func (s *Server) answerOrder(w http.ResponseWriter, status int, order *engine.Order) error {
	if status == http.StatusCreated {
		w.Header().Set("Location", "/v1/orders/"+order.Reference)
	}
	return s.answer(w, status, newOrder(order))
}

// getOrder tells an order.
func (s *Server) getOrder(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	order, err := desk.Order(r.Context(), chi.URLParam(r, "reference"))
	if err != nil {
		return err
	}
	return s.answerOrder(w, http.StatusOK, &order)
}

// listOrdersV1 tells a page of orders.
func (s *Server) listOrdersV1(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after", "customer", "promotion", "coupon", "since", "until", "state")
	listing := engine.OrderListing{
		Customer: q.text("customer"), Promotion: q.text("promotion"), Coupon: q.text("coupon"),
		Since: q.instant("since"), Until: q.instant("until"), After: q.text("after"), Limit: q.limit() + 1,
		State: engine.OrderState(q.oneOf("state", string(engine.OrderPlaced), string(engine.OrderCancelled), string(engine.OrderReturned))),
	}
	if q.fault != nil {
		return q.fault
	}
	orders, err := desk.OrderPage(r.Context(), listing)
	if _, unknown := errors.AsType[*engine.UnknownOrderError](err); unknown {
		return errNoCursor
	}
	if err != nil {
		return err
	}
	orders, next := page(orders, listing.Limit-1, func(o *engine.Order) string { return o.Reference })
	linkNext(w, r, next)
	answer := &v1.OrderPage{Orders: make([]v1.Order, len(orders)), Next: next}
	for i := range orders {
		answer.Orders[i] = *newOrder(&orders[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// cancelOrder cancels an order; its body may be left out.
func (s *Server) cancelOrder(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	body := new(v1.CancelRequest)
	if r.ContentLength != 0 {
		if body, err = readV1[v1.CancelRequest](s, w, r); err != nil {
			return err
		}
	}
	var f faults
	if f.text(body.Reason, "reason"); f.err() != nil {
		return f.err()
	}
	order, err := desk.CancelOrder(r.Context(), chi.URLParam(r, "reference"), body.Reason)
	if err != nil {
		return err
	}
	return s.answerOrder(w, http.StatusOK, &order)
}

// createReturn takes units back.
func (s *Server) createReturn(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	body, err := readV1[v1.ReturnRequest](s, w, r)
	if err != nil {
		return err
	}
	request, err := s.checkReturn(body)
	if err != nil {
		return err
	}
	reference := chi.URLParam(r, "reference")
	if request.Policy == engine.RepriceKept {
		if request.KeptPrice, err = s.keptPrice(r.Context(), reference); err != nil {
			return err
		}
	}
	order, err := desk.ReturnItems(r.Context(), reference, request, engine.ReturnOptions{NoRestock: body.Restock != nil && !*body.Restock})
	if found, ok := errors.AsType[*engine.ReturnError](err); ok {
		return &returnError{found, body.Units}
	}
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusCreated, newOrder(&order))
}

// checkReturn reads the body of a return. The units of a SKU that is listed more
// than once add up.
func (s *Server) checkReturn(body *v1.ReturnRequest) (engine.ReturnRequest, error) {
	var f faults
	request := engine.ReturnRequest{Units: make(map[string]int64), Policy: engine.ProRata}
	switch n := len(body.Units); {
	case body.Units == nil:
		f.at("missing", "units")
	case n < 1 || n > s.options.MaxLines:
		f.at(fmt.Sprintf("want 1 to %d, got %d", s.options.MaxLines, n), "units")
	}
	f.lines(body.Units, "units")
	for i := range body.Units {
		request.Units[body.Units[i].Sku] += body.Units[i].Quantity
	}
	if oneOf(&f, body.Policy, "pro_rata or reprice_kept", "policy"); body.Policy != nil {
		request.Policy = engine.ReturnPolicy(*body.Policy)
	}
	return request, f.err()
}

// keptPrice returns what prices the units that are kept.
func (s *Server) keptPrice(ctx context.Context, reference string) (func(map[string]int64) (engine.Amount, error), error) {
	if s.options.KeptPrice == nil {
		return nil, errNoDesk
	}
	price, err := s.options.KeptPrice(ctx, reference)
	_, unknown := errors.AsType[*engine.UnknownOrderError](err)
	switch {
	case err == nil, unknown, ctx.Err() != nil, s.options.IsUnavailable(err):
		return price, err
	default:
		return nil, &repriceError{err}
	}
}

// repriceError says that an order cannot be priced again.
type repriceError struct{ cause error }

// Error implements error; the cause is for the log.
func (e *repriceError) Error() string {
	return "the rules that priced the order cannot be used any more: return by pro_rata"
}

// Unwrap returns the cause.
func (e *repriceError) Unwrap() error { return e.cause }

// returnError is an engine.ReturnError that names the units.
type returnError struct {
	*engine.ReturnError
	units []v1.CartLine
}

// Unwrap returns the error of the order.
func (e *returnError) Unwrap() error { return e.ReturnError }

func (e *returnError) places() []v1.ProblemError {
	return quantitiesOf("units", e.units, e.SKU, fmt.Sprintf("the customer has %d", e.Left))
}

// newOrder is the answer of an order.
func newOrder(o *engine.Order) *v1.Order {
	q, amount := newQuote(&priced{quote: o.Quote}, v1.QuoteRequestExplainNone), o.Quote.Currency.Decimal
	answer := &v1.Order{
		Reference: o.Reference, State: v1.OrderState(o.State), PlacedAt: o.PlacedAt, Customer: o.Customer, Refunded: amount(o.Refunded),
		Ruleset: q.Ruleset, Currency: q.Currency, Subtotal: q.Subtotal, Discount: q.Discount, Total: q.Total,
		ShippingDiscount: q.ShippingDiscount, ShippingTotal: q.ShippingTotal, Payable: q.Payable,
		Lines: q.Lines, Shipments: q.Shipments, Promotions: q.Promotions, Gifts: q.Gifts, Awards: q.Awards, Coupons: q.Coupons,
	}
	for _, r := range o.Returns {
		made := v1.Return{Reference: r.Reference, At: r.At, Policy: v1.ReturnPolicy(r.Policy), Refund: amount(r.Refund), Units: make([]v1.ReturnedUnits, len(r.Units))}
		for i, u := range r.Units {
			made.Units[i] = v1.ReturnedUnits{Sku: u.SKU, Quantity: u.Quantity, Gift: u.Gift, Refund: amount(u.Refund)}
		}
		answer.Returns = append(answer.Returns, made)
	}
	return answer
}
