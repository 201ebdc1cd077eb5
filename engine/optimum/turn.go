package optimum

// inTurn gives each owner of a component the best choice of what the earlier ones
// have left, as far as a small search finds it: all owners of the problem together
// search half as far as one search for all of them.
func (b *builder) inTurn(part []candidate) (times []int64, gain int64) {
	turn := b.turn()
	nodes := max(1, b.p.nodes()/(2*len(b.p.Owners)))
	times = make([]int64, len(part))
	for start, end := 0, 0; start < len(part); start = end {
		for end = start + 1; end < len(part) && part[end].owner == part[start].owner; {
			end++
		}
		gain += turn.solveOwner(part[start:end], times[start:end], nodes)
	}
	return times, gain
}

// turn returns the builder for what is left of b's problem.
func (b *builder) turn() *builder {
	if b.rest == nil {
		b.rest = &builder{}
	}
	if !b.turning {
		p := *b.p
		b.rest.units = append(b.rest.units[:0], p.Units...)
		p.Units = b.rest.units
		b.rest.begin(&p)
		b.turning = true
	}
	return b.rest
}

// solveOwner finds how often the candidates of one owner are best applied, takes
// the units that these use off the problem and returns the gain.
func (b *builder) solveOwner(candidates []candidate, times []int64, nodes int) (gain int64) {
	spent := 0
	parts := b.components(b.refit(candidates))
	for i, part := range parts {
		a := b.solveTogether(part, (nodes-spent)/(len(parts)-i))
		gain += a.gain
		spent += a.nodes
		at := 0
		for j, c := range part {
			for candidates[at].offer != c.offer || candidates[at].column != c.column {
				at++
			}
			times[at] = a.times[j]
			for _, use := range c.in(b.p).Use {
				b.p.Units[use.Type] -= use.N * a.times[j]
			}
		}
	}
	return gain
}

// refit returns the candidates of one owner that can still be used.
func (b *builder) refit(candidates []candidate) []candidate {
	b.candidates = b.candidates[:0]
	for _, c := range candidates {
		owner := &b.p.Owners[c.owner]
		offer := &owner.Offers[c.offer]
		if c.most = mostTimes(b.p, owner, offer, &offer.Columns[c.column]); c.most > 0 {
			b.candidates = append(b.candidates, c)
		}
	}
	return trimRanked(b.p, b.candidates)
}
