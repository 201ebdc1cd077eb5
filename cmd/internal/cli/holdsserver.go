package cli

import (
	"context"
	"errors"
	"slices"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/cmd/internal/readback"
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/persistence"
)

// holdBook is where holds are read: a database or a server.
type holdBook interface {
	Holds(ctx context.Context, l persistence.HoldListing) ([]persistence.Hold, error)
	HoldByReference(ctx context.Context, reference string) (persistence.Hold, error)
}

// holdDesk gives holds up.
type holdDesk interface {
	// Release returns the hold as it is then.
	Release(ctx context.Context, reference string) (persistence.Hold, error)
}

// holdBooks are the ways to read holds.
func holdBooks(s Streams) ways[holdBook] {
	return archiveOrServer(s,
		func(a *persistence.Archive) holdBook { return a },
		func(c *caller) holdBook { return serverHolds{c} })
}

// holdDesks are the ways to give holds up.
func holdDesks(s Streams) ways[holdDesk] {
	return storeOrServer(s, true,
		func(data *persistence.Store) holdDesk { return storedHolds{data} },
		func(c *caller) holdDesk { return serverHolds{c} })
}

// storedHolds are those of a database.
type storedHolds struct{ data *persistence.Store }

// Release implements holdDesk.
func (h storedHolds) Release(ctx context.Context, reference string) (persistence.Hold, error) {
	if err := h.data.ReleaseHold(ctx, reference); err != nil {
		return persistence.Hold{}, err
	}
	return h.data.HoldByReference(ctx, reference)
}

// serverHolds are those of a server.
type serverHolds struct{ *caller }

// Holds implements holdBook.
func (h serverHolds) Holds(ctx context.Context, l persistence.HoldListing) (holds []persistence.Hold, err error) {
	err = inPagesOf(l.After, l.Limit, func(after *string, n int) ([]v1.Hold, string, error) {
		r, err := h.ListHoldsWithResponse(ctx, &v1.ListHoldsParams{Limit: &n, After: after, State: given(v1.HoldState(l.State))})
		if err != nil {
			return nil, "", unanswered(err)
		}
		page, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
		if err != nil {
			return nil, "", err
		}
		return page.Holds, page.Next, nil
	}, func(told *v1.Hold) (bool, error) {
		hold, err := readHold(told)
		holds = append(holds, hold)
		return true, err
	})
	return holds, err
}

// HoldByReference implements holdBook.
func (h serverHolds) HoldByReference(ctx context.Context, reference string) (persistence.Hold, error) {
	r, err := h.GetHoldWithResponse(ctx, reference)
	if err != nil {
		return persistence.Hold{}, unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return persistence.Hold{}, err
	}
	return readHold(told)
}

// Release implements holdDesk.
func (h serverHolds) Release(ctx context.Context, reference string) (persistence.Hold, error) {
	r, err := h.ReleaseHoldWithResponse(ctx, reference, &v1.ReleaseHoldParams{IdempotencyKey: h.key})
	if err != nil {
		return persistence.Hold{}, h.unanswered(err)
	}
	told, err := asked(r.JSON200, r.ApplicationProblemJSONDefault, r.HTTPResponse)
	if err != nil {
		return persistence.Hold{}, err
	}
	return readHold(told)
}

// readHold is the hold as the API tells it: its units by SKU, and of its promotions those
// that were applied.
func readHold(h *v1.Hold) (persistence.Hold, error) {
	quote, money, err := readback.Quote(&v1.Quote{
		Ruleset: h.Ruleset, Currency: h.Currency, Subtotal: h.Subtotal, Discount: h.Discount, Total: h.Total,
		ShippingDiscount: h.ShippingDiscount, ShippingTotal: h.ShippingTotal, Payable: h.Payable,
		Lines: h.Lines, Shipments: h.Shipments, Promotions: h.Promotions, Gifts: h.Gifts, Awards: h.Awards,
	})
	hold := persistence.Hold{
		Reference: h.Reference, State: persistence.HoldState(h.State), Customer: h.Customer, Quote: quote, CreatedAt: h.CreatedAt, ExpiresAt: h.ExpiresAt,
	}
	for _, l := range quote.Lines {
		hold.SKUs = append(hold.SKUs, units(l.SKU, l.Quantity)...)
	}
	for _, g := range quote.Gifts {
		hold.SKUs = append(hold.SKUs, units(g.SKU, g.Quantity)...)
	}
	return hold, environmentError(errors.Join(err, money.Err))
}

// units is the SKU so often, and not more often than a hold may have units.
func units(sku string, n int64) []string {
	return slices.Repeat([]string{sku}, int(min(max(n, 0), engine.MaxOrderUnits)))
}
