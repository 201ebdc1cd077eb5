package engine

import (
	"cmp"
	"slices"
)

// Price works out what the cart costs under the ruleset. It is a pure function:
// it reads no clock and no state, so the same ruleset and request give the same
// quote, in whatever order the cart lists its lines and coupons. A cart that
// cannot be priced is a *CartError.
func (r *Ruleset) Price(req Request) (Quote, error) {
	lines, err := req.Cart.canonicalLines()
	if err != nil {
		return Quote{}, err
	}
	p := r.pricing()
	p.begin(&req, lines)
	for _, steps := range r.levels {
		for _, s := range steps {
			p.run(s)
		}
	}
	quote := p.quote()
	p.release()
	return quote, nil
}

// pricing is the state of one call of Price. It is used again for the next one,
// so that its buffers are; a quote has nothing of it.
type pricing struct {
	rules    *Ruleset
	req      *Request
	cart     *Cart
	scope    *Scope
	coupons  []string // normalised, sorted
	lines    []lineState
	lots     []lot // of all lines, as they begin
	sets     []membership
	call     uint64 // counts the uses, and marks what belongs to this one
	quantity int64

	subtotal   Amount
	total      Amount
	startTotal Amount // total when the promotion at hand began
	gifts      []Gift
	outcomes   []outcome // by index of the promotion
	applied    []int     // indexes in the order of application

	sharing allocator
	slotted []slot // of the step at hand
	taken   []take // of the whole call
}

// pricing returns one that is not in use.
func (r *Ruleset) pricing() *pricing {
	if p, ok := r.idle.Get().(*pricing); ok {
		return p
	}
	p := &pricing{rules: r, sets: make([]membership, len(r.sets))}
	p.scope = &Scope{p: p}
	return p
}

// outcome is what became of a promotion so far. There is one for every
// promotion of the ruleset, so it is small; what only few have is in account.
type outcome struct {
	checked  bool // eligibility is decided
	eligible bool
	reason   Reason
	account  *account
}

// account is what a promotion did, or what stood in its way.
type account struct {
	fired  int64
	takes  []take
	by     []int32
	detail string
	why    []Clause
}

// release keeps the buffers for another call, and nothing of the request.
func (p *pricing) release() {
	p.req, p.cart, p.coupons, p.gifts = nil, nil, nil, nil
	clear(p.lines)
	clear(p.outcomes)
	p.rules.idle.Put(p)
}

// begin makes the state that of a cart before promotions.
func (p *pricing) begin(req *Request, lines []Line) {
	p.req, p.cart, p.coupons = req, &req.Cart, normalizeCoupons(req.Cart.Coupons)
	p.lines, p.lots = zeroed(p.lines, len(lines)), zeroed(p.lots, len(lines))
	p.outcomes = zeroed(p.outcomes, len(p.rules.promotions))
	p.gifts, p.applied, p.taken = nil, p.applied[:0], p.taken[:0]
	p.quantity, p.subtotal = 0, 0
	p.call++
	for i, line := range lines {
		p.lots[i] = lot{n: line.Quantity, price: line.Item.Price, base: line.Item.Price}
		p.lines[i] = lineState{item: line.Item, n: line.Quantity, lots: p.lots[i : i+1 : i+1]}
		p.quantity += line.Quantity
		p.subtotal += line.Item.Price * Amount(line.Quantity)
	}
	p.total, p.startTotal = p.subtotal, p.subtotal
}

// run lets a promotion's deals of one level take effect.
func (p *pricing) run(s step) {
	p.start(s.promotion)
	out := &p.outcomes[s.index]
	if !out.checked {
		p.check(out, s.promotion)
	}
	if !out.eligible {
		return
	}
	for _, d := range s.deals {
		p.slotted = p.slotted[:0]
		p.settle(s, d.propose(p))
	}
}

// check decides once whether the promotion may act on the cart.
func (p *pricing) check(out *outcome, promotion *Promotion) {
	out.checked = true
	out.reason = p.eligibility(promotion)
	if out.eligible = out.reason == Applied; out.eligible {
		out.reason = NoEffect // until a deal has one
	}
	if out.reason == ConditionFalse && p.req.Explain {
		out.account = &account{why: promotion.When.Why(p.scope)}
	}
}

// start fixes what the promotion sees: all its deals and expressions read the
// prices as they are now.
func (p *pricing) start(promotion *Promotion) {
	p.scope.now = promotion.Schedule.local(p.req.At)
	if p.startTotal == p.total {
		return
	}
	p.startTotal = p.total
	for i := range p.lines {
		lots := p.lines[i].lots
		for j := range lots {
			lots[j].base = lots[j].price
		}
	}
}

// eligibility returns Applied when the promotion may act on the cart.
func (p *pricing) eligibility(promotion *Promotion) Reason {
	if promotion.Disabled {
		return Disabled
	}
	if reason := promotion.Schedule.check(p.req.At); reason != Applied {
		return reason
	}
	if promotion.Coupon.Code != "" {
		if _, present := slices.BinarySearch(p.coupons, promotion.Coupon.Code); !present {
			return CouponMissing
		}
	}
	if len(promotion.Currencies) > 0 && !slices.Contains(promotion.Currencies, p.cart.Currency) {
		return CurrencyMismatch
	}
	if promotion.When != nil && !promotion.When.Holds(p.scope) {
		return ConditionFalse
	}
	return Applied
}

// settle carries a proposal out, or notes why there is none. A promotion is
// applied as soon as one of its deals is.
func (p *pricing) settle(s step, proposed proposal) {
	out := &p.outcomes[s.index]
	if proposed.reason != Applied {
		if out.reason != Applied {
			out.refuse(proposed)
		}
		return
	}
	if out.reason != Applied {
		out.reason, out.account = Applied, new(account)
		p.applied = append(p.applied, s.index)
	}
	takes := inLineOrder(proposed.takes)
	p.apply(takes, int32(s.index)+1)
	out.account.add(takes, proposed.applications)
	for _, gift := range proposed.gifts {
		gift.Promotion = s.promotion.ID
		p.gifts = append(p.gifts, gift)
	}
}

// add notes what a deal did.
func (a *account) add(takes []take, applications int64) {
	a.fired += applications
	if a.takes == nil {
		a.takes = takes
		return
	}
	a.takes = inLineOrder(append(a.takes, takes...))
}

// refuse notes why a proposal has no effect.
func (o *outcome) refuse(proposed proposal) {
	o.reason, o.account = proposed.reason, nil
	if proposed.by != nil || proposed.detail != "" {
		o.account = &account{by: proposed.by, detail: proposed.detail}
	}
}

func (p *pricing) quote() Quote {
	q := Quote{
		Ruleset:  p.rules.digest,
		Currency: p.cart.Currency,
		At:       p.req.At.UTC(),
		Subtotal: p.subtotal,
		Discount: p.subtotal - p.total,
		Total:    p.total,
		Lines:    make([]QuoteLine, len(p.lines)),
		Gifts:    p.gifts,
	}
	units := make([]Units, 0, len(p.lines)+len(p.lines)/2)
	for i := range p.lines {
		q.Lines[i], units = p.lines[i].quote(units)
	}
	slices.SortStableFunc(q.Gifts, func(a, b Gift) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Promotion, b.Promotion))
	})
	if len(p.applied) > 0 {
		q.Promotions = make([]Outcome, 0, len(p.applied))
	}
	for _, i := range p.applied {
		q.Promotions = append(q.Promotions, p.report(i))
	}
	if p.req.Explain {
		q.Promotions = append(q.Promotions, p.notApplied()...)
	}
	return q
}

// quote returns the line's part of the quote. Its units are appended to those of
// the lines before, which saves an allocation for each line.
func (l *lineState) quote(units []Units) (QuoteLine, []Units) {
	line := QuoteLine{
		SKU: l.item.SKU, Name: l.item.Name, Quantity: l.n,
		UnitPrice: l.item.Price,
		Subtotal:  l.item.Price * Amount(l.n),
		Total:     l.total(),
	}
	line.Discount = line.Subtotal - line.Total
	first := len(units)
	for _, lot := range l.lots {
		if n := len(units); n > first && units[n-1].Price == lot.price {
			units[n-1].Quantity += lot.n
			continue
		}
		units = append(units, Units{Quantity: lot.n, Price: lot.price})
	}
	line.Units = units[first:len(units):len(units)]
	return line, units
}

// notApplied reports the promotions without effect, by id.
func (p *pricing) notApplied() []Outcome {
	rest := make([]Outcome, 0, len(p.outcomes)-len(p.applied))
	for i := range p.outcomes {
		if p.outcomes[i].reason != Applied {
			rest = append(rest, p.report(i))
		}
	}
	slices.SortFunc(rest, func(a, b Outcome) int { return cmp.Compare(a.Promotion, b.Promotion) })
	return rest
}

func (p *pricing) report(index int) Outcome {
	promotion, out := p.rules.promotions[index], &p.outcomes[index]
	report := Outcome{Promotion: promotion.ID, Name: promotion.Name, Reason: out.reason}
	if out.account == nil {
		return report
	}
	report.Applications, report.Detail, report.Why = out.account.fired, out.account.detail, out.account.why
	for _, owner := range out.account.by {
		report.By = append(report.By, p.rules.promotions[owner-1].ID)
	}
	report.Lines = p.outcomeLines(out.account.takes)
	for _, l := range report.Lines {
		report.Discount += l.Discount
	}
	return report
}

// outcomeLines adds up takes, which are in the order of lines.
func (p *pricing) outcomeLines(takes []take) []OutcomeLine {
	lines := make([]OutcomeLine, 0, len(takes))
	last := -1
	for _, t := range takes {
		if t.off == 0 {
			continue
		}
		if t.line != last {
			last = t.line
			lines = append(lines, OutcomeLine{SKU: p.lines[t.line].item.SKU})
		}
		l := &lines[len(lines)-1]
		l.Quantity += t.n
		l.Discount += t.off
	}
	return lines
}
