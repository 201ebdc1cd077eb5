package compile_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// TestExpressionsOfTheSameWordsAreOneSet asks for the indexes of sets, each by a
// deal.
func TestExpressionsOfTheSameWordsAreOneSet(t *testing.T) {
	ruleset := compileFiles(t, "f.yaml", `
sets:
  a: category == "tv" and price > 5
  b: category=='tv'   and price>5
  c: category == "tv" and price > 5.0
  d: category == "tv" and price > 6
  e: category == "tv and price > 5"
promotions:
  - {id: a, deal: {percent_off: {of: a, percent: 1}}}
  - {id: b, deal: {percent_off: {of: b, percent: 1}}}
  - {id: inline, deal: {percent_off: {of: "category == 'tv' and price > 5", percent: 1}}}
  - {id: inline_again, deal: {percent_off: {of: " category == 'tv' and (price > 5)", percent: 1}}}
  - {id: c, deal: {percent_off: {of: c, percent: 1}}}
  - {id: d, deal: {percent_off: {of: d, percent: 1}}}
  - {id: e, deal: {percent_off: {of: e, percent: 1}}}
  - {id: when, when: b.quantity > 1, deal: {percent_off: {of: order, percent: 1}}}
`)
	index := func(id string) int {
		p, _ := ruleset.Promotion(id)
		return p.Deals[0].(*engine.PercentOff).Of.Set
	}
	for _, id := range []string{"b", "inline"} {
		if got, want := index(id), index("a"); got != want {
			t.Errorf("%s: got set %d, want %d", id, got, want)
		}
	}
	seen := map[int]string{index("a"): "a"}
	for _, id := range []string{"inline_again", "c", "d", "e"} {
		if other, taken := seen[index(id)]; taken {
			t.Errorf("%s: got the set of %s, want one of its own", id, other)
		}
		seen[index(id)] = id
	}
	p, _ := ruleset.Promotion("when")
	if got, want := p.Requires[0].Set, index("a"); got != want {
		t.Errorf("when: got set %d, want %d", got, want)
	}
}

func TestSetsSayWhetherTheyReadTheQuantity(t *testing.T) {
	for _, s := range compile.ItemSets(compile.File{Name: "f.yaml", Data: []byte(`
sets:
  no: category == "tv" and price > 5
  no_built_on: no and any(tags, no)
  yes: quantity > 5
  yes_built_on: no or not yes
  yes_in_a_predicate: any(tags, quantity > 5)
`)}) {
		if want := strings.HasPrefix(s.Name, "yes"); s.ReadsQuantity != want {
			t.Errorf("%s: got %v, want %v", s.Name, s.ReadsQuantity, want)
		}
	}
}

// TestSetsThatReadTheQuantityAreAskedForEachCart prices two carts with different
// quantities of one item.
func TestSetsThatReadTheQuantityAreAskedForEachCart(t *testing.T) {
	ruleset := compileFiles(t, "f.yaml", `
sets:
  several: quantity >= 2
  several_tvs: category == "tv" and several
promotions:
  - {id: own, deal: {percent_off: {of: several, percent: 0}}}
  - {id: built_on, deal: {percent_off: {of: several_tvs, percent: 0}}}
  - {id: inline, deal: {percent_off: {of: "quantity < 5 and several", percent: 0}}}
`)
	cart := shopCart()
	cart.Lines = cart.Lines[:1]
	for quantity, want := range map[int64]engine.Reason{1: engine.NoMatchingItems, 2: engine.NoEffect} {
		cart.Lines[0].Quantity = quantity
		for id, o := range outcomes(t, ruleset, cart, friday) {
			if o.Reason != want {
				t.Errorf("%d of %s: got %s, want %s", quantity, id, o.Reason, want)
			}
		}
	}
}

func TestSetsKnowTheSKUsTheyName(t *testing.T) {
	quote := quoteOf(t, `
sets:
  cables:  sku in ["HDMI", "USB"]
  adapter: cables and price < 10
promotions:
  - {id: cable-half, deal: {buy_get: {buy: {of: sku == "TV", quantity: 1}, get: {of: adapter, percent_off: 50}}}}
`)
	want := []engine.Hint{{Promotion: "cable-half", Add: []engine.HintItem{{SKU: "USB", Quantity: 1}}, Of: "adapter", Units: 1, Saves: 250, Costs: 250}}
	if !reflect.DeepEqual(quote.Hints, want) {
		t.Errorf("got %+v, want %+v", quote.Hints, want)
	}
}

// quoteOf prices one television in a shop that has two cables as well.
func quoteOf(t *testing.T, rules string) engine.Quote {
	t.Helper()
	ruleset := compileFiles(t, "f.yaml", rules)
	items := engine.NewCatalog([]engine.Item{{SKU: "TV", Price: 9900, Stock: 9}, {SKU: "HDMI", Price: 1500, Stock: 9}, {SKU: "USB", Price: 500, Stock: 9}})
	cart := engine.Cart{Currency: ruleset.Currency(), Lines: []engine.Line{{Item: items["TV"], Quantity: 1}}}
	quote, err := ruleset.Price(engine.Request{Cart: cart, Catalog: items, Hints: true})
	if err != nil {
		t.Fatal(err)
	}
	return quote
}
