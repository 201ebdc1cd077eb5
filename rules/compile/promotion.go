package compile

import (
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// promotionCompiler compiles one promotion.
type promotionCompiler struct {
	numberCompiler
	asksPlugins bool // it has a deal of a plugin, also one with faults
}

func promotionMap(v syntax.Value) syntax.Map {
	return v.Map("id", "name", "description", "enabled", "when", "coupon", "schedule", "priority", "deal", "deals",
		"group", "exclusive", "excludes", "limits", "currencies", "on_failure")
}

func (c *compiler) promotion(m syntax.Map, ids map[string]syntax.Value) (engine.Promotion, bool) {
	if m.Kind() != syntax.Mapping {
		if m.Kind() == syntax.Null {
			m.Report(diag.WrongValue, "remove the -, or write a promotion after it", "want a promotion, got nothing")
		}
		return engine.Promotion{}, false
	}
	defer c.watch.owned(PromotionSymbol, m.Get("id").Text())()
	p := &promotionCompiler{numberCompiler: numberCompiler{compiler: c, listed: currencies(m.Get("currencies"))}}
	compiled := engine.Promotion{
		ID:        p.id(m.Require("id"), ids),
		Source:    m.Location(),
		Disabled:  !m.Get("enabled").WantBool(true),
		Priority:  p.priority(m.Get("priority")),
		Schedule:  p.schedule(m.Get("schedule")),
		Coupon:    unlockedBy(m.Get("coupon")),
		When:      p.when(m.Get("when")),
		Group:     p.group(m.Get("group")),
		Exclusive: exclusive(m.Get("exclusive")),
		Excludes:  p.excludes(m),
		Deals:     p.dealsOf(m),
	}
	p.onFailure(m, compiled.Deals)
	compiled.Requires = requires(compiled.When)
	compiled.Name, _ = m.Get("name").WantText()
	m.Get("description").WantText()
	compiled.Limits = p.limits(m, compiled.Coupon)
	compiled.Currencies = p.holdsIn(m)
	compiled.Timed = p.reads&readsClock != 0 || m.Has("schedule")
	return compiled, compiled.ID != ""
}

func (p *promotionCompiler) id(v syntax.Value, ids map[string]syntax.Value) string {
	id, ok := v.WantText()
	if !ok {
		return ""
	}
	if !engine.ValidSKU(id) || strings.Trim(id[:1], "._-") == "" {
		v.Report(diag.WrongValue, "use 1 to 64 letters, digits, -, _ and ., the first a letter or digit", "%.70q cannot be an id", id)
		return ""
	}
	if first, taken := ids[id]; taken {
		v.Report(diag.Duplicate, "", "the id %q is taken by the promotion at %s", id, first.Location())
		return ""
	}
	ids[id] = v
	return id
}

func (p *promotionCompiler) priority(v syntax.Value) int {
	if !v.Present() {
		return 0
	}
	n, err := strconv.ParseInt(v.Text(), 10, 32)
	if err != nil || v.Quoted() {
		v.Report(diag.WrongValue, "a higher number goes first; without one it is 0", "priority wants a whole number")
	}
	return int(n)
}

func (p *promotionCompiler) when(v syntax.Value) engine.Condition {
	if !v.Present() {
		return nil
	}
	if v.Kind() == syntax.Null {
		v.Report(diag.MissingKey, "leave the key out for always", "when has no condition")
		return nil
	}
	o := p.wantCondition(v, compileExpression(v, p.cart), "when")
	p.reads |= o.reads
	if o.kind == invalid {
		return nil
	}
	return &compiledCondition{all: o.terms(andJoins, o.bool), why: o.why, misses: o.misses, requires: o.needs}
}

// compiledCondition implements engine.Condition.
type compiledCondition struct {
	all      []boolFunc // that have to hold
	why      whyFunc
	misses   missFunc // nil for none
	requires []engine.Fact
}

// Holds implements engine.Condition. The usual numbers of parts take no loop,
// in which the processor guesses worse what is called next.
func (c *compiledCondition) Holds(s *engine.Scope) bool {
	switch all := c.all; len(all) {
	case 1:
		return all[0](s, element{})
	case 2:
		return all[0](s, element{}) && all[1](s, element{})
	case 3:
		return all[0](s, element{}) && all[1](s, element{}) && all[2](s, element{})
	default:
		for _, holds := range all {
			if !holds(s, element{}) {
				return false
			}
		}
		return true
	}
}

// Why implements engine.Condition.
func (c *compiledCondition) Why(s *engine.Scope) []engine.Clause {
	_, clauses := c.why(s, element{}, nil)
	return clauses
}

// Misses implements engine.Condition.
func (c *compiledCondition) Misses(s *engine.Scope) []engine.Miss {
	if c.misses == nil {
		return nil
	}
	_, misses := c.misses(s, element{})
	return misses
}

// compiledNumber implements engine.Number.
type compiledNumber struct{ value numberFunc }

// Value implements engine.Number.
func (n compiledNumber) Value(s *engine.Scope) (engine.Decimal, bool) { return n.value(s, element{}) }
