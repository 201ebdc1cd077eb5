package compile_test

import (
	"strings"
	"testing"

	"github.com/checkout-promotions/checkout/rules/compile"
)

// TestAPromotionsMeaningIsAllThatItReads changes a folder and looks whether the
// promotion, and what is not promotions, still have their names.
func TestAPromotionsMeaningIsAllThatItReads(t *testing.T) {
	const rules = `
sets: {tvs: category == "tv", big: tvs and price > 500, other: price > 5}
conditions: {rich: customer.lifetime_spend > 100}
promotions:
  - {id: p, when: "rich and big.quantity > 1", deal: {percent_off: {of: big, percent: 10}}}
`
	const policy = "currency: GBP\ngroups: [{id: g}]\n"
	promotion, frame := names(t, rules, policy)
	for name, c := range map[string]struct {
		rules, policy    string
		promotion, frame bool // the same
	}{
		"nothing":                       {rules, policy, true, true},
		"layout and comments":           {"# new\n" + rules + "\n\n", "currency:   GBP # pounds\ngroups:\n- id: g\n", true, true},
		"a set that nothing reads":      {replace(rules, "price > 5}", "price > 6}"), policy, true, true},
		"another promotion":             {rules + "  - {id: q, deal: {percent_off: {of: order, percent: 1}}}\n", policy, true, true},
		"the deal":                      {replace(rules, "percent: 10", "percent: 11"), policy, false, true},
		"quotes that make it a text":    {replace(rules, "percent: 10", "percent: '10'"), policy, false, true},
		"the condition's words":         {replace(rules, "quantity > 1", "quantity  > 1"), policy, false, true},
		"a set that it reads":           {replace(rules, "price > 500", "price > 501"), policy, false, true},
		"a set that one of its sets is": {replace(rules, `"tv"`, `"tvs"`), policy, false, true},
		"a condition that it reads":     {replace(rules, "> 100", "> 101"), policy, false, true},
		"the priority":                  {replace(rules, "id: p,", "id: p, priority: 1,"), policy, false, true},
		"the currency":                  {rules, replace(policy, "GBP", "USD"), true, false},
		"a group":                       {rules, replace(policy, "{id: g}", "{id: g, combine: best}"), true, false},
		"no policy":                     {rules, "", true, false},
	} {
		gotPromotion, gotFrame := names(t, c.rules, c.policy)
		if (gotPromotion == promotion) != c.promotion || (gotFrame == frame) != c.frame {
			t.Errorf("%s: got promotion the same: %v, the rest: %v; want %v, %v", name, gotPromotion == promotion, gotFrame == frame, c.promotion, c.frame)
		}
	}
	if promotion == "" || frame == "" || promotion == frame {
		t.Errorf("got the names %q and %q", promotion, frame)
	}
}

// names are those of the promotion p and of what is not promotions.
func names(t *testing.T, rules, policy string) (promotion, frame string) {
	t.Helper()
	files := []compile.File{{Name: "rules.yaml", Data: []byte(rules)}}
	if policy != "" {
		files = append(files, compile.File{Name: "policy.yaml", Data: []byte(policy)})
	}
	config, err := compile.Configure(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range config.Promotions {
		if p.ID == "p" {
			promotion = p.Meaning
		}
	}
	return promotion, config.Frame
}

func replace(text, old, with string) string { return strings.Replace(text, old, with, 1) }
