package engine

import "slices"

// take decides whether a promotion that would have an effect may have it. It
// may not where a rival has had one. Where rivals are still to come, the search
// tries both.
func (p *pricing) take(promotion int32, out *outcome) bool {
	if !p.rules.rivalries[promotion].any {
		return true
	}
	met := p.meetRivals(promotion)
	switch {
	case met.refusal.blocked() && met.tentative && p.chooseTentatively(promotion):
		return true
	case met.refusal.blocked():
		if !met.earned {
			p.choices.doubtful = append(p.choices.doubtful, promotion)
		}
		p.refuse(out, met.refusal)
		return false
	case !met.open || p.choose(promotion, met.byPriority):
		return true
	default:
		out.state = left
		return false
	}
}

// meeting is how a promotion stands to its rivals when it is about to have an
// effect.
type meeting struct {
	// refusal names those that stand in its way. They have earned it where one
	// has had an effect and ranks no lower where ranks decide; tentative says
	// that all of them are only about to have one.
	refusal           proposal
	earned, tentative bool
	// open says that some are still to come, byPriority that one ranks higher.
	open, byPriority bool
}

func (p *pricing) meetRivals(promotion int32) meeting {
	met := meeting{tentative: true}
	for _, rival := range p.contenders() {
		other := p.outcome(rival)
		if rival == promotion || other.state == barred || other.state == left || other.standing != Applied {
			continue
		}
		clash := p.rules.clashOf(promotion, rival)
		outranks := clash.byPriority && promotion < rival
		switch {
		case clash.reason == 0:
		case other.state == chosen || other.state == effective:
			p.ruled = p.ruled || clash.byPriority
			met.earned = met.earned || other.state == effective && !outranks
			met.tentative = met.tentative && other.state == chosen
			met.refusal = met.refusal.blockedBy(clash.reason, rival)
		case !other.finished && !outranks:
			met.open, met.byPriority = true, met.byPriority || clash.byPriority
		}
	}
	return met
}

// blockedBy adds a rival that stands in the way. A rule that excludes weighs
// more than a better offer.
func (r proposal) blockedBy(reason Reason, rival int32) proposal {
	if r.reason != Excluded {
		r.reason = reason
	}
	if r.obstacle == nil {
		r.obstacle = new(obstacle)
	}
	r.obstacle.by = append(r.obstacle.by, rival)
	return r
}

// contenders are the promotions of the call that have rivals and may act.
func (p *pricing) contenders() []int32 {
	if p.rivalsOf == p.call {
		return p.rivals
	}
	p.rivalsOf, p.rivals = p.call, p.rivals[:0]
	for _, s := range p.steps {
		promotion := p.rules.steps[s].promotion
		if p.isCandidate(s) && p.rules.rivalries[promotion].any && p.outcome(promotion).standing == Applied {
			p.rivals = append(p.rivals, promotion)
		}
	}
	slices.Sort(p.rivals)
	p.rivals = slices.Compact(p.rivals)
	return p.rivals
}

// closeChoices gives the promotions that were left out their reason, and
// reports whether each of them, and each of the doubtful, made room for a rival
// that had an effect.
func (p *pricing) closeChoices() bool {
	for _, promotion := range p.contendersLeft() {
		refusal, justified := p.winnersOver(promotion)
		if !justified && !p.choices.lenient {
			return false
		}
		p.refuse(p.outcome(promotion), refusal)
	}
	return p.choices.lenient || !slices.ContainsFunc(p.choices.doubtful, func(promotion int32) bool {
		_, justified := p.winnersOver(promotion)
		return !justified
	})
}

// winnersOver returns why a promotion gave way to those that had an effect, and
// whether it had to.
func (p *pricing) winnersOver(promotion int32) (refusal proposal, justified bool) {
	for _, winner := range p.applied {
		met := p.rules.clashOf(promotion, winner)
		if met.reason == 0 || winner == promotion {
			continue
		}
		refusal = refusal.blockedBy(met.reason, winner)
		p.ruled = p.ruled || met.byPriority
		justified = justified || !met.byPriority || winner < promotion
	}
	return refusal, justified
}

// contendersLeft are the promotions that decisions have left out.
func (p *pricing) contendersLeft() []int32 {
	var out []int32
	for _, d := range p.choices.trail[:p.choices.asked] {
		if !d.taken {
			out = append(out, d.promotion)
		}
	}
	return out
}
