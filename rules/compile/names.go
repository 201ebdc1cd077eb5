package compile

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/parser/lexer"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// definitionKind tells sets from conditions.
type definitionKind string

const (
	itemSet   definitionKind = "set"
	condition definitionKind = "condition"
)

// definition is a set or a condition that a file gives a name. It is compiled
// when it is first used, because sets build on sets in any order.
type definition struct {
	kind  definitionKind
	name  string
	key   syntax.Value
	value syntax.Value

	state    resolution
	compiled operand
	index    int     // of a set, among the ruleset's sets
	record   operand // of a set, as conditions see it
}

type resolution uint8

const (
	untouched resolution = iota
	inProgress
	resolved
)

func (c *compiler) define(e syntax.Entry, kind definitionKind) {
	if first, taken := c.names[e.Name]; taken {
		e.Key.Report(diag.Duplicate, "", "the name %q is taken by the %s at %s", e.Name, first.kind, first.key.Location())
		return
	}
	c.names[e.Name] = &definition{kind: kind, name: e.Name, key: e.Key, value: e.Value}
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reservedWords are the words that no definition may have as its name.
func reservedWords(variables ...map[string]operand) []string {
	words := slices.Concat(
		functionNames(),
		[]string{"and", "or", "not", "in", "let", "if", "else", "true", "false", "nil", "matches", "contains", "startsWith", "endsWith", "order"},
		[]string{"subtotal", "total"}, // of a line, beside the sets it is in
	)
	for _, named := range variables {
		words = slices.AppendSeq(words, maps.Keys(named))
	}
	return words
}

// checkNames reports names that an expression could not use.
func (c *compiler) checkNames() {
	reserved := reservedWords(c.items.fixed, c.cart.fixed)
	for _, d := range c.names {
		switch {
		case !identifier.MatchString(d.name):
			d.key.Report(diag.WrongValue, "use letters, digits and _, such as "+suggestName(d.name), "%.70q cannot be used as a name in expressions", d.name)
		case c.plugins.named(d.name) != "":
			d.key.Report(diag.ReservedName, "choose another name, such as "+d.name+"_"+string(d.kind), "%q stands for the facts of the plugin %s", d.name, c.plugins.named(d.name))
		case slices.Contains(reserved, d.name):
			d.key.Report(diag.ReservedName, "choose another name, such as "+d.name+"_"+string(d.kind), "%q is a word of the language", d.name)
		}
	}
}

// suggestName makes a name of the text that expressions can use.
func suggestName(text string) string {
	name := strings.Trim(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(text, "_"), "_")
	switch {
	case name == "":
		return "tvs"
	case name[0] <= '9':
		return "n" + name
	default:
		return name
	}
}

func (c *compiler) definedNames() []string { return c.sorted }

func (c *compiler) isSet(name string) bool {
	d := c.names[name]
	return d != nil && d.kind == itemSet
}

func (c *compiler) setNames() []string {
	return slices.DeleteFunc(slices.Clone(c.sorted), func(name string) bool { return c.names[name].kind != itemSet })
}

// maxChain is how many definitions may be built on one another.
const maxChain = 100

// resolve compiles the definition once. A definition that is met again while it
// is being compiled is built on itself.
func (c *compiler) resolve(d *definition) {
	switch {
	case d.state == resolved:
		return
	case d.state == inProgress:
		c.reportCycle(c.resolving[slices.Index(c.resolving, d):])
		return
	case len(c.resolving) == maxChain:
		d.key.Report(diag.TooCostly, "", "%s %s ends a chain of more than %d definitions that are built on one another", d.kind, d.name, maxChain)
		d.state = resolved
		return
	}
	vars := c.items
	if d.kind == condition {
		vars = c.cart
	}
	d.state, c.resolving = inProgress, append(c.resolving, d)
	end := c.watch.owned(SymbolKind(d.kind), d.name)
	compiled := c.wantCondition(d.value, compileExpression(d.value, vars), "the "+string(d.kind)+" "+d.name)
	end()
	d.state, c.resolving = resolved, c.resolving[:len(c.resolving)-1]
	d.compiled = compiled
	if d.kind == itemSet && compiled.kind != invalid {
		d.index = c.addSet(d.name, d.value.Text(), compiled)
	}
}

// reportCycle reports definitions of which each names the next, and the last
// the first. The place is the name in the first one's text.
func (c *compiler) reportCycle(cycle []*definition) {
	first, path := cycle[0], make([]string, 0, len(cycle)+1)
	for _, d := range cycle {
		path = append(path, d.name)
	}
	path = append(path, first.name)
	from, to := 0, len([]rune(first.value.Text()))
	for _, t := range tokensOf(first.value.Text()) {
		if t.Is(lexer.Identifier, path[1]) {
			from, to = t.From, t.To
			break
		}
	}
	first.value.ReportAt(from, to, diag.Cycle, "", "%s %s is built on itself: %s", first.kind, first.name, strings.Join(path, " → "))
}

// wantCondition reports an operand that is no condition, and gives one that
// explains nothing its source as explanation.
func (c *compiler) wantCondition(v syntax.Value, o operand, what string) operand {
	if o.kind == invalid {
		return o
	}
	test, ok := o.asBool()
	if !ok {
		hint := ""
		if o.fields != nil {
			hint = o.fields.hint
		}
		v.Report(diag.TypeMismatch, hint, "%s has to be true or false, but is %s", what, o.kind)
		return operand{}
	}
	why := o.why
	if why == nil {
		why = itself(strings.TrimSpace(v.Text()), o)
	}
	return c.watch.whole(v, operand{kind: boolean, bool: test, reads: o.reads, steps: o.steps, why: why,
		joined: o.joined, joins: o.joins, within: o.within, needs: o.needs, misses: o.misses,
		constant: c.watch != nil && o.constant, expression: o.expression, probed: o.probed})
}

// skusIn returns the SKUs that an item expression names, those of the sets it is
// built on included. Not all of them need be in the set.
func (c *compiler) skusIn(source string) []string {
	tokens := tokensOf(source)
	named := slices.ContainsFunc(tokens, func(t lexer.Token) bool { return t.Is(lexer.Identifier, "sku") })
	var skus []string
	for _, t := range tokens {
		switch d := c.names[t.Value]; {
		case t.Kind == lexer.Identifier && d != nil && d.kind == itemSet && d.index < len(c.sets):
			skus = append(skus, c.sets[d.index].SKUs...)
		case t.Kind == lexer.String && named && engine.ValidSKU(t.Value):
			skus = append(skus, t.Value)
		}
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

// addSet returns the index of the set. Expressions of the same words are one
// set, because the engine works out for each set what is in it.
func (c *compiler) addSet(name, source string, o operand) int {
	words := wordsOf(source)
	c.watch.sameSet(words, o)
	if index, known := c.inline[words]; known {
		return index
	}
	test, index := o.bool, len(c.sets)
	c.inline[words] = index
	set := engine.ItemSet{
		Name:          name,
		ReadsQuantity: o.reads&readsUnits != 0,
		SKUs:          c.skusIn(source),
		Match: func(item *engine.Item, quantity int64) bool {
			return test(nil, element{item: item, quantity: quantity})
		},
	}
	if within := o.within; set.ReadsQuantity && within != nil {
		set.Within = func(item *engine.Item) bool { return within(nil, element{item: item}) }
	}
	c.sets = append(c.sets, set)
	return index
}

// wordsOf returns the tokens of an expression, so that blanks and the kind of
// quotes make no difference.
func wordsOf(source string) string {
	var b []byte
	for _, t := range tokensOf(source) {
		b = append(b, t.Kind...)
		b = strconv.AppendQuote(b, t.Value)
	}
	return string(b)
}

// setAsTest is a set in an item expression: true for its items.
func (c *compiler) setAsTest(name string) (operand, bool) {
	d := c.names[name]
	if d == nil || d.kind != itemSet {
		return operand{}, false
	}
	c.resolve(d)
	o := operand{kind: d.compiled.kind, bool: d.compiled.bool, reads: d.compiled.reads, steps: d.compiled.steps, within: d.compiled.within}
	return o.needing(engine.Fact{Kind: engine.HasItems, Set: d.index}), true
}

// nameInCart is a set with its facts, or a condition.
func (c *compiler) nameInCart(name string, line *fields) (operand, bool) {
	d := c.names[name]
	if d == nil {
		return operand{}, false
	}
	c.resolve(d)
	if d.compiled.kind == invalid || d.kind == condition {
		return d.compiled, true
	}
	if d.record.kind == invalid {
		d.record = setRecord(name, d.index, c.currency, line, d.compiled.reads)
	}
	return d.record, true
}
