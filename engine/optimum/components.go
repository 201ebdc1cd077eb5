package optimum

import "slices"

// forest is a union-find over the types of units (Tarjan 1975), without ranks:
// the root of a set is its lowest type, so the order of components is that of
// their types.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
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
func components(p *Problem, candidates []candidate, owners []limits) [][]candidate {
	f := newForest(len(p.Units))
	for i, c := range candidates {
		first := int32(c.in(p).Use[0].Type)
		for _, use := range c.in(p).Use[1:] {
			f.join(first, int32(use.Type))
		}
		offer := &p.Owners[c.owner].Offers[c.offer]
		if i > 0 && tied(&owners[c.owner], offer, candidates[i-1], c) {
			f.join(first, int32(candidates[i-1].in(p).Use[0].Type))
		}
		for t, rank := range offer.Rank {
			if rank >= 0 && rank < c.in(p).Reward && p.Units[t] > 0 {
				f.join(first, int32(t)) // a unit of t may not be left over
			}
		}
	}
	return split(p, candidates, f)
}

// tied reports whether neighbouring candidates are under a common limit or rule.
func tied(owner *limits, offer *Offer, before, c candidate) bool {
	if before.owner != c.owner {
		return false
	}
	if owner.capped || owner.budgeted || owner.timed {
		return true
	}
	return before.offer == c.offer && (offer.Rank != nil || owner.times > offer.Times)
}

// split sorts candidates by the set of their types.
func split(p *Problem, candidates []candidate, f forest) [][]candidate {
	sizes := make([]int, len(f))
	for _, c := range candidates {
		sizes[f.root(int32(c.in(p).Use[0].Type))]++
	}
	all := make([]candidate, 0, len(candidates))
	sets := make([][]candidate, 0, 8)
	place := make([]int, len(f)) // 1 + the index in sets
	for _, c := range candidates {
		root := f.root(int32(c.in(p).Use[0].Type))
		if place[root] == 0 {
			start := len(all)
			all = all[:start+sizes[root]]
			sets = append(sets, all[start:start:len(all)])
			place[root] = len(sets)
		}
		set := &sets[place[root]-1]
		*set = append(*set, c)
	}
	slices.SortStableFunc(sets, func(a, b []candidate) int { return len(a) - len(b) })
	return sets
}
