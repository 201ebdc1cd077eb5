package compile_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// shopFiles use every kind of deal, sets and conditions across files, and item
// expressions that two promotions share.
func shopFiles() []compile.File {
	return []compile.File{
		{Name: "policy.yaml", Data: []byte(`currency: USD
rounding: {mode: half_even, target: discount}
groups: [early, {id: default, excludes: [late]}, {id: late, combine: best}]
cap: {percent: 90, amount: {USD: 5000, EUR: 4500}}
resolution: best
`)},
		{Name: "a/sets.yaml", Data: []byte(definitions)},
		{Name: "a/tvs.yaml", Data: []byte(`promotions:
  - id: tv-3-for-2
    deal: {multibuy: {of: tvs, quantity: 2, pay_for: 1}}
  - id: new-things
    when: vip and count(cart.lines, .cheap_new) > 0
    deals:
      - percent_off: {of: '"new" in tags', percent: "min(2 * customer.orders, 25)"}
      - gift: {item: BOOK}
`)},
		{Name: "b/speakers.yml", Data: []byte(`sets:
  speakers: category == "speakers"
promotions:
  - id: speakers
    priority: 3
    when: not (many or cart.quantity in 10..20)
    deal: {buy_get: {buy: {of: speakers, quantity: 2}, get: {percent_off: 50}}}
  - id: new-too
    group: early
    excludes: [tv-3-for-2]
    deal: {amount_off: {of: '"new" in tags', amount: 1.5, per: line}}
  - id: order
    when: cart.total > 100 and any(cart.lines, .speakers and .quantity > 2)
    deal: {percent_off: {of: order, percent: 12.5, max_discount: 100}}
  - id: never
    when: many and rich or nothing.quantity > 0
    deal: {fixed_price: {of: speakers, price: 40}}
`)},
		{Name: "z/late.yaml", Data: []byte(`promotions:
  - id: tiers
    group: late
    exclusive: group
    limits: {per_cart: 1, budget: {EUR: 900, USD: 1000}}
    deal: {tiers: {of: tvs, steps: [{from: 2, percent_off: 10}, {from: 5, percent_off: 20}]}}
  - id: bundle
    group: late
    excludes: [order, early]
    coupon: {pool: spring}
    deal: {bundle: {items: [{of: speakers}, {of: tvs}], amount_off: {GBP: 8, USD: 10, EUR: 9}}}
  - id: parcel
    deals: [{shipping: {methods: express, percent_off: 50}}, {award: {kind: points, amount: floor(cart.total)}}]
`)},
	}
}

func priceAsJSON(t testing.TB, ruleset *engine.Ruleset) string {
	t.Helper()
	cart := shopCart()
	quote, err := ruleset.Price(engine.Request{Cart: cart, At: friday, Explain: true, Catalog: engine.NewCatalog([]engine.Item{*cart.Lines[2].Item})})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(quote)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	first, err := compile.Compile(shopFiles())
	if err != nil {
		t.Fatal(err)
	}
	want := priceAsJSON(t, first)
	if o := outcomes(t, first, shopCart(), friday)["never"]; o.Reason != engine.ConditionFalse || len(o.Obstacle.Why) != 2 {
		t.Fatalf("got %+v, want a promotion that is explained", o)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		files := shopFiles()
		random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		before := slices.Clone(files)
		ruleset, err := compile.Compile(files)
		if err != nil {
			t.Fatal(err)
		}
		if ruleset.Digest() != first.Digest() {
			t.Fatalf("got digest %s, want %s", ruleset.Digest(), first.Digest())
		}
		if got := priceAsJSON(t, ruleset); got != want {
			t.Fatalf("got quote\n%s\nwant\n%s", got, want)
		}
		if !slices.EqualFunc(files, before, func(a, b compile.File) bool { return a.Name == b.Name }) {
			t.Fatal("Compile sorted the caller's files")
		}
	}
}

func TestFaultsAreTheSameInAnyOrderOfFiles(t *testing.T) {
	broken := append(shopFiles(),
		compile.File{Name: "c.yaml", Data: []byte("sets: {tvs: x, one: two, two: three, three: one}\npromotions: [{id: speakers}]\n")},
		compile.File{Name: "d.yaml", Data: []byte("conditions: {tvs: y, cycle: cycle, cart: z}\n")},
		compile.File{Name: "e.yaml", Data: []byte("promotions: [{id: e, group: erly, excludes: [speaker, lat, default]}]\n")},
		compile.File{Name: "policy.yml", Data: []byte("resolution: worst\n")})
	broken[0].Data = []byte("groups: [early, early, {id: late, excludes: [eraly, late]}]\ncap: {percent: never}\n")
	want := faultsOf(t, broken)
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		random.Shuffle(len(broken), func(i, j int) { broken[i], broken[j] = broken[j], broken[i] })
		if got := faultsOf(t, broken); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestTheDigestIsOfNamesAndTexts(t *testing.T) {
	digest := func(namesAndTexts ...string) string {
		var files []compile.File
		for i := 0; i < len(namesAndTexts); i += 2 {
			files = append(files, compile.File{Name: namesAndTexts[i], Data: []byte(namesAndTexts[i+1])})
		}
		return compile.Digest(files)
	}
	base := digest("a.yaml", "x", "b.yaml", "y")
	for _, c := range []struct {
		name, digest string
		same         bool
	}{
		{"another order", digest("b.yaml", "y", "a.yaml", "x"), true},
		{"another text", digest("a.yaml", "x", "b.yaml", "z"), false},
		{"another name", digest("a.yaml", "x", "c.yaml", "y"), false},
		{"texts swapped", digest("a.yaml", "y", "b.yaml", "x"), false},
		{"the same bytes cut elsewhere", digest("a.yaml", "xb.yamly"), false},
		{"an empty file more", digest("a.yaml", "x", "b.yaml", "y", "c.yaml", ""), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.digest == base; got != c.same {
				t.Errorf("got same %v, want %v", got, c.same)
			}
		})
	}
}

// TestARulesetIsUsedByManyAtOnce is for the race detector.
func TestARulesetIsUsedByManyAtOnce(t *testing.T) {
	ruleset, err := compile.Compile(shopFiles())
	if err != nil {
		t.Fatal(err)
	}
	want := priceAsJSON(t, ruleset)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := priceAsJSON(t, ruleset); got != want {
					t.Errorf("got quote\n%s\nwant\n%s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}
