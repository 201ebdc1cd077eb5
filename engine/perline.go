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
		if !p.admit(s.promotion, out) {
			p.finish(s)
			continue
		}
		offer := p.offerAlone(s)
		if offer.worthless() {
			for _, proposed := range offer.proposals {
				p.refuse(out, proposed)
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

// offerAlone works out what a step would do if it were the only one.
func (p *pricing) offerAlone(s *step) lineOffer {
	o := lineOffer{step: s, off: make([]Amount, len(p.lines))}
	if len(s.claims) > 0 {
		o.proposals = p.proposeClaims(s)
	}
	for _, d := range s.deals {
		p.slotted = p.slotted[:0]
		o.proposals = append(o.proposals, d.propose(p))
	}
	for _, proposed := range o.proposals {
		for i := range proposed.takes {
			o.off[proposed.takes[i].line] += proposed.takes[i].off
		}
	}
	return o
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
	var takes []take
	applications := int64(0)
	for _, proposed := range o.proposals {
		if proposed.reason != Applied {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(proposed.takes), func(t take) bool { return winners[t.line] != index })
		applications += proposed.applications
		takes = append(takes, kept...)
		if proposed.gift != nil || proposed.award != nil {
			proposed.takes = kept
			p.settle(promotion, proposed)
			takes = takes[:len(takes)-len(kept)]
		}
	}
	if offOf(takes) > 0 {
		p.settle(promotion, proposal{takes: takes, applications: applications, reason: Applied})
	}
	if out.state == chosen {
		out.state = eligible
		p.refuse(out, p.outbid(o, winners, offers))
	}
}

// outbid says which promotions won the lines that the offer would have made
// cheaper.
func (p *pricing) outbid(o *lineOffer, winners []int32, offers []lineOffer) proposal {
	refusal := refused(Displaced)
	for line, off := range o.off {
		if off == 0 || winners[line] < 0 {
			continue
		}
		if by := offers[winners[line]].step.promotion; by != o.step.promotion && !slices.Contains(refusal.by, by) {
			refusal.by = append(refusal.by, by)
		}
	}
	slices.Sort(refusal.by)
	return refusal
}
