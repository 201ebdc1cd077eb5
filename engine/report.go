package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// QuoteMemory is where the lists of a quote are written that is thrown away before the
// next one is written there. The zero value is ready. It is for one quote at a time.
type QuoteMemory struct {
	lines    []QuoteLine
	units    []Units
	outcomes []Outcome
	parts    []OutcomeLine
}

// renew returns n zero values, in the memory where it is large enough.
func renew[T any](memory []T, n int) []T {
	if cap(memory) < n || memory == nil { // a list of none is no nil: JSON would tell
		return make([]T, n)
	}
	memory = memory[:n]
	clear(memory)
	return memory
}

// quote writes the state of the run as a quote.
func (p *pricing) quote(m *QuoteMemory) Quote {
	m.lines = renew(m.lines, p.goods)
	q := Quote{
		Ruleset:          p.rules.digest,
		Currency:         p.cart.Currency,
		At:               p.req.At.UTC(),
		Subtotal:         p.subtotal,
		Discount:         p.subtotal - p.total,
		Total:            p.total,
		ShippingDiscount: p.shipped,
		Lines:            m.lines,
		Gifts:            p.gifts,
		Awards:           p.awards,
	}
	units := renew(m.units, p.goods+p.goods/2)[:0]
	for i := range p.goods {
		units = p.lines[i].quote(&q.Lines[i], units)
	}
	m.units = units
	p.quoteShipments(&q)
	q.Payable = q.Total + q.ShippingTotal
	slices.SortStableFunc(q.Gifts, func(a, b Gift) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Promotion, b.Promotion))
	})
	p.reportApplied(&q, m)
	switch {
	case p.req.Explain:
		q.Promotions = append(q.Promotions, p.notApplied()...)
	case len(p.failures) > 0:
		q.Promotions = append(q.Promotions, p.failed()...)
	}
	if len(p.coupons) > 0 {
		q.Coupons = p.couponOutcomes()
	}
	c := &p.choices
	reach := max(c.open, c.best.reach)
	q.Optimal = reach <= p.saving() && !p.ruled
	if reach > p.saving() && !p.ruled {
		q.Bound = reach
	}
	if len(p.rules.counted) > 0 { // last, because prices are then seen as they began
		q.Redemptions = p.redemptions()
	}
	return q
}

// quote writes the line's part of the quote. Its units are appended to those of
// the lines before, which saves an allocation for each line.
func (l *lineState) quote(line *QuoteLine, units []Units) []Units {
	line.SKU, line.Name, line.Quantity = l.item.SKU, l.item.Name, l.n
	line.UnitPrice, line.Subtotal, line.Total = l.item.Price, l.item.Price*Amount(l.n), l.total()
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
	return units
}

func (p *pricing) quoteShipments(q *Quote) {
	if len(p.lines) == p.goods {
		return
	}
	q.Shipments = make([]QuoteShipment, 0, len(p.lines)-p.goods)
	for i := p.goods; i < len(p.lines); i++ {
		line := &p.lines[i]
		total := line.total()
		q.Shipments = append(q.Shipments, QuoteShipment{
			Method: line.item.SKU, Price: line.item.Price, Discount: line.item.Price - total, Total: total,
		})
		q.ShippingTotal += total
	}
}

// reportApplied reports the applied promotions in the order of application.
func (p *pricing) reportApplied(q *Quote, m *QuoteMemory) {
	if len(p.applied) == 0 {
		return
	}
	n := 0
	for _, i := range p.applied {
		n += p.accounts[p.outcome(i).account-1].lines
	}
	m.parts, m.outcomes = renew(m.parts, n), renew(m.outcomes, len(p.applied))
	parts := m.parts[:0]
	q.Promotions = m.outcomes[:len(p.applied):len(p.applied)]
	for at, i := range p.applied {
		parts = p.report(&q.Promotions[at], i, parts)
	}
}

// notApplied reports the promotions without effect, by id.
func (p *pricing) notApplied() []Outcome {
	rest := make([]Outcome, 0, len(p.rules.promotions)-len(p.applied))
	for i := range p.rules.promotions {
		if p.outcome(int32(i)).state != effective {
			rest = append(rest, Outcome{})
			p.report(&rest[len(rest)-1], int32(i), nil)
		}
	}
	slices.SortFunc(rest, func(a, b Outcome) int { return cmp.Compare(a.Promotion, b.Promotion) })
	return rest
}

// failed reports the promotions without effect for which a plugin failed, by id:
// nobody should have to ask for that.
func (p *pricing) failed() []Outcome {
	var failed []Outcome
	for i := range p.rules.promotions {
		if out := p.outcome(int32(i)); out.state != effective && out.reason == PluginFailed {
			failed = append(failed, Outcome{})
			p.report(&failed[len(failed)-1], int32(i), nil)
		}
	}
	slices.SortFunc(failed, func(a, b Outcome) int { return cmp.Compare(a.Promotion, b.Promotion) })
	return failed
}

// report writes what became of the promotion. Its lines are appended to those of
// the promotions before.
func (p *pricing) report(report *Outcome, index int32, lines []OutcomeLine) []OutcomeLine {
	promotion, out := p.rules.promotions[index], p.outcome(index)
	report.Promotion, report.Name, report.Reason = promotion.ID, promotion.Name, out.reason
	if out.reason == 0 {
		report.Reason = NoEffect
	}
	if out.state == effective && promotion.Coupon != (Coupon{}) {
		report.Coupon, _ = p.unlockedBy(promotion)
	}
	if out.account == 0 {
		return lines
	}
	a := &p.accounts[out.account-1]
	report.Applications, report.Discount, report.Obstacle = a.fired, a.off, p.nameObstacle(a.obstacle)
	first := len(lines)
	if lines = p.outcomeLines(lines, a); len(lines) > first {
		report.Lines = lines[first:len(lines):len(lines)]
	}
	return lines
}

// nameObstacle writes an obstacle with the ids of promotions.
func (p *pricing) nameObstacle(o *obstacle) *Obstacle {
	if o == nil {
		return nil
	}
	named := &Obstacle{Detail: o.detail, Fault: o.fault, Why: o.why}
	for _, promotion := range o.by {
		named.By = append(named.By, p.rules.promotions[promotion].ID)
	}
	return named
}

// outcomeLines adds up takes, which are in the order of lines.
func (p *pricing) outcomeLines(lines []OutcomeLine, a *account) []OutcomeLine {
	last := int32(-1)
	for i := range a.takes {
		t := &a.takes[i]
		if t.off == 0 {
			continue
		}
		if t.line != last {
			last = t.line
			lines = append(lines, OutcomeLine{})
			p.nameLine(&lines[len(lines)-1], t.line, a)
		}
		l := &lines[len(lines)-1]
		l.Quantity += t.n
		l.Discount += t.off
	}
	return lines
}

// nameLine says which line it is, and how it changed where that was recorded.
func (p *pricing) nameLine(l *OutcomeLine, line int32, a *account) {
	if name := p.lines[line].item.SKU; int(line) < p.goods {
		l.SKU = name
	} else {
		l.Shipment = name
	}
	for i := range a.changes {
		if c := &a.changes[i]; c.line == line {
			l.Change = c.LineChange
		}
	}
}

// lineChange is a LineChange while it is being recorded.
type lineChange struct {
	line int32
	*LineChange
}

// recordChanges notes what takes, which are in the order of lines and not yet
// carried out, do to the lines.
func (p *pricing) recordChanges(a *account, takes []take) {
	for i := range takes {
		t := &takes[i]
		if t.off == 0 {
			continue
		}
		at := slices.IndexFunc(a.changes, func(c lineChange) bool { return c.line == t.line })
		if at < 0 {
			at = len(a.changes)
			before := p.lines[t.line].total() - p.pledgedOff(t.line)
			a.changes = append(a.changes, lineChange{t.line, &LineChange{Before: before, After: before}})
		}
		c := a.changes[at].LineChange
		c.After -= t.off
		c.addUnits(t, p.lines[t.line].lots[t.lot].price)
	}
}

// addUnits notes the units of a take: where its amount does not divide, the
// first units give one more.
func (c *LineChange) addUnits(t *take, price Amount) {
	each, more := t.off/Amount(t.n), int64(t.off%Amount(t.n))
	if more > 0 {
		c.Units = append(c.Units, UnitsChange{Quantity: more, Before: price, After: price - each - 1})
	}
	if each > 0 {
		c.Units = append(c.Units, UnitsChange{Quantity: t.n - more, Before: price, After: price - each})
	}
}

// pledgedOff is what the members of a block that came before are about to take
// off the line.
func (p *pricing) pledgedOff(line int32) Amount {
	var off Amount
	if p.pledged > 0 {
		for i := range p.block.pending {
			if t := &p.block.pending[i]; t.line == line {
				off += t.off
			}
		}
	}
	return off
}

// couponOutcomes tells what became of each code: the promotions it unlocked, or
// why the first by rank that wants it was not applied with it.
func (p *pricing) couponOutcomes() []CouponOutcome {
	outcomes := make([]CouponOutcome, len(p.coupons))
	unlocked := make([]string, 0, len(p.coupons)) // of all codes
	for at, code := range p.coupons {
		c, first := &outcomes[at], len(unlocked)
		c.Code, c.Reason = code, UnknownCode
		for _, i := range p.rules.wanting(code, p.req.Usage.Codes[code].Pool) {
			switch reason := p.couponReason(i, code); {
			case reason == Applied:
				c.Reason = Applied
				unlocked = append(unlocked, p.rules.promotions[i].ID)
			case c.Reason == UnknownCode:
				c.Reason = reason
			}
		}
		if len(unlocked) > first {
			c.Promotions = unlocked[first:len(unlocked):len(unlocked)]
		}
	}
	return outcomes
}

// couponReason is Applied for the code that a promotion was applied with. Another
// code of the same pool is used up, or has no effect and is not used.
func (p *pricing) couponReason(index int32, code string) Reason {
	promotion, out := p.rules.promotions[index], p.outcome(index)
	used, _ := p.unlockedBy(promotion)
	switch {
	case out.state == effective && code == used:
		return Applied
	case !p.codeLeft(promotion, code):
		return LimitReached
	case out.state == effective:
		return NoEffect
	case out.standing != Applied:
		return out.standing
	default:
		return cmp.Or(out.reason, NoEffect)
	}
}

// trace is a digest of all that the quote says.
func (q Quote) trace() string {
	text, err := json.Marshal(q)
	if err != nil {
		return "" // a quote has nothing that JSON cannot say
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
