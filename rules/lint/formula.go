package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
)

// fact is something that expressions read, by the words they read it with.
type fact struct {
	key      string
	universe values
	whole    bool // its numbers are whole
	// set and part are those of a fact of an item set, such as tvs.quantity; of
	// the cart's own the set is "".
	set, part string
}

// formulaKind is the shape of a formula.
type formulaKind uint8

const (
	isConstant formulaKind = iota
	isAll
	isAny
	isFact
	isCategory
)

// formula is a condition without negations, which have been brought to the facts:
// what a fact must be is a set of values, and its opposite the other ones, a
// missing fact included.
type formula struct {
	kind    formulaKind
	holds   bool // of a constant
	parts   []*formula
	fact    *fact
	allowed values
	// path is a category that the item's main category must be in, or with outside
	// must not be in.
	path    string
	outside bool
	// opposite is made when it is first asked for.
	opposite *formula
}

func constant(holds bool) *formula { return &formula{kind: isConstant, holds: holds} }

func all(parts ...*formula) *formula { return &formula{kind: isAll, parts: parts} }

func either(parts ...*formula) *formula { return &formula{kind: isAny, parts: parts} }

func ofFact(f *fact, allowed values) *formula {
	return &formula{kind: isFact, fact: f, allowed: allowed}
}

func not(f *formula) *formula {
	if f.opposite != nil {
		return f.opposite
	}
	o := &formula{kind: f.kind, holds: !f.holds, fact: f.fact, path: f.path, outside: !f.outside}
	f.opposite, o.opposite = o, f
	switch f.kind {
	case isAll, isAny:
		o.kind = isAll + isAny - f.kind
		for _, part := range f.parts {
			o.parts = append(o.parts, not(part))
		}
	case isFact:
		o.allowed = f.allowed.others()
	}
	return o
}

// model says what facts are where a formula holds: what each of them may be.
type model struct {
	facts           map[*fact]values
	within, outside []string // main categories of the item
}

func (m *model) clone() *model {
	return &model{facts: maps.Clone(m.facts), within: m.within[:len(m.within):len(m.within)], outside: m.outside[:len(m.outside):len(m.outside)]}
}

// restrict leaves what the fact may be among the allowed values, and reports
// whether anything is left.
func (m *model) restrict(f *fact, allowed values) bool {
	left, known := m.facts[f]
	if !known {
		left = f.universe
	}
	left = left.intersect(allowed)
	if f.whole {
		left = left.whole()
	}
	m.facts[f] = left
	return !left.empty()
}

// inCategory requires the item's main category to be in the path, or not.
func (m *model) inCategory(path string, outside bool) bool {
	if outside {
		m.outside = append(m.outside, path)
	} else {
		m.within = append(m.within, path)
	}
	for i, a := range m.within {
		for _, b := range m.within[:i] {
			if !engine.InCategory(a, b) && !engine.InCategory(b, a) {
				return false
			}
		}
		for _, b := range m.outside {
			if engine.InCategory(a, b) {
				return false
			}
		}
	}
	return true
}

// maxSteps bounds the search for a model. Beyond it nothing is known.
const maxSteps = 20_000

// solver looks for models of formulas. It is right where it says that there is
// none, because what it knows of each fact and of their order holds for every cart.
type solver struct {
	steps int
	// orders tightens what the order among facts implies; nil for none.
	orders func(*model) bool
}

// models calls yield for one model after the other, until it returns false. Each
// way through the alternatives of the formula is one. It reports whether the
// search was complete.
func (s *solver) models(f *formula, yield func(*model) bool) (complete bool) {
	s.steps = maxSteps
	s.search([]*formula{f}, nil, &model{facts: make(map[*fact]values)}, yield)
	return s.steps > 0
}

// search satisfies what is pending, and then one part of each choice. It returns
// false when yield has had enough.
func (s *solver) search(pending, choices []*formula, m *model, yield func(*model) bool) bool {
	for len(pending) > 0 {
		f := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if s.steps--; s.steps <= 0 {
			return false
		}
		switch f.kind {
		case isConstant:
			if !f.holds {
				return true
			}
		case isAll:
			pending = append(pending[:len(pending):len(pending)], f.parts...)
		case isAny:
			choices = append(choices[:len(choices):len(choices)], f)
		case isFact:
			if !m.restrict(f.fact, f.allowed) {
				return true
			}
		case isCategory:
			if !m.inCategory(f.path, f.outside) {
				return true
			}
		}
	}
	if s.orders != nil && !s.orders(m) {
		return true
	}
	if len(choices) == 0 {
		return yield(m)
	}
	next := choices[0]
	for _, part := range next.parts {
		if !s.search([]*formula{part}, choices[1:], m.clone(), yield) {
			return false
		}
	}
	return true
}

// never reports whether it is proved that the formula holds for nothing.
func (s *solver) never(f *formula) bool {
	found := false
	complete := s.models(f, func(*model) bool {
		found = true
		return false
	})
	return complete && !found
}

// Facts of the cart and of sets that are in order: no less of the second than of
// the first, for every cart.
func knownOrders() [][2]string {
	return [][2]string{
		{"lines", "quantity"}, {"total", "subtotal"}, {"min_price", "max_price"}, {"max_price", "subtotal"},
	}
}

// keepOrders tightens facts of sets and of the cart by what holds among them. What
// is in a set is in the cart.
func keepOrders(m *model) bool {
	by := make(map[string]*fact)
	for f := range m.facts {
		if f.part != "" {
			by[f.set+"."+f.part] = f
		}
	}
	if len(by) < 2 {
		return true
	}
	keys := slices.Sorted(maps.Keys(by))
	for range 4 {
		for _, key := range keys {
			f := by[key]
			for _, order := range knownOrders() {
				if f.part == order[0] && !m.inOrder(f, by[f.set+"."+order[1]]) {
					return false
				}
			}
			if f.set != "" && !m.inOrder(f, by["."+f.part]) {
				return false
			}
			if f.set != "" && f.part != "quantity" && !m.goesWith(f, by[f.set+".quantity"]) {
				return false
			}
		}
	}
	return true
}

// inOrder tightens two facts of which the first is never greater.
func (m *model) inOrder(small, great *fact) bool {
	if great == nil {
		return true
	}
	s, g := m.facts[small], m.facts[great]
	if most := g.most(); most.finite && !g.missing {
		kept := between(bound{}, most)
		kept.missing = true
		if !m.restrict(small, kept) {
			return false
		}
	}
	if least := s.least(); least.finite && !s.missing {
		kept := between(least, bound{})
		kept.missing = true
		return m.restrict(great, kept)
	}
	return true
}

// goesWith tightens a fact of a set of which there is nothing, and how many there
// are where the fact says that there is something.
func (m *model) goesWith(f, quantity *fact) bool {
	if quantity == nil {
		return true
	}
	zero := numberPoint(engine.Decimal{})
	none := onlyPoints(zero)
	if strings.HasSuffix(f.part, "_price") {
		none = values{missing: true}
	}
	if most := m.facts[quantity].most(); most.finite && most.at.compare(zero) <= 0 {
		return m.restrict(f, none)
	}
	if m.facts[f].intersect(none).empty() {
		return m.restrict(quantity, passing(">", zero))
	}
	return true
}
