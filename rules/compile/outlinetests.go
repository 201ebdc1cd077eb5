package compile

import (
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// ofTests finds the tests of a file, and what they name. It knows the keys under
// which names stand, wherever they are, and leaves it to package ruletest to say
// where they may.
func (o *outliner) ofTests(doc *syntax.Document) {
	root := doc.Root()
	for _, e := range entriesIn(root) {
		if e.Name != "tests" {
			o.inTest(e.Value, make(map[string]SymbolKind), e.Name)
			continue
		}
		for _, test := range listIn(e.Value) {
			if name := test.At([]string{"name"}); test.KeyOf("name").Present() {
				o.name(TestSymbol, name.Text(), name, test)
			}
			variables := make(map[string]SymbolKind)
			o.inTest(test, variables, "")
			o.ofVariables(test, variables)
		}
	}
}

// entriesIn is the entries of a mapping, none for what is no mapping.
func entriesIn(v syntax.Value) []syntax.Entry {
	if v.Kind() != syntax.Mapping {
		return nil
	}
	return v.Entries()
}

// textsIn is a text, or the texts of a list.
func textsIn(v syntax.Value) []syntax.Value {
	if v.Kind() == syntax.Scalar {
		return []syntax.Value{v}
	}
	var texts []syntax.Value
	for _, item := range listIn(v) {
		if item.Kind() == syntax.Scalar {
			texts = append(texts, item)
		}
	}
	return texts
}

// inTest finds what a value names that the key leads to. Names that a variable
// stands for are added to the variables.
func (o *outliner) inTest(v syntax.Value, variables map[string]SymbolKind, key string) {
	visit(key, v, func(key string, v syntax.Value) {
		switch key {
		case "applied", "by", "paused", "promotion", "rejected":
			o.testNames(textsIn(v), PromotionSymbol, variables)
		case "not_applied", "usage":
			o.testNames(keysOf(v), PromotionSymbol, variables)
		case "coupons":
			o.testNames(textsIn(v), CouponSymbol, variables)
			o.testNames(keysOf(v), CouponSymbol, variables)
		case "codes":
			o.testNames(keysOf(v), CouponSymbol, variables)
		case "pool":
			o.testNames(textsIn(v), PoolSymbol, variables)
		case "awards":
			for _, award := range textsIn(v) {
				kind, _, _ := strings.Cut(strings.TrimSpace(award.Text()), " ")
				o.mentions = append(o.mentions, mention{[]SymbolKind{AwardSymbol}, kind, award.File(), award.RangeOf(0, len([]rune(kind)))})
			}
		case "stubs":
			o.ofStubs(v)
		}
	})
}

func keysOf(v syntax.Value) []syntax.Value {
	var keys []syntax.Value
	for _, e := range entriesIn(v) {
		keys = append(keys, e.Key)
	}
	return keys
}

// testNames are names of things of a kind, or variables for them.
func (o *outliner) testNames(names []syntax.Value, kind SymbolKind, variables map[string]SymbolKind) {
	for _, v := range names {
		name := v.Text()
		if variable, ok := strings.CutPrefix(name, "${"); ok {
			variables[strings.TrimSuffix(variable, "}")] = kind
			continue
		}
		if kind == CouponSymbol {
			name = engine.NormalizeCoupon(name)
		}
		o.mentionAs(v, name, kind)
	}
}

// ofVariables finds the names that the variables of a test stand for, in the rows of
// its table and in its matrix.
func (o *outliner) ofVariables(test syntax.Value, variables map[string]SymbolKind) {
	if len(variables) == 0 {
		return
	}
	for _, key := range []string{"table", "matrix"} {
		if !test.KeyOf(key).Present() {
			continue
		}
		visit("", test.At([]string{key}), func(key string, v syntax.Value) {
			if kind, known := variables[key]; known {
				o.testNames(textsIn(v), kind, make(map[string]SymbolKind))
			}
		})
	}
}

// ofStubs finds the plugins that stubs answer for, and the promotions.
func (o *outliner) ofStubs(v syntax.Value) {
	for _, plugin := range entriesIn(v) {
		o.mention(plugin.Key, PluginSymbol)
		deals := plugin.Value.At([]string{"deals"})
		if !plugin.Value.KeyOf("deals").Present() {
			continue
		}
		for _, deal := range entriesIn(deals) {
			for _, key := range keysOf(deal.Value) {
				o.mention(key, PromotionSymbol)
			}
		}
	}
}
