package storetest

import (
	"context"
	"time"

	"github.com/checkout-promotions/checkout/engine"
)

func pluginCases() []testCase {
	return []testCase{
		{"a purchase that is made anew asks the plugins anew, and sells at what they say last", testPluginsAreAskedAnew},
		{"a purchase that a plugin's failure rejects is rejected at once, and nothing changes", testPluginRejects},
		{"a rejection ends a purchase also when it is made anew", testPluginRejectsAnew},
	}
}

// tenth is a plugin that takes a tenth off the order.
type tenth struct {
	asked []engine.Amount           // what a unit of the first line cost each time
	asks  func(n int) engine.Answer // the answer but for what is off, to the n-th call
}

// Facts implements engine.Plugins.
func (*tenth) Facts(context.Context, *engine.Cart, time.Time, []engine.FactKey) map[engine.FactKey]engine.Value {
	return nil
}

// Evaluate implements engine.Plugins.
func (p *tenth) Evaluate(_ context.Context, cart *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	price := cart.Lines[0].Item.Price
	p.asked = append(p.asked, price)
	answer := p.asks(len(p.asked))
	answer.Promotion = questions[0].Promotion
	if answer.Fault == "" {
		answer.Off = price / 10
	}
	return []engine.Answer{answer}
}

// Refused implements engine.Plugins.
func (*tenth) Refused(engine.Question, engine.PluginFault, string) {}

// buyWith buys a unit by rules that give what the plugin says, and cannot do without.
func (s *shop) buyWith(plugin *tenth, sku string) (engine.Order, error) {
	rules, err := engine.NewRuleset(engine.RulesetConfig{Currency: s.Currency(), Digest: "test", Promotions: []engine.Promotion{
		{ID: "tenth", Deals: []engine.Deal{&engine.PluginDeal{Plugin: "tenth", Kind: "tenth", Config: "{}", Effect: engine.OrderEffect, Reject: true}}},
	}})
	s.check(err)
	return s.Purchase(s.ctx, engine.Sale{Units: []string{sku}, Price: func(b engine.Basis) (engine.Request, engine.Quote, error) {
		request, err := rules.Consult(s.ctx, plugin, engine.Request{
			Cart:    engine.Cart{Currency: s.Currency(), Lines: []engine.Line{{Item: b.Items[sku], Quantity: 1}}},
			Catalog: engine.CatalogMap(b.Items), At: time.Now(),
		})
		if err != nil {
			return request, engine.Quote{}, err
		}
		quote, err := rules.Price(request)
		return request, quote, err
	}})
}

// raises lets the price of a TV change while the plugin is asked for the first time.
func (s *shop) raises(then engine.Answer) *tenth {
	return &tenth{asks: func(n int) engine.Answer {
		if n > 1 {
			return then
		}
		item := s.item(tv)
		item.Price = 6000
		s.add(item)
		return engine.Answer{}
	}}
}

func testPluginsAreAskedAnew(s *shop) {
	s.stock()
	plugin := s.raises(engine.Answer{})
	order, err := s.buyWith(plugin, tv)
	s.check(err)
	s.equal("prices that the plugin saw", plugin.asked, []engine.Amount{4999, 6000})
	s.equal("total", order.Quote.Total, engine.Amount(5400))
	s.equal("orders", s.orders(), []engine.Order{order})
	record, err := s.Archive().Record(s.ctx, order.Reference)
	s.check(err)
	request, err := engine.DecodeRequest([]byte(record.Request))
	s.check(err)
	s.equal("answers that are kept", request.Answers, []engine.Answer{{Promotion: "tenth", Off: 600}})
	s.leaves(map[string]int64{tv: 9})
}

func testPluginRejects(s *shop) {
	s.stock()
	unchanged := s.unchanged()
	plugin := &tenth{asks: func(int) engine.Answer { return engine.Answer{Fault: engine.TimedOut, Detail: "no answer"} }}
	_, err := s.buyWith(plugin, tv)
	s.refused(err, &engine.PluginError{Promotion: "tenth", Plugin: "tenth", Fault: engine.TimedOut, Detail: "no answer"})
	s.equal("prices that the plugin saw", plugin.asked, []engine.Amount{4999})
	unchanged()
}

func testPluginRejectsAnew(s *shop) {
	s.stock()
	plugin := s.raises(engine.Answer{Fault: engine.Crashed})
	_, err := s.buyWith(plugin, tv)
	s.refused(err, &engine.PluginError{Promotion: "tenth", Plugin: "tenth", Fault: engine.Crashed})
	s.equal("prices that the plugin saw", plugin.asked, []engine.Amount{4999, 6000})
	s.equal("orders", len(s.orders()), 0)
	s.leaves(map[string]int64{tv: 10})
	order, err := s.buyWith(&tenth{asks: func(int) engine.Answer { return engine.Answer{} }}, tv)
	s.check(err)
	s.equal("total", order.Quote.Total, engine.Amount(5400))
}
