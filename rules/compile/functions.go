package compile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
)

// functionNames are the functions of expr that rules may use. Missing are those
// that read a clock, build texts or lists without bound, or run a predicate for
// its side results.
func functionNames() []string {
	return []string{
		"abs", "all", "any", "ceil", "count", "filter", "floor", "hasPrefix", "hasSuffix", "len",
		"lower", "max", "min", "none", "one", "round", "sum", "trim", "upper",
	}
}

// call reports a call of something that is no function of expr.
func (c *checker) call(n *ast.CallNode) operand {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.fault(n.Callee, diag.NotAllowed, "write the function first, such as lower(sku), or the text first, such as sku startsWith \"A\"",
			"a part cannot be called")
	}
	return c.fault(callee, diag.UnknownName, functionHint(callee.Value), "unknown function %q", callee.Value)
}

// functionHint is the function that the name most likely means, or else all.
func functionHint(name string) string {
	if hint := diag.Suggest(name, functionNames()); hint != "" {
		return hint
	}
	return "rules may use " + strings.Join(functionNames(), ", ")
}

func (c *checker) builtin(n *ast.BuiltinNode) operand {
	switch n.Name {
	case "any", "all", "none", "one", "count", "filter", "sum":
		return c.overElements(n)
	case "len":
		return c.length(n)
	case "lower", "upper", "trim":
		return c.textFunction(n)
	case "hasPrefix", "hasSuffix":
		return c.affix(n)
	case "abs", "ceil", "floor", "round":
		return c.numberFunction(n)
	case "min", "max":
		return c.extreme(n)
	default:
		return c.fault(n, diag.NotAllowed, "rules may use "+strings.Join(functionNames(), ", "), "function %s cannot be used in rules", n.Name)
	}
}

// walker runs a predicate over elements. A walk allocates nothing.
type walker interface {
	// has reports whether the test gives the wanted answer for some element.
	has(test boolFunc, wanted bool) boolFunc
	// count returns for how many elements the test holds.
	count(test boolFunc) wholeFunc
	// sum adds a number of each element. Elements whose number is missing count
	// nothing.
	sum(value numberFunc) numberFunc
}

// overElements compiles the functions that run a predicate over lines or texts.
func (c *checker) overElements(n *ast.BuiltinNode) operand {
	list := c.compile(n.Arguments[0])
	walk, element, ok := elementsOf(list)
	if !ok {
		return c.want(n.Arguments[0], list, "cart.lines or a list of texts")
	}
	if len(n.Arguments) < 2 {
		return c.fault(n, diag.TypeMismatch, c.predicateHint(n, element), "%s wants a predicate", n.Name)
	}
	body, ok := c.predicate(n.Arguments[1], element)
	if !ok {
		return operand{}
	}
	if n.Name == "sum" {
		return c.sum(n, list, walk, body)
	}
	test, ok := body.asBool()
	if !ok {
		hint := partOf(element, bodyOf(n.Arguments[1]))
		return c.fault(n.Arguments[1], diag.TypeMismatch, hint, "%s wants a condition for each element, got %s", n.Name, body.kind)
	}
	test = c.observe(bodyOf(n.Arguments[1]), body, test, EachElement)
	o := overElements(n.Name, list, walk, test)
	if n.Name != "none" && n.Name != "all" { // which hold for no elements too
		o.needs = union(list.needs, body.needs)
	}
	if n.Name == "any" && body.reads&readsUnits == 0 {
		o.misses = missesOfAny(o.needs, o.bool)
	}
	return o
}

// sum is 0 without elements.
func (c *checker) sum(n *ast.BuiltinNode, list operand, walk walker, body operand) operand {
	value, ok := body.asNumber()
	if !ok {
		return c.want(n.Arguments[1], body, "a number to add up")
	}
	return operand{kind: number, number: walk.sum(value), needs: list.needs}
}

// predicateHint shows count and sum, which expr has without a predicate too,
// with one.
func (c *checker) predicateHint(n *ast.BuiltinNode, element operand) string {
	list, example := c.text(n.Arguments[0]), `# startsWith "A"`
	switch {
	case n.Name == "sum":
		return fmt.Sprintf("such as sum(%s, .quantity)", list)
	case element.kind == record:
		example = ".quantity > 1"
	}
	return fmt.Sprintf("such as %s(%s, %s); len(%s) counts all", n.Name, list, example, list)
}

// bodyOf returns what a predicate consists of.
func bodyOf(n ast.Node) ast.Node {
	if p, ok := n.(*ast.PredicateNode); ok {
		return p.Node
	}
	return n
}

// predicate compiles the body of a predicate, in which # is element.
func (c *checker) predicate(n ast.Node, element operand) (operand, bool) {
	if c.predicates == maxPredicates {
		c.fault(n, diag.TooCostly, "ask for facts of a set instead, such as tvs.quantity", "predicates are nested more than %d deep", maxPredicates)
		return operand{}, false
	}
	times := int64(usualTexts)
	if element.kind == record {
		times = engine.MaxLines
	}
	c.predicates, c.weight = c.predicates+1, c.weight*times
	c.pointer = append(c.pointer, element)
	around := c.reads
	c.reads = 0
	body := c.compile(bodyOf(n))
	body.reads = c.reads
	c.reads |= around
	c.pointer = c.pointer[:len(c.pointer)-1]
	c.predicates, c.weight = c.predicates-1, c.weight/times
	return body, body.kind != invalid
}

// elementsOf returns how to walk a list and what its elements are.
func elementsOf(o operand) (walker, operand, bool) {
	if o.kind == lines {
		return overLines{o.line}, operand{kind: record, fields: o.fields}, true
	}
	list, ok := o.asList()
	if !ok {
		return nil, operand{}, false
	}
	elementKind := text
	switch o.kind {
	case categoryList:
		elementKind = category
	case couponList:
		elementKind = coupon
	}
	return overTexts{list}, operand{kind: elementKind, text: func(_ *engine.Scope, e element) (string, bool) { return e.text, true }}, true
}

// overLines walks lines of the cart.
type overLines struct{ line lineFunc }

func (w overLines) has(test boolFunc, wanted bool) boolFunc {
	return func(s *engine.Scope, e element) bool {
		for i := range s.Lines() {
			if x, ok := w.line(s, e, i); ok && test(s, x) == wanted {
				return true
			}
		}
		return false
	}
}

func (w overLines) count(test boolFunc) wholeFunc {
	return func(s *engine.Scope, e element) int64 {
		var found int64
		for i := range s.Lines() {
			if x, ok := w.line(s, e, i); ok && test(s, x) {
				found++
			}
		}
		return found
	}
}

func (w overLines) sum(value numberFunc) numberFunc {
	return func(s *engine.Scope, e element) (engine.Decimal, bool) {
		total, fits := engine.Decimal{}, true
		for i := 0; i < s.Lines() && fits; i++ {
			if x, ok := w.line(s, e, i); ok {
				total, fits = plus(total, value, s, x)
			}
		}
		return total, fits
	}
}

// overTexts walks a list of texts. The item stays at hand.
type overTexts struct{ list listFunc }

func (w overTexts) has(test boolFunc, wanted bool) boolFunc {
	return func(s *engine.Scope, e element) bool {
		for _, e.text = range w.list(s, e) {
			if test(s, e) == wanted {
				return true
			}
		}
		return false
	}
}

func (w overTexts) count(test boolFunc) wholeFunc {
	return func(s *engine.Scope, e element) int64 {
		var found int64
		for _, e.text = range w.list(s, e) {
			if test(s, e) {
				found++
			}
		}
		return found
	}
}

func (w overTexts) sum(value numberFunc) numberFunc {
	return func(s *engine.Scope, e element) (engine.Decimal, bool) {
		total, fits := engine.Decimal{}, true
		for _, e.text = range w.list(s, e) {
			if total, fits = plus(total, value, s, e); !fits {
				break
			}
		}
		return total, fits
	}
}

// plus adds the element's number, if it has one.
func plus(total engine.Decimal, value numberFunc, s *engine.Scope, e element) (engine.Decimal, bool) {
	d, ok := value(s, e)
	if !ok {
		return total, true
	}
	return total.Add(d)
}

func overElements(name string, list operand, walk walker, test boolFunc) operand {
	switch name {
	case "any":
		return operand{kind: boolean, bool: walk.has(test, true)}
	case "none":
		some := walk.has(test, true)
		return operand{kind: boolean, bool: func(s *engine.Scope, e element) bool { return !some(s, e) }}
	case "all":
		exception := walk.has(test, false)
		return operand{kind: boolean, bool: func(s *engine.Scope, e element) bool { return !exception(s, e) }}
	case "one":
		count := walk.count(test)
		return operand{kind: boolean, bool: func(s *engine.Scope, e element) bool { return count(s, e) == 1 }}
	case "count":
		return countOf(walk.count(test))
	default:
		return filtered(list, test, walk.count(test))
	}
}

// filtered is the elements for which test holds, as lines or as texts.
func filtered(list operand, test boolFunc, count wholeFunc) operand {
	if list.kind == lines {
		line, o := list.line, countOf(count)
		o.kind, o.fields = lines, list.fields
		o.line = func(s *engine.Scope, e element, i int) (element, bool) {
			x, ok := line(s, e, i)
			return x, ok && test(s, x)
		}
		return o
	}
	kept := list.kind
	if kept == fact {
		kept = textList
	}
	all, _ := list.asList()
	return operand{kind: kept, list: func(s *engine.Scope, e element) []string {
		var kept []string
		for _, e.text = range all(s, e) {
			if test(s, e) {
				kept = append(kept, e.text)
			}
		}
		return kept
	}}
}

// argument compiles the only argument of a function.
func (c *checker) argument(n *ast.BuiltinNode) (operand, bool) {
	if len(n.Arguments) != 1 {
		c.fault(n, diag.TypeMismatch, "", "%s wants one argument, got %d", n.Name, len(n.Arguments))
		return operand{}, false
	}
	o := c.compile(n.Arguments[0])
	return o, o.kind != invalid
}

func (c *checker) length(n *ast.BuiltinNode) operand {
	o, ok := c.argument(n)
	if !ok {
		return operand{}
	}
	if list, ok := o.asList(); ok && o.kind != fact {
		return countOf(func(s *engine.Scope, e element) int64 { return int64(len(list(s, e))) })
	}
	if o.kind == fact && !o.flag {
		get := o.fact
		return operand{kind: number, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			value := get(s, e)
			if list, ok := value.Texts(); ok {
				return engine.NewDecimal(int64(len(list))), true
			}
			text, ok := value.Text()
			return engine.NewDecimal(int64(utf8.RuneCountInString(text))), ok
		}}
	}
	if t, ok := o.asText(); ok {
		return operand{kind: number, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
			value, present := t(s, e)
			return engine.NewDecimal(int64(utf8.RuneCountInString(value))), present
		}}
	}
	if o.kind == lines {
		o.kind, o.fields, o.line = number, nil, nil
		return o
	}
	return c.want(n.Arguments[0], o, "a list or a text")
}

func (c *checker) textFunction(n *ast.BuiltinNode) operand {
	o, ok := c.argument(n)
	if !ok {
		return operand{}
	}
	t, ok := o.asText()
	if !ok {
		return c.want(n.Arguments[0], o, "a text")
	}
	change := map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper, "trim": strings.TrimSpace}[n.Name]
	return operand{kind: text, text: func(s *engine.Scope, e element) (string, bool) {
		value, present := t(s, e)
		return change(value), present
	}}
}

// affix is hasPrefix and hasSuffix, the functions behind startsWith and
// endsWith.
func (c *checker) affix(n *ast.BuiltinNode) operand {
	if len(n.Arguments) != 2 {
		return c.fault(n, diag.TypeMismatch, "", "%s wants two texts", n.Name)
	}
	operator := map[string]string{"hasPrefix": "startsWith", "hasSuffix": "endsWith"}[n.Name]
	as := &ast.BinaryNode{Operator: operator, Left: n.Arguments[0], Right: n.Arguments[1]}
	as.SetLocation(n.Location())
	return c.binary(as)
}

func (c *checker) numberFunction(n *ast.BuiltinNode) operand {
	o, ok := c.argument(n)
	if !ok {
		return operand{}
	}
	value, ok := o.asNumber()
	if !ok {
		return c.want(n.Arguments[0], o, "a number")
	}
	change := map[string]func(engine.Decimal) engine.Decimal{
		"abs": func(d engine.Decimal) engine.Decimal {
			if d.Sign() < 0 {
				return d.Neg()
			}
			return d
		},
		"floor": engine.Decimal.Floor,
		"ceil":  func(d engine.Decimal) engine.Decimal { return d.Neg().Floor().Neg() },
		"round": func(d engine.Decimal) engine.Decimal { return d.Round(0, engine.HalfUp) },
	}[n.Name]
	return operand{kind: number, constant: o.constant, number: func(s *engine.Scope, e element) (engine.Decimal, bool) {
		d, present := value(s, e)
		return change(d), present
	}}
}

// extreme is min and max of numbers. It is missing when one of them is.
func (c *checker) extreme(n *ast.BuiltinNode) operand {
	o := operand{kind: number, constant: true}
	var values []numberFunc
	for _, argument := range n.Arguments {
		item := c.compile(argument)
		value, ok := item.asNumber()
		if !ok {
			return c.want(argument, item, "a number")
		}
		values = append(values, value)
		o.constant = o.constant && item.constant
	}
	if len(values) == 0 {
		return c.fault(n, diag.TypeMismatch, "", "%s wants at least one number", n.Name)
	}
	wanted := 1
	if n.Name == "min" {
		wanted = -1
	}
	o.number = func(s *engine.Scope, e element) (engine.Decimal, bool) {
		best, ok := values[0](s, e)
		for _, value := range values[1:] {
			d, present := value(s, e)
			if ok = ok && present; ok && d.Cmp(best) == wanted {
				best = d
			}
		}
		return best, ok
	}
	return o
}
