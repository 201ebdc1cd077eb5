package optimum

import "math"

// pick is the pick rule of a ranked offer: rank of each type of the model, -1
// where the offer cannot reward it.
type pick struct{ rank []int32 }

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
	m.picks = append(m.picks, pick{rank})
	return int32(len(m.picks) - 1)
}

// keepsRules reports whether the choice that leaves rem of each row keeps all
// pick rules.
func (m *model) keepsRules(times, rem []int64) bool {
	for p := range m.picks {
		state := nothingPicked()
		for t, rank := range m.picks[p].rank {
			if rem[t] > 0 {
				state = state.leave(rank)
			}
		}
		for i := range m.columns {
			if c := &m.columns[i]; int(c.pick) == p && times[i] > 0 {
				state = state.with(c.source)
			}
		}
		if !state.holds() {
			return false
		}
	}
	return true
}
