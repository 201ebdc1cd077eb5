package engine

// Tiers gives more the more a cart has of a selection. Reached, the highest step
// that the cart reaches holds for the whole selection. Graduated, each step
// holds for the units, or for the money, from its own start to that of the next,
// as tax brackets do.
type Tiers struct {
	Of Selection
	// BySpend measures money instead of units: what the selection costs now, or
	// with OfList its list price.
	BySpend bool
	OfList  bool
	// Steps in ascending order.
	Steps     []TierStep
	Graduated bool
	// PerSelection takes an amount off once, instead of off each unit.
	PerSelection bool
	// Pick says which units come last, in the highest step, when Graduated by
	// units.
	Pick Pick
}

// TierStep is what holds from a number of units, or an amount of money, on.
type TierStep struct {
	From Number
	// Reward is a percentage, an amount or, for each unit, a price.
	Reward Reward
}

// Level implements Deal.
func (d Tiers) Level() Level { return d.Of.Level() }

func (d Tiers) sets() []int { return d.Of.sets() }

func (d Tiers) propose(p *pricing) proposal { return refused(NoEffect) }
