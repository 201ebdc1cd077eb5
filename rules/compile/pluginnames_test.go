package compile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/checkout-promotions/checkout/rules/compile"
)

func TestPluginNamesAreFoundWithoutALock(t *testing.T) {
	installed := []string{"gift-cards", "loyalty", "stamps", "weather"}
	tests := []struct {
		name, file, text string
		want             []string
	}{
		{"a deal names one", "a.yaml", "promotions: [{id: a, deal: {plugin: {name: absent}}}]", []string{"absent"}},
		{"one of several deals", "a.yaml", "promotions: [{id: a, deals: [{percent_off: {percent: 5}}, {plugin: {name: loyalty}}]}]", []string{"loyalty"}},
		{"an expression reads a fact", "a.yaml", "promotions: [{id: a, when: cart.total > 5 and loyalty.points >= 100}]", []string{"loyalty"}},
		{"an expression calls a plugin with a dash by another name", "a.yaml", "conditions: {rich: gift_cards.value > 1}", []string{"gift-cards"}},
		{"what is called alike elsewhere does not count", "a.yaml", "promotions: [{id: a, name: loyalty, when: cart.attributes.loyalty.x == \"weather\"}]", nil},
		{"each once, sorted", "a.yaml", "a: [stamps.x > 1, loyalty.x > 1, stamps.y > 2]", []string{"loyalty", "stamps"}},
		{"the lock itself does not count", "plugins.lock.yaml", "plugins: {plugin: {name: loyalty}}", nil},
		{"a file that is no YAML tells nothing", "a.yaml", "a: [", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := compile.PluginNames([]compile.File{{Name: tt.file, Data: []byte(tt.text)}}, installed)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}
