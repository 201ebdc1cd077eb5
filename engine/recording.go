package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// RecordFormat is the form of recorded requests and of the quotes stored with
// them. It goes up by one whenever either gets a field; see QuoteFieldsSince.
const RecordFormat = 3

// QuoteFieldsSince returns the fields of a quote's JSON form that formats later
// than 1 have added, with the format that did, such as "lines[].note": 2; a list
// or an object that was added is named alone. Without it nobody could tell a field that an old quote could not have from one that
// was left out of it because it was zero.
func QuoteFieldsSince() map[string]int { return map[string]int{"promotions[].obstacle.fault": 2} }

// RecordError says why a recorded request cannot be read, or a request not be
// recorded.
type RecordError struct{ Problem string }

// Error implements error.
func (e *RecordError) Error() string { return "recorded request: " + e.Problem }

// EncodeRequest returns everything that the price of a request depends on,
// besides the rules, as canonical JSON: the same request gives the same bytes,
// and what DecodeRequest makes of them is priced alike, to the byte of the
// quote. The catalogue must be a CatalogMap or nil, and texts must be UTF-8;
// what cannot be recorded truly is a *RecordError.
//
// Each item is written once, however many lines have it and whether or not it is
// in the catalogue too; lines and catalogue name items by their place in the
// list.
func EncodeRequest(req Request) ([]byte, error) {
	r := recording{
		Format: RecordFormat, At: req.At, Explain: req.Explain, Hints: req.Hints,
		Cart: recordedCart{
			Currency: req.Cart.Currency, Coupons: req.Cart.Coupons, Channel: req.Cart.Channel,
			Customer: recordedCustomer(req.Cart.Customer), Shipping: recordShipping(req.Cart.Shipping),
			Payment: req.Cart.Payment, Attributes: req.Cart.Attributes,
		},
		Usage: recordUsage(req.Usage), Paused: req.Paused,
		Facts: req.Facts, Answers: req.Answers,
	}
	items := interned{at: make(map[*Item]int)}
	for _, line := range req.Cart.Lines {
		r.Cart.Lines = append(r.Cart.Lines, recordedLine{Item: items.place(line.Item), Quantity: line.Quantity})
	}
	var err error
	if r.Catalog, err = items.catalog(req.Catalog); err != nil {
		return nil, err
	}
	r.Items = items.list
	if slices.ContainsFunc(r.Cart.Lines, func(l recordedLine) bool { return l.Item < 0 }) {
		return nil, &RecordError{"a line has no item"}
	}
	return r.encode()
}

// DecodeRequest reads what EncodeRequest has written, by this version or an
// earlier one: fields that the earlier one did not have are as if nobody had set
// them. A text that a later version has written, or that is damaged, is a
// *RecordError, because a price that leaves something out is no price.
func DecodeRequest(text []byte) (Request, error) {
	r, err := decodeRecording(text)
	if err != nil {
		return Request{}, err
	}
	req := Request{
		At: r.At, Explain: r.Explain, Hints: r.Hints, Usage: r.Usage.usage(), Paused: r.Paused,
		Facts: r.Facts, Answers: r.Answers,
		Cart: Cart{
			Currency: r.Cart.Currency, Coupons: r.Cart.Coupons, Channel: r.Cart.Channel,
			Customer: Customer(r.Cart.Customer), Shipping: r.Cart.Shipping.shipping(),
			Payment: r.Cart.Payment, Attributes: r.Cart.Attributes,
		},
	}
	items := make([]Item, len(r.Items))
	for i, item := range r.Items {
		items[i] = Item(item)
	}
	for i, line := range r.Cart.Lines {
		if line.Item < 0 || line.Item >= len(items) {
			return Request{}, &RecordError{fmt.Sprintf("line %d is of item %d, there are %d", i, line.Item, len(items))}
		}
		req.Cart.Lines = append(req.Cart.Lines, Line{Item: &items[line.Item], Quantity: line.Quantity})
	}
	if r.Catalog == nil {
		return req, nil
	}
	catalog := make(CatalogMap, len(r.Catalog))
	for _, place := range r.Catalog {
		if place < 0 || place >= len(items) {
			return Request{}, &RecordError{fmt.Sprintf("the catalogue names item %d, there are %d", place, len(items))}
		}
		catalog[items[place].SKU] = &items[place]
	}
	req.Catalog = catalog
	return req, nil
}

// RecordedFormat returns the format of a recorded request, 0 when it has none.
func RecordedFormat(text []byte) int {
	var r struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(text, &r) != nil {
		return 0
	}
	return r.Format
}

// interned lists items, each once.
type interned struct {
	list []recordedItem
	at   map[*Item]int
}

// place returns where the item is in the list, -1 for none.
func (n *interned) place(item *Item) int {
	if item == nil {
		return -1
	}
	at, known := n.at[item]
	if !known {
		at = len(n.list)
		n.at[item] = at
		n.list = append(n.list, recordedItem(*item))
	}
	return at
}

// catalog returns the places of the catalogue's items, by SKU; nil for none.
func (n *interned) catalog(c Catalog) ([]int, error) {
	if c == nil {
		return nil, nil
	}
	items, ok := c.(CatalogMap)
	if !ok {
		return nil, &RecordError{fmt.Sprintf("a catalogue of type %T cannot be listed; use a CatalogMap", c)}
	}
	places := make([]int, 0, len(items))
	for _, sku := range slices.Sorted(maps.Keys(items)) {
		item := items[sku]
		if item == nil || item.SKU != sku {
			return nil, &RecordError{fmt.Sprintf("the catalogue has another item, or none, under the SKU %s", sku)}
		}
		places = append(places, n.place(item))
	}
	return places, nil
}

// recording is the recorded form. Types whose fields are those of the engine's
// are converted as a whole, so that a field that is added there cannot be
// forgotten here. Nil is left out and empty is not: a price list without prices
// is another thing than no price list.
type recording struct {
	Format  int                   `json:"format"`
	At      time.Time             `json:"at,omitzero"`
	Cart    recordedCart          `json:"cart"`
	Items   []recordedItem        `json:"items"`
	Catalog []int                 `json:"catalog,omitzero"`
	Usage   recordedUsage         `json:"usage,omitzero"`
	Paused  Pauses                `json:"paused,omitzero"`
	Facts   map[string]Attributes `json:"facts,omitzero"`
	Answers []Answer              `json:"answers,omitzero"`
	Explain bool                  `json:"explain,omitzero"`
	Hints   bool                  `json:"hints,omitzero"`
}

type recordedCart struct {
	Currency   Currency         `json:"currency"`
	Lines      []recordedLine   `json:"lines"`
	Coupons    []string         `json:"coupons,omitzero"`
	Channel    string           `json:"channel,omitzero"`
	Customer   recordedCustomer `json:"customer,omitzero"`
	Shipping   recordedShipping `json:"shipping,omitzero"`
	Payment    string           `json:"payment,omitzero"`
	Attributes Attributes       `json:"attributes,omitzero"`
}

type recordedLine struct {
	Item     int   `json:"item"`
	Quantity int64 `json:"quantity"`
}

type recordedItem struct {
	ID         int64               `json:"id,omitzero"`
	SKU        string              `json:"sku"`
	Name       string              `json:"name,omitzero"`
	Price      Amount              `json:"price,omitzero"`
	Prices     map[Currency]Amount `json:"prices,omitzero"`
	MinPrice   Amount              `json:"min_price,omitzero"`
	MinPrices  map[Currency]Amount `json:"min_prices,omitzero"`
	Stock      int64               `json:"stock,omitzero"`
	Categories []string            `json:"categories,omitzero"`
	Brand      string              `json:"brand,omitzero"`
	Tags       []string            `json:"tags,omitzero"`
	Attributes Attributes          `json:"attributes,omitzero"`
}

type recordedCustomer struct {
	ID            string     `json:"id,omitzero"`
	Groups        []string   `json:"groups,omitzero"`
	Tags          []string   `json:"tags,omitzero"`
	Orders        int64      `json:"orders,omitzero"`
	LifetimeSpend Amount     `json:"lifetime_spend,omitzero"`
	Attributes    Attributes `json:"attributes,omitzero"`
}

type recordedShipping struct {
	Shipments []recordedShipment `json:"shipments,omitzero"`
	Country   string             `json:"country,omitzero"`
	Region    string             `json:"region,omitzero"`
}

type recordedShipment struct {
	Method string `json:"method"`
	Price  Amount `json:"price"`
}

type recordedUsage struct {
	Promotions map[string]recordedPromotionUsage `json:"promotions,omitzero"`
	Codes      map[string]recordedCodeUsage      `json:"codes,omitzero"`
}

type recordedPromotionUsage struct {
	Redemptions int64  `json:"redemptions,omitzero"`
	ByCustomer  int64  `json:"by_customer,omitzero"`
	Spent       Amount `json:"spent,omitzero"`
}

type recordedCodeUsage struct {
	Pool        string `json:"pool,omitzero"`
	Redemptions int64  `json:"redemptions,omitzero"`
}

// IsZero leaves out a guest.
func (c recordedCustomer) IsZero() bool {
	return c.ID == "" && c.Groups == nil && c.Tags == nil && c.Orders == 0 && c.LifetimeSpend == 0 && c.Attributes == nil
}

// IsZero leaves out a cart that is not sent.
func (s recordedShipping) IsZero() bool {
	return s.Shipments == nil && s.Country == "" && s.Region == ""
}

// IsZero leaves out the usage of a shop without orders.
func (u recordedUsage) IsZero() bool { return u.Promotions == nil && u.Codes == nil }

func recordShipping(s Shipping) recordedShipping {
	r := recordedShipping{Country: s.Country, Region: s.Region}
	for _, shipment := range s.Shipments {
		r.Shipments = append(r.Shipments, recordedShipment(shipment))
	}
	return r
}

func (s recordedShipping) shipping() Shipping {
	r := Shipping{Country: s.Country, Region: s.Region}
	for _, shipment := range s.Shipments {
		r.Shipments = append(r.Shipments, Shipment(shipment))
	}
	return r
}

func recordUsage(u Usage) recordedUsage {
	return recordedUsage{
		Promotions: converted(u.Promotions, func(p PromotionUsage) recordedPromotionUsage { return recordedPromotionUsage(p) }),
		Codes:      converted(u.Codes, func(c CodeUsage) recordedCodeUsage { return recordedCodeUsage(c) }),
	}
}

func (u recordedUsage) usage() Usage {
	return Usage{
		Promotions: converted(u.Promotions, func(p recordedPromotionUsage) PromotionUsage { return PromotionUsage(p) }),
		Codes:      converted(u.Codes, func(c recordedCodeUsage) CodeUsage { return CodeUsage(c) }),
	}
}

func converted[V, W any](from map[string]V, convert func(V) W) map[string]W {
	if from == nil {
		return nil
	}
	to := make(map[string]W, len(from))
	for key, value := range from {
		to[key] = convert(value)
	}
	return to
}

func (r *recording) encode() ([]byte, error) {
	if r.Cart.Lines == nil {
		r.Cart.Lines = []recordedLine{}
	}
	if r.Items == nil {
		r.Items = []recordedItem{}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, &RecordError{err.Error()}
	}
	if replacesText(text.Bytes()) {
		return nil, &RecordError{"a text is not UTF-8"}
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// replacesText tells whether encoding/json has written \ufffd, which it does for
// bytes that are no text and for nothing else: U+FFFD itself is written as it is.
func replacesText(text []byte) bool {
	for {
		at := bytes.Index(text, []byte(`\ufffd`))
		if at < 0 {
			return false
		}
		before := text[:at]
		if backslashes := len(before) - len(bytes.TrimRight(before, `\`)); backslashes%2 == 0 {
			return true
		}
		text = text[at+1:]
	}
}

func decodeRecording(text []byte) (recording, error) {
	var r recording
	if format := RecordedFormat(text); format > RecordFormat {
		return r, &RecordError{fmt.Sprintf("it is of format %d, from a later version; this version knows up to %d: use that version", format, RecordFormat)}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return r, &RecordError{"it is cut off"}
		}
		return r, &RecordError{err.Error()}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return r, &RecordError{"something follows it"}
	}
	if r.Format < 1 {
		return r, &RecordError{fmt.Sprintf("format %d: want 1 to %d", r.Format, RecordFormat)}
	}
	return r, nil
}
