package engine

// Award gives something that is not a price, such as loyalty points. It is
// decided after everything else, so that a condition on the cart's total sees
// what the customer pays for the goods.
type Award struct {
	// Kind names what is given.
	Kind string
	// Amount is how much of it; the award has no effect where it is not
	// positive.
	Amount Number
}

// Level implements Deal.
func (d *Award) Level() Level { return AwardLevel }

func (d *Award) sets() []int { return nil }

func (d *Award) needs() int { return -1 }

func (d *Award) propose(p *pricing) proposal {
	amount, ok := d.Amount.Value(p.scope)
	if !ok || amount.Sign() <= 0 {
		return refused(NoEffect)
	}
	award := &AwardGiven{Kind: d.Kind, Amount: amount.String()}
	return proposal{given: &given{award: award}, applications: 1, reason: Applied}
}

func (d *Award) most(*pricing) Amount { return 0 }
