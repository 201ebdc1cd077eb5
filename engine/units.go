package engine

import (
	"cmp"
	"slices"
)

// lot is a run of units of one line that are alike so far: they cost the same
// and are claimed by the same deal or by none. Keeping runs instead of single
// units makes the work depend on the promotions, not on the quantities.
type lot struct {
	n     int64
	price Amount // what one unit costs now
	base  Amount // what it cost when the promotion at hand began
	owner int32  // 1 + index of the promotion that claimed the units, 0 if none
}

func (l *lineState) total() Amount {
	var total Amount
	for _, lot := range l.lots {
		total += lot.price * Amount(lot.n)
	}
	return total
}

// slot is a lot as a deal sees it. Deals choose among slots and answer with
// takes; they never change the state.
type slot struct {
	line, lot int32
	n         int64
	list      Amount // list price of a unit
	price     Amount // price of a unit before the promotion at hand
	room      Amount // what a unit can still give: its price less its floor
	owner     int32
}

// take is what a deal does to n units of a slot: off is taken from them
// together, and claim keeps other multi-unit deals from using them.
type take struct {
	line, lot int32
	n         int64
	off       Amount
	by        int32 // 1 + the index of the promotion
	claim     bool
}

// give returns the take of off from all units of the slot, which claims nothing.
func (s *slot) give(off Amount) take { return take{line: s.line, lot: s.lot, n: s.n, off: off} }

// slots returns the units that sel selects, by line. The result is the
// caller's until the next step.
func (p *pricing) slots(sel Selection) []slot {
	first := len(p.slotted)
	if sel.Order {
		for i := range p.goods {
			p.slotted = p.lineSlots(p.slotted, i)
		}
	} else if m := p.members(sel.Set); m.lines > 0 {
		for i := range m.each {
			p.slotted = p.lineSlots(p.slotted, i)
		}
	}
	return p.slotted[first:len(p.slotted):len(p.slotted)]
}

// lineSlots appends the units of line i.
func (p *pricing) lineSlots(dst []slot, i int) []slot {
	line := &p.lines[i]
	first := len(dst)
	dst = slices.Grow(dst, len(line.lots))[:first+len(line.lots)]
	for j := range line.lots {
		l, s := &line.lots[j], &dst[first+j]
		s.line, s.lot, s.n, s.owner = int32(i), int32(j), l.n, l.owner
		s.list, s.price = line.item.Price, l.base
		s.room = max(0, l.price-line.item.MinPrice)
	}
	return dst
}

func (p *pricing) selects(sel Selection, line int) bool {
	return sel.Order || p.members(sel.Set).has(line)
}

// spread shares total over the slots, first over lines in proportion to their
// price and then inside each line, so that the shares of lines are the largest
// remainder shares however a line's units are split. What the slots of a line
// cannot give goes to the other lines.
func (p *pricing) spread(total Amount, slots []slot) []take {
	takes := p.newTakes(len(slots))
	if n := len(slots); n == 0 || slots[0].line == slots[n-1].line {
		return p.spreadInLine(takes, total, slots)
	}
	p.sharing.reset()
	lines := 0
	for first, end := 0, 0; first < len(slots); first = end {
		end = lineEnd(slots, first)
		p.sharing.add(slots[first:end])
		lines++
	}
	shares := p.sharing.share(total)
	if lines == len(slots) {
		for i, share := range shares {
			takes = append(takes, slots[i].give(share))
		}
		return takes
	}
	p.perLine = append(p.perLine[:0], shares...) // the allocator is needed for the lines
	for first, line := 0, 0; first < len(slots); line++ {
		end := lineEnd(slots, first)
		takes = p.spreadInLine(takes, p.perLine[line], slots[first:end])
		first = end
	}
	return takes
}

// lineEnd returns the end of the slots of one line, which begin at first.
func lineEnd(slots []slot, first int) int {
	end := first + 1
	for end < len(slots) && slots[end].line == slots[first].line {
		end++
	}
	return end
}

// newTakes returns room for n takes.
func (p *pricing) newTakes(n int) []take { return allot(&p.taken, n) }

// allot returns room for n elements in the buffer. When the buffer grows, what it
// allotted before keeps the old one.
func allot[T any](buffer *[]T, n int) []T {
	if cap(*buffer)-len(*buffer) < n {
		*buffer = make([]T, 0, max(2*cap(*buffer), 2*n))
	}
	first := len(*buffer)
	*buffer = (*buffer)[:first+n]
	return (*buffer)[first : first : first+n]
}

func (p *pricing) spreadInLine(takes []take, off Amount, slots []slot) []take {
	if len(slots) == 1 {
		s := &slots[0]
		if s.price == 0 {
			off = 0
		}
		return append(takes, s.give(min(off, s.room*Amount(s.n))))
	}
	if len(slots) == 2 && !slots[0].floored() && !slots[1].floored() {
		first, second := shareOverTwo(off, value(slots[:1]), value(slots[1:]))
		return append(takes, slots[0].give(first), slots[1].give(second))
	}
	p.sharing.reset()
	for i := range slots {
		p.sharing.add(slots[i : i+1])
	}
	for i, share := range p.sharing.share(off) {
		takes = append(takes, slots[i].give(share))
	}
	return takes
}

// inLineOrder returns the takes in the order of lines and lots.
func inLineOrder(takes []take) []take {
	for i := 1; i < len(takes); i++ {
		if a, b := &takes[i-1], &takes[i]; a.line > b.line || a.line == b.line && a.lot > b.lot {
			slices.SortStableFunc(takes, func(a, b take) int {
				return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.lot, b.lot))
			})
			break
		}
	}
	return takes
}

// apply carries takes, which are in the order of lines, out on the lines.
func (p *pricing) apply(takes []take) {
	for first := 0; first < len(takes); {
		line := takes[first].line
		end := first
		var off Amount
		for end < len(takes) && takes[end].line == line {
			off += takes[end].off
			end++
		}
		if int(line) < p.goods {
			p.total -= off
		} else {
			p.shipped += off
		}
		if l := &p.lines[line]; end > first+1 || len(l.lots) > 1 || !l.lots[0].takeEvenly(&takes[first]) {
			p.carve(l, takes[first:end])
		}
		p.changed = append(p.changed, line)
		first = end
	}
}

// carve splits a line's lots as the takes, which are in order, ask, and joins
// neighbours that are alike.
func (p *pricing) carve(line *lineState, takes []take) {
	carved := p.carved[:0]
	for j, l := range line.lots {
		for len(takes) > 0 && takes[0].lot == int32(j) {
			t := &takes[0]
			takes = takes[1:]
			if t.n == 0 {
				continue
			}
			// Where off does not divide, the first units give one more.
			taken, more := l, int64(t.off%Amount(t.n))
			taken.take(t, t.off/Amount(t.n))
			taken.n = t.n - more
			dearer := taken
			dearer.n, dearer.price = more, taken.price-1
			carved = join(join(carved, dearer), taken)
			l.n -= t.n
		}
		carved = join(carved, l)
	}
	p.carved = carved
	if len(carved) > cap(line.lots) {
		line.lots = allot(&p.split, 2*len(carved))
	}
	line.lots = append(line.lots[:0], carved...)
}

// join appends a lot, to the one before where the units are alike.
func join(lots []lot, l lot) []lot {
	if l.n == 0 {
		return lots
	}
	if n := len(lots); n > 0 && lots[n-1].sameUnits(l) {
		lots[n-1].n += l.n
		return lots
	}
	return append(lots, l)
}

// takeEvenly carries the take out if it leaves all units of the lot alike, and
// reports whether it does.
func (l *lot) takeEvenly(t *take) bool {
	if t.n != l.n {
		return false
	}
	each := t.off
	if t.n > 1 {
		if each = t.off / Amount(t.n); each*Amount(t.n) != t.off {
			return false
		}
	}
	l.take(t, each)
	return true
}

// take takes so much off every unit.
func (l *lot) take(t *take, each Amount) {
	l.price -= each
	if t.claim {
		l.owner = t.by
	}
}

func (l lot) sameUnits(m lot) bool {
	return l.price == m.price && l.base == m.base && l.owner == m.owner
}

// units is how many units the slots hold together.
func units(slots []slot) int64 {
	var n int64
	for _, s := range slots {
		n += s.n
	}
	return n
}

// withRoom drops the slots that cannot give anything.
func withRoom(slots []slot) []slot {
	return slices.DeleteFunc(slots, func(s slot) bool { return s.room <= 0 })
}

// firstUnits returns the first n units of the slots.
func firstUnits(slots []slot, n int64) []slot {
	var chosen []slot
	for _, s := range slots {
		if n == 0 {
			break
		}
		s.n = min(s.n, n)
		n -= s.n
		chosen = append(chosen, s)
	}
	return chosen
}

// floored reports whether a unit of the slot cannot give all that it costs.
func (s *slot) floored() bool { return s.room < s.price }

// bounds reports whether a unit of the slot cannot give the percentage, which is
// at most all of its price.
func (s *slot) bounds(percent Percent) bool {
	return s.floored() && percent.exceeds(s.price, s.room)
}

// of returns n units of the slot.
func (s slot) of(n int64) slot {
	s.n = n
	return s
}
