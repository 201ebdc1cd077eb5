package optimum

import "math"

// Solve returns the best choice of p's columns. It never fails: where the search
// budget ends too soon, the choice is the best one found, which is no worse than
// taking columns by their gain, nor than settling the owners one after the other,
// and Bound says how much better another could be.
func Solve(p Problem) Solution {
	var s Solver
	return s.Solve(p)
}

// Solver solves one problem after the other and keeps its buffers between them.
// The zero Solver is ready for use. It must not be used by two goroutines at once,
// and may hold on to the columns of a problem until the next one.
type Solver struct{ builder builder }

// Solve does what the function Solve does.
func (solver *Solver) Solve(p Problem) Solution {
	s := Solution{Times: zeroTimes(&p)}
	b := &solver.builder
	b.begin(&p)
	candidates := b.trim()
	if len(candidates) == 0 {
		s.Optimal = true
		return s
	}
	nodes := p.nodes()
	parts := b.components(candidates)
	for i, part := range parts {
		s.add(part, b.solve(part, (nodes-s.Nodes)/(len(parts)-i)))
	}
	s.Optimal = s.Gain == s.Bound
	return s
}

// zeroTimes returns the times of a choice that applies nothing.
func zeroTimes(p *Problem) [][][]int64 {
	offers, columns := 0, 0
	for o := range p.Owners {
		offers += len(p.Owners[o].Offers)
		for f := range p.Owners[o].Offers {
			columns += len(p.Owners[o].Offers[f].Columns)
		}
	}
	byOwner, byOffer, byColumn := make([][][]int64, len(p.Owners)), make([][]int64, offers), make([]int64, columns)
	for o := range p.Owners {
		n := len(p.Owners[o].Offers)
		byOwner[o], byOffer = byOffer[:n:n], byOffer[n:]
		for f := range byOwner[o] {
			n := len(p.Owners[o].Offers[f].Columns)
			byOwner[o][f], byColumn = byColumn[:n:n], byColumn[n:]
		}
	}
	return byOwner
}

// answer is the solution of a component.
type answer struct {
	times       []int64 // of its candidates
	gain, bound int64
	nodes       int
}

// add enters the answer for a component.
func (s *Solution) add(part []candidate, a answer) {
	for i, c := range part {
		s.Times[c.owner][c.offer][c.column] = a.times[i]
	}
	s.Gain += a.gain
	s.Bound += a.bound
	s.Nodes += a.nodes
}

// solve solves a component with a budget of nodes.
func (b *builder) solve(part []candidate, nodes int) answer {
	a := b.solveTogether(part, nodes)
	if a.gain < a.bound && part[0].owner != part[len(part)-1].owner {
		if times, gain := b.inTurn(part); gain > a.gain {
			a.times, a.gain = times, gain
		}
	}
	return a
}

func (b *builder) solveTogether(part []candidate, nodes int) answer {
	if len(part) == 1 && b.p.Owners[part[0].owner].Offers[part[0].offer].Rank == nil {
		return b.single(part[0])
	}
	m := b.build(part)
	small := len(m.rows)*len(m.columns) <= maxRelaxation
	p := newPrices(m)
	if small {
		l := &b.relaxation
		l.load(m)
		l.solve()
		p.round(m, l)
	} else {
		p.share(m)
	}
	p.settle(m)
	a := answer{bound: min(p.bound/m.lightest, m.most)}
	worth := a.take(m, start(m, &p))
	if nodes = min(nodes, b.p.nodes()*max(m.bits(), leastBits)/wholeBits); small && p.bound <= maxBound && nodes >= fewNodes {
		a.deepen(m, &p, p.bound-worth-m.step, nodes)
	}
	return a
}

// maxRelaxation is the largest size, rows by columns, of a relaxation that is
// solved; it takes a few milliseconds. Larger components are not searched.
const maxRelaxation = 100_000

// A search of fewer than fewNodes nodes is not worth its preparation. A component
// whose states have fewer than wholeBits bits may use only so much less of the
// whole budget, as if it had leastBits at the least: where that does not prove it,
// pick rules keep its bound out of reach, and only a search through most of its
// choices would.
const (
	fewNodes  = 16
	leastBits = 16
	wholeBits = 40
)

// maxBound is the highest bound with which losses are sure to fit 64 bits.
const maxBound = 1 << 62

// take makes the choice the answer's and returns its worth.
func (a *answer) take(m *model, times []int64) (worth int64) {
	a.times = times
	worth, a.gain = m.value(times)
	return worth
}

// deepen searches for choices that are better than a's, which is to say that they
// lose no more than gap. It begins with those that lose an eighth of that and
// doubles the loss until there are some, of which the best is then the best of
// all: the work grows so fast with the loss that the passes before the last cost
// little (iterative deepening, Korf 1985). A pass that comes to an end without
// any lowers the bound.
func (a *answer) deepen(m *model, p *prices, gap int64, nodes int) {
	if gap >= 0 && m.plentiful() {
		gap = a.approach(m, p, gap, nodes/4)
	}
	const few = 16 // columns for which passes cost more than they save
	shift := 3
	if len(m.columns) <= few {
		shift = 0
	}
	for ; shift >= 0 && gap >= 0; shift-- {
		allowed := gap >> shift
		s := newSearch(m, p, allowed, math.MaxInt64)
		done := a.pass(s, nodes-a.nodes)
		switch {
		case !done:
			return
		case s.found:
			a.bound = a.gain
			return
		}
		a.bound = min(a.bound, (p.bound-allowed-1)/m.lightest)
	}
	a.bound = a.gain
}

// approach looks for a better choice close to the relaxation and returns the gap
// that is left. Where columns can be applied many times, most choices are far
// from it, and the passes of deepen find few of the good ones before they have
// spent their nodes.
func (a *answer) approach(m *model, p *prices, gap int64, nodes int) int64 {
	s := newSearch(m, p, gap, 1)
	a.pass(s, nodes)
	return s.allowed
}

// pass runs a search, takes the choice that it found, and reports whether it came
// to an end.
func (a *answer) pass(s *search, nodes int) bool {
	done := s.run(nodes)
	a.nodes += s.nodes
	if s.found {
		a.take(s.m, s.best)
	}
	return done
}

// single solves a component of one column: it is applied as often as it goes, but
// not more often than what reaches the cap.
func (b *builder) single(c candidate) answer {
	owner := &b.p.Owners[c.owner]
	gain, limit := c.in(b.p).Gain, b.owners[c.owner].cap
	times := min(c.most, owner.Times, owner.Offers[c.offer].Times, owner.Budget/gain, ceilDiv(limit, gain))
	total := min(mul(gain, times), limit)
	return answer{times: []int64{times}, gain: total, bound: total}
}
