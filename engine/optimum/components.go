package optimum

import "slices"

// forest is a union-find over the types of units (Tarjan 1975), without ranks:
// the root of a set is its lowest type, so the order of components is that of
// their types.
type forest []int32

// reset makes every one of n types a set of its own.
func (f forest) reset(n int) forest {
	f = slices.Grow(f[:0], n)[:n]
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) root(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) join(i, j int32) {
	i, j = f.root(i), f.root(j)
	f[max(i, j)] = min(i, j)
}

// components splits the candidates into sets that share nothing: no type of
// units, no limit that can be reached, no pick rule. Each keeps the order of the
// candidates. The smallest comes first, so that what it leaves of the search
// budget is there for the others.
func (b *builder) components(candidates []candidate) [][]candidate {
	p := b.p
	b.owners = limitsOf(b.owners, p, candidates)
	f := b.forest.reset(len(p.Units))
	b.forest = f
	for start, end := 0, 0; start < len(candidates); start = end {
		reward := int32(0) // the highest of an offer
		for end = start; end < len(candidates) && candidates[end].sameOffer(candidates[start]); end++ {
			column := candidates[end].in(p)
			first := int32(column.Use[0].Type)
			for _, use := range column.Use[1:] {
				f.join(first, int32(use.Type))
			}
			if end > 0 && b.tied(candidates[end-1], candidates[end]) {
				f.join(first, int32(candidates[end-1].in(p).Use[0].Type))
			}
			reward = max(reward, column.Reward)
		}
		first := candidates[start]
		for t, rank := range p.Owners[first.owner].Offers[first.offer].Rank {
			if rank >= 0 && rank < reward && p.Units[t] > 0 {
				f.join(int32(first.in(p).Use[0].Type), int32(t)) // a unit of t may not be left over
			}
		}
	}
	return b.split(candidates)
}

// tied reports whether neighbouring candidates are under a common limit or rule.
func (b *builder) tied(before, c candidate) bool {
	if before.owner != c.owner {
		return false
	}
	owner, offer := &b.owners[c.owner], &b.p.Owners[c.owner].Offers[c.offer]
	if owner.capped || owner.budgeted || owner.timed {
		return true
	}
	return before.offer == c.offer && (offer.Rank != nil || owner.times > offer.Times)
}

// split sorts candidates by the set of their types.
func (b *builder) split(candidates []candidate) [][]candidate {
	f := b.forest
	root := func(c candidate) int32 { return f.root(int32(c.in(b.p).Use[0].Type)) }
	b.sizes, b.places = cleared(b.sizes, len(f)), cleared(b.places, len(f))
	for _, c := range candidates {
		b.sizes[root(c)]++
	}
	all := slices.Grow(b.sorted[:0], len(candidates))
	b.sorted, b.parts = all, b.parts[:0]
	for _, c := range candidates {
		place := &b.places[root(c)] // 1 + the index in parts
		if *place == 0 {
			start := len(all)
			all = all[:start+int(b.sizes[root(c)])]
			b.parts = append(b.parts, all[start:start:len(all)])
			*place = int32(len(b.parts))
		}
		part := &b.parts[*place-1]
		*part = append(*part, c)
	}
	slices.SortStableFunc(b.parts, func(x, y []candidate) int { return len(x) - len(y) })
	return b.parts
}

// cleared returns n zeros, in the buffer if it is large enough.
func cleared[T any](buffer []T, n int) []T {
	buffer = slices.Grow(buffer[:0], n)[:n]
	clear(buffer)
	return buffer
}
