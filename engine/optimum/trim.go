package optimum

import (
	"math"
	"slices"
)

// candidate is a column that a choice could use.
type candidate struct {
	owner, offer, column int32
	most                 int64 // how often its units are there
}

// limits says which limits of an owner can be reached. The others need no
// thought and tie no columns together.
type limits struct {
	cap                     int64 // Cap, or the owner's share of MaxGain
	capped, budgeted, timed bool
	gains, times            int64 // no choice has more
}

// trim returns the columns that a choice could use, by owner, offer and
// column.
//
// Dominated columns are left to the search, which never meets them: their
// reduced cost is at least the gain they lack.
func (b *builder) trim() []candidate {
	p := b.p
	b.candidates = b.candidates[:0]
	for o := range p.Owners {
		owner := &p.Owners[o]
		if owner.Cap < 1 {
			continue
		}
		for f := range owner.Offers {
			offer := &owner.Offers[f]
			for c := range offer.Columns {
				if most := mostTimes(p, owner, offer, &offer.Columns[c]); most > 0 {
					b.candidates = append(b.candidates, candidate{int32(o), int32(f), int32(c), most})
				}
			}
		}
	}
	return trimRanked(p, b.candidates)
}

// limitsOf returns, in the buffer if it is large enough, what limits owners have
// when the candidates are all that can be applied.
func limitsOf(buffer []limits, p *Problem, candidates []candidate) []limits {
	owners := slices.Grow(buffer[:0], len(p.Owners))[:len(p.Owners)]
	for start, end := 0, 0; start < len(candidates); start = end {
		o := candidates[start].owner
		owner := limits{cap: min(p.Owners[o].Cap, MaxGain/int64(len(p.Owners)))}
		for end = start; end < len(candidates) && candidates[end].owner == o; end++ {
			c := candidates[end]
			owner.gains = add(owner.gains, mul(c.in(p).Gain, c.most))
			owner.times = add(owner.times, c.most)
		}
		owner.capped = owner.gains > owner.cap
		owner.budgeted = owner.gains > p.Owners[o].Budget
		owner.timed = owner.times > p.Owners[o].Times
		owners[o] = owner
	}
	return owners
}

// in returns the column that c stands for.
func (c candidate) in(p *Problem) *Column {
	return &p.Owners[c.owner].Offers[c.offer].Columns[c.column]
}

// sameOffer reports whether the two are of the same offer.
func (c candidate) sameOffer(d candidate) bool { return c.owner == d.owner && c.offer == d.offer }

// mostTimes is how often the units allow the column, and 0 if anything else
// forbids it.
func mostTimes(p *Problem, owner *Owner, offer *Offer, column *Column) int64 {
	switch {
	case column.Gain < 1, column.Gain > owner.Budget, owner.Times < 1, offer.Times < 1, len(column.Use) == 0,
		offer.Rank != nil && column.Swap > column.Kept:
		return 0
	}
	most := int64(math.MaxInt64)
	for _, use := range column.Use {
		most = min(most, p.Units[use.Type]/use.N)
	}
	return most
}

// trimRanked drops the columns of ranked offers that would reward a unit while
// one that no column can use, and that is therefore left over, comes first.
func trimRanked(p *Problem, candidates []candidate) []candidate {
	ranked := func(c candidate) bool { return p.Owners[c.owner].Offers[c.offer].Rank != nil }
	if !slices.ContainsFunc(candidates, ranked) {
		return candidates
	}
	used := make([]bool, len(p.Units))
	for {
		clear(used)
		for _, c := range candidates {
			for _, use := range c.in(p).Use {
				used[use.Type] = true
			}
		}
		before := len(candidates)
		var offer candidate // whose first unit that is left over has rank first
		first := int32(math.MaxInt32)
		// Columns are judged by what was used before any of them was dropped.
		candidates = slices.DeleteFunc(candidates, func(c candidate) bool {
			if offer.most == 0 || !c.sameOffer(offer) {
				offer, first = c, firstUnused(p, p.Owners[c.owner].Offers[c.offer].Rank, used)
			}
			return first < c.in(p).Reward
		})
		if len(candidates) == before {
			return candidates
		}
	}
}

// firstUnused is the lowest rank of a unit that no column can use.
func firstUnused(p *Problem, ranks []int32, used []bool) int32 {
	first := int32(math.MaxInt32)
	for t, rank := range ranks {
		if rank >= 0 && !used[t] && p.Units[t] > 0 {
			first = min(first, rank)
		}
	}
	return first
}
