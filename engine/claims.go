package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/checkout-promotions/checkout/engine/optimum"
)

// block is the deals of one group that compete for units, while they are being
// settled together.
type block struct {
	members []member
	offers  []offer
	kinds   []kind
	fits    [][]int // of each part, the kinds that it may use
	free    []slot  // that kinds are made of
	// lineMasks are, for each line, the parts that may use its units, as bits.
	lineMasks []uint64
	columns   []column
	uses      []use
	ranks     []int32 // those of the offers
	solver    optimum.Solver
	wanted    []bool           // kinds that sampled members may use
	units     []int64          // of each kind, as the problem has them
	given     []optimum.Column // the columns as the problem has them
	taken     []optimum.Use    // the uses of these
	lister    lister
	scratch   []slot
	pending   []take
	sorted    []take // the pending ones in the order of lines
	places    []int  // of each line's next among them
}

// member is a promotion of the block.
type member struct {
	step       *step
	first, end int  // of its offers
	owner      int  // in the problem, -1 for none
	sampled    bool // it competes with offers of which only some columns are listed
}

// offer is a deal of a member.
type offer struct {
	terms      terms
	part       int     // the first of its parts, of those of the block
	valid      bool    // the terms leave something to do
	idle       bool    // it cannot be applied to the cart
	possible   bool    // there are units for an application
	first, end int     // of its columns
	all        bool    // the columns are all there are
	settled    bool    // how often each is used is decided
	rank       []int32 // of each kind in the pick, for offers that have one
	bound      Amount
}

// runClaims settles the claiming deals of the steps together: every one sees the
// same prices, and the applications are chosen that save most.
func (p *pricing) runClaims(steps []int32) {
	b := &p.block
	b.clear()
	for _, index := range steps {
		if s := &p.rules.steps[index]; len(s.claims) > 0 {
			p.join(s)
		}
	}
	p.listApplications()
	out := false
	for i := range b.members {
		out = !p.contest(&b.members[i]) || out
		if p.choices.cut {
			return
		}
	}
	for out {
		out = p.listOnce() // as if those that are out had never been there
	}
	p.chooseApplications()
	p.settleBlock()
}

// leads reports whether the first of the steps, which claims, is the place where
// those of its group are settled: it is, if it could be applied there. So a
// promotion that has no effect on the cart does not move the others. Where
// nothing but claiming deals follows, it does not matter.
func (p *pricing) leads(steps []int32) bool {
	if !slices.ContainsFunc(steps, func(index int32) bool { return len(p.rules.steps[index].deals) > 0 }) {
		return true
	}
	b := &p.block
	b.clear()
	p.join(&p.rules.steps[steps[0]])
	p.listApplications()
	p.contest(&b.members[0])
	return !p.choices.cut && b.hasColumns(&b.members[0])
}

// listApplications finds out what each offer of the block could do.
func (p *pricing) listApplications() {
	for _, m := range p.block.members {
		for i := m.first; i < m.end; i++ {
			o := &p.block.offers[i]
			o.idle = !o.valid || p.lacksUnits(o)
		}
	}
	for p.listOnce() {
	}
}

// listOnce lists the applications of the offers that are not known to be idle,
// and reports whether others have turned out to be. Those must not part units
// that are alike for the rest: what has no effect changes nothing.
func (p *pricing) listOnce() (again bool) {
	b := &p.block
	b.kinds, b.columns, b.uses, b.ranks = b.kinds[:0], b.columns[:0], b.uses[:0], b.ranks[:0]
	p.classify()
	busy := b.busy()
	for _, m := range b.members {
		p.current = p.rules.promotions[m.step.promotion]
		for i := m.first; i < m.end; i++ {
			o := &b.offers[i]
			if o.idle {
				continue
			}
			p.listColumns(i, busy)
			if o.first == o.end && o.all {
				o.idle, again = true, true
			}
		}
	}
	return again && len(b.offers) > 1
}

// lacksUnits reports whether the cart has too few units for a part of the offer.
func (p *pricing) lacksUnits(o *offer) bool {
	return slices.ContainsFunc(o.terms.parts, func(part part) bool {
		units := p.quantity
		if !part.of.Order {
			units = p.members(part.of.Set).quantity
		}
		return units < max(1, part.quantity)
	})
}

// busy is how many offers there are that are not idle.
func (b *block) busy() int {
	n := 0
	for i := range b.offers {
		if !b.offers[i].idle {
			n++
		}
	}
	return n
}

// proposeClaims works out what the claiming deals of a step would do if it were
// the only one.
func (p *pricing) proposeClaims(s *step) []proposal {
	b := &p.block
	b.clear()
	p.join(s)
	p.listApplications()
	p.chooseApplications()
	var proposals []proposal
	for i := range b.offers {
		proposed := p.proposeOffer(&b.offers[i])
		if proposed.reason != Applied && p.explains() && b.offers[i].valid {
			proposed = p.whyNot(&b.offers[i], s.promotion)
		}
		proposals = append(proposals, proposed)
	}
	return proposals
}

func (b *block) clear() {
	b.members, b.offers, b.kinds = b.members[:0], b.offers[:0], b.kinds[:0]
	b.columns, b.uses = b.columns[:0], b.uses[:0]
}

// join adds a step to the block.
func (p *pricing) join(s *step) {
	b := &p.block
	m := member{step: s, first: len(b.offers), owner: -1}
	if p.admit(s, p.outcome(s.promotion)) {
		for _, d := range s.claims {
			t, ok := d.terms(p)
			b.offers = append(b.offers, offer{terms: t, part: b.parts(), valid: ok && t.times > 0, all: true})
		}
	}
	m.end = len(b.offers)
	b.members = append(b.members, m)
}

// contest decides about a member that has rivals, if it would have an effect
// alone.
func (p *pricing) contest(m *member) (in bool) {
	out := p.outcome(m.step.promotion)
	if out.state != eligible || !p.rules.rivalries[m.step.promotion].any || !p.block.hasColumns(m) {
		return true
	}
	p.current = p.rules.promotions[m.step.promotion]
	if p.take(m.step.promotion, out) {
		out.state = chosen
		return true
	}
	for i := m.first; i < m.end; i++ {
		p.block.offers[i].idle = true
	}
	m.end = m.first
	return false
}

func (b *block) hasColumns(m *member) bool {
	for _, o := range b.offers[m.first:m.end] {
		if o.end > o.first {
			return true
		}
	}
	return false
}

// chooseApplications finds the applications that save most, and how far that is
// proven. The members that compete, directly or by way of others, with an offer
// of which only some applications are listed are settled apart from the rest, so
// that they alone are not proven.
func (p *pricing) chooseApplications() {
	b := &p.block
	problem := optimum.Problem{Units: b.units[:0]}
	for i := range b.kinds {
		problem.Units = append(problem.Units, b.kinds[i].n)
	}
	b.units, b.given, b.taken = problem.Units, b.given[:0], b.taken[:0]
	b.markSampled()
	p.solve(problem, false)
	problem.Nodes = sampledNodes
	p.solve(problem, true)
}

// solve settles the members that compete with sampled offers, or those that do
// not.
func (p *pricing) solve(problem optimum.Problem, sampled bool) {
	b := &p.block
	bound := Amount(0)
	for i := range b.members {
		m := &b.members[i]
		if m.owner = -1; m.sampled != sampled || slices.ContainsFunc(b.offers[m.first:m.end], func(o offer) bool { return o.settled }) {
			continue
		}
		if b.hasColumns(m) {
			m.owner = len(problem.Owners)
			problem.Owners = append(problem.Owners, p.ownerOf(m))
		}
		for _, o := range b.offers[m.first:m.end] {
			if !o.idle { // it may gain something though no sampled application does
				bound = capped(bound + o.bound)
			}
		}
	}
	solution := b.solver.Solve(problem)
	if !sampled {
		bound = Amount(solution.Bound)
	}
	p.gap += max(0, bound-Amount(solution.Gain))
	for i := range b.members {
		if m := &b.members[i]; m.owner >= 0 {
			b.noteTimes(m, solution.Times[m.owner])
		}
	}
}

// markSampled notes which members compete with offers that are sampled, directly
// or by way of others: those that use a kind of unit that such a member uses.
func (b *block) markSampled() {
	b.wanted = zeroed(b.wanted, len(b.kinds))
	for again := true; again; {
		again = false
		for i := range b.members {
			if m := &b.members[i]; !m.sampled && b.touchesSampled(m) {
				m.sampled, again = true, true
				b.eachKind(m, func(k int) bool { b.wanted[k] = true; return true })
			}
		}
	}
}

// touchesSampled reports whether a member has a sampled offer, or could use units
// that a member which was found to be sampled could use.
func (b *block) touchesSampled(m *member) bool {
	if slices.ContainsFunc(b.offers[m.first:m.end], func(o offer) bool { return !o.all }) {
		return true
	}
	return !b.eachKind(m, func(k int) bool { return !b.wanted[k] })
}

// eachKind calls f for the kinds that a member may use until it returns false, and
// reports whether it never did.
func (b *block) eachKind(m *member, f func(kind int) bool) bool {
	for i := m.first; i < m.end; i++ {
		for j := range b.offers[i].terms.parts {
			for _, k := range b.fits[b.offers[i].part+j] {
				if !f(k) {
					return false
				}
			}
		}
	}
	return true
}

func (b *block) noteTimes(m *member, times [][]int64) {
	next := 0
	for i := m.first; i < m.end; i++ {
		o := &b.offers[i]
		if o.first == o.end {
			continue
		}
		for j, n := range times[next] {
			b.columns[o.first+j].times = n
		}
		next++
	}
}

// ownerOf writes a member as an owner of the problem.
func (p *pricing) ownerOf(m *member) optimum.Owner {
	p.current = p.rules.promotions[m.step.promotion]
	owner := optimum.Owner{Times: math.MaxInt64, Cap: math.MaxInt64, Budget: math.MaxInt64}
	if limit := p.current.Limits.MaxDiscount; limit != nil {
		owner.Cap = int64(p.amount(limit))
	}
	if p.current.Limits.Budget != nil {
		owner.Budget = int64(p.budgetLeft(p.current))
	}
	b := &p.block
	for i := m.first; i < m.end; i++ {
		o := &b.offers[i]
		if o.first == o.end {
			continue
		}
		problem := optimum.Offer{Times: o.terms.times, Columns: allot(&b.given, o.end-o.first)}
		if o.terms.ranked {
			problem.Rank = o.rank
		}
		for _, c := range b.columns[o.first:o.end] {
			problem.Columns = append(problem.Columns, b.asColumn(c))
		}
		owner.Offers = append(owner.Offers, problem)
	}
	return owner
}

func (b *block) asColumn(c column) optimum.Column {
	used := allot(&b.taken, c.end-c.first)
	for _, u := range b.uses[c.first:c.end] {
		i, found := slices.BinarySearchFunc(used, u.kind, func(x optimum.Use, kind int) int { return cmp.Compare(x.Type, kind) })
		if found {
			used[i].N += u.n
			continue
		}
		used = slices.Insert(used, i, optimum.Use{Type: u.kind, N: u.n})
	}
	return optimum.Column{Use: used, Gain: int64(c.gain), Reward: c.reward, Swap: c.swap, Kept: c.kept}
}

// settleBlock draws the units of the applications and carries them out.
func (p *pricing) settleBlock() {
	b := &p.block
	b.pending = b.pending[:0]
	for i := range b.members {
		m := &b.members[i]
		p.current = p.rules.promotions[m.step.promotion]
		for j := m.first; j < m.end; j++ {
			proposed := p.proposeOffer(&b.offers[j])
			takes := p.accept(m.step.promotion, &proposed)
			p.pledged += offOf(takes)
			b.pending = append(b.pending, takes...)
		}
	}
	p.pledged = 0
	p.apply(p.ordered(b.pending))
	for i := range b.members {
		m := &b.members[i]
		out := p.outcome(m.step.promotion)
		if out.state == chosen {
			out.state = eligible
		}
		p.explainClaims(m, out)
		if out.state == eligible || out.state == effective {
			p.current = p.rules.promotions[m.step.promotion]
			p.runDeals(m.step, out)
		}
		p.finish(m.step)
	}
}

// ordered returns the takes in the order of lines and lots, those of a lot in
// their own order. There are many, so they are counted out to the lines.
func (p *pricing) ordered(takes []take) []take {
	b := &p.block
	b.places = zeroed(b.places, p.goods+1)
	for i := range takes {
		b.places[takes[i].line+1]++
	}
	for line := range p.goods {
		b.places[line+1] += b.places[line]
	}
	b.sorted = zeroed(b.sorted, len(takes))
	for _, t := range takes {
		b.sorted[b.places[t.line]] = t
		b.places[t.line]++
	}
	return inLineOrder(b.sorted)
}

// proposeOffer makes takes of the applications chosen for an offer.
func (p *pricing) proposeOffer(o *offer) proposal {
	b := &p.block
	var takes []take
	var rewarded []slot // of an application
	var applications int64
	for i := o.first; i < o.end; i++ {
		c := &b.columns[i]
		if c.times == 0 {
			continue
		}
		applications += c.times
		rewarded = rewarded[:0]
		for _, u := range b.uses[c.first:c.end] {
			first := len(b.scratch)
			b.scratch = b.kinds[u.kind].draw(b.scratch, u.n*c.times)
			drawn := b.scratch[first:]
			if u.rewarded {
				rewarded = append(rewarded, drawn...)
				continue
			}
			for _, s := range drawn {
				takes = append(takes, s.give(0))
			}
		}
		takes = append(takes, p.payOut(&o.terms.reward, rewarded, c.gain*Amount(c.times))...)
	}
	b.scratch = b.scratch[:0]
	if applications == 0 {
		return refused(NoEffect)
	}
	for i := range takes {
		takes[i].claim = true
	}
	return accepted(takes, applications)
}

// payOut spreads what an offer's applications take off over the units they
// reward.
func (p *pricing) payOut(r *rewardTerms, slots []slot, off Amount) []take {
	switch {
	case r.kind == free:
		return offEach(slots, func(s slot) Amount { return s.room })
	case r.each && r.kind == amountOff:
		return offEach(slots, func(slot) Amount { return r.amount })
	case r.each && r.kind == atPrice:
		return offEach(slots, func(s slot) Amount { return s.price - r.amount })
	default:
		return p.spread(off, inOrder(slots))
	}
}

// mostOfClaim bounds what a claiming deal can take off list prices.
func (p *pricing) mostOfClaim(d claimer) Amount {
	most := Amount(0)
	t, _ := d.terms(p) // numbers that are missing now may be there later
	for _, part := range t.parts {
		if part.rewarded {
			most = capped(most + p.roomOf(part.of))
		}
	}
	return most
}
