package optimum

import "math"

// search looks for the choice of least loss, depth first. It decides column
// after column how often it is applied. When the last column of a row is
// decided, the price of what is left of the row is lost. The search goes only
// where the loss stays below that of the best choice known, and never again
// where it was with the same rest and no more loss.
type search struct {
	plan
	m      *model
	prices *prices
	layout layout
	seen   table

	rem     []int64  // of each row
	packed  []uint64 // rem, packed by layout
	picked  []picked // of each pick rule
	times   []int64  // of each column
	allowed int64    // what a choice may lose to be the best
	reach   int64    // how far from the relaxation a column may be

	savedRem    []int64 // what try has to restore
	savedPicked []picked

	best   []int64 // times of the best choice, when one is found
	found  bool
	nodes  int
	budget int
}

// newSearch prepares a search for the best choice that loses no more than allowed,
// among all choices or only those in which every column is applied about as often
// as in the relaxation.
func newSearch(m *model, p *prices, allowed, reach int64) *search {
	s := &search{
		plan: newPlan(m, p, allowed),
		m:    m, prices: p, allowed: allowed, reach: reach,
		picked: make([]picked, len(m.picks)),
	}
	numbers := make([]int64, len(m.rows)+2*len(m.columns))
	s.rem, numbers = numbers[:len(m.rows)], numbers[len(m.rows):]
	s.times, s.best = numbers[:len(m.columns)], numbers[len(m.columns):]
	for r := range s.rem {
		s.rem[r] = m.rows[r].limit
	}
	for i := range s.picked {
		s.picked[i] = nothingPicked()
	}
	s.layout = newLayout(m, s.last, len(s.order))
	s.packed = s.layout.pack(s.rem)
	s.seen = newTable(1 + s.layout.words + 2*len(m.picks))
	return s
}

// run searches with a budget of nodes and reports whether it came to an end.
func (s *search) run(budget int) bool {
	s.budget = budget
	if loss := s.finish(0, 0); loss <= s.allowed {
		s.descend(0, loss)
	}
	return s.nodes <= s.budget
}

// descend decides the columns from place on.
func (s *search) descend(place int, loss int64) {
	for ; place < len(s.order); place++ {
		least, most := s.between(place, loss)
		if least > most {
			return
		}
		if most > 0 {
			s.branch(place, loss, least, most)
			return
		}
		s.times[s.order[place]] = 0
		if loss = s.finish(place+1, loss); loss > s.allowed {
			return
		}
	}
	copy(s.best, s.times)
	s.found = true
	s.allowed = loss - s.m.step
}

// finish adds to loss what is lost with the rows that are closed when place is
// reached. It is too much where that breaks a pick rule.
func (s *search) finish(place int, loss int64) int64 {
	for _, r := range s.closed[place] {
		rem := s.rem[r]
		if rem == 0 {
			continue
		}
		loss = add(loss, mul(s.prices.row[r], rem))
		if int(r) >= len(s.m.types) {
			continue
		}
		for p := range s.picked {
			s.picked[p] = s.picked[p].leave(s.m.picks[p].rank[r])
			if !s.picked[p].holds() {
				return math.MaxInt64
			}
		}
	}
	return loss
}

// between returns how often the column at place can be applied at least and at
// most without losing too much.
func (s *search) between(place int, loss int64) (least, most int64) {
	c := &s.m.columns[s.order[place]]
	for _, cell := range c.cells {
		if s.rem[cell.row] < cell.n && s.m.rows[cell.row].soft == 0 {
			return 0, 0
		}
	}
	most = c.most
	for _, cell := range c.cells {
		switch rem := s.rem[cell.row]; {
		case s.m.rows[cell.row].soft == 0:
			most = min(most, rem/cell.n)
		case len(s.m.picks) == 0: // beyond the cap it would only waste units
			most = min(most, ceilDiv(rem, cell.n))
		}
	}
	slack, change := s.allowed-loss, s.change[place]
	for _, sure := range s.sure[place] {
		slack -= sure.n * s.rem[sure.row]
	}
	switch {
	case slack >= 0 && change > 0:
		return 0, min(most, slack/change)
	case slack >= 0:
		return 0, most
	case change < 0:
		return ceilDiv(-slack, -change), most
	default:
		return 1, 0
	}
}

// branch tries the possible times of the column at place, beginning with what is
// nearest to the relaxation.
func (s *search) branch(place int, loss, least, most int64) {
	if least < most && s.seen.visited(s.state(place), loss) {
		return
	}
	near := min(max(int64(math.Round(s.prices.relaxed[s.order[place]])), least), most)
	least, most = max(least, near-s.reach), min(most, add(near, s.reach))
	up, down := near, near-1
	for s.nodes <= s.budget && (up <= most || down >= least) {
		if up <= most {
			s.try(place, loss, up)
			up++
		}
		if down >= least && s.nodes <= s.budget {
			s.try(place, loss, down)
			down--
		}
	}
}

// try applies the column at place so many times and goes on from there.
func (s *search) try(place int, loss, times int64) {
	s.nodes++
	i := s.order[place]
	c := &s.m.columns[i]
	rows, picks := len(s.savedRem), len(s.savedPicked)
	s.savedPicked = append(s.savedPicked, s.picked...)
	s.times[i] = times
	loss = add(loss, mul(s.prices.reduced[i], times))
	if times > 0 {
		for _, cell := range c.cells {
			rem := s.rem[cell.row]
			s.savedRem = append(s.savedRem, rem)
			used := mul(cell.n, times)
			if over := used - rem; over > 0 { // of a soft row
				used = rem
				loss = add(loss, mul(s.m.rows[cell.row].soft-s.prices.row[cell.row], over))
			}
			s.set(cell.row, rem-used)
		}
		if c.pick >= 0 {
			s.picked[c.pick] = s.picked[c.pick].with(c.source)
		}
	}
	if c.pick < 0 || s.picked[c.pick].holds() {
		if loss = s.finish(place+1, loss); loss <= s.allowed {
			s.descend(place+1, loss)
		}
	}
	copy(s.picked, s.savedPicked[picks:])
	s.savedPicked = s.savedPicked[:picks]
	if times > 0 {
		for k, cell := range c.cells {
			s.set(cell.row, s.savedRem[rows+k])
		}
		s.savedRem = s.savedRem[:rows]
	}
}

// set sets what is left of a row.
func (s *search) set(r int32, rem int64) {
	f := s.layout.fields[r]
	s.packed[f.word] += uint64(rem-s.rem[r]) << f.shift
	s.rem[r] = rem
}

// state packs what the loss of the columns from place on depends on.
func (s *search) state(place int) []uint64 {
	key := s.seen.key()
	key[0] = uint64(place) + 1
	mask := s.layout.mask(place)
	for w, v := range s.packed {
		key[1+w] = v & mask[w]
	}
	for p, state := range s.picked {
		at := key[1+len(mask)+2*p:]
		if place >= int(s.ends[p]) {
			state.swap, state.kept, state.left = -1, math.MaxInt32, math.MaxInt32
		}
		at[0] = uint64(uint32(state.reward))<<32 | uint64(uint32(state.swap))
		at[1] = uint64(uint32(state.kept))<<32 | uint64(uint32(state.left))
	}
	return key
}
