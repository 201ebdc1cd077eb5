package engine

import (
	"cmp"
	"math"
	"slices"
)

// column is a distinct application of an offer: which kinds of units it takes,
// and what it gains. This is the formulation that Gilmore and Gomory gave the
// cutting-stock problem: one variable for each pattern, with how often it is used
// as its value (Operations Research 9, 1961).
type column struct {
	first, end         int // of its uses
	gain               Amount
	reward, swap, kept int32 // see optimum.Column
	times              int64
}

// use is so many units of a kind in an application.
type use struct {
	kind     int
	n        int64
	rewarded bool
}

// maxColumns is how many distinct applications are looked at of the offers of a
// block together, and fewColumns of one offer at least. An offer with more is
// represented by some of them, and the quote says that the choice is not proven.
const (
	maxColumns = 6000
	fewColumns = 50
	// sampledNodes is how far is searched where the best of the applications
	// that are looked at need not be the best of all.
	sampledNodes = 300
)

// lister lists the columns of one offer.
type lister struct {
	p       *pricing
	b       *block
	o       *offer
	fit     [][]int // per part, the kinds it may use, dearest first
	left    []int64 // units of each of these kinds that the column at hand leaves
	chosen  []use
	split   []use   // the chosen ones as paid and as free
	rank    []int32 // of each kind, for offers that pick
	picked  []int   // the kinds that such an offer may reward, first picked first
	kinds   []int   // that are rewardable
	roomy   []int   // kinds in the order of what they can give
	busy    int     // how many offers there are that are not idle
	visited int
	limit   int
	// plain asks only whether there are units, not what an application gains.
	plain bool
}

// listColumns lists the columns of offer i, or, where these are too many, some
// of them.
func (p *pricing) listColumns(i, busy int) {
	b := &p.block
	o := &b.offers[i]
	l := p.lister(i, busy, false)
	o.first, o.all = len(b.columns), true
	if l.exactAlone() {
		o.first, o.end = len(b.columns), len(b.columns)
		l.takeDearest()
		o.end, o.settled = len(b.columns), true
	} else {
		uses := len(b.uses)
		if !l.tooMany() {
			l.part(0)
		} else {
			l.visited = l.limit + 1
		}
		if l.full() {
			b.columns, b.uses = b.columns[:o.first], b.uses[:uses]
			o.all = false
			l.sample()
		}
		o.end = len(b.columns)
	}
	o.possible, o.rank = l.visited > 0, l.rank
	o.bound = l.bound()
	if !o.possible && p.explains() {
		o.possible = p.enoughUnits(i) // with the same lister
	}
}

// enoughUnits reports whether offer i has the units for an application, whether
// or not that gains anything.
func (p *pricing) enoughUnits(i int) bool {
	l := p.lister(i, 1, true)
	l.limit = 0
	l.part(0)
	return l.visited > 0
}

// lister prepares the block's lister for offer i, when so many are not idle.
func (p *pricing) lister(i, busy int, plain bool) *lister {
	b := &p.block
	o, l := &b.offers[i], &b.lister
	*l = lister{
		p: p, b: b, o: o, plain: plain, busy: busy, limit: max(fewColumns, maxColumns/max(1, busy)),
		fit: l.fit[:0], left: slices.Grow(l.left[:0], len(b.kinds))[:len(b.kinds)],
		chosen: l.chosen[:0], split: l.split, picked: l.picked, kinds: l.kinds[:0], roomy: l.roomy,
	}
	for j, part := range o.terms.parts {
		kinds := b.fits[o.part+j]
		if part.rewarded && o.terms.reward.each {
			first := len(l.kinds)
			for _, k := range kinds {
				if l.rewardable(k) {
					l.kinds = append(l.kinds, k)
				}
			}
			kinds = l.kinds[first:]
		}
		l.fit = append(l.fit, kinds)
	}
	l.refill()
	if o.terms.ranked {
		l.rankKinds()
	}
	return l
}

// refill makes all units of the kinds that fit available.
func (l *lister) refill() {
	for _, kinds := range l.fit {
		for _, k := range kinds {
			l.left[k] = l.b.kinds[k].n
		}
	}
}

// rewardable reports whether a unit of the kind would gain by a reward of its
// own. A reward of all units together asks for none.
func (l *lister) rewardable(kind int) bool {
	r, k := &l.o.terms.reward, &l.b.kinds[kind]
	if l.plain || !r.each {
		return true
	}
	return k.room > 0 && (r.kind == percentOff && r.percent > 0 || r.kind == amountOff && r.amount > 0 || r.kind == atPrice && k.price > r.amount)
}

// rankKinds puts the kinds that the offer may reward, which come dearest first,
// into the order of its pick. Those that cost the same have one rank.
func (l *lister) rankKinds() {
	l.rank = allot(&l.b.ranks, len(l.b.kinds))[:len(l.b.kinds)]
	for k := range l.rank {
		l.rank[k] = -1
	}
	l.picked = append(l.picked[:0], l.fit[len(l.fit)-1]...)
	if l.o.terms.pick == Cheapest {
		slices.SortStableFunc(l.picked, func(x, y int) int { return cmp.Compare(l.b.kinds[x].price, l.b.kinds[y].price) })
	}
	rank := int32(0)
	for i, k := range l.picked {
		if i > 0 && l.b.kinds[k].price != l.b.kinds[l.picked[i-1]].price {
			rank++
		}
		l.rank[k] = rank
	}
}

// buyable reports whether a unit of the kind may be what has to be bought.
func (l *lister) buyable(kind int) bool { return l.b.kinds[kind].fits(l.o.part) }

// tooMany reports whether choosing different kinds for one part alone gives more
// columns than can be looked at.
func (l *lister) tooMany() bool {
	for j, part := range l.o.terms.parts {
		ways, kinds := int64(1), int64(len(l.fit[j]))
		for k := int64(1); k <= min(part.quantity, kinds-part.quantity) && ways <= int64(l.limit); k++ {
			ways = ways * (kinds - k + 1) / k
		}
		if ways > int64(l.limit) {
			return true
		}
	}
	return false
}

// full reports whether the offer has more columns than can be looked at.
func (l *lister) full() bool { return l.visited > l.limit }

// part chooses the units of part j and of those after it.
func (l *lister) part(j int) {
	if j == len(l.fit) {
		if l.visited++; !l.plain {
			l.add()
		}
		return
	}
	if part := &l.o.terms.parts[j]; part.spend > 0 {
		l.worth(j, 0, part.spend)
	} else {
		l.units(j, 0, part.quantity)
	}
}

// units chooses need more units of part j among the kinds from the given one on.
func (l *lister) units(j, from int, need int64) {
	if need == 0 {
		l.part(j + 1)
		return
	}
	var rest int64
	for _, k := range l.fit[j][from:] {
		rest += l.left[k]
	}
	for i, k := range l.fit[j][from:] {
		if rest < need || l.full() {
			return
		}
		rest -= l.left[k]
		for n := min(l.left[k], need); n > 0 && need-n <= rest && !l.full(); n-- {
			l.push(j, k, n)
			l.units(j, from+i+1, need-n)
			l.pop()
		}
	}
}

// worth chooses units of part j that are worth what is missing, and none that
// could be left out.
func (l *lister) worth(j, from int, missing Amount) {
	if missing <= 0 {
		l.part(j + 1)
		return
	}
	var rest Amount
	for _, k := range l.fit[j][from:] {
		rest += l.b.kinds[k].price * Amount(l.left[k])
	}
	for i, k := range l.fit[j][from:] {
		price := l.b.kinds[k].price
		if rest < missing || price == 0 || l.full() {
			return
		}
		rest -= price * Amount(l.left[k])
		enough := int64((missing + price - 1) / price)
		for n := min(l.left[k], enough); n > 0 && missing-price*Amount(n) <= rest && !l.full(); n-- {
			l.push(j, k, n)
			l.worth(j, from+i+1, missing-price*Amount(n))
			l.pop()
		}
	}
}

func (l *lister) push(j, kind int, n int64) {
	l.left[kind] -= n
	l.chosen = append(l.chosen, use{kind: kind, n: n, rewarded: l.o.terms.parts[j].rewarded})
}

func (l *lister) pop() {
	last := l.chosen[len(l.chosen)-1]
	l.left[last.kind] += last.n
	l.chosen = l.chosen[:len(l.chosen)-1]
}

// add makes a column of the chosen units, unless it gains nothing or rewards
// the wrong ones.
func (l *lister) add() bool {
	c := column{first: len(l.b.uses), reward: -1, swap: -1, kept: math.MaxInt32}
	uses := l.chosen
	if l.o.terms.reward.kind == free {
		uses = l.payFirst()
	}
	if l.o.terms.ranked {
		l.rankUses(&c, uses)
	}
	if c.swap > c.kept || l.o.terms.ranked && l.wrongWay(uses) {
		return false
	}
	l.b.scratch = l.b.scratch[:0]
	for _, u := range uses {
		if k := &l.b.kinds[u.kind]; u.rewarded {
			l.b.scratch = append(l.b.scratch, slot{n: u.n, price: k.price, room: k.room})
		}
	}
	c.gain = l.p.gainOf(&l.o.terms.reward, l.b.scratch)
	l.b.scratch = l.b.scratch[:0]
	if c.gain <= 0 {
		return false
	}
	l.b.uses = append(l.b.uses, uses...)
	c.end = len(l.b.uses)
	l.b.columns = append(l.b.columns, c)
	return true
}

// payFirst splits the chosen units, which come dearest first, into those that
// are paid and those that are free.
func (l *lister) payFirst() []use {
	paid := l.o.terms.reward.paid
	uses := l.split[:0]
	for _, u := range l.chosen {
		pays := min(u.n, paid)
		paid -= pays
		if pays > 0 {
			uses = append(uses, use{kind: u.kind, n: pays})
		}
		if u.n > pays {
			uses = append(uses, use{kind: u.kind, n: u.n - pays, rewarded: true})
		}
	}
	l.split = uses
	return uses
}

// rankUses notes what the pick of an offer asks about a column.
func (l *lister) rankUses(c *column, uses []use) {
	for _, u := range uses {
		rank := l.rank[u.kind]
		switch {
		case u.rewarded:
			c.reward = max(c.reward, rank)
			if l.buyable(u.kind) && !l.spends() {
				c.swap = max(c.swap, rank)
			}
		case rank >= 0:
			c.kept = min(c.kept, rank)
		}
	}
}

// wrongWay reports whether an application of an offer by spend that picks the
// dearest buys a unit that it should reward: one that is dearer than a rewarded
// unit, which could be bought in its place. What is spent must stay enough.
func (l *lister) wrongWay(uses []use) bool {
	if !l.spends() {
		return false
	}
	spent := -l.o.terms.parts[0].spend
	for _, u := range uses {
		if !u.rewarded {
			spent += l.b.kinds[u.kind].price * Amount(u.n)
		}
	}
	for _, bought := range uses {
		for _, rewarded := range uses {
			if bought.rewarded || !rewarded.rewarded || l.rank[bought.kind] < 0 || !l.buyable(rewarded.kind) {
				continue
			}
			cheaper := l.b.kinds[bought.kind].price - l.b.kinds[rewarded.kind].price
			if cheaper > 0 && spent >= cheaper {
				return true
			}
		}
	}
	return false
}

// spends reports whether the offer is by spend and picks the dearest, where what
// is rewarded depends on what has to be bought.
func (l *lister) spends() bool {
	return l.o.terms.parts[0].spend > 0 && l.o.terms.pick == Dearest
}

// gainOf is what one application takes off the units it rewards.
func (p *pricing) gainOf(r *rewardTerms, slots []slot) Amount {
	var gain, most Amount
	var sum Amount
	for _, s := range slots {
		n := Amount(s.n)
		most += s.room * n
		sum += s.price * n
		switch {
		case r.kind == free:
			gain += s.room * n
		case r.each && r.kind == amountOff:
			gain += min(r.amount, s.room) * n
		case r.each && r.kind == atPrice:
			gain += max(0, min(s.price-r.amount, s.room)) * n
		}
	}
	switch {
	case r.kind == free || r.each && r.kind != percentOff:
		return gain
	case r.kind == atPrice:
		return min(most, sum-r.amount)
	case r.kind == amountOff:
		return min(most, r.amount)
	default:
		return min(most, p.percentOfUnits(r.percent, slots))
	}
}

// percentOfUnits is the part of what the units cost, of each at most what it can
// give, rounded once.
func (p *pricing) percentOfUnits(percent Percent, slots []slot) Amount {
	var open, given Amount
	for _, s := range slots {
		if percent.exceeds(s.price, s.room) {
			given += s.room * Amount(s.n)
		} else {
			open += s.price * Amount(s.n)
		}
	}
	return given + p.part(percent, open)
}

// exactAlone reports whether forming applications of the dearest units first is
// known to be the best: nothing else wants the units, none has a floor, and the
// cheapest of each group are free or the group has a price. Of any k groups the
// free units, or all of them, cannot be worth more.
func (l *lister) exactAlone() bool {
	t := &l.o.terms
	if l.busy != 1 || len(t.parts) != 1 || t.reward.each || t.reward.kind != free && t.reward.kind != atPrice ||
		l.p.current.Limits.Budget != nil {
		return false
	}
	for _, k := range l.fit[0] {
		if kind := &l.b.kinds[k]; kind.room != kind.price {
			return false
		}
	}
	return true
}

// bound is the most that the offer can gain if nothing else wanted its units:
// what as many units as it can reward can give at most.
func (l *lister) bound() Amount {
	t := &l.o.terms
	var need, units int64
	for j, part := range t.parts {
		need += max(1, part.quantity)
		for _, k := range l.fit[j] {
			if !l.fitsBefore(j, k) {
				units += l.b.kinds[k].n
			}
		}
	}
	times := min(t.times, units/max(1, need))
	if l.o.settled {
		var gain Amount
		for _, c := range l.b.columns[l.o.first:l.o.end] {
			gain = capped(gain + c.gain*Amount(c.times))
		}
		return gain
	}
	var bound Amount
	for j, part := range t.parts {
		if part.rewarded {
			bound = capped(bound + l.dearestRoom(l.fit[j], l.rewardedUnits(part)*times))
		}
	}
	return bound
}

// fitsBefore reports whether the kind is among those of a part before j.
func (l *lister) fitsBefore(j, kind int) bool {
	for i := range j {
		if l.b.kinds[kind].fits(l.o.part+i) && (!l.o.terms.parts[i].rewarded || l.rewardable(kind)) {
			return true
		}
	}
	return false
}

func (l *lister) rewardedUnits(p part) int64 {
	if r := &l.o.terms.reward; r.kind == free {
		return max(0, p.quantity-r.paid)
	}
	return p.quantity
}

// dearestRoom is what the n units of the kinds that can give most can give.
func (l *lister) dearestRoom(kinds []int, n int64) Amount {
	l.roomy = append(l.roomy[:0], kinds...)
	slices.SortStableFunc(l.roomy, func(a, b int) int { return cmp.Compare(l.b.kinds[b].room, l.b.kinds[a].room) })
	var room Amount
	for _, k := range l.roomy {
		m := min(n, l.b.kinds[k].n)
		room = capped(room + l.b.kinds[k].room*Amount(m))
		n -= m
	}
	return room
}
