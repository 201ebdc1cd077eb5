package reference_test

import (
	"reflect"
	"testing"

	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/reference"
)

func TestEveryWordHasAText(t *testing.T) {
	r := reflect.ValueOf(reference.Of(nil))
	counted := 0
	for i := range r.NumField() {
		words, ok := r.Field(i).Interface().([]reference.Word)
		if !ok {
			continue
		}
		for _, w := range words {
			if counted++; w.Text == "" || w.Text == ", for the line" || w.Name == "" {
				t.Errorf("%s: language.md has no table with a row for %q", r.Type().Field(i).Name, w.Name)
			}
		}
	}
	if counted < 100 {
		t.Errorf("got %d words, want all", counted)
	}
}

func TestWhatAFolderAddsIsTold(t *testing.T) {
	r := reference.Of([]compile.File{
		{Name: "rules.yaml", Data: []byte("sets: {tvs: category == \"tv\"}\nconditions: {many: cart.quantity > 3}\npromotions: [{id: broken}]\n")},
		{Name: "plugins.lock.yaml", Data: []byte(`version: 1
plugins:
  gift-wrap:
    version: "1.0.0"
    api: 1
    deals: {paper: {effect: gift, doc: Paper.}}
    facts: {colour: {type: text, doc: The colour.}}
`)},
	})
	want := [][]reference.Word{
		{{Name: "gift_wrap.colour", Type: "a text", Text: "The colour."}},
		{{Name: "gift-wrap paper", Type: "gift", Text: "Paper."}},
		{{Name: "tvs", Type: "set", Text: "rules.yaml"}, {Name: "many", Type: "condition", Text: "rules.yaml"}},
	}
	if got := [][]reference.Word{r.Facts, r.PluginDeals, r.Names}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
