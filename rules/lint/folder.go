package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/compile"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/lock"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// folder is a folder of rules that compile, taken apart.
type folder struct {
	files       []compile.File
	docs        []*syntax.Document
	definitions map[string]*definition
	names       []string // of the definitions, in the order of the files
	promotions  []*promotion
	byID        map[string]*promotion
	policy      syntax.Map
	lock        lock.Lock
	lockPlaces  lock.Places
	config      engine.RulesetConfig
	rules       *engine.Ruleset
	translator  *translator
	selections  map[string]*formula // of item expressions, by their words
	emptySets   map[string]bool
	setIndexes  map[string]int // by name; see setIndex
}

// definition is a set or a condition with its name.
type definition struct {
	name     string
	isSet    bool
	key      syntax.Value
	value    syntax.Value
	tree     *compile.Tree
	meaning  *formula
	resolved bool
}

// promotion is what is written of a promotion, with what has been compiled of it.
type promotion struct {
	syntax.Map
	*engine.Promotion
	when    *compile.Tree // nil without one
	meaning *formula      // what the condition requires
	policy  engine.Group  // what policy.yaml says of its group
}

// newFolder takes apart files that compile. The error is that of compile.Compile.
func newFolder(files []compile.File) (*folder, error) {
	config, err := compile.Configure(files)
	if err != nil {
		return nil, err
	}
	f := &folder{files: files, config: config, definitions: make(map[string]*definition), byID: make(map[string]*promotion),
		selections: make(map[string]*formula), emptySets: make(map[string]bool)}
	f.translator = &translator{folder: f, facts: make(map[string]*fact)}
	if f.rules, err = f.rulesOf(config.Promotions); err != nil {
		return nil, err
	}
	compiled := make(map[string]*engine.Promotion)
	for i := range config.Promotions {
		compiled[config.Promotions[i].ID] = &config.Promotions[i]
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b compile.File) int { return strings.Compare(a.Name, b.Name) })
	for _, file := range files {
		f.read(syntax.Parse(file.Name, file.Data), compiled)
	}
	for _, p := range f.promotions {
		p.policy = f.policyOf(groupOf(p))
		p.meaning = constant(true)
		if p.when != nil {
			p.meaning = f.inCart(p.when).formula(p.when.Root)
		}
	}
	return f, nil
}

// maxStack is what the policy says of promotions that stack, 0 where it says nothing.
func (f *folder) maxStack() int {
	percent, err := strconv.Atoi(f.policy.Get("max_stack").Text())
	if err != nil {
		return 0 // there is none: rules with another one do not compile
	}
	return percent
}

// rulesOf makes a ruleset of some promotions of the folder.
func (f *folder) rulesOf(promotions []engine.Promotion) (*engine.Ruleset, error) {
	config := f.config
	config.Promotions = slices.Clone(promotions)
	return engine.NewRuleset(config)
}

func (f *folder) read(doc *syntax.Document, compiled map[string]*engine.Promotion) {
	f.docs = append(f.docs, doc)
	switch strings.TrimSuffix(doc.Name(), path.Ext(doc.Name())) {
	case "policy":
		f.policy = doc.Root().Map("currency", "rounding", "groups", "cap", "resolution", "max_stack")
		return
	case strings.TrimSuffix(lock.File, path.Ext(lock.File)):
		f.lock, f.lockPlaces = lock.Read(doc)
		return
	}
	root := doc.Root().Map("sets", "conditions", "promotions")
	for _, section := range []string{"sets", "conditions"} {
		for _, e := range root.Get(section).Entries() {
			d := &definition{name: e.Name, isSet: section == "sets", key: e.Key, value: e.Value}
			d.tree, _ = compile.ParseTree(e.Value)
			f.definitions[e.Name] = d
			f.names = append(f.names, e.Name)
		}
	}
	for _, v := range root.Get("promotions").Items() {
		var keys []string
		for _, e := range v.Entries() {
			keys = append(keys, e.Name)
		}
		p := &promotion{Map: v.Map(keys...)}
		p.Promotion = compiled[p.Get("id").Text()]
		if when := p.Get("when"); when.Present() {
			p.when, _ = compile.ParseTree(when)
		}
		f.promotions = append(f.promotions, p)
		f.byID[p.ID] = p
	}
}

func (f *folder) inCart(tree *compile.Tree) expression {
	return expression{f.translator, tree, ofCart}
}

func (f *folder) inItem(tree *compile.Tree) expression {
	return expression{f.translator, tree, ofItem}
}

func (f *folder) solver() *solver { return &solver{orders: keepOrders} }

// formulaOf is what a definition means.
func (f *folder) formulaOf(d *definition) *formula {
	if d.resolved {
		return d.meaning
	}
	d.resolved = true
	d.meaning = ofFact(f.inCart(d.tree).flag("definition "+d.name), yes()) // for one that cannot be read
	if d.tree == nil {
		return d.meaning
	}
	if d.isSet {
		d.meaning = f.inItem(d.tree).formula(d.tree.Root)
	} else {
		d.meaning = f.inCart(d.tree).formula(d.tree.Root)
	}
	return d.meaning
}

// isEmptySet reports whether it is proved that no item is in the set.
func (f *folder) isEmptySet(name string) bool {
	empty, known := f.emptySets[name]
	if !known {
		d := f.definitions[name]
		empty = d != nil && d.isSet && f.solver().never(f.formulaOf(d))
		f.emptySets[name] = empty
	}
	return empty
}

// isPlugin reports whether expressions read facts of a plugin by the name.
func (f *folder) isPlugin(name string) bool {
	return slices.ContainsFunc(f.lock.Names(), func(plugin string) bool { return strings.ReplaceAll(plugin, "-", "_") == name })
}

// selection is what an item has to be for the item set of the ruleset.
func (f *folder) selection(set int) *formula {
	name := f.config.Sets[set].Name
	if d := f.definitions[name]; d != nil && d.isSet {
		return f.formulaOf(d)
	}
	if known := f.selections[name]; known != nil {
		return known
	}
	meaning := constant(true)
	doc := syntax.NewDocument("", 1, name)
	if tree, ok := compile.ParseTree(doc.Scalar(name, diag.Position{Line: 1, Column: 1}, false)); ok {
		meaning = f.inItem(tree).formula(tree.Root)
	}
	f.selections[name] = meaning
	return meaning
}

// setName is the name of the set of a selection, or the words of one without.
func (f *folder) setName(set int) string { return f.config.Sets[set].Name }
