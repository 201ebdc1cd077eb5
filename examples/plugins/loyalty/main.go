// Command loyalty is a plugin of Checkout: customers spend the points that they have collected, and earn new ones. It also tells
// expressions the points and the tier of a customer, as in
//
//	when: loyalty.points >= 100
//
// The points come from the settings of the server, which stand for the service that a real shop would ask:
//
//	plugins: {settings: {loyalty: {points: {c-42: 1200}}}}
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/checkout-promotions/checkout/plugins/sdk"
)

func main() { os.Exit(sdk.Serve(&loyalty{})) }

// loyalty knows the points by customer. They do not change after Configure.
type loyalty struct{ points map[string]int64 }

// Describe implements sdk.Plugin.
func (*loyalty) Describe() sdk.Description {
	return sdk.Description{
		Name: "loyalty", Version: "1.0.0", Author: "Checkout examples",
		Facts: []sdk.Fact{
			{Name: "points", Type: sdk.NumberFact, Doc: "The points that the customer has.", Fields: []sdk.Field{sdk.CustomerField}},
			{Name: "tier", Type: sdk.TextFact, Doc: "gold from 1000 points on, else silver.", Fields: []sdk.Field{sdk.CustomerField}},
		},
		Deals: []sdk.DealKind{
			{
				Name: "spend_points", Effect: sdk.OffOrderEffect, Fields: []sdk.Field{sdk.CustomerField},
				Doc: "Takes what the points of the customer are worth off the order: rate is what one is worth, max the most that is taken off.",
				ConfigSchema: `{"type": "object", "additionalProperties": false, "required": ["rate"], "properties": {
					"rate": {"type": "number", "exclusiveMinimum": 0}, "max": {"type": "number", "exclusiveMinimum": 0}}}`,
				Examples: []json.RawMessage{json.RawMessage(`{"rate": 0.01}`), json.RawMessage(`{"rate": 0.01, "max": 20}`)},
			},
			{
				Name: "earn_points", Effect: sdk.AwardEffect,
				Doc: "Gives points for each whole unit of the currency that the lines cost.",
				ConfigSchema: `{"type": "object", "additionalProperties": false, "required": ["points"], "properties": {
					"points": {"type": "integer", "minimum": 1, "maximum": 1000}}}`,
				Examples: []json.RawMessage{json.RawMessage(`{"points": 2}`)},
			},
		},
		Limits: sdk.Limits{MemoryMiB: 64},
	}
}

// Configure implements sdk.Configurer.
func (l *loyalty) Configure(_ context.Context, settings sdk.Settings) error {
	var read struct{ Points map[string]int64 }
	if err := settings.Decode(&read); err != nil {
		return err
	}
	l.points = read.Points
	return nil
}

// Facts implements sdk.FactSource. Those of a guest cannot be told.
func (l *loyalty) Facts(_ context.Context, req sdk.FactsRequest) (map[string]sdk.Value, error) {
	if req.Cart.Customer == nil {
		return nil, nil
	}
	points, tier := l.points[req.Cart.Customer.ID], "silver"
	if points >= 1000 {
		tier = "gold"
	}
	return map[string]sdk.Value{"points": sdk.Int(points), "tier": sdk.Text(tier)}, nil
}

// Evaluate implements sdk.Plugin.
func (l *loyalty) Evaluate(_ context.Context, req sdk.Request) ([]sdk.Answer, error) {
	return sdk.Each(req, func(d sdk.Deal) (sdk.Answer, error) {
		switch d.Kind {
		case "spend_points":
			return l.spend(&req.Cart, d)
		case "earn_points":
			return earn(&req.Cart, d)
		default:
			return sdk.Answer{}, fmt.Errorf("there is no kind of deal %q", d.Kind)
		}
	}), nil
}

func (l *loyalty) spend(cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
	var config struct{ Rate, Max json.Number }
	if err := d.Decode(&config); err != nil {
		return sdk.Answer{}, err
	}
	if cart.Customer == nil || l.points[cart.Customer.ID] <= 0 {
		return sdk.Nothing("the customer has no points"), nil
	}
	off, err := cart.Currency.Times(config.Rate.String(), l.points[cart.Customer.ID])
	if err != nil {
		return sdk.Answer{}, err
	}
	if config.Max != "" {
		most, err := cart.Currency.Units(config.Max.String())
		if err != nil {
			return sdk.Answer{}, err
		}
		off = min(off, most)
	}
	return sdk.OffOrder(min(off, cart.Subtotal())), nil
}

func earn(cart *sdk.Cart, d sdk.Deal) (sdk.Answer, error) {
	var config struct{ Points int64 }
	if err := d.Decode(&config); err != nil {
		return sdk.Answer{}, err
	}
	one, err := cart.Currency.Units("1")
	if err != nil {
		return sdk.Answer{}, err
	}
	points := cart.Subtotal() / one * config.Points
	if points <= 0 {
		return sdk.Nothing("the order is worth no point"), nil
	}
	return sdk.Award("points", strconv.FormatInt(points, 10)), nil
}
