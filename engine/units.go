package engine

// lot is a run of units of one line that are alike so far: they cost the same
// and are claimed by the same deal or by none. Keeping runs instead of single
// units makes the work depend on the promotions, not on the quantities.
type lot struct {
	n     int64
	price Amount // what one unit costs now
	base  Amount // what it cost when the promotion at hand began
	owner int32  // 1 + index of the promotion that claimed the units, 0 if none
}

// lineState is a line while it is being priced.
type lineState struct {
	item *Item
	n    int64
	lots []lot
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
	line, lot int
	n         int64
	list      Amount // list price of a unit
	price     Amount // price of a unit before the promotion at hand
	room      Amount // what a unit can still give: its price less its floor
	owner     int32
}

// take is what a deal does to n units of a slot: off is taken from them
// together, and claim keeps other multi-unit deals from using them.
type take struct {
	slot
	off   Amount
	claim bool
}

// slots returns the units that sel selects, by line. The result is the
// caller's.
func (p *pricing) slots(sel Selection) []slot {
	var found []slot
	for i := range p.lines {
		if p.selects(sel, i) {
			found = p.lineSlots(found, i)
		}
	}
	return found
}

// lineSlots appends the units of line i.
func (p *pricing) lineSlots(dst []slot, i int) []slot {
	line := &p.lines[i]
	for j, l := range line.lots {
		dst = append(dst, slot{
			line: i, lot: j, n: l.n, owner: l.owner,
			list: line.item.Price, price: l.base,
			room: max(0, l.price-line.item.MinPrice),
		})
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
func spread(total Amount, slots []slot) []take {
	takes := make([]take, len(slots))
	var weights, caps []Amount
	var first []int // first slot of each line; slots come line by line
	for i, s := range slots {
		takes[i].slot = s
		if i == 0 || slots[i-1].line != s.line {
			weights, caps, first = append(weights, 0), append(caps, 0), append(first, i)
		}
		last := len(weights) - 1
		weights[last] += s.price * Amount(s.n)
		caps[last] += s.room * Amount(s.n)
	}
	perLine := share(nil, total, weights, caps)
	for i, off := range perLine {
		end := len(slots)
		if i+1 < len(first) {
			end = first[i+1]
		}
		spreadInLine(off, takes[first[i]:end])
	}
	return takes
}

func spreadInLine(off Amount, takes []take) {
	if len(takes) == 1 {
		takes[0].off = off
		return
	}
	weights, caps := make([]Amount, len(takes)), make([]Amount, len(takes))
	for i, t := range takes {
		weights[i], caps[i] = t.price*Amount(t.n), t.room*Amount(t.n)
	}
	for i, a := range share(nil, off, weights, caps) {
		takes[i].off = a
	}
}

// apply carries the takes out on the lines.
func (p *pricing) apply(takes []take, owner int32) {
	byLine := make(map[int][]take)
	for _, t := range takes {
		if t.n > 0 {
			byLine[t.line] = append(byLine[t.line], t)
		}
	}
	for i := range p.lines {
		if own := byLine[i]; own != nil {
			p.lines[i].lots = carve(p.lines[i].lots, own, owner)
		}
	}
	for _, t := range takes {
		p.total -= t.off
	}
}

// carve splits the lots as the takes ask and joins neighbours that are alike.
func carve(lots []lot, takes []take, owner int32) []lot {
	var carved []lot
	add := func(l lot) {
		if l.n == 0 {
			return
		}
		if n := len(carved); n > 0 && carved[n-1].sameUnits(l) {
			carved[n-1].n += l.n
			return
		}
		carved = append(carved, l)
	}
	for j, l := range lots {
		for _, t := range takes {
			if t.lot != j {
				continue
			}
			l.n -= t.n
			taken := l
			if t.claim {
				taken.owner = owner
			}
			// off over n equal units: the first ones give one unit of money more.
			each, more := t.off/Amount(t.n), int64(t.off%Amount(t.n))
			taken.n, taken.price = more, l.price-each-1
			add(taken)
			taken.n, taken.price = t.n-more, l.price-each
			add(taken)
		}
		add(l)
	}
	return carved
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

// unclaimed returns the slots that no multi-unit deal has claimed.
func unclaimed(slots []slot) []slot {
	var free []slot
	for _, s := range slots {
		if s.owner == 0 {
			free = append(free, s)
		}
	}
	return free
}

// withRoom returns the slots that can still give something.
func withRoom(slots []slot) []slot {
	var room []slot
	for _, s := range slots {
		if s.room > 0 {
			room = append(room, s)
		}
	}
	return room
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
