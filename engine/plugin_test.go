package engine_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/checkout-promotions/checkout/engine"
)

// oracle answers every question alike, and keeps what it was asked.
type oracle struct {
	answer engine.Answer
	facts  map[engine.FactKey]engine.Value

	cart   *engine.Cart
	asked  []engine.Question
	wanted []engine.FactKey

	refused []engine.PluginFault
}

func (o *oracle) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	o.wanted = wanted
	return o.facts
}

func (o *oracle) Evaluate(_ context.Context, cart *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	o.cart, o.asked = cart, questions
	var answers []engine.Answer
	for _, q := range questions {
		a := o.answer
		a.Promotion, a.Deal = q.Promotion, q.Deal
		answers = append(answers, a)
	}
	return answers
}

func (o *oracle) Refused(_ engine.Question, fault engine.PluginFault, _ string) {
	o.refused = append(o.refused, fault)
}

func consult(t interface{ Fatalf(string, ...any) }, rules *engine.Ruleset, plugins engine.Plugins, req engine.Request) engine.Request {
	asked, err := rules.Consult(context.Background(), plugins, req)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return asked
}

// pluginShop sells A1 and B1 and has a gift and a shipment.
func pluginShop(rules *engine.Ruleset) engine.Request {
	gift := &engine.Item{SKU: "G1", Name: "Gift", Price: 300, Stock: 5}
	return engine.Request{
		Cart: engine.Cart{
			Currency: rules.Currency(), Lines: []engine.Line{line("B1", 250, 2), line("A1", 1000, 3)}, Coupons: []string{" code "},
			Shipping: engine.Shipping{Shipments: []engine.Shipment{{Method: "post", Price: 490}}},
		},
		Catalog: engine.CatalogMap{"G1": gift}, Explain: true,
	}
}

func pluginPromotion(effect engine.Effect) engine.Promotion {
	return engine.Promotion{ID: "p", Deals: []engine.Deal{
		&engine.PluginDeal{Plugin: "acme", Kind: "some", Config: `{"a":1}`, Effect: effect, Gifts: []string{"G1"}},
	}}
}

// condition holds where the function says so.
type condition func(*engine.Scope) bool

func (c condition) Holds(s *engine.Scope) bool         { return c(s) }
func (c condition) Why(*engine.Scope) []engine.Clause  { return nil }
func (c condition) Misses(*engine.Scope) []engine.Miss { return nil }

func outcomeOf(t *testing.T, quote engine.Quote, id string) engine.Outcome {
	t.Helper()
	for _, o := range quote.Promotions {
		if o.Promotion == id {
			return o
		}
	}
	t.Fatalf("the quote tells nothing of %s", id)
	return engine.Outcome{}
}

func TestAPluginIsAskedAboutTheWholeCartOnce(t *testing.T) {
	p := pluginPromotion(engine.OrderEffect)
	disabled := pluginPromotion(engine.OrderEffect)
	disabled.ID, disabled.Disabled = "off", true
	wanting := pluginPromotion(engine.OrderEffect)
	wanting.ID, wanting.Coupon = "coupon", engine.Coupon{Code: "OTHER"}
	rules := newRuleset(t, disabled, p, wanting)
	o := new(oracle)
	req := pluginShop(rules)
	consult(t, rules, o, req)
	want := []engine.Question{{Promotion: "p", Plugin: "acme", Kind: "some", Config: `{"a":1}`, Effect: engine.OrderEffect, Gifts: []string{"G1"}}}
	if diff := cmp.Diff(want, o.asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	if lines := o.cart.Lines; len(lines) != 2 || lines[0].Item.SKU != "A1" || lines[1].Item.SKU != "B1" || !cmp.Equal(o.cart.Coupons, []string{"CODE"}) {
		t.Errorf("got the cart %+v, want its lines by SKU and its codes normalised", o.cart)
	}
	if req.Cart.Lines[0].Item.SKU != "B1" {
		t.Error("the request's own cart was changed")
	}
}

func TestARulesetWithoutPluginsAsksNobody(t *testing.T) {
	rules := newRuleset(t, engine.Promotion{ID: "p", Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: constant(t, "10")}}})
	req := pluginShop(rules)
	if got := consult(t, rules, nil, req); !reflect.DeepEqual(got, req) {
		t.Errorf("got %+v, want the request as it was", got)
	}
}

func TestWhatAPluginGives(t *testing.T) {
	for _, c := range []struct {
		name   string
		effect engine.Effect
		answer engine.Answer
		want   func(q engine.Quote) bool
	}{
		{"so much off each of some units", engine.ItemEffect,
			engine.Answer{Units: []engine.AnswerUnits{{SKU: "B1", Quantity: 1, Each: 250}, {SKU: "A1", Quantity: 2, Each: 100}}},
			func(q engine.Quote) bool {
				return q.Discount == 450 && q.Lines[0].Discount == 200 && len(q.Lines[0].Units) == 2 && q.Lines[1].Discount == 250
			}},
		{"an amount off the order, shared by what the lines cost", engine.OrderEffect, engine.Answer{Off: 350},
			func(q engine.Quote) bool {
				return q.Discount == 350 && q.Lines[0].Discount == 300 && q.Lines[1].Discount == 50
			}},
		{"an amount off shipping", engine.ShippingEffect, engine.Answer{Off: 490},
			func(q engine.Quote) bool { return q.ShippingTotal == 0 && q.Discount == 0 }},
		{"a gift", engine.GiftEffect, engine.Answer{Gift: engine.AnswerGift{SKU: "G1", Quantity: 2}},
			func(q engine.Quote) bool {
				return len(q.Gifts) == 1 && q.Gifts[0] == engine.Gift{SKU: "G1", Name: "Gift", Quantity: 2, Worth: 300, Promotion: "p"}
			}},
		{"points", engine.AwardEffect, engine.Answer{Award: engine.AnswerAward{Kind: "points", Amount: "12.50"}},
			func(q engine.Quote) bool {
				return len(q.Awards) == 1 && q.Awards[0] == engine.AwardGiven{Kind: "points", Amount: "12.50", Promotion: "p"}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := newRuleset(t, pluginPromotion(c.effect))
			quote := priceRequest(t, rules, consult(t, rules, &oracle{answer: c.answer}, pluginShop(rules)))
			if o := outcomeOf(t, quote, "p"); o.Reason != engine.Applied || !c.want(quote) {
				t.Errorf("got %s", asJSON(t, quote))
			}
		})
	}
}

func TestAnAnswerIsCutToWhatUnitsCanStillGive(t *testing.T) {
	half := engine.Promotion{ID: "half", Priority: 1, Deals: []engine.Deal{&engine.PercentOff{Of: setA, Percent: constant(t, "50")}}}
	rules := newRuleset(t, half, pluginPromotion(engine.ItemEffect))
	req := consult(t, rules, &oracle{answer: engine.Answer{Units: []engine.AnswerUnits{{SKU: "A1", Quantity: 3, Each: 1000}}}}, pluginShop(rules))
	quote := priceRequest(t, rules, req)
	if o := outcomeOf(t, quote, "p"); o.Discount != 1500 || quote.Lines[0].Total != 0 {
		t.Errorf("got %s, want the other half", asJSON(t, quote))
	}
	req.Cart.Lines = req.Cart.Lines[:1] // the rest was returned
	if quote := priceRequest(t, rules, req); quote.Discount != 0 || outcomeOf(t, quote, "p").Reason != engine.NoEffect {
		t.Errorf("of a smaller cart got %s", asJSON(t, quote))
	}
}

func TestAPluginsReasonIsTold(t *testing.T) {
	rules := newRuleset(t, pluginPromotion(engine.OrderEffect))
	quote := priceRequest(t, rules, consult(t, rules, &oracle{answer: engine.Answer{Why: "40 points\nare missing"}}, pluginShop(rules)))
	if o := outcomeOf(t, quote, "p"); o.Reason != engine.NoEffect || o.Obstacle == nil || o.Obstacle.Detail != "40 points are missing" {
		t.Errorf("got %s", asJSON(t, quote))
	}
}

func TestAnswersThatBreakAPromiseAreFaults(t *testing.T) {
	const huge = engine.Amount(1<<63 - 1)
	units := func(sku string, n int64, each engine.Amount) engine.Answer {
		return engine.Answer{Units: []engine.AnswerUnits{{SKU: sku, Quantity: n, Each: each}}}
	}
	for _, c := range []struct {
		name   string
		effect engine.Effect
		answer engine.Answer
		want   engine.PluginFault
		detail string
	}{
		{"an item that is not in the cart", engine.ItemEffect, units("C1", 1, 1), engine.UnknownLine, `"C1" is not in the cart`},
		{"an item twice", engine.ItemEffect, engine.Answer{Units: []engine.AnswerUnits{{SKU: "A1", Quantity: 1, Each: 1}, {SKU: "A1", Quantity: 1, Each: 1}}}, engine.UnknownLine, "A1 twice"},
		{"more units than there are", engine.ItemEffect, units("A1", 4, 1), engine.TooManyUnits, "4 units of A1, the cart has 3"},
		{"a surcharge on units", engine.ItemEffect, units("A1", 1, -1), engine.NegativeAmount, "-1 off each of 1 units of A1"},
		{"fewer units than none", engine.ItemEffect, units("A1", -1, 1), engine.NegativeAmount, "1 off each of -1 units of A1"},
		{"more than a unit costs", engine.ItemEffect, units("A1", 1, 1001), engine.AbovePrice, "1001 off each unit of A1, which costs 1000"},
		{"more lines than a cart has", engine.ItemEffect, engine.Answer{Units: make([]engine.AnswerUnits, 501)}, engine.TooLarge, "501 lines"},
		{"a surcharge on the order", engine.OrderEffect, engine.Answer{Off: -1}, engine.NegativeAmount, "-1 off the order"},
		{"more than the order costs", engine.OrderEffect, engine.Answer{Off: 3501}, engine.AbovePrice, "3501 off the order, which costs 3500"},
		{"all the money there is", engine.OrderEffect, engine.Answer{Off: huge}, engine.AbovePrice, "9223372036854775807 off the order, which costs 3500"},
		{"more than shipping costs", engine.ShippingEffect, engine.Answer{Off: 491}, engine.AbovePrice, "491 off shipping, which costs 490"},
		{"money off by a deal of points", engine.AwardEffect, engine.Answer{Off: 1}, engine.WrongEffect, "off, of a deal whose effect is award"},
		{"units off by a deal of the order", engine.OrderEffect, units("A1", 1, 1), engine.WrongEffect, "units, of a deal whose effect is order"},
		{"a gift by a deal of items", engine.ItemEffect, engine.Answer{Gift: engine.AnswerGift{SKU: "G1", Quantity: 1}}, engine.WrongEffect, "gift, of a deal whose effect is items"},
		{"a gift that the rule does not allow", engine.GiftEffect, engine.Answer{Gift: engine.AnswerGift{SKU: "A1", Quantity: 1}}, engine.UnknownGift, `"A1" is not among the gifts of the rule`},
		{"no units of a gift", engine.GiftEffect, engine.Answer{Gift: engine.AnswerGift{SKU: "G1"}}, engine.NegativeAmount, "0 units of G1"},
		{"more gifts than there can be", engine.GiftEffect, engine.Answer{Gift: engine.AnswerGift{SKU: "G1", Quantity: 1 << 62}}, engine.BadNumber, "4611686018427387904 units of G1"},
		{"points that are no number", engine.AwardEffect, engine.Answer{Award: engine.AnswerAward{Kind: "points", Amount: "NaN"}}, engine.BadNumber, `an award of "NaN": no decimal number`},
		{"points taken away", engine.AwardEffect, engine.Answer{Award: engine.AnswerAward{Kind: "points", Amount: "-1"}}, engine.NegativeAmount, "an award of -1"},
		{"an award of nothing", engine.AwardEffect, engine.Answer{Award: engine.AnswerAward{Amount: "1"}}, engine.WrongEffect, `an award of ""`},
		{"a fault of the program", engine.OrderEffect, engine.Answer{Fault: engine.TimedOut, Detail: "no answer within 50ms", Off: 5}, engine.TimedOut, "no answer within 50ms"},
		{"a text without end", engine.OrderEffect, engine.Answer{Fault: engine.CallFailed, Detail: strings.Repeat("é", 1000)}, engine.CallFailed, strings.Repeat("é", 100)},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := engine.Promotion{ID: "other", Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: constant(t, "10")}}}
			rules := newRuleset(t, pluginPromotion(c.effect), other)
			o := &oracle{answer: c.answer}
			req := consult(t, rules, o, pluginShop(rules))
			if blamed := len(o.refused) == 1 && o.refused[0] == c.want; blamed == (c.answer.Fault != "") {
				t.Errorf("told of %v, want %s unless the plugin has said so itself", o.refused, c.want)
			}
			for _, req.Explain = range []bool{true, false} {
				quote := priceRequest(t, rules, req)
				o := outcomeOf(t, quote, "p")
				if o.Reason != engine.PluginFailed || o.Obstacle == nil || o.Obstacle.Fault != c.want || o.Obstacle.Detail != c.detail {
					t.Errorf("got %+v %+v, want %s: %s", o, o.Obstacle, c.want, c.detail)
				}
				if quote.Discount != 350 {
					t.Errorf("got %d off, want the 350 of the other promotion", quote.Discount)
				}
			}
		})
	}
}

// mute answers nothing, or too much.
type mute struct {
	oracle
	times int
}

func (m *mute) Evaluate(ctx context.Context, cart *engine.Cart, at time.Time, questions []engine.Question) []engine.Answer {
	var answers []engine.Answer
	for range m.times {
		answers = append(answers, m.oracle.Evaluate(ctx, cart, at, questions)...)
	}
	return append(answers, engine.Answer{Promotion: "nobody", Off: 5})
}

func TestAQuestionHasOneAnswer(t *testing.T) {
	for times, want := range []engine.PluginFault{engine.MissingAnswer, "", engine.ExtraAnswer, engine.ExtraAnswer} {
		rules := newRuleset(t, pluginPromotion(engine.OrderEffect))
		req := consult(t, rules, &mute{oracle{answer: engine.Answer{Off: 5}}, times}, pluginShop(rules))
		if len(req.Answers) != 1 || req.Answers[0].Fault != want {
			t.Errorf("answered %d times: got %+v, want the fault %q", times, req.Answers, want)
		}
	}
}

func TestNobodyWasAsked(t *testing.T) {
	rules := newRuleset(t, pluginPromotion(engine.OrderEffect))
	o := outcomeOf(t, priceRequest(t, rules, pluginShop(rules)), "p")
	if o.Reason != engine.PluginFailed || o.Obstacle.Fault != engine.NotRunning {
		t.Errorf("got %+v", o)
	}
}

func TestACartIsNotPricedWithoutAPluginThatMustNotFail(t *testing.T) {
	p := pluginPromotion(engine.OrderEffect)
	p.Deals[0].(*engine.PluginDeal).Reject = true
	p.When = condition(func(s *engine.Scope) bool { return s.Quantity() > 1 })
	rules := newRuleset(t, p)
	req := consult(t, rules, &oracle{answer: engine.Answer{Fault: engine.Crashed, Detail: "exit status 2"}}, pluginShop(rules))
	_, err := rules.Price(req)
	var failed *engine.PluginError
	if !errors.As(err, &failed) || *failed != (engine.PluginError{Promotion: "p", Plugin: "acme", Fault: engine.Crashed, Detail: "exit status 2"}) {
		t.Errorf("got error %v", err)
	}
	if want := "price cart: plugin acme of promotion p: crashed: exit status 2"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	req.Cart.Lines = []engine.Line{line("A1", 1000, 1)}
	if quote := priceRequest(t, rules, req); outcomeOf(t, quote, "p").Reason != engine.ConditionFalse {
		t.Errorf("got %s, want a quote where the promotion does not apply anyway", asJSON(t, quote))
	}
}

func TestFactsAreThoseThatRulesRead(t *testing.T) {
	points := engine.FactKey{Plugin: "acme", Name: "points"}
	p := engine.Promotion{ID: "p", Deals: []engine.Deal{&engine.PercentOff{Of: order, Percent: constant(t, "10")}}}
	p.When = condition(func(s *engine.Scope) bool {
		v, ok := s.Fact(points)
		n, isNumber := v.Number()
		return ok && isNumber && n.Int() >= 100
	})
	rules, err := engine.NewRuleset(engine.RulesetConfig{
		Digest: "test", Currency: usd(t), Promotions: []engine.Promotion{p}, Facts: []engine.FactKey{points, {Plugin: "acme", Name: "tier"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for told, want := range map[string]engine.Amount{"99": 0, "100": 350} {
		o := &oracle{facts: map[engine.FactKey]engine.Value{points: engine.NumberValue(decimal(t, told)), {Plugin: "acme", Name: "secret"}: engine.TextValue("x")}}
		req := consult(t, rules, o, pluginShop(rules))
		if len(o.wanted) != 2 || len(req.Facts["acme"]) != 1 {
			t.Errorf("asked for %v, got %v; want the facts that were asked for and told", o.wanted, req.Facts)
		}
		if quote := priceRequest(t, rules, req); quote.Discount != want {
			t.Errorf("%s points: got %d off, want %d", told, quote.Discount, want)
		}
	}
}

// Whatever a plugin answers, the quote keeps the engine's promises, a recorded
// request is priced alike, and an answer with a fault is as if the promotion were
// not there.
func TestNoAnswerBreaksAQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawWholeShop(t)
		d := draws{t}
		effect := engine.Effects()[rapid.IntRange(0, 4).Draw(t, "effect")]
		p := pluginPromotion(effect)
		p.ID, p.Priority = "plugin", rapid.IntRange(-2, 2).Draw(t, "priority")
		p.Group = pickOf(d, "group", "", "g1")
		without := s.price(t)
		s.promotions = append(s.promotions, p)
		s.request.Explain = true
		rules := s.rules(t)
		o := &oracle{answer: drawAnswer(t, &s.request.Cart)}
		req := consult(t, rules, o, s.request)
		quote := priceRequest(t, rules, req)
		for _, l := range quote.Lines {
			checkLine(t, l, 0)
		}
		if again := priceRequest(t, rules, replayed(t, recorded(t, req))); asJSON(t, again) != asJSON(t, quote) {
			t.Fatalf("recorded, it costs %s instead of %s", asJSON(t, again), asJSON(t, quote))
		}
		if len(req.Answers) == 1 && req.Answers[0].Fault != "" && quote.Total != without.Total {
			t.Fatalf("a fault changed the total from %d to %d", without.Total, quote.Total)
		}
	})
}

func drawAnswer(t *rapid.T, cart *engine.Cart) engine.Answer {
	amount := rapid.OneOf(rapid.Int64Range(-2, 3000), rapid.Int64())
	var a engine.Answer
	for range rapid.IntRange(0, 3).Draw(t, "units") {
		sku := "nowhere"
		if len(cart.Lines) > 0 {
			sku = rapid.SampledFrom(cart.Lines).Draw(t, "line").Item.SKU
		}
		a.Units = append(a.Units, engine.AnswerUnits{SKU: sku, Quantity: rapid.Int64Range(-1, 4).Draw(t, "quantity"), Each: engine.Amount(amount.Draw(t, "each"))})
	}
	if rapid.Bool().Draw(t, "off?") {
		a.Off = engine.Amount(amount.Draw(t, "off"))
	}
	if rapid.Bool().Draw(t, "gift?") {
		a.Gift = engine.AnswerGift{SKU: rapid.SampledFrom([]string{"G1", "", "A1"}).Draw(t, "gift"), Quantity: amount.Draw(t, "gifts")}
	}
	if rapid.Bool().Draw(t, "award?") {
		a.Award = engine.AnswerAward{Kind: "points", Amount: rapid.SampledFrom([]string{"1", "-1", "x", "1e9"}).Draw(t, "award")}
	}
	if rapid.IntRange(0, 9).Draw(t, "fault") == 0 {
		a.Fault = engine.TimedOut
	}
	return a
}
