package engine

import "slices"

// lineOffer is what the promotions of a best_per_line group would do, each as if
// it were alone.
type lineOffer struct {
	step      *step
	proposals []proposal
	off       []Amount // by line
}

// runPerLine gives each line the promotion of the group that takes most off it.
// All see the same prices. What a promotion would take off a line that another
// one wins is not taken; gifts and awards belong to no line and are given.
func (p *pricing) runPerLine(steps []int32) {
	var offers []lineOffer
	for _, index := range steps {
		s := &p.rules.steps[index]
		out := p.outcome(s.promotion)
		if !p.admit(s, out) {
			p.finish(s)
			continue
		}
		offer := p.offerAlone(s)
		if offer.worthless() {
			for _, proposed := range offer.proposals {
				if out.state != effective {
					p.refuse(out, proposed)
				}
			}
			continue
		}
		if out.state == eligible {
			if !p.take(s.promotion, out) {
				if p.choices.cut {
					return
				}
				continue
			}
			out.state = chosen
		}
		offers = append(offers, offer)
	}
	winners := p.bestPerLine(offers)
	for i := range offers {
		p.settleLines(&offers[i], winners, int32(i), offers)
	}
	for _, index := range steps {
		p.finish(&p.rules.steps[index])
	}
}

// offerAlone works out what a step would do if it were the only one. Each of its
// deals finds what those before it have left to give.
func (p *pricing) offerAlone(s *step) lineOffer {
	o := lineOffer{step: s, off: make([]Amount, len(p.lines))}
	if len(s.claims) > 0 {
		o.add(p, together(p.proposeClaims(s)))
	}
	var before *trial
	for _, d := range s.deals {
		if n := len(o.proposals); n > 0 {
			if before == nil {
				before = p.begunTrial()
			}
			p.apply(o.proposals[n-1].takes)
		}
		p.slotted = p.slotted[:0]
		o.add(p, d.propose(p))
	}
	p.endTrial(before)
	return o
}

// add brings a proposal within the promotion's limits and adds it to the offer.
func (o *lineOffer) add(p *pricing, proposed proposal) {
	if proposed.reason == Applied {
		before := p.takenBy(p.outcome(o.step.promotion))
		for _, earlier := range o.proposals {
			before += offOf(earlier.takes)
		}
		p.fit(before, &proposed)
	}
	proposed.takes = inLineOrder(proposed.takes)
	for i := range proposed.takes {
		t := &proposed.takes[i]
		t.by = o.step.promotion + 1
		o.off[t.line] += t.off
	}
	o.proposals = append(o.proposals, proposed)
}

// together is what several deals do that use different units.
func together(proposals []proposal) proposal {
	all := refused(NoEffect)
	for _, proposed := range proposals {
		switch {
		case proposed.reason == Applied:
			all.takes, all.reason = append(all.takes, proposed.takes...), Applied
			all.applications += proposed.applications
		case all.reason != Applied:
			all = proposed
		}
	}
	return all
}

// trial is the state before deals are tried out.
type trial struct {
	lots           [][]lot
	total, shipped Amount
	changed        int
}

func (p *pricing) begunTrial() *trial {
	t := &trial{lots: make([][]lot, len(p.lines)), total: p.total, shipped: p.shipped, changed: len(p.changed)}
	for i := range p.lines {
		t.lots[i] = slices.Clone(p.lines[i].lots)
	}
	return t
}

// endTrial brings the state before it back; nil is none.
func (p *pricing) endTrial(t *trial) {
	if t == nil {
		return
	}
	for i := range p.lines {
		p.lines[i].lots = t.lots[i]
	}
	p.total, p.shipped, p.changed = t.total, t.shipped, p.changed[:t.changed]
}

func (o *lineOffer) worthless() bool {
	return !slices.ContainsFunc(o.proposals, func(p proposal) bool { return p.reason == Applied })
}

// bestPerLine returns, for each line, the offer that takes most off it, -1 for
// none. Ties go to the higher rank.
func (p *pricing) bestPerLine(offers []lineOffer) []int32 {
	winners := make([]int32, len(p.lines))
	for line := range winners {
		winners[line] = -1
		for i := range offers {
			best := winners[line]
			if off := offers[i].off[line]; off > 0 && (best < 0 || off > offers[best].off[line]) {
				winners[line] = int32(i)
			}
		}
	}
	return winners
}

// settleLines carries out what an offer does to the lines it has won.
func (p *pricing) settleLines(o *lineOffer, winners []int32, index int32, offers []lineOffer) {
	promotion := o.step.promotion
	out := p.outcome(promotion)
	p.current = p.rules.promotions[promotion]
	won := Amount(0)
	for line, off := range o.off {
		if winners[line] == index {
			won += off
		}
	}
	firstDeal := len(o.proposals) - len(o.step.deals)
	for i, proposed := range o.proposals {
		if proposed.reason != Applied {
			continue
		}
		switch {
		case proposed.given != nil && proposed.given.gift != nil:
			proposed = o.step.deals[i-firstDeal].propose(p) // another offer may have had the last one
		case proposed.given != nil:
		default:
			lost := func(t take) bool { return winners[t.line] != index }
			if proposed.takes = slices.DeleteFunc(slices.Clone(proposed.takes), lost); offOf(proposed.takes) == 0 {
				p.apply(proposed.takes) // claims, which the deals after it have seen
				continue
			}
		}
		p.settle(promotion, &proposed)
	}
	if out.state == chosen {
		out.state = eligible
		if won == 0 && out.reason != OutOfStock {
			p.refuse(out, p.outbid(o, winners, offers))
		}
	}
}

// outbid says which promotions won the lines that the offer would have made
// cheaper.
func (p *pricing) outbid(o *lineOffer, winners []int32, offers []lineOffer) proposal {
	var by []int32
	for line, off := range o.off {
		if off == 0 || winners[line] < 0 {
			continue
		}
		if winner := offers[winners[line]].step.promotion; winner != o.step.promotion && !slices.Contains(by, winner) {
			by = append(by, winner)
		}
	}
	slices.Sort(by)
	return proposal{reason: Displaced, obstacle: &obstacle{by: by}}
}
