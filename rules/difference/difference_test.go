package difference_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/difference"
)

const before = `
sets:
  tvs: category == "tv"
  large: tvs and price >= 500
conditions:
  vip: "'vip' in customer.groups"
promotions:
  - id: tv
    name: Televisions
    when: vip and cart.subtotal > 100
    deal: {percent_off: {of: large, percent: 10}}
`

func folder(text string, more ...compile.File) []compile.File {
	return append([]compile.File{{Name: "shop.yaml", Data: []byte(text)}}, more...)
}

func TestBetween(t *testing.T) {
	tests := []struct {
		name  string
		after string
		want  []difference.Change
	}{
		{"the same", before, nil},
		{"order, comments, brackets, quotes, numbers and names", `
# another look
promotions:
  - deals:
      - percent_off:
          percent: 10.0
          of: big
    when: "((regulars)) && cart.subtotal>100"
    name: "Televisions"
    id: tv
    enabled: true
    priority: 0
conditions: {regulars: "'vip' in customer.groups"}
sets: {big: telly and (price >= 500), telly: category == "tv", unused: price > 1}
`, nil},
		{"the same in other words is told", `
sets: {large: price >= 500 and category == "tv"}
conditions: {vip: "'vip' in customer.groups"}
promotions:
  - {id: tv, name: Televisions, when: vip and cart.subtotal > 100, deal: {percent_off: {of: large, percent: 10}}}
`, []difference.Change{{Kind: "changed", Promotion: "tv", Source: "shop.yaml:5:5", Fields: []difference.Field{
			{Name: "deal.percent_off.of", Old: "large", New: "large", Through: []string{"large"}}}}}},
		{"a set below another", `
sets:
  tvs: category == "television"
  large: tvs and price >= 500
conditions:
  vip: "'vip' in customer.groups"
promotions:
  - {id: tv, name: Televisions, when: vip and cart.subtotal > 100, deal: {percent_off: {of: large, percent: 10}}}
`, []difference.Change{{Kind: "changed", Promotion: "tv", Source: "shop.yaml:8:5", Fields: []difference.Field{
			{Name: "deal.percent_off.of", Old: "large", New: "large", Through: []string{"tvs"}}}}}},
		{"keys", `
sets:
  tvs: category == "tv"
  large: tvs and price >= 500
conditions:
  vip: "'vip' in customer.groups"
promotions:
  - id: tv
    name: TVs
    priority: 5
    when: vip and cart.subtotal > 200
    schedule: {until: 2026-12-01}
    deals:
      - percent_off: {of: large, percent: 15}
      - award: {kind: points, amount: 5}
`, []difference.Change{{Kind: "changed", Promotion: "tv", Source: "shop.yaml:8:5", Fields: []difference.Field{
			{Name: "deal.percent_off.percent", Old: "10", New: "15"},
			{Name: "deal[2].award.amount", New: "5"},
			{Name: "deal[2].award.kind", New: "points"},
			{Name: "name", Old: "Televisions", New: "TVs"},
			{Name: "priority", New: "5"},
			{Name: "schedule.until", New: "2026-12-01"},
			{Name: "when", Old: "vip and cart.subtotal > 100", New: "vip and cart.subtotal > 200"}}}}},
		{"another promotion", `promotions: [{id: tv-2, deal: {percent_off: {of: order, percent: 10}}}]`, []difference.Change{
			{Kind: "removed", Promotion: "tv", Source: "shop.yaml:8:5"},
			{Kind: "added", Promotion: "tv-2", Source: "shop.yaml:1:14"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := compile.Compile(folder(test.after)); err != nil {
				t.Fatal(err)
			}
			d := difference.Between(folder(before), folder(test.after))
			want := append([]difference.Change{}, test.want...)
			if diff := cmp.Diff(want, d.Promotions); diff != "" {
				t.Error(diff)
			}
			if d.Empty() != (test.want == nil) {
				t.Errorf("got Empty %v", d.Empty())
			}
		})
	}
}

func TestBetweenPolicies(t *testing.T) {
	policy := func(text string) []compile.File {
		return folder(before, compile.File{Name: "policy.yaml", Data: []byte(text)})
	}
	d := difference.Between(policy("currency: USD\nresolution: best\n"), policy("cap: {percent: 50}\nrounding: half_up\n"))
	if diff := cmp.Diff([]difference.Field{{Name: "cap.percent", New: "50"}}, d.Policy); diff != "" || len(d.Promotions) > 0 {
		t.Errorf("%v %s", d.Promotions, diff)
	}
}
