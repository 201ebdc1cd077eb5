package compile_test

import (
	"slices"
	"testing"

	"github.com/checkout-promotions/checkout/engine"
)

func TestGroupsAndExclusion(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		want       engine.Promotion // its group, exclusivity and excludes
	}{
		{"none", "name: x", engine.Promotion{}},
		{"a group", "group: summer-Sale_2026", engine.Promotion{Group: "summer-Sale_2026"}},
		{"the default group by its name", "group: default", engine.Promotion{}},
		{"exclusive to its group", "exclusive: group", engine.Promotion{Exclusive: engine.ExclusiveInGroup}},
		{"exclusive to its level", "exclusive: level", engine.Promotion{Exclusive: engine.ExclusiveInLevel}},
		{"exclusive to the cart", "exclusive: cart", engine.Promotion{Exclusive: engine.ExclusiveInCart}},
		{"exclusive", "exclusive: true", engine.Promotion{Exclusive: engine.ExclusiveInCart}},
		{"not exclusive", "exclusive: false", engine.Promotion{}},
		{"excludes a promotion that comes later, and a group", "excludes: [p1, others]", engine.Promotion{Excludes: []string{"p1", "others"}}},
		{"excludes one", "excludes: p1", engine.Promotion{Excludes: []string{"p1"}}},
		{"excludes the default group", "group: mine, excludes: default", engine.Promotion{Group: "mine", Excludes: []string{"default"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const deal = ", deal: {percent_off: {of: order, percent: 10}}"
			p, _ := compileAll(t, []string{c.keys + deal, "group: others" + deal}).Promotion("p0")
			if p.Group != c.want.Group || p.Exclusive != c.want.Exclusive || !slices.Equal(p.Excludes, c.want.Excludes) {
				t.Errorf("got group %q, exclusive %d, excludes %q, want %q, %d, %q",
					p.Group, p.Exclusive, p.Excludes, c.want.Group, c.want.Exclusive, c.want.Excludes)
			}
		})
	}
}
