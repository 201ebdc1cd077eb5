package cli

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/cmd/internal/readback"
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
	quote, money, err := readback.Quote(&v1.Quote{
		Ruleset: o.Ruleset, Currency: o.Currency, Subtotal: o.Subtotal, Discount: o.Discount, Total: o.Total,
		ShippingDiscount: o.ShippingDiscount, ShippingTotal: o.ShippingTotal, Payable: o.Payable,
		Lines: o.Lines, Shipments: o.Shipments, Promotions: o.Promotions, Gifts: o.Gifts, Awards: o.Awards,
	})
	order := engine.Order{
		Reference: o.Reference, Customer: o.Customer, Quote: quote, PlacedAt: o.PlacedAt, State: engine.OrderState(o.State), Refunded: money.Of(o.Refunded),
	}
	for _, r := range o.Returns {
		made := engine.Return{Reference: r.Reference, At: r.At, Policy: engine.ReturnPolicy(r.Policy), Refund: money.Of(r.Refund)}
		for _, u := range r.Units {
			made.Units = append(made.Units, engine.ReturnedUnits{SKU: u.Sku, Quantity: u.Quantity, Gift: u.Gift, Refund: money.Of(u.Refund)})
		}
		order.Returns = append(order.Returns, made)
	}
	return order, environmentError(errors.Join(err, money.Err))
}
