package event

import (
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

// orderPlaced is what order.placed tells.
type orderPlaced struct {
	Order      string          `json:"order"`
	PlacedAt   time.Time       `json:"placed_at"`
	Currency   engine.Currency `json:"currency"`
	Subtotal   string          `json:"subtotal"`
	Discount   string          `json:"discount"`
	Total      string          `json:"total"`
	Shipping   string          `json:"shipping"`
	Payable    string          `json:"payable"`
	Lines      []orderLine     `json:"lines"`
	Gifts      []orderGift     `json:"gifts"`
	Promotions []orderSaving   `json:"promotions"`
	Ruleset    string          `json:"ruleset"`
}

type orderLine struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int64  `json:"quantity"`
	UnitPrice string `json:"unit_price"`
	Discount  string `json:"discount"`
	Total     string `json:"total"`
}

type orderGift struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int64  `json:"quantity"`
	Promotion string `json:"promotion"`
}

type orderSaving struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Coupon   string `json:"coupon,omitempty"`
	Discount string `json:"discount"`
}

// OrderPlaced tells that the order was sold, with what it cost and why.
func OrderPlaced(order engine.Order) Event {
	q, money := order.Quote, order.Quote.Currency.Format
	data := orderPlaced{
		Order: order.Reference, PlacedAt: order.PlacedAt.UTC(), Currency: q.Currency,
		Subtotal: money(q.Subtotal), Discount: money(q.Discount), Total: money(q.Total),
		Shipping: money(q.ShippingTotal), Payable: money(q.Total + q.ShippingTotal),
		Lines: []orderLine{}, Gifts: []orderGift{}, Promotions: []orderSaving{}, Ruleset: q.Ruleset,
	}
	for _, l := range q.Lines {
		data.Lines = append(data.Lines, orderLine{
			l.SKU, l.Name, l.Quantity, money(l.UnitPrice), money(l.Discount), money(l.Total),
		})
	}
	for _, g := range q.Gifts {
		data.Gifts = append(data.Gifts, orderGift{g.SKU, g.Name, g.Quantity, g.Promotion})
	}
	for _, p := range q.Promotions {
		if p.Reason == engine.Applied {
			data.Promotions = append(data.Promotions, orderSaving{p.Promotion, p.Name, p.Coupon, money(p.Discount)})
		}
	}
	return ofOrder(TypeOrderPlaced, order.Reference, data)
}

// Reversal is what a cancellation or a return takes back of an order.
type Reversal struct {
	Order    string // its reference
	At       time.Time
	Currency engine.Currency
	Refund   engine.Amount // what the customer gets back
	Reason   string        // in words; "" when none was given
	Units    []ReversedUnits
}

// ReversedUnits are units of one SKU that are taken back.
type ReversedUnits struct {
	SKU      string
	Quantity int64
	Gift     bool
	Refund   engine.Amount // what the customer gets back for all of them
}

// orderReversed is what order.cancelled and order.returned tell.
type orderReversed struct {
	Order    string          `json:"order"`
	At       time.Time       `json:"at"`
	Currency engine.Currency `json:"currency"`
	Refund   string          `json:"refund"`
	Reason   string          `json:"reason"`
	Units    []reversedUnits `json:"units"`
}

type reversedUnits struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
	Gift     bool   `json:"gift"`
	Refund   string `json:"refund"`
}

// OrderCancelled tells that an order will not be fulfilled.
func OrderCancelled(r Reversal) Event { return ofOrder(TypeOrderCancelled, r.Order, reversed(r)) }

// OrderReturned tells that units of an order came back. There may be several of
// one order.
func OrderReturned(r Reversal) Event { return ofOrder(TypeOrderReturned, r.Order, reversed(r)) }

func reversed(r Reversal) orderReversed {
	data := orderReversed{
		Order: r.Order, At: r.At.UTC(), Currency: r.Currency, Refund: r.Currency.Format(r.Refund),
		Reason: r.Reason, Units: []reversedUnits{},
	}
	for _, u := range r.Units {
		data.Units = append(data.Units, reversedUnits{u.SKU, u.Quantity, u.Gift, r.Currency.Format(u.Refund)})
	}
	return data
}

func ofOrder(t Type, reference string, data any) Event {
	return Event{Type: t, Aggregate: Aggregate{Type: "order", Key: reference}, version: 1, data: data}
}
