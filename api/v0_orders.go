package api

import (
	"errors"
	"net/http"

	"github.com/checkout-promotions/checkout/engine"
)

// purchase sells the units that the body lists, at the price they have when the
// order is committed, or, where the customer expects another, not at all.
func (s *Server) purchase(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody[purchaseRequest](w, r, s.options.MaxBody)
	if err != nil {
		return err
	}
	asked, expected, err := body.check(s.options.Currency)
	if err != nil {
		return err
	}
	b, err := checkedBasket(asked)
	if err != nil {
		return err
	}
	p := s.pricing()
	order, err := s.options.Orders.Purchase(r.Context(), engine.Sale{
		Units: b.asked, Inquiry: p.inquiry(nil), Expected: expected,
		Price: func(basis engine.Basis) (engine.Request, engine.Quote, error) { return p.quote(r.Context(), b, basis) },
	})
	if changed, ok := errors.AsType[*engine.PriceChangedError](err); ok {
		return s.answer(w, http.StatusConflict, newPriceChangedAnswer(changed))
	}
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &purchaseAnswer{order.Reference, newSale(&order)})
}

// listOrders answers with every order, the newest first.
func (s *Server) listOrders(w http.ResponseWriter, r *http.Request) error {
	orders, err := s.options.Orders.Orders(r.Context())
	if err != nil {
		return err
	}
	answer := make([]orderAnswer, len(orders))
	for i := range orders {
		answer[i] = orderAnswer{orders[i].Reference, newSale(&orders[i])}
	}
	return s.answer(w, http.StatusOK, &answer)
}
