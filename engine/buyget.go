package engine

import (
	"cmp"
	"slices"
	"sort"
)

// BuyGet is buy x, get y: for every Quantity units bought of one selection, or
// every Spend of money spent on it, so many units of another, or of the same,
// are free or cheaper. A unit is either bought or rewarded, never both. Pick
// says which units are rewarded; the dearest of the rest count as bought. Both
// are claimed. An application has all its units or does not happen.
type BuyGet struct {
	Buy      Selection
	Quantity Number // units to buy, or nil when Spend is set
	Spend    Number // money to spend
	Get      Selection
	Reward   Reward // of a unit; PayFor has no meaning here
	Units    Number // how many units an application rewards
	Pick     Pick
	Repeat   Number // nil: as often as the units allow
}

// Level implements Deal.
func (d BuyGet) Level() Level { return ItemLevel }

func (d BuyGet) sets() []int { return append(d.Buy.sets(), d.Get.sets()...) }

func (d BuyGet) propose(p *pricing) proposal {
	buy, get := p.slots(d.Buy), p.slots(d.Get)
	if len(buy) == 0 || len(get) == 0 {
		return refused(NoMatchingItems)
	}
	benefit, ok := p.benefit(d.Reward)
	if !ok {
		return refused(NoEffect)
	}
	need, limit := d.need(p), p.repeat(d.Repeat)
	if need.get < 1 || need.buy < 1 && need.spend < 1 || limit < 1 {
		return refused(NoEffect)
	}
	pool := p.pool(d, benefit, unclaimedOnly)
	if times := min(pool.times(need), limit); times > 0 {
		return accepted(pool.trade(need, times, benefit), times)
	}
	contested := p.pool(d, benefit, anyUnit).times(need) > 0
	benefit.gives = anyUnit
	switch {
	case !contested && p.pool(d, benefit, unclaimedOnly).times(need) > 0:
		return refused(NoEffect) // there are enough, but none that would gain
	case contested || p.pool(d, benefit, anyUnit).times(need) > 0:
		return displaced(append(buy, get...))
	default:
		return refused(BelowQuantity)
	}
}

// need is what one application needs.
func (d BuyGet) need(p *pricing) trade {
	if d.Spend != nil {
		return trade{spend: p.amount(d.Spend), get: p.count(d.Units)}
	}
	return trade{buy: p.count(d.Quantity), get: p.count(d.Units)}
}

// trade is a number of bought units, or an amount of spent money, and a number
// of rewarded units.
type trade struct {
	buy   int64
	spend Amount
	get   int64
}

// tradePool is the units a BuyGet can use: those it can reward, in the order of
// the pick, each of which may also be able to count as bought, and the others.
type tradePool struct {
	rewards []tradeSlot
	bought  []slot
}

type tradeSlot struct {
	slot
	buys bool
}

func unclaimedOnly(s slot) bool { return s.owner == 0 }

func anyUnit(slot) bool { return true }

func (p *pricing) pool(d BuyGet, b benefit, usable func(slot) bool) tradePool {
	var pool tradePool
	for i := range p.lines {
		buys, gets := p.selects(d.Buy, i), p.selects(d.Get, i)
		if !buys && !gets {
			continue
		}
		for _, s := range p.lineSlots(nil, i) {
			switch {
			case !usable(s):
			case gets && b.gives(s):
				pool.rewards = append(pool.rewards, tradeSlot{slot: s, buys: buys})
			case buys:
				pool.bought = append(pool.bought, s)
			}
		}
	}
	slices.SortStableFunc(pool.rewards, func(a, b tradeSlot) int {
		if d.Pick == Dearest {
			return cmp.Compare(b.price, a.price)
		}
		return cmp.Compare(a.price, b.price)
	})
	return pool
}

// times is how many applications the pool allows.
func (t tradePool) times(need trade) int64 {
	var rewardable int64
	for _, s := range t.rewards {
		rewardable += s.n
	}
	// What n applications need, n-1 need too, so the feasible n are a prefix.
	return int64(sort.Search(int(rewardable/need.get), func(n int) bool {
		_, _, ok := t.split(need, int64(n)+1)
		return !ok
	}))
}

// split chooses the rewarded and the bought units of n applications, and
// reports whether there are enough. Rewards are chosen in the order of the
// pick, passing over units without which too little would be bought; where that
// leaves too few rewards, the units that buying needs least are chosen.
func (t tradePool) split(need trade, n int64) (rewarded, bought []slot, ok bool) {
	spare, ok := t.spare(need, n)
	if !ok {
		return nil, nil, false
	}
	rewarded, rest, missing := reward(t.rewards, need, n, spare)
	if missing > 0 {
		leastNeeded := slices.Clone(t.rewards)
		slices.SortStableFunc(leastNeeded, func(a, b tradeSlot) int { return cmp.Compare(need.cost(a), need.cost(b)) })
		rewarded, rest, missing = reward(leastNeeded, need, n, spare)
	}
	rest = append(rest, t.bought...)
	slices.SortStableFunc(rest, func(a, b slot) int { return cmp.Compare(b.price, a.price) })
	if need.spend > 0 {
		return rewarded, firstWorth(rest, need.spend*Amount(n)), missing == 0
	}
	return rewarded, firstUnits(rest, need.buy*n), missing == 0
}

// cost is what buying loses when a unit is rewarded: a unit, or its price.
func (need trade) cost(s tradeSlot) int64 {
	switch {
	case !s.buys:
		return 0
	case need.spend > 0:
		return int64(s.price)
	default:
		return 1
	}
}

// spare is how much of what could be bought n applications do not need: units,
// or money. It is false when they need more than there is.
func (t tradePool) spare(need trade, n int64) (int64, bool) {
	buyable, needed := int64(0), need.buy*n
	if need.spend > 0 {
		spend, ok := mulAmount(need.spend, n)
		if !ok {
			return 0, false
		}
		buyable, needed = int64(value(t.bought)), int64(spend)
	} else {
		buyable = units(t.bought)
	}
	for _, s := range t.rewards {
		buyable += need.cost(s) * s.n
	}
	return buyable - needed, buyable >= needed
}

// reward takes rewards for n applications in the order of the slots, as long as
// their cost is spare. It returns them, what is left to buy of the slots, and
// how many units are missing.
func reward(slots []tradeSlot, need trade, n, spare int64) (rewarded, rest []slot, missing int64) {
	missing = need.get * n
	for _, s := range slots {
		chosen, cost := min(s.n, missing), need.cost(s)
		if cost > 0 {
			chosen = min(chosen, spare/cost)
			spare -= chosen * cost
			rest = append(rest, s.of(s.n-chosen))
		}
		missing -= chosen
		rewarded = append(rewarded, s.of(chosen))
	}
	return rewarded, rest, missing
}

// of returns n units of the slot.
func (s slot) of(n int64) slot {
	s.n = n
	return s
}

// firstWorth returns the fewest first units that are worth target together.
func firstWorth(slots []slot, target Amount) []slot {
	var chosen []slot
	for _, s := range slots {
		if target <= 0 || s.price == 0 {
			break
		}
		s.n = min(s.n, int64((target+s.price-1)/s.price))
		target -= s.price * Amount(s.n)
		chosen = append(chosen, s)
	}
	return chosen
}

// trade turns n applications into takes.
func (t tradePool) trade(need trade, n int64, b benefit) []take {
	rewarded, bought, _ := t.split(need, n)
	takes := b.takes(inOrder(rewarded))
	for _, s := range bought {
		takes = append(takes, take{slot: s})
	}
	for i := range takes {
		takes[i].claim = true
	}
	return takes
}

// benefit is an evaluated Reward of single units.
type benefit struct {
	gives func(slot) bool
	takes func([]slot) []take
}

// benefit returns false when the reward needs a number that is missing.
func (p *pricing) benefit(r Reward) (benefit, bool) {
	each := func(off func(slot) Amount) benefit {
		return benefit{
			gives: func(s slot) bool { return min(off(s), s.room) > 0 },
			takes: func(slots []slot) []take { return offEach(slots, off) },
		}
	}
	switch {
	case r.Price != nil:
		price, ok := p.price(r.Price)
		return each(func(s slot) Amount { return s.price - price }), ok
	case r.AmountOff != nil:
		amount := p.amount(r.AmountOff)
		return each(func(slot) Amount { return amount }), true
	default:
		percent := p.percent(r.PercentOff)
		return benefit{
			gives: func(s slot) bool { return percent > 0 && s.room > 0 },
			takes: func(slots []slot) []take { return p.percentOffUnits(percent, MaxAmount, slots) },
		}, true
	}
}
