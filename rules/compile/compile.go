package compile

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// DefaultCurrency is what amounts mean when policy.yaml does not say.
const DefaultCurrency = "USD"

// Compile turns the rule files of one folder into a ruleset. The files load
// whole or not at all: every fault of every file is in the error, a diag.List
// sorted by place. No files, or files without a promotion, are a fault too. The
// order of the files does not matter.
func Compile(files []File) (*engine.Ruleset, error) {
	if len(files) == 0 {
		return nil, diag.List{{Code: diag.NothingToLoad, Message: "no rule files", Hint: "add a .yaml file with promotions, or check the path"}}
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	c := newCompiler()
	for _, f := range files {
		c.read(syntax.Parse(f.Name, f.Data))
	}
	promotions := c.compileAll()
	if err := c.faults().Err(); err != nil {
		return nil, err
	}
	return engine.NewRuleset(engine.RulesetConfig{
		Digest:     Digest(files),
		Currency:   c.currency,
		Rounding:   c.rounding,
		Sets:       c.sets,
		Promotions: promotions,
	})
}

// compiler holds what the files of a folder declare, and what has been compiled
// of it.
type compiler struct {
	docs       []*syntax.Document
	extra      diag.List // faults of no file
	currency   engine.Currency
	rounding   engine.Rounding
	names      map[string]*definition // sets and conditions
	promotions []syntax.Value
	sets       []engine.ItemSet
	inline     map[string]int // index of an unnamed set by its source
	items      namespace
	cart       namespace
}

func newCompiler() *compiler {
	c := &compiler{names: make(map[string]*definition), inline: make(map[string]int)}
	c.currency, _ = engine.ParseCurrency(DefaultCurrency)
	return c
}

func (c *compiler) faults() diag.List {
	all := slices.Clone(c.extra)
	for _, doc := range c.docs {
		all = append(all, doc.Faults()...)
	}
	return all
}

// read takes in what one file declares.
func (c *compiler) read(doc *syntax.Document) {
	c.docs = append(c.docs, doc)
	if stem := strings.TrimSuffix(doc.Name(), path.Ext(doc.Name())); stem == "policy" {
		c.readPolicy(doc.Root())
		return
	}
	root := doc.Root().Map("sets", "conditions", "promotions")
	for _, e := range root.Get("sets").Entries() {
		c.define(e, itemSet)
	}
	for _, e := range root.Get("conditions").Entries() {
		c.define(e, condition)
	}
	c.promotions = append(c.promotions, root.Get("promotions").Items()...)
}

// readPolicy reads policy.yaml, which says what holds for all promotions.
func (c *compiler) readPolicy(root syntax.Value) {
	m := root.Map("currency", "rounding", "groups", "cap", "resolution")
	for _, key := range []string{"groups", "cap", "resolution"} {
		notSupported(m, key)
	}
	if v := m.Get("currency"); v.Present() {
		code, _ := v.WantText()
		currency, err := engine.ParseCurrency(code)
		if err != nil {
			v.Report(diag.WrongValue, "", "%v", err)
		}
		c.currency = currency
	}
	if v := m.Get("rounding"); v.Present() {
		switch v.Text() {
		case "half_up":
			c.rounding = engine.HalfUp
		case "half_even":
			c.rounding = engine.HalfEven
		default:
			v.Report(diag.WrongValue, "write half_up or half_even", "unknown rounding %q", v.Text())
		}
	}
}

// notSupported reports a key of the language that this version does not run.
func notSupported(m syntax.Map, key string) {
	m.Key(key).Report(diag.NotSupported, "leave it out", "%s is part of the rule language, but this version cannot apply it yet", key)
}

// compileAll compiles every definition, used or not, and the promotions.
func (c *compiler) compileAll() []engine.Promotion {
	c.items = variables{fixed: itemVariables(c.currency), defined: c.setAsTest, listed: c.setNames}
	line := lineFields(c.currency, c.items)
	c.cart = variables{
		fixed:   cartVariables(c.currency, line),
		defined: func(name string) (operand, bool) { return c.nameInCart(name, line) },
		listed:  c.definedNames,
	}
	c.checkNames()
	for _, name := range c.definedNames() {
		c.resolve(c.names[name])
	}
	var promotions []engine.Promotion
	ids := make(map[string]syntax.Value)
	for _, v := range c.promotions {
		if p, ok := c.promotion(v, ids); ok {
			promotions = append(promotions, p)
		}
	}
	if len(c.promotions) == 0 {
		c.extra = append(c.extra, diag.Diagnostic{Code: diag.NothingToLoad, File: c.docs[0].Name(),
			Message: fmt.Sprintf("no promotions in %s", countFiles(len(c.docs))), Hint: "add one under the key promotions"})
	}
	return promotions
}

func countFiles(n int) string {
	if n == 1 {
		return "the file"
	}
	return fmt.Sprintf("%d files", n)
}
