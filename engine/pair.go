package engine

// Pair prices carts by two rulesets, such as one in force and a candidate. Where it
// is certain that nothing in which they differ can touch a cart, the cart is priced
// once. A Pair is safe for concurrent use.
type Pair struct {
	rulesets [2]*Ruleset
	alike    bool        // but for some promotions, they are the same
	own      [2][]uint64 // of each, the steps of promotions that the other has not
	coupons  bool        // some of those promotions need a coupon
}

// NewPair compares two rulesets by their Frame and by the Meaning of their
// promotions.
func NewPair(a, b *Ruleset) *Pair {
	p := &Pair{rulesets: [2]*Ruleset{a, b}, alike: a.frame != "" && a.frame == b.frame}
	for i, r := range p.rulesets {
		other := make(map[string]string)
		for _, promotion := range p.rulesets[1-i].promotions {
			other[promotion.ID] = promotion.Meaning
		}
		p.own[i] = make([]uint64, len(r.steps)/64+1)
		for s := range r.steps {
			promotion := r.promotions[r.steps[s].promotion]
			if meaning, has := other[promotion.ID]; !has || meaning == "" || meaning != promotion.Meaning {
				p.own[i][s/64] |= 1 << (s % 64)
				p.coupons = p.coupons || promotion.Coupon != Coupon{}
			}
		}
	}
	return p
}

// Price returns the quotes that Price of both rulesets gives, with their errors.
// Quotes that are the same may share memory: they must not be changed. Where memory
// is not nil, they are written there, and last until it is used again.
func (p *Pair) Price(req Request, memory *[2]QuoteMemory) (quotes [2]Quote, errs [2]error) {
	if memory == nil {
		memory = new([2]QuoteMemory)
	}
	if !p.alike || req.Explain || req.Hints || p.coupons && len(req.Cart.Coupons) > 0 {
		for i, r := range p.rulesets {
			quotes[i], errs[i] = r.Price(req)
		}
		return quotes, errs
	}
	first, second := p.rulesets[0].pricing(), p.rulesets[1].pricing()
	defer first.release()
	defer second.release()
	if err := first.open(req); err != nil {
		return quotes, [2]error{err, err}
	}
	second.openAfter(first)
	one, alone := first.idles(p.own[0])
	other, otherAlone := second.idles(p.own[1])
	quotes[0], errs[0] = first.answer(&memory[0])
	if one && other && (alone && otherAlone || len(first.choices.trail) == 0) {
		quotes[1], errs[1] = quotes[0], errs[0]
		quotes[1].Ruleset = p.rulesets[1].digest
		return quotes, errs
	}
	quotes[1], errs[1] = second.answer(&memory[1])
	return quotes, errs
}

// idles reports whether it is certain that the steps leave the cart as it is, and
// whether none of them is even among those that are run. Those that are run must have
// no rivals, and a condition that is false whatever promotions before have done, and
// must not stand among steps that claim units: what claims asks whether others follow
// it. Where there are none, the runs are those of a ruleset without these promotions.
// Where there are some, the first run is, but not how many runs a search for a way
// out of conflicts may take.
func (p *pricing) idles(steps []uint64) (idle, none bool) {
	none = true
	for w, word := range p.marks {
		none = none && word&steps[w] == 0
	}
	if none {
		return true, true
	}
	p.begin()
	for at, index := range p.steps {
		if steps[index/64]&(1<<(index%64)) != 0 && !p.idle(at) {
			return false, false
		}
	}
	return true, false
}

func (p *pricing) idle(at int) bool {
	s := &p.rules.steps[p.steps[at]]
	if s.when == nil || p.rules.rivalries[s.promotion].any || len(s.claims) > 0 {
		return false
	}
	for _, index := range p.steps {
		if t := &p.rules.steps[index]; t.level == s.level && t.group == s.group && len(t.claims) > 0 {
			return false
		}
	}
	p.current = p.rules.promotions[s.promotion]
	p.start(s)
	p.scope.readsTotals = false
	return !s.when.Holds(p.scope) && !p.scope.readsTotals
}

// answer prices the cart that has been opened, and writes the quote into the memory.
func (p *pricing) answer(m *QuoteMemory) (Quote, error) {
	p.search()
	if err := p.rejection(); err != nil {
		return Quote{}, err
	}
	return p.quote(m), nil
}
