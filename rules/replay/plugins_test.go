package replay_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/archive"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/replay"
)

// loyalty takes 5.00 off for customers with points, of which it knows 500.
type loyalty struct{ engine.NoPlugins }

func (loyalty) Facts(context.Context, *engine.Cart, time.Time, []engine.FactKey) map[engine.FactKey]engine.Value {
	return map[engine.FactKey]engine.Value{{Plugin: "loyalty", Name: "points"}: engine.NumberValue(engine.NewDecimal(500))}
}

func (loyalty) Evaluate(_ context.Context, _ *engine.Cart, _ time.Time, questions []engine.Question) []engine.Answer {
	var answers []engine.Answer
	for _, q := range questions {
		a := engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Off: 500}
		if q.Promotion == "broken" {
			a = engine.Answer{Promotion: q.Promotion, Deal: q.Deal, Fault: engine.TimedOut, Detail: "after 100ms"}
		}
		answers = append(answers, a)
	}
	return answers
}

// TestOrdersWithPluginsAreReplayedWithoutThem prices with a plugin, and again with
// what the order and the archive keep alone.
func TestOrdersWithPluginsAreReplayedWithoutThem(t *testing.T) {
	files := []compile.File{
		{Name: "rules.yaml", Data: []byte(`promotions:
  - {id: points, when: loyalty.points >= 100, deal: {plugin: {name: loyalty, config: {rate: 0.010}}}}
  - {id: broken, deal: {plugin: {name: loyalty}}}
  - {id: bonus, deal: {amount_off: {of: order, amount: loyalty.points / 100}}}
`)},
		{Name: "plugins.lock.yaml", Data: []byte(`version: 1
plugins: {loyalty: {version: "1", api: 1, deals: {spend: {effect: order, schema: {type: object}}}, facts: {points: {type: number}}}}
`)},
	}
	rules, err := compile.Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	if s.kept[rules.Digest()], err = archive.Pack(files); err != nil {
		t.Fatal(err)
	}
	request := engine.Request{At: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Cart: engine.Cart{Currency: rules.Currency(), Lines: []engine.Line{
		{Item: &engine.Item{SKU: "TV", Name: "Television", Price: 10000}, Quantity: 2},
	}}}
	for _, plugins := range []engine.Plugins{loyalty{}, engine.NoPlugins{}} {
		asked, err := rules.Consult(t.Context(), plugins, request)
		if err != nil {
			t.Fatal(err)
		}
		quote, err := rules.Price(asked)
		if err != nil {
			t.Fatal(err)
		}
		if want := engine.Amount(1000); plugins == (loyalty{}) && quote.Discount != want {
			t.Errorf("got %d off, want %d of the plugin and its fact", quote.Discount, want)
		}
		text, err := engine.EncodeRequest(asked)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(quote)
		if err != nil {
			t.Fatal(err)
		}
		order := replay.Order{Ruleset: rules.Digest(), Request: string(text), Quote: string(stored)}
		s.wants(order, replay.Result{Verdict: replay.Identical})
		kept, err := s.r.KeptPrice(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		if cost, err := kept(map[string]int64{"TV": 2}); err != nil || cost != quote.Total {
			t.Errorf("got %d for all units, %v; want %d", cost, err, quote.Total)
		}
	}
}
