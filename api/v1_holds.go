package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// createHold holds the units of a cart.
func (s *Server) createHold(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	body, err := readV1[v1.HoldRequest](s, w, r)
	if err != nil {
		return err
	}
	const most = int64(engine.MaxHold / time.Second)
	sale, err := s.checkSale(&v1.OrderRequest{
		Lines: body.Lines, Customer: body.Customer, Coupons: body.Coupons, Shipping: body.Shipping, Channel: body.Channel, Payment: body.Payment,
		Attributes: body.Attributes, Currency: body.Currency, ExpectedTotal: body.ExpectedTotal, ExpectedPayable: body.ExpectedPayable,
	}, func(f *faults) {
		if body.TTLSeconds < 1 || body.TTLSeconds > most {
			f.at(fmt.Sprintf("want 1 to %d", most), "ttl_seconds")
		}
	})
	if err != nil {
		return err
	}
	var hold engine.Hold
	err = s.sell(r.Context(), sale, func(sale engine.Sale) (err error) {
		hold, err = desk.Hold(r.Context(), sale, time.Duration(body.TTLSeconds)*time.Second)
		return err
	})
	if err != nil {
		return err
	}
	s.auditSale(r.Context(), hold.Reference)
	w.Header().Set("Location", "/v1/holds/"+hold.Reference)
	return s.answer(w, http.StatusCreated, newHold(&hold))
}

// getHold tells a hold.
func (s *Server) getHold(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	if q := readQuery(r); q.fault != nil {
		return q.fault
	}
	hold, err := desk.HoldByReference(r.Context(), chi.URLParam(r, "reference"))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, newHold(&hold))
}

// listHolds tells a page of holds.
func (s *Server) listHolds(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after", "state")
	var states []string
	for _, state := range engine.HoldStates() {
		states = append(states, string(state))
	}
	listing := engine.HoldListing{State: engine.HoldState(q.oneOf("state", states...)), After: q.text("after"), Limit: q.limit() + 1}
	if q.fault != nil {
		return q.fault
	}
	holds, err := desk.Holds(r.Context(), listing)
	if _, unknown := errors.AsType[*engine.UnknownHoldError](err); unknown {
		return errNoCursor
	}
	if err != nil {
		return err
	}
	holds, next := page(holds, listing.Limit-1, func(h *engine.Hold) string { return h.Reference })
	linkNext(w, r, next)
	answer := &v1.HoldPage{Holds: make([]v1.Hold, len(holds)), Next: next}
	for i := range holds {
		answer.Holds[i] = *newHold(&holds[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// commitHold makes the order of a hold.
func (s *Server) commitHold(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	order, err := desk.CommitHold(r.Context(), chi.URLParam(r, "reference"))
	if err != nil {
		return err
	}
	return s.answerOrder(w, http.StatusCreated, &order)
}

// releaseHold gives a hold up.
func (s *Server) releaseHold(w http.ResponseWriter, r *http.Request) error {
	desk, err := s.desk()
	if err != nil {
		return err
	}
	reference := chi.URLParam(r, "reference")
	if err := desk.ReleaseHold(r.Context(), reference); err != nil {
		return err
	}
	hold, err := desk.HoldByReference(r.Context(), reference)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, newHold(&hold))
}

// newHold is the answer of a hold.
func newHold(h *engine.Hold) *v1.Hold {
	q := newQuote(&priced{quote: h.Quote}, v1.QuoteRequestExplainNone)
	return &v1.Hold{
		Reference: h.Reference, State: v1.HoldState(h.State), CreatedAt: h.CreatedAt, ExpiresAt: h.ExpiresAt, Customer: h.Customer,
		Ruleset: q.Ruleset, Currency: q.Currency, Subtotal: q.Subtotal, Discount: q.Discount, Total: q.Total,
		ShippingDiscount: q.ShippingDiscount, ShippingTotal: q.ShippingTotal, Payable: q.Payable,
		Lines: q.Lines, Shipments: q.Shipments, Promotions: q.Promotions, Gifts: q.Gifts, Awards: q.Awards, Coupons: q.Coupons,
	}
}
