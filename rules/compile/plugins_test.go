package compile_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
)

// lockFile has a plugin with every kind of fact, and deals of every effect.
const lockFile = `
version: 1
plugins:
  loyalty:
    version: "1.0"
    api: 1
    deals: {spend: {effect: order, schema: {properties: {rate: {type: number}}}}}
    facts: {points: {type: number}, tier: {type: text}, gold: {type: boolean}}
  spend-challenge:
    version: "1.0"
    api: 1
    deals:
      gift: {effect: gift}
      items: {effect: items, schema: {type: object}}
      ship: {effect: shipping}
      award: {effect: award}
    facts: {progress: {type: number}}
`

// withPlugins compiles promotions, with ids p0, p1, …, that may use the plugins.
func withPlugins(t testing.TB, promotions ...string) *engine.Ruleset {
	t.Helper()
	text := definitions + "promotions:\n"
	for i, p := range promotions {
		text += fmt.Sprintf("  - {id: p%d, %s}\n", i, p)
	}
	return compileFiles(t, "f.yaml", text, "plugins.lock.yaml", lockFile)
}

func TestDealsOfPlugins(t *testing.T) {
	for _, c := range []struct {
		name, promotion string
		want            engine.PluginDeal
	}{
		{"a kind that is the only one, without config", "deal: {plugin: {name: loyalty}}",
			engine.PluginDeal{Plugin: "loyalty", Kind: "spend", Effect: engine.OrderEffect, Config: "{}"}},
		{"a config keeps its digits, and is sorted", "deal: {plugin: {name: loyalty, kind: spend, config: {z: [1, null, true, x], rate: 0.0100, a: {c: <b>, b: '1'}}}}",
			engine.PluginDeal{Plugin: "loyalty", Kind: "spend", Effect: engine.OrderEffect, Config: `{"a":{"b":"1","c":"<b>"},"rate":0.0100,"z":[1,null,true,"x"]}`}},
		{"a number that no float holds", "deal: {plugin: {name: loyalty, config: {rate: 12345678901234567890.123456789}}}",
			engine.PluginDeal{Plugin: "loyalty", Kind: "spend", Effect: engine.OrderEffect, Config: `{"rate":12345678901234567890.123456789}`}},
		{"gifts", "deal: {plugin: {name: spend-challenge, kind: gift, gifts: [A, B]}}",
			engine.PluginDeal{Plugin: "spend-challenge", Kind: "gift", Effect: engine.GiftEffect, Config: "{}", Gifts: []string{"A", "B"}}},
		{"on items", "deal: {plugin: {name: spend-challenge, kind: items}}",
			engine.PluginDeal{Plugin: "spend-challenge", Kind: "items", Effect: engine.ItemEffect, Config: "{}"}},
		{"on shipping", "deal: {plugin: {name: spend-challenge, kind: ship}}",
			engine.PluginDeal{Plugin: "spend-challenge", Kind: "ship", Effect: engine.ShippingEffect, Config: "{}"}},
		{"an award", "deal: {plugin: {name: spend-challenge, kind: award}}",
			engine.PluginDeal{Plugin: "spend-challenge", Kind: "award", Effect: engine.AwardEffect, Config: "{}"}},
		{"on_failure reject", "on_failure: reject, deal: {plugin: {name: loyalty}}",
			engine.PluginDeal{Plugin: "loyalty", Kind: "spend", Effect: engine.OrderEffect, Config: "{}", Reject: true}},
		{"on_failure skip, which is the default", "on_failure: skip, deal: {plugin: {name: loyalty}}",
			engine.PluginDeal{Plugin: "loyalty", Kind: "spend", Effect: engine.OrderEffect, Config: "{}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := withPlugins(t, c.promotion).Promotion("p0")
			if len(p.Deals) != 1 || !reflect.DeepEqual(p.Deals[0], &c.want) {
				t.Errorf("got %+v, want %+v", p.Deals[0], c.want)
			}
		})
	}
}

// TestFactsOfPlugins evaluates conditions over facts that are told, and over none.
func TestFactsOfPlugins(t *testing.T) {
	told := map[string]engine.Attributes{
		"loyalty":         {"points": numberValue("150.5"), "tier": engine.TextValue("gold"), "gold": engine.BoolValue(true)},
		"spend-challenge": {"progress": numberValue("3")},
	}
	wrong := map[string]engine.Attributes{"loyalty": {"points": engine.TextValue("150.5"), "tier": numberValue("1"), "gold": engine.TextValue("true")}}
	for _, c := range []struct {
		condition       string
		told, otherwise bool
	}{
		{"loyalty.points >= 150.5", true, false},
		{"loyalty.points < 150.5", false, false},
		{"loyalty.points != 3", true, false},
		{"not (loyalty.points >= 150.5)", false, true},
		{"spend_challenge.progress in 1..5", true, false},
		{"(loyalty.points ?? 7) == 7", false, true},
		{"loyalty.points == nil", false, true},
		{"loyalty.points != nil", true, false},
		{"loyalty.points * 2 == 301", true, false},
		{"spend_challenge.progress == 3", true, false},
		{`loyalty.tier == "gold"`, true, false},
		{`loyalty.tier in ["gold", "silver"]`, true, false},
		{`loyalty.tier not in ["bronze"]`, true, false},
		{`loyalty.tier startsWith "go"`, true, false},
		{"loyalty.gold", true, false},
		{"not loyalty.gold", false, true},
		{"loyalty.gold == false", false, false},
		{"loyalty.gold == true", true, false},
		{"loyalty.gold == nil", false, true},
		{"(loyalty.gold ?? true)", true, true},
		{"loyalty.gold and vip", true, false},
	} {
		t.Run(c.condition, func(t *testing.T) {
			ruleset := withPlugins(t, "when: "+quoted(c.condition)+", deal: {percent_off: {of: order, percent: 1}}")
			for _, facts := range []map[string]engine.Attributes{told, nil, wrong} {
				quote, err := ruleset.Price(engine.Request{Cart: shopCart(), At: friday, Facts: facts})
				if err != nil {
					t.Fatal(err)
				}
				want := c.otherwise
				if facts["spend-challenge"] != nil {
					want = c.told
				}
				if got := quote.Discount > 0; got != want {
					t.Errorf("with the facts %v: got %v, want %v", facts, got, want)
				}
			}
		})
	}
}

func TestAmountsReadFactsOfPlugins(t *testing.T) {
	ruleset := withPlugins(t, "deal: {amount_off: {of: order, amount: \"min(loyalty.points / 100, 5)\"}}")
	facts := map[string]engine.Attributes{"loyalty": {"points": numberValue("150.5")}}
	quote, err := ruleset.Price(engine.Request{Cart: shopCart(), At: friday, Facts: facts})
	if err != nil || quote.Discount != 151 {
		t.Errorf("got %d off and %v, want 151", quote.Discount, err)
	}
	quote, err = ruleset.Price(engine.Request{Cart: shopCart(), At: friday})
	if err != nil || quote.Discount != 0 {
		t.Errorf("without the fact: got %d off and %v, want 0", quote.Discount, err)
	}
}

func TestAFactIsShownInWhy(t *testing.T) {
	ruleset := withPlugins(t,
		"when: loyalty.points >= 200, deal: {percent_off: {of: order, percent: 1}}",
		`when: loyalty.tier == "silver", deal: {percent_off: {of: order, percent: 1}}`,
		"when: not loyalty.gold, deal: {percent_off: {of: order, percent: 1}}",
		"when: spend_challenge.progress > 1, deal: {percent_off: {of: order, percent: 1}}",
	)
	facts := map[string]engine.Attributes{"loyalty": {"points": numberValue("150.5"), "tier": engine.TextValue("gold"), "gold": engine.BoolValue(true)}}
	quote, err := ruleset.Price(engine.Request{Cart: shopCart(), At: friday, Facts: facts, Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []engine.Clause
	for _, o := range quote.Promotions {
		got = append(got, o.Obstacle.Why...)
	}
	want := []engine.Clause{
		{Source: "loyalty.points >= 200", Values: "150.5 >= 200"},
		{Source: `loyalty.tier == "silver"`, Values: `"gold" == "silver"`},
		{Source: "not loyalty.gold", Values: "not true"},
		{Source: "spend_challenge.progress > 1", Values: "missing > 1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOnlyFactsThatAreReadAreWanted keeps a quote from asking for more.
func TestOnlyFactsThatAreReadAreWanted(t *testing.T) {
	const deal = "deal: {percent_off: {of: order, percent: 1}}"
	for _, c := range []struct {
		when string
		want []engine.FactKey
	}{
		{"when: vip", nil},
		{"when: spend_challenge.progress > 1 and loyalty.tier == nil or loyalty.tier == 'x'",
			[]engine.FactKey{{Plugin: "loyalty", Name: "tier"}, {Plugin: "spend-challenge", Name: "progress"}}},
	} {
		asked := &asked{}
		ruleset := withPlugins(t, c.when+", "+deal)
		if ruleset.UsesPlugins() != (c.want != nil) {
			t.Errorf("%s: got %v, want the opposite", c.when, ruleset.UsesPlugins())
		}
		if _, err := ruleset.Consult(t.Context(), asked, engine.Request{Cart: shopCart(), At: friday}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, asked.facts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.when, diff)
		}
	}
}

func TestLockOf(t *testing.T) {
	files := func(name, text string) []compile.File {
		return []compile.File{{Name: "a.yaml", Data: []byte("promotions: []")}, {Name: name, Data: []byte(text)}}
	}
	l, err := compile.LockOf(files("plugins.lock.yaml", lockFile))
	if err != nil || !reflect.DeepEqual(l.Names(), []string{"loyalty", "spend-challenge"}) {
		t.Errorf("got %v and %v, want both plugins", l.Names(), err)
	}
	if l, err = compile.LockOf(files("b.yaml", "promotions: []")); err != nil || len(l.Plugins) > 0 {
		t.Errorf("without the file: got %v and %v, want none", l, err)
	}
	_, err = compile.LockOf(files("plugins.lock.yaml", "version: 2"))
	var faults diag.List
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Location() != "plugins.lock.yaml:1:10" {
		t.Errorf("got %v, want the fault of the version", err)
	}
}

// TestTheLockIsASourceOfTheRuleset changes it by a comment. What is a rule file is
// watched and archived.
func TestTheLockIsASourceOfTheRuleset(t *testing.T) {
	if !compile.IsRuleFile(lock.File) {
		t.Errorf("%s is no rule file", lock.File)
	}
	rules := "promotions: [{id: a, deal: {plugin: {name: loyalty}}}]"
	one := compileFiles(t, "a.yaml", rules, "plugins.lock.yaml", lockFile)
	two := compileFiles(t, "a.yaml", rules, "plugins.lock.yaml", lockFile+"# more\n")
	if one.Digest() == two.Digest() {
		t.Error("got one digest, want that of each file")
	}
}

// asked notes which facts it is asked for, and tells none.
type asked struct {
	engine.NoPlugins
	facts []engine.FactKey
}

func (a *asked) Facts(_ context.Context, _ *engine.Cart, _ time.Time, wanted []engine.FactKey) map[engine.FactKey]engine.Value {
	a.facts = wanted
	return nil
}
