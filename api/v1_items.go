package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// Stockroom is items and their stock as version 1 needs them. An item that is not there
// is an *engine.UnknownItemError, one that is not as a condition has it an
// *engine.ItemChangedError, and a name that another item has an *engine.NameTakenError;
// each error changes nothing. Implementations are safe for concurrent use.
type Stockroom interface {
	// ItemPage returns items in the order of SKUs.
	ItemPage(ctx context.Context, of engine.ItemListing) ([]engine.StoredItem, error)
	StoredItem(ctx context.Context, sku string) (engine.StoredItem, error)
	// PutItem replaces an item or makes it, which it tells.
	PutItem(ctx context.Context, put engine.ItemPut) (item engine.StoredItem, created bool, err error)
	// PutItems is PutItem of many without conditions: all or none. It returns them in
	// the order given.
	PutItems(ctx context.Context, puts []engine.ItemPut) ([]engine.Item, error)
	DeleteItem(ctx context.Context, sku string, condition engine.Precondition) error
	// RestoreItems brings deleted items back.
	RestoreItems(ctx context.Context, skus []string) error
	// AdjustStock adds delta units and returns the stock; *engine.OutOfStockError when
	// fewer are there than are to be taken.
	AdjustStock(ctx context.Context, sku string, delta int64, reason engine.StockReason, note string) (int64, error)
	// SetStock makes the stock what was counted.
	SetStock(ctx context.Context, sku string, stock int64, reason engine.StockReason, note string) (delta int64, err error)
	// Movements returns changes of the stock before the one with the id from, 0 for
	// all, the newest first.
	Movements(ctx context.Context, sku string, from int64, limit int) ([]engine.Movement, error)
}

// maxItemBatch is how many items one request may put, and maxItemTexts how many
// categories or tags an item may have.
const (
	maxItemBatch = 5000
	maxItemTexts = 100
)

func (s *Server) stockroom() (Stockroom, error) {
	if s.options.Stockroom == nil {
		return nil, errNoStockroom
	}
	return s.options.Stockroom, nil
}

// skuOf reads the SKU of the path. One that no item can have is one that no item has.
func skuOf(r *http.Request) (string, error) {
	sku := chi.URLParam(r, "sku")
	if !engine.ValidSKU(sku) {
		return "", &engine.UnknownItemError{Key: sku}
	}
	return sku, nil
}

// ofItem serves what is about the item of the path, without a query.
func (s *Server) ofItem(next func(http.ResponseWriter, *http.Request, Stockroom, string) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		room, err := s.stockroom()
		if err != nil {
			return err
		}
		if q := readQuery(r); q.fault != nil {
			return q.fault
		}
		sku, err := skuOf(r)
		if err != nil {
			return err
		}
		return next(w, r, room, sku)
	}
}

// listItems tells a page of items.
func (s *Server) listItems(w http.ResponseWriter, r *http.Request) error {
	room, err := s.stockroom()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after", "prefix", "max_stock", "deleted")
	listing := engine.ItemListing{
		Prefix: q.text("prefix"), MaxStock: q.count("max_stock"), After: q.text("after"), Limit: q.limit() + 1,
		Deleted: q.oneOf("deleted", "true", "false") == "true",
	}
	if tooLong(listing.Prefix, engine.MaxSKU) {
		q.refuse("prefix", fmt.Sprintf("want 1 to %d characters", engine.MaxSKU))
	}
	if q.fault != nil {
		return q.fault
	}
	items, err := room.ItemPage(r.Context(), listing)
	if err != nil {
		return err
	}
	items, next := page(items, listing.Limit-1, func(i *engine.StoredItem) string { return i.SKU })
	linkNext(w, r, next)
	answer := &v1.ItemPage{Items: make([]v1.Item, len(items)), Next: next}
	for i := range items {
		answer.Items[i] = s.newItem(&items[i].Item)
	}
	return s.answer(w, http.StatusOK, answer)
}

// getItem tells an item.
func (s *Server) getItem(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	item, err := room.StoredItem(r.Context(), sku)
	if err != nil {
		return err
	}
	return s.answerItem(w, http.StatusOK, &item)
}

func (s *Server) answerItem(w http.ResponseWriter, status int, item *engine.StoredItem) error {
	writeRevision(w, item.Revision)
	return s.answer(w, status, s.newItem(&item.Item))
}

// putItem makes or replaces an item.
func (s *Server) putItem(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	wanted, err := condition(r)
	if err != nil {
		return err
	}
	body, err := readV1[v1.ItemFacts](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	put := s.checkItem(&f, body)
	if err := f.err(); err != nil {
		return err
	}
	put.Item.SKU, put.Condition = sku, wanted
	item, created, err := room.PutItem(r.Context(), put)
	if err != nil {
		return itemChanged(w, err)
	}
	if created {
		return s.answerItem(w, http.StatusCreated, &item)
	}
	return s.answerItem(w, http.StatusOK, &item)
}

// itemChanged tells the ETag of now to whoever had another one.
func itemChanged(w http.ResponseWriter, err error) error {
	if changed, ok := errors.AsType[*engine.ItemChangedError](err); ok && changed.Revision != 0 {
		writeRevision(w, changed.Revision)
	}
	return err
}

// putItemBatch makes or replaces many items.
func (s *Server) putItemBatch(w http.ResponseWriter, r *http.Request) error {
	room, err := s.stockroom()
	if err != nil {
		return err
	}
	body, err := readV1[v1.ItemBatchRequest](s, w, r)
	if err != nil {
		return err
	}
	puts, err := s.checkItems(body)
	if err != nil {
		return err
	}
	items, err := room.PutItems(r.Context(), puts)
	if err != nil {
		return err
	}
	answer := &v1.ItemBatch{Items: make([]v1.Item, len(items))}
	for i := range items {
		answer.Items[i] = s.newItem(&items[i])
	}
	return s.answer(w, http.StatusOK, answer)
}

// checkItems reads the items of a batch, each of another SKU.
func (s *Server) checkItems(body *v1.ItemBatchRequest) ([]engine.ItemPut, error) {
	var f faults
	switch n := len(body.Items); {
	case body.Items == nil:
		f.at("missing", "items")
	case n < 1 || n > maxItemBatch:
		f.at(fmt.Sprintf("want 1 to %d, got %d", maxItemBatch, n), "items")
		return nil, f.err()
	}
	puts, twice := make([]engine.ItemPut, len(body.Items)), []v1.ProblemError(nil)
	bySKU := make(map[string]int, len(body.Items))
	for i := range body.Items {
		e := &body.Items[i]
		puts[i] = s.checkItem(&f, &v1.ItemFacts{
			Name: e.Name, Price: e.Price, MinPrice: e.MinPrice, Stock: e.Stock, Categories: e.Categories, Brand: e.Brand, Tags: e.Tags, Attributes: e.Attributes,
		}, "items", i)
		puts[i].Item.SKU = e.Sku
		if !engine.ValidSKU(e.Sku) {
			f.at(fmt.Sprintf("want 1 to %d letters, digits, -, _ or .", engine.MaxSKU), "items", i, "sku")
		}
		if first, again := bySKU[e.Sku]; again {
			twice = append(twice, v1.ProblemError{Pointer: pointerTo("items", i, "sku"), Detail: fmt.Sprintf("is that of items[%d], too", first)})
			continue
		}
		bySKU[e.Sku] = i
	}
	if err := f.err(); err != nil || len(twice) == 0 {
		return puts, err
	}
	return nil, &itemsTwiceError{twice[:min(len(twice), maxFaults)]}
}

// itemsTwiceError says that a batch has items more than once.
type itemsTwiceError struct{ at []v1.ProblemError }

// Error implements error.
func (e *itemsTwiceError) Error() string {
	return "items: " + e.at[0].Pointer + " " + e.at[0].Detail + ": put each item once"
}

func (e *itemsTwiceError) places() []v1.ProblemError { return e.at }

// checkItem reads the facts of an item, which the body has at the place.
func (s *Server) checkItem(f *faults, facts *v1.ItemFacts, place ...any) engine.ItemPut {
	at := func(parts ...any) []any { return append(slices.Clip(place), parts...) }
	put := engine.ItemPut{KeepStock: facts.Stock == nil, Item: engine.Item{
		Name: facts.Name, Categories: facts.Categories, Brand: facts.Brand, Tags: facts.Tags, Attributes: facts.Attributes,
		MinPrice: f.amount(facts.MinPrice, s.options.Currency, at("min_price")...),
	}}
	if facts.Price == nil {
		f.at("missing", at("price")...)
	} else {
		put.Item.Price = f.amount(*facts.Price, s.options.Currency, at("price")...)
	}
	if problem := nameProblem(facts.Name); problem != "" {
		f.at(problem, at("name")...)
	}
	if facts.Stock != nil {
		put.Item.Stock = *facts.Stock
		f.between(*facts.Stock, 0, engine.MaxQuantity, at("stock")...)
	}
	f.text(facts.Brand, at("brand")...)
	f.labels(facts.Categories, at("categories")...)
	f.labels(facts.Tags, at("tags")...)
	f.attributes(facts.Attributes, at("attributes")...)
	return put
}

// labels checks the categories or the tags of an item.
func (f *faults) labels(list []string, place ...any) {
	f.texts(list, maxItemTexts, maxText, place...)
	for i, text := range list {
		if text == "" {
			f.at("empty", append(slices.Clip(place), i)...)
		}
	}
}

// between notes a fault for a number that is not.
func (f *faults) between(n, least, most int64, parts ...any) {
	if n < least || n > most {
		f.at(fmt.Sprintf("want %d to %d", least, most), parts...)
	}
}

// deleteItem takes an item off sale.
func (s *Server) deleteItem(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	wanted, err := condition(r)
	if err == nil && wanted.Absent {
		err = &parameterError{"If-None-Match", "not for what is to be deleted"}
	}
	if err != nil {
		return err
	}
	if err := room.DeleteItem(r.Context(), sku, wanted); err != nil {
		return itemChanged(w, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// restoreItem puts a deleted item back on sale.
func (s *Server) restoreItem(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	if err := room.RestoreItems(r.Context(), []string{sku}); err != nil {
		return err
	}
	return s.getItem(w, r, room, sku)
}

// setStock makes a stock what was counted.
func (s *Server) setStock(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	body, err := readV1[v1.StockRequest](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	if body.Stock == nil {
		f.at("missing", "stock")
	} else {
		f.between(*body.Stock, 0, engine.MaxQuantity, "stock")
	}
	reason := f.reason(body.Reason, body.Note)
	if err := f.err(); err != nil {
		return err
	}
	if _, err := room.SetStock(r.Context(), sku, *body.Stock, reason, body.Note); err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.Stock{Sku: sku, Stock: *body.Stock})
}

// adjustStock adds units to a stock, or takes some.
func (s *Server) adjustStock(w http.ResponseWriter, r *http.Request, room Stockroom, sku string) error {
	body, err := readV1[v1.StockAdjustment](s, w, r)
	if err != nil {
		return err
	}
	var f faults
	if body.Delta == 0 {
		f.at("want another number than 0", "delta")
	}
	f.between(body.Delta, -engine.MaxQuantity, engine.MaxQuantity, "delta")
	reason := f.reason(body.Reason, body.Note)
	if err := f.err(); err != nil {
		return err
	}
	stock, err := room.AdjustStock(r.Context(), sku, body.Delta, reason, body.Note)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, &v1.Stock{Sku: sku, Stock: stock})
}

// reason reads why a person changes a stock, and the note.
func (f *faults) reason(given *v1.StockReason, note string) engine.StockReason {
	f.text(note, "note")
	if oneOf(f, given, "receipt, correction, return or import", "reason"); given != nil {
		return engine.StockReason(*given)
	}
	return engine.StockCorrection
}

// listMovements tells a page of the changes of a stock.
func (s *Server) listMovements(w http.ResponseWriter, r *http.Request) error {
	room, err := s.stockroom()
	if err != nil {
		return err
	}
	q := readQuery(r, "limit", "after")
	limit, after := q.limit(), q.text("after")
	from := int64(0)
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil || from < 1 {
			q.refuse("after", "no cursor of this list")
		}
	}
	if q.fault != nil {
		return q.fault
	}
	sku, err := skuOf(r)
	if err != nil {
		return err
	}
	movements, err := room.Movements(r.Context(), sku, from, limit+1)
	if err != nil {
		return err
	}
	movements, next := page(movements, limit, func(m *engine.Movement) string { return strconv.FormatInt(m.ID, 10) })
	linkNext(w, r, next)
	answer := &v1.MovementPage{Movements: make([]v1.Movement, len(movements)), Next: next}
	for i, m := range movements {
		answer.Movements[i] = v1.Movement{ID: m.ID, Delta: m.Delta, StockAfter: m.StockAfter, Reason: string(m.Reason), Note: m.Note, Order: m.Order, At: m.At}
	}
	return s.answer(w, http.StatusOK, answer)
}

// newItem is the answer of an item.
func (s *Server) newItem(item *engine.Item) v1.Item {
	amount := s.options.Currency.Decimal
	answer := v1.Item{
		Sku: item.SKU, Name: item.Name, Price: amount(item.Price), Currency: s.options.Currency.Code(), Stock: item.Stock,
		Categories: item.Categories, Brand: item.Brand, Tags: item.Tags, Attributes: item.Attributes,
	}
	if item.MinPrice != 0 {
		floor := amount(item.MinPrice)
		answer.MinPrice = &floor
	}
	return answer
}
