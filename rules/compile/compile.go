package compile

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// DefaultCurrency is what amounts mean when policy.yaml does not say.
const DefaultCurrency = "USD"

// Compile turns the rule files of one folder into a ruleset. The files load
// whole or not at all: every fault of every file is in the error, a diag.List
// sorted by place. No files, or files without a promotion, are a fault too. The
// order of the files does not matter.
func Compile(files []File) (*engine.Ruleset, error) {
	config, _, err := compileFiles(files, nil)
	if err != nil {
		return nil, err
	}
	return engine.NewRuleset(config)
}

// Configure is Compile for tools that want parts of a ruleset, or one that is
// changed: it returns what engine.NewRuleset makes the ruleset of. Every call
// returns slices of its own.
func Configure(files []File) (engine.RulesetConfig, error) {
	config, _, err := compileFiles(files, nil)
	return config, err
}

// compileFiles compiles the files, observed by somebody or, for nil, by nobody.
func compileFiles(files []File, watch *observer) (engine.RulesetConfig, *compiler, error) {
	if len(files) == 0 {
		return engine.RulesetConfig{}, nil, diag.List{{Code: diag.NothingToLoad, Message: "no rule files", Hint: "add a .yaml file with promotions, or check the path"}}
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	c := newCompiler()
	c.watch = watch
	for _, f := range files {
		c.read(syntax.Parse(f.Name, f.Data))
	}
	policy, promotions := c.compile()
	if err := c.faults().Err(); err != nil {
		return engine.RulesetConfig{}, nil, err
	}
	return c.rulesetConfig(files, policy, promotions), c, nil
}

// rulesetConfig is what the ruleset of the files is made of.
func (c *compiler) rulesetConfig(files []File, policy engine.Policy, promotions []engine.Promotion) engine.RulesetConfig {
	config := engine.RulesetConfig{
		Digest:     Digest(files),
		Currency:   c.currency,
		Policy:     policy,
		Sets:       c.sets,
		Promotions: promotions,
		Facts:      c.plugins.factsRead(),
	}
	c.name(&config)
	return config
}

// compile compiles all that has been read.
func (c *compiler) compile() (engine.Policy, []engine.Promotion) {
	c.compileNames()
	policy := c.compilePolicy()
	return policy, c.compilePromotions(policy.Groups)
}

// compiler holds what the files of a folder declare, and what has been compiled
// of it.
type compiler struct {
	docs       []*syntax.Document
	extra      diag.List  // faults of no file
	policy     syntax.Map // what policy.yaml says, once it has been read
	policyFile string     // its name
	currency   engine.Currency
	names      map[string]*definition // sets and conditions
	promotions []syntax.Map
	peers      peers
	sets       []engine.ItemSet
	inline     map[string]int // index of an unnamed set by its source
	items      variables
	cart       variables
	resolving  []*definition // those being compiled, each named by the one before
	sorted     []string      // the names, once all are known
	hints      int           // how many names have been searched for others like them
	deals      map[string]dealKind
	dealNames  []string
	zones      map[string]*time.Location
	plugins    plugins
	watch      *observer          // of the parts of conditions; nil for nobody
	met        func(syntax.Value) // told of each expression of promotions and the policy; nil for nobody
}

func newCompiler() *compiler {
	c := &compiler{
		names: make(map[string]*definition), inline: make(map[string]int),
		deals: dealKinds(), zones: make(map[string]*time.Location),
	}
	c.dealNames = slices.Sorted(maps.Keys(c.deals))
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
	switch strings.TrimSuffix(doc.Name(), path.Ext(doc.Name())) {
	case "policy":
		c.readPolicy(doc)
		return
	case lockName:
		c.plugins.read(doc)
		return
	}
	if isLock(path.Base(doc.Name())) {
		doc.Root().Report(diag.WrongValue, "move it beside policy.yaml", "%s belongs into the rule folder itself", lock.File)
		return
	}
	root := doc.Root().Map("sets", "conditions", "promotions")
	for _, e := range root.Get("sets").Entries() {
		c.define(e, itemSet)
	}
	for _, e := range root.Get("conditions").Entries() {
		c.define(e, condition)
	}
	for _, v := range root.Get("promotions").Items() {
		c.promotions = append(c.promotions, promotionMap(v))
	}
}

// compileNames compiles every definition, used or not.
func (c *compiler) compileNames() {
	c.sorted = slices.Sorted(maps.Keys(c.names))
	c.items = c.itemScope()
	c.cart = c.cartScope()
	c.checkNames()
	for _, name := range c.definedNames() {
		c.resolve(c.names[name])
	}
}

// compilePromotions compiles the promotions, which may name one another and the
// groups that policy.yaml lists.
func (c *compiler) compilePromotions(listed []engine.Group) []engine.Promotion {
	c.peers = peersOf(c.promotions, listed)
	var promotions []engine.Promotion
	ids := make(map[string]syntax.Value)
	for _, m := range c.promotions {
		if p, ok := c.promotion(m, ids); ok {
			promotions = append(promotions, p)
		}
	}
	if len(c.promotions) == 0 && len(c.faults()) == 0 {
		nothing := diag.Diagnostic{Code: diag.NothingToLoad, Hint: "add one under the key promotions",
			File: c.docs[0].Name(), Message: "no promotions in the file"}
		if n := len(c.docs); n > 1 {
			nothing.File, nothing.Message = "", fmt.Sprintf("no promotions in %d files", n)
		}
		c.extra = append(c.extra, nothing)
	}
	return promotions
}
