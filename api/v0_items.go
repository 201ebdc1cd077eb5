package api

import (
	"net/http"
	"strconv"

	"github.com/checkout-promotions/checkout/engine"
)

// putItems adds or updates the items of the body by SKU, all of them or none.
func (s *Server) putItems(w http.ResponseWriter, r *http.Request) error {
	body, err := s.body(w, r)
	if err != nil {
		return err
	}
	items, err := decodeItems(body, s.options.Currency)
	if err != nil {
		return err
	}
	if err := uniqueNames(items); err != nil {
		return err
	}
	stored, err := s.options.Inventory.UpsertBasics(r.Context(), items)
	if err != nil {
		return err
	}
	s.answer(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"items":[`...)
		for i := range stored {
			b = appendComma(b, i)
			b = strconv.AppendInt(append(b, `{"id":`...), stored[i].ID, 10)
			b = append(appendBasics(append(b, ','), &stored[i], s.options.Currency), '}')
		}
		return append(b, `]}`...)
	})
	return nil
}

// uniqueNames refuses a request that gives two items the same name, which no
// store could hold.
func uniqueNames(items []engine.Item) error {
	owners := make(map[string]string, len(items))
	for i := range items {
		sku, name := items[i].SKU, items[i].Name
		if by, taken := owners[name]; taken {
			return &engine.NameTakenError{Name: name, SKU: sku, By: by}
		}
		owners[name] = sku
	}
	return nil
}
