package engine

import (
	"cmp"
	"slices"
	"time"
)

// Price works out what the cart costs under the ruleset. It is a pure function:
// it reads no clock and no state, so the same ruleset and request give the same
// quote, in whatever order the cart lists its lines and coupons. A cart that
// cannot be priced is a *CartError.
func (r *Ruleset) Price(req Request) (Quote, error) {
	p, err := r.begin(req)
	if err != nil {
		return Quote{}, err
	}
	for level, promotions := range r.levels {
		for _, i := range promotions {
			p.run(Level(level), i, r.promotions[i])
		}
	}
	return p.quote(req), nil
}

// pricing is the state of one call of Price.
type pricing struct {
	rules       *Ruleset
	cart        *Cart
	catalog     Catalog
	at          time.Time
	scope       *Scope
	coupons     []string // normalised, sorted
	lines       []lineState
	memberships []membership
	quantity    int64
	subtotal    Amount
	total       Amount
	startTotal  Amount // total when the promotion at hand began
	gifts       []Gift
	outcomes    []outcome // by index of the promotion
	applied     []int     // indexes in the order of application
	explain     bool
}

// outcome is what became of a promotion so far.
type outcome struct {
	checked  bool // eligibility is decided
	reason   Reason
	fired    int64
	takes    []take
	by       []int32
	detail   string
	why      []Clause
	eligible bool
}

func (r *Ruleset) begin(req Request) (*pricing, error) {
	lines, err := req.Cart.canonicalLines()
	if err != nil {
		return nil, err
	}
	p := &pricing{
		rules:       r,
		cart:        &req.Cart,
		catalog:     req.Catalog,
		at:          req.At,
		coupons:     normalizeCoupons(req.Cart.Coupons),
		lines:       make([]lineState, len(lines)),
		memberships: make([]membership, len(r.sets)),
		outcomes:    make([]outcome, len(r.promotions)),
		explain:     req.Explain,
	}
	p.scope = &Scope{p: p}
	lots := make([]lot, len(lines))
	for i, line := range lines {
		lots[i] = lot{n: line.Quantity, price: line.Item.Price, base: line.Item.Price}
		p.lines[i] = lineState{item: line.Item, n: line.Quantity, lots: lots[i : i+1 : i+1]}
		p.quantity += line.Quantity
		p.subtotal += line.Item.Price * Amount(line.Quantity)
	}
	p.total, p.startTotal = p.subtotal, p.subtotal
	return p, nil
}

// run lets one promotion's deals of the level take effect.
func (p *pricing) run(level Level, index int, promotion *Promotion) {
	p.start(promotion)
	out := &p.outcomes[index]
	if !out.checked {
		out.checked = true
		out.reason = p.eligibility(promotion)
		out.eligible = out.reason == Applied
		if out.reason == ConditionFalse && p.explain {
			out.why = promotion.When.Why(p.scope)
		}
		if out.eligible {
			out.reason = NoEffect
		}
	}
	if !out.eligible {
		return
	}
	for _, d := range promotion.Deals {
		if d.Level() == level {
			p.settle(index, promotion, d.propose(p))
		}
	}
}

// start fixes what the promotion sees: all its deals and expressions read the
// prices as they are now.
func (p *pricing) start(promotion *Promotion) {
	p.scope.now = promotion.Schedule.local(p.at)
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
	if reason := promotion.Schedule.check(p.at); reason != Applied {
		return reason
	}
	if promotion.Coupon != "" {
		if _, present := slices.BinarySearch(p.coupons, promotion.Coupon); !present {
			return CouponMissing
		}
	}
	if promotion.InShopCurrency && p.cart.Currency != p.rules.currency {
		return CurrencyMismatch
	}
	if promotion.When != nil && !promotion.When.Holds(p.scope) {
		return ConditionFalse
	}
	return Applied
}

// settle carries a proposal out, or notes why there is none. A promotion is
// applied as soon as one of its deals is.
func (p *pricing) settle(index int, promotion *Promotion, proposed proposal) {
	out := &p.outcomes[index]
	if proposed.reason != Applied {
		if out.reason != Applied {
			out.reason, out.by, out.detail = proposed.reason, proposed.by, proposed.detail
		}
		return
	}
	if out.reason != Applied {
		out.reason, out.by, out.detail = Applied, nil, ""
		p.applied = append(p.applied, index)
	}
	out.fired += proposed.applications
	out.takes = append(out.takes, proposed.takes...)
	p.apply(proposed.takes, int32(index)+1)
	for _, gift := range proposed.gifts {
		gift.Promotion = promotion.ID
		p.gifts = append(p.gifts, gift)
	}
}

func (p *pricing) quote(req Request) Quote {
	q := Quote{
		Ruleset:  p.rules.digest,
		Currency: req.Cart.Currency,
		At:       req.At.UTC(),
		Subtotal: p.subtotal,
		Discount: p.subtotal - p.total,
		Total:    p.total,
		Lines:    make([]QuoteLine, len(p.lines)),
		Gifts:    p.gifts,
	}
	for i := range p.lines {
		q.Lines[i] = p.lines[i].quote()
	}
	slices.SortStableFunc(q.Gifts, func(a, b Gift) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Promotion, b.Promotion))
	})
	for _, i := range p.applied {
		q.Promotions = append(q.Promotions, p.report(i))
	}
	if p.explain {
		q.Promotions = append(q.Promotions, p.notApplied()...)
	}
	return q
}

func (l *lineState) quote() QuoteLine {
	line := QuoteLine{
		SKU: l.item.SKU, Name: l.item.Name, Quantity: l.n,
		UnitPrice: l.item.Price,
		Subtotal:  l.item.Price * Amount(l.n),
		Total:     l.total(),
	}
	line.Discount = line.Subtotal - line.Total
	for _, lot := range l.lots {
		if n := len(line.Units); n > 0 && line.Units[n-1].Price == lot.price {
			line.Units[n-1].Quantity += lot.n
			continue
		}
		line.Units = append(line.Units, Units{Quantity: lot.n, Price: lot.price})
	}
	return line
}

// notApplied reports the promotions without effect, by id.
func (p *pricing) notApplied() []Outcome {
	var rest []Outcome
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
	report := Outcome{
		Promotion: promotion.ID, Name: promotion.Name,
		Reason: out.reason, Applications: out.fired, Detail: out.detail, Why: out.why,
	}
	for _, owner := range out.by {
		report.By = append(report.By, p.rules.promotions[owner-1].ID)
	}
	byLine := make(map[int]*OutcomeLine)
	for _, t := range out.takes {
		report.Discount += t.off
		if t.off == 0 {
			continue
		}
		if byLine[t.line] == nil {
			byLine[t.line] = &OutcomeLine{SKU: p.lines[t.line].item.SKU}
		}
		byLine[t.line].Quantity += t.n
		byLine[t.line].Discount += t.off
	}
	for i := range p.lines {
		if l := byLine[i]; l != nil {
			report.Lines = append(report.Lines, *l)
		}
	}
	return report
}
