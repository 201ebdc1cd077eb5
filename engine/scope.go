package engine

import "time"

// Scope is what the expressions of a promotion may read: the cart as the
// promotion finds it, before its own effect. A scope is only valid during the
// call it is passed to.
type Scope struct {
	p   *pricing
	now time.Time
}

// Cart returns the cart; it must not be changed.
func (s *Scope) Cart() *Cart { return s.p.cart }

// Coupons returns the cart's codes, normalised and sorted.
func (s *Scope) Coupons() []string { return s.p.coupons }

// Subtotal is the list price of all lines.
func (s *Scope) Subtotal() Amount { return s.p.subtotal }

// Total is what is left of the subtotal after earlier promotions.
func (s *Scope) Total() Amount { return s.p.startTotal }

// Quantity is the number of units in the cart.
func (s *Scope) Quantity() int64 { return s.p.quantity }

// Now is the instant of the quote in the promotion's timezone.
func (s *Scope) Now() time.Time { return s.now }

// Lines is the number of different items in the cart.
func (s *Scope) Lines() int { return len(s.p.lines) }

// Line returns the item and the quantity of line i, in the order of SKUs.
func (s *Scope) Line(i int) (*Item, int64) { return s.p.lines[i].item, s.p.lines[i].n }

// LineTotal is what is left of line i after earlier promotions.
func (s *Scope) LineTotal(i int) Amount { return s.p.lines[i].startTotal() }

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
	var total Amount
	for i := range f.p.lines {
		if f.m.has(i) {
			total += f.p.lines[i].startTotal()
		}
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

// members finds the lines in a set when it is first asked for, so that sets no
// eligible promotion looks at cost nothing.
func (p *pricing) members(set int) *membership {
	m := &p.sets[set]
	if m.call == p.call {
		return m
	}
	*m = membership{call: p.call, bits: zeroed(m.bits, len(p.lines)/64+1)}
	match := p.rules.sets[set].Match
	for i := range p.lines {
		line := &p.lines[i]
		if match(line.item, line.n) {
			m.add(i, line)
		}
	}
	return m
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
