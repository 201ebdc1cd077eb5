package cli

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// orderBook is where orders are read: a database or a server.
type orderBook interface {
	// Orders walks through the orders of the listing.
	Orders(ctx context.Context, l persistence.Listing) iter.Seq2[engine.Order, error]
	// Order returns an order and its record, which a server does not tell: then it is nil.
	Order(ctx context.Context, reference string) (engine.Order, *persistence.Record, error)
}

// orderDesk is where orders are changed. The orders returned are as they are then.
type orderDesk interface {
	CancelOrder(ctx context.Context, reference, reason string) (engine.Order, error)
	// Return takes units back, or with dryRun only says what that would be.
	Return(ctx context.Context, reference string, back unitsBack) (engine.Order, error)
}

// unitsBack are units that come back, by SKU.
type unitsBack struct {
	units             map[string]int64
	policy            engine.ReturnPolicy
	noRestock, dryRun bool
}

// orderBooks are the ways to read orders.
func orderBooks(s Streams) ways[orderBook] {
	return archiveOrServer(s,
		func(a *persistence.Archive) orderBook { return archivedOrders{a} },
		func(c *caller) orderBook { return serverOrders{c} })
}

// orderDesks are the ways to change orders.
func orderDesks(s Streams) ways[orderDesk] {
	return storeOrServer(s, true,
		func(data *persistence.Store) orderDesk { return storedOrders{data} },
		func(c *caller) orderDesk { return serverOrders{c} })
}

// archivedOrders reads orders of a database.
type archivedOrders struct{ archive *persistence.Archive }

// Orders implements orderBook.
func (a archivedOrders) Orders(ctx context.Context, l persistence.Listing) iter.Seq2[engine.Order, error] {
	return func(yield func(engine.Order, error) bool) {
		for record, err := range a.archive.Records(ctx, l) {
			order := engine.Order{Reference: record.Reference, PlacedAt: record.PlacedAt, State: record.State, Refunded: record.Refunded}
			if err == nil {
				order.Quote, err = quoteOf(&record)
			}
			if order.Quote.Ruleset = record.Ruleset; !yield(order, err) || err != nil {
				return
			}
		}
	}
}

// Order implements orderBook.
func (a archivedOrders) Order(ctx context.Context, reference string) (engine.Order, *persistence.Record, error) {
	record, err := a.archive.Record(ctx, reference)
	if err != nil {
		return engine.Order{}, nil, err
	}
	order, err := a.archive.Order(ctx, reference)
	return order, &record, err
}

// storedOrders changes orders of a database.
type storedOrders struct{ *persistence.Store }

// Return implements orderDesk.
func (o storedOrders) Return(ctx context.Context, reference string, back unitsBack) (engine.Order, error) {
	request := engine.ReturnRequest{Units: back.units, Policy: back.policy}
	if back.policy == engine.RepriceKept {
		var err error
		if request.KeptPrice, err = keptPrice(ctx, o.Archive(), reference); err != nil {
			return engine.Order{}, err
		}
	}
	if back.dryRun {
		return dryReturn(ctx, o.Store, reference, request)
	}
	return o.ReturnItems(ctx, reference, request, persistence.ReturnOptions{NoRestock: back.noRestock})
}

// serverOrders are those of a server.
type serverOrders struct{ *caller }

// Orders implements orderBook: the newest first, which is the order of a server.
func (o serverOrders) Orders(ctx context.Context, l persistence.Listing) iter.Seq2[engine.Order, error] {
	return func(yield func(engine.Order, error) bool) {
		err := inPagesOf(l.After, l.Limit, func(after *string, n int) ([]v1.Order, string, error) {
			r, err := o.ListOrdersWithResponse(ctx, &v1.ListOrdersParams{Limit: &n, After: after, Since: orNone(l.Since), Until: orNone(l.Until)})
			if err != nil {
				return nil, "", unanswered(err)
			}
			page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
			if err != nil {
				return nil, "", err
			}
			return page.Orders, page.Next, nil
		}, func(told *v1.Order) (bool, error) {
			order, err := readOrder(told)
			return err == nil && yield(order, nil), err
		})
		if err != nil {
			yield(engine.Order{}, err)
		}
	}
}

// Order implements orderBook.
func (o serverOrders) Order(ctx context.Context, reference string) (engine.Order, *persistence.Record, error) {
	r, err := o.GetOrderWithResponse(ctx, reference)
	if err != nil {
		return engine.Order{}, nil, unanswered(err)
	}
	order, err := askedOrder(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
	return order, nil, err
}

// CancelOrder implements orderDesk.
func (o serverOrders) CancelOrder(ctx context.Context, reference, reason string) (engine.Order, error) {
	r, err := o.CancelOrderWithResponse(ctx, reference, &v1.CancelOrderParams{IdempotencyKey: o.key}, v1.CancelRequest{Reason: reason})
	if err != nil {
		return engine.Order{}, o.unanswered(err)
	}
	return askedOrder(asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

// Return implements orderDesk.
func (o serverOrders) Return(ctx context.Context, reference string, back unitsBack) (engine.Order, error) {
	restock, policy := !back.noRestock, v1.ReturnPolicy(back.policy)
	body := v1.ReturnRequest{Policy: &policy, Restock: &restock}
	for _, sku := range slices.Sorted(maps.Keys(back.units)) {
		body.Units = append(body.Units, v1.CartLine{Sku: sku, Quantity: back.units[sku]})
	}
	r, err := o.CreateReturnWithResponse(ctx, reference, &v1.CreateReturnParams{IdempotencyKey: o.key}, body)
	if err != nil {
		return engine.Order{}, o.unanswered(err)
	}
	return askedOrder(asked(r.JSON201, r.ApplicationProblemJSONDefault, r.HTTPResponse))
}

func askedOrder(told *v1.Order, err error) (engine.Order, error) {
	if err != nil {
		return engine.Order{}, err
	}
	return readOrder(told)
}

// readOrder is the order as the API tells it: without its units one by one, and of its
// promotions with those that were applied.
func readOrder(o *v1.Order) (engine.Order, error) {
	quote, money, err := readQuoted(&v1.Quote{
		Ruleset: o.Ruleset, Currency: o.Currency, Subtotal: o.Subtotal, Discount: o.Discount, Total: o.Total,
		ShippingDiscount: o.ShippingDiscount, ShippingTotal: o.ShippingTotal, Payable: o.Payable,
		Lines: o.Lines, Shipments: o.Shipments, Promotions: o.Promotions, Gifts: o.Gifts, Awards: o.Awards,
	})
	order := engine.Order{
		Reference: o.Reference, Customer: o.Customer, Quote: quote, PlacedAt: o.PlacedAt, State: engine.OrderState(o.State), Refunded: money.of(o.Refunded),
	}
	for _, r := range o.Returns {
		made := engine.Return{Reference: r.Reference, At: r.At, Policy: engine.ReturnPolicy(r.Policy), Refund: money.of(r.Refund)}
		for _, u := range r.Units {
			made.Units = append(made.Units, engine.ReturnedUnits{SKU: u.Sku, Quantity: u.Quantity, Gift: u.Gift, Refund: money.of(u.Refund)})
		}
		order.Returns = append(order.Returns, made)
	}
	return order, environmentError(errors.Join(err, money.err))
}

// amounts reads amounts in a currency. Its err is about the first that is none.
type amounts struct {
	currency engine.Currency
	err      error
}

func (a *amounts) of(d engine.Decimal) engine.Amount {
	amount, _, err := a.currency.Amount(d, engine.HalfUp)
	a.err = cmp.Or(a.err, err)
	return amount
}

// readQuoted is the quote as the API tells it, with what it reads amounts by.
func readQuoted(q *v1.Quote) (engine.Quote, *amounts, error) {
	currency, err := engine.ParseCurrency(q.Currency)
	money := &amounts{currency: currency, err: err}
	quote := engine.Quote{
		Ruleset: q.Ruleset, Currency: currency, At: q.At, Subtotal: money.of(q.Subtotal), Discount: money.of(q.Discount), Total: money.of(q.Total),
		ShippingDiscount: money.of(q.ShippingDiscount), ShippingTotal: money.of(q.ShippingTotal), Payable: money.of(q.Payable), Optimal: q.Optimal,
	}
	for _, l := range q.Lines {
		line := engine.QuoteLine{
			SKU: l.Sku, Name: l.Name, Quantity: l.Quantity, UnitPrice: money.of(l.UnitPrice),
			Subtotal: money.of(l.Subtotal), Discount: money.of(l.Discount), Total: money.of(l.Total),
		}
		for _, u := range l.Units {
			line.Units = append(line.Units, engine.Units{Quantity: u.Quantity, Price: money.of(u.Price)})
		}
		quote.Lines = append(quote.Lines, line)
	}
	for _, sh := range q.Shipments {
		quote.Shipments = append(quote.Shipments, engine.QuoteShipment{Method: sh.Method, Price: money.of(sh.Price), Discount: money.of(sh.Discount), Total: money.of(sh.Total)})
	}
	for _, g := range q.Gifts {
		quote.Gifts = append(quote.Gifts, engine.Gift{SKU: g.Sku, Name: g.Name, Quantity: g.Quantity, Worth: money.of(g.Worth), Promotion: g.Promotion})
	}
	for _, a := range q.Awards {
		quote.Awards = append(quote.Awards, engine.AwardGiven{Kind: a.Kind, Amount: a.Amount, Promotion: a.Promotion})
	}
	for _, p := range q.Promotions {
		applied := engine.Outcome{Promotion: p.ID, Name: p.Name, Reason: engine.Applied, Discount: money.of(p.Discount), Applications: p.Applications, Coupon: p.Coupon}
		for _, l := range p.Lines {
			applied.Lines = append(applied.Lines, engine.OutcomeLine{SKU: l.Sku, Shipment: l.Shipment, Quantity: l.Quantity, Discount: money.of(l.Discount)})
		}
		quote.Promotions = append(quote.Promotions, applied)
	}
	return quote, money, err
}
