package lsp

import (
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/reference"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// plain are words that stand in a key, with a text for all of them.
func plain(text string, names ...string) []reference.Entry {
	var entries []reference.Entry
	for _, name := range names {
		entries = append(entries, reference.Entry{Name: name, Text: text})
	}
	return entries
}

// required marks those of the entries that have to be there.
func required(entries []reference.Entry, names ...string) []reference.Entry {
	for i := range entries {
		if slices.Contains(names, entries[i].Name) {
			entries[i].Without = "refused"
		}
	}
	return entries
}

// testKeys returns the keys that a mapping of a test file may have, as package ruletest
// reads them.
func (m manual) testKeys(path []string) []reference.Entry {
	at := strings.Join(path, "/")
	switch at {
	case "":
		return required(m.tests.Section("A file", ""), "tests")
	case "tests/-":
		return required(m.tests.Section("A test", ""), "name")
	case "tests/-/steps/-":
		return required(m.tests.Section("steps", ""), "do")
	case "tests/-/compile_error", "tests/-/compile_error/-":
		return required(m.tests.Section("compile_error", ""), "code")
	case "always/-":
		return plain("what may be in any order without a change of the quote: `cart.lines` or `coupons`", "permute")
	case "fixtures":
		return plain("by their names", "carts", "customers")
	}
	for _, given := range []string{"defaults", "tests/-/given", "tests/-/steps/-/given"} {
		if inside, ok := cutPath(at, given); ok {
			return m.givenKeys(inside)
		}
	}
	for _, expect := range []string{"tests/-/expect/-", "tests/-/expect", "tests/-/table/-", "tests/-/steps/-/expect"} {
		if inside, ok := cutPath(at, expect); ok {
			return m.expectKeys(expect, inside)
		}
	}
	return otherKeys(path)
}

// cutPath returns what a path is from a folder of it.
func cutPath(at, folder string) (inside string, ok bool) {
	if at == folder {
		return "", true
	}
	return strings.CutPrefix(at, folder+"/")
}

// givenKeys returns the keys in given and defaults.
func (m manual) givenKeys(inside string) []reference.Entry {
	switch key, _, _ := strings.Cut(inside, "/"); {
	case inside == "":
		return m.tests.Section("given", "")
	case inside == "cart/-":
		return plain("of the line", "sku", "quantity")
	case inside == "customer":
		return customerKeys()
	case inside == "shipping":
		return plain("of the shipping", "method", "price", "country", "region", "shipments")
	case inside == "shipping/shipments/-":
		return plain("of the shipment", "method", "price")
	case inside == "payment":
		return plain("how the cart is paid", "method")
	case key == "usage" && strings.Count(inside, "/") == 1:
		return plain("what orders have used of the promotion", "redemptions", "by_customer", "spent")
	case key == "codes" && strings.Count(inside, "/") == 1:
		return plain("what is known of the code", "pool", "redemptions")
	default:
		return nil
	}
}

func customerKeys() []reference.Entry {
	return plain("of the customer", "id", "groups", "tags", "orders", "lifetime_spend", "attributes")
}

// expectKeys returns the keys in what is expected at a path.
func (m manual) expectKeys(expect, inside string) []reference.Entry {
	switch key, _, _ := strings.Cut(inside, "/"); {
	case inside == "" && strings.HasSuffix(expect, "expect/-"):
		return slices.Concat(plain("of a matrix: for which cells the row is, {variable: value} or {variable: [values]}", "when"),
			plain("of a matrix: `true`, for all cells that are left", "else"), m.tests.Section("expect", ""))
	case inside == "":
		return m.tests.Section("expect", "")
	case key == "not_applied" && strings.Count(inside, "/") == 1:
		return plain("why the promotion is not applied", "reason", "by", "fault")
	case key == "lines" && strings.Count(inside, "/") == 1:
		return plain("of the line", "quantity", "discount", "total", "unit_prices")
	case key == "shipments" && strings.Count(inside, "/") == 1:
		return plain("of the shipment", "discount", "total")
	}
	switch inside {
	case "gifts/-", "includes/gifts/-", "hints/-/add/-":
		return plain("of the line", "sku", "quantity")
	case "awards/-", "includes/awards/-":
		return plain("of the award", "kind", "amount")
	case "hints/-":
		return plain("of the hint", "promotion", "add", "saves")
	case "rejected":
		return plain("of the promotion that has no answer", "promotion", "fault")
	case "includes":
		return plain("which must be among those of the quote", "applied", "gifts", "awards")
	default:
		return nil
	}
}

// otherKeys returns the keys of what is neither given nor expected.
func otherKeys(path []string) []reference.Entry {
	if inside, ok := inStubs(path); ok {
		return stubKeys(inside)
	}
	switch at := strings.Join(path, "/"); {
	case at == "catalogue/-":
		return plain("of the item", "sku", "name", "price", "stock", "category", "categories", "brand", "tags", "attributes", "min_price")
	case strings.HasPrefix(at, "fixtures/carts/") && len(path) == 4:
		return plain("of the line", "sku", "quantity")
	case strings.HasPrefix(at, "fixtures/customers/") && len(path) == 3:
		return customerKeys()
	default:
		return nil
	}
}

// inStubs returns what a path is from stubs, those of the file or of a test.
func inStubs(path []string) ([]string, bool) {
	if len(path) > 0 && path[0] == "stubs" {
		return path[1:], true
	}
	if len(path) > 2 && path[0] == "tests" && path[2] == "stubs" {
		return path[3:], true
	}
	return nil, false
}

// stubKeys returns the keys in stubs that are no names.
func stubKeys(inside []string) []reference.Entry {
	if len(inside) == 1 {
		return plain("that the plugin tells", "facts", "deals")
	}
	if len(inside) < 3 || inside[1] != "deals" {
		return nil
	}
	switch strings.Join(inside[len(inside)-2:], "/") {
	case "units/-":
		return plain("of the units", "sku", "quantity", "each")
	}
	switch inside[len(inside)-1] {
	case "gift":
		return plain("of the gift", "sku", "quantity")
	case "award":
		return plain("of the award", "kind", "amount")
	}
	if len(inside) > 4 {
		return nil
	}
	return plain("an answer", "units", "off", "gift", "award", "none", "fault")
}

// namedKeys are the keys of mappings of a test that are names of something.
func (f file) namedKeys(path []string) []word {
	if inside, ok := inStubs(path); ok {
		return f.stubNames(inside)
	}
	if len(path) == 0 || path[0] == "catalogue" || path[0] == "fixtures" {
		return nil
	}
	switch path[len(path)-1] {
	case "not_applied", "usage":
		return f.symbolWords(compile.PromotionSymbol)
	case "coupons", "codes":
		return f.symbolWords(compile.CouponSymbol)
	case "lines", "stock":
		return f.itemWords()
	default:
		return nil
	}
}

// stubNames are the names of plugins, of their facts and kinds of deals, and of the
// promotions that answers are for.
func (f file) stubNames(inside []string) []word {
	if len(inside) == 0 {
		return f.symbolWords(compile.PluginSymbol)
	}
	plugin, known := f.lock.Plugin(inside[0])
	if !known || len(inside) < 2 {
		return nil
	}
	var words []word
	switch {
	case len(inside) == 2 && inside[1] == "facts":
		for _, fact := range plugin.Facts {
			words = append(words, word{label: fact.Name, kind: completeField, detail: "a fact of the plugin " + plugin.Name, doc: fact.Doc})
		}
	case len(inside) == 2 && inside[1] == "deals":
		for _, deal := range plugin.Deals {
			words = append(words, word{label: deal.Kind, kind: completeField, detail: "a kind of deal of the plugin " + plugin.Name, doc: deal.Doc})
		}
	case len(inside) == 3 && inside[1] == "deals":
		for _, e := range stubKeys(inside) {
			words = append(words, fromEntry(e, completeProperty))
		}
		words = append(words, f.symbolWords(compile.PromotionSymbol)...)
	}
	return words
}

// testValues are what the value of a key of a test can be.
func (f file) testValues(path []string, key string) []word {
	before := ""
	if len(path) > 1 {
		before = path[len(path)-2]
	}
	switch {
	case key == "applied", key == "by", key == "paused", key == "promotion", key == "rejected":
		return f.symbolWords(compile.PromotionSymbol)
	case before == "not_applied", key == "reason":
		return reasons()
	case before == "coupons" && slices.Contains(path, "expect"):
		return reasons(engine.Applied, engine.UnknownCode)
	case key == "coupons":
		return f.symbolWords(compile.CouponSymbol)
	case key == "cart" && path[len(path)-1] != "-":
		return f.fixtureWords("carts")
	case key == "cart", key == "gifts", key == "add", key == "sku" && before != "catalogue", path[0] == "fixtures" && slices.Contains(path, "carts"):
		return f.itemWords()
	case key == "customer":
		return f.fixtureWords("customers")
	case key == "pool":
		return f.symbolWords(compile.PoolSymbol)
	case key == "awards", key == "kind":
		return f.symbolWords(compile.AwardSymbol)
	case key == "tags" && before != "customer" && before != "customers" && path[0] == "tests":
		return constants(f.tags)
	default:
		return constants(testChoices(key))
	}
}

// testChoices are the words that the value of a key of a test file can be.
func testChoices(key string) []string {
	var words []string
	switch key {
	case "version":
		words = []string{"1"}
	case "do":
		words = []string{"price", "commit", "hold", "release", "refund"}
	case "permute":
		words = []string{"cart.lines", "coupons"}
	case "else":
		words = []string{"true"}
	case "optimal":
		words = []string{"true", "false"}
	case "fault":
		for _, fault := range engine.PluginFaults() {
			words = append(words, string(fault))
		}
	case "code":
		for _, page := range diag.Pages() {
			words = append(words, string(page.Code))
		}
	}
	return words
}

// fixtureWords are the names of the fixtures of a kind.
func (f file) fixtureWords(kind string) []word {
	return constants(f.fixtures[f.name][kind])
}

// readNames reads the fixtures and the tags of a test file.
func (a *analysis) readNames(name string, root syntax.Value) {
	if root.Kind() != syntax.Mapping {
		return
	}
	a.fixtures[name] = make(map[string][]string)
	from := root.At([]string{"fixtures"})
	if root.KeyOf("fixtures").Present() && from.Kind() == syntax.Scalar {
		other := path.Join(path.Dir(name), from.Text())
		a.read[other] = true
		if data, err := a.workspace.ReadFile(other); err == nil {
			from = syntax.Parse(other, data).Root()
		}
	}
	for _, kind := range []string{"carts", "customers"} {
		if from.Kind() == syntax.Mapping && from.KeyOf(kind).Present() {
			a.fixtures[name][kind] = keysIn(from.At([]string{kind}))
		}
	}
	if !root.KeyOf("tests").Present() || root.At([]string{"tests"}).Kind() != syntax.Sequence {
		return
	}
	for _, test := range root.At([]string{"tests"}).Items() {
		if test.Kind() == syntax.Mapping && test.KeyOf("tags").Present() {
			for _, tag := range test.At([]string{"tags"}).Texts() {
				a.tags = append(a.tags, tag.Text())
			}
		}
	}
}

func keysIn(v syntax.Value) []string {
	var names []string
	if v.Kind() == syntax.Mapping {
		for _, e := range v.Entries() {
			names = append(names, e.Name)
		}
	}
	return names
}
