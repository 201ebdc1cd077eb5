package sdk

import (
	"strings"

	"github.com/checkout-promotions/checkout/plugins/internal/pluginpb"
	"github.com/checkout-promotions/checkout/plugins/internal/wire"
)

func describeTo(d Description) *pluginpb.DescribeResponse {
	response := &pluginpb.DescribeResponse{
		Name: d.Name, Version: d.Version, Author: d.Author, Homepage: d.Homepage, Stateful: d.Stateful,
		Limits: &pluginpb.Limits{
			MemoryMib: d.Limits.MemoryMiB, CpuPercent: d.Limits.CPUPercent, MaxInFlight: d.Limits.MaxInFlight,
			CallTimeoutMs: uint32(min(max(0, d.Limits.CallTimeout.Milliseconds()), 1<<31)),
		},
	}
	for _, k := range d.Deals {
		kind := &pluginpb.DealKind{Name: k.Name, Doc: k.Doc, Effect: wire.Number[pluginpb.Effect](string(k.Effect)), ConfigSchema: k.ConfigSchema, Fields: fieldsTo(k.Fields)}
		for _, example := range k.Examples {
			kind.Examples = append(kind.Examples, string(example))
		}
		response.Deals = append(response.Deals, kind)
	}
	for _, f := range d.Facts {
		response.Facts = append(response.Facts, &pluginpb.Fact{Name: f.Name, Type: wire.Number[pluginpb.FactType](string(f.Type)), Doc: f.Doc, Fields: fieldsTo(f.Fields)})
	}
	return response
}

func fieldsTo(declared []Field) []pluginpb.Field {
	numbers := make([]pluginpb.Field, len(declared))
	for i, f := range declared {
		numbers[i] = wire.Number[pluginpb.Field](string(f))
	}
	return numbers
}

// answerTo encodes an answer. One that gives several things fails, since the contract cannot say it.
func answerTo(a *Answer) *pluginpb.Answer {
	answer := &pluginpb.Answer{Id: a.ID}
	var gives []string
	if len(a.Units) > 0 {
		gives, answer.Result = append(gives, "units"), &pluginpb.Answer_Units{Units: unitsTo(a.Units)}
	}
	if a.Off != 0 {
		gives, answer.Result = append(gives, "off"), &pluginpb.Answer_Off{Off: &pluginpb.Off{Amount: a.Off}}
	}
	if a.Gift != (GiftUnits{}) {
		gives, answer.Result = append(gives, "gift"), &pluginpb.Answer_Gift{Gift: &pluginpb.Gift{Sku: a.Gift.SKU, Quantity: a.Gift.Quantity}}
	}
	if a.Award != (AwardAmount{}) {
		gives, answer.Result = append(gives, "award"), &pluginpb.Answer_Award{Award: &pluginpb.Award{Kind: a.Award.Kind, Amount: a.Award.Amount}}
	}
	switch {
	case a.Failure != "":
		answer.Result = failed(a.Failure)
	case len(gives) > 1:
		answer.Result = failed("the answer gives " + strings.Join(gives, " and ") + "; want one of them")
	case len(gives) == 0:
		answer.Result = &pluginpb.Answer_Nothing{Nothing: &pluginpb.Nothing{Why: a.Why}}
	}
	return answer
}

func unitsTo(all []Units) *pluginpb.Units {
	units := &pluginpb.Units{Lines: make([]*pluginpb.LineUnits, len(all))}
	lines := make([]pluginpb.LineUnits, len(all)) // one piece of memory for all
	for i, u := range all {
		units.Lines[i] = &lines[i]
		lines[i].Sku, lines[i].Quantity, lines[i].Each = u.SKU, u.Quantity, u.Each
	}
	return units
}

func failed(why string) *pluginpb.Answer_Failed {
	return &pluginpb.Answer_Failed{Failed: &pluginpb.Failed{Why: strings.ToValidUTF8(clip(why), "")}}
}

func valueTo(v Value) *pluginpb.Value {
	switch v.kind {
	case numberValue:
		return &pluginpb.Value{Kind: &pluginpb.Value_Number{Number: v.text}}
	case textValue:
		return &pluginpb.Value{Kind: &pluginpb.Value_Text{Text: v.text}}
	case boolValue:
		return &pluginpb.Value{Kind: &pluginpb.Value_Boolean{Boolean: v.flag}}
	case textsValue:
		return &pluginpb.Value{Kind: &pluginpb.Value_Texts{Texts: &pluginpb.Texts{Texts: v.texts}}}
	default:
		return &pluginpb.Value{}
	}
}

func valueFrom(v *pluginpb.Value) Value {
	switch kind := v.GetKind().(type) {
	case *pluginpb.Value_Number:
		return Decimal(kind.Number)
	case *pluginpb.Value_Text:
		return Text(kind.Text)
	case *pluginpb.Value_Boolean:
		return Bool(kind.Boolean)
	case *pluginpb.Value_Texts:
		return Texts(kind.Texts.GetTexts()...)
	default:
		return Value{}
	}
}

func valuesFrom(values map[string]*pluginpb.Value) map[string]Value {
	if len(values) == 0 {
		return nil
	}
	read := make(map[string]Value, len(values))
	for name, v := range values {
		read[name] = valueFrom(v)
	}
	return read
}

func currencyFrom(c *pluginpb.Currency) Currency {
	return Currency{Code: c.GetCode(), Digits: int(c.GetDigits())}
}

func dealsFrom(deals []*pluginpb.Deal) []Deal {
	read := make([]Deal, len(deals))
	for i, d := range deals {
		read[i] = Deal{ID: d.GetId(), Kind: d.GetKind(), Config: []byte(d.GetConfig()), Gifts: d.GetGifts()}
	}
	return read
}

func cartFrom(c *pluginpb.Cart) Cart {
	cart := Cart{
		Currency: currencyFrom(c.GetCurrency()), Lines: make([]Line, len(c.GetLines())), Coupons: c.GetCoupons(),
		Shipping: Shipping{Country: c.GetShipping().GetCountry(), Region: c.GetShipping().GetRegion()},
		Channel:  c.GetChannel(), Payment: c.GetPayment(), Attributes: valuesFrom(c.GetAttributes()),
	}
	for i, l := range c.GetLines() {
		cart.Lines[i] = Line{
			SKU: l.GetSku(), Quantity: l.GetQuantity(), Price: l.GetPrice(), Name: l.GetName(), Brand: l.GetBrand(),
			Categories: l.GetCategories(), Tags: l.GetTags(), Attributes: valuesFrom(l.GetAttributes()),
		}
	}
	for _, s := range c.GetShipping().GetShipments() {
		cart.Shipping.Shipments = append(cart.Shipping.Shipments, Shipment{Method: s.GetMethod(), Price: s.GetPrice()})
	}
	if who := c.GetCustomer(); who != nil {
		cart.Customer = &Customer{
			ID: who.GetId(), Groups: who.GetGroups(), Tags: who.GetTags(), Orders: who.GetOrders(),
			LifetimeSpend: who.GetLifetimeSpend(), Attributes: valuesFrom(who.GetAttributes()),
		}
	}
	return cart
}
