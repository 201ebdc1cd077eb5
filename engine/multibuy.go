package engine

// Reward says what units of a multi-unit deal cost. Exactly one field is set.
type Reward struct {
	PayFor     Number // how many units of the group are paid; the cheapest are free
	Price      Number // what the units cost together (Multibuy, Bundle) or each (BuyGet, Tiers)
	PercentOff Number
	AmountOff  Number // off the units together (Multibuy, Bundle) or off each (BuyGet)
}

// terms evaluates the reward; false when the number is missing.
func (r Reward) terms(p *pricing) (rewardTerms, bool) {
	switch {
	case r.PayFor != nil:
		_, ok := r.PayFor.Value(p.scope)
		return rewardTerms{kind: free, paid: p.count(r.PayFor)}, ok
	case r.Price != nil:
		price, ok := p.price(r.Price)
		return rewardTerms{kind: atPrice, amount: price}, ok
	case r.AmountOff != nil:
		return rewardTerms{kind: amountOff, amount: p.amount(r.AmountOff)}, true
	default:
		return rewardTerms{kind: percentOff, percent: p.percent(r.PercentOff)}, true
	}
}

// Multibuy is n for the price of m, n for a price, or n with something off.
// Units of different items mix. Grouped units are claimed.
type Multibuy struct {
	Of       Selection
	Quantity Number
	Reward   Reward
	// Repeat is how many groups may form, nil for as many as there are.
	Repeat Number
}

// Level implements Deal.
func (d *Multibuy) Level() Level { return ItemLevel }

func (d *Multibuy) sets() []int { return d.Of.sets() }

func (d *Multibuy) needs() int { return d.Of.set() }

func (d *Multibuy) terms(p *pricing) (terms, bool) {
	reward, ok := d.Reward.terms(p)
	quantity := p.count(d.Quantity)
	return terms{
		parts:  []part{{of: d.Of, quantity: quantity, rewarded: true}},
		reward: reward, times: p.repeat(d.Repeat),
	}, ok && quantity > 0
}

// repeat evaluates how often a deal may be applied to the cart; nil is without
// limit, but for that of the promotion.
func (p *pricing) repeat(n Number) int64 {
	times := MaxQuantity * MaxLines
	if n != nil {
		times = p.count(n)
	}
	if limit := p.current.Limits.PerCart; limit != nil {
		times = min(times, p.count(limit))
	}
	return times
}
