package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
)

// seenIn prices carts of a category with a number of units each, and lists the probes
// with what they saw: "text" part owner: TF.
func seenIn(t *testing.T, source string, carts ...engine.Cart) string {
	t.Helper()
	observed, err := compile.Observe([]compile.File{{Name: "shop.yaml", Data: []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, cart := range carts {
		if _, err := observed.Rules.Price(engine.Request{Cart: cart, Explain: true}); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	seen := observed.Take()
	for i, p := range observed.Probes {
		values := ""
		if seen[i].True {
			values += "T"
		}
		if seen[i].False {
			values += "F"
		}
		fmt.Fprintf(&b, "%d:%d %s, %s of %s %s: %s\n", p.Range.Start.Line, p.Range.Start.Column, p.Text, p.Part, p.Owner.Kind, p.Owner.Name, values)
	}
	return b.String()
}

func unitsOf(category string, quantity int64, groups ...string) engine.Cart {
	usd, err := engine.ParseCurrency("USD")
	if err != nil {
		panic(err)
	}
	item := &engine.Item{SKU: strings.ToUpper(category), Price: 1000, Categories: []string{category}}
	return engine.Cart{Currency: usd, Lines: []engine.Line{{Item: item, Quantity: quantity}}, Customer: engine.Customer{Groups: groups}}
}

func TestPartsOfConditionsNoteWhatTheyWere(t *testing.T) {
	const shop = `sets:
  tvs: category == "tv"
  cheap_tvs: tvs and price < 20
conditions:
  many: cart.quantity > 3
promotions:
  - id: a
    when: many and not ("vip" in customer.groups or cheap_tvs.quantity == 5)
    deal: {percent_off: {of: tvs, percent: "many ? 10 : 5"}}
  - id: b
    when: any(cart.lines, .quantity > 4)
    deal: {percent_off: {of: category == "tv", percent: 5}}
`
	tests := []struct {
		name  string
		carts []engine.Cart
		want  string
	}{
		{"nothing was asked", nil, `2:8 category == "tv", whole of set tvs: 
3:14 tvs and price < 20, whole of set cheap_tvs: 
3:14 tvs, and of set cheap_tvs: 
3:22 price < 20, and of set cheap_tvs: 
5:9 cart.quantity > 3, whole of condition many: 
8:11 many and not ("vip" in customer.groups or cheap_tvs.quantity == 5), whole of promotion a: 
8:11 many, and of promotion a: 
8:25 "vip" in customer.groups or cheap_tvs.quantity == 5, not of promotion a: 
8:25 "vip" in customer.groups, or of promotion a: 
8:53 cheap_tvs.quantity == 5, or of promotion a: 
9:45 many, ? of promotion a: 
11:11 any(cart.lines, .quantity > 4), whole of promotion b: 
11:27 .quantity > 4, each of promotion b: 
12:30 category == "tv", whole of promotion b: 
`},
		{"what stands behind a part that decides is not asked", []engine.Cart{unitsOf("tv", 1)}, `2:8 category == "tv", whole of set tvs: 
3:14 tvs and price < 20, whole of set cheap_tvs: 
3:14 tvs, and of set cheap_tvs: 
3:22 price < 20, and of set cheap_tvs: 
5:9 cart.quantity > 3, whole of condition many: F
8:11 many and not ("vip" in customer.groups or cheap_tvs.quantity == 5), whole of promotion a: F
8:11 many, and of promotion a: F
8:25 "vip" in customer.groups or cheap_tvs.quantity == 5, not of promotion a: 
8:25 "vip" in customer.groups, or of promotion a: 
8:53 cheap_tvs.quantity == 5, or of promotion a: 
9:45 many, ? of promotion a: 
11:11 any(cart.lines, .quantity > 4), whole of promotion b: F
11:27 .quantity > 4, each of promotion b: F
12:30 category == "tv", whole of promotion b: 
`},
		{"several carts together", []engine.Cart{unitsOf("tv", 5), unitsOf("tv", 4, "vip"), unitsOf("radio", 6), unitsOf("tv", 6)}, `2:8 category == "tv", whole of set tvs: TF
3:14 tvs and price < 20, whole of set cheap_tvs: TF
3:14 tvs, and of set cheap_tvs: TF
3:22 price < 20, and of set cheap_tvs: T
5:9 cart.quantity > 3, whole of condition many: T
8:11 many and not ("vip" in customer.groups or cheap_tvs.quantity == 5), whole of promotion a: TF
8:11 many, and of promotion a: T
8:25 "vip" in customer.groups or cheap_tvs.quantity == 5, not of promotion a: TF
8:25 "vip" in customer.groups, or of promotion a: TF
8:53 cheap_tvs.quantity == 5, or of promotion a: TF
9:45 many, ? of promotion a: T
11:11 any(cart.lines, .quantity > 4), whole of promotion b: TF
11:27 .quantity > 4, each of promotion b: TF
12:30 category == "tv", whole of promotion b: TF
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, seenIn(t, shop, tt.carts...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAPromotionThatAnIndexLeavesOutIsAsked has conditions that the engine finds by a
// fact, and carts without it.
func TestAPromotionThatAnIndexLeavesOutIsAsked(t *testing.T) {
	got := seenIn(t, `promotions:
  - id: a
    when: '"vip" in customer.groups and cart.quantity > 1'
    deal: {percent_off: {of: order, percent: 10}}
  - id: b
    deal: {percent_off: {of: category == "tv", percent: 10}}
`, unitsOf("radio", 2))
	want := `3:12 "vip" in customer.groups and cart.quantity > 1, whole of promotion a: F
3:12 "vip" in customer.groups, and of promotion a: F
3:41 cart.quantity > 1, and of promotion a: 
6:30 category == "tv", whole of promotion b: F
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasTakenIsNotTakenAgain(t *testing.T) {
	observed, err := compile.Observe([]compile.File{{Name: "shop.yaml", Data: []byte("promotions:\n  - id: a\n    when: cart.quantity > 1\n    deal: {percent_off: {of: order, percent: 10}}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := observed.Rules.Price(engine.Request{Cart: unitsOf("tv", 2)}); err != nil {
		t.Fatal(err)
	}
	if first, second := observed.Take()[0], observed.Take()[0]; first != (compile.Seen{True: true}) || second != (compile.Seen{}) {
		t.Errorf("got %v and then %v, want true and then nothing", first, second)
	}
}

func TestObserveReportsTheFaultsOfCompile(t *testing.T) {
	files := []compile.File{{Name: "shop.yaml", Data: []byte("promotions:\n  - id: a\n    when: cart.quantty > 1\n    deal: {percent_off: {of: order, percent: 10}}\n")}}
	_, want := compile.Compile(files)
	_, got := compile.Observe(files)
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBranchesAreWhatAQuoteWouldLack(t *testing.T) {
	files := []compile.File{
		{Name: "policy.yaml", Data: []byte("cap: {percent: 50}\n")},
		{Name: "shop.yaml", Data: []byte(`promotions:
  - id: many
    limits: {max_discount: 5}
    deal: {tiers: {of: order, steps: [{from: 2, percent_off: 10}, {from: 4, percent_off: 20}]}}
  - id: two
    deals:
      - percent_off: {of: order, percent: 60, max_units: 1}
      - gift: {choose_from: [CUP, TEA]}
`)},
	}
	observed, err := compile.Observe(files)
	if err != nil {
		t.Fatal(err)
	}
	request := engine.Request{Cart: unitsOf("tv", 4), Catalog: engine.NewCatalog([]engine.Item{{SKU: "TEA", Price: 100, Stock: 5}})}
	quote, err := observed.Rules.Price(request)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, b := range observed.Branches {
		without, err := observed.Without(b)
		if err != nil {
			t.Fatal(err)
		}
		other, err := without.Price(request)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s:%d:%d %s %s: %v\n", b.File, b.Range.Start.Line, b.Range.Start.Column, b.Promotion, b.Name, !cmp.Equal(quote, other, cmp.AllowUnexported(engine.Currency{})))
	}
	want := `shop.yaml:4:46 many step 1 of 2: false
shop.yaml:4:74 many step 2 of 2: true
shop.yaml:3:28 many max_discount: true
shop.yaml:7:9 two deal 1 of 2: true
shop.yaml:7:58 two max_units: true
shop.yaml:8:9 two deal 2 of 2: true
shop.yaml:8:30 two gift CUP: false
shop.yaml:8:35 two gift TEA: true
policy.yaml:1:1  cap: false
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}
