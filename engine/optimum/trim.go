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

// trim returns the columns of p that a choice could use, by owner, offer and
// column, and what limits their owners have.
//
// Dominated columns are left to the search, which never meets them: their
// reduced cost is at least the gain they lack.
func trim(p *Problem) ([]candidate, []limits) {
	owners := make([]limits, len(p.Owners))
	var candidates []candidate
	for o := range p.Owners {
		owner := &p.Owners[o]
		owners[o].cap = min(owner.Cap, MaxGain/int64(len(p.Owners)))
		if owner.Cap < 1 {
			continue
		}
		for f := range owner.Offers {
			offer := &owner.Offers[f]
			candidates = slices.Grow(candidates, len(offer.Columns))
			for c := range offer.Columns {
				if most := mostTimes(p, owner, offer, &offer.Columns[c]); most > 0 {
					candidates = append(candidates, candidate{int32(o), int32(f), int32(c), most})
				}
			}
		}
	}
	candidates = trimRanked(p, candidates)
	for _, c := range candidates {
		owner := &owners[c.owner]
		owner.gains = add(owner.gains, mul(c.in(p).Gain, c.most))
		owner.times = add(owner.times, c.most)
	}
	for o := range owners {
		owner := &owners[o]
		owner.capped = owner.gains > owner.cap
		owner.budgeted = owner.gains > p.Owners[o].Budget
		owner.timed = owner.times > p.Owners[o].Times
	}
	return candidates, owners
}

// in returns the column that c stands for.
func (c candidate) in(p *Problem) *Column {
	return &p.Owners[c.owner].Offers[c.offer].Columns[c.column]
}

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
	for {
		used := make([]bool, len(p.Units))
		for _, c := range candidates {
			for _, use := range c.in(p).Use {
				used[use.Type] = true
			}
		}
		blocked := func(c candidate) bool {
			reward := c.in(p).Reward
			for t, rank := range p.Owners[c.owner].Offers[c.offer].Rank {
				if rank >= 0 && rank < reward && !used[t] && p.Units[t] > 0 {
					return true
				}
			}
			return false
		}
		before := len(candidates)
		// Columns are judged by what was used before any of them was dropped.
		candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return ranked(c) && blocked(c) })
		if len(candidates) == before {
			return candidates
		}
	}
}
