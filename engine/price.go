package engine

// Price works out what the cart costs under the ruleset. It is a pure function:
// it reads no clock and no state, so the same ruleset and request give the same
// quote, in whatever order the cart lists its lines and coupons. A cart that
// cannot be priced is a *CartError, one for which a plugin failed that must not a
// *PluginError.
func (r *Ruleset) Price(req Request) (Quote, error) { return r.PriceInto(new(QuoteMemory), req) }

// PriceInto is Price with the lists of the quote in the memory, for a quote that is
// thrown away before the memory is used again.
func (r *Ruleset) PriceInto(memory *QuoteMemory, req Request) (Quote, error) {
	p := r.pricing()
	defer p.release()
	if err := p.open(req); err != nil {
		return Quote{}, err
	}
	quote, err := p.answer(memory)
	if err != nil {
		return Quote{}, err
	}
	if req.Hints {
		quote.Hints = r.hints(req, quote)
	}
	if req.Explain {
		quote.Trace = quote.trace()
	}
	return quote, nil
}

// pricing is the state of one call of Price. It is used again for the next one,
// so that its buffers are; a quote has nothing of it.
//
// What open finds holds for the whole call. The rest is what one run through
// the steps makes of it: where promotions exclude each other there are several
// runs, of which the best is the answer.
type pricing struct {
	rules *Ruleset
	req   Request
	cart  *Cart
	scope *Scope
	call  uint64 // counts the uses, and marks what belongs to this one

	pausing bool // somebody has paused promotions

	coupons    []string    // normalised, sorted
	cartLines  []Line      // canonical
	shipments  []Item      // shipments as items
	lines      []lineState // of goods, then of shipments
	goods      int         // how many lines are goods
	lots       []lot       // of all lines, as they begin
	sets       []membership
	present    []int32 // sets of which the cart has items
	marks      []uint64
	steps      []int32 // those to run, in order
	candidates int     // how many of them can have an effect
	rivals     []int32 // promotions among them that may exclude each other
	rivalsOf   uint64  // the call that rivals was found in
	quantity   int64
	subtotal   Amount
	cap        Amount // on what is taken off the goods

	at         int    // the step at hand, an index into steps
	telling    bool   // the run notes why promotions have no effect
	round      uint64 // counts the runs, and marks what belongs to this one
	current    *Promotion
	total      Amount // of goods
	startTotal Amount // total when the promotion at hand began
	pledged    Amount // what a block is about to take off
	shipped    Amount // what is taken off the shipments
	worth      Amount // of the gifts
	gifts      []Gift
	awards     []AwardGiven
	outcomes   []outcome // by promotion
	accounts   []account
	applied    []int32 // promotions in the order of application
	failures   []pluginFailure
	changed    []int32 // lines whose prices are not those that the promotion at hand began with
	gap        Amount  // what better choices of applications could still save
	ruled      bool    // a conflict was decided by priority

	choices   choices
	groupMost []Amount // by group; see bounds.go
	block     block
	sharing   allocator
	slotted   []slot // of the step at hand
	taken     []take // of the whole run
	carved    []lot  // of the line at hand
	split     []lot  // of lines that have more than they began with
	perLine   []Amount
}

// lineState is a line while it is being priced.
type lineState struct {
	item  *Item
	n     int64
	lots  []lot
	known *knownItem
}

// pricing returns one that is not in use.
func (r *Ruleset) pricing() *pricing {
	if p, ok := r.idle.Get().(*pricing); ok {
		return p
	}
	p := &pricing{rules: r, sets: make([]membership, len(r.sets)), outcomes: make([]outcome, len(r.promotions))}
	p.scope = &Scope{p: p}
	return p
}

// release keeps the buffers for another call, and nothing of the request.
func (p *pricing) release() {
	p.req, p.cart, p.gifts, p.awards = Request{}, nil, nil, nil
	clear(p.cartLines)
	clear(p.lines)
	clear(p.shipments)
	clear(p.failures[:cap(p.failures)])
	clear(p.accounts)
	p.rules.idle.Put(p)
}

// open finds out what the cart holds and which steps can have an effect on it.
func (p *pricing) open(req Request) error {
	p.call++
	p.req = req
	p.cart = &p.req.Cart
	if err := p.readLines(); err != nil {
		return err
	}
	p.coupons = normalizeCoupons(p.coupons[:0], req.Cart.Coupons)
	p.present = p.present[:0]
	p.meet()
	p.find()
	return nil
}

// openAfter opens the request that another ruleset has open, and takes over what does
// not depend on rules.
func (p *pricing) openAfter(other *pricing) {
	p.call++
	p.req = other.req
	p.cart = &p.req.Cart
	p.cartLines = append(p.cartLines[:0], other.cartLines...)
	p.shipments = append(p.shipments[:0], other.shipments...)
	p.makeLines()
	p.coupons = append(p.coupons[:0], other.coupons...)
	p.present = p.present[:0]
	for i := range p.goods {
		p.lines[i].known = p.rules.twinOf(other.lines[i].known)
	}
	p.enterSets()
	p.find()
}

// readLines makes lines of the cart's goods and shipments.
func (p *pricing) readLines() error {
	var err error
	if p.cartLines, err = p.cart.canonicalLines(p.cartLines[:0]); err != nil {
		return err
	}
	if p.shipments, err = p.cart.Shipping.canonical(p.shipments[:0]); err != nil {
		return err
	}
	p.makeLines()
	return nil
}

// makeLines makes lines of the canonical ones and of the shipments.
func (p *pricing) makeLines() {
	p.goods = len(p.cartLines)
	n := p.goods + len(p.shipments)
	p.lines, p.lots = zeroed(p.lines, n), zeroed(p.lots, n)
	p.quantity, p.subtotal = 0, 0
	for i, line := range p.cartLines {
		p.lines[i] = lineState{item: line.Item, n: line.Quantity}
		p.quantity += line.Quantity
		p.subtotal += line.Item.Price * Amount(line.Quantity)
	}
	for i := range p.shipments {
		p.lines[p.goods+i] = lineState{item: &p.shipments[i], n: 1}
	}
}

// begin makes the state that of a cart before promotions.
func (p *pricing) begin() {
	p.round++
	for i := range p.lines {
		line := &p.lines[i]
		p.lots[i] = lot{n: line.n, price: line.item.Price, base: line.item.Price}
		line.lots = p.lots[i : i+1 : i+1]
	}
	p.gifts, p.awards, p.applied, p.taken = nil, nil, p.applied[:0], p.taken[:0]
	p.accounts, p.changed, p.split = p.accounts[:0], p.changed[:0], p.split[:0]
	p.total, p.startTotal, p.shipped, p.worth = p.subtotal, p.subtotal, 0, 0
	p.gap, p.ruled, p.failures = 0, false, p.failures[:0]
	p.cap = p.cartCap()
}

// cartCap is what the policy lets all promotions together take off the goods.
func (p *pricing) cartCap() Amount {
	limit, policy := MaxAmount, &p.rules.policy
	if policy.Cap != nil {
		if _, given := policy.Cap.Value(p.scope); given {
			limit = p.amount(policy.Cap)
		}
	}
	if policy.CapPercent != nil {
		part, _ := mul64(uint64(p.subtotal), uint64(p.percent(policy.CapPercent))).div(uint64(wholePercent))
		limit = min(limit, Amount(part.lo)) // rounded down, as a cap is not to be exceeded
	}
	return limit
}

// saving is what the run has saved the customer so far.
func (p *pricing) saving() Amount { return p.subtotal - p.total + p.shipped + p.worth }

// runAll runs the steps, group by group. It stops early when the choices turn
// out to be of no use.
func (p *pricing) runAll() {
	p.begin()
	for first := 0; first < len(p.steps) && !p.choices.cut; {
		s := &p.rules.steps[p.steps[first]]
		end := first + 1
		for end < len(p.steps) {
			next := &p.rules.steps[p.steps[end]]
			if next.level != s.level || next.group != s.group {
				break
			}
			end++
		}
		p.at = first
		p.runGroup(p.rules.groups[s.group].Combine, p.steps[first:end])
		first = end
	}
}

// runGroup runs a group's steps of one level. Of groups that combine best or
// first, the promotions exclude each other, which is decided where all conflicts
// are.
func (p *pricing) runGroup(combine Combine, steps []int32) {
	if combine == CombineBestPerLine {
		p.runPerLine(steps)
		return
	}
	joint := p.rules.policy.Resolution == ResolveBest
	claimed, first := false, p.at
	for i, index := range steps {
		s := &p.rules.steps[index]
		if p.choices.cut {
			return
		}
		p.at = first + i
		switch {
		case len(s.claims) == 0:
			p.run(s)
		case !joint:
			p.runClaims(steps[i : i+1])
		case claimed:
		case p.leads(steps[i:]):
			claimed = true
			p.runClaims(steps[i:])
		case !p.choices.cut:
			p.runClaims(steps[i : i+1])
		}
	}
}

// run lets the deals of a step that claim nothing take effect.
func (p *pricing) run(s *step) {
	if s.simple && !p.telling && !p.pausing {
		// Nobody asks what became of it, so what its condition refuses is not noted.
		p.current = p.rules.promotions[s.promotion]
		if p.start(s); !s.when.Holds(p.scope) {
			return
		}
		p.outcome(s.promotion).state = eligible
	}
	out := p.outcome(s.promotion)
	switch {
	case p.leftAgain(s):
		out.state = left
	case p.beaten(s):
		out.state = barred
	case p.admit(s, out):
		p.runDeals(s, out)
	}
	p.finish(s)
}

func (p *pricing) runDeals(s *step, out *outcome) {
	for _, d := range s.deals {
		p.slotted = p.slotted[:0]
		proposed := d.propose(p)
		if p.settle(s.promotion, &proposed); out.state == left || p.choices.cut {
			return
		}
	}
}

// finish notes that nothing more will come of the promotion.
func (p *pricing) finish(s *step) {
	if s.last {
		p.outcome(s.promotion).finished = true
	}
}
