package optimum

import (
	"cmp"
	"math"
	"slices"
)

// pick is the pick rule of a ranked offer: rank of each type of the model, -1
// where the offer cannot reward it.
type pick struct {
	rank  []int32
	order []int32 // the types that it can reward, by rank
}

// firstLeft is the lowest rank of a unit that is left over, -1 for none.
func (p *pick) firstLeft(rem []int64) int32 {
	for _, t := range p.order {
		if rem[t] > 0 {
			return p.rank[t]
		}
	}
	return -1
}

// picked is what a choice, as far as it is made, means for a pick rule.
type picked struct {
	reward int32 // highest rank rewarded
	swap   int32 // highest rank rewarded that could count as bought
	kept   int32 // lowest rank bought that could be rewarded
	left   int32 // lowest rank of a unit that is left over
}

func nothingPicked() picked {
	return picked{reward: -1, swap: -1, kept: math.MaxInt32, left: math.MaxInt32}
}

// with returns the state with a column applied.
func (s picked) with(c *Column) picked {
	s.reward = max(s.reward, c.Reward)
	s.swap = max(s.swap, c.Swap)
	s.kept = min(s.kept, c.Kept)
	return s
}

// holds reports whether no unit was rewarded before one that comes first.
func (s picked) holds() bool { return s.swap <= s.kept && s.reward <= s.left }

// leave is the state after a unit of the given rank is left over.
func (s picked) leave(rank int32) picked {
	if rank >= 0 {
		s.left = min(s.left, rank)
	}
	return s
}

// addPick adds the pick rule of an offer, if it has one, and returns its index,
// or -1.
func (b *builder) addPick(m *model, offer *Offer) int32 {
	if offer.Rank == nil {
		return -1
	}
	rank := make([]int32, len(m.types))
	for i, t := range m.types {
		rank[i] = offer.Rank[t]
	}
	var order []int32
	for t, r := range rank {
		if r >= 0 {
			order = append(order, int32(t))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(rank[a], rank[b]) })
	m.picks = append(m.picks, pick{rank, order})
	return int32(len(m.picks) - 1)
}
