package engine

import (
	"cmp"
	"slices"
)

// kind is units that are alike: they cost the same, can give the same, and the
// same parts of the same deals may use them. There are as many of them as in
// slots together.
type kind struct {
	price, room Amount
	mask        []uint64 // by part of the block
	n           int64
	slots       []slot
	drawn       int   // slots that are used up
	used        int64 // of the slot after these
}

func (k *kind) fits(part int) bool { return k.mask[part/64]&(1<<(part%64)) != 0 }

// classify sorts the units that are free for the block's offers into kinds, the
// dearest first; of those that cost the same, the ones that can give least, so that
// they are the ones that are paid.
func (p *pricing) classify() {
	p.sortUnits(func(s *slot) bool {
		p.ruled = p.ruled || s.owner != 0 && p.rules.policy.Resolution == ResolvePriority
		return s.owner == 0
	})
	slices.SortStableFunc(p.block.kinds, func(x, y kind) int {
		return cmp.Or(cmp.Compare(y.price, x.price), cmp.Compare(x.room, y.room))
	})
}

// sortUnits sorts the units that some part of the block may use into kinds.
func (p *pricing) sortUnits(usable func(*slot) bool) {
	b := &p.block
	words := p.markParts()
	for line := range p.goods {
		mask := b.lineMasks[line*words : (line+1)*words]
		if !slices.ContainsFunc(mask, func(word uint64) bool { return word != 0 }) {
			continue
		}
		p.slotted = p.lineSlots(p.slotted[:0], line)
		for i := range p.slotted {
			if s := &p.slotted[i]; usable(s) {
				b.kindOf(*s, mask).add(*s)
			}
		}
	}
}

// markParts finds for each line the parts that may use its units, and returns how
// many words the marks of a line take.
func (p *pricing) markParts() (words int) {
	b := &p.block
	parts := 0
	for i := range b.offers {
		parts += len(b.offers[i].terms.parts)
	}
	words = parts/64 + 1
	b.lineMasks = zeroed(b.lineMasks, p.goods*words)
	n := 0
	for i := range b.offers {
		o := &b.offers[i]
		for _, part := range o.terms.parts {
			if !o.idle {
				p.markPart(part.of, n/64, words, 1<<(n%64))
			}
			n++
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

// kindOf returns the kind that the slot's units are of.
func (b *block) kindOf(s slot, mask []uint64) *kind {
	for i := range b.kinds {
		if k := &b.kinds[i]; k.price == s.price && k.room == s.room && slices.Equal(k.mask, mask) {
			return k
		}
	}
	if len(b.kinds) < cap(b.kinds) {
		b.kinds = b.kinds[:len(b.kinds)+1] // with the slots of an earlier use
	} else {
		b.kinds = append(b.kinds, kind{})
	}
	k := &b.kinds[len(b.kinds)-1]
	first := len(b.masks)
	b.masks = append(b.masks, mask...)
	*k = kind{price: s.price, room: s.room, mask: b.masks[first:len(b.masks):len(b.masks)], slots: k.slots[:0]}
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
