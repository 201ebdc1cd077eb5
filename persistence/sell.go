package persistence

import (
	"context"
	"errors"
	"time"

	"github.com/checkout-promotions/checkout/persistence/event"
)

// Sales are orders that only have to be stored, for Database.Sell.
type Sales struct {
	// Low is the stock at which that of an item counts as low.
	Low int64
	// Endpoints are the names of those that want to hear of orders.
	Endpoints []string
	// Orders are what is sold, in the order in which it happens.
	Orders []SoldOrder
}

// SoldOrder is an order to be stored with all that it does. Its texts are stored as
// they are.
type SoldOrder struct {
	Reference, Currency string
	Cost                int64 // smallest units of the currency
	Ruleset, Customer   string
	Quote, Request      string    // JSON
	At                  time.Time // of all that happens
	EventUID, EventBody string    // of event.TypeOrderPlaced
	Takes               []SoldTake
	Lines               []SoldLine
	Counts              []SoldCount
	Uses                []SoldUse
	Key                 *SoldKey // nil for a request without one
	// Pauses is the revision of the pauses of promotions that it was priced on, without
	// which it is not ordinary.
	Pauses int64
}

// SoldTake is units that leave the stock of an item, which is in the state of the
// revision. Those of an order are of different items, sorted by SKU.
type SoldTake struct {
	SKU      string
	Units    int64 // gifts included
	Gifts    int64
	Revision int64
}

// SoldLine is a run of equal units. Those of an order have the positions 0, 1, ….
type SoldLine struct {
	SKU      string
	Quantity int64
	Gift     bool
}

// SoldCount is a use that a counter of redemptions has to count, and what the counter
// says afterwards at most. The order that brings a counter of the scope "all" there is
// not ordinary, because it tells of it.
type SoldCount struct {
	Scope, Promotion, Key, Period string
	Spent, Most, Budget           int64
}

// SoldUse is what an order notes of a use.
type SoldUse struct {
	Promotion, Period, Code   string
	Spent                     int64
	ByAll, ByCustomer, ByCode bool
}

// SoldKey is the key that has to be the claim's, and the outcome that it is to keep.
type SoldKey struct{ Scope, Name, Token, Outcome string }

// Sold is what Database.Sell has done.
type Sold struct {
	// Orders tells of each order whether it is committed.
	Orders []bool
	// Stocks is what is left of the items, by SKU, that the orders have taken.
	Stocks map[string]int64
}

// sellOrdinary commits those plans by Database.Sell that are ordinary orders, and
// returns the others, which nothing has become of.
func (s *Store) sellOrdinary(ctx context.Context, plans []*pending) (others []*pending) {
	sales := Sales{Low: s.options.LowStock}
	for _, e := range s.options.Endpoints {
		if e.wants(event.TypeOrderPlaced) {
			sales.Endpoints = append(sales.Endpoints, e.Name)
		}
	}
	var asked []*pending
	for _, p := range plans {
		if p.plan.ttl > 0 {
			others = append(others, p)
			continue
		}
		asked, sales.Orders = append(asked, p), append(sales.Orders, p.plan.sold())
	}
	if len(asked) == 0 {
		return others
	}
	var sold Sold
	err := s.persist(ctx, func() (err error) {
		sold, err = s.db.Sell(ctx, sales)
		return failed("purchase", err)
	})
	switch {
	case err != nil && (errors.Is(err, ErrUnavailable) || ctx.Err() != nil): // nobody can know what became of them
		for _, p := range asked {
			p.err = err
		}
		return others
	case err != nil: // one by one they show whose fault it is
		return plans
	}
	if s.catalogue.followed.Load() {
		s.catalogue.restocked(movedTo(sold.Stocks))
	}
	for i, p := range asked {
		if !sold.Orders[i] {
			others = append(others, p)
		}
	}
	return others
}

// movedTo returns movements that lead to the stocks.
func movedTo(stocks map[string]int64) []movement {
	moved := make([]movement, 0, len(stocks))
	for sku, stock := range stocks {
		moved = append(moved, movement{SKU: sku, StockAfter: stock})
	}
	return moved
}

// sold returns the order of a plan as Database.Sell takes it.
func (p *plan) sold() SoldOrder {
	quote := &p.order.Quote
	o := SoldOrder{
		Reference: p.order.Reference, Currency: quote.Currency.Code(), Cost: int64(quote.Total), Ruleset: quote.Ruleset,
		Customer: p.customer, Pauses: p.pauses, Quote: p.quote, Request: string(p.request), At: p.order.PlacedAt,
		EventUID: p.placed.UID, EventBody: p.placed.Payload,
		Takes: make([]SoldTake, len(p.takes)), Lines: make([]SoldLine, len(p.lines)),
	}
	for i, t := range p.takes {
		o.Takes[i] = SoldTake{SKU: t.sku, Units: t.n, Gifts: t.gifts, Revision: t.revision}
	}
	for i, l := range p.lines {
		o.Lines[i] = SoldLine{SKU: l.SKU, Quantity: l.Quantity, Gift: l.Gift}
	}
	for _, c := range counts(quote.Redemptions, p.customer) {
		o.Counts = append(o.Counts, SoldCount{
			Scope: string(c.Scope), Promotion: c.Promotion, Key: c.Key, Period: c.Period,
			Spent: c.Spent, Most: c.most, Budget: c.budget,
		})
	}
	for _, r := range redemptionRows(0, quote.Redemptions) {
		o.Uses = append(o.Uses, SoldUse{r.Promotion, r.Period, r.Code, r.Spent, r.ByAll, r.ByCustomer, r.ByCode})
	}
	if p.claim != nil {
		o.Key = &SoldKey{Scope: p.claim.Scope, Name: p.claim.Name, Token: p.claim.Token, Outcome: p.outcome}
	}
	return o
}
