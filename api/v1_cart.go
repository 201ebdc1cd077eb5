package api

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// What a body of version 1 may hold; api/openapi.yaml says the same, which a test
// compares.
const (
	maxCoupons    = 20
	maxCoupon     = 64
	maxLabels     = 100 // groups or tags of a customer
	maxAttributes = 100
)

// shopper is who buys and where, as quotes and prices of listings need it: a cart
// without lines.
type shopper struct {
	cart engine.Cart
	at   time.Time
}

// shopper checks what bodies have in common.
func (f *faults) shopper(s *Server, currency *string, at *time.Time, customer *v1.Customer, channel, payment string, attributes engine.Attributes) shopper {
	to := shopper{at: s.options.Now(), cart: engine.Cart{Currency: s.options.Currency, Channel: channel, Payment: payment, Attributes: attributes}}
	if currency != nil {
		known, err := engine.ParseCurrency(*currency)
		if err != nil {
			f.at("want an ISO 4217 code, such as "+s.options.Currency.Code(), "currency")
			known = s.options.Currency
		}
		to.cart.Currency = known
	}
	if at != nil {
		to.at = *at
		if !inRange(*at) {
			f.at("want "+anInstant, "at")
		}
	}
	f.text(channel, "channel")
	f.text(payment, "payment")
	f.attributes(attributes, "attributes")
	to.cart.Customer = f.customer(customer, to.cart.Currency)
	return to
}

func (f *faults) customer(c *v1.Customer, currency engine.Currency) engine.Customer {
	f.text(c.ID, "customer", "id")
	f.texts(c.Groups, maxLabels, maxText, "customer", "groups")
	f.texts(c.Tags, maxLabels, maxText, "customer", "tags")
	if c.Orders < 0 {
		f.at("want 0 or more", "customer", "orders")
	}
	f.attributes(c.Attributes, "customer", "attributes")
	return engine.Customer{
		ID: c.ID, Groups: c.Groups, Tags: c.Tags, Orders: c.Orders, Attributes: c.Attributes,
		LifetimeSpend: f.amount(c.LifetimeSpend, currency, "customer", "lifetime_spend"),
	}
}

func (f *faults) attributes(a engine.Attributes, parts ...any) {
	if len(a) > maxAttributes {
		f.at(fmt.Sprintf("want at most %d, got %d", maxAttributes, len(a)), parts...)
	}
}

// amount reads an amount of the currency, which is not negative.
func (f *faults) amount(d engine.Decimal, currency engine.Currency, parts ...any) engine.Amount {
	amount, exact, err := currency.Amount(d, engine.HalfUp)
	switch {
	case err != nil:
		f.at("want at most "+currency.Format(engine.MaxAmount), parts...)
	case !exact:
		f.at(fmt.Sprintf("want at most %d digits after the point", currency.Digits()), parts...)
	case amount < 0:
		f.at("want 0 or more", parts...)
	}
	return amount
}

// quoteRequest is a cart that was checked, but for what only the shop knows.
type quoteRequest struct {
	shopper
	lines   []v1.CartLine
	skus    []string
	explain v1.QuoteRequestExplain
	report  bool // what is unknown, instead of refusing it
	hints   bool
}

// check reads the body of a quote into q.
func (s *Server) check(q *quoteRequest, body *v1.QuoteRequest) error {
	var f faults
	s.checkCart(&f, q, body)
	return f.err()
}

// checkCart is check, of which the faults may not be all.
func (s *Server) checkCart(f *faults, q *quoteRequest, body *v1.QuoteRequest) {
	*q = quoteRequest{
		shopper: f.shopper(s, body.Currency, body.At, &body.Customer, body.Channel, body.Payment, body.Attributes),
		lines:   body.Lines, skus: roomFor(q.skus, len(body.Lines)),
		explain: v1.QuoteRequestExplainNone, report: body.Unknown != nil && *body.Unknown == v1.QuoteRequestUnknownReport,
	}
	if body.Lines == nil {
		f.at("missing", "lines")
	}
	if len(body.Lines) > s.options.MaxLines {
		f.at(fmt.Sprintf("want at most %d, got %d", s.options.MaxLines, len(body.Lines)), "lines")
	}
	for i := range body.Lines {
		q.skus = append(q.skus, body.Lines[i].Sku)
	}
	f.lines(body.Lines, "lines")
	f.texts(body.Coupons, s.options.MaxCoupons, maxCoupon, "coupons")
	for i, code := range body.Coupons {
		if code == "" {
			f.at("empty", "coupons", i)
		}
	}
	q.cart.Coupons = body.Coupons
	f.shipping(q, &body.Shipping)
	oneOf(f, body.Unknown, "refuse or report", "unknown")
	if oneOf(f, body.Explain, "none, summary or full", "explain"); body.Explain != nil {
		q.explain = *body.Explain
	}
}

// lines checks units of items, in the member of the body with the name.
func (f *faults) lines(lines []v1.CartLine, name string) {
	for i := range lines {
		line := &lines[i]
		if !engine.ValidSKU(line.Sku) {
			f.at(skuProblem(line.Sku), name, i, "sku")
		}
		if line.Quantity < 1 || line.Quantity > engine.MaxQuantity {
			f.at(fmt.Sprintf("want 1 to %d", engine.MaxQuantity), name, i, "quantity")
		}
	}
}

func (f *faults) shipping(q *quoteRequest, body *v1.Shipping) {
	f.text(body.Country, "shipping", "country")
	f.text(body.Region, "shipping", "region")
	if len(body.Shipments) > engine.MaxShipments {
		f.at(fmt.Sprintf("want at most %d, got %d", engine.MaxShipments, len(body.Shipments)), "shipping", "shipments")
	}
	to := &q.cart.Shipping
	to.Country, to.Region = body.Country, body.Region
	for i, shipment := range body.Shipments {
		f.text(shipment.Method, "shipping", "shipments", i, "method")
		if shipment.Method == "" {
			f.at("missing", "shipping", "shipments", i, "method")
		}
		price := f.amount(shipment.Price, q.cart.Currency, "shipping", "shipments", i, "price")
		to.Shipments = append(to.Shipments, engine.Shipment{Method: shipment.Method, Price: price})
	}
}

func skuProblem(sku string) string {
	if sku == "" {
		return "missing"
	}
	return fmt.Sprintf(`want 1 to %d letters, digits, "-", "_" or "."`, engine.MaxSKU)
}

// codes are the coupon codes as the store knows them.
func (q *quoteRequest) codes() []string {
	if len(q.cart.Coupons) == 0 {
		return nil
	}
	codes := make([]string, len(q.cart.Coupons))
	for i, code := range q.cart.Coupons {
		codes[i] = engine.NormalizeCoupon(code)
	}
	return codes
}

// priced is a quote, with the lines that are not in it.
type priced struct {
	quote   engine.Quote
	unknown []v1.UnknownLine
}

// price prices the cart with the ruleset, and changes nothing.
func (s *Server) price(ctx context.Context, p pricing, q *quoteRequest) (result priced, err error) {
	p.at, p.currency = q.at, q.cart.Currency
	inquiry := p.inquiry(q.skus)
	inquiry.Customer, inquiry.Codes = q.cart.Customer.ID, q.codes()
	if q.hints {
		inquiry.SKUs = slices.Concat(inquiry.SKUs, p.rules.HintSKUs())
	}
	if p.memory != nil {
		inquiry.Into = p.memory.items
	}
	watch := p.stopwatch()
	defer watch.stop()
	basis, err := s.options.Inventory.Basis(watch.begin(ctx, stageBasis), inquiry)
	if err != nil {
		return result, err
	}
	watch.lap(stageBasis)
	cart, unknown, err := q.withItems(basis.Items, s.options.Currency)
	if err != nil {
		return result, err
	}
	if len(unknown) > 0 && !q.report {
		return result, &unknownItemsError{slices.Clone(q.lines), unknown} // the lines may be in memory that is used again
	}
	request := engine.Request{
		Cart: cart, Catalog: engine.CatalogMap(basis.Items), At: q.at, Usage: basis.Usage, Paused: basis.Paused,
		Explain: q.explain != v1.QuoteRequestExplainNone, Hints: q.hints,
	}
	if _, result.quote, err = p.ask(ctx, request); err != nil {
		return result, asCartError(err)
	}
	if codes := unknownCodes(&result.quote); len(codes) > 0 && !q.report {
		return result, &unknownCouponsError{q.cart.Coupons, codes}
	}
	for _, i := range unknown {
		result.unknown = append(result.unknown, v1.UnknownLine{Sku: q.lines[i].Sku, Quantity: q.lines[i].Quantity})
	}
	return result, nil
}

// withItems is the cart with its lines, and the indexes of those whose items are
// not known. The one price of an item is in the currency of the shop.
func (q *quoteRequest) withItems(items map[string]*engine.Item, shop engine.Currency) (cart engine.Cart, unknown []int, err error) {
	cart = q.cart
	cart.Lines = make([]engine.Line, 0, len(q.lines))
	for i := range q.lines {
		item := items[q.lines[i].Sku]
		if item == nil {
			unknown = append(unknown, i)
			continue
		}
		if !priceableIn(item, cart.Currency, shop) {
			return cart, nil, &cartError{pointerTo("lines", i), item.SKU + " has no price in " + cart.Currency.Code()}
		}
		cart.Lines = append(cart.Lines, engine.Line{Item: item, Quantity: q.lines[i].Quantity})
	}
	return cart, unknown, nil
}

// priceableIn reports whether the item has a price in the currency.
func priceableIn(item *engine.Item, currency, shop engine.Currency) bool {
	_, priced := item.Prices[currency]
	return priced || item.Prices == nil && currency == shop
}

func unknownCodes(q *engine.Quote) []string {
	var codes []string
	for i := range q.Coupons {
		if q.Coupons[i].Reason == engine.UnknownCode {
			codes = append(codes, q.Coupons[i].Code)
		}
	}
	return codes
}

// unknownItemsError names lines by their indexes.
type unknownItemsError struct {
	lines   []v1.CartLine
	indexes []int
}

// Error implements error.
func (e *unknownItemsError) Error() string {
	return fmt.Sprintf("%d of %d lines are of items that nobody knows", len(e.indexes), len(e.lines))
}

func (e *unknownItemsError) places() []v1.ProblemError {
	places := make([]v1.ProblemError, len(e.indexes))
	for i, line := range e.indexes {
		places[i] = v1.ProblemError{Pointer: pointerTo("lines", line, "sku"), Detail: "no item has the SKU " + e.lines[line].Sku}
	}
	return places
}

// unknownCouponsError names codes, as they are compared.
type unknownCouponsError struct{ given, codes []string }

// Error implements error.
func (e *unknownCouponsError) Error() string {
	return fmt.Sprintf("%d of %d coupon codes are known to nobody", len(e.codes), len(e.given))
}

func (e *unknownCouponsError) places() []v1.ProblemError {
	var places []v1.ProblemError
	for i, code := range e.given {
		if slices.Contains(e.codes, engine.NormalizeCoupon(code)) {
			places = append(places, v1.ProblemError{Pointer: pointerTo("coupons", i), Detail: "nobody knows this code"})
		}
	}
	return places
}

// cartError is an engine.CartError of version 1.
type cartError struct {
	pointer string
	problem string
}

// Error implements error.
func (e *cartError) Error() string { return e.pointer + ": " + e.problem }

func (e *cartError) places() []v1.ProblemError {
	return []v1.ProblemError{{Pointer: e.pointer, Detail: e.problem}}
}

// asCartError makes a pointer of the place that the engine names, such as
// lines[2] or shipping[0].
func asCartError(err error) error {
	found, ok := err.(*engine.CartError)
	if !ok {
		return err
	}
	field, rest, indexed := strings.Cut(found.Field, "[")
	var parts []any
	for part := range strings.SplitSeq(field, ".") {
		parts = append(parts, part)
	}
	if field == "shipping" && indexed {
		parts = append(parts, "shipments")
	}
	if index, _, ok := strings.Cut(rest, "]"); ok {
		if n, err := strconv.Atoi(index); err == nil {
			parts = append(parts, n)
		}
	}
	return &cartError{pointerTo(parts...), found.Problem}
}
