package lint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/lint"
)

func TestWhatOthersCanDoToAPromotion(t *testing.T) {
	type ends = map[string][]engine.Reason
	displaced, excluded, capped := []engine.Reason{engine.Displaced}, []engine.Reason{engine.Excluded}, []engine.Reason{engine.CapReached}
	for _, tt := range []struct {
		name, policy, rules string
		want                ends
	}{
		{"two that stack", "", "  - {id: a, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2}}}\n", ends{}},
		{"either of two can save more", "", "  - {id: a, exclusive: cart, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2}}}\n", ends{"a": excluded, "b": excluded}},
		{"one of two always saves more", "", "  - {id: a, exclusive: cart, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {percent_off: {of: order, percent: 9}}}\n", ends{"b": excluded}},
		{"priority decides", "resolution: priority", "  - {id: a, priority: 1, excludes: [b], deal: {percent_off: {of: order, percent: 1}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2}}}\n", ends{"b": excluded}},
		{"no cart is for both", "", "  - {id: a, exclusive: cart, when: cart.quantity >= 3, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, when: cart.quantity < 3, deal: {amount_off: {of: order, amount: 2}}}\n", ends{}},
		{"one is switched off", "", "  - {id: a, enabled: false, exclusive: cart, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2}}}\n", ends{}},
		{"units are used once", "", "  - {id: a, deal: {multibuy: {of: order, quantity: 3, pay_for: 2}}}\n  - {id: b, deal: {multibuy: {of: order, quantity: 2, amount_off: 1}}}\n", ends{"b": displaced}},
		{"one for each line", "groups: [{id: default, combine: best_per_line}]", "  - {id: a, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2, per: line}}}\n", ends{"a": displaced, "b": displaced}},
		{"a cap", "cap: {amount: 5}", "  - {id: a, priority: 1, deal: {amount_off: {of: order, amount: 5}}}\n  - {id: b, deal: {percent_off: {of: order, percent: 10}}}\n", ends{"b": capped}},
		{"what is over could happen before", "", "  - {id: a, exclusive: cart, schedule: {until: 2020-01-01}, deal: {percent_off: {of: order, percent: 10}}}\n  - {id: b, deal: {amount_off: {of: order, amount: 2}}}\n", ends{"a": excluded, "b": excluded}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := []compile.File{{Name: "a.yaml", Data: []byte("promotions:\n" + tt.rules)}}
			if tt.policy != "" {
				files = append(files, compile.File{Name: "policy.yaml", Data: []byte(tt.policy)})
			}
			got, err := lint.Beside(files)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if _, err := lint.Beside([]compile.File{{Name: "a.yaml", Data: []byte("promotions: [{}]")}}); err == nil {
		t.Error("rules that do not compile gave no error")
	}
}
