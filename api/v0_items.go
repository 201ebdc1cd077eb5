package api

import (
	"net/http"

	"github.com/checkout-promotions/checkout/engine"
)

// putItems adds or updates the items of the body by SKU, all of them or none.
func (s *Server) putItems(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody[itemsRequest](w, r, s.options.MaxBody)
	if err != nil {
		return err
	}
	items, err := body.check(s.options.Currency)
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
	return s.answer(w, http.StatusOK, newItemsAnswer(stored, s.options.Currency))
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
