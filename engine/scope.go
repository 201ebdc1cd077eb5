package engine

import (
	"math/bits"
	"time"
)

// Scope is what the expressions of a promotion may read: the cart as the
// promotion finds it, before its own effect. A scope is only valid during the
// call it is passed to.
type Scope struct {
	p       *pricing
	now     time.Time
	settled *Quote // that is read; nil while promotions are priced
	// readsTotals says that what earlier promotions left has been read.
	readsTotals bool
}

// Quote returns what the cart got, nil while promotions are still being priced; see
// Ruleset.Read. It must not be changed.
func (s *Scope) Quote() *Quote { return s.settled }

// Cart returns the cart; it must not be changed.
func (s *Scope) Cart() *Cart { return s.p.cart }

// Coupons returns the cart's codes, normalised and sorted.
func (s *Scope) Coupons() []string { return s.p.coupons }

// Subtotal is the list price of all lines.
func (s *Scope) Subtotal() Amount { return s.p.subtotal }

// Total is what is left of the subtotal after earlier promotions.
func (s *Scope) Total() Amount {
	s.readsTotals = true
	return s.p.startTotal
}

// Quantity is the number of units in the cart.
func (s *Scope) Quantity() int64 { return s.p.quantity }

// Fact returns what a plugin told of the cart, and false where it told nothing.
func (s *Scope) Fact(key FactKey) (Value, bool) {
	v, ok := s.p.req.Facts[key.Plugin][key.Name]
	return v, ok
}

// Now is the instant of the quote in the promotion's timezone.
func (s *Scope) Now() time.Time { return s.now }

// Lines is the number of different items in the cart.
func (s *Scope) Lines() int { return s.p.goods }

// Line returns the item and the quantity of line i, in the order of SKUs.
func (s *Scope) Line(i int) (*Item, int64) { return s.p.lines[i].item, s.p.lines[i].n }

// LineTotal is what is left of line i after earlier promotions.
func (s *Scope) LineTotal(i int) Amount {
	s.readsTotals = true
	return s.p.lines[i].startTotal()
}

// Set returns the facts about the item set with the index.
func (s *Scope) Set(index int) SetFacts { return SetFacts{s.p, s.p.members(index)} }

// SetFacts is what a cart holds of one item set.
type SetFacts struct {
	p *pricing
	m *membership
}

// Quantity is the number of units in the set.
func (f SetFacts) Quantity() int64 { return f.m.quantity }

// Subtotal is the list price of the units in the set.
func (f SetFacts) Subtotal() Amount { return f.m.subtotal }

// Lines is the number of different items in the set.
func (f SetFacts) Lines() int { return f.m.lines }

// Has reports whether line i of the cart is in the set.
func (f SetFacts) Has(i int) bool { return f.m.has(i) }

// PriceRange returns the lowest and the highest list price of the items in the
// set, and false when there are none.
func (f SetFacts) PriceRange() (lowest, highest Amount, ok bool) {
	return f.m.lowest, f.m.highest, f.m.lines > 0
}

// Total is what is left of Subtotal after earlier promotions.
func (f SetFacts) Total() Amount {
	f.p.scope.readsTotals = true
	var total Amount
	for i := range f.m.each {
		total += f.p.lines[i].startTotal()
	}
	return total
}

// startTotal is what the line cost when the promotion at hand began.
func (l *lineState) startTotal() Amount {
	var total Amount
	for _, lot := range l.lots {
		total += lot.base * Amount(lot.n)
	}
	return total
}

// membership tells which lines of the cart are in one set, with what follows
// from that alone.
type membership struct {
	call            uint64 // of Price that it was found in
	bits            []uint64
	quantity        int64
	subtotal        Amount
	lines           int
	lowest, highest Amount
}

func (m *membership) has(line int) bool { return m.bits[line/64]&(1<<(line%64)) != 0 }

// each yields the lines, in order.
func (m *membership) each(yield func(line int) bool) {
	for w, word := range m.bits {
		for ; word != 0; word &= word - 1 {
			if !yield(w*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

// meet notes for each line the sets it is in. Sets of which nothing is known but
// that they read the quantity are looked at when they are asked for.
func (p *pricing) meet() {
	facts := &p.rules.items
	facts.mu.RLock()
	missing := 0
	for i := range p.goods {
		k := facts.known(p.lines[i].item)
		p.lines[i].known = k
		if k == nil {
			missing++
		}
	}
	facts.mu.RUnlock()
	for i := 0; missing > 0 && i < p.goods; i++ {
		if line := &p.lines[i]; line.known == nil {
			line.known = p.rules.learn(line.item)
		}
	}
	p.enterSets()
}

// enterSets puts the lines, of which all is known, into their sets.
func (p *pricing) enterSets() {
	for i := range p.goods {
		line := &p.lines[i]
		for _, set := range line.known.sets {
			p.enter(set, i)
		}
		for _, set := range line.known.perhaps {
			if p.rules.sets[set].Match(line.item, line.n) {
				p.enter(set, i)
			}
		}
	}
}

// enter puts line i into a set.
func (p *pricing) enter(set int32, i int) {
	m := &p.sets[set]
	if m.call != p.call {
		m.begin(p)
		p.present = append(p.present, set)
	}
	m.add(i, &p.lines[i])
}

// members returns the lines in a set.
func (p *pricing) members(set int) *membership {
	m := &p.sets[set]
	if m.call == p.call {
		return m
	}
	m.begin(p)
	if s := &p.rules.sets[set]; !s.isMet() {
		for i := range p.goods {
			if line := &p.lines[i]; s.Match(line.item, line.n) {
				m.add(i, line)
			}
		}
	}
	return m
}

func (m *membership) begin(p *pricing) {
	*m = membership{call: p.call, bits: zeroed(m.bits, p.goods/64+1)}
}

func (m *membership) add(i int, line *lineState) {
	price := line.item.Price
	if m.lines == 0 {
		m.lowest, m.highest = price, price
	}
	m.bits[i/64] |= 1 << (i % 64)
	m.quantity += line.n
	m.subtotal += price * Amount(line.n)
	m.lines++
	m.lowest, m.highest = min(m.lowest, price), max(m.highest, price)
}
