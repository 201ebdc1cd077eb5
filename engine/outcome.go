package engine

import "slices"

// outcome is what became of a promotion so far. There is one for every
// promotion of the ruleset, so it is small; what only few have is in an account.
// One that belongs to another call or run counts as new.
type outcome struct {
	call     uint64
	round    uint64
	account  int32  // 1 + index into accounts, 0 for none
	standing Reason // whether it may act at all: decided once a call
	reason   Reason
	state    state
	finished bool // none of its steps is still to come
}

// state says how far a promotion has come in a run.
type state uint8

const (
	waiting   state = iota // its condition has not been asked
	barred                 // it may not act
	eligible               // it may, and has had no effect so far
	left                   // it was left out for a rival's sake
	chosen                 // it is to have an effect, which its rivals respect
	effective              // it has had one
)

// account is what a promotion did, or what stood in its way.
type account struct {
	fired    int64
	off      Amount
	takes    []take
	lines    int // how many it has made cheaper, those of each deal counted
	changes  []lineChange
	obstacle *obstacle
}

// outcome returns what became of the promotion in this run.
func (p *pricing) outcome(promotion int32) *outcome {
	out := &p.outcomes[promotion]
	if out.round != p.round {
		p.renew(out, promotion)
	}
	return out
}

// renew makes an outcome that of a promotion of which nothing is known in this
// run.
func (p *pricing) renew(out *outcome, promotion int32) {
	standing := out.standing
	switch {
	case p.rules.open[promotion] && !p.pausing:
		standing = Applied
	case out.call != p.call:
		standing = p.standing(p.rules.promotions[promotion])
	}
	*out = outcome{call: p.call, round: p.round, standing: standing}
}

// accountOf returns the promotion's account, opened if need be. It is valid
// until the next one is opened.
func (p *pricing) accountOf(out *outcome) *account {
	if out.account == 0 {
		p.accounts = append(p.accounts, account{})
		out.account = int32(len(p.accounts))
	}
	return &p.accounts[out.account-1]
}

// takenBy is what the promotion has taken off in this run.
func (p *pricing) takenBy(out *outcome) Amount {
	if out.account == 0 {
		return 0
	}
	return p.accounts[out.account-1].off
}

// openAccount makes the promotion's account that of one that has an effect.
func (p *pricing) openAccount(out *outcome) {
	if out.account > 0 {
		p.accounts[out.account-1] = account{}
		return
	}
	p.accountOf(out)
}

// add notes what a deal of the promotion did.
func (a *account) add(takes []take, promotion int32, applications int64) {
	a.fired += applications
	last := int32(-1)
	for i := range takes {
		t := &takes[i]
		t.by = promotion + 1
		a.off += t.off
		if t.off > 0 && t.line != last {
			a.lines, last = a.lines+1, t.line
		}
	}
	if a.takes == nil {
		a.takes = takes
	} else {
		a.takes = inLineOrder(append(slices.Clone(a.takes), takes...))
	}
}

// explains reports whether somebody asks why the promotion at hand has no effect:
// for a coupon on the cart the quote always says.
func (p *pricing) explains() bool { return p.telling || p.current.Coupon != (Coupon{}) }

// refuse notes why a proposal has no effect.
func (p *pricing) refuse(out *outcome, proposed proposal) {
	out.reason = proposed.reason
	if !p.telling && proposed.reason != PluginFailed {
		return
	}
	if out.account > 0 || proposed.obstacle != nil {
		p.accountOf(out).obstacle = proposed.obstacle
	}
}

// admit tells whether the promotion may act now, and fixes what it sees: all
// its deals and expressions read the prices as they are. Whether it may act is
// decided once, when its first step comes.
func (p *pricing) admit(s *step, out *outcome) bool {
	p.current = p.rules.promotions[s.promotion]
	switch out.state {
	case eligible, chosen, effective:
		p.start(s)
		return true
	case barred, left:
		return false
	}
	if out.standing != Applied {
		out.state, out.reason = barred, out.standing
		return false
	}
	p.start(s)
	if s.when != nil && !s.when.Holds(p.scope) {
		out.state, out.reason = barred, ConditionFalse
		if p.telling {
			p.accountOf(out).obstacle = &obstacle{why: s.when.Why(p.scope)}
		}
		return false
	}
	out.state, out.reason = eligible, NoEffect
	return true
}

// start fixes what the promotion at hand sees.
func (p *pricing) start(s *step) {
	if s.timed {
		p.scope.now = p.current.Schedule.local(p.req.At)
	}
	p.startTotal = p.total
	for _, line := range p.changed {
		lots := p.lines[line].lots
		for j := range lots {
			lots[j].base = lots[j].price
		}
	}
	p.changed = p.changed[:0]
}

// standing returns Applied when the promotion may act on the cart as far as
// that does not depend on other promotions.
func (p *pricing) standing(promotion *Promotion) Reason {
	if promotion.Disabled {
		return Disabled
	}
	if p.pausing && p.req.Paused.Hold(promotion.ID, p.req.At) {
		return Paused
	}
	if reason := promotion.Schedule.check(p.req.At); reason != Applied {
		return reason
	}
	if promotion.Coupon != (Coupon{}) {
		if _, reason := p.unlockedBy(promotion); reason != Applied {
			return reason
		}
	}
	if len(promotion.Currencies) > 0 && !slices.Contains(promotion.Currencies, p.cart.Currency) {
		return CurrencyMismatch
	}
	if promotion.Limits != (Limits{}) {
		p.scope.now = promotion.Schedule.local(p.req.At)
		return p.withinLimits(promotion)
	}
	return Applied
}

// unlockedBy returns the first code of the cart that unlocks the promotion, with
// Applied, or why none does.
func (p *pricing) unlockedBy(promotion *Promotion) (code string, reason Reason) {
	reason = CouponMissing
	for _, code := range p.coupons {
		if !p.unlocks(code, promotion) {
			continue
		}
		if p.codeLeft(promotion, code) {
			return code, Applied
		}
		reason = LimitReached
	}
	return "", reason
}

// unlocks reports whether the code is the promotion's or of its pool.
func (p *pricing) unlocks(code string, promotion *Promotion) bool {
	if want := promotion.Coupon.Code; want != "" {
		return code == want
	}
	want := promotion.Coupon.Pool
	return want != "" && p.req.Usage.Codes[code].Pool == want
}

// codeLeft reports whether the code may be used once more.
func (p *pricing) codeLeft(promotion *Promotion, code string) bool {
	limit := promotion.Limits.PerCode
	return limit == nil || p.req.Usage.Codes[code].Redemptions < p.count(limit)
}

func (p *pricing) withinLimits(promotion *Promotion) Reason {
	limits, used := &promotion.Limits, p.req.Usage.Promotions[promotion.ID]
	switch {
	case limits.PerCustomer != nil && p.cart.Customer.ID == "":
		return CustomerRequired
	case limits.Redemptions != nil && used.Redemptions >= p.count(limits.Redemptions),
		limits.PerCustomer != nil && used.ByCustomer >= p.count(limits.PerCustomer),
		limits.PerCart != nil && p.count(limits.PerCart) < 1:
		return LimitReached
	case limits.Budget != nil && p.budgetLeft(promotion) == 0:
		return BudgetSpent
	default:
		return Applied
	}
}
