package engine

import (
	"cmp"
	"math/bits"
	"slices"
)

// kind is units that are alike: they cost the same, can give the same, and the
// same parts of the same deals may use them. There are as many of them as in
// slots together.
type kind struct {
	price, room Amount
	mask        []uint64 // by part of the block; that of its lines
	n           int64
	slots       []slot
	drawn       int   // slots that are used up
	used        int64 // of the slot after these
}

func (k *kind) fits(part int) bool { return k.mask[part/64]&(1<<(part%64)) != 0 }

// classify sorts the units that are free for the block's offers into kinds.
func (p *pricing) classify() {
	p.sortUnits(func(s *slot) bool {
		p.ruled = p.ruled || s.owner != 0 && p.rules.policy.Resolution == ResolvePriority
		return s.owner == 0
	})
}

// sortUnits sorts the units that some part of the block may use into kinds, the
// dearest first; of those that cost the same, the ones that can give least, so that
// they are the ones that are paid.
func (p *pricing) sortUnits(usable func(*slot) bool) {
	b := &p.block
	words := p.markParts()
	b.free = b.free[:0]
	for line := range p.goods {
		mask := b.lineMasks[line*words : (line+1)*words]
		if !slices.ContainsFunc(mask, func(word uint64) bool { return word != 0 }) {
			continue
		}
		p.slotted = p.lineSlots(p.slotted[:0], line)
		for i := range p.slotted {
			if s := &p.slotted[i]; usable(s) {
				b.free = append(b.free, *s)
			}
		}
	}
	slices.SortFunc(b.free, func(x, y slot) int {
		return cmp.Or(cmp.Compare(y.price, x.price), cmp.Compare(x.room, y.room), cmp.Compare(x.line, y.line), cmp.Compare(x.lot, y.lot))
	})
	first := 0 // of the kinds that cost and give the same as the slot at hand
	for i, s := range b.free {
		if i > 0 && (s.price != b.free[i-1].price || s.room != b.free[i-1].room) {
			first = len(b.kinds)
		}
		b.kindOf(s, first, b.lineMasks[int(s.line)*words:(int(s.line)+1)*words]).add(s)
	}
	b.fitKinds()
}

// fitKinds lists the kinds that each part may use, in the order of the kinds.
func (b *block) fitKinds() {
	parts := b.parts()
	b.fits = slices.Grow(b.fits[:0], parts)[:parts]
	for i := range b.fits {
		b.fits[i] = b.fits[i][:0]
	}
	for k := range b.kinds {
		for w, word := range b.kinds[k].mask {
			for ; word != 0; word &= word - 1 {
				part := w*64 + bits.TrailingZeros64(word)
				b.fits[part] = append(b.fits[part], k)
			}
		}
	}
}

// parts is how many parts the offers have together.
func (b *block) parts() int {
	if len(b.offers) == 0 {
		return 0
	}
	last := &b.offers[len(b.offers)-1]
	return last.part + len(last.terms.parts)
}

// markParts finds for each line the parts that may use its units, and returns how
// many words the marks of a line take.
func (p *pricing) markParts() (words int) {
	b := &p.block
	words = b.parts()/64 + 1
	b.lineMasks = zeroed(b.lineMasks, p.goods*words)
	for i := range b.offers {
		o := &b.offers[i]
		if o.idle {
			continue
		}
		for j, part := range o.terms.parts {
			n := o.part + j
			p.markPart(part.of, n/64, words, 1<<(n%64))
		}
	}
	return words
}

// markPart sets a bit in the marks of the lines that the selection is about.
func (p *pricing) markPart(sel Selection, word, words int, bit uint64) {
	masks := p.block.lineMasks
	if sel.Order {
		for line := range p.goods {
			masks[line*words+word] |= bit
		}
		return
	}
	for line := range p.members(sel.Set).each {
		masks[line*words+word] |= bit
	}
}

// kindOf returns the kind that the slot's units are of, one of those from first
// on, which cost and can give the same, or a new one.
func (b *block) kindOf(s slot, first int, mask []uint64) *kind {
	for i := first; i < len(b.kinds); i++ {
		if slices.Equal(b.kinds[i].mask, mask) {
			return &b.kinds[i]
		}
	}
	if len(b.kinds) < cap(b.kinds) {
		b.kinds = b.kinds[:len(b.kinds)+1] // with the slots of an earlier use
	} else {
		b.kinds = append(b.kinds, kind{})
	}
	k := &b.kinds[len(b.kinds)-1]
	*k = kind{price: s.price, room: s.room, mask: mask, slots: k.slots[:0]}
	return k
}

func (k *kind) add(s slot) {
	k.slots = append(k.slots, s)
	k.n += s.n
}

// draw takes n units of the kind, line by line.
func (k *kind) draw(dst []slot, n int64) []slot {
	for n > 0 {
		s := k.slots[k.drawn]
		s.n = min(s.n-k.used, n)
		n -= s.n
		if k.used += s.n; k.used == k.slots[k.drawn].n {
			k.drawn, k.used = k.drawn+1, 0
		}
		dst = append(dst, s)
	}
	return dst
}
