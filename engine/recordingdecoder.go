package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// RequestDecoder reads many recorded requests, such as those of the orders of a
// month, about ten times as fast as DecodeRequest does and to the same result:
// items that are written alike are one item in all of them. It is for one
// goroutine; requests may be used by any number, and must not be changed.
type RequestDecoder struct {
	items     map[string]*Item
	shippings map[string]Shipping
	key       []byte
	text      []byte
	at        int
}

// maxDecoded bounds the items that a RequestDecoder remembers.
const maxDecoded = 1 << 16

// NewRequestDecoder returns a RequestDecoder.
func NewRequestDecoder() *RequestDecoder {
	return &RequestDecoder{items: make(map[string]*Item), shippings: make(map[string]Shipping)}
}

// Decode is DecodeRequest.
func (d *RequestDecoder) Decode(text []byte) (Request, error) {
	if req, n, ok := d.Prefix(text); ok && n == len(text) {
		return req, nil
	}
	return DecodeRequest(text)
}

// Prefix reads the request that text begins with, and returns how many bytes it
// has. It is false for one that is not written as EncodeRequest writes, or has
// something wrong, which DecodeRequest has to judge.
func (d *RequestDecoder) Prefix(text []byte) (req Request, n int, ok bool) {
	d.text, d.at = text, 0
	ok = d.request(&req)
	d.text = nil
	return req, d.at, ok
}

func (d *RequestDecoder) request(req *Request) bool {
	if !d.literal(`{"format":`) {
		return false
	}
	if format, ok := d.number(); !ok || format < 1 || format > RecordFormat {
		return false
	}
	if d.literal(`,"at":"`) {
		at, ok := d.plain()
		if !ok || req.At.UnmarshalText(at) != nil || !d.literal(`"`) {
			return false
		}
	}
	places, ok := d.cart(&req.Cart)
	if !ok {
		return false
	}
	items, ok := d.itemList()
	if !ok {
		return false
	}
	for i, place := range places {
		if place < 0 || place >= int64(len(items)) {
			return false
		}
		req.Cart.Lines[i].Item = items[place]
	}
	return d.catalog(req, items) && d.rest(req)
}

// cart reads the cart, and returns the places of its lines' items.
func (d *RequestDecoder) cart(c *Cart) (places []int64, ok bool) {
	if !d.literal(`,"cart":{"currency":"`) {
		return nil, false
	}
	code, ok := d.plain()
	if !ok || c.Currency.UnmarshalText(code) != nil || !d.literal(`","lines":[`) {
		return nil, false
	}
	room := 8 + len(d.text)/256
	places, c.Lines = make([]int64, 0, room), make([]Line, 0, room)
	for more := !d.literal(`]`); more; more = d.literal(`,`) {
		place, first := int64(0), d.literal(`{"item":`)
		if first {
			place, first = d.number()
		}
		quantity, second := int64(0), d.literal(`,"quantity":`)
		if second {
			quantity, second = d.number()
		}
		if !first || !second || !d.literal(`}`) {
			return nil, false
		}
		places, c.Lines = append(places, place), append(c.Lines, Line{Quantity: quantity})
	}
	if len(c.Lines) == 0 {
		c.Lines = nil
	} else if !d.literal(`]`) {
		return nil, false
	}
	return places, d.cartRest(c) && d.literal(`}`)
}

// cartRest reads what may be left out of a cart.
func (d *RequestDecoder) cartRest(c *Cart) bool {
	ok := true
	if d.literal(`,"coupons":`) {
		ok = d.value(&c.Coupons)
	}
	if ok && d.literal(`,"channel":"`) {
		ok = d.textTo(&c.Channel)
	}
	if ok && d.literal(`,"customer":`) {
		ok = d.customer(&c.Customer)
	}
	if ok && d.literal(`,"shipping":`) {
		ok = d.shipping(&c.Shipping)
	}
	if ok && d.literal(`,"payment":"`) {
		ok = d.textTo(&c.Payment)
	}
	if ok && d.literal(`,"attributes":`) {
		ok = d.value(&c.Attributes)
	}
	return ok
}

func (d *RequestDecoder) customer(c *Customer) bool {
	start := d.at
	if d.literal(`{"id":"`) && d.textTo(&c.ID) && d.literal(`}`) {
		return true
	}
	d.at = start
	var r recordedCustomer
	ok := d.value(&r)
	*c = Customer(r)
	return ok
}

func (d *RequestDecoder) shipping(s *Shipping) bool {
	raw, ok := d.extent()
	if !ok {
		return false
	}
	known, ok := d.shippings[string(raw)]
	if !ok {
		var r recordedShipping
		if strictly(raw, &r) != nil {
			return false
		}
		known = r.shipping()
		if len(d.shippings) >= maxDecoded {
			clear(d.shippings)
		}
		d.shippings[string(raw)] = known
	}
	*s = known
	return true
}

func (d *RequestDecoder) itemList() ([]*Item, bool) {
	if !d.literal(`,"items":[`) {
		return nil, false
	}
	items := make([]*Item, 0, 8+len(d.text)/256)
	for more := !d.literal(`]`); more; more = d.literal(`,`) {
		raw, ok := d.extent()
		if !ok {
			return nil, false
		}
		item, ok := d.item(raw)
		if !ok {
			return nil, false
		}
		items = append(items, item)
	}
	return items, len(items) == 0 || d.literal(`]`)
}

// item returns the item that is written so. Its stock is another in each order, so
// that items are known by what is around it.
func (d *RequestDecoder) item(raw []byte) (*Item, bool) {
	before, stock, after, split := cutStock(raw)
	d.key = append(append(d.key[:0], before...), after...)
	if known := d.items[string(d.key)]; known != nil {
		if !split || known.Stock == stock {
			return known, true
		}
		item := *known
		item.Stock = stock
		return &item, true
	}
	var r recordedItem
	if strictly(raw, &r) != nil {
		return nil, false
	}
	item := Item(r)
	if len(d.items) >= maxDecoded {
		clear(d.items)
	}
	d.items[string(d.key)] = &item
	return &item, true
}

// cutStock cuts the digits of the stock out of an item; without any, or where it
// is not sure which they are, before is all of it.
func cutStock(raw []byte) (before []byte, stock int64, after []byte, ok bool) {
	name := []byte(`,"stock":`)
	at := bytes.Index(raw, name)
	if at < 0 || bytes.Count(raw, name[1:]) > 1 || bytes.Contains(raw[:at], []byte(`"attributes":`)) {
		return raw, 0, nil, false
	}
	number := RequestDecoder{text: raw, at: at + len(name)}
	if stock, ok = number.number(); !ok || raw[number.at] != ',' && raw[number.at] != '}' {
		return raw, 0, nil, false
	}
	return raw[:at+len(name)], stock, raw[number.at:], true
}

func (d *RequestDecoder) catalog(req *Request, items []*Item) bool {
	if !d.literal(`,"catalog":[`) {
		return true
	}
	catalog := make(CatalogMap)
	for more := !d.literal(`]`); more; more = d.literal(`,`) {
		place, ok := d.number()
		if !ok || place < 0 || place >= int64(len(items)) {
			return false
		}
		catalog[items[place].SKU] = items[place]
	}
	req.Catalog = catalog
	return len(catalog) == 0 || d.literal(`]`)
}

// rest reads what follows the catalogue.
func (d *RequestDecoder) rest(req *Request) bool {
	ok := true
	if d.literal(`,"usage":`) {
		var r recordedUsage
		ok = d.value(&r)
		req.Usage = r.usage()
	}
	if ok && d.literal(`,"paused":`) {
		ok = d.value(&req.Paused)
	}
	if ok && d.literal(`,"facts":`) {
		ok = d.value(&req.Facts)
	}
	if ok && d.literal(`,"answers":`) {
		ok = d.value(&req.Answers)
	}
	if ok && d.literal(`,"explain":true`) {
		req.Explain = true
	}
	if ok && d.literal(`,"hints":true`) {
		req.Hints = true
	}
	return ok && d.literal(`}`)
}

// literal goes past the text if it comes next.
func (d *RequestDecoder) literal(text string) bool {
	end := d.at + len(text)
	if end > len(d.text) || string(d.text[d.at:end]) != text {
		return false
	}
	d.at = end
	return true
}

// number reads a whole number.
func (d *RequestDecoder) number() (int64, bool) {
	start := d.at
	if d.at < len(d.text) && d.text[d.at] == '-' {
		d.at++
	}
	var n int64
	digits := d.at
	for d.at < len(d.text) && d.text[d.at]-'0' <= 9 && d.at-digits < 18 {
		n = n*10 + int64(d.text[d.at]-'0')
		d.at++
	}
	switch {
	case d.at == digits, d.text[digits] == '0' && d.at > digits+1, d.at-digits == 18, start != digits && n == 0:
		return 0, false
	case start != digits:
		n = -n
	}
	return n, true
}

// plain reads a text without escapes up to its closing quote.
func (d *RequestDecoder) plain() ([]byte, bool) {
	n := bytes.IndexByte(d.text[d.at:], '"')
	if n < 0 {
		return nil, false
	}
	text := d.text[d.at : d.at+n]
	d.at += n
	for _, c := range text {
		if c < ' ' || c == '\\' || c >= 0x80 {
			return nil, false
		}
	}
	return text, true
}

// textTo reads a text and its closing quote; the opening one is past.
func (d *RequestDecoder) textTo(to *string) bool {
	start := d.at
	if text, ok := d.plain(); ok {
		*to = string(text)
		return d.literal(`"`)
	}
	d.at = start - 1
	return d.value(to)
}

// value reads a value of any form.
func (d *RequestDecoder) value(to any) bool {
	raw, ok := d.extent()
	return ok && strictly(raw, to) == nil
}

// extent goes past a text, an object or a list and returns it. What is in it is
// not judged.
func (d *RequestDecoder) extent() ([]byte, bool) {
	start, depth := d.at, 0
	for d.at < len(d.text) {
		switch c := d.text[d.at]; c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if !d.skipText() {
				return nil, false
			}
		}
		d.at++
		if depth <= 0 {
			return d.text[start:d.at], depth == 0
		}
	}
	return nil, false
}

// skipText goes from the opening quote of a text to the closing one.
func (d *RequestDecoder) skipText() bool {
	for {
		n := bytes.IndexByte(d.text[d.at+1:], '"')
		if n < 0 {
			return false
		}
		end := d.at + 1 + n
		backslashes := 0
		for d.text[end-1-backslashes] == '\\' {
			backslashes++
		}
		d.at = end
		if backslashes%2 == 0 {
			return true
		}
	}
}

// strictly reads all of a JSON text, without keys that are not known.
func strictly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &RecordError{"something follows it"}
	}
	return nil
}
