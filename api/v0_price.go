package api

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/checkout-promotions/checkout/engine"
)

// priceItem prices one unit of the item that the rest of the path names.
func (s *Server) priceItem(w http.ResponseWriter, r *http.Request) error {
	// URL.Path has been unescaped exactly once. chi's parameter has not when
	// the key holds an escaped slash.
	key := strings.TrimPrefix(r.URL.Path, itemPricePath+"/")
	if !canBeKey(key) {
		return &engine.UnknownItemError{Key: key}
	}
	p := s.pricing()
	item, err := s.options.Inventory.ItemByKey(r.Context(), key)
	if err != nil {
		return err
	}
	watch := p.stopwatch()
	defer watch.stop()
	basis, err := s.options.Inventory.Basis(watch.begin(r.Context(), stageBasis), p.inquiry([]string{item.SKU}))
	if err != nil {
		return err
	}
	watch.lap(stageBasis)
	return s.answerPrice(w, r, p, newBasket([]string{item.SKU}), basis)
}

// canBeKey spares the store keys that neither a SKU nor a name can be.
func canBeKey(key string) bool {
	return key != "" && utf8.ValidString(key) && utf8.RuneCountInString(key) <= maxName &&
		strings.IndexByte(key, 0) < 0
}

// priceItems prices the units that the body lists.
func (s *Server) priceItems(w http.ResponseWriter, r *http.Request) error {
	b, err := s.basket(w, r)
	if err != nil {
		return err
	}
	p := s.pricing()
	watch := p.stopwatch()
	defer watch.stop()
	basis, err := s.options.Inventory.Basis(watch.begin(r.Context(), stageBasis), p.inquiry(b.skus))
	if err != nil {
		return err
	}
	watch.lap(stageBasis)
	return s.answerPrice(w, r, p, b, basis)
}

// answerPrice prices the basket and sends the price. What cannot be bought at
// all is not priced.
func (s *Server) answerPrice(w http.ResponseWriter, r *http.Request, p pricing, b basket, basis engine.Basis) error {
	_, quote, err := p.quote(r.Context(), b, basis)
	if err != nil {
		return err
	}
	for _, sku := range b.skus {
		if basis.Items[sku].Stock < 1 {
			return &soldOutError{sku}
		}
	}
	return s.answer(w, http.StatusOK, newPriceAnswer(b.asked, basis.Items, &quote))
}
