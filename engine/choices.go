package engine

import (
	"cmp"
	"slices"
)

// maxRuns is how many runs through the steps one quote may take to find the best
// way out of the conflicts between promotions, and maxWork how many visits of a
// step to a line, which bounds the runs of large carts; fewRuns are always taken.
// They count work, not time, so that a quote does not depend on the machine.
const (
	maxRuns = 2000
	maxWork = 2_000_000
	fewRuns = 16
)

// runsAllowed is how many runs this call may take.
func (p *pricing) runsAllowed() int {
	visits := max(1, p.candidates*max(1, len(p.lines)))
	return min(maxRuns, max(fewRuns, maxWork/visits))
}

// choices are the decisions about promotions that exclude each other. A run asks
// for them in a fixed order; the search runs again and again, each time with the
// last decision that still has another side turned over, until all that could be
// better has been seen. It is depth-first branch and bound by replay.
type choices struct {
	trail []decision
	asked int // how many decisions the run has asked for
	// doubtful are promotions that had to give way to a lower rank, or to one
	// that has had no effect so far.
	doubtful []int32
	// cut says that the run cannot be better than the best, or breaks a rule.
	cut bool
	// lenient lets a lower rank win where that is the only way out: the higher
	// one has an effect only because of the lower.
	lenient bool
	// bounds are, for each step of the call, the most that it can take off.
	bounds []Amount
	best   leaf
	runs   int
	// open is the most that what has not been seen can save.
	open Amount
}

// decision says whether a promotion that has rivals still to come takes effect.
type decision struct {
	promotion  int32
	taken      bool
	turned     bool // the other side has been seen
	byPriority bool
	// stands says of a promotion left for a higher rank that there is a run that
	// breaks no rule in which that one has an effect.
	stands bool
	// tentative says that the promotion gave way to some that were only about to
	// have an effect, lost that none of them had one.
	tentative, lost bool
}

// leaf is the result of a run.
type leaf struct {
	found   bool
	saving  Amount
	reach   Amount  // saving, and what better applications could still add
	winners []int32 // effective promotions that have rivals, by rank
	trail   []decision
}

// search runs through the steps as often as conflicts need it, and leaves the
// state of the best run.
func (p *pricing) search() {
	c := &p.choices
	c.trail, c.best = c.trail[:0], leaf{winners: c.best.winners[:0], trail: c.best.trail[:0]}
	c.runs, c.open, c.bounds = 0, 0, c.bounds[:0]
	p.telling = p.req.Explain
	p.runOnce()
	if len(c.trail) == 0 {
		c.best.found, c.best.saving, c.best.reach = true, p.saving(), p.saving()+p.gap
		return
	}
	p.judge()
	p.boundSteps()
	p.telling = false // only the last run is told of
	for c.turn() {
		if c.runs >= p.runsAllowed() {
			c.open = max(c.open, p.mostOfAll())
			break
		}
		p.runOnce()
		p.judge()
	}
	c.bounds = c.bounds[:0]
	c.trail = append(c.trail[:0], c.best.trail...)
	c.lenient = !c.best.found
	p.telling = p.req.Explain
	p.runOnce()
	if c.lenient {
		p.judge()
	}
	c.lenient = false
}

func (p *pricing) runOnce() {
	c := &p.choices
	c.asked, c.cut, c.doubtful = 0, false, c.doubtful[:0]
	c.runs++
	p.runAll()
	p.noteLost()
	if !c.cut {
		c.cut = p.clashes() || !p.closeChoices()
	}
}

// turn goes back to the last decision whose other side has not been seen, and
// turns it over. What priority decides is only turned over where no higher rank can
// have an effect.
func (c *choices) turn() bool {
	for n := len(c.trail); n > 0; n = len(c.trail) {
		if last := &c.trail[n-1]; !last.turned && !last.stands && (!last.tentative || last.lost) {
			last.turned, last.taken = true, !last.taken
			return true
		}
		c.trail = c.trail[:n-1]
	}
	return false
}

// judge compares the run with the best so far.
func (p *pricing) judge() {
	c := &p.choices
	if c.cut {
		return
	}
	p.letStand()
	run := leaf{found: true, saving: p.saving(), reach: p.saving() + p.gap}
	for _, i := range p.applied {
		if p.rules.rivalries[i].any {
			run.winners = append(run.winners, i)
		}
	}
	slices.Sort(run.winners)
	c.open = max(c.open, run.reach)
	if !c.best.found || run.better(&c.best) {
		run.trail = append(c.best.trail[:0], c.trail...)
		c.best = run
	}
}

// letStand notes which decisions of a valid run the higher rank has earned.
func (p *pricing) letStand() {
	for i := range p.choices.trail {
		d := &p.choices.trail[i]
		if !d.byPriority || d.taken {
			continue
		}
		d.stands = d.stands || slices.ContainsFunc(p.applied, func(winner int32) bool {
			return winner < d.promotion && p.rules.clashOf(d.promotion, winner).byPriority
		})
	}
}

// better reports whether the run is preferred: by what it saves, then by whose
// winners rank higher.
func (l *leaf) better(than *leaf) bool {
	return cmp.Or(cmp.Compare(l.saving, than.saving), byRank(l.winners, than.winners)) > 0
}

// byRank compares winners, sorted: the first difference decides for the higher
// rank, which is the lower index, and more winners are better than fewer.
func byRank(a, b []int32) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return cmp.Compare(b[i], a[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// choose answers the run's next decision. A new one is taken first, or left
// where that is a matter of priority and a higher rank is still to come.
func (p *pricing) choose(promotion int32, byPriority bool) bool {
	c := &p.choices
	n := c.asked
	c.asked++
	if n == len(c.trail) {
		c.trail = append(c.trail, decision{promotion: promotion, taken: !byPriority || c.lenient, byPriority: byPriority})
	}
	d := &c.trail[n]
	if n == len(c.trail)-1 && c.best.found && len(c.bounds) > 0 && !c.undecided() && p.hopeless(promotion, d.taken) {
		c.cut = true
	}
	return d.taken
}

// leftAgain reports whether the promotion of the step is left out as it was in
// the run before. Then what it would do need not be worked out again.
func (p *pricing) leftAgain(s *step) bool {
	c := &p.choices
	if c.asked >= len(c.trail)-1 || !s.only || !p.rules.rivalries[s.promotion].settled {
		return false // the last decision is what has been turned over
	}
	if d := &c.trail[c.asked]; d.promotion != s.promotion || d.taken || d.tentative {
		return false
	}
	c.asked++
	return true
}

// beaten reports whether a rival that has had an effect keeps the promotion of
// the step from having one. Where nobody asks, what it would have done need not
// be worked out.
func (p *pricing) beaten(s *step) bool {
	rivalry := &p.rules.rivalries[s.promotion]
	if p.telling || !rivalry.any || !rivalry.settled || !s.only || p.rules.promotions[s.promotion].Coupon != (Coupon{}) {
		return false
	}
	return slices.ContainsFunc(p.applied, func(winner int32) bool {
		return p.rules.clashOf(s.promotion, winner).reason != 0
	})
}

// undecided reports whether it is still open if a decision of the run by priority
// stands. Then what matters is whether there is a valid run, not what it saves.
func (c *choices) undecided() bool {
	return slices.ContainsFunc(c.trail[:c.asked], func(d decision) bool { return d.byPriority && !d.turned && !d.stands })
}

// chooseTentatively lets a promotion in beside rivals that are about to have an
// effect, which is of use only where they then have none.
func (p *pricing) chooseTentatively(promotion int32) bool {
	c := &p.choices
	n := c.asked
	c.asked++
	if n == len(c.trail) {
		c.trail = append(c.trail, decision{promotion: promotion, tentative: true})
	}
	return c.trail[n].taken
}

// noteLost marks the tentative decisions of the run that turned out to be for
// nothing.
func (p *pricing) noteLost() {
	c := &p.choices
	for i := range c.trail[:c.asked] {
		d := &c.trail[i]
		if !d.tentative || d.taken || d.lost {
			continue
		}
		_, justified := p.winnersOver(d.promotion)
		pending := slices.ContainsFunc(p.contenders(), func(rival int32) bool {
			return rival != d.promotion && p.outcome(rival).state == chosen && p.rules.clashOf(d.promotion, rival).reason != 0
		})
		d.lost = !justified && !pending
	}
}

// clashes reports whether two promotions that were let in side by side have both
// had an effect.
func (p *pricing) clashes() bool {
	for _, d := range p.choices.trail[:p.choices.asked] {
		if d.tentative && d.taken && slices.Contains(p.applied, d.promotion) {
			if refusal, _ := p.winnersOver(d.promotion); refusal.blocked() {
				return true
			}
		}
	}
	return false
}
