package engine

import "math/bits"

// find lists the steps that can have an effect. Where every promotion is to be
// explained all steps are run, but the others are still no candidates.
func (p *pricing) find() {
	p.pausing = len(p.req.Paused) > 0
	posted := p.rules.postingsAt(p.req.At)
	p.marks = zeroed(p.marks, len(p.rules.steps)/64+1)
	p.mark(posted.always)
	for _, set := range p.present {
		p.mark(posted.bySet[set])
	}
	for _, code := range p.coupons {
		p.mark(posted.byCode[code])
		if len(posted.byPool) > 0 {
			p.mark(posted.byPool[p.req.Usage.Codes[code].Pool])
		}
	}
	if len(posted.byFact) > 0 {
		p.facts(func(f Fact) { p.mark(posted.byFact[f]) })
	}
	if p.pausing {
		p.unmarkPaused()
	}
	p.steps, p.candidates = p.steps[:0], 0
	for w, word := range p.marks {
		p.candidates += bits.OnesCount64(word)
		for ; word != 0 && !p.req.Explain; word &= word - 1 {
			p.steps = append(p.steps, int32(w*64+bits.TrailingZeros64(word)))
		}
	}
	if p.req.Explain {
		for i := range p.rules.steps {
			p.steps = append(p.steps, int32(i))
		}
	}
}

// isCandidate reports whether the step can have an effect.
func (p *pricing) isCandidate(step int32) bool { return p.marks[step/64]&(1<<(step%64)) != 0 }

func (p *pricing) mark(steps []int32) {
	for _, s := range steps {
		p.marks[s/64] |= 1 << (s % 64)
	}
}

// unmarkPaused leaves out the steps of promotions that are paused.
func (p *pricing) unmarkPaused() {
	for w := range p.marks {
		for word := p.marks[w]; word != 0; word &= word - 1 {
			bit := bits.TrailingZeros64(word)
			promotion := p.rules.promotions[p.rules.steps[w*64+bit].promotion]
			if p.req.Paused.Hold(promotion.ID, p.req.At) {
				p.marks[w] &^= 1 << bit
			}
		}
	}
}

// facts yields the facts of the cart that are not sets.
func (p *pricing) facts(yield func(Fact)) {
	for _, g := range p.cart.Customer.Groups {
		yield(Fact{Kind: InCustomerGroup, Text: g})
	}
	for _, t := range p.cart.Customer.Tags {
		yield(Fact{Kind: HasCustomerTag, Text: t})
	}
	yield(Fact{Kind: OnChannel, Text: p.cart.Channel})
	yield(Fact{Kind: ShipsTo, Text: p.cart.Shipping.Country})
	yield(Fact{Kind: ShipsBy, Text: p.cart.Shipping.Method()})
	yield(Fact{Kind: PaidBy, Text: p.cart.Payment})
}
