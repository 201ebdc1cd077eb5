package compile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
)

func TestTheSourceOfAPromotionIsItsLines(t *testing.T) {
	files := []compile.File{
		{Name: "plugins.lock.yaml", Data: []byte("promotions: [{id: a}]\n")},
		{Name: "policy.yaml", Data: []byte("currency: USD\n")},
		{Name: "broken.yaml", Data: []byte("promotions: {id: a\n")},
		{Name: "texts.yaml", Data: []byte("promotions: a\n")},
		{Name: "shop/a.yaml", Data: []byte("# promotions\npromotions:\n" +
			"  # the first\n" +
			"  - id: \"a\" # é\n    name: Three\r\n    when: >-\n      cart.total > 5\n      and true\n\n    deal:\n      multibuy: {of: tvs,\n        quantity: 3, pay_for: 2} # the end\n\n" +
			"  # the second\n" +
			"  - name: B\n    id: b\n    deal: {percent_off: {of: order, percent: 10}}\n" +
			"sets: {tvs: item.sku == \"A\"}\n")},
		{Name: "z.yaml", Data: []byte("promotions: [{id: c}, {id: d, deal: {}}]")},
	}
	for _, c := range []struct {
		id   string
		want compile.PromotionSource
	}{
		{"a", compile.PromotionSource{File: "shop/a.yaml", First: 4, Last: 12, Text: "  - id: \"a\" # é\n    name: Three\r\n    when: >-\n      cart.total > 5\n      and true\n\n    deal:\n" +
			"      multibuy: {of: tvs,\n        quantity: 3, pay_for: 2} # the end\n"}},
		{"b", compile.PromotionSource{File: "shop/a.yaml", First: 15, Last: 17, Text: "  - name: B\n    id: b\n    deal: {percent_off: {of: order, percent: 10}}\n"}},
		{"d", compile.PromotionSource{File: "z.yaml", First: 1, Last: 1, Text: "promotions: [{id: c}, {id: d, deal: {}}]"}},
		{"tvs", compile.PromotionSource{}},
		{"", compile.PromotionSource{}},
	} {
		got, known := compile.SourceOf(files, c.id)
		if diff := cmp.Diff(c.want, got); diff != "" || known != (c.want != compile.PromotionSource{}) {
			t.Errorf("%q, known %v (-want +got):\n%s", c.id, known, diff)
		}
	}
}
