package api

import (
	"net/http"

	"github.com/checkout-promotions/checkout/engine"
)

// purchase sells the units that the body lists, at the price they have inside
// the store's transaction.
func (s *Server) purchase(w http.ResponseWriter, r *http.Request) error {
	b, err := s.basket(w, r)
	if err != nil {
		return err
	}
	p := s.pricing()
	order, err := s.options.Orders.Purchase(r.Context(), engine.Sale{
		Units: b.asked, Inquiry: p.inquiry(nil),
		Price: func(basis engine.Basis) (engine.Request, engine.Quote, error) { return p.quote(b, basis) },
	})
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
