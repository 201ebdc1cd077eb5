// Package readback reads what version 1 of the API tells back into the terms of the engine,
// so that what a server answers can be shown and compared as what was priced here.
package readback

import (
	"cmp"

	v1 "github.com/checkout-promotions/checkout/api/v1"
	"github.com/checkout-promotions/checkout/engine"
)

// Amounts reads amounts in a currency. Its Err is about the first that is none.
type Amounts struct {
	Currency engine.Currency
	Err      error
}

// Of is the amount.
func (a *Amounts) Of(d engine.Decimal) engine.Amount {
	amount, _, err := a.Currency.Amount(d, engine.HalfUp)
	a.Err = cmp.Or(a.Err, err)
	return amount
}

// Quote is the quote as the API tells it, with what it reads amounts by. Redemptions,
// hints and the trace are not told with a quote, and a name that is not told of a
// promotion is its id.
func Quote(q *v1.Quote) (engine.Quote, *Amounts, error) {
	currency, err := engine.ParseCurrency(q.Currency)
	money := &Amounts{Currency: currency, Err: err}
	quote := engine.Quote{
		Ruleset: q.Ruleset, Currency: currency, At: q.At, Subtotal: money.Of(q.Subtotal), Discount: money.Of(q.Discount), Total: money.Of(q.Total),
		ShippingDiscount: money.Of(q.ShippingDiscount), ShippingTotal: money.Of(q.ShippingTotal), Payable: money.Of(q.Payable),
		Optimal: q.Optimal, Bound: money.Of(q.Bound),
	}
	for _, l := range q.Lines {
		line := engine.QuoteLine{
			SKU: l.Sku, Name: l.Name, Quantity: l.Quantity, UnitPrice: money.Of(l.UnitPrice),
			Subtotal: money.Of(l.Subtotal), Discount: money.Of(l.Discount), Total: money.Of(l.Total),
		}
		for _, u := range l.Units {
			line.Units = append(line.Units, engine.Units{Quantity: u.Quantity, Price: money.Of(u.Price)})
		}
		quote.Lines = append(quote.Lines, line)
	}
	for _, sh := range q.Shipments {
		quote.Shipments = append(quote.Shipments, engine.QuoteShipment{Method: sh.Method, Price: money.Of(sh.Price), Discount: money.Of(sh.Discount), Total: money.Of(sh.Total)})
	}
	for _, g := range q.Gifts {
		quote.Gifts = append(quote.Gifts, engine.Gift{SKU: g.Sku, Name: g.Name, Quantity: g.Quantity, Worth: money.Of(g.Worth), Promotion: g.Promotion})
	}
	for _, a := range q.Awards {
		quote.Awards = append(quote.Awards, engine.AwardGiven{Kind: a.Kind, Amount: a.Amount, Promotion: a.Promotion})
	}
	for i := range q.Promotions {
		quote.Promotions = append(quote.Promotions, applied(&q.Promotions[i], money))
	}
	for i := range q.Others {
		other, unreadable := notApplied(&q.Others[i])
		quote.Promotions, err = append(quote.Promotions, other), cmp.Or(err, unreadable)
	}
	for _, c := range q.Coupons {
		reason, unreadable := engine.ParseReason(c.Reason)
		quote.Coupons, err = append(quote.Coupons, engine.CouponOutcome{Code: c.Code, Reason: reason, Promotions: c.Promotions}), cmp.Or(err, unreadable)
	}
	return quote, money, err
}

func applied(p *v1.AppliedPromotion, money *Amounts) engine.Outcome {
	outcome := engine.Outcome{Promotion: p.ID, Name: p.Name, Reason: engine.Applied, Discount: money.Of(p.Discount), Applications: p.Applications, Coupon: p.Coupon}
	for _, l := range p.Lines {
		line := engine.OutcomeLine{SKU: l.Sku, Shipment: l.Shipment, Quantity: l.Quantity, Discount: money.Of(l.Discount)}
		if len(l.Units) > 0 {
			line.Change = &engine.LineChange{Before: money.Of(l.Before), After: money.Of(l.After)}
			for _, u := range l.Units {
				line.Change.Units = append(line.Change.Units, engine.UnitsChange{Quantity: u.Quantity, Before: money.Of(u.Before), After: money.Of(u.After)})
			}
		}
		outcome.Lines = append(outcome.Lines, line)
	}
	return outcome
}

func notApplied(p *v1.OtherPromotion) (engine.Outcome, error) {
	reason, err := engine.ParseReason(p.Reason)
	outcome := engine.Outcome{Promotion: p.ID, Name: p.Name, Reason: reason}
	if len(p.By)+len(p.Why) > 0 || p.Detail != "" || p.Fault != "" {
		outcome.Obstacle = &engine.Obstacle{By: p.By, Detail: p.Detail, Fault: engine.PluginFault(p.Fault)}
		for _, part := range p.Why {
			outcome.Obstacle.Why = append(outcome.Obstacle.Why, engine.Clause{Source: part.Source, Values: part.Values})
		}
	}
	return outcome, err
}
