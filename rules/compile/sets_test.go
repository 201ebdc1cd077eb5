package compile_test

import (
	"fmt"
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

// TestSetsThatReadTheQuantitySayWhatTheyRequireOfTheItem compares what is kept of an
// item with the answers for many quantities: it may never be less.
func TestSetsThatReadTheQuantitySayWhatTheyRequireOfTheItem(t *testing.T) {
	items := []*engine.Item{
		{SKU: "tv", Categories: []string{"tv"}, Price: 900, Tags: []string{"new"}},
		{SKU: "cheap-tv", Categories: []string{"tv"}, Price: 100},
		{SKU: "pan", Categories: []string{"kitchen"}, Price: 900},
	}
	sources := map[string]string{ // the items that it can be true of, "-" where that is not known
		`category == "tv" and quantity >= 3`:                                   "tv cheap-tv",
		`quantity >= 3 and sku == "pan" and price > 5`:                         "pan",
		`(category == "tv" or sku == "pan") and quantity >= 3`:                 "tv cheap-tv pan",
		`category == "tv" and quantity >= 3 or sku == "pan"`:                   "tv cheap-tv pan",
		`category == "tv" and quantity >= 3 or sku == "pan" and quantity > 40`: "tv cheap-tv pan",
		`quantity >= 3 or sku == "pan"`:                                        "-",
		`quantity >= 3`:                                                        "-",
		`not (category == "tv" and quantity >= 3)`:                             "-",
		`sku == "pan" and not (category == "tv" and quantity >= 3)`:            "pan",
		`"new" in tags and any(tags, quantity > 2 and # == "new")`:             "tv",
		`many and price > 5`:                                                   "tv",
		`quantity > 2 ? sku == "pan" : category == "tv"`:                       "-",
		`category == "tv"`:                                                     "-", // and not asked for
	}
	for source, want := range sources {
		data := fmt.Sprintf("sets:\n  many: category == \"tv\" and quantity >= 3\n  s: '%s'\n", source)
		for _, s := range compile.ItemSets(compile.File{Name: "f.yaml", Data: []byte(data)}) {
			if s.Name != "s" {
				continue
			}
			if got := itemsWithin(t, s, items); got != want {
				t.Errorf("%s: got %s, want %s", source, got, want)
			}
		}
	}
}

// itemsWithin names the items that may be in the set.
func itemsWithin(t *testing.T, s engine.ItemSet, items []*engine.Item) string {
	t.Helper()
	if s.Within == nil {
		return "-"
	}
	var within []string
	for _, item := range items {
		for quantity := range int64(50) {
			if s.Match(item, quantity) && !s.Within(item) {
				t.Errorf("%d of %s are in the set, which is not to have them", quantity, item.SKU)
			}
		}
		if s.Within(item) {
			within = append(within, item.SKU)
		}
	}
	return strings.Join(within, " ")
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
