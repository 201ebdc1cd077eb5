package plugintest

import (
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/plugins/sdk"
)

// answersOf returns the answers to questions in their order.
func answersOf(questions []engine.Question, given []engine.Answer) []sdk.Answer {
	answers := make([]sdk.Answer, len(questions))
	for i := range questions {
		answers[i].ID = questions[i].Promotion
		for j := range given {
			if given[j].Promotion == questions[i].Promotion {
				answers[i] = answerFrom(&given[j])
			}
		}
	}
	return answers
}

func answerFrom(a *engine.Answer) sdk.Answer {
	answer := sdk.Answer{
		ID: a.Promotion, Off: int64(a.Off), Gift: sdk.GiftUnits(a.Gift), Award: sdk.AwardAmount(a.Award), Why: a.Why, Failure: a.Detail,
	}
	for _, u := range a.Units {
		answer.Units = append(answer.Units, sdk.Units{SKU: u.SKU, Quantity: u.Quantity, Each: int64(u.Each)})
	}
	return answer
}

func valueFrom(v engine.Value) sdk.Value {
	if number, ok := v.Number(); ok {
		return sdk.Decimal(number.String())
	}
	if text, ok := v.Text(); ok {
		return sdk.Text(text)
	}
	if texts, ok := v.Texts(); ok {
		return sdk.Texts(texts...)
	}
	flag, _ := v.Bool()
	return sdk.Bool(flag)
}

func valueOf(v sdk.Value) (engine.Value, error) {
	if number, ok := v.Number(); ok {
		d, err := engine.ParseDecimal(number)
		return engine.NumberValue(d), err
	}
	if text, ok := v.Text(); ok {
		return engine.TextValue(text), nil
	}
	if texts, ok := v.Texts(); ok {
		return engine.TextsValue(texts), nil
	}
	if flag, ok := v.Bool(); ok {
		return engine.BoolValue(flag), nil
	}
	return engine.Value{}, fmt.Errorf("a value that is none")
}

func attributesOf(values map[string]sdk.Value) (engine.Attributes, error) {
	attributes := make(engine.Attributes, len(values))
	for name, v := range values {
		read, err := valueOf(v)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		attributes[name] = read
	}
	return attributes, nil
}

// cartOf returns the cart of the engine that a plugin sees as c when it declares all fields.
func cartOf(c *sdk.Cart) (*engine.Cart, error) {
	currency, err := engine.ParseCurrency(c.Currency.Code)
	if err != nil {
		return nil, err
	}
	if currency.Digits() != c.Currency.Digits {
		return nil, fmt.Errorf("currency %s has %d digits, not %d", c.Currency.Code, currency.Digits(), c.Currency.Digits)
	}
	cart := &engine.Cart{
		Currency: currency, Lines: make([]engine.Line, len(c.Lines)), Coupons: c.Coupons, Channel: c.Channel, Payment: c.Payment,
		Shipping: engine.Shipping{Country: c.Shipping.Country, Region: c.Shipping.Region},
	}
	for _, s := range c.Shipping.Shipments {
		cart.Shipping.Shipments = append(cart.Shipping.Shipments, engine.Shipment{Method: s.Method, Price: engine.Amount(s.Price)})
	}
	if cart.Attributes, err = attributesOf(c.Attributes); err != nil {
		return nil, err
	}
	if who := c.Customer; who != nil {
		cart.Customer = engine.Customer{ID: who.ID, Groups: who.Groups, Tags: who.Tags, Orders: who.Orders, LifetimeSpend: engine.Amount(who.LifetimeSpend)}
		if cart.Customer.Attributes, err = attributesOf(who.Attributes); err != nil {
			return nil, err
		}
	}
	for i, l := range c.Lines {
		item := &engine.Item{SKU: l.SKU, Name: l.Name, Price: engine.Amount(l.Price), Brand: l.Brand, Categories: l.Categories, Tags: l.Tags}
		if item.Attributes, err = attributesOf(l.Attributes); err != nil {
			return nil, err
		}
		cart.Lines[i] = engine.Line{Item: item, Quantity: l.Quantity}
	}
	return cart, nil
}
